/**
 * Where limits are counted. A claim asks for an amount of one window, with the capacity and the guard that are in
 * force at this moment; claims are reserved all or none, moved when it is known when the call arrived, and settled in
 * the place where they were reserved. The port says nothing of where the counts live; what is learned comes with the
 * claims, so that a store shared by many instances needs to know nothing else.
 */

import { type Estimate, LIMIT_NAMES, type LimitName, type Limits } from '../domain/limits.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/**
 * What an amount is made of, and so what settling does to it.
 * `request`: stays. `input`: the input. `tokens`: input and mean output, later the truth, at the time of sending.
 * `charged`: input at sending, output when it was produced. `reserved`: input and the most the client allows, later
 * the truth.
 */
export type Unit = 'request' | 'input' | 'tokens' | 'charged' | 'reserved';

export type WindowSpec = {
  /** Owner, limit and unit, e.g. `qwen-a/qwen3-max:tpm:tokens`; with the length where that is not the usual one. */
  readonly id: string;
  readonly limit: LimitName;
  readonly unit: Unit;
  /** 0: held until settled, not for a time. */
  readonly windowMs: number;
};

export type Claim = {
  readonly window: WindowSpec;
  /** A whole number. Above the capacity it fits into an empty window only. */
  amount: number;
  /** Infinity: counted, never in the way. */
  capacity: number;
  /** Counted this much longer than the window lasts, ms; negative: shorter. */
  guardMs: number;
};

export type Blocked = {
  /** The earliest moment at which it can fit. Infinity: only when something is settled. */
  readonly atMs: number;
  readonly limit: LimitName;
  /** A smaller call could go first: what is missing is tokens, not a request. */
  readonly bySize?: boolean;
};

/** What was really used, in tokens; the difference is output. */
export type Settlement = { readonly tokens: number; readonly input: number };

export interface Reservation {
  /** Sums of the claims' windows when the reservation was made, itself included, in the order of the claims. */
  readonly used: readonly number[];
  /** The call has arrived by this moment (on the clock of `reserve`): it leaves its windows so much earlier. */
  arrived(boundMs: number): void;
  /** Replaces the estimates by the truth and frees what is held for the duration. Once. */
  settle(actual: Settlement, nowMs: number): void;
  /** The call left and was refused: it stays counted as a request, its tokens come back. Once. */
  refuse(): void;
  /** Nothing was sent: everything comes back. Once. */
  cancel(): void;
}

export interface WindowStore {
  /** The earliest moment at which all claims fit, or undefined when they fit now. Changes nothing. */
  check(claims: readonly Claim[], nowMs: number): Blocked | undefined;
  /** All claims, or none. Each counts as arriving at `boundMs` at the latest. Keeps the list for its windows alone. */
  reserve(
    claims: readonly Claim[],
    at: { readonly nowMs: number; readonly boundMs: number },
  ): Reservation | Blocked;
  /** Would these claims, counted now, keep the other ones from fitting at their moment? */
  delays(
    claims: readonly Claim[],
    others: { readonly claims: readonly Claim[]; readonly atMs: number },
    at: { readonly nowMs: number; readonly boundMs: number },
  ): boolean;
  /** What the claim's window counts now. */
  used(claim: Claim, nowMs: number): number;
  /** When all of it will have left, if nothing is added; `nowMs` where nothing is counted, Infinity for what is held. */
  emptyAt(claim: Claim, nowMs: number): number;
}

export const isBlocked = <T extends object>(result: T | Blocked): result is Blocked => 'atMs' in result;

/** No client means more than this: sums stay whole numbers. */
const MOST_TOKENS = 1e9;

type WindowRow = { readonly windowMs: number; readonly units: readonly Unit[] };

/** A new kind of limit is a row here. `ramp` is no window: it paces (see `admission/ramp.ts`). */
const ROWS: Readonly<Record<Exclude<LimitName, 'ramp'>, WindowRow>> = {
  rpm: { windowMs: MINUTE_MS, units: ['request'] },
  tpm: { windowMs: MINUTE_MS, units: ['tokens', 'charged', 'reserved'] },
  rps: { windowMs: SECOND_MS, units: ['request'] },
  tps: { windowMs: SECOND_MS, units: ['input'] },
  concurrency: { windowMs: 0, units: ['request'] },
  rpd: { windowMs: DAY_MS, units: ['request'] },
  tpd: { windowMs: DAY_MS, units: ['tokens'] },
};

/** The windows that an owner's limits describe, in the order of `LIMIT_NAMES`. */
export function windowsOf(owner: string, limits: Limits): readonly WindowSpec[] {
  return LIMIT_NAMES.flatMap((limit): WindowSpec[] => {
    const capacity = limit === 'ramp' ? undefined : limits[limit];
    if (limit === 'ramp' || capacity === undefined) return [];
    const { windowMs, units } = ROWS[limit];
    // Less than one in a second is one in a longer time.
    if (limit === 'rps' && capacity < 1) {
      const lengthMs = windowMs / capacity;
      return units.map((unit) => ({
        id: `${owner}:${limit}:${unit}:${lengthMs}`,
        limit,
        unit,
        windowMs: lengthMs,
      }));
    }
    return units.map((unit) => ({ id: `${owner}:${limit}:${unit}`, limit, unit, windowMs }));
  });
}

/** What a call claims of a window of this unit, before anybody knows: whole tokens. */
export function amountOf(unit: Unit, { inputTokens, outputTokens, maxOutputTokens }: Estimate): number {
  switch (unit) {
    case 'request':
      return 1;
    case 'input':
    case 'charged':
      return inputTokens;
    case 'tokens':
      return inputTokens + outputTokens;
    case 'reserved':
      return (
        inputTokens +
        (maxOutputTokens === Infinity ? outputTokens : Math.min(MOST_TOKENS, Math.ceil(maxOutputTokens)))
      );
  }
}

export type Exceeded = { readonly limit: LimitName; readonly capacity: number; readonly tokens: number };

/**
 * The limit that this call alone exceeds, so that waiting is in vain: by its input, or by all that it may use where
 * that is charged in advance. The seconds scale never counts.
 */
export function exceededBy(limits: Limits, estimate: Estimate): Exceeded | undefined {
  for (const limit of ['tpm', 'tpd'] as const) {
    const capacity = limits[limit];
    const isPrepaid = limit === 'tpm' && limits.prepaid === true;
    const tokens = isPrepaid ? amountOf('reserved', estimate) : estimate.inputTokens;
    if (capacity !== undefined && tokens > capacity) return { limit, capacity, tokens };
  }
  return undefined;
}
