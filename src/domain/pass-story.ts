/** What happened to one call that was passed through to the account of an object: for the log and the metrics. */

import type { FailureKind } from './failure.ts';

export type PassStory = {
  readonly id: string;
  readonly key: string;
  readonly method: string;
  /** The path with a star for each id. */
  readonly route: string;
  readonly arrivedAtMs: number;
  /** Undefined where it got no further than the choice of one. */
  account?: string;
  attempts: number;
  status: number;
  failure?: FailureKind;
  /** `complete`: all of the answer came and was written. */
  end?: 'complete' | 'failed' | 'client_gone';
  /** Of the bodies, as they were sent to the provider and came from it. */
  sentBytes: number;
  receivedBytes: number;
  durationMs: number;
};
