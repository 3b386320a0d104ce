/** Chance by weight: a channel of weight 2 is first twice as often as one of weight 1. */

import type { Candidate, Strategy } from '../strategy.ts';

export const weighted: Strategy = {
  id: 'weighted',
  first(candidates, random) {
    let left = random() * candidates.reduce((sum, { channel }) => sum + channel.weight, 0);
    for (const candidate of candidates) {
      left -= candidate.channel.weight;
      if (left < 0) return candidate;
    }
    return candidates.at(-1) as Candidate;
  },
};
