import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Channel } from '../domain/channel.ts';
import { decimalOf, nanoOf } from '../domain/cost.ts';
import type { PriceTerms } from '../domain/model-facts.ts';
import { type MoneySettings, type OwnPrice, USUAL_MONEY } from '../domain/money.ts';
import type { Usage } from '../domain/usage.ts';
import { madeUpChannel, shippedChannel } from '../testing/priced-channel.ts';
import type { CostAsk } from './ledger.ts';
import { createPricing, type Pricing } from './pricing.ts';

const NOW = Date.UTC(2026, 10, 26, 12);
const KEY = {
  id: 'web',
  limits: {},
  onLimit: 'queue',
  priority: 'normal',
  weight: 1,
  fallback: true,
} as const;
const used = (amounts: Partial<Usage>): Usage => ({
  ...{ input: 0, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: 0, source: 'upstream' },
  ...amounts,
});
const asked = (channel: Channel, usage: Partial<Usage>, rest: Partial<CostAsk> = {}): CostAsk => ({
  ...{ key: KEY, model: 'm', served: 'm', channel, usage: used(usage), free: false },
  ...rest,
});
function pricing(settings: Partial<MoneySettings> = {}, nowMs = NOW): Pricing {
  const whole = { ...USUAL_MONEY, ...settings };
  return createPricing({ now: () => nowMs, settings: () => whole, usualRates: { CNY: '0.1436' } });
}
const dollars = (input: string, output: string): PriceTerms => ({
  currency: 'USD',
  tiers: [{ input, output }],
});
const own = (kind: OwnPrice['kind'], scope: string, rest: Partial<OwnPrice> = {}): OwnPrice => ({
  ...{ id: `${kind}-row`, kind, scope, price: dollars('7', '7'), fromMs: 0 },
  ...rest,
});

const MAX = shippedChannel('qwen', 'qwen3-max', { region: 'singapore' });

