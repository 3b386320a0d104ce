import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decimalOf } from './cost.ts';
import type { PriceTerms } from './model-facts.ts';
import { factorScopeOf, isFactor } from './money.ts';
import { priceFaults, termsOf, writtenPrice } from './written-price.ts';

describe('a price factor', () => {
  it('is above 0 and at most 1000, of at most nine places', () => {
    for (const right of ['0.5', '1', '1.2', '0.88', '0.000000001', '1000', '1000.000000000'])
      assert.ok(isFactor(right), right);
    for (const wrong of [
      '0',
      '0.0',
      '-1',
      '1000.000000001',
      '0.1234567891',
      '',
      '1e3',
      '.5',
      '1.',
      ' 1',
      '99999',
    ])
      assert.ok(!isFactor(wrong), wrong);
  });

  it('is for what is named, and for nothing that is absent', () => {
    const names = { tenant: 't', project: null, key: undefined, account: 'a' };
    assert.deepEqual(factorScopeOf(names), { tenant: 't', account: 'a' });
  });
});

describe('a price as people write it', () => {
  it('means what it says, and is written again as it was', () => {
    const amount = fc.bigInt({ min: 0n, max: 10n ** 15n }).map(decimalOf);
    const names = ['input', 'output', 'thinkingOutput', 'cacheRead', 'cacheWrite', 'cacheWrite1h'] as const;
    const amounts = fc.record(Object.fromEntries(names.map((name) => [name, amount])), {
      requiredKeys: [],
      noNullPrototype: true,
    });
    const higher = fc.tuple(fc.integer({ min: 1 }), amounts).map(([above, rest]) => ({ above, ...rest }));
    fc.assert(
      fc.property(amounts, fc.array(higher), fc.constantFrom('USD', 'CNY'), (first, tiers, currency) => {
        const terms = { currency, tiers: [first, ...tiers] } as PriceTerms;
        assert.deepEqual(termsOf(writtenPrice(terms)), terms);
      }),
    );
  });

  it('is of something, and has tiers that ascend', () => {
    const price = { currency: 'USD', tiers: [] } as const;
    assert.deepEqual(priceFaults({ ...price, output: '1' }), []);
    assert.deepEqual(priceFaults({ ...price, cache_read: '1' }), [
      { path: [], expected: 'at least input or output' },
    ]);
    const tiers = [{ above: 5 }, { above: 9 }, { above: 9 }];
    assert.deepEqual(priceFaults({ ...price, input: '1', tiers }), [
      { path: ['tiers', 2, 'above'], expected: 'more than 9, the tier before it' },
    ]);
  });
});
