/** Clients that say who may answer, in OpenRouter's words, and models under other names than their own. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Fetch } from '../../src/base/fetch.ts';
import { type Answer, chat, createHouse, type House, KEY } from './house.ts';

type Seen = { readonly host: string; readonly body: { readonly [key: string]: unknown } };

const ANSWER = {
  ...{ id: 'chatcmpl-1', object: 'chat.completion', created: 1, model: 'upstream' },
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 },
};

const CHUNKS = [
  {
    ...ANSWER,
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta: { content: 'Hi' } }],
    usage: null,
  },
  {
    ...ANSWER,
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta: {}, finish_reason: 'stop' }],
    usage: null,
  },
  { ...ANSWER, object: 'chat.completion.chunk', choices: [] },
];

/** Providers that answer, but for those that are down. */
function providers(
  down: readonly string[] = [],
  refusal = '{"error":{"message":"down","type":"server_error","code":null}}',
): { readonly fetch: Fetch; readonly seen: Seen[] } {
  const seen: Seen[] = [];
  const fetch: Fetch = async ({ url, body }) => {
    const { host } = new URL(url);
    const fields = JSON.parse(Buffer.from(body ?? []).toString()) as Seen['body'];
    seen.push({ host, body: fields });
    const isDown = down.some((name) => host.includes(name));
    const stream = fields['stream'] === true;
    const text = isDown
      ? refusal
      : stream
        ? `${CHUNKS.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join('')}data: [DONE]\n\n`
        : JSON.stringify(ANSWER);
    return {
      status: isDown ? (refusal.includes('too large') ? 429 : 500) : 200,
      headers: { 'content-type': stream && !isDown ? 'text/event-stream' : 'application/json' },
      body: (async function* () {
        yield Buffer.from(text);
      })(),
    };
  };
  return { fetch, seen };
}

const YAML = `
accounts:
  - { id: qwen-main, provider: qwen, region: singapore, secrets: [s1], stream_upstream: off, models: [qwen3-max, qwen-mt-plus, qwen-plus] }
  - { id: gpt-main, provider: openai, secrets: [s2], models: { gpt-5-mini: {}, gpt-5-nano: { name: qwen3-max } } }
  - { id: router, provider: openrouter, secrets: [s3], models: { openai/gpt-5: { name: routed } } }
  - { id: own, provider: openai-compatible, base_url: http://own.test/v1, secrets: [s4], models: [mine] }
models:
  qwen-plus: { fallbacks: [qwen-mt-plus, mine] }
claude_aliases: true
keys:
  - { id: test, key: ${KEY} }
  - { id: narrow, key: narrow-key-0123456789abcdef, models: [qwen3-max] }
`;

const houseOf = (down: readonly string[] = []): House & { readonly seen: Seen[] } => {
  const { fetch, seen } = providers(down);
  return Object.assign(createHouse(YAML, { fetch }), { seen });
};
const served = ({ status, headers }: Answer): string => `${status} ${headers['x-sluice-channel']}`;
const messageOf = ({ json }: Answer): string =>
  String((json?.['error'] as { message?: string } | undefined)?.message);

