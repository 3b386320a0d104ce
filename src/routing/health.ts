/**
 * What is benched, and until when. A bench is a "not before" time per secret, channel, account or model, never a flag:
 * it only moves later, it ends by itself, and while everything is benched a call waits for the first to come back.
 * Only what no waiting cures is switched off, after a second refusal has confirmed the first, until somebody acts.
 */

import { createHash } from 'node:crypto';
import type { Occurrence } from '../domain/alert.ts';
import type { Account, Channel } from '../domain/channel.ts';
import type { Failure } from '../domain/failure.ts';
import { type Bench, benchLengthMs, isOff, saysUntilWhen } from './bench.ts';
import { Pulse } from './pulse.ts';

export type { Bench } from './bench.ts';

/** Between the end of a bench and the next success one attempt at a time tries whether it is over. */
type BenchRecord = Bench & {
  readonly account: Account;
  readonly streak: number;
  /** The failure was one that switches off: the next one confirms it. */
  readonly suspected: boolean;
  /** Before its end the bench may be tried from this moment on, by a call that would find nothing else. */
  readonly earlyTrialMs?: number;
  trialUntilMs: number;
};

/** What is kept across a restart: benches that last, and what is switched off. */
export type KeptBench = Omit<Bench, 'untilMs'> & {
  /** Null: switched off. */
  readonly untilMs: number | null;
  readonly account: string;
  /** Tells whether the account is still configured as it was. */
  readonly fingerprint: string;
};

export type Attempt = {
  readonly secret: number;
  readonly startedAtMs: number;
  readonly nowMs: number;
  /** Id of the call: what one call fails over and over counts once. */
  readonly call: string;
};

/** A trial that neither failed nor succeeded within this time does not block another. */
const TRIAL_MS = 5_000;
/** Two accounts that are refused for the same model within this time are one trouble of the model. */
const WIDENS_MS = 10_000;
/** And who fails more of its calls than this. */
const MOSTLY = 0.5;
/** Benches that last longer are kept across a restart, and told. */
const LONG_MS = 5 * 60_000;
/**
 * A plan that says it is used up is sometimes wrong at first: of 121 such accounts 25 came back by themselves, the last
 * after 367 s (public code, unverified). So it is tried again now and then for a while, by a call that would wait.
 */
const PLAN_DOUBT = { forMs: 15 * 60_000, everyMs: 90_000 } as const;

export type Health = {
  /** The earliest moment the channel may be tried; `nowMs` when it is free, Infinity when it is switched off or paused. */
  freeAt(channel: Channel, nowMs: number): number;
  /** Which bench holds the channel back, if any. */
  benchOf(channel: Channel, nowMs: number): Bench | undefined;
  /** May be tried, but only by a call that would wait otherwise: a bench is still in force. */
  isLastResort(channel: Channel, nowMs: number): boolean;
  /** The index of a usable secret of the account, in rotation; the one soonest free when all are benched. */
  secretOf(account: Account, nowMs: number): number;
  /** Benches what the failure concerns. Refusals of attempts older than the bench are the same incident. */
  failed(channel: Channel, failure: Failure, attempt: Attempt): Bench | undefined;
  /** An attempt leaves: where a bench has just ended it is the trial, and the others wait for its outcome. */
  started(channel: Channel, secret: number, nowMs: number): void;
  /** It said nothing of the channel (the call's own mistake, a client that left): another may be the trial at once. */
  undecided(channel: Channel, secret: number, startedAtMs: number): void;
  /** When the bench that waits for its trial was over, or will be; 0: there is none. */
  benchEndMs(channel: Channel): number;
  /**
   * The upstream answers. Returns the bench that this ended, if any: whoever waits may try again. An attempt older than
   * a bench says nothing about it: the answer was under way already.
   */
  succeeded(channel: Channel, attempt: Omit<Attempt, 'call'>): Bench | undefined;
  /** An attempt on the channel that began after this moment was answered. */
  servedSince(channel: Channel, atMs: number): boolean;
  /** Its last failure may have been the doing of one call alone. */
  doubts(channel: Channel, nowMs: number): boolean;
  /** It has answered after it failed last. */
  isProven(channel: Channel): boolean;
  /** How often it has failed lately (0-1). */
  failureShare(channel: Channel, nowMs: number): number;
  benches(nowMs: number): readonly Bench[];
  /** By hand: what is benched or switched off may be tried at once. False: there is no such bench. */
  switchOn(what: string): boolean;
  /** The accounts as they are configured now: what was changed begins anew. */
  follow(accounts: readonly Account[]): void;
  kept(nowMs: number): readonly KeptBench[];
  restore(kept: readonly KeptBench[], accounts: readonly Account[], nowMs: number): void;
  /** What an operator has to know of. */
  onEvent(listener: (occurrence: Occurrence) => void): void;
};

