import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { factsOf, SOURCE } from '../testing/model-facts.ts';
import { type ModelFacts, type Price, priceOf, shortfallOf } from './model-facts.ts';

const price = (input: string, rest: Partial<Price> = {}): Price => ({
  currency: 'USD',
  tiers: [{ input }],
  source: SOURCE,
  ...rest,
});
const at = (time: string): number => Date.parse(time);
const inputOf = (model: ModelFacts, time: string, region?: string): string | undefined =>
  priceOf(model, { region, nowMs: at(time) })?.tiers[0]?.input;

describe('the price of a model', () => {
  it('is that of its region, and no other region stands in', () => {
    const model = factsOf({
      prices: [price('1', { regions: ['singapore'] }), price('2', { regions: ['beijing'] })],
    });
    assert.equal(inputOf(model, '2026-11-26', 'singapore'), '1');
    assert.equal(inputOf(model, '2026-11-26', 'beijing'), '2');
    assert.equal(inputOf(model, '2026-11-26', 'hong-kong'), undefined);
    assert.equal(inputOf(model, '2026-11-26'), undefined);
  });

  it('without a region holds wherever there is none of its own', () => {
    const model = factsOf({ prices: [price('1'), price('2', { regions: ['us'] })] });
    assert.equal(inputOf(model, '2026-11-26', 'us'), '2');
    assert.equal(inputOf(model, '2026-11-26', 'eu'), '1');
  });

  it('changes on its day', () => {
    const model = factsOf({ prices: [price('0.75'), price('1.5', { from: '2027-01-01' })] });
    assert.equal(inputOf(model, '2026-12-31T23:59:59Z'), '0.75');
    assert.equal(inputOf(model, '2027-01-01T00:00:00Z'), '1.5');
  });

  it('changes at its hours, over midnight too', () => {
    const day = factsOf({ prices: [price('1'), price('2', { hours: { from: '01:00', to: '04:00' } })] });
    assert.equal(inputOf(day, '2026-11-26T00:59:00Z'), '1');
    assert.equal(inputOf(day, '2026-11-26T01:00:00Z'), '2');
    assert.equal(inputOf(day, '2026-11-26T04:00:00Z'), '1');
    const night = factsOf({ prices: [price('1'), price('2', { hours: { from: '16:30', to: '00:30' } })] });
    assert.equal(inputOf(night, '2026-11-26T23:00:00Z'), '2');
    assert.equal(inputOf(night, '2026-11-26T00:29:00Z'), '2');
    assert.equal(inputOf(night, '2026-11-26T00:30:00Z'), '1');
  });
});

describe('a price for weekdays', () => {
  it('does not hold from Saturday to Sunday', () => {
    const hours = { from: '01:00', to: '04:00', weekdays: true } as const;
    const model = factsOf({ prices: [price('1'), price('2', { hours })] });
    assert.equal(inputOf(model, '2026-11-27T02:00:00Z'), '2', 'a Friday');
    assert.equal(inputOf(model, '2026-11-28T02:00:00Z'), '1');
    assert.equal(inputOf(model, '2026-11-29T02:00:00Z'), '1');
    assert.equal(inputOf(model, '2026-11-30T02:00:00Z'), '2');
  });
});

describe('what a model cannot give', () => {
  const needs = { tools: true, images: true, inputTokens: 1_000 };

  it('is only told where it is known', () => {
    assert.equal(shortfallOf(factsOf({}), needs), undefined);
    assert.equal(shortfallOf(factsOf({ input: ['text'] }), needs), undefined);
  });

  it('are tools, pictures, room, and chat itself', () => {
    assert.match(shortfallOf(factsOf({ lacks: ['tools'] }), needs) ?? '', /tools/);
    assert.match(shortfallOf(factsOf({ lacks: ['vision'] }), needs) ?? '', /images/);
    assert.match(shortfallOf(factsOf({ kind: 'embedding' }), needs) ?? '', /embedding/);
    assert.match(shortfallOf(factsOf({ context: 600 }), needs) ?? '', /600/);
    assert.match(shortfallOf(factsOf({ context: 5_000, maxInput: 600 }), needs) ?? '', /600/);
  });

  it('is nothing that the call does not need, nor what an estimate cannot show', () => {
    const plain = { tools: false, images: false, inputTokens: 1_000 };
    assert.equal(shortfallOf(factsOf({ lacks: ['tools', 'vision'], context: 700 }), plain), undefined);
  });
});
