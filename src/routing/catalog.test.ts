import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lineOf } from '../domain/channel.ts';
import { type AccountPlan, createCatalog } from './catalog.ts';

const account = (
  id: string,
  models: readonly (readonly [upstream: string, name?: string])[],
): AccountPlan => ({
  account: { id, provider: 'qwen', baseUrl: 'http://localhost', secrets: ['sk'] },
  models: models.map(([upstreamModel, name]) => ({
    upstreamModel,
    name: name ?? upstreamModel,
    limits: { rpm: 60 },
    tier: 1,
    weight: 2,
  })),
});
const ids = (channels: readonly { id: string }[] = []): string[] => channels.map(({ id }) => id);

test('accounts that serve a model of the same name are its channels, in their order', () => {
  const catalog = createCatalog(
    [account('a', [['max'], ['plus']]), account('b', [['qwen-max-2025', 'max']])],
    [],
  );
  assert.deepEqual(ids(catalog.resolve('max')?.channels), ['a/max', 'b/qwen-max-2025']);
  assert.deepEqual(ids(catalog.resolve('plus')?.channels), ['a/plus']);
  assert.equal(catalog.resolve('qwen-max-2025'), undefined, 'only the public name is known');
  assert.deepEqual(ids(catalog.channels), ['a/max', 'a/plus', 'b/qwen-max-2025']);
  const [channel] = catalog.resolve('max')?.channels ?? [];
  assert.deepEqual([channel?.upstreamModel, channel?.weight, channel?.limits], ['max', 2, { rpm: 60 }]);
});

test('a plan names the strategy, the fallbacks and the channels of a model', () => {
  const accounts = [account('a', [['max'], ['plus']]), account('b', [['max']])];
  const catalog = createCatalog(accounts, [
    { name: 'max', strategy: 'weighted', fallbacks: ['plus'], channels: ['b/max'] },
    { name: 'smart', fallbacks: [], channels: ['a/max', 'a/plus'] },
  ]);
  const max = catalog.resolve('max');
  assert.deepEqual([max?.strategy, max?.fallbacks, ids(max?.channels)], ['weighted', ['plus'], ['b/max']]);
  assert.deepEqual(ids(catalog.resolve('smart')?.channels), ['a/max', 'a/plus']);
  assert.deepEqual(catalog.models.map(({ name }) => name).sort(), ['max', 'plus', 'smart']);
});

test('a model without a plan starts where it can soonest and falls back to nothing', () => {
  const plus = createCatalog([account('a', [['plus']])], []).resolve('plus');
  assert.deepEqual([plus?.strategy, plus?.fallbacks], ['earliest-start', []]);
});

test('a plan may name the wait after which a fallback is asked, nothing included, and give up affinity', () => {
  const catalog = createCatalog(
    [account('a', [['max'], ['plus'], ['turbo']])],
    [
      { name: 'max', fallbacks: ['plus'], fallbackAfterMs: 20_000, affinity: false },
      { name: 'plus', fallbacks: ['turbo'], fallbackAfterMs: 0 },
    ],
  );
  const [max, plus, turbo] = ['max', 'plus', 'turbo'].map((name) => catalog.resolve(name));
  assert.deepEqual([max?.fallbackAfterMs, max?.affinity], [20_000, false]);
  assert.deepEqual([plus?.fallbackAfterMs, plus?.affinity], [0, true]);
  assert.deepEqual([turbo?.fallbackAfterMs, turbo?.affinity], [undefined, true]);
});

test('names out of the language itself are no models', () => {
  const catalog = createCatalog([account('a', [['plus']])], []);
  for (const name of ['constructor', '__proto__', 'toString', ''])
    assert.equal(catalog.resolve(name), undefined);
});

test('models with the same channels share one line, whatever they are called', () => {
  const account = { id: 'a', provider: 'qwen', baseUrl: 'http://localhost', secrets: ['s'] };
  const model = (upstreamModel: string) => ({
    upstreamModel,
    name: upstreamModel,
    limits: {},
    tier: 0,
    weight: 1,
  });
  const catalog = createCatalog(
    [{ account, models: [model('max'), model('plus')] }],
    [
      { name: 'fast', fallbacks: [], channels: ['a/max'] },
      { name: 'both', fallbacks: [], channels: ['a/max', 'a/plus'] },
    ],
  );
  const lines = Object.fromEntries(catalog.models.map((each) => [each.name, lineOf(each)]));
  assert.deepEqual(lines, { max: 'max', plus: 'plus', fast: 'max', both: 'both' });
});