describe('the money of a call', () => {
  it('is list price, what its owner pays, and what is charged, with all that is needed to do the sum again', () => {
    const factors = [{ id: 'f1', tenant: 'default', factor: '0.88', fromMs: 0 }];
    const money = pricing({ factors, costFactors: { main: '0.9' } }).costOf(
      asked(MAX, { input: 1_000, output: 500 }),
    );
    // 1,000 x $1.20 + 500 x $6 for a million = $0.0042; x 0.88; x 0.9
    assert.deepEqual(
      [money.listNano, money.chargedNano, money.upstreamNano, money.factor],
      [4_200_000n, 3_696_000n, 3_780_000n, '0.88'],
    );
    assert.match(money.price ?? '', /^catalogue:qwen\/qwen3-max@\d{4}-\d{2}-\d{2}$/);
    const row = JSON.parse(money.priceRow ?? '') as Record<string, unknown>;
    assert.deepEqual(row['tier'], MAX.facts?.prices[0]?.tiers[0]);
    assert.deepEqual(
      [row['origin'], row['currency'], row['region'], row['costFactor'], row['factorRow']],
      ['catalogue', 'USD', 'singapore', '0.9', 'f1'],
    );
  });

  it('freezes the tier that its whole input falls in', () => {
    const tierAt = (input: number): unknown =>
      (JSON.parse(pricing().costOf(asked(MAX, { input })).priceRow ?? '') as { tier: { above?: number } })
        .tier.above;
    assert.deepEqual([32_000, 32_001, 128_000, 128_001].map(tierAt), [undefined, 32_000, 32_000, 128_000]);
  });

  it('is rounded once, at the end, half a billionth up', () => {
    // 1 token at $0.0005 for a million is half a billionth of a dollar.
    const channel = madeUpChannel([dollars('0.0005', '0.0005')]);
    const of = (priceFactor: string, input: number): (bigint | null)[] => {
      const money = pricing({ priceFactor }).costOf(asked(channel, { input }));
      return [money.listNano, money.chargedNano];
    };
    assert.deepEqual(of('1', 1), [1n, 1n]);
    // 0.5 x 0.88 = 0.44, which is nothing; twice rounded it would be 1.
    assert.deepEqual(of('0.88', 1), [1n, 0n]);
    assert.deepEqual(of('1.2', 3), [2n, 2n]);
  });

  it('is exact for factors of 0.5, 1, 1.2 and 0.88', () => {
    const charged = (priceFactor: string): string =>
      decimalOf(
        pricing({ priceFactor }).costOf(asked(MAX, { input: 10_000, output: 5_000 })).chargedNano ?? 0n,
      );
    assert.deepEqual(['0.5', '1', '1.2', '0.88'].map(charged), ['0.021', '0.042', '0.0504', '0.03696']);
  });

  it('is unknown without a price, and never zero', () => {
    const money = pricing().costOf(asked(madeUpChannel([]), { input: 1_000 }));
    assert.deepEqual(money, {
      ...{ price: null, priceRow: null, factor: '1', listNano: null, upstreamNano: null, chargedNano: null },
    });
    const embedding = madeUpChannel([{ currency: 'USD', tiers: [{ input: '1' }] }]);
    assert.equal(pricing().costOf(asked(embedding, { output: 1 })).chargedNano, null);
  });

  it('that failed before its content is nothing to the client, and still what the provider bills', () => {
    const money = pricing().costOf(asked(MAX, { input: 1_000 }, { free: true }));
    assert.deepEqual([money.chargedNano, money.listNano, money.upstreamNano], [0n, 1_200_000n, 1_200_000n]);
    const unpriced = pricing().costOf(asked(madeUpChannel([]), { input: 1 }, { free: true }));
    assert.deepEqual([unpriced.chargedNano, unpriced.listNano], [0n, null]);
  });

  it('that fell back is that of the model which served, and of its factor', () => {
    const factors = [
      { id: 'asked', model: 'qwen3-max', factor: '9', fromMs: 0 },
      { id: 'served', model: 'qwen-plus', factor: '0.5', fromMs: 0 },
    ];
    const plus = shippedChannel('qwen', 'qwen-plus', { region: 'singapore' });
    const money = pricing({ factors }).costOf(
      asked(plus, { input: 1_000 }, { model: 'qwen3-max', served: 'qwen-plus' }),
    );
    assert.deepEqual([money.listNano, money.chargedNano], [400_000n, 200_000n]);
  });

  it('of another currency is turned into dollars by a rate that is frozen', () => {
    const beijing = shippedChannel('qwen', 'qwen3-max', { region: 'beijing' });
    const usual = pricing().costOf(asked(beijing, { input: 1_000_000 }));
    // At the tier above 128K: CNY 7 x 0.1436
    assert.equal(usual.listNano, 1_005_200_000n);
    assert.equal((JSON.parse(usual.priceRow ?? '') as { rate: string }).rate, '0.1436');
    const other = pricing({ rates: { CNY: '0.14' } }).costOf(asked(beijing, { input: 1_000_000 }));
    assert.equal(other.listNano, 980_000_000n);
  });

  it('knows writes that are kept for an hour', () => {
    const claude = shippedChannel('anthropic', 'claude-sonnet-4-5');
    const money = pricing().costOf(asked(claude, { cacheWrite: 1_000, cacheWrite1h: 400 }));
    // 600 x $3.75 + 400 x $6
    assert.equal(money.listNano, 4_650_000n);
    assert.equal((JSON.parse(money.priceRow ?? '') as { cacheWrite1h: number }).cacheWrite1h, 400);
  });
});

