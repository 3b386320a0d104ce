/** The channel on which this call can start soonest; among those that can start now, the one with most room. */

import type { Strategy } from '../strategy.ts';

export const earliestStart: Strategy = {
  id: 'earliest-start',
  order: (candidates) =>
    candidates.toSorted(
      (a, b) =>
        a.startsAtMs - b.startsAtMs ||
        a.load - b.load ||
        b.channel.weight - a.channel.weight ||
        (a.channel.id < b.channel.id ? -1 : 1),
    ),
};
