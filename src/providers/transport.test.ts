import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConnectionError, readAll, type UpstreamRequest } from '../base/fetch.ts';
import { createTransport, type Transport } from './transport.ts';

const CHUNK = Buffer.alloc(32 * 1024, 'x');

type Setup = {
  readonly transport: Transport;
  readonly url: string;
  readonly sockets: Set<Socket>;
  request(overrides?: Partial<UpstreamRequest>): UpstreamRequest;
};

async function setup(t: TestContext, listener: RequestListener): Promise<Setup> {
  const sockets = new Set<Socket>();
  const server = createServer(listener).listen(0, '127.0.0.1');
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/chat/completions`;
  const transport = createTransport({ connectTimeoutMs: 2_000 });
  t.after(async () => {
    await transport.close();
    server.closeAllConnections();
    server.close();
  });
  const request = (overrides: Partial<UpstreamRequest> = {}): UpstreamRequest => ({
    method: 'POST',
    url,
    headers: { authorization: 'Bearer sk-test', 'content-type': 'application/json' },
    body: Buffer.from('{"model":"m"}'),
    signal: new AbortController().signal,
    ...overrides,
  });
  return { transport, url, sockets, request };
}

/** A signal that knows how many listeners it carries. */
function countingSignal(): { signal: AbortSignal; abort(reason: unknown): void; listeners(): number } {
  const controller = new AbortController();
  const { signal } = controller;
  let count = 0;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    count += 1;
    add(...args);
  };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    count -= 1;
    remove(...args);
  };
  return { signal, abort: (reason) => controller.abort(reason), listeners: () => count };
}

async function until(condition: () => boolean, withinMs: number): Promise<void> {
  const started = performance.now();
  while (!condition()) {
    assert.ok(performance.now() - started < withinMs, `not within ${withinMs} ms`);
    await sleep(2);
  }
}

const isConnectionError =
  (sent: boolean, code?: RegExp) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof ConnectionError, String(error));
    assert.equal(error.sent, sent);
    if (code !== undefined) assert.match(error.code, code);
    assert.doesNotMatch(error.message, /sk-test|127\.0\.0\.1/);
    return true;
  };

const hangingAnswer: RequestListener = (_request, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write('data: 1\n\n');
};

describe('transport', () => {
  it('sends the request as given and returns status, joined headers and body', async (t) => {
    let heard: unknown;
    const { transport, request } = await setup(t, async (incoming, response) => {
      heard = { ...incoming.headers, url: incoming.url, body: (await readAll(incoming)).toString() };
      response.writeHead(429, { 'x-request-id': 'r1', 'x-two': ['a', 'b'] });
      response.end('{"error":"no"}');
    });
    const response = await transport.fetch(request());
    assert.equal(response.status, 429);
    assert.equal(response.headers['x-request-id'], 'r1');
    assert.equal(response.headers['x-two'], 'a, b');
    assert.equal((await readAll(response.body)).toString(), '{"error":"no"}');
    assert.partialDeepStrictEqual(heard, {
      url: '/v1/chat/completions',
      authorization: 'Bearer sk-test',
      'content-length': '13',
      'accept-encoding': 'identity',
      body: '{"model":"m"}',
    });
  });

  it('follows no redirect, ignores 1xx heads and keeps the accept-encoding of the caller', async (t) => {
    const { transport, request } = await setup(t, (incoming, response) => {
      response.writeEarlyHints({ link: '</x>; rel=preload' });
      response.writeHead(302, {
        location: '/elsewhere',
        'x-saw': String(incoming.headers['accept-encoding']),
      });
      response.end();
    });
    const response = await transport.fetch(request({ headers: { 'accept-encoding': 'gzip' } }));
    assert.equal(response.status, 302);
    assert.equal(response.headers['x-saw'], 'gzip');
    assert.equal((await readAll(response.body)).length, 0);
  });

  it('delivers a chunked stream byte for byte, wherever the network cut it', async (t) => {
    const text = Array.from({ length: 200 }, (_, i) => `data: {"n":${i},"s":"é中"}\n\n`).join('');
    const bytes = Buffer.from(text);
    const { transport, request } = await setup(t, async (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (let at = 0; at < bytes.length; at += 7) {
        response.write(bytes.subarray(at, at + 7));
        if (at % 70 === 0) await sleep(0);
      }
      response.end();
    });
    const response = await transport.fetch(request());
    const pieces: Uint8Array[] = [];
    for await (const piece of response.body) pieces.push(piece);
    assert.ok(pieces.length > 10);
    assert.equal(Buffer.concat(pieces).toString(), text);
  });

  it('stops the upstream when nobody reads, and goes on when somebody does', async (t) => {
    let written = 0;
    let toWrite = 64 * 1024 * 1024;
    const pump = (response: ServerResponse): void => {
      while (toWrite > 0) {
        toWrite -= CHUNK.length;
        written += CHUNK.length;
        if (!response.write(CHUNK)) return;
      }
      response.end();
    };
    const { transport, request } = await setup(t, (_request, response) => {
      response.on('drain', () => pump(response));
      pump(response);
    });
    const response = await transport.fetch(request());
    await sleep(200);
    const stalledAt = written;
    await sleep(100);
    assert.equal(written, stalledAt);
    assert.ok(stalledAt < 32 * 1024 * 1024, `${stalledAt} bytes left the server`);
    let read = 0;
    for await (const piece of response.body) read += piece.length;
    assert.equal(read, 64 * 1024 * 1024);
  });

  it('closes the socket within 100 ms when aborted before the head', async (t) => {
    const { transport, request, sockets } = await setup(t, () => {});
    const { signal, abort, listeners } = countingSignal();
    const pending = transport.fetch(request({ signal }));
    await until(() => sockets.size === 1, 1_000);
    await sleep(20);
    const reason = new Error('client left');
    abort(reason);
    await assert.rejects(pending, reason);
    await until(() => sockets.size === 0, 100);
    assert.equal(listeners(), 0);
  });

  it('closes the socket within 100 ms when aborted in the body, and the body throws the reason', async (t) => {
    const { transport, request, sockets } = await setup(t, hangingAnswer);
    const { signal, abort, listeners } = countingSignal();
    const { body } = await transport.fetch(request({ signal }));
    const reader = body[Symbol.asyncIterator]();
    await reader.next();
    const waiting = reader.next();
    const reason = new Error('client left');
    abort(reason);
    await assert.rejects(waiting, reason);
    await assert.rejects(reader.next(), reason);
    await until(() => sockets.size === 0, 100);
    assert.equal(listeners(), 0);
  });

  it('closes the socket when the reader breaks off', async (t) => {
    const { transport, request, sockets } = await setup(t, hangingAnswer);
    const { signal, listeners } = countingSignal();
    const { body } = await transport.fetch(request({ signal }));
    for await (const _ of body) break;
    await until(() => sockets.size === 0, 100);
    assert.equal(listeners(), 0);
    assert.equal(transport.openSockets(), 0);
  });

  it('never calls when the signal is already aborted, and writes nothing when aborted while connecting', async (t) => {
    let calls = 0;
    const { transport, request } = await setup(t, () => {
      calls += 1;
    });
    await assert.rejects(
      transport.fetch(request({ signal: AbortSignal.abort(new Error('early')) })),
      /early/,
    );
    const controller = new AbortController();
    const pending = transport.fetch(request({ signal: controller.signal }));
    controller.abort(new Error('soon'));
    await assert.rejects(pending, /soon/);
    await sleep(50);
    assert.equal(calls, 0);
  });

  it('knows that a refused connection sent nothing', async () => {
    const server = createTcpServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const transport = createTransport({ connectTimeoutMs: 1_000 });
    const { signal, listeners } = countingSignal();
    await assert.rejects(
      transport.fetch({ method: 'GET', url: `http://127.0.0.1:${port}/models`, headers: {}, signal }),
      isConnectionError(false, /ECONNREFUSED/),
    );
    assert.equal(listeners(), 0);
    await transport.close();
  });

  it('knows that a failed TLS handshake sent nothing', async (t) => {
    const { transport, url, request } = await setup(t, (_request, response) => response.end());
    await assert.rejects(
      transport.fetch(request({ url: url.replace('http:', 'https:') })),
      isConnectionError(false),
    );
  });

  it('says sent when the upstream hangs up before the head', async (t) => {
    const { transport, request } = await setup(t, (incoming) => {
      incoming.socket.resetAndDestroy();
    });
    const { signal, listeners } = countingSignal();
    await assert.rejects(transport.fetch(request({ signal })), isConnectionError(true));
    assert.equal(listeners(), 0);
  });

  it('delivers what came and then throws when the upstream hangs up in the body', async (t) => {
    for (const length of [{}, { 'content-length': '1000' }]) {
      const { transport, request } = await setup(t, async (_request, response) => {
        response.writeHead(200, length);
        response.write('data: 1\n\n');
        await sleep(30);
        response.socket?.destroy();
      });
      const { signal, listeners } = countingSignal();
      const { body } = await transport.fetch(request({ signal }));
      const reader = body[Symbol.asyncIterator]();
      assert.equal(Buffer.from((await reader.next()).value).toString(), 'data: 1\n\n');
      await assert.rejects(reader.next(), isConnectionError(true));
      await assert.rejects(reader.next(), isConnectionError(true));
      assert.equal(listeners(), 0);
    }
  });

  it('reuses connections for 1,000 calls in a row and leaves no listener on a shared signal', async (t) => {
    let connections = 0;
    const { transport, request, sockets } = await setup(t, (incoming, response) => {
      incoming.resume().on('end', () => response.end('{}'));
    });
    const { signal, listeners } = countingSignal();
    const seen = new WeakSet<Socket>();
    for (let i = 0; i < 1_000; i++) {
      const { body } = await transport.fetch(request({ signal }));
      await readAll(body);
      for (const socket of sockets) {
        if (!seen.has(socket)) connections += 1;
        seen.add(socket);
      }
    }
    assert.ok(connections <= 3, `${connections} connections`);
    assert.equal(transport.openSockets(), connections);
    assert.equal(listeners(), 0);
  });

  it('cuts what is open when closed', async (t) => {
    const { transport, request, sockets } = await setup(t, hangingAnswer);
    const { body } = await transport.fetch(request());
    const reader = body[Symbol.asyncIterator]();
    await reader.next();
    const waiting = assert.rejects(reader.next(), isConnectionError(true));
    await transport.close();
    await waiting;
    await until(() => sockets.size === 0, 100);
    await assert.rejects(transport.fetch(request()), isConnectionError(false));
  });
});
