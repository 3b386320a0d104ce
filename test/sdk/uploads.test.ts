import assert from 'node:assert/strict';
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { after, afterEach, before, describe, it } from 'node:test';
import { errorOf, KEY, pause, startRelay, type TestRelay, until } from './relay.ts';

/** A provider that counts what it is sent, and holds nothing of it. */
type Sink = {
  readonly url: string;
  /** Bytes of the request under way, or of the last one. */
  taken: number;
  last: IncomingMessage | undefined;
  cut: number;
  answer: (request: IncomingMessage, response: ServerResponse) => void;
  close(): Promise<void>;
};

async function startSink(): Promise<Sink> {
  const server = createServer((request, response) => {
    sink.taken = 0;
    sink.last = request;
    response.on('error', () => undefined);
    sink.answer(request, response);
  });
  const takeAll = (request: IncomingMessage, response: ServerResponse): void => {
    request.on('data', (piece: Buffer) => {
      sink.taken += piece.length;
    });
    request.on('error', () => undefined);
    request.on('close', () => {
      if (!request.complete) sink.cut += 1;
    });
    request.on('end', () =>
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"id":"file-1","object":"file"}'),
    );
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const sink: Sink = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    taken: 0,
    last: undefined,
    cut: 0,
    answer: takeAll,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return sink;
}

const MIB = 1024 * 1024;
const BOUNDARY = 'upload-boundary';
const HEAD = Buffer.from(
  `--${BOUNDARY}\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n` +
    `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="big.jsonl"\r\n\r\n`,
);
const TAIL = Buffer.from(`\r\n--${BOUNDARY}--\r\n`);

