/** The door over real sockets: routes, keys, bodies and methods of every kind, and clients and upstreams that leave. */

import assert from 'node:assert/strict';
import { request } from 'node:http';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { chatOf, errorOf, KEY, pause, startRelay, type TestRelay, until } from './relay.ts';
import {
  chunkOf,
  FINISH,
  plainAnswer,
  plainReply,
  type StubUpstream,
  startStub,
  streamOf,
  stubConfig,
} from './stub-upstream.ts';

describe('the routes', () => {
  let relay: TestRelay;
  before(async () => {
    relay = await startRelay(`
accounts:
  - { id: a, provider: simulator, secrets: [secret-of-a], models: { qwen3-max: { limits: { rpm: 60000, tpm: 60000000 } } } }
simulator: { ttft: 1ms, tokens_per_second: 5000, output_tokens: 10 }
server: { body_limit: 300kb }
`);
  });
  after(() => relay.close());

  const post = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(relay.url + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}` },
      body: JSON.stringify(chatOf('hello')),
      ...init,
    });
  /** The error in OpenAI's shape, with an id to ask about. */
  const refusal = async (response: Response, status: number) => {
    assert.equal(response.status, status);
    assert.match(response.headers.get('content-type') ?? '', /^application\/json/);
    assert.match(response.headers.get('x-request-id') ?? '', /^req_/);
    assert.equal(response.headers.get('x-should-retry'), 'false');
    return errorOf(await response.json());
  };

  for (const prefix of ['/v1', '/api/v1', '/openai/v1'])
    it(`are there under ${prefix}`, async () => {
      const answer = await post(`${prefix}/chat/completions`);
      assert.equal(answer.status, 200);
      assert.equal(((await answer.json()) as { model: string }).model, 'qwen3-max');
      const models = await post(`${prefix}/models`, { method: 'GET', body: null });
      assert.equal(((await models.json()) as { data: unknown[] }).data.length, 1);
      assert.equal((await post(`${prefix}/models/qwen3-max`, { method: 'GET', body: null })).status, 200);
    });

  for (const [name, value] of [
    ['Authorization', `Bearer ${KEY}`],
    ['authorization', `bearer   ${KEY}  `],
    ['x-api-key', KEY],
    ['x-goog-api-key', KEY],
    ['api-key', KEY],
  ] as const)
    it(`take the key from '${name}: ${value.replace(KEY, '…')}'`, async () => {
      const headers = { [name]: value };
      assert.equal((await post('/v1/chat/completions', { headers })).status, 200);
      assert.equal((await post('/v1/models', { method: 'GET', body: null, headers })).status, 200);
      assert.equal((await post('/v1/chat/completions', { headers: { [name]: `${value}x` } })).status, 401);
    });

  it('refuse who sends no key before they look at the body', async () => {
    for (const headers of [{}, { authorization: '' }, { authorization: `Basic ${KEY}` }]) {
      const error = await refusal(await post('/v1/chat/completions', { headers, body: '{' }), 401);
      assert.equal(error.code, 'invalid_api_key');
      await refusal(await post('/v1/models', { method: 'GET', body: null, headers }), 401);
    }
  });

  it("answer a route or method that is not there in OpenAI's shape", async () => {
    for (const [method, path] of [
      ['POST', '/v1/nothing'],
      ['GET', '/'],
      ['GET', '/v1/chat/completions'],
      ['PUT', '/v1/chat/completions'],
      ['DELETE', '/v1/models/qwen3-max'],
      ['POST', '/v2/chat/completions?key=secret-in-query'],
      ['GET', '/v1/models/%ZZ'],
      ['OPTIONS', '/v1/chat/completions'],
    ] as const) {
      const response = await post(path, { method, ...(method === 'GET' ? { body: null } : {}) });
      assert.ok([400, 404, 405].includes(response.status), `${method} ${path}: ${response.status}`);
      const error = await refusal(response, response.status);
      assert.ok(!error.message.includes('secret-in-query'));
    }
    const missing = await refusal(await post('/v1/nothing'), 404);
    assert.match(missing.message, /POST \/v1\/nothing/);
  });

  it('answer HEAD like GET without a body', async () => {
    for (const [path, status] of [
      ['/v1/models', 200],
      ['/livez', 200],
      ['/readyz', 200],
      ['/v1/nothing', 404],
    ] as const) {
      const response = await post(path, { method: 'HEAD', body: null });
      assert.equal(response.status, status, path);
      assert.equal(await response.text(), '');
    }
  });

  it('say what is wrong with a body', async () => {
    const chat = (body: string | Buffer | null, headers: Record<string, string> = {}): Promise<Response> =>
      post('/v1/chat/completions', { body, headers: { authorization: `Bearer ${KEY}`, ...headers } });
    assert.match((await refusal(await chat(null), 400)).message, /body is empty/);
    assert.match((await refusal(await chat('{"model": '), 400)).message, /not valid JSON/);
    assert.match((await refusal(await chat('[1]'), 400)).message, /must be a JSON object/);
    assert.match((await refusal(await chat('hello'), 400)).message, /not valid JSON/);
    await relay.settled();
  });

  it('take a compressed body, and say what is wrong with one', async () => {
    const text = Buffer.from(JSON.stringify(chatOf('squeezed')));
    const squeezed = (encoding: string, body: Buffer, path = '/v1/chat/completions'): Promise<Response> =>
      post(path, { body, headers: { authorization: `Bearer ${KEY}`, 'content-encoding': encoding } });
    for (const [encoding, body] of [
      ['gzip', gzipSync(text)],
      ['br', brotliCompressSync(text)],
      ['zstd', zstdCompressSync(text)],
      ['deflate', deflateSync(text)],
      ['gzip, br', brotliCompressSync(gzipSync(text))],
      ['identity', text],
    ] as const)
      assert.equal((await squeezed(encoding, body)).status, 200, encoding);

    const unknown = await refusal(await squeezed('compress', text), 415);
    assert.equal(unknown.code, 'request_body_encoding_unsupported');
    assert.match(unknown.message, /'compress'.*gzip, br, zstd or deflate/);
    const cut = gzipSync(text).subarray(0, -5);
    assert.equal((await refusal(await squeezed('gzip', cut), 400)).code, 'request_body_encoding_invalid');
    const bomb = gzipSync(Buffer.alloc(200 * 1024 * 1024, ' '));
    assert.equal(
      (await refusal(await squeezed('gzip', bomb), 413)).code,
      'request_body_too_large_after_decoding',
    );

    const messages = await squeezed('compress', text, '/v1/messages');
    assert.equal(messages.status, 415);
    const { error } = (await messages.json()) as { error: { type: string; details: object } };
    assert.equal(error.type, 'invalid_request_error');
    assert.deepEqual(error.details, { error_code: 'request_body_encoding_unsupported' });
    await relay.settled();
  });

  it('refuse a body over the limit with 413, told its length before or not', async () => {
    const big = JSON.stringify(chatOf('x'.repeat(400_000)));
    const error = await refusal(await post('/v1/chat/completions', { body: big }), 413);
    assert.match(error.message, /307200 bytes \(server\.body_limit\)/);
    const chunked = new Blob([big]).stream();
    const options = { body: chunked, duplex: 'half' } as RequestInit;
    await refusal(await post('/v1/chat/completions', options), 413);
    const below = JSON.stringify(chatOf('x'.repeat(290_000)));
    assert.equal((await post('/v1/chat/completions', { body: below })).status, 200);
  });

  it('take a body of any declared type, in chunks or whole', async () => {
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'application/json; charset=utf-8',
    ]) {
      const headers = { authorization: `Bearer ${KEY}`, 'content-type': type };
      assert.equal((await post('/v1/chat/completions', { headers })).status, 200, type);
    }
    const text = JSON.stringify(chatOf('in chunks'));
    const status = await new Promise((resolve, reject) => {
      const outgoing = request(
        `${relay.url}/v1/chat/completions`,
        { method: 'POST', headers: { authorization: `Bearer ${KEY}`, 'transfer-encoding': 'chunked' } },
        (response) => {
          response.resume();
          resolve(response.statusCode);
        },
      ).on('error', reject);
      outgoing.write(text.slice(0, 7));
      setTimeout(() => outgoing.end(text.slice(7)), 10);
    });
    assert.equal(status, 200, 'without a type, in chunks');
  });

  it('hold nothing for a client that leaves in the middle of its body', async () => {
    const { hostname, port } = new URL(relay.url);
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined);
    socket.write(
      `POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${KEY}\r\nContent-Length: 500\r\n\r\n{"model"`,
    );
    await pause(30);
    socket.destroy();
    await pause(30);
    await relay.settled();
    assert.equal((await post('/v1/chat/completions')).status, 200);
  });
});

describe('a crowded door', () => {
  let relay: TestRelay;
  let stub: StubUpstream;
  const ask = (more: object = {}) => ({ ...chatOf('x'), model: 'up-model', ...more });
  before(async () => {
    stub = await startStub();
    relay = await startRelay(`${stubConfig(stub.url, 'up-model: { limits: { concurrency: 1 } }')}
heartbeat: 300ms
timeouts: { idle: 400ms }
`);
  });
  after(async () => {
    await relay.close();
    await stub.close();
  });
  const waiting = (): number => relay.app.front.lines()[0]?.length ?? 0;

  /** Takes the only place until it is told to let go. */
  const occupy = async (): Promise<() => Promise<void>> => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    stub.answer = async (received, response) => {
      stub.answer = plainAnswer();
      await held;
      await plainAnswer()(received, response);
    };
    const running = relay.chat(ask());
    assert.ok(await until(() => relay.app.rooms.limiter.open() === 1 && stub.openSockets() > 0));
    return async () => {
      release();
      await (await running).text();
    };
  };

  it('gives a waiting stream its 200 and comments long before it can start', async () => {
    const leave = await occupy();
    const startMs = performance.now();
    const response = await relay.chat(ask({ stream: true }));
    const headMs = performance.now() - startMs;
    assert.equal(response.status, 200);
    assert.ok(headMs >= 280 && headMs < 5_000, `${headMs} ms`);
    stub.answer = (_received, answer) =>
      void answer
        .writeHead(200, { 'content-type': 'text/event-stream' })
        .end(streamOf(chunkOf({ content: 'late' }), FINISH, '[DONE]'));
    await pause(700);
    await leave();
    const text = await response.text();
    const comments = text.split('\n\n').filter((event) => event.startsWith(': queued position=1'));
    assert.ok(comments.length >= 2, text);
    assert.match(text, /: .*x-sluice-channel=stub\/up-model/);
    assert.match(text, /late[\s\S]*\[DONE\]\n\n$/);
    await relay.settled();
  });

  it('frees the place of a client that hangs up in line within 100 ms', async () => {
    const leave = await occupy();
    for (const stream of [true, false]) {
      const controller = new AbortController();
      const gone = relay.chat(ask({ stream }), { signal: controller.signal }).catch(() => undefined);
      assert.ok(await until(() => waiting() === 1));
      const startMs = performance.now();
      controller.abort();
      assert.ok(await until(() => waiting() === 0, 1_000));
      const tookMs = performance.now() - startMs;
      assert.ok(tookMs < 100, `${tookMs} ms`);
      await gone;
    }
    await leave();
    await relay.settled();
  });

  it("closes the upstream's socket when the client of a running call hangs up", async () => {
    for (const stream of [true, false]) {
      let closedAtMs = 0;
      stub.answer = (_received, response) => {
        response.once('close', () => {
          closedAtMs = performance.now();
        });
        if (!stream) return;
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write(streamOf(chunkOf({ content: 'x' })));
      };
      const controller = new AbortController();
      const asked = stub.received.length;
      const call = relay.chat(ask({ stream }), { signal: controller.signal });
      if (stream) await (await call).body?.getReader().read();
      else call.catch(() => undefined);
      assert.ok(await until(() => stub.received.length > asked));
      const startMs = performance.now();
      controller.abort();
      assert.ok(await until(() => closedAtMs > 0, 3_000));
      assert.ok(closedAtMs - startMs < 1_000, `${closedAtMs - startMs} ms`);
      await relay.settled();
    }
  });

  it('uses the connection of a whole answer again', async () => {
    stub.answer = plainAnswer();
    await (await relay.chat(ask())).text();
    const sockets = stub.openSockets();
    for (let i = 0; i < 5; i += 1) await (await relay.chat(ask())).text();
    assert.equal(stub.openSockets(), sockets);
  });

  it('keeps a stream well that was told to its end, however its connection ends', async () => {
    const whole = streamOf(chunkOf({ content: 'all' }), FINISH, '[DONE]');
    for (const end of ['reset', 'silence'] as const) {
      stub.answer = (_received, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write(whole);
        if (end === 'reset') setTimeout(() => response.socket?.resetAndDestroy(), 30);
      };
      const response = await relay.chat(ask({ stream: true }));
      const comments = /^: .*\n\n/gm;
      assert.equal((await response.text()).replaceAll(comments, ''), whole, end);
      await relay.settled();
      assert.equal(relay.log.at(-1)?.['end'], 'complete', end);
    }
  });

  it('does not call a plain answer silent that comes slowly', async () => {
    // DeepSeek sends blank lines while it thinks: https://api-docs.deepseek.com/quick_start/rate_limit
    stub.answer = async (_received, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      for (let i = 0; i < 6; i += 1) {
        response.write('\n');
        await pause(120);
      }
      response.end(plainReply());
    };
    const response = await relay.chat(ask(), { headers: { 'x-sluice-max-wait': '0' } });
    assert.equal(response.status, 200, await response.text());
  });
});

describe('a door without heartbeats', () => {
  it('sends none, and does not turn in circles', async (t) => {
    const stub = await startStub(async (_received, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(streamOf(chunkOf({ content: 'x' })));
      await pause(100);
      response.end(streamOf(FINISH, '[DONE]'));
    });
    t.after(() => stub.close());
    const relay = await startRelay(`${stubConfig(stub.url)}\nheartbeat: 0\n`);
    t.after(() => relay.close());
    const response = await relay.chat({ ...chatOf('x'), model: 'up-model', stream: true });
    assert.equal(await response.text(), streamOf(chunkOf({ content: 'x' }), FINISH, '[DONE]'));
  });
});
