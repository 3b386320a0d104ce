/**
 * Puts the channels for one call in order: those that can start now by tier and, within a tier, by the model's
 * strategy; then those that must wait, soonest first. A saturated low tier thus falls through to the next.
 */

import type { Candidate, Strategy } from './strategy.ts';

export function rank(
  candidates: readonly Candidate[],
  options: { readonly strategy: Strategy; readonly nowMs: number; readonly random: () => number },
): Candidate[] {
  const { strategy, nowMs, random } = options;
  if (candidates.length < 2) return [...candidates];
  const byTier = new Map<number, Candidate[]>();
  const later: Candidate[] = [];
  for (const candidate of candidates) {
    if (candidate.startsAtMs > nowMs) later.push(candidate);
    else {
      const tier = byTier.get(candidate.channel.tier);
      if (tier === undefined) byTier.set(candidate.channel.tier, [candidate]);
      else tier.push(candidate);
    }
  }
  later.sort((a, b) => a.startsAtMs - b.startsAtMs || a.channel.tier - b.channel.tier);
  const tiers = [...byTier].sort(([a], [b]) => a - b);
  return [...tiers.flatMap(([, tier]) => (tier.length < 2 ? tier : strategy.order(tier, random))), ...later];
}