describe('the price in force', () => {
  const of = (pricing: Pricing, channel = MAX, served = 'm'): string | undefined =>
    pricing.explain({ key: KEY, served, channel }).list?.id;

  it("is the database's, then the file's, then the catalogue's; of each, the model's before the provider's", () => {
    const file = [
      own('model', 'm', { id: 'file model' }),
      own('provider', 'qwen/qwen3-max', { id: 'file provider' }),
    ];
    const some = pricing({ prices: file });
    assert.equal(of(some), 'file model');
    assert.equal(of(some, MAX, 'other'), 'file provider');
    some.load({ prices: [own('provider', 'qwen/qwen3-max', { id: 'row' })], factors: [] });
    assert.equal(of(some), 'row');
    some.load({
      prices: [own('model', 'm', { id: 'row of m' }), own('provider', 'qwen/qwen3-max')],
      factors: [],
    });
    assert.equal(of(some), 'row of m');
    assert.match(of(pricing()) ?? '', /^catalogue:/);
  });

  it('is the newest that has begun, and one that was taken back leaves what stands below', () => {
    const rows = [
      own('provider', 'qwen/qwen3-max', { id: '1', fromMs: NOW - 20 }),
      own('provider', 'qwen/qwen3-max', { id: '2', fromMs: NOW - 10 }),
      own('provider', 'qwen/qwen3-max', { id: '3', fromMs: NOW + 10 }),
      own('provider', 'qwen/qwen3-max', { id: '4', fromMs: NOW + 20, price: null }),
    ];
    const at = (nowMs: number): string | undefined => {
      const some = pricing({}, nowMs);
      some.load({ prices: rows, factors: [] });
      return of(some)?.slice(0, 9);
    };
    assert.deepEqual([NOW - 21, NOW - 20, NOW - 1, NOW + 10, NOW + 20].map(at), [
      'catalogue',
      '1',
      '2',
      '3',
      'catalogue',
    ]);
  });

  it('is that of the region before that of all', () => {
    const prices = [
      own('provider', 'qwen/qwen3-max', { id: 'here', region: 'singapore' }),
      own('provider', 'qwen/qwen3-max', { id: 'all', fromMs: 5 }),
    ];
    assert.equal(of(pricing({ prices })), 'here');
    assert.equal(of(pricing({ prices }), shippedChannel('qwen', 'qwen3-max', { region: 'beijing' })), 'all');
  });

  it('of the channel itself is what its owner pays, and nobody is charged by it', () => {
    const prices = [own('channel', 'main/qwen3-max', { price: dollars('1', '2') })];
    const money = pricing({ prices, costFactors: { main: '0.5' } }).costOf(asked(MAX, { input: 1_000 }));
    assert.deepEqual(
      [money.listNano, money.chargedNano, money.upstreamNano],
      [1_200_000n, 1_200_000n, 1_000_000n],
    );
    const row = JSON.parse(money.priceRow ?? '') as { own: { id: string }; costFactor?: string };
    assert.deepEqual([row.own.id, row.costFactor], ['channel-row', undefined]);
  });
});