const channelKey = ({ id }: Channel): string => `channel ${id}`;
const accountKey = ({ id }: Account): string => `account ${id}`;
const secretKey = ({ id }: Account, secret: number): string => `secret ${secret + 1} of ${id}`;
const familyKey = ({ family }: Channel): string => `model ${family}`;

/** When a bench may be tried before its end, if ever. */
const earlyTrialOf = (
  { kind, sinceMs }: Pick<Bench, 'kind' | 'sinceMs'>,
  nowMs: number,
): number | undefined =>
  kind === 'plan' && nowMs - sinceMs < PLAN_DOUBT.forMs ? nowMs + PLAN_DOUBT.everyMs : undefined;

/** Changes with whatever could cure an account: its provider, its address, its secrets. */
const fingerprintOf = ({ provider, baseUrl, secrets }: Account): string =>
  createHash('sha256')
    .update(JSON.stringify([provider, baseUrl, secrets]))
    .digest('base64url')
    .slice(0, 22);

export function createHealth(options: { readonly random: () => number }): Health {
  const records = new Map<string, BenchRecord>();
  const turns = new Map<string, number>();
  const pulse = new Pulse();
  /** By family, who met trouble of the model last. */
  const troubled = new Map<
    string,
    { readonly account: string; readonly channel: string; readonly call: string; readonly atMs: number }
  >();
  const listeners: ((occurrence: Occurrence) => void)[] = [];

  const tell = (type: Occurrence['type'], { what, kind, untilMs }: Bench): void => {
    for (const listener of listeners) listener({ type, what, kind, untilMs });
  };

  const heldUntilMs = (key: string, nowMs: number): number => {
    const record = records.get(key);
    if (record === undefined) return 0;
    const { untilMs, earlyTrialMs = Infinity, trialUntilMs } = record;
    // Nobody waits for an early trial: it is for who comes when it is due.
    return nowMs >= earlyTrialMs ? trialUntilMs : Math.max(untilMs, trialUntilMs);
  };

  const secretsFreeAt = (account: Account, nowMs: number): number => {
    const { length } = account.secrets;
    if (length === 0) return 0;
    let first = Infinity;
    for (let i = 0; i < length; i++) first = Math.min(first, heldUntilMs(secretKey(account, i), nowMs));
    return first;
  };

  const soonestSecret = (account: Account, nowMs: number): number => {
    let best = 0;
    for (let i = 1; i < account.secrets.length; i++)
      if (heldUntilMs(secretKey(account, i), nowMs) < heldUntilMs(secretKey(account, best), nowMs)) best = i;
    return best;
  };

  const keyOf = (channel: Channel, failure: Failure, attempt: Attempt): string | undefined => {
    switch (failure.scope) {
      case 'request':
        return undefined;
      case 'secret':
        return secretKey(channel.account, attempt.secret);
      case 'account':
        return accountKey(channel.account);
      case 'channel':
        return channelKey(channel);
      case 'model':
        return isWide(channel, attempt) ? familyKey(channel) : channelKey(channel);
    }
  };

  /** One account's word is not enough to leave a model alone everywhere, nor that of two who answer most calls. */
  const isWide = ({ id, account, family }: Channel, { call, nowMs }: Attempt): boolean => {
    if (family === undefined) return false;
    const last = troubled.get(family);
    troubled.set(family, { account: account.id, channel: id, call, atMs: nowMs });
    return (
      last !== undefined &&
      last.account !== account.id &&
      last.call !== call &&
      nowMs - last.atMs <= WIDENS_MS &&
      pulse.failureShare(id, nowMs) > MOSTLY &&
      pulse.failureShare(last.channel, nowMs) > MOSTLY
    );
  };

  /** Whatever secret is used. */
  const wholeKeysOf = (channel: Channel): string[] => [
    channelKey(channel),
    accountKey(channel.account),
    familyKey(channel),
  ];

  const keysOf = (channel: Channel, secret: number): string[] => [
    ...wholeKeysOf(channel),
    secretKey(channel.account, secret),
  ];

  const benched = (key: string, channel: Channel, context: { failure: Failure; attempt: Attempt }): Bench => {
    const { failure, attempt } = context;
    const { nowMs, startedAtMs } = attempt;
    const old = records.get(key);
    const sameIncident = old !== undefined && startedAtMs <= old.sinceMs;
    const streak = old === undefined ? 1 : sameIncident ? old.streak : old.streak + 1;
    const suspected = failure.rule.switchesOff === true;
    const off = suspected && old?.suspected === true && !sameIncident;
    const untilMs = off
      ? Infinity
      : nowMs + benchLengthMs(failure, { streak, nowMs, random: options.random });
    // A plan that stays used up is one bench, however often it was tried.
    const goesOn = sameIncident || (failure.kind === 'plan' && old?.kind === 'plan');
    const sinceMs = goesOn && old !== undefined ? old.sinceMs : nowMs;
    // The later end counts, with the reason for it.
    const staysOld = old !== undefined && old.untilMs > untilMs;
    const earlyTrialMs = staysOld ? old.earlyTrialMs : earlyTrialOf({ kind: failure.kind, sinceMs }, nowMs);
    const bench: BenchRecord = {
      what: key,
      kind: staysOld ? old.kind : failure.kind,
      account: channel.account,
      sinceMs,
      untilMs: Math.max(old?.untilMs ?? 0, untilMs),
      streak,
      suspected: suspected || (sameIncident && old.suspected),
      ...(earlyTrialMs === undefined ? {} : { earlyTrialMs }),
      trialUntilMs: 0,
    };
    records.set(key, bench);
    if (isOff(bench) && (old === undefined || !isOff(old))) tell('switched_off', bench);
    else if (!isOff(bench) && untilMs - nowMs > LONG_MS && (old?.untilMs ?? 0) - nowMs <= LONG_MS)
      tell('benched_long', bench);
    return bench;
  };

  const remove = (key: string): Bench | undefined => {
    const record = records.get(key);
    if (record === undefined) return undefined;
    records.delete(key);
    if (isOff(record) || record.untilMs - record.sinceMs > LONG_MS) tell('switched_on', record);
    return record;
  };

  return {
    freeAt(channel, nowMs) {
      if (channel.state !== undefined) return Infinity;
      if (records.size === 0) return nowMs;
      return Math.max(
        nowMs,
        heldUntilMs(channelKey(channel), nowMs),
        heldUntilMs(accountKey(channel.account), nowMs),
        heldUntilMs(familyKey(channel), nowMs),
        secretsFreeAt(channel.account, nowMs),
      );
    },
    benchOf(channel, nowMs) {
      const keys = wholeKeysOf(channel);
      if (secretsFreeAt(channel.account, nowMs) > nowMs)
        keys.push(secretKey(channel.account, soonestSecret(channel.account, nowMs)));
      let worst: Bench | undefined;
      for (const key of keys) {
        const record = records.get(key);
        if (record !== undefined && record.untilMs > Math.max(nowMs, worst?.untilMs ?? 0)) worst = record;
      }
      return worst;
    },
    isLastResort: (channel, nowMs) =>
      records.size > 0 &&
      keysOf(channel, 0).some((key) => {
        const record = records.get(key);
        return record?.earlyTrialMs !== undefined && record.untilMs > nowMs;
      }),
    secretOf(account, nowMs) {
      const count = account.secrets.length;
      if (count < 2) return 0;
      const start = turns.get(account.id) ?? 0;
      for (let step = 0; step < count; step++) {
        const i = (start + step) % count;
        if (heldUntilMs(secretKey(account, i), nowMs) <= nowMs) {
          turns.set(account.id, i + 1);
          return i;
        }
      }
      return soonestSecret(account, nowMs);
    },
    failed(channel, failure, attempt) {
      if (failure.scope === 'request') return undefined;
      const { benchMs, patience = 1 } = failure.rule;
      const { call, nowMs } = attempt;
      const tooMuch = pulse.failed(channel.id, { call, nowMs, patience });
      if (!tooMuch || (benchMs === 0 && !saysUntilWhen(failure))) return undefined;
      const key = keyOf(channel, failure, attempt);
      return key === undefined ? undefined : benched(key, channel, { failure, attempt });
    },
    started(channel, secret, nowMs) {
      if (records.size === 0) return;
      for (const key of keysOf(channel, secret)) {
        const record = records.get(key);
        if (record !== undefined) record.trialUntilMs = nowMs + TRIAL_MS;
      }
    },
    undecided(channel, secret, startedAtMs) {
      if (records.size === 0) return;
      for (const key of keysOf(channel, secret)) {
        const record = records.get(key);
        // Not the trial of somebody else.
        if (record?.trialUntilMs === startedAtMs + TRIAL_MS) record.trialUntilMs = 0;
      }
    },
    benchEndMs(channel) {
      if (records.size === 0) return 0;
      let endMs = 0;
      for (const key of wholeKeysOf(channel)) endMs = Math.max(endMs, records.get(key)?.untilMs ?? 0);
      return endMs;
    },
    succeeded(channel, { secret, startedAtMs, nowMs }) {
      pulse.served(channel.id, { startedAtMs, nowMs });
      if (troubled.size > 0 && channel.family !== undefined) troubled.delete(channel.family);
      if (records.size === 0) return undefined;
      let longest: Bench | undefined;
      for (const key of keysOf(channel, secret)) {
        const record = records.get(key);
        if (record === undefined || record.sinceMs > startedAtMs) continue;
        remove(key);
        if (longest === undefined || record.untilMs > longest.untilMs) longest = record;
      }
      return longest;
    },
    servedSince: ({ id }, atMs) => pulse.servedSince(id, atMs),
    doubts: ({ id }, nowMs) => pulse.isDoubtful(id, nowMs),
    isProven: ({ id }) => pulse.isProven(id),
    failureShare: ({ id }, nowMs) => pulse.failureShare(id, nowMs),
    benches: (nowMs) => [...records.values()].filter((record) => record.untilMs > nowMs),
    switchOn: (what) => remove(what) !== undefined,
    follow(accounts) {
      const now = new Map(accounts.map((account) => [account.id, fingerprintOf(account)]));
      for (const [key, { account }] of records)
        if (now.get(account.id) !== fingerprintOf(account)) remove(key);
    },
    kept: (nowMs) =>
      [...records.values()]
        .filter(({ untilMs }) => untilMs - nowMs > LONG_MS)
        .map(({ what, kind, sinceMs, untilMs, account }) => ({
          what,
          kind,
          sinceMs,
          untilMs: untilMs === Infinity ? null : untilMs,
          account: account.id,
          fingerprint: fingerprintOf(account),
        })),
    restore(kept, accounts, nowMs) {
      for (const { what, kind, sinceMs, untilMs, ...of } of kept) {
        const account = accounts.find(({ id }) => id === of.account);
        if (account === undefined || fingerprintOf(account) !== of.fingerprint) continue;
        if (untilMs !== null && untilMs <= nowMs) continue;
        const earlyTrialMs = earlyTrialOf({ kind, sinceMs }, nowMs);
        records.set(what, {
          ...{ what, kind, sinceMs, untilMs: untilMs ?? Infinity },
          account,
          streak: 1,
          suspected: untilMs === null,
          ...(earlyTrialMs === undefined ? {} : { earlyTrialMs }),
          trialUntilMs: 0,
        });
      }
    },
    onEvent: (listener) => {
      listeners.push(listener);
    },
  };
}
