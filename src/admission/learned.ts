/**
 * What a channel's answers teach about its limits. Rare refusals move a guard a little, so that refusals become as
 * rare as wanted (Robbins-Monro); frequent ones mean that the limit is lower than configured, and cut its scale to
 * what was delivered. A refusal is laid to the window that was full when the call was sent, for providers use one
 * word for the minute and the second.
 */

import type { FailureKind } from '../domain/failure.ts';
import { type Cut, Scale } from './scale.ts';

/** Used shares of the windows when a call was sent, itself included; 0 where there is no such window. */
export type Fill = {
  readonly requestSecond: number;
  readonly requestMinute: number;
  readonly tokenSecond: number;
  readonly tokenMinute: number;
  /** What the call itself takes of the fuller one: the windows were so much emptier before it. */
  readonly ownRequest: number;
  readonly ownTokens: number;
  /** Of the minute's tokens, had the provider charged the most that each client allows. */
  readonly reserved: number;
};

export const NO_FILL: Fill = {
  requestSecond: 0,
  requestMinute: 0,
  tokenSecond: 0,
  tokenMinute: 0,
  ownRequest: 0,
  ownTokens: 0,
  reserved: 0,
};

/** What a refusal is about, whatever window the provider means. */
export type Scarce = 'requests' | 'tokens';

export const scarceOf = (kind: FailureKind): Scarce | undefined =>
  kind === 'rpm' || kind === 'rps' ? 'requests' : kind === 'tpm' || kind === 'tps' ? 'tokens' : undefined;

/** Wanted refusals per call and guard. */
const WANTED = 2e-4;
/** A success tells something of a window that was fuller than this. */
const NEARLY_FULL = 0.85;
/** Guards stay within these bounds, ms. */
const LEAST_GUARD_MS = -1_000;
const MOST_SECOND_GUARD_MS = 400;
const MOST_MINUTE_GUARD_MS = 3_000;
/** So many incidents within this time are no accident. */
const FREQUENT = 3;
const FREQUENT_WITHIN_MS = 20_000;
/** Beyond those that the guards themselves let happen: per call. */
const UNSURPRISING = 9e-4;
/** Refusals closer together are one incident. */
const INCIDENT_MS = 1_000;
const SOON_AGAIN_MS = 2_500;
/** So many incidents without a call taken in, and each pause doubles. */
const IN_A_ROW = 4;
const LONGEST_PAUSE_MS = 60_000;
const LANDING_MOST = 12;
/** Refused this full, a window is as large as it says, and what was wrong was the time. */
const AS_CONFIGURED = 0.94;
/** But so often within this time no guard helps, and it is smaller. */
const STRIKES = 3;
const STRIKES_WITHIN_MS = 120_000;
/** Steps of the share of a second's tokens that is left free. */
const MARGIN_STEP = 0.01;
const MARGIN_MOST = 0.3;

/** `full`: how full the fuller window was with the call, `own`: what of it was the call's. */
type Incident = { readonly atMs: number; readonly full: number; readonly own: number };

/** What is worth keeping across a restart; shares only where a limit is cut. */
export type LearnedMemory = {
  readonly boundGuardMs: number;
  readonly minuteGuardMs: number;
  readonly secondMargin: number;
  readonly landingFactor: number;
  readonly prepaid: boolean;
  readonly requests?: Cut;
  readonly tokens?: Cut;
};

export type RefusedAt = {
  readonly nowMs: number;
  /** Of the guards, following the measured jitter. */
  readonly stepMs: number;
  /** Share of the configured rate granted lately. */
  readonly delivered: () => number;
  /** Calls per second at full speed. */
  readonly perSecond: number;
};

