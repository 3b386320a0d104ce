/**
 * Byte for byte: what the upstream sends reaches the client as it was, wherever the network cuts it, and what the
 * client sends reaches the upstream as it was, but for the few things that must change and the headers that must not
 * travel.
 */

import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { createSeededRandom } from '../../src/base/seeded-random.ts';
import { errorOf, KEY, startRelay, type TestRelay } from './relay.ts';
import { chunkOf, plainReply, type StubUpstream, startStub, streamOf } from './stub-upstream.ts';

/** Short, for every byte of a stream costs a call. */
const frame = (rest: string): string => `{"id":"c","model":"up-model","choices":[${rest}`;
const HELLO = frame('{"delta":{"role":"assistant"}}]}');
const TEXT = frame('{"index":0,"delta":{"content":"水闸👩‍🌾é"}}]}');
const FINISH = frame('{"delta":{},"finish_reason":"stop"}]}');
const USAGE = frame('],"usage":{"prompt_tokens":5,"completion_tokens":3}}');
const ROLES = [HELLO, TEXT, FINISH] as const;

/** Streams without a usage frame: the client's bytes are the upstream's. */
const STREAMS: Readonly<Record<string, string>> = {
  'LF, CJK and joined emoji': streamOf(...ROLES, '[DONE]'),
  CRLF: streamOf(...ROLES, '[DONE]').replaceAll('\n', '\r\n'),
  CR: streamOf(...ROLES, '[DONE]').replaceAll('\n', '\r'),
  'comments, blank lines, names and ids': `: 你好 {"model":"x"}\n\n\n\nid: 7\nevent: message\nretry: 10\ndata: ${TEXT}\n\n: ping\n\n${streamOf(FINISH, '[DONE]')}`,
  'data: without a space, and an unknown field': `data:${TEXT}\nx-field: 👋\n\ndata:${FINISH}\n\ndata:[DONE]\n\n`,
  'no [DONE]': streamOf(...ROLES),
  'a mark of byte order': `\uFEFF${streamOf(...ROLES, '[DONE]')}`,
  'mixed line ends': `data: ${HELLO}\r\n\r\ndata: ${TEXT}\n\ndata: ${FINISH}\r\rdata: [DONE]\n\n`,
};

const ASK = { model: 'up-model', messages: [{ role: 'user', content: 'x' }], stream: true };
const WITH_USAGE = { ...ASK, stream_options: { include_usage: true } };

let stub: StubUpstream;
let relay: TestRelay;
before(async () => {
  stub = await startStub();
  relay = await startRelay(`
accounts:
  - id: same
    provider: openai-compatible
    base_url: ${stub.url}
    secrets: [upstream-secret]
    models: [up-model]
  - id: other
    provider: openai-compatible
    base_url: ${stub.url}
    secrets: [upstream-secret]
    models: { up-model: { name: public-name }, org/long:model-2: {} }
  - id: studio
    provider: qwen
    base_url: ${stub.url}
    secrets: [studio-secret]
    models: { qwen3-max: { limits: { rpm: 60000, tpm: 60000000 } } }
`);
});
after(async () => {
  await relay.close();
  await stub.close();
});

/** The stub sends the stream in the pieces that the call names in its body, each as a chunk of its own. */
const inPieces = (stream: Buffer): void => {
  stub.answer = async ({ body }, response) => {
    const { cuts } = JSON.parse(body.toString()) as { cuts: number[] };
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    let from = 0;
    for (const cut of [...cuts, stream.length]) {
      if (cut > from) response.write(stream.subarray(from, cut));
      from = cut;
      await new Promise(setImmediate);
    }
    response.end();
  };
};

async function bytesOf(body: unknown): Promise<Buffer> {
  const response = await relay.chat(body);
  assert.equal(response.status, 200);
  return Buffer.from(await response.arrayBuffer());
}

/** Runs all, some at a time. */
async function inTurns<T>(items: readonly T[], task: (item: T) => Promise<void>): Promise<void> {
  const left = items.values();
  const worker = async (): Promise<void> => {
    for (const item of left) await task(item);
  };
  await Promise.all(Array.from({ length: 8 }, worker));
}

