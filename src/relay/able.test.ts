import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Departure } from '../base/departure.ts';
import type { Call, DialectId } from '../domain/call.ts';
import type { Channel, Model } from '../domain/channel.ts';
import { providerOf } from '../providers/index.ts';
import { ableFor, unable } from './able.ts';

const channelOf = (provider: string, upstreamModel = 'up'): Channel => ({
  id: `${provider}/${upstreamModel}`,
  account: { id: provider, provider, baseUrl: providerOf(provider)?.baseUrl() ?? '', secrets: [] },
  upstreamModel,
  limits: {},
  tier: 0,
  weight: 1,
});

const modelOf = (...channels: readonly Channel[]): Model => ({
  name: 'm',
  channels,
  strategy: 'weighted',
  fallbacks: [],
  affinity: false,
});

const callOf = (dialect: DialectId): Call => ({
  id: 'req_1',
  dialect,
  key: { id: 'k', limits: {}, onLimit: 'queue', priority: 'normal', weight: 1, fallback: true },
  head: { model: 'm', stream: false, wantsUsage: false, maxOutputTokens: 0 },
  body: Buffer.from('{}'),
  headers: {},
  options: { onLimit: 'queue', priority: 'normal', fallback: true },
  arrivedAtMs: 0,
  departure: new Departure(),
});

const rooms = {
  providerOf: ({ account }: Channel) => providerOf(account.provider) ?? assert.fail(account.provider),
};

const ableAt = (dialect: DialectId, ...channels: readonly Channel[]): string[] =>
  ableFor(callOf(dialect), modelOf(...channels), rooms).channels.map(({ id }) => id);

test('for a chat the model is the same', () => {
  const mixed = modelOf(channelOf('deepseek'), channelOf('openai'));
  assert.equal(ableFor(callOf('openai-chat'), mixed, rooms), mixed);
});

test('where there is no prompt that a provider could have in its cache, no channel is preferred for it', () => {
  const model = { ...modelOf(channelOf('openai'), channelOf('openai', 'other')), affinity: true };
  const prefers = (dialect: DialectId): boolean => ableFor(callOf(dialect), model, rooms).affinity;
  assert.deepEqual(
    [prefers('openai-embeddings'), prefers('openai-completions'), prefers('openai-chat')],
    [false, true, true],
  );
});

test('for a task only the channels are left whose providers know a language of it', () => {
  const all = ['deepseek', 'openai', 'gemini', 'mistral', 'cohere', 'qwen', 'anthropic'].map((id) =>
    channelOf(id),
  );
  const having = ['openai/up', 'gemini/up', 'mistral/up', 'cohere/up', 'qwen/up'];
  for (const dialect of ['openai-embeddings', 'gemini-embeddings', 'gemini-batch-embeddings'] as const)
    assert.deepEqual(ableAt(dialect, ...all), having, dialect);
  for (const dialect of ['rerank', 'dashscope-rerank'] as const)
    assert.deepEqual(ableAt(dialect, ...all), ['cohere/up', 'qwen/up'], dialect);
  assert.deepEqual(ableAt('openai-speech', ...all), ['openai/up']);
  assert.deepEqual(ableAt('openai-moderations', ...all), ['openai/up', 'mistral/up']);
});

test('old completions can be had of every chat', () => {
  assert.deepEqual(ableAt('openai-completions', channelOf('anthropic'), channelOf('deepseek')), [
    'anthropic/up',
    'deepseek/up',
  ]);
});

test('that none can is said with the model, the task and who was looked at', () => {
  const model = modelOf(channelOf('deepseek'), channelOf('anthropic'), channelOf('deepseek', 'other'));
  assert.deepEqual(ableFor(callOf('rerank'), model, rooms).channels, []);
  const failure = unable(callOf('rerank'), model, rooms);
  assert.equal(failure.kind, 'invalid_request');
  assert.match(failure.message, /'m' cannot be asked for reranking.*\(DeepSeek, Anthropic\)/);
  assert.equal(failure.options.param, 'model');
});
