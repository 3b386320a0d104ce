/**
 * A strategy chooses among the channels on which a call could start now; failover is choosing again without those that
 * failed. Strategies are pure: what they know of a channel's state comes with the candidate.
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
  /** The best of them, one of those given. All can start now and are of one tier; there is at least one. */
  first(candidates: readonly Candidate[], random: () => number): Candidate;
}