describe('a stream', () => {
  for (const [name, text] of Object.entries(STREAMS))
    it(`is the upstream's, cut at every byte: ${name}`, async () => {
      const stream = Buffer.from(text);
      inPieces(stream);
      const offsets = Array.from({ length: stream.length - 1 }, (_, i) => i + 1);
      await inTurns(offsets, async (cut) => {
        const bytes = await bytesOf({ ...ASK, cuts: [cut] });
        assert.equal(bytes.toString(), text, `cut at ${cut}`);
      });
      assert.equal((await bytesOf({ ...ASK, cuts: offsets })).toString(), text, 'byte by byte');
      assert.equal((await bytesOf({ ...ASK, cuts: [] })).toString(), text, 'several events in one chunk');
      assert.ok(!text.includes('\uFFFD'));
    });

  it('keeps its usage frame when it was asked for and loses only that when it was not, cut at every byte', async () => {
    for (const line of ['\n', '\r\n', '\r']) {
      const lined = (text: string): string => text.replaceAll('\n', line);
      const text = lined(streamOf(...ROLES, USAGE, '[DONE]'));
      const short = lined(streamOf(...ROLES, '[DONE]'));
      const stream = Buffer.from(text);
      inPieces(stream);
      const from = text.indexOf(USAGE) - 20;
      await inTurns(
        Array.from({ length: stream.length - from - 1 }, (_, i) => from + i + 1),
        async (cut) => {
          assert.equal((await bytesOf({ ...WITH_USAGE, cuts: [cut] })).toString(), text);
          assert.equal((await bytesOf({ ...ASK, cuts: [cut] })).toString(), short);
        },
      );
    }
  });

  it('that lacks its last blank line gets one, for something may be written behind it', async () => {
    const text = streamOf(...ROLES, '[DONE]');
    for (const missing of [1, 2]) {
      inPieces(Buffer.from(text.slice(0, -missing)));
      assert.match((await bytesOf({ ...ASK, cuts: [] })).toString(), /data: \[DONE\]\n\n\n?$/);
    }
  });

  it('gets a usage frame from us when it asked for one and the upstream gives none', async () => {
    inPieces(Buffer.from(streamOf(...ROLES, '[DONE]')));
    const events = (await bytesOf({ ...WITH_USAGE, cuts: [] })).toString().split('\n\n');
    assert.equal(events.at(-2), 'data: [DONE]');
    const added = JSON.parse(events.at(-3)?.slice('data: '.length) ?? '') as Record<string, unknown>;
    assert.deepEqual([added['choices'], added['model']], [[], 'up-model']);
    assert.ok((added['usage'] as { prompt_tokens: number }).prompt_tokens > 0);
    assert.equal(events.slice(0, 3).join('\n\n'), ROLES.map((payload) => `data: ${payload}`).join('\n\n'));
  });

  it('has one event of a megabyte, cut in many ways', async () => {
    const big = chunkOf({ content: '水🌊é-'.repeat(110_000) });
    const stream = Buffer.from(streamOf(HELLO, big, FINISH, '[DONE]'));
    assert.ok(stream.length > 1_000_000);
    inPieces(stream);
    const random = createSeededRandom(3);
    for (const count of [0, 1, 2, 7, 40, 300]) {
      const cuts = Array.from({ length: count }, () => Math.floor(random() * stream.length)).toSorted(
        (a, b) => a - b,
      );
      const bytes = await bytesOf({ ...ASK, cuts });
      assert.ok(bytes.equals(stream), `${count} cuts`);
    }
  });

  it('names the model that served, and is otherwise untouched', async () => {
    for (const text of Object.values(STREAMS)) {
      inPieces(Buffer.from(text));
      const bytes = await bytesOf({ ...ASK, model: 'public-name', cuts: [] });
      assert.equal(bytes.toString(), text.replaceAll('"model":"up-model"', '"model":"public-name"'));
    }
  });

  it('shows the client none of the upstream headers', async () => {
    stub.answer = (_received, response) => {
      response.writeHead(200, {
        'content-type': 'text/event-stream',
        'set-cookie': 'session=secret',
        'x-request-id': 'upstream-id',
        server: 'upstream',
        'openai-organization': 'account-of-the-pool',
      });
      response.end(STREAMS['no [DONE]']);
    };
    const response = await relay.chat(ASK);
    await response.text();
    assert.match(response.headers.get('x-request-id') ?? '', /^req_/);
    for (const name of ['set-cookie', 'server', 'openai-organization'])
      assert.equal(response.headers.get(name), null);
  });
});