export class Learned {
  readonly scale: Readonly<Record<Scarce, Scale>> = { requests: new Scale(), tokens: new Scale() };
  /** Added to the bound of a call's arrival, ms; it costs nothing once the call was heard of. */
  boundGuardMs = 0;
  /** Longer minutes, ms. */
  minuteGuardMs = 0;
  /** Share of a second's tokens left free: for inputs estimated too low, and for calls that arrive late. */
  secondMargin = 0.03;
  /** Multiple of the output in flight that is left free. */
  landingFactor = 1.5;
  /** Does the provider charge the most that clients allow, as the configuration says? Undefined: it does not say. */
  configuredPrepaid: boolean | undefined;
  /** As far as can be told from refusals. */
  #foundPrepaid: boolean;
  #prepaidSigns = 0;
  /** An acceptance that a pre-paid provider would have refused: proof for a while. */
  #prepaidDisproof = 0;
  readonly #quiet: Record<Scarce, number> = { requests: 0, tokens: 0 };
  readonly #incidents: Record<Scarce, Incident[]> = { requests: [], tokens: [] };
  readonly #strikes: Record<Scarce, number[]> = { requests: [], tokens: [] };
  /** Incidents since a call was last taken in. */
  #inRow = 0;
  #adaptedAtMs = -Infinity;
  #refusedAtMs = -Infinity;

  constructor(options: { readonly prepaid: boolean } = { prepaid: false }) {
    this.#foundPrepaid = options.prepaid;
  }

  get prepaid(): boolean {
    return this.configuredPrepaid ?? this.#foundPrepaid;
  }

  set prepaid(found: boolean) {
    this.#foundPrepaid = found;
  }

  memory(): LearnedMemory {
    const { requests, tokens } = this.scale;
    return {
      boundGuardMs: this.boundGuardMs,
      minuteGuardMs: this.minuteGuardMs,
      secondMargin: this.secondMargin,
      landingFactor: this.landingFactor,
      prepaid: this.#foundPrepaid,
      ...(requests.lastCut === undefined ? {} : { requests: { ...requests.lastCut, share: requests.share } }),
      ...(tokens.lastCut === undefined ? {} : { tokens: { ...tokens.lastCut, share: tokens.share } }),
    };
  }

  restore(memory: LearnedMemory): void {
    this.boundGuardMs = memory.boundGuardMs;
    this.minuteGuardMs = memory.minuteGuardMs;
    this.secondMargin = memory.secondMargin;
    this.landingFactor = memory.landingFactor;
    this.#foundPrepaid = memory.prepaid;
    if (memory.requests !== undefined) this.scale.requests.restore(memory.requests);
    if (memory.tokens !== undefined) this.scale.tokens.restore(memory.tokens);
  }

