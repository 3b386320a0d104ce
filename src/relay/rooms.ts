/** What the path of a call visits. Built in `app.ts`; the snapshot changes with the configuration, the rooms stay. */

import type { Limiter } from '../admission/limiter.ts';
import type { Queue } from '../admission/queue.ts';
import type { Clock } from '../base/clock.ts';
import type { Fetch } from '../base/fetch.ts';
import type { Channel } from '../domain/channel.ts';
import type { Story } from '../domain/story.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Provider } from '../providers/provider.ts';
import type { Affinity } from '../routing/affinity.ts';
import type { Catalog } from '../routing/catalog.ts';
import type { Health } from '../routing/health.ts';
import type { Pace } from '../routing/pace.ts';
import type { Seals } from '../state/seals.ts';
import type { Shelf } from '../state/shelf.ts';
import type { Calibration } from '../tokens/calibrate.ts';
import type { RetryBudget } from './retry-budget.ts';

export type RelaySettings = {
  readonly maxWaitMs: number;
  readonly maxWaitStreamMs: number;
  readonly firstByteMs: number;
  readonly firstByteStreamMs: number;
  readonly idleMs: number;
  /** Until the first content; Infinity: no such bound. */
  readonly firstTokenMs: number;
  /** Attempts of one call over all channels. */
  readonly maxAttempts: number;
  /** Send again what an upstream accepted and then dropped without a byte? It may have been generated and billed. */
  readonly retryUnknown: boolean;
};

/** What a call sees of the configuration from its beginning to its end. */
export type Snapshot = { readonly catalog: Catalog; readonly settings: RelaySettings };

export type Rooms = {
  readonly clock: Clock;
  readonly random: () => number;
  readonly limiter: Limiter;
  readonly queue: Queue;
  readonly health: Health;
  readonly retries: RetryBudget;
  readonly affinity: Affinity;
  readonly pace: Pace;
  readonly calibration: Calibration;
  /** What clients cannot carry from one call to the next. */
  readonly shelf: Shelf;
  /** For what they carry and only Sluice can read. */
  readonly seals: Seals;
  snapshot(): Snapshot;
  providerOf(channel: Channel): Provider;
  /** The network, or the simulator in its place. */
  fetchOf(channel: Channel): Fetch;
  /** The books; undefined where none are kept. */
  readonly ledger?: Ledger;
  /** The call is over: for the log and the metrics. */
  record(story: Story): void;
  /** A provider gave an answer that no rule knows. */
  unknownAnswer(channel: Channel, sample: string): void;
};
