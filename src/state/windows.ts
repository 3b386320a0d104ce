/**
 * Where limits are counted. A claim asks for an amount of one window; claims are reserved all or none, at one
 * moment, and settled later in the place where they were reserved. The port says nothing of where the counts live.
 */

import { type Estimate, LIMIT_NAMES, type LimitName, type Limits } from '../domain/limits.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

export type WindowSpec = {
  /** Owner and limit, e.g. `qwen-a/qwen3-max:rpm`. */
  readonly id: string;
  readonly limit: LimitName;
  readonly capacity: number;
  /** 0: held until settled, not for a time. */
  readonly windowMs: number;
};

export type Claim = {
  readonly window: WindowSpec;
  readonly amount: number;
  /** What the amount is made of, so that settlement knows what to correct. */
  readonly unit: 'request' | 'input' | 'tokens';
};

export type Blocked = {
  /** The earliest moment at which it can fit. Infinity: only when something is settled. */
  readonly atMs: number;
  readonly limit: LimitName;
};

/** What was really used; every unit not named stays as reserved. */
export type Settlement = { readonly tokens: number; readonly input: number };

export interface Reservation {
  /** Replaces the estimates by the truth and frees what is held for the duration. Once. */
  settle(actual: Settlement): void;
  /** The call left and was refused: it stays counted as a request, its tokens come back. Once. */
  refuse(): void;
  /** Nothing was sent: everything comes back. Once. */
  cancel(): void;
}

export interface WindowStore {
  /** The earliest moment at which all claims fit, or undefined when they fit now. Changes nothing. */
  check(claims: readonly Claim[], nowMs: number): Blocked | undefined;
  /** All claims, or none. */
  reserve(claims: readonly Claim[], nowMs: number): Reservation | Blocked;
  /** Used share of a window now, and what is left of it. */
  headroom(window: WindowSpec, nowMs: number): { readonly used: number; readonly left: number };
}

export const isBlocked = <T extends object>(result: T | Blocked): result is Blocked => 'atMs' in result;

type WindowRow = {
  readonly windowMs: number;
  readonly unit: Claim['unit'];
  readonly amount: (estimate: Estimate) => number;
};

const one = (): number => 1;
const inputOf = (estimate: Estimate): number => estimate.inputTokens;
const tokensOf = (estimate: Estimate): number => estimate.inputTokens + estimate.outputTokens;

/** A new kind of limit is a row here. `ramp` is no window: it paces (see `admission/pace.ts`). */
const ROWS: Readonly<Record<Exclude<LimitName, 'ramp'>, WindowRow>> = {
  rpm: { windowMs: MINUTE_MS, unit: 'request', amount: one },
  tpm: { windowMs: MINUTE_MS, unit: 'tokens', amount: tokensOf },
  rps: { windowMs: SECOND_MS, unit: 'request', amount: one },
  tps: { windowMs: SECOND_MS, unit: 'input', amount: inputOf },
  concurrency: { windowMs: 0, unit: 'request', amount: one },
  rpd: { windowMs: DAY_MS, unit: 'request', amount: one },
  tpd: { windowMs: DAY_MS, unit: 'tokens', amount: tokensOf },
};

/** The windows that an owner's limits describe, ready to be claimed from. */
export function windowsOf(owner: string, limits: Limits): readonly WindowSpec[] {
  return LIMIT_NAMES.flatMap((limit): WindowSpec[] => {
    const capacity = limit === 'ramp' ? undefined : limits[limit];
    if (limit === 'ramp' || capacity === undefined) return [];
    return [{ id: `${owner}:${limit}`, limit, capacity, windowMs: ROWS[limit].windowMs }];
  });
}

/**
 * The claims of one call. An amount above a window's capacity is claimed as the capacity: such a call is sent into
 * an empty window, and what it really used is settled as it is.
 */
export function claimsOf(windows: readonly WindowSpec[], estimate: Estimate): Claim[] {
  return windows.map((window): Claim => {
    const row = ROWS[window.limit as keyof typeof ROWS];
    return { window, unit: row.unit, amount: Math.min(row.amount(estimate), window.capacity) };
  });
}

/** The limit that this call alone exceeds by its input, so that waiting is in vain; the seconds scale never counts. */
export function exceededBy(
  limits: Limits,
  estimate: Estimate,
): { limit: LimitName; capacity: number } | undefined {
  for (const limit of ['tpm', 'tpd'] as const) {
    const capacity = limits[limit];
    if (capacity !== undefined && estimate.inputTokens > capacity) return { limit, capacity };
  }
  return undefined;
}
