import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Departure } from '../base/departure.ts';
import { taskDialects } from '../dialects/tasks/index.ts';
import type { Call, TaskDialectId } from '../domain/call.ts';
import type { Channel } from '../domain/channel.ts';
import { providerOf } from '../providers/index.ts';
import { createSeals } from '../state/seals.ts';
import { createShelf } from '../state/shelf.ts';
import { outgoingOf } from './outgoing.ts';
import { crossedToKin, fitted } from './task-crossing.ts';

const SEALS = createSeals();
const shelf = createShelf({ now: () => 0, settings: () => ({ maxBytes: 1_000, ttlMs: 1_000 }) });

function callOf(dialect: TaskDialectId, fields: object): Call {
  const body = Buffer.from(JSON.stringify({ model: 'asked', ...fields }));
  return {
    id: 'req_1',
    dialect,
    body,
    head: taskDialects[dialect].readHead(body),
    key: { id: 'k', limits: {}, onLimit: 'queue', priority: 'normal', weight: 1, fallback: true },
    headers: {},
    options: { onLimit: 'queue', priority: 'normal', fallback: true },
    arrivedAtMs: 0,
    departure: new Departure(),
  };
}

function askedAt(id: string, call: Call, upstreamModel = 'up') {
  const provider = providerOf(id) ?? assert.fail(id);
  const account = {
    id: 'a',
    provider: id,
    baseUrl: provider.baseUrl('beijing') ?? provider.baseUrl() ?? '',
    secrets: [],
  };
  const channel: Channel = { id: 'a/up', account, upstreamModel, limits: {}, tier: 0, weight: 1 };
  return outgoingOf(call, { provider, channel, shelf, seals: SEALS });
}

const jsonOf = (bytes: Uint8Array): Record<string, unknown> => JSON.parse(Buffer.from(bytes).toString());

const told = {
  head: { id: 'req_1', model: 'asked', created: 0 },
  usage: undefined,
  estimatedUsage: () => ({
    ...{ input: 7, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: 0 },
    source: 'estimated' as const,
  }),
};

describe('a question on its way out', () => {
  it('keeps its bytes where the provider has the language', () => {
    const call = callOf('openai-embeddings', { input: 'x', encoding_format: 'base64' });
    const outgoing = askedAt('openai', call);
    assert.equal(outgoing.body, call.body);
    assert.deepEqual(
      [outgoing.url, outgoing.translation],
      ['https://api.openai.com/v1/embeddings', undefined],
    );
  });

  it('asks for numbers where the provider refuses base64, and nothing else is changed', () => {
    const call = callOf('openai-embeddings', { input: 'x', encoding_format: 'base64', user: 'u' });
    assert.deepEqual(jsonOf(askedAt('qwen', call).body), {
      model: 'asked',
      input: 'x',
      encoding_format: 'float',
      user: 'u',
    });
    const other = callOf('openai-moderations', { input: 'x' });
    assert.equal(fitted(other, providerOf('qwen') ?? assert.fail()), other);
  });

  it("goes to a relative where the provider has only that, with the provider's name of the model", () => {
    const call = callOf('rerank', { query: 'q', documents: ['d'], top_n: 1, odd: 2 });
    const outgoing = askedAt('qwen', call, 'gte-rerank-v2');
    assert.equal(outgoing.dialect.id, 'dashscope-rerank');
    assert.match(outgoing.url, /\/services\/rerank\/text-rerank\/text-rerank$/);
    assert.equal(jsonOf(outgoing.body)['model'], 'gte-rerank-v2');
    assert.equal(outgoing.head.model, 'gte-rerank-v2');
    assert.deepEqual(outgoing.dropped, ['odd']);
    const ready = outgoing.dialect.forwardRequest(outgoing.body, outgoing.head, 'gte-rerank-v2');
    assert.equal(ready, outgoing.body);
    assert.equal(askedAt('qwen', call, 'qwen3-rerank').body, call.body);
  });

  it('of a client of Gemini is asked natively of Gemini', () => {
    const call = callOf('gemini-embeddings', { content: { parts: [{ text: 'x' }] } });
    const outgoing = askedAt('gemini', call);
    assert.deepEqual([outgoing.dialect.id, outgoing.translation], ['gemini-embeddings', undefined]);
    assert.equal(askedAt('mistral', call).dialect.id, 'openai-embeddings');
  });

  it('old completions become a chat where nothing else is known', () => {
    const outgoing = askedAt('anthropic', callOf('openai-completions', { prompt: 'Once', echo: true }));
    assert.equal(outgoing.dialect.id, 'anthropic-messages');
    assert.partialDeepStrictEqual(jsonOf(outgoing.body), { messages: [{ role: 'user' }] });
    assert.ok(outgoing.dropped.includes('echo'));
  });

  it('that nobody understands there is refused', () => {
    assert.throws(() => askedAt('deepseek', callOf('rerank', { query: 'q', documents: ['d'] })), {
      kind: 'no_access',
    });
  });
});

describe('an answer on its way back', () => {
  it('is in the words of the client, with the name of the model that it asked for', () => {
    const call = callOf('gemini-embeddings', { content: { parts: [{ text: 'x' }] } });
    const { translation } = crossedToKin(call, taskDialects['openai-embeddings'], 'up');
    const frame = Buffer.from(JSON.stringify({ data: [{ embedding: [0.5] }], model: 'up' }));
    assert.deepEqual(jsonOf(translation.plain({ frame, events: [] }, told)), {
      embedding: { values: [0.5] },
      usageMetadata: { promptTokenCount: 7, totalTokenCount: 7 },
    });
  });

  it('is base64 for a client that wants that, also from a stranger', () => {
    const call = callOf('openai-embeddings', { input: 'x', encoding_format: 'base64' });
    const { translation } = crossedToKin(call, taskDialects['gemini-batch-embeddings'], 'up');
    const frame = Buffer.from(JSON.stringify({ embeddings: [{ values: [0.5, -1] }] }));
    const answer = jsonOf(translation.plain({ frame, events: [] }, told));
    assert.partialDeepStrictEqual(answer, { model: 'asked', data: [{ embedding: 'AAAAPwAAgL8=' }] });
  });
});
