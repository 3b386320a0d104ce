/**
 * What a call costs: its usage times a price, to the nano-dollar. All in whole numbers, rounded once at the end, so
 * that sums of many calls stay true to the last digit. What has no price has no cost either: undefined, never zero.
 */

import type { Currency, PriceTerms, PriceTier, TokenPrices } from './model-facts.ts';
import { inputTotal, outputTotal, type TokenAmounts } from './usage.ts';

export type CostUsage = TokenAmounts;

export type CostOptions = {
  readonly batch?: boolean;
  /** Dollars for one unit of another currency, as decimal text. */
  readonly rates?: Partial<Readonly<Record<Currency, string>>>;
};

const NANO = 1_000_000_000n;
const MILLION = 1_000_000n;

/** Decimal text in billionths. Throws `RangeError` on anything else. */
export function nanoOf(decimal: string): bigint {
  if (decimal === '1') return NANO;
  const match = /^(\d+)(?:\.(\d{1,9}))?$/.exec(decimal);
  if (match === null) throw new RangeError(`'${decimal}' is no decimal of at most nine places`);
  return BigInt((match[1] ?? '') + (match[2] ?? '').padEnd(9, '0'));
}

/** Billionths as decimal text, without zeros at its end. */
export function decimalOf(nano: bigint): string {
  const sign = nano < 0n ? '-' : '';
  const size = nano < 0n ? -nano : nano;
  const places = (size % NANO).toString().padStart(9, '0').replace(/0+$/, '');
  return `${sign}${size / NANO}${places === '' ? '' : `.${places}`}`;
}

/** The tier of a call is that of its whole input. */
export function tierOf({ tiers }: Pick<PriceTerms, 'tiers'>, inputTokens: number): PriceTier | undefined {
  let found = tiers[0];
  for (const tier of tiers) if (tier.above !== undefined && inputTokens > tier.above) found = tier;
  return found;
}

/** In billionths of a dollar; undefined where a part of the usage, the batch or the currency has no known price. */
export function costOf(price: PriceTerms, usage: CostUsage, options: CostOptions = {}): bigint | undefined {
  const exact = exactCostOf(price, usage, options);
  return exact === undefined ? undefined : roundedNano(exact);
}

/** A cost before it is rounded: what is multiplied or added up further is rounded once, at its end. */
export type ExactCost = bigint;

export function exactCostOf(
  price: PriceTerms,
  usage: CostUsage,
  options: CostOptions = {},
): ExactCost | undefined {
  return exactAtTier(price, tierOf(price, inputTotal(usage)), { usage, options });
}

/** Of many calls of one tier at once, whose sums say nothing of the tier. */
export function exactAtTier(
  price: PriceTerms,
  tier: PriceTier | undefined,
  { usage, options = {} }: { readonly usage: CostUsage; readonly options?: CostOptions },
): ExactCost | undefined {
  const rate = price.currency === 'USD' ? '1' : options.rates?.[price.currency];
  if (tier === undefined || rate === undefined) return undefined;
  const batch = options.batch === true ? price.batch : { share: '1', cache: 'kept' };
  if (batch === undefined) return undefined;
  const inMillionths = sumOf(tier, batch.cache === 'lost' ? uncached(usage) : usage);
  return inMillionths === undefined ? undefined : inMillionths * nanoOf(batch.share) * nanoOf(rate);
}

const EXACT = MILLION * NANO * NANO;

/** In billionths of a dollar, half a one up; times a factor that is itself in billionths. */
export function roundedNano(exact: ExactCost, factorNano: bigint = NANO): bigint {
  const scale = EXACT * NANO;
  return (exact * factorNano + scale / 2n) / scale;
}

const uncached = ({ cacheWrite1h: _lost, ...usage }: CostUsage): CostUsage => ({
  ...usage,
  input: inputTotal(usage),
  cacheRead: 0,
  cacheWrite: 0,
});

export type CostPart = {
  readonly what: 'input' | 'cacheRead' | 'cacheWrite' | 'cacheWrite1h' | 'output';
  readonly tokens: number;
  /** Money for a million of them; undefined: not known. */
  readonly each: string | undefined;
};

/** What a cost is made of: each amount that is not nothing, at its price. */
export function costParts(prices: TokenPrices, usage: CostUsage): readonly CostPart[] {
  const { input, cacheRead = input, cacheWrite = input, cacheWrite1h = cacheWrite, output } = prices;
  const longWrites = Math.min(usage.cacheWrite1h ?? 0, usage.cacheWrite);
  const outputPrice = usage.reasoning > 0 ? (prices.thinkingOutput ?? output) : output;
  const parts: readonly CostPart[] = [
    { what: 'input', tokens: usage.input, each: input },
    { what: 'cacheRead', tokens: usage.cacheRead, each: cacheRead },
    { what: 'cacheWrite', tokens: usage.cacheWrite - longWrites, each: cacheWrite },
    { what: 'cacheWrite1h', tokens: longWrites, each: cacheWrite1h },
    { what: 'output', tokens: outputTotal(usage), each: outputPrice },
  ];
  return parts.filter(({ tokens }) => tokens !== 0);
}

function sumOf(prices: TokenPrices, usage: CostUsage): bigint | undefined {
  let sum = 0n;
  for (const { tokens, each } of costParts(prices, usage)) {
    if (each === undefined) return undefined;
    sum += BigInt(Math.round(tokens)) * nanoOf(each);
  }
  return sum;
}

/** A price for a million tokens as the price of one, as decimal text: `1.2` becomes `0.0000012`. */
export function perToken(perMillion: string): string {
  const [whole = '0', places = ''] = perMillion.split('.');
  const digits = `${whole.padStart(7, '0')}${places}`;
  const point = digits.length - places.length - 6;
  const text = `${digits.slice(0, point)}.${digits.slice(point)}`;
  return text.replace(/^0+(?=\d)/, '').replace(/\.?0+$/, '') || '0';
}
