/**
 * Chance by weight: a channel of weight 2 is first twice as often as one of weight 1. The order of the rest is drawn
 * the same way, so failover spreads by weight too.
 */

import type { Strategy } from '../strategy.ts';

export const weighted: Strategy = {
  id: 'weighted',
  // Exponential keys give a weighted permutation in one sort: Efraimidis and Spirakis, 2006, doi:10.1016/j.ipl.2005.11.003
  order: (candidates, random) =>
    candidates
      .map((candidate) => ({ candidate, key: -Math.log(1 - random()) / candidate.channel.weight }))
      .sort((a, b) => a.key - b.key)
      .map(({ candidate }) => candidate),
};
