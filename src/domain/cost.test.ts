import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  type CostUsage,
  costOf,
  decimalOf,
  exactAtTier,
  exactCostOf,
  nanoOf,
  perToken,
  roundedNano,
  tierOf,
} from './cost.ts';
import type { Price, PriceTier } from './model-facts.ts';

const source = { url: 'https://example.com/prices', date: '2026-11-01' };
const price = (tiers: readonly PriceTier[], rest: Partial<Price> = {}): Price => ({
  currency: 'USD',
  tiers,
  source,
  ...rest,
});
const usage = (amounts: Partial<CostUsage>): CostUsage => ({
  input: 0,
  cacheRead: 0,
  cacheWrite: 0,
  output: 0,
  reasoning: 0,
  ...amounts,
});

/** Of the founding case: https://www.alibabacloud.com/help/en/model-studio/models */
const QWEN3_MAX = price(
  [
    { input: '1.2', output: '6', cacheRead: '0.24', cacheWrite: '1.5' },
    { above: 32_000, input: '2.4', output: '12', cacheRead: '0.48', cacheWrite: '3' },
    { above: 128_000, input: '3', output: '15' },
  ],
  { batch: { share: '0.5', cache: 'lost' } },
);

describe('the cost of a call', () => {
  it('is the usage times the price, in billionths of a dollar', () => {
    assert.equal(costOf(QWEN3_MAX, usage({ input: 1_000, output: 500 })), 4_200_000n);
    assert.equal(decimalOf(4_200_000n), '0.0042');
  });

  it('charges the whole call at the tier of its whole input, cached input included', () => {
    assert.equal(costOf(QWEN3_MAX, usage({ input: 32_000 })), 38_400_000n);
    assert.equal(costOf(QWEN3_MAX, usage({ input: 32_001 })), 76_802_400n);
    assert.equal(costOf(QWEN3_MAX, usage({ input: 1, cacheRead: 32_000 })), 15_362_400n);
    assert.equal(tierOf(QWEN3_MAX, 128_001)?.input, '3');
  });

  it('charges what has no price of its own as the plainer kind', () => {
    const plain = price([{ input: '2', output: '8' }]);
    assert.equal(costOf(plain, usage({ cacheRead: 100, cacheWrite: 100 })), 400_000n);
    const written = price([{ input: '2', output: '8', cacheWrite: '3' }]);
    assert.equal(costOf(written, usage({ cacheWrite: 100, cacheWrite1h: 40 })), 300_000n);
    const both = price([{ input: '2', cacheWrite: '3', cacheWrite1h: '4' }]);
    assert.equal(costOf(both, usage({ cacheWrite: 100, cacheWrite1h: 40 })), 340_000n);
  });

  it('charges all output at the price of thinking once the model has thought', () => {
    const hybrid = price([{ input: '0.4', output: '1.2', thinkingOutput: '4' }]);
    assert.equal(costOf(hybrid, usage({ output: 100 })), 120_000n);
    assert.equal(costOf(hybrid, usage({ output: 100, reasoning: 100 })), 800_000n);
  });

  it('is unknown where a used part, the batch, the tier or the currency has no price', () => {
    const embedding = price([{ input: '0.07' }]);
    assert.equal(costOf(embedding, usage({ input: 1_000 })), 70_000n);
    assert.equal(costOf(embedding, usage({ input: 1_000, output: 1 })), undefined);
    assert.equal(costOf(embedding, usage({ input: 1_000 }), { batch: true }), undefined);
    const entry = price([{ input: '0.359', output: '1.434' }, { above: 32_000 }]);
    assert.equal(costOf(entry, usage({ input: 32_001 })), undefined);
    assert.equal(costOf(price([{ input: '2.5' }], { currency: 'CNY' }), usage({ input: 1 })), undefined);
  });

  it('turns another currency into dollars by a rate that is given', () => {
    const beijing = price([{ input: '2.5', output: '10' }], { currency: 'CNY' });
    const rates = { CNY: '0.1436' };
    assert.equal(costOf(beijing, usage({ input: 1_000_000 }), { rates }), 359_000_000n);
  });

  it('of a batch is its share, and cached input costs as much as any where the discounts do not combine', () => {
    const call = usage({ input: 1_000, cacheRead: 1_000, output: 100 });
    assert.equal(costOf(QWEN3_MAX, call, { batch: true }), 1_500_000n);
    const kept = { ...QWEN3_MAX, batch: { share: '0.5', cache: 'kept' } } as const;
    assert.equal(costOf(kept, call, { batch: true }), 1_020_000n);
  });

  it('times a factor is rounded once, half a billionth up', () => {
    const half = exactCostOf(price([{ input: '0.0005' }]), usage({ input: 1 }));
    assert.ok(half !== undefined);
    assert.deepEqual([roundedNano(half), roundedNano(half, nanoOf('0.999999999'))], [1n, 0n]);
    assert.equal(roundedNano(half * 3n, nanoOf('1')), 2n);
  });

  it('of many calls of one tier is that of their sums, whatever those come to', () => {
    const sums = usage({ input: 5_000_000, output: 1 });
    const [, second] = QWEN3_MAX.tiers;
    assert.equal(
      exactAtTier(QWEN3_MAX, second, { usage: sums }),
      5_000_000n * 24n * 10n ** 26n + 12n * 10n ** 27n,
    );
    assert.equal(exactAtTier(QWEN3_MAX, undefined, { usage: sums }), undefined);
  });

  it('of many calls is what they cost together, to half a nano-dollar each', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20_000), { minLength: 1, maxLength: 20 }), (inputs) => {
        const odd = price([{ input: '0.003625', output: '0.87' }]);
        const sum = inputs.reduce((total, input) => total + (costOf(odd, usage({ input })) ?? 0n), 0n);
        const whole = costOf(odd, usage({ input: inputs.reduce((a, b) => a + b, 0) })) ?? 0n;
        const apart = sum > whole ? sum - whole : whole - sum;
        assert.ok(apart <= BigInt(inputs.length));
      }),
    );
  });
});

describe('decimal text', () => {
  it('is read and written without losing a digit', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 18n }), (nano) => {
        assert.equal(nanoOf(decimalOf(nano)), nano);
      }),
    );
    assert.equal(decimalOf(-1_500_000_000n), '-1.5');
  });

  it('that is no price is refused', () => {
    for (const wrong of ['', '-1', '1e3', '1.', '.5', '0.0000000001'])
      assert.throws(() => nanoOf(wrong), RangeError, wrong);
  });

  it('of a million tokens becomes that of one', () => {
    const pairs = {
      '1.2': '0.0000012',
      '0': '0',
      '12': '0.000012',
      '3000000': '3',
      '0.0028': '0.0000000028',
    };
    for (const [million, one] of Object.entries(pairs)) assert.equal(perToken(million), one);
    fc.assert(
      fc.property(fc.nat(10_000_000), fc.nat(999), (whole, part) => {
        const text = `${whole}.${String(part).padStart(3, '0')}`;
        assert.ok(Math.abs(Number(perToken(text)) * 1e6 - Number(text)) <= Number(text) * 1e-12);
      }),
    );
  });
});
