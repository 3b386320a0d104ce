import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Channel } from '../domain/channel.ts';
import type { ChannelWishes } from '../domain/wishes.ts';
import { factsOf, SOURCE } from '../testing/model-facts.ts';
import { wishedChannels } from './wished-channels.ts';

const priced = (input: string, output = input, currency: 'USD' | 'CNY' = 'USD') =>
  factsOf({ prices: [{ currency, tiers: [{ input, output }], source: SOURCE }] });
const channel = (id: string, provider: string, rest: Partial<Channel> & { place?: string } = {}): Channel => {
  const { place, ...own } = rest;
  const account = { id, provider, baseUrl: 'http://localhost', secrets: [], ...(place && { place }) };
  return { ...{ id: `${id}/m`, account, upstreamModel: 'm', limits: {}, tier: 0, weight: 1 }, ...own };
};

const CHANNELS = [
  channel('a', 'qwen', { place: 'singapore', facts: priced('1.2', '6') }),
  channel('b', 'qwen', { place: 'beijing', facts: priced('2.5', '10', 'CNY'), tier: 1 }),
  channel('c', 'siliconflow', { facts: priced('0.9', '9') }),
  channel('d', 'openai-compatible'),
];

const wish = (
  wishes: Partial<ChannelWishes>,
  { channels = CHANNELS, pace = {} }: { channels?: Channel[]; pace?: Readonly<Record<string, number>> } = {},
): string[] =>
  wishedChannels(channels, {
    wishes: { allowFallbacks: true, requireParameters: false, ...wishes },
    pace: { latencyMs: (id) => pace[id], tokensPerSecond: (id) => pace[id] },
    needs: () => ({ tools: true, images: false, inputTokens: 1_000 }),
    maxOutputTokens: 100,
    nowMs: 0,
  })
    .toSorted((x, y) => x.tier - y.tier)
    .map(({ account, tier }) => `${account.id}${tier}`);

describe('wishes for channels', () => {
  it('leave all where there are none', () => {
    assert.deepEqual(wish({}), ['a0', 'c0', 'd0', 'b1']);
  });

  it('name providers, accounts, regions, and providers as OpenRouter calls them', () => {
    assert.deepEqual(wish({ only: ['qwen'] }), ['a0', 'b1']);
    assert.deepEqual(wish({ only: ['alibaba'] }), ['a0', 'b1']);
    assert.deepEqual(wish({ only: ['alibaba/beijing', 'd'] }), ['d0', 'b1']);
    assert.deepEqual(wish({ ignore: ['qwen/singapore', 'siliconflow'] }), ['d0', 'b1']);
    assert.deepEqual(wish({ only: ['nobody'] }), []);
  });

  it('put an order before all others, or leave no others', () => {
    assert.deepEqual(wish({ order: ['siliconflow', 'b'] }), ['c0', 'b1', 'a2', 'd2']);
    assert.deepEqual(wish({ order: ['siliconflow', 'b'], allowFallbacks: false }), ['c0', 'b1']);
  });

  it('sort by what this call would cost there, what is unpriced last', () => {
    assert.deepEqual(wish({ sort: 'price' }), ['b0', 'a1', 'c1', 'd2']);
    assert.deepEqual(wish({ sort: 'price', order: ['d'] }), ['d0', 'b1', 'a2', 'c2']);
  });

  it('bound the price in dollars, and what has no known price is within no bound', () => {
    assert.deepEqual(wish({ maxPrice: { prompt: 1 } }), ['c0', 'b1']);
    assert.deepEqual(wish({ maxPrice: { completion: 6 } }), ['a0', 'b1']);
    assert.deepEqual(wish({ maxPrice: {} }), ['a0', 'c0', 'b1']);
  });

  it('sort by what was seen, likes alike, and try first what is unknown', () => {
    const pace = { 'a/m': 100, 'b/m': 110, 'c/m': 400 };
    assert.deepEqual(wish({ sort: 'latency' }, { pace }), ['a0', 'b0', 'd0', 'c6']);
    assert.deepEqual(wish({ sort: 'throughput' }, { pace }), ['c0', 'd0', 'b5', 'a6']);
  });

  it('require what is known to be missing only', () => {
    const channels = [
      channel('deaf', 'x', { facts: factsOf({ lacks: ['tools'] }) }),
      channel('able', 'y', { facts: factsOf({ abilities: ['tools'] }) }),
      channel('unknown', 'z'),
    ];
    assert.deepEqual(wish({ requireParameters: true }, { channels }), ['able0', 'unknown0']);
  });

  it('leave OpenRouter in, which is told of them, unless it is named itself', () => {
    const channels = [...CHANNELS, channel('r', 'openrouter')];
    assert.deepEqual(wish({ only: ['deepinfra'] }, { channels }), ['r0']);
    assert.deepEqual(wish({ ignore: ['openrouter'], only: ['d'] }, { channels }), ['d0']);
    assert.deepEqual(wish({ order: ['d'], allowFallbacks: false }, { channels }), ['d0', 'r1']);
  });

  it('never make channels up, nor change those there are', () => {
    const names = fc.array(fc.constantFrom('qwen', 'a', 'siliconflow', 'x', '', '/'), { maxLength: 3 });
    const wishes = fc.record(
      { order: names, only: names, ignore: names, sort: fc.constantFrom('price', 'throughput', 'latency') },
      { requiredKeys: [] },
    );
    const before = structuredClone(CHANNELS);
    fc.assert(
      fc.property(wishes, (some) => {
        const left = wish(some as Partial<ChannelWishes>).map((name) => name[0]);
        assert.equal(new Set(left).size, left.length);
        assert.ok(left.every((id) => CHANNELS.some(({ account }) => account.id === id)));
      }),
    );
    assert.deepEqual(CHANNELS, before);
  });
});
