/** The channel on which this call can start soonest; among those that can start now, the one with most room. */

import type { Candidate, Strategy } from '../strategy.ts';

export const earliestStart: Strategy = {
  id: 'earliest-start',
  first: (candidates) => candidates.reduce((best, each) => (isBefore(each, best) ? each : best)),
};

function isBefore(a: Candidate, b: Candidate): boolean {
  const by = a.startsAtMs - b.startsAtMs || a.load - b.load || b.channel.weight - a.channel.weight;
  return by < 0 || (by === 0 && a.channel.id < b.channel.id);
}