describe('a list of models', () => {
  it('is gone through in its order when the first cannot answer', async () => {
    const house = houseOf(['aliyuncs']);
    const answer = await house.one(
      house.call(chat('Hi', { model: 'qwen-plus', models: ['gpt-9', 'gpt-5-mini', 'mine'] })),
    );
    assert.equal(served(answer), '200 gpt-main/gpt-5-mini');
    assert.equal(answer.headers['x-sluice-model'], 'gpt-5-mini');
    assert.equal(answer.headers['x-sluice-dropped'], 'models[0]');
    assert.match(answer.headers['x-sluice-fallback-reason'] ?? '', /^qwen-plus: /);
    assert.equal(house.seen.at(-1)?.body['models'], undefined);
  });

  it('may stand in place of the model, and begins with the first that there is', async () => {
    const house = houseOf();
    const answer = await house.one(house.call(chat('Hi', { model: undefined, models: ['gpt-9', 'mine'] })));
    assert.equal(served(answer), '200 own/mine');
    assert.equal(house.seen[0]?.body['model'], 'mine');
    const none = await house.one(house.call(chat('Hi', { model: 'gpt-9', models: ['gpt-8'] })));
    assert.equal(none.status, 404);
  });

  it('opens no door that the key has not', async () => {
    const house = houseOf();
    const headers = { authorization: 'Bearer narrow-key-0123456789abcdef' };
    const answer = await house.one(house.call(chat('Hi', { models: ['mine'] }), headers));
    assert.equal(answer.status, 403);
    assert.equal(house.seen.length, 0);
  });

  it('is not used by a call that wants no fallback', async () => {
    const house = houseOf(['aliyuncs']);
    const headers = { 'x-sluice-fallback': 'off' };
    const answer = await house.one(house.call(chat('Hi', { model: 'qwen-plus', models: ['mine'] }), headers));
    assert.notEqual(answer.status, 200);
  });
});

describe('wishes for providers', () => {
  for (const [provider, channel] of [
    [{ order: ['openai'] }, 'gpt-main/gpt-5-nano'],
    [{ order: ['Alibaba'] }, 'qwen-main/qwen3-max'],
    [{ only: ['gpt-main'] }, 'gpt-main/gpt-5-nano'],
    [{ ignore: ['openai'] }, 'qwen-main/qwen3-max'],
    [{ sort: 'price' }, 'gpt-main/gpt-5-nano'],
    [{ max_price: { prompt: 0.1 } }, 'gpt-main/gpt-5-nano'],
  ] as const)
    it(`are kept, and kept from the provider: ${JSON.stringify(provider)}`, async () => {
      for (let seed = 0; seed < 3; seed++) {
        const house = houseOf();
        const answer = await house.one(house.call(chat('Hi', { provider, temperature: 0.5 })));
        assert.equal(served(answer), `200 ${channel}`);
        assert.deepEqual(Object.keys(house.seen[0]?.body ?? {}).sort(), ['messages', 'model', 'temperature']);
      }
    });

  it('go on in their order when the first is down, and no further than they say', async () => {
    const house = houseOf(['openai.com']);
    const provider = { order: ['openai', 'qwen'] };
    assert.equal(served(await house.one(house.call(chat('Hi', { provider })))), '200 qwen-main/qwen3-max');
    const strict = houseOf(['openai.com']);
    const only = { order: ['openai'], allow_fallbacks: false };
    const answer = await strict.one(strict.call(chat('Hi', { provider: only })));
    assert.notEqual(answer.status, 200);
    assert.ok(strict.seen.every(({ host }) => host === 'api.openai.com'));
  });

  it('that leave nobody are told, unless another model of the list fits', async () => {
    const house = houseOf();
    const provider = { only: ['own'] };
    const answer = await house.one(house.call(chat('Hi', { provider })));
    assert.equal(answer.status, 404);
    assert.match(
      messageOf(answer),
      /leave nobody who serves 'qwen3-max' here: its providers are qwen, openai/,
    );
    const other = await house.one(house.call(chat('Hi', { provider, models: ['mine'] })));
    assert.equal(served(other), '200 own/mine');
  });

  it('hold when a call is too large for whom they leave', async () => {
    const message = 'Request too large for gpt-5-nano on tokens per min (TPM): Limit 30000, Requested 36055.';
    const refusal = JSON.stringify({ error: { message, type: 'tokens', code: 'rate_limit_exceeded' } });
    const { fetch, seen } = providers(['openai.com'], refusal);
    const house = createHouse(YAML, { fetch });
    const answer = await house.one(house.call(chat('Hi', { provider: { only: ['openai'] } })));
    assert.equal(answer.status, 400);
    assert.equal(seen.length, 1);
  });

  it('that nobody here can fulfil are named in the answer', async () => {
    const house = houseOf();
    const wishes = { transforms: ['middle-out'], plugins: [{ id: 'web' }], provider: { zdr: true } };
    const answer = await house.one(house.call(chat('Hi', wishes)));
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['x-sluice-dropped'], 'transforms, plugins, provider.zdr');
  });

  it('reach OpenRouter itself, without the names of this house', async () => {
    const house = houseOf();
    const provider = { order: ['router', 'DeepInfra'], zdr: true };
    const answer = await house.one(
      house.call(chat('Hi', { model: 'routed', models: ['gpt-9'], provider, plugins: [{ id: 'web' }] })),
    );
    assert.equal(served(answer), '200 router/openai/gpt-5');
    assert.equal(answer.headers['x-sluice-dropped'], 'models[0]');
    const { body } = house.seen[0] ?? {};
    assert.equal(body?.['model'], 'openai/gpt-5');
    assert.deepEqual(body?.['provider'], { order: ['DeepInfra'], zdr: true });
    assert.deepEqual(body?.['plugins'], [{ id: 'web' }]);
    assert.equal(body?.['models'], undefined);
  });

  it('for a report of usage bring one at the end of a stream', async () => {
    const house = houseOf();
    const body = chat('Hi', { model: 'mine', stream: true, usage: { include: true } });
    const answer = await house.one(house.call(body));
    assert.match(answer.text, /"prompt_tokens":5/);
    assert.deepEqual(house.seen[0]?.body['stream_options'], { include_usage: true });
    assert.equal(house.seen[0]?.body['usage'], undefined);
    const without = await house.one(house.call(chat('Hi', { model: 'mine', stream: true })));
    assert.doesNotMatch(without.text, /"prompt_tokens":5/);
  });
});

