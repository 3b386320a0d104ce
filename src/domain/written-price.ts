/** A price as people write it, in the file and over the admin API: the first tier at once, longer inputs below it. */

import type { Currency, PriceTerms, PriceTier, TokenPrices } from './model-facts.ts';

type Maybe<T> = T | undefined;

export type WrittenAmounts = {
  readonly input?: Maybe<string>;
  readonly output?: Maybe<string>;
  readonly thinking_output?: Maybe<string>;
  readonly cache_read?: Maybe<string>;
  readonly cache_write?: Maybe<string>;
  readonly cache_write_1h?: Maybe<string>;
};

export type WrittenPrice = WrittenAmounts & {
  readonly currency: Currency;
  readonly tiers: readonly (WrittenAmounts & { readonly above: number })[];
};

const NAMES = [
  ['input', 'input'],
  ['output', 'output'],
  ['thinking_output', 'thinkingOutput'],
  ['cache_read', 'cacheRead'],
  ['cache_write', 'cacheWrite'],
  ['cache_write_1h', 'cacheWrite1h'],
] as const satisfies readonly (readonly [keyof WrittenAmounts, keyof TokenPrices])[];

export function termsOf(written: WrittenPrice): PriceTerms {
  const higher = written.tiers.map((tier): PriceTier => ({ above: tier.above, ...amountsOf(tier) }));
  return { currency: written.currency, tiers: [amountsOf(written), ...higher] };
}

export const amountsOf = (written: WrittenAmounts): TokenPrices =>
  Object.fromEntries(
    NAMES.flatMap(([name, ours]) => (written[name] === undefined ? [] : [[ours, written[name]]])),
  );

export function writtenPrice({ currency, tiers: [first = {}, ...higher] }: PriceTerms): WrittenPrice {
  return {
    currency,
    ...writtenAmounts(first),
    tiers: higher.map(({ above = 0, ...tier }) => ({ above, ...writtenAmounts(tier) })),
  };
}

export const writtenAmounts = (prices: TokenPrices): WrittenAmounts =>
  Object.fromEntries(
    NAMES.flatMap(([name, ours]) => (prices[ours] === undefined ? [] : [[name, prices[ours]]])),
  );

/** What is wrong with the whole, each part being right: where in it, and what was expected there. */
export function priceFaults({ tiers, input, output }: WrittenPrice): readonly PriceFault[] {
  const faults: PriceFault[] = [];
  if (input === undefined && output === undefined)
    faults.push({ path: [], expected: 'at least input or output' });
  tiers.forEach(({ above }, index) => {
    const before = tiers[index - 1]?.above ?? 0;
    if (above <= before)
      faults.push({ path: ['tiers', index, 'above'], expected: `more than ${before}, the tier before it` });
  });
  return faults;
}

export type PriceFault = { readonly path: readonly (string | number)[]; readonly expected: string };
