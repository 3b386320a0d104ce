/**
 * One simulated account: its secrets, its quotas by model, and what is wrong with it at the moment. States are what
 * the vendor says no for; faults are what wires and machines do. Both change at run time.
 */

import type { Clock } from '../base/clock.ts';
import type { ChatRequest } from '../domain/chat.ts';
import { publishedLimits, type Region } from './profiles.ts';
import { createQuota, type Quota, type QuotaLimits, type QuotaRules } from './quotas.ts';

export const ACCOUNT_STATES = [
  'ok',
  'arrears',
  'overdue',
  'free-tier',
  'free-allocated',
  'plan',
  'wrong-region',
  'bad-secret',
  'overload',
] as const;
export type AccountState = (typeof ACCOUNT_STATES)[number];

export const FAULT_KINDS = [
  /** Never a byte; with `afterChunks`, silence after so many chunks. */
  'silent',
  /** Hangs up after `afterChunks` chunks; 0 (or a plain answer): before any byte. */
  'cut',
  /** Nobody listens: nothing was sent, nothing counts. Over HTTP: the socket is closed at once, without a byte. */
  'refuse-connection',
  /** 200 with a body that is no answer. */
  'malformed',
  /** Everything takes `factor` times as long (default 20). */
  'slow',
  /** An error frame inside the stream after `afterChunks` chunks, then the end without a terminal. */
  'stream-error',
  /** A given answer instead of the account's own: `status`, `headers`, `body`. */
  'answer',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export type Fault = {
  readonly kind: FaultKind;
  /** How many calls it hits; without it all, until it is taken away. */
  readonly times?: number;
  /** Only these models. */
  readonly models?: readonly string[];
  /** Only calls that match; in the process only. */
  readonly when?: (request: ChatRequest) => boolean;
  readonly afterChunks?: number;
  readonly factor?: number;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
};

export type AccountOptions = {
  readonly id: string;
  /** Several secrets share the account's quotas. */
  readonly secrets: readonly string[];
  readonly region?: Region;
  /** By model, over the published ones. */
  readonly limits?: Readonly<Record<string, QuotaLimits>>;
};

export type AccountChange = {
  readonly state?: AccountState;
  /** When an exhausted plan is filled again; the account is then `ok` by itself. Default: 21 days on. */
  readonly planResetAtMs?: number;
  /** Null takes the fault away. */
  readonly fault?: Fault | null;
  /** By model; what is counted stays counted. Null: the model is gone (404). */
  readonly limits?: Readonly<Record<string, QuotaLimits | null>>;
  /** Secrets that answer 401 from now on, though the account is well. */
  readonly revoked?: readonly string[];
};

/** The longest Retry-After seen on an exhausted plan: 1,849,295 s (public code, unverified). */
const PLAN_RESET_MS = 1_849_295_000;

export interface SimulatedAccount {
  readonly id: string;
  readonly secrets: readonly string[];
  readonly region: Region;
  readonly state: AccountState;
  readonly planResetAtMs: number;
  set(change: AccountChange): void;
  isRevoked(secret: string): boolean;
  /** The fault that hits this call, if any; uses up one of its `times`. */
  takeFault(request: ChatRequest): Fault | undefined;
  /** Models with their limits as they are now. */
  models(): ReadonlyMap<string, QuotaLimits>;
  /** Undefined: no such model here. */
  quota(model: string): Quota | undefined;
  /** Quotas that have been used, by model. */
  quotas(): ReadonlyMap<string, Quota>;
}

export type AccountSetting = { readonly clock: Clock; readonly rules: QuotaRules; readonly region: Region };

export function createAccount(options: AccountOptions, setting: AccountSetting): SimulatedAccount {
  const { clock, rules } = setting;
  const region = options.region ?? setting.region;
  const limits = new Map(Object.entries({ ...publishedLimits(region), ...options.limits }));
  const quotas = new Map<string, Quota>();
  let revoked = new Set<string>();
  let state: AccountState = 'ok';
  let planResetAtMs = Infinity;
  let fault: Fault | undefined;
  let faultsLeft = 0;

  const setFault = (next: Fault | null): void => {
    fault = next ?? undefined;
    faultsLeft = next?.times ?? Infinity;
  };

  const setState = (next: AccountState): void => {
    state = next;
    planResetAtMs = next === 'plan' ? clock.now() + PLAN_RESET_MS : Infinity;
  };

  const setLimits = (model: string, next: QuotaLimits | null): void => {
    if (next === null) {
      limits.delete(model);
      return;
    }
    limits.set(model, next);
    const quota = quotas.get(model);
    if (quota !== undefined) quota.limits = next;
  };

  return {
    id: options.id,
    secrets: options.secrets,
    region,
    get state() {
      if (clock.now() >= planResetAtMs) setState('ok');
      return state;
    },
    get planResetAtMs() {
      return planResetAtMs;
    },

    set(change) {
      if (change.state !== undefined) setState(change.state);
      if (change.planResetAtMs !== undefined && state === 'plan') planResetAtMs = change.planResetAtMs;
      if (change.fault !== undefined) setFault(change.fault);
      for (const [model, next] of Object.entries(change.limits ?? {})) setLimits(model, next);
      if (change.revoked !== undefined) revoked = new Set(change.revoked);
    },

    isRevoked: (secret) => revoked.has(secret),

    takeFault(request) {
      if (fault === undefined || faultsLeft <= 0) return undefined;
      if (fault.models !== undefined && !fault.models.includes(request.model)) return undefined;
      if (fault.when !== undefined && !fault.when(request)) return undefined;
      faultsLeft -= 1;
      return fault;
    },

    models: () => limits,

    quota(model) {
      const current = limits.get(model);
      if (current === undefined) return undefined;
      const known = quotas.get(model);
      if (known !== undefined) return known;
      const fresh = createQuota(clock, current, rules);
      quotas.set(model, fresh);
      return fresh;
    },

    quotas: () => quotas,
  };
}