describe('an upload', () => {
  let relay: TestRelay;
  let sink: Sink;
  let takeAll: Sink['answer'];
  before(async () => {
    sink = await startSink();
    takeAll = sink.answer;
    relay = await startRelay(`
server: { upload_limit: 400mb }
accounts:
  - { id: up, provider: openai, base_url: "${sink.url}", secrets: [upstream-secret], models: [gpt-5] }
`);
  });
  afterEach(() => {
    sink.answer = takeAll;
  });
  after(async () => {
    await relay.close();
    await sink.close();
  });

  /** Sends a form of `size` bytes of file, as fast as it is taken. Resolves with the answer. */
  function upload(
    size: number,
    options: { readonly length?: boolean; readonly onPiece?: () => void; readonly signal?: AbortSignal } = {},
  ): Promise<{
    readonly status: number;
    readonly text: string;
    readonly headers: IncomingMessage['headers'];
  }> {
    const piece = Buffer.alloc(256 * 1024, 'x');
    return new Promise((resolve, reject) => {
      const total = HEAD.length + size + TAIL.length;
      const outgoing = httpRequest(
        `${relay.url}/v1/files`,
        {
          method: 'POST',
          headers: {
            authorization: `Bearer ${KEY}`,
            'content-type': `multipart/form-data; boundary=${BOUNDARY}`,
            ...(options.length === false ? {} : { 'content-length': String(total) }),
          },
          ...(options.signal === undefined ? {} : { signal: options.signal }),
        },
        (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (more: string) => {
            text += more;
          });
          response.on('end', () =>
            resolve({ status: response.statusCode ?? 0, text, headers: response.headers }),
          );
        },
      ).on('error', reject);
      outgoing.write(HEAD);
      let left = size;
      const send = (): void => {
        while (left > 0 && !outgoing.destroyed) {
          const next = piece.subarray(0, Math.min(left, piece.length));
          left -= next.length;
          options.onPiece?.();
          if (!outgoing.write(next)) {
            outgoing.once('drain', send);
            return;
          }
        }
        if (!outgoing.destroyed) outgoing.end(TAIL);
      };
      send();
    });
  }

  it('of 300 MB goes through while it comes, byte for byte, in little memory', async (context) => {
    await upload(20 * MIB);
    const before = process.memoryUsage.rss();
    let most = before;
    const { status, text } = await upload(300 * MIB, {
      onPiece() {
        most = Math.max(most, process.memoryUsage.rss());
      },
    });
    assert.equal(status, 200, text);
    assert.match(text, /"id":"file-1\.sl_/);
    assert.equal(sink.taken, HEAD.length + 300 * MIB + TAIL.length);
    assert.equal(sink.last?.headers['content-length'], String(sink.taken));
    assert.equal(sink.last?.headers.authorization, 'Bearer upstream-secret');
    context.diagnostic(`${Math.round((most - before) / MIB)} MiB more`);
    // Client, relay and provider are this one process, and what is done with waits for the collector.
    assert.ok(most - before < 120 * MIB, `grew by ${Math.round((most - before) / MIB)} MiB`);
    await relay.settled();
  });

  it('in chunks is passed on in chunks', async () => {
    assert.equal((await upload(MIB, { length: false })).status, 200);
    assert.equal(sink.last?.headers['content-length'], undefined);
    assert.equal(sink.last?.headers['transfer-encoding'], 'chunked');
    assert.equal(sink.taken, HEAD.length + MIB + TAIL.length);
  });

  it('over the limit is refused before it is sent, or as soon as it is over', async () => {
    sink.last = undefined;
    const told = await upload(401 * MIB);
    assert.equal(told.status, 413);
    assert.match(errorOf(JSON.parse(told.text)).message, /server\.upload_limit/);
    assert.equal(told.headers.connection, 'close');
    assert.equal(sink.last, undefined);
    await relay.settled();
  });

  it('that its client breaks off ends at the provider too, and leaves nothing behind', async () => {
    const cutBefore = sink.cut;
    const controller = new AbortController();
    let pieces = 0;
    const sent = upload(100 * MIB, {
      signal: controller.signal,
      onPiece() {
        if (++pieces === 40) controller.abort();
      },
    });
    await assert.rejects(sent);
    assert.ok(await until(() => sink.cut > cutBefore));
    await relay.settled();
    const line = relay.log.findLast(({ msg }) => msg === 'passed');
    assert.equal(line?.['end'], 'client_gone');
  });

  it('that the provider refuses early is told at once', async () => {
    sink.answer = (_request, response) => {
      response
        .writeHead(401, { 'content-type': 'application/json' })
        .end('{"error":{"message":"Incorrect API key provided: sk-secret","code":"invalid_api_key"}}');
    };
    const answer = await upload(30 * MIB).catch((error: Error) => error);
    if (!(answer instanceof Error)) {
      assert.equal(answer.status, 502, answer.text);
      assert.doesNotMatch(answer.text, /sk-secret/);
    }
    await relay.settled();
    assert.equal(relay.log.findLast(({ msg }) => msg === 'passed')?.['failure'], 'auth');
    assert.deepEqual(relay.app.front.benches(), [], 'it says nothing of the account’s models');
  });

  it('with an id among its fields, or one that is no form, is refused', async () => {
    const form = (name: string): Promise<Response> =>
      fetch(`${relay.url}/v1/files`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${KEY}`,
          'content-type': `multipart/form-data; boundary=${BOUNDARY}`,
        },
        body: `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\nfile-1\r\n--${BOUNDARY}--`,
      });
    assert.equal((await form('purpose')).status, 200);
    for (const name of ['file_id', 'file_ids[]', 'tools[0][file_id]']) {
      const refused = await form(name);
      assert.equal(refused.status, 400);
      assert.match(errorOf(await refused.json()).message, /ids are not understood in a form/);
    }
    const cut = await fetch(`${relay.url}/v1/files`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${KEY}`,
        'content-type': `multipart/form-data; boundary=${BOUNDARY}`,
      },
      body: 'nothing',
    });
    assert.match(errorOf(await cut.json()).message, /The form cannot be read: the form is cut/);
    await relay.settled();
  });

  it('is not read by the door of a key that is not known', async () => {
    const { hostname, port } = new URL(relay.url);
    const socket = connect(Number(port), hostname);
    let heard = '';
    socket.setEncoding('utf8').on('data', (text: string) => {
      heard += text;
    });
    socket.on('error', () => undefined);
    socket.write(
      `POST /v1/files HTTP/1.1\r\nhost: x\r\nauthorization: Bearer nobody\r\ncontent-length: 999999\r\n\r\n`,
    );
    assert.ok(await until(() => heard.includes('invalid_api_key')));
    assert.match(heard, /^HTTP\/1\.1 401/);
    assert.match(heard, /connection: close/i);
    socket.destroy();
  });

  it('of a large answer goes at the pace of its client, and breaks off where the provider does', async () => {
    let sent = 0;
    sink.answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/plain', 'content-length': String(200 * MIB) });
      const piece = Buffer.alloc(256 * 1024);
      const send = (): void => {
        while (sent < 100 * MIB) {
          sent += piece.length;
          if (!response.write(piece)) {
            response.once('drain', send);
            return;
          }
        }
        response.destroy();
      };
      send();
    };
    const { id } = JSON.parse((await withAnswer(takeAll, () => upload(10))).text) as { id: string };
    const response = await fetch(`${relay.url}/v1/files/${id}/content`, {
      headers: { authorization: `Bearer ${KEY}` },
    });
    assert.equal(response.headers.get('content-length'), String(200 * MIB));
    assert.equal(response.headers.get('content-type'), 'text/plain');
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    await pause(200);
    assert.ok(sent < 30 * MIB, `${sent} bytes were taken from the provider for a client that read one piece`);
    await assert.rejects(async () => {
      while (!(await reader.read()).done);
    });
    await relay.settled();
    assert.equal(relay.log.findLast(({ msg }) => msg === 'passed')?.['failure'], 'stream_died');
  });

  it('that reads alone is asked for once more after a failure, and nothing else is', async () => {
    const { id } = JSON.parse((await upload(10)).text) as { id: string };
    let asked = 0;
    sink.answer = (_request, response) => {
      asked += 1;
      if (asked === 1) response.writeHead(503).end();
      else response.writeHead(200, { 'content-type': 'application/json' }).end('{"id":"file-1"}');
    };
    const got = await fetch(`${relay.url}/v1/files/${id}`, { headers: { authorization: `Bearer ${KEY}` } });
    assert.equal(got.status, 200);
    assert.equal(got.headers.get('x-sluice-attempts'), '2');
    assert.deepEqual(await got.json(), { id });
    asked = 0;
    const deleted = await fetch(`${relay.url}/v1/files/${id}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${KEY}` },
    });
    assert.ok(deleted.status >= 500);
    assert.equal(asked, 1);
  });

  async function withAnswer<T>(answer: Sink['answer'], task: () => Promise<T>): Promise<T> {
    const usual = sink.answer;
    sink.answer = answer;
    try {
      return await task();
    } finally {
      sink.answer = usual;
    }
  }
});