describe('a plain answer that comes as a stream', () => {
  const PLAIN = {
    model: 'qwen3-max',
    messages: [{ role: 'user', content: 'x' }],
  };

  it('is the same wherever the stream is cut, and however its lines end', async () => {
    const usage = { prompt_tokens: 5, completion_tokens: 3 };
    const expected = {
      id: 'c',
      object: 'chat.completion',
      model: 'qwen3-max',
      choices: [{ index: 0, message: { role: 'assistant', content: '水闸👩‍🌾é' }, finish_reason: 'stop' }],
      usage,
      system_fingerprint: null,
    };
    for (const [name, text] of Object.entries(STREAMS)) {
      const stream = Buffer.from(
        text.replace(FINISH, `${FINISH.slice(0, -1)},"usage":${JSON.stringify(usage)}}`),
      );
      inPieces(stream);
      const offsets = Array.from({ length: stream.length - 1 }, (_, i) => i + 1);
      for (const cuts of [[], offsets, ...offsets.filter((cut) => cut % 7 === 0).map((cut) => [cut])])
        assert.deepEqual(JSON.parse((await bytesOf({ ...PLAIN, cuts })).toString()), expected, name);
    }
    assert.match(stub.last().body.toString(), /^\{"model":"qwen3-max","stream":true,"stream_options":/);
    assert.equal(stub.last().headers.accept, 'text/event-stream');
  });
});

describe('a request', () => {
  /** Raw, so that neither header nor byte is touched on the way. */
  const send = (body: Buffer | string, headers: Readonly<Record<string, string>> = {}): Promise<string> =>
    new Promise((resolve, reject) => {
      const outgoing = request(
        `${relay.url}/v1/chat/completions`,
        { method: 'POST', headers: { authorization: `Bearer ${KEY}`, ...headers } },
        (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (piece: string) => {
            text += piece;
          });
          response.on('end', () => resolve(text));
        },
      );
      outgoing.on('error', reject).end(body);
    });

  before(() => {
    stub.answer = ({ body }, response) => {
      const stream = (JSON.parse(body.toString()) as { stream?: boolean }).stream === true;
      response
        .writeHead(200, { 'content-type': stream ? 'text/event-stream' : 'application/json' })
        .end(stream ? STREAMS['no [DONE]'] : plainReply());
    };
  });

  const ODD =
    '\n{ "n" : 1.0,\t"messages":[{"content":"\\u6c34 水 \\"model\\":\\"x\\" 🌊","role":"user"}],"model" :"up-model" ,"seed":12345678901234567890, "x":{"model":"inner","stream_options":1}}  \n';

  it('is byte for byte what the client sent', async () => {
    await send(ODD);
    assert.equal(stub.last().body.toString(), ODD);
    assert.equal(stub.last().url, '/v1/chat/completions');
    const stream = `${JSON.stringify(WITH_USAGE).slice(0, -1)}, "temperature":0.10}`;
    await send(stream);
    assert.equal(stub.last().body.toString(), stream);
  });

  it('changes by the name of the model alone', async () => {
    const renamed = ODD.replace('"model" :"up-model"', '"model" :"public-name"');
    await send(renamed);
    assert.equal(stub.last().body.toString(), ODD);
    const long = ODD.replace('"model" :"up-model"', '"model" :"org/long:model-2"');
    await send(long);
    assert.equal(stub.last().body.toString(), long);
  });

  it('is asked for usage on behalf of a client that did not ask, and keeps its other options', async () => {
    const plainStream = '{"model":"up-model","stream":true,"messages":[{"role":"user","content":"x"}]}';
    await send(plainStream);
    assert.equal(
      stub.last().body.toString(),
      plainStream.replace('"up-model"', '"up-model","stream_options":{"include_usage":true}'),
    );
    for (const options of ['{"include_usage":false,"extra":1}', 'null', '{}']) {
      await send(plainStream.replace('"stream":true', `"stream":true,"stream_options":${options}`));
      const sent = JSON.parse(stub.last().body.toString()) as { stream_options: object };
      assert.deepEqual(sent.stream_options, {
        ...(JSON.parse(options) as object | null),
        include_usage: true,
      });
    }
    const last = '{"stream":true,"messages":[{"role":"user","content":"x"}],"model":"public-name"}';
    await send(last);
    assert.equal(
      stub.last().body.toString(),
      last.replace('"public-name"', '"up-model","stream_options":{"include_usage":true}'),
    );
  });

  it('that says one thing twice is refused, for two readers may read it in two ways', async () => {
    for (const twice of [
      '{"model":"public-name","messages":[{"role":"user","content":"x"}],"model":"up-model"}',
      '{"stream":false,"model":"up-model","stream":true,"messages":[{"role":"user","content":"x"}]}',
      '{"model":"public-name","mod\\u0065l":"up-model","messages":[{"role":"user","content":"x"}]}',
    ]) {
      const answer = await send(twice);
      assert.match(errorOf(JSON.parse(answer)).message, /twice/);
    }
  });

  it("carries the account's secret and never the client's key, whichever header brought it", async () => {
    for (const headers of [
      { authorization: `Bearer ${KEY}` },
      { authorization: '', 'x-api-key': KEY },
      { authorization: '', 'x-goog-api-key': KEY },
      { authorization: '', 'api-key': KEY },
      { authorization: `bearer ${KEY}`, 'x-api-key': 'something-else' },
    ]) {
      await send(ODD, headers as Record<string, string>);
      const { headers: sent, rawHeaders } = stub.last();
      assert.equal(sent.authorization, 'Bearer upstream-secret');
      assert.ok(!JSON.stringify(rawHeaders).includes(KEY));
      assert.ok(!JSON.stringify(rawHeaders).includes('something-else'));
    }
  });

  const PRIVATE = {
    cookie: 'session=of-the-client',
    'proxy-authorization': 'Basic abc',
    te: 'trailers',
    'keep-alive': 'timeout=5',
    'x-forwarded-for': '10.1.2.3',
    'x-forwarded-host': 'inside.example',
    forwarded: 'for=10.1.2.3',
    via: '1.1 proxy',
    origin: 'https://app.example',
    referer: 'https://app.example/private',
    'user-agent': 'client/1.0',
    'accept-encoding': 'gzip, br',
    'x-sluice-max-wait': '5',
    'x-stainless-lang': 'js',
    'openai-organization': 'org-of-the-client',
    connection: 'keep-alive, x-hop',
    'x-hop': 'one hop only',
  };

  it('carries no header of the client but those of the list', async () => {
    await send(ODD, { ...PRIVATE, 'x-dashscope-cachecontrol': 'enable' });
    const { headers } = stub.last();
    assert.deepEqual(Object.keys(headers).toSorted(), [
      'accept',
      'accept-encoding',
      'authorization',
      'connection',
      'content-length',
      'content-type',
      'host',
    ]);
    assert.equal(headers['accept-encoding'], 'identity');
    assert.equal(headers.connection, 'keep-alive');
    assert.equal(headers.host, new URL(stub.url).host);
  });

  it("carries Model Studio's own headers to Model Studio, and still no cookies", async () => {
    const own = {
      'x-dashscope-cachecontrol': 'enable',
      'x-dashscope-useragent': 'QwenCode/0.24.4',
      'x-dashscope-authtype': 'openai',
      'x-dashscope-wait-timeout': '30',
      'x-dashscope-datainspection': '{"input":"cip"}',
    };
    const upper = Object.fromEntries(Object.entries(own).map(([name, value]) => [name.toUpperCase(), value]));
    await send(ODD.replace('up-model', 'qwen3-max'), {
      ...PRIVATE,
      ...upper,
      'x-dashscope-apikey': KEY,
      'x-dashscope-workspace': 'of-the-client',
    });
    const { headers } = stub.last();
    assert.equal(headers.authorization, 'Bearer studio-secret');
    for (const [name, value] of Object.entries(own)) assert.equal(headers[name], value);
    for (const name of ['cookie', 'x-dashscope-apikey', 'x-dashscope-workspace', 'x-forwarded-for'])
      assert.equal(headers[name], undefined, name);
  });
});
