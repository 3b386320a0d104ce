/**
 * A strategy orders the channels on which a call could start; failover is the next in the order. Strategies are pure:
 * what they know of a channel's state comes with the candidate.
 */

import type { Channel } from '../domain/channel.ts';

export type Candidate = {
  readonly channel: Channel;
  /** The earliest moment at which this call can start there. */
  readonly startsAtMs: number;
  /** Used share of the channel's limits, 0-1. */
  readonly load: number;
};

export interface Strategy {
  readonly id: string;
  /** A permutation of the candidates, best first. All of them can start now and are of one tier. */
  order(candidates: readonly Candidate[], random: () => number): Candidate[];
}
