/**
 * What happened to one call, told afterwards under its id: how long it waited and for what, which channels were
 * tried and why each was left, how it ended. The log and the metrics are written from it.
 */

import type { FailureKind } from './failure.ts';
import type { Usage } from './usage.ts';

export type AttemptStory = {
  readonly channel: string;
  /** Wait in line before this attempt, ms. */
  readonly queueMs: number;
  /** Which limit held it back longest, if any. */
  readonly heldBy?: string;
  readonly startedAtMs: number;
  /** Time to the upstream's head, ms. */
  headMs?: number;
  /** Why it was left; absent on the one that served. */
  failure?: FailureKind;
  /** The upstream's status behind the failure. */
  status?: number;
  detail?: string;
};

/** An answer that broke off and was continued on another channel. */
export type ResumeStory = { readonly from: string; readonly to: string; readonly reason: FailureKind };

export type EndReason = 'complete' | 'failed' | 'client_gone' | 'stream_died';

export type Story = {
  readonly id: string;
  readonly key: string;
  readonly model: string;
  readonly stream: boolean;
  readonly arrivedAtMs: number;
  readonly attempts: AttemptStory[];
  /** Models left for another, in order. */
  readonly fallbacks: { from: string; to: string; reason: string }[];
  /** Seams in the answer; absent where the model does not resume. */
  resumed?: ResumeStory[];
  /** What of the request the provider's dialect could not say, by the client's names. */
  dropped?: readonly string[];
  servedModel?: string;
  servedChannel?: string;
  /** Total wait in lines, ms. */
  queueMs: number;
  /** Time inside Sluice that was neither waiting in line nor waiting for the upstream, ms. */
  overheadMs: number;
  firstContentMs?: number;
  durationMs: number;
  status: number;
  end?: EndReason;
  failure?: FailureKind;
  usage?: Usage;
  /** What the client is charged, in dollars, as decimal text; absent where nobody knows. */
  chargedUsd?: string;
};
