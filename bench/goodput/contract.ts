/**
 * What a policy is given and what it owes: calls come in by `offer`, go out by `upstream.send`, and each of them must
 * end as answered or as shown (a refusal the client sees), once.
 */

import type { Clock } from '../../src/base/clock.ts';
import type { Limits } from '../../src/domain/limits.ts';
import type { LimitKind } from '../../src/simulator/quotas.ts';

export type BenchCall = {
  readonly id: number;
  readonly tenant: number;
  readonly input: number;
  /** The truth, for the provider alone: a policy may not look. */
  readonly output: number;
  readonly maxTokens: number;
  readonly arrivedMs: number;
};

/** When the provider, by its own clock, saw the call: whole milliseconds since the epoch. */
export type Told = { readonly arrivedMs: number };

/** What comes back, one way's latency after it was said: `refused` alone, or `head` and then `done`. */
export type UpstreamEvents = {
  refused(kind: LimitKind, told: Told): void;
  head(told: Told): void;
  done(output: number): void;
};

export type Upstream = { send(account: number, call: BenchCall, events: UpstreamEvents): void };

export type PolicyContext = {
  readonly clock: Clock;
  readonly random: () => number;
  /** As configured, which may not be the truth. */
  readonly accounts: readonly { readonly id: string; readonly limits: Limits }[];
  /** Was the operator told that `max_tokens` is charged in advance? */
  readonly prepaidKnown: boolean;
  readonly upstream: Upstream;
  readonly waitBudgetMs: number;
  answered(call: BenchCall): void;
  shown(call: BenchCall, why: string): void;
  /** It was sent upstream for the first time. */
  started(call: BenchCall): void;
};

export type Policy = {
  readonly id: string;
  readonly name: string;
  /** It waits for promises: the event loop turns after each event, which takes several times as long. */
  readonly turns?: boolean;
  create(context: PolicyContext): { offer(call: BenchCall): void };
};