describe('a model under another name', () => {
  it('is served under its own', async () => {
    const house = houseOf();
    for (const [name, served] of [
      ['claude-via-mine', 'mine'],
      ['mine:nitro', 'mine'],
      ['claude-via-mine:floor', 'mine'],
    ]) {
      const answer = await house.one(house.call(chat('Hi', { model: name })));
      assert.equal(answer.status, 200, name);
      assert.equal(answer.json?.['model'], served);
      assert.equal(house.seen.at(-1)?.body['model'], served);
    }
    const message = await house.one(house.message({ ...chat('Hi', { model: 'claude-via-mine' }) }));
    assert.equal(message.json?.['model'], 'mine');
  });

  it('that ends in floor goes where it costs least, and one that is to be free costs nobody anything', async () => {
    const house = houseOf();
    assert.equal(
      served(await house.one(house.call(chat('Hi', { model: 'qwen3-max:floor' })))),
      '200 gpt-main/gpt-5-nano',
    );
    const free = await house.one(house.call(chat('Hi', { model: 'qwen3-max:free' })));
    assert.equal(free.status, 404);
    assert.match(messageOf(free), /max_price/);
  });

  it('is the one that the key must be allowed', async () => {
    const house = houseOf();
    const headers = { authorization: 'Bearer narrow-key-0123456789abcdef' };
    assert.equal(
      (await house.one(house.call(chat('Hi', { model: 'claude-via-mine' }), headers))).status,
      403,
    );
    assert.equal(
      (await house.one(house.call(chat('Hi', { model: 'qwen3-max:nitro' }), headers))).status,
      200,
    );
  });
});

describe('a fallback', () => {
  it('is passed over when it is known to be unable to do what the call needs', async () => {
    const house = houseOf(['aliyuncs']);
    const tools = [{ type: 'function', function: { name: 'f', parameters: {} } }];
    const answer = await house.one(house.call(chat('Hi', { model: 'qwen-plus', tools })));
    assert.equal(served(answer), '200 own/mine');
    assert.ok(house.seen.every(({ body }) => body['model'] !== 'qwen-mt-plus'));
    const plain = houseOf(['aliyuncs']);
    await plain.one(plain.call(chat('Hi', { model: 'qwen-plus' })));
    assert.ok(plain.seen.some(({ body }) => body['model'] === 'qwen-mt-plus'));
  });
});
