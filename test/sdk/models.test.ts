/** The list of models, asked for by the official clients of four APIs, over a real socket. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { GoogleGenAI } from '@google/genai';
import { OpenRouter } from '@openrouter/sdk';
import { caught, KEY, startRelay, type TestRelay } from './relay.ts';

const YAML = `
accounts:
  - { id: qwen, provider: qwen, region: singapore, secrets: [secret-of-qwen], models: [qwen3-max, text-embedding-v4] }
  - { id: beijing, provider: qwen, region: beijing, secrets: [secret-of-beijing], models: { qwen-plus: {} } }
  - { id: gpt, provider: openai, secrets: [secret-of-gpt], models: { gpt-5.4: { name: openai/gpt-5.4 } } }
  - { id: claude, provider: anthropic, secrets: [secret-of-claude], models: [claude-sonnet-4-5] }
  - { id: own, provider: openai-compatible, base_url: http://127.0.0.1:9/v1, models: [my-model] }
claude_aliases: true
keys:
  - { id: test, key: ${KEY} }
  - { id: narrow, key: narrow-key-0123456789abcdef, models: [qwen3-max] }
`;
const NAMES = [
  'qwen3-max',
  'text-embedding-v4',
  'qwen-plus',
  'openai/gpt-5.4',
  'claude-sonnet-4-5',
  'my-model',
];

describe('models', () => {
  let relay: TestRelay;
  before(async () => {
    relay = await startRelay(YAML);
  });
  after(() => relay.close());

  const get = async (path: string, headers: Readonly<Record<string, string>> = {}) => {
    const response = await fetch(relay.url + path, {
      headers: { authorization: `Bearer ${KEY}`, ...headers },
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };

  it("are listed and retrieved by OpenAI's client", async () => {
    const client = relay.openai();
    const names: string[] = [];
    for await (const model of client.models.list()) names.push(model.id);
    assert.deepEqual(names, NAMES);
    const one = await client.models.retrieve('openai/gpt-5.4');
    assert.equal(one.id, 'openai/gpt-5.4');
    assert.equal(one.owned_by, 'openai');
    const error = (await caught(client.models.retrieve('gpt-7'))) as { status: number; code: string };
    assert.equal(error.status, 404);
    assert.equal(error.code, 'model_not_found');
  });

  it("pass OpenRouter's strict client, with sizes, prices for one token, and what they can do", async () => {
    const client = new OpenRouter({ apiKey: KEY, serverURL: `${relay.url}/api/v1` });
    const pages = await client.models.list();
    const data = pages.result.data;
    assert.deepEqual(
      data.map(({ id }) => id),
      NAMES,
    );
    const [max, embedding, beijing, gpt, claude, own] = data;
    assert.equal(max?.contextLength, 262_144);
    assert.equal(max?.topProvider.maxCompletionTokens, 65_536);
    assert.equal(max?.pricing.prompt, '0.0000012');
    assert.equal(max?.pricing.completion, '0.000006');
    assert.equal(max?.pricing.inputCacheRead, '0.00000024');
    assert.deepEqual(
      max?.pricing.overrides?.map(({ minPromptTokens, prompt }) => [minPromptTokens, prompt]),
      [
        [32_001, '0.0000024'],
        [128_001, '0.000003'],
      ],
    );
    assert.ok(max?.supportedParameters.includes('tools'));
    assert.deepEqual(embedding?.architecture.outputModalities, ['embeddings']);
    assert.equal(beijing?.pricing.prompt, '0.00000011488', 'CNY in dollars');
    assert.deepEqual(gpt?.architecture.inputModalities, ['text', 'image']);
    assert.equal(claude?.pricing.inputCacheWrite1h, '0.000006');
    assert.equal(own?.pricing.prompt, '-1', 'unknown is not free');
    assert.equal(own?.contextLength, null);
    const one = await client.models.get({ author: 'openai', slug: 'gpt-5.4' });
    assert.equal(one.data.id, 'openai/gpt-5.4');
  });

  it("come in OpenRouter's pages", async () => {
    const { body } = await get('/api/v1/models?limit=2&offset=1');
    assert.deepEqual(
      (body['data'] as { id: string }[]).map(({ id }) => id),
      NAMES.slice(1, 3),
    );
    assert.equal(body['total_count'], NAMES.length);
    assert.equal((await get('/v1/models?limit=-1')).status, 400);
  });

  it("are paged through by Anthropic's client, forwards and backwards, with the names that Claude Code keeps", async () => {
    const client = relay.anthropic();
    const names: string[] = [];
    for await (const model of client.models.list({ limit: 3 })) names.push(model.id);
    const all = NAMES.flatMap((name) => (name.includes('claude') ? [name] : [name, `claude-via-${name}`]));
    assert.deepEqual(names, all);
    const back: string[] = [];
    for await (const model of client.models.list({ limit: 4, before_id: 'my-model' })) back.push(model.id);
    assert.deepEqual(new Set(back), new Set(all.slice(0, -2)));
    const one = await client.models.retrieve('claude-via-qwen3-max');
    assert.equal(one.id, 'claude-via-qwen3-max');
    assert.equal(one.max_input_tokens, 258_048);
    const error = (await caught(client.models.retrieve('gpt-7'))) as { status: number; type: string };
    assert.equal(error.status, 404);
    assert.equal(error.type, 'not_found_error');
    assert.equal(
      ((await caught(client.models.list({ after_id: 'gone' }))) as { status: number }).status,
      400,
    );
  });

  it("are listed by Google's client under v1, and under v1beta", async () => {
    for (const apiVersion of ['v1', 'v1beta']) {
      const client = new GoogleGenAI({ apiKey: KEY, httpOptions: { baseUrl: relay.url, apiVersion } });
      const names: (string | undefined)[] = [];
      for await (const model of await client.models.list({ config: { pageSize: 4 } })) names.push(model.name);
      assert.deepEqual(
        names,
        NAMES.map((name) => `models/${name}`),
      );
      const one = await client.models.get({ model: 'qwen3-max' });
      assert.equal(one.inputTokenLimit, 258_048);
      assert.equal(one.outputTokenLimit, 65_536);
      assert.ok(one.supportedActions?.includes('generateContent'));
    }
    assert.equal((await get('/v1beta/models?pageToken=nonsense')).status, 400);
  });

  it('are those that the key may use, and none without a key', async () => {
    const narrow = { authorization: 'Bearer narrow-key-0123456789abcdef' };
    for (const path of ['/v1/models', '/api/v1/models', '/v1beta/models']) {
      const { body } = await get(path, narrow);
      assert.equal(((body['data'] ?? body['models']) as unknown[]).length, 1, path);
      assert.equal((await get(path, { authorization: 'Bearer wrong' })).status, 401);
    }
    assert.equal((await get('/v1/models/qwen-plus', narrow)).status, 404);
  });
});

describe("OpenRouter's own client", () => {
  let relay: TestRelay;
  before(async () => {
    relay = await startRelay(`
accounts:
  - { id: a, provider: simulator, secrets: [secret-of-a], stream_upstream: off, models: [qwen3-max, qwen-plus] }
  - { id: b, provider: simulator, secrets: [secret-of-b], stream_upstream: off, models: [qwen3-max] }
simulator: { ttft: 1ms, tokens_per_second: 5000, output_tokens: 10 }
`);
  });
  after(() => relay.close());

  it('is served by whom it wishes for, or by the first model of its list that there is', async () => {
    const client = new OpenRouter({ apiKey: KEY, serverURL: `${relay.url}/api/v1` });
    const messages = [{ role: 'user' as const, content: 'Hello' }];
    for (const account of ['a', 'b']) {
      const answer = await client.chat.send({
        chatRequest: { model: 'qwen3-max', messages, provider: { only: [account] } },
      });
      assert.equal('choices' in answer && answer.choices.length, 1);
      assert.equal(relay.log.findLast(({ msg }) => msg === 'call')?.['channel'], `${account}/qwen3-max`);
    }
    const other = await client.chat.send({
      chatRequest: { models: ['somebody/else', 'qwen-plus'], messages },
    });
    assert.equal('model' in other && other.model, 'qwen-plus');
  });
});