describe('a quote', () => {
  const quote = (some: Pricing, channel: Channel, inputTokens: number, outputTokens = 0): bigint | null =>
    some.quote({ key: KEY, model: 'm', channel, inputTokens, outputTokens });

  it('is never below what a call within its bounds is charged', () => {
    const channels = [
      MAX,
      shippedChannel('qwen', 'qwen-plus', { region: 'singapore' }),
      shippedChannel('qwen', 'qwen-plus', { region: 'beijing' }),
      shippedChannel('anthropic', 'claude-sonnet-4-5'),
      shippedChannel('gemini', 'gemini-2.5-pro'),
      shippedChannel('deepseek', 'deepseek-v4-pro'),
      madeUpChannel([
        { currency: 'USD', tiers: [{ input: '9' }, { above: 1_000, input: '1', cacheRead: '10' }] },
      ]),
    ];
    const part = fc.nat(60_000);
    const usages = fc.record({
      input: part,
      cacheRead: part,
      cacheWrite: part,
      output: part,
      reasoning: part,
    });
    fc.assert(
      fc.property(
        fc.constantFrom(...channels),
        usages,
        fc.constantFrom('0.5', '1', '1.2'),
        fc.nat(24),
        (channel, usage, priceFactor, hour) => {
          const some = pricing({ priceFactor }, NOW + hour * 3_600_000);
          const { chargedNano } = some.costOf(asked(channel, { ...usage, cacheWrite1h: usage.cacheWrite }));
          const input = usage.input + usage.cacheRead + usage.cacheWrite;
          // Held at noon, and done at another hour.
          const held = quote(pricing({ priceFactor }), channel, input, usage.output + usage.reasoning);
          if (chargedNano === null) return;
          assert.ok(held !== null && held >= chargedNano, `${channel.id}: ${held} < ${chargedNano}`);
        },
      ),
    );
  });

  it('looks at the highest tier that may be reached, and at the price of thinking', () => {
    assert.equal(quote(pricing(), MAX, 1_000, 1_000), 1_500_000n + 6_000_000n);
    assert.equal(quote(pricing(), MAX, 32_001, 0), BigInt(32_001 * 3_000));
    const plus = shippedChannel('qwen', 'qwen-plus', { region: 'singapore' });
    assert.equal(quote(pricing(), plus, 0, 1_000), 4_000_000n);
  });

  it('of what has no answer to pay for is that of its input', () => {
    const embedding = madeUpChannel([{ currency: 'USD', tiers: [{ input: '1' }] }]);
    assert.equal(quote(pricing(), embedding, 1_000, 4_096), 1_000_000n);
  });

  it('is unknown without a price, unless there is a ceiling', () => {
    assert.equal(quote(pricing(), madeUpChannel([]), 1_000), null);
    assert.equal(quote(pricing({ unpriced: 'refuse' }), madeUpChannel([]), 1_000), null);
    const ceiling = {
      unpriced: 'ceiling',
      ceiling: { input: '10', output: '40' },
      priceFactor: '0.5',
    } as const;
    assert.equal(quote(pricing(ceiling), madeUpChannel([]), 1_000, 1_000), 25_000_000n);
    // The cost stays unknown all the same.
    assert.equal(pricing(ceiling).costOf(asked(madeUpChannel([]), { input: 1 })).chargedNano, null);
  });
});

it('what many calls are charged is the sum in whole numbers, done by hand', () => {
  const cents = fc.integer({ min: 1, max: 99_999_999 }).map((nano) => decimalOf(BigInt(nano)));
  fc.assert(
    fc.property(
      cents,
      cents,
      fc.integer({ min: 1, max: 2_000_000_000 }),
      fc.array(fc.record({ input: fc.nat(200_000), output: fc.nat(9_000) }), { minLength: 1, maxLength: 20 }),
      (input, output, factorNano, usages) => {
        const some = pricing({ priceFactor: decimalOf(BigInt(factorNano)) });
        const channel = madeUpChannel([dollars(input, output)]);
        let sum = 0n;
        let byHand = 0n;
        for (const usage of usages) {
          sum += some.costOf(asked(channel, usage)).chargedNano ?? -1n;
          const each = BigInt(usage.input) * nanoOf(input) + BigInt(usage.output) * nanoOf(output);
          // Twice the exact sum of 10^15 parts plus one half, cut off: half up.
          byHand += (each * BigInt(factorNano) * 2n + 10n ** 15n) / (2n * 10n ** 15n);
        }
        assert.equal(sum, byHand);
      },
    ),
  );
});

it('more of anything never costs less within a tier', () => {
  const part = fc.nat(6_000);
  const amounts = fc.record({ input: part, cacheRead: part, cacheWrite: part, output: part });
  fc.assert(
    fc.property(
      amounts,
      fc.constantFrom('input', 'cacheRead', 'cacheWrite', 'output'),
      fc.nat(5_000),
      (usage, name, more) => {
        const less = pricing().costOf(asked(MAX, usage)).chargedNano ?? 0n;
        const then = pricing().costOf(asked(MAX, { ...usage, [name]: usage[name] + more })).chargedNano ?? 0n;
        assert.ok(then >= less);
      },
    ),
  );
});
