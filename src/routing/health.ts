/**
 * What is benched, and until when. A bench is a "not before" time per secret, channel or account, never a flag: it
 * only moves later, it ends by itself, and while everything is benched a call waits for the first to come back.
 */

import type { Account, Channel } from '../domain/channel.ts';
import type { Failure, FailureKind } from '../domain/failure.ts';

export type Bench = {
  /** `channel qwen-a/qwen3-max`, `account qwen-a`, `secret 2 of qwen-a`: safe to show. */
  readonly what: string;
  readonly kind: FailureKind;
  readonly sinceMs: number;
  readonly untilMs: number;
};

/** Between the end of a bench and the next success one attempt at a time tries whether it is over. */
type BenchRecord = Bench & { readonly streak: number; trialUntilMs: number };

/** A trial that neither failed nor succeeded within this time does not block another. */
const TRIAL_MS = 5_000;
const LONGEST_SPREAD_MS = 5_000;

export type Health = {
  /** The earliest moment the channel may be tried; `nowMs` when it is free. */
  freeAt(channel: Channel, nowMs: number): number;
  /** Which bench holds the channel back, if any. */
  benchOf(channel: Channel, nowMs: number): Bench | undefined;
  /** The index of a usable secret of the account, in rotation; the one soonest free when all are benched. */
  secretOf(account: Account, nowMs: number): number;
  /** Benches what the failure concerns. Refusals of attempts older than the bench are the same incident. */
  failed(
    channel: Channel,
    failure: Failure,
    attempt: { readonly secret: number; readonly startedAtMs: number; readonly nowMs: number },
  ): Bench | undefined;
  /** An attempt leaves: where a bench has just ended it is the trial, and the others wait for its outcome. */
  started(channel: Channel, secret: number, nowMs: number): void;
  /**
   * The upstream answers. True when that ended a bench, and whoever waits may try again. An attempt older than a bench
   * says nothing about it: the answer was under way already.
   */
  succeeded(channel: Channel, secret: number, startedAtMs?: number): boolean;
  benches(nowMs: number): readonly Bench[];
};

export function createHealth(options: { readonly random: () => number }): Health {
  const records = new Map<string, BenchRecord>();
  const turns = new Map<string, number>();

  const channelKey = (channel: Channel): string => `channel ${channel.id}`;
  const accountKey = (account: Account): string => `account ${account.id}`;
  const secretKey = (account: Account, secret: number): string => `secret ${secret + 1} of ${account.id}`;

  const untilMs = (key: string): number => {
    const record = records.get(key);
    return record === undefined ? 0 : Math.max(record.untilMs, record.trialUntilMs);
  };

  const secretsFreeAt = (account: Account): number => {
    let first = Infinity;
    for (let i = 0; i < account.secrets.length; i++) first = Math.min(first, untilMs(secretKey(account, i)));
    return first === Infinity ? 0 : first;
  };

  const keyOf = (channel: Channel, failure: Failure, secret: number): string | undefined => {
    switch (failure.scope) {
      case 'request':
        return undefined;
      case 'secret':
        return secretKey(channel.account, secret);
      case 'account':
        return accountKey(channel.account);
      case 'channel':
      case 'model':
        return channelKey(channel);
    }
  };

  const keysOf = (channel: Channel, secret: number): string[] => [
    channelKey(channel),
    accountKey(channel.account),
    secretKey(channel.account, secret),
  ];

  const soonestSecret = (account: Account): number => {
    let best = 0;
    for (let i = 1; i < account.secrets.length; i++)
      if (untilMs(secretKey(account, i)) < untilMs(secretKey(account, best))) best = i;
    return best;
  };

  return {
    freeAt: (channel, nowMs) =>
      records.size === 0
        ? nowMs
        : Math.max(
            nowMs,
            untilMs(channelKey(channel)),
            untilMs(accountKey(channel.account)),
            secretsFreeAt(channel.account),
          ),
    benchOf(channel, nowMs) {
      const keys = [channelKey(channel), accountKey(channel.account)];
      if (secretsFreeAt(channel.account) > nowMs)
        keys.push(secretKey(channel.account, soonestSecret(channel.account)));
      let worst: Bench | undefined;
      for (const key of keys) {
        const record = records.get(key);
        if (record !== undefined && record.untilMs > Math.max(nowMs, worst?.untilMs ?? 0)) worst = record;
      }
      return worst;
    },
    secretOf(account, nowMs) {
      const count = account.secrets.length;
      if (count < 2) return 0;
      const start = turns.get(account.id) ?? 0;
      for (let step = 0; step < count; step++) {
        const i = (start + step) % count;
        if (untilMs(secretKey(account, i)) <= nowMs) {
          turns.set(account.id, i + 1);
          return i;
        }
      }
      return soonestSecret(account);
    },
    failed(channel, failure, attempt) {
      const key = keyOf(channel, failure, attempt.secret);
      if (key === undefined || (failure.rule.benchMs === 0 && !saysUntilWhen(failure))) return undefined;
      const { nowMs } = attempt;
      const old = records.get(key);
      const sameIncident = old !== undefined && attempt.startedAtMs <= old.sinceMs;
      const streak = old === undefined ? 1 : sameIncident ? old.streak : old.streak + 1;
      const bench: BenchRecord = {
        what: key,
        kind: failure.kind,
        sinceMs: sameIncident ? old.sinceMs : nowMs,
        untilMs: Math.max(
          old?.untilMs ?? 0,
          nowMs + benchFor(failure, { streak, nowMs, random: options.random }),
        ),
        streak,
        trialUntilMs: 0,
      };
      records.set(key, bench);
      return bench;
    },
    started(channel, secret, nowMs) {
      if (records.size === 0) return;
      for (const key of keysOf(channel, secret)) {
        const record = records.get(key);
        if (record !== undefined) record.trialUntilMs = nowMs + TRIAL_MS;
      }
    },
    succeeded(channel, secret, startedAtMs = Infinity) {
      if (records.size === 0) return false;
      // No short-circuit: each record that concerned the attempt is over.
      return keysOf(channel, secret)
        .map((key) => (records.get(key)?.sinceMs ?? 0) <= startedAtMs && records.delete(key))
        .includes(true);
    },
    benches: (nowMs) => [...records.values()].filter((record) => record.untilMs > nowMs),
  };
}

const saysUntilWhen = ({ options }: Failure): boolean =>
  options.retryAfterMs !== undefined || options.resetAtMs !== undefined;

/** The provider's own word counts when it gives one; else the table's time, doubled per repetition, with jitter upwards. */
function benchFor(
  failure: Failure,
  context: { readonly streak: number; readonly nowMs: number; readonly random: () => number },
): number {
  const { benchMs, benchMaxMs } = failure.rule;
  const own = Math.min(benchMaxMs, benchMs * 2 ** Math.min(20, context.streak - 1));
  const { retryAfterMs, resetAtMs } = failure.options;
  const told = retryAfterMs ?? (resetAtMs === undefined ? undefined : resetAtMs - context.nowMs);
  const base = told === undefined || told <= 0 ? own : Math.max(250, told);
  // Of a told time a moment only: whoever waits for weeks shall not wait for days more.
  const spreadMs = told === undefined ? 0.1 * base : Math.min(LONGEST_SPREAD_MS, 0.1 * base);
  return base + spreadMs * context.random();
}
