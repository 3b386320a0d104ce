/**
 * The dearest reading of a price: what a call of at most so many tokens can cost whatever comes of it. Its input may end
 * in any tier below the bound, be written into a cache, and its answer may be thoughts.
 */

import { type ExactCost, exactAtTier } from '../domain/cost.ts';
import type { Currency, PriceTerms, PriceTier } from '../domain/model-facts.ts';

type Amounts = { readonly inputTokens: number; readonly outputTokens: number };
type Rates = Partial<Readonly<Record<Currency, string>>>;

/** Undefined where a tier that may be reached has no price. */
export function dearestCost(
  price: PriceTerms,
  { inputTokens, outputTokens }: Amounts,
  rates: Rates,
): ExactCost | undefined {
  let dearest: ExactCost | undefined;
  for (const tier of price.tiers) {
    if (tier.above !== undefined && inputTokens <= tier.above) continue;
    const cost = atTier(price, tier, { inputTokens, outputTokens, rates });
    if (cost === undefined) return undefined;
    if (dearest === undefined || cost > dearest) dearest = cost;
  }
  return dearest;
}

function atTier(
  price: PriceTerms,
  tier: PriceTier,
  { inputTokens, outputTokens, rates }: Amounts & { readonly rates: Rates },
): ExactCost | undefined {
  // A tier ends where the next one begins, and so does the input that it is for.
  const next = price.tiers.find(({ above = 0 }) => above > (tier.above ?? 0))?.above ?? Infinity;
  const input = Math.min(inputTokens, next);
  const none = { input: 0, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: 0 };
  const { cacheRead, cacheWrite, cacheWrite1h, thinkingOutput } = tier;
  // What has no price of its own costs as much as the plainer kind beside it.
  const ways = [
    { ...none, input },
    ...(cacheRead === undefined ? [] : [{ ...none, cacheRead: input }]),
    ...(cacheWrite === undefined ? [] : [{ ...none, cacheWrite: input }]),
    ...(cacheWrite1h === undefined ? [] : [{ ...none, cacheWrite: input, cacheWrite1h: input }]),
  ];
  // Embeddings have no answer that costs anything, whatever is allowed for it.
  const bound = tier.output === undefined ? 0 : outputTokens;
  const answers = [
    { output: bound, reasoning: 0 },
    ...(thinkingOutput === undefined ? [] : [{ output: 0, reasoning: outputTokens }]),
  ];
  let dearest: ExactCost | undefined;
  for (const way of ways)
    for (const answer of answers) {
      const cost = exactAtTier(price, tier, { usage: { ...way, ...answer }, options: { rates } });
      if (cost === undefined) return undefined;
      if (dearest === undefined || cost > dearest) dearest = cost;
    }
  return dearest;
}