  /** A call was taken in. `stepMs` follows the measured jitter. */
  accepted(fill: Fill, { nowMs, stepMs }: { readonly nowMs: number; readonly stepMs: number }): void {
    this.#inRow = 0;
    const step = stepMs * WANTED;
    if (Math.max(fill.requestSecond, fill.requestMinute) > NEARLY_FULL) this.scale.requests.accepted(nowMs);
    if (Math.max(fill.tokenSecond, fill.tokenMinute) > NEARLY_FULL) this.scale.tokens.accepted(nowMs);
    if (fill.requestSecond > NEARLY_FULL)
      this.boundGuardMs = Math.max(LEAST_GUARD_MS, this.boundGuardMs - step * this.#calm('requests'));
    if (fill.tokenSecond > NEARLY_FULL)
      this.secondMargin = Math.max(0, this.secondMargin - MARGIN_STEP * WANTED * this.#calm('tokens'));
    if (fill.requestMinute > 0.97) this.minuteGuardMs = Math.max(0, this.minuteGuardMs - step);
    if (fill.tokenMinute > 0.97) this.landingFactor = Math.max(0.5, this.landingFactor - 0.4 * WANTED);
    if (fill.reserved > 1.12) this.#prepaidDisproof = 3;
    else if (this.#prepaidDisproof > 0 && fill.reserved < 0.9) this.#prepaidDisproof -= 0.001;
  }

  /** A call was refused for want of requests or tokens. Returns for how long the channel is better left alone, ms. */
  refused(scarce: Scarce, fill: Fill, at: RefusedAt): number {
    const { nowMs } = at;
    const soonAgain = nowMs - this.#refusedAtMs < SOON_AGAIN_MS;
    const sameIncident = nowMs - this.#adaptedAtMs <= INCIDENT_MS;
    this.#refusedAtMs = nowMs;
    if (scarce === 'tokens') this.#suspectPrepaid(fill);
    if (sameIncident) return soonAgain ? 500 : 200;
    this.#adaptedAtMs = nowMs;
    this.#inRow++;
    const pauseMs = this.#adapt(scarce, fill, { ...at, soonAgain });
    if (this.#inRow < IN_A_ROW) return pauseMs;
    return Math.min(LONGEST_PAUSE_MS, Math.max(pauseMs, 1_000 * 2 ** (this.#inRow - IN_A_ROW)));
  }

  #adapt(scarce: Scarce, fill: Fill, at: RefusedAt & { readonly soonAgain: boolean }): number {
    const { nowMs, soonAgain } = at;
    const [second, minute, own] =
      scarce === 'requests'
        ? [fill.requestSecond, fill.requestMinute, fill.ownRequest]
        : [fill.tokenSecond, fill.tokenMinute, fill.ownTokens];
    const scale = this.scale[scarce];
    const before = this.#lowerLimit(
      scarce,
      { atMs: nowMs, full: Math.max(second, minute), own },
      at.perSecond,
    );
    if (before !== undefined) {
      scale.cut(Math.max(before * scale.share, at.delivered()), nowMs);
      return 1_000;
    }
    if (scale.share < 1) {
      scale.refused(nowMs);
      if (scarce === 'tokens' && minute > second) this.#leaveMoreForOutput();
      return minute > second ? 1_500 : soonAgain ? 1_000 : 500;
    }
    const minuteOfTokens = scarce === 'tokens' && minute >= 0.985 && second < 0.95;
    if (second >= 0.6 && !minuteOfTokens) {
      this.#guardSecond(scarce, at.stepMs);
      return soonAgain ? 1_000 : 100;
    }
    if (minute < 0.97) return 1_000;
    if (scarce === 'tokens') this.#leaveMoreForOutput();
    else this.minuteGuardMs = Math.min(MOST_MINUTE_GUARD_MS, this.minuteGuardMs + at.stepMs * (1 - WANTED));
    return 250;
  }

  #guardSecond(scarce: Scarce, stepMs: number): void {
    if (scarce === 'requests')
      this.boundGuardMs = Math.min(MOST_SECOND_GUARD_MS, this.boundGuardMs + stepMs * (1 - WANTED));
    else this.secondMargin = Math.min(MARGIN_MOST, this.secondMargin + MARGIN_STEP);
    this.#quiet[scarce] = 0;
  }

  #leaveMoreForOutput(): void {
    this.landingFactor = Math.min(LANDING_MOST, this.landingFactor + 0.4);
  }

  /** Long silence makes the steps longer. */
  #calm(scarce: Scarce): number {
    return Math.min(20, 1 + this.#quiet[scarce]++ / 2_000);
  }

  /**
   * How full the windows were before the calls that were refused, when refusals have become frequent and that is less
   * than the windows are said to hold.
   */
  #lowerLimit(scarce: Scarce, incident: Incident, perSecond: number): number | undefined {
    const incidents = this.#incidents[scarce];
    incidents.push(incident);
    while ((incidents[0]?.atMs ?? Infinity) < incident.atMs - FREQUENT_WITHIN_MS) incidents.shift();
    const usual = (UNSURPRISING * perSecond * FREQUENT_WITHIN_MS) / 1_000;
    if (incidents.length < FREQUENT + usual) return undefined;
    const median = incidents.toSorted((a, b) => a.full - b.full)[incidents.length >> 1] ?? incident;
    incidents.length = 0;
    const before = median.full - median.own;
    if (median.full < AS_CONFIGURED) return before;
    // Said to be full: a matter of time, unless no guard helps.
    const strikes = this.#strikes[scarce];
    strikes.push(incident.atMs);
    while ((strikes[0] ?? Infinity) < incident.atMs - STRIKES_WITHIN_MS) strikes.shift();
    return strikes.length >= STRIKES ? before : undefined;
  }

  #suspectPrepaid({ reserved, tokenMinute, tokenSecond }: Fill): void {
    if (this.prepaid || this.#prepaidDisproof > 0) return;
    if (reserved < 0.97 || tokenMinute >= 0.95 || tokenSecond >= 0.8) return;
    this.#prepaidSigns++;
    if (this.#prepaidSigns >= 4) this.prepaid = true;
  }
}
