import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decimalOf, nanoOf } from '../domain/cost.ts';
import type { PriceTerms } from '../domain/model-facts.ts';
import { shippedChannel } from '../testing/priced-channel.ts';
import { type Comparing, compared, percentText, savedPerMille, type VolumePart } from './comparison.ts';

function priceOf(model: string, region = 'singapore'): PriceTerms {
  const [price] = shippedChannel('qwen', model, { region }).facts?.prices ?? [];
  assert.ok(price !== undefined);
  return price;
}
const part = (model: string, amounts: Partial<VolumePart['usage']>, inputPerCall = 0): VolumePart => ({
  ...{ model, price: priceOf(model), calls: undefined, inputPerCall },
  usage: { input: 0, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: 0, ...amounts },
});
const FOUNDING = part('qwen3-max', { input: 5_000_000, output: 5_000_000 });
const compare = (rest: Partial<Comparing> = {}): Readonly<Record<string, string | null>> =>
  Object.fromEntries(
    compared({
      ...{ parts: [FOUNDING], rates: { CNY: '0.1436' }, factor: '0.88', accounts: [3], accountCost: '0' },
      ...{ fallbacks: [], fallbackShare: '1', cachedShare: '0.5' },
      ...rest,
    }).map(({ name, nano }) => [name, nano === null ? null : decimalOf(nano)]),
  );

describe('ways to buy a month of tokens', () => {
  it("are the founding article's table to the cent: $36.00 direct, $31.68 over a relay at 0.88", () => {
    // 5M x $1.20 + 5M x $6 = $6 + $30; x 0.88. Batch: half. Cached: $3 + 2.5M x $0.24 + $30.
    assert.deepEqual(compare(), {
      direct: '36',
      'relay at 0.88': '31.68',
      '3 accounts': '36',
      batch: '18',
      '50 % of input cached': '33.6',
    });
  });

  it('cost what the care of the accounts costs, too', () => {
    const costs = compare({ accounts: [1, 3, 10], accountCost: '12.50' });
    assert.deepEqual(
      [costs['1 accounts'], costs['3 accounts'], costs['10 accounts']],
      ['48.5', '73.5', '161'],
    );
  });

  it('may be another model, for all of it or for a share', () => {
    const fallbacks = ['qwen-plus', 'qwen-turbo'].map((model) => ({ model, price: () => priceOf(model) }));
    // qwen-plus: $2 + $6; qwen-turbo: $0.25 + $1
    const all = compare({ fallbacks });
    assert.deepEqual([all['all on qwen-plus'], all['all on qwen-turbo']], ['8', '1.25']);
    // 0.7 x $36 + 0.3 x $8
    assert.equal(compare({ fallbacks, fallbackShare: '0.3' })['30 % on qwen-plus'], '27.6');
    assert.equal(compare({ fallbacks: [{ model: 'x', price: () => undefined }] })['all on x'], null);
  });

  it('are priced at the tier of one call, whatever they come to together', () => {
    const at = (inputPerCall: number): string | null =>
      compare({ parts: [part('qwen3-max', { input: 1_000_000 }, inputPerCall)] })['direct'] ?? null;
    assert.deepEqual([0, 32_000, 32_001, 128_001].map(at), ['1.2', '1.2', '2.4', '3']);
  });

  it('do not combine batches and caches where the provider does not', () => {
    const parts = [part('qwen3-max', { input: 1_000_000, cacheRead: 1_000_000 })];
    // Directly $1.20 + $0.24; in a batch half of twice $1.20.
    const options = compared({
      ...{ parts, rates: {}, factor: '1', accounts: [], accountCost: '0', fallbacks: [] },
      ...{ fallbackShare: '1', cachedShare: '0.5' },
    });
    const batch = options.find(({ kind }) => kind === 'batch');
    assert.deepEqual([options[0]?.nano, batch?.nano], [1_440_000_000n, 1_200_000_000n]);
    assert.match(batch?.note ?? '', /cached input is at full price/);
  });

  it('tell the price of thinking where it is another one, and none of the cache where nobody has one', () => {
    const plus = compare({ parts: [part('qwen-plus', { output: 1_000_000 })] });
    assert.deepEqual([plus['direct'], plus['with thinking']], ['1.2', '4']);
    assert.ok(!('50 % of input cached' in compare({ parts: [part('qwen-turbo', { input: 5 })] })));
  });

  it('are unknown where a part has no price, and never cheap', () => {
    const costs = compare({ parts: [FOUNDING, { ...FOUNDING, price: undefined }] });
    assert.deepEqual([costs['direct'], costs['relay at 0.88'], costs['3 accounts']], [null, null, null]);
  });

  it('add up over parts, exactly', () => {
    const amounts = fc.record({ input: fc.nat(1e9), output: fc.nat(1e9) });
    fc.assert(
      fc.property(
        fc.array(amounts, { minLength: 1, maxLength: 9 }),
        fc.nat(1_000_000_000),
        (months, share) => {
          const parts = months.map((usage) => part('qwen3-max', usage));
          const byHand = months.reduce(
            (sum, { input, output }) => sum + BigInt(input) * 1_200n + BigInt(output) * 6_000n,
            0n,
          );
          assert.equal(compare({ parts })['direct'], decimalOf(byHand));
          const fallbackShare = decimalOf(BigInt(share));
          const fallbacks = [{ model: 'same', price: () => priceOf('qwen3-max') }];
          // What moves to the same price costs the same, whatever the share.
          const moved = compare({ parts, fallbacks, fallbackShare });
          const name = share === 1_000_000_000 ? 'all on same' : `${percentText(fallbackShare)} on same`;
          assert.equal(moved[name], decimalOf(byHand));
        },
      ),
    );
  });
});

it('savings are told to a tenth of a percent', () => {
  assert.equal(savedPerMille(nanoOf('31.68'), nanoOf('36')), 120);
  assert.equal(savedPerMille(nanoOf('99'), nanoOf('36')), -1_750);
  assert.equal(savedPerMille(nanoOf('2'), nanoOf('3')), 333);
  assert.equal(savedPerMille(null, nanoOf('36')), null);
  assert.equal(savedPerMille(0n, 0n), null);
  assert.deepEqual(['1', '0.5', '0.125', '0'].map(percentText), ['100 %', '50 %', '12.5 %', '0 %']);
});
