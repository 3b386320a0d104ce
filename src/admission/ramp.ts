/**
 * Slow start and even pacing: providers that guard against sudden growth refuse a rate far above its recent average,
 * however much of the minute is left. The rate begins at a floor and grows steadily while it is used; a refusal for
 * growth sets it back a little and slows the growth, but never pauses, for a pause lowers the average that the guard
 * looks at. A start that met no refusal makes the next one bolder, one that did more careful.
 * Source: https://www.alibabacloud.com/help/en/model-studio/rate-limiting-best-practices ("traffic burst"); the true
 * threshold is dynamic and unpublished.
 */

import type { Ramp as RampLimit } from '../domain/limits.ts';

/** The recent rate is an average over about this long, and an unused allowance fades in this time. */
const MEMORY_MS = 25_000;
/** Added to what growth allows over the recent average, as a share of the full rate. */
const STEP = 0.06;
/** Nobody calls so few requests per second a burst. */
const FLOOR_PER_SECOND = 1;
/** A start is kept this share of the even distance apart. */
const SPREAD = 0.5;
/** Room above the full rate, so that uneven traffic near it is not slowed down. */
const HEADROOM = 1.25;
/**
 * A refusal halves the rate; within seconds it is back just below where it failed, for a guard that looks at the
 * recent average would only sink with it. From there it grows again after a while.
 */
const SETBACK = 0.5;
const BELOW_FAILED = 0.92;
const RECOVERY_PER_SECOND = 0.4;
const HOLD_MS = 4_000;
/** How far ahead a wait is foreseen. */
const SOON_MS = 20_000;
/** Refusals closer together are one incident. */
const INCIDENT_MS = 1_000;
const LEAST = { growth: 1.15, floor: 0.05 } as const;
const MOST = { growth: 4, floor: 0.5 } as const;

/** What is learned of a provider's guard: kept across restarts. */
export type RampLearned = { readonly growth: number; readonly floor: number };

export const isSameRamp = (one: RampLimit | undefined, other: RampLimit | undefined): boolean =>
  one?.growth === other?.growth && one?.floor === other?.floor;

export class Ramp {
  #limit: RampLimit | undefined;
  #growth = 1;
  #floor = 1;
  /** Allowed requests per second; undefined before the first. */
  #rate: number | undefined;
  /** Requests per second, decaying. */
  #average = 0;
  #lastMs = -Infinity;
  #burstAtMs = -Infinity;
  /** The rate at which the last burst was refused. */
  #failedRate = 0;
  /** Bursts since the rate was last below full. */
  #bursts = 0;

  /** `undefined`: no slow start, pacing only. What was learned stays while the limit does. */
  limit(limit: RampLimit | undefined): void {
    if (isSameRamp(limit, this.#limit)) return;
    this.#limit = limit;
    this.#growth = limit?.growth ?? 1;
    this.#floor = limit?.floor ?? 1;
  }

  /** Requests per second allowed now, below `full`. */
  rateAt(nowMs: number, full: number): number {
    if (this.#limit === undefined) return full;
    return Math.min(full, this.#allowed(nowMs, full));
  }

  /** The earliest moment of the next request; `inSecond`: requests counted in the running second. */
  freeAt(nowMs: number, full: number, inSecond: number): number {
    const rate = this.rateAt(nowMs, full);
    const crowd = Math.min(1, inSecond / Math.max(1, 0.5 * rate));
    const spread = rate < full && inSecond >= this.#floorRate(full) - 1e-9 ? 1 : SPREAD * crowd;
    return Math.max(nowMs, this.#lastMs + (1_000 / rate) * spread);
  }

  count(nowMs: number, full: number): void {
    if (this.#limit !== undefined) {
      const allowed = this.#allowed(nowMs, full);
      const passedMs = nowMs - this.#lastMs;
      const isUsed = passedMs * allowed <= 1_500;
      const rate = isUsed ? this.#grown(allowed, passedMs, nowMs) : allowed;
      if (rate >= full && allowed < full) this.#arrived();
      this.#rate = Math.min(rate, full * HEADROOM);
    }
    this.#average = this.#averageAt(nowMs) + 1_000 / MEMORY_MS;
    this.#lastMs = nowMs;
  }

  /** The provider called it a burst. */
  burst(nowMs: number, full: number): void {
    if (nowMs - this.#burstAtMs > INCIDENT_MS) {
      this.#bursts++;
      this.#growth = Math.max(LEAST.growth, 1 + (this.#growth - 1) * 0.9);
      if (this.rateAt(nowMs, full) <= this.#floorRate(full) * 1.2)
        this.#floor = Math.max(LEAST.floor, this.#floor * 0.85);
      this.#failedRate = this.rateAt(nowMs, full);
      this.#rate = this.#failedRate * SETBACK;
    }
    this.#burstAtMs = nowMs;
  }

  /** The rate that may be hoped for in the middle of a wait: what it will be after some time of use. */
  rateSoon(nowMs: number, full: number): number {
    const grown = Math.exp((SOON_MS * (this.#growth - 1)) / MEMORY_MS);
    return Math.min(full, this.rateAt(nowMs, full) * grown);
  }

  learned(): RampLearned {
    return { growth: this.#growth, floor: this.#floor };
  }

  restore(learned: RampLearned): void {
    this.#growth = learned.growth;
    this.#floor = learned.floor;
  }

  /** Full speed is reached: what brought it there may be bolder next time, unless it was refused. */
  #arrived(): void {
    if (this.#bursts === 0) {
      this.#growth = Math.min(MOST.growth, 1 + (this.#growth - 1) * 1.2);
      this.#floor = Math.min(MOST.floor, this.#floor * 1.1);
    }
    this.#bursts = 0;
  }

  #grown(allowed: number, passedMs: number, nowMs: number): number {
    const back = this.#failedRate * BELOW_FAILED;
    if (allowed < back) return Math.min(back, allowed * Math.exp((passedMs * RECOVERY_PER_SECOND) / 1_000));
    if (nowMs < this.#burstAtMs + HOLD_MS) return allowed;
    return allowed * Math.exp((passedMs * (this.#growth - 1)) / MEMORY_MS);
  }

  #floorRate(full: number): number {
    return Math.min(full, Math.max(FLOOR_PER_SECOND, this.#floor * full));
  }

  /** An allowance that is not used fades towards what growth over the recent average allows. */
  #allowed(nowMs: number, full: number): number {
    const floor = this.#floorRate(full);
    if (this.#rate === undefined) return floor;
    const usual = Math.max(floor, this.#growth * this.#averageAt(nowMs) + STEP * full);
    // A refusal may push it below the floor, for a while.
    const least = nowMs < this.#burstAtMs + 4 * HOLD_MS ? LEAST.floor * full : floor;
    if (this.#rate <= usual) return Math.max(least, this.#rate);
    const idleMs = Math.max(0, nowMs - this.#lastMs - 2_000 / this.#rate);
    return usual + (this.#rate - usual) * Math.exp(-idleMs / MEMORY_MS);
  }

  #averageAt(nowMs: number): number {
    return this.#lastMs === -Infinity ? 0 : this.#average * Math.exp((this.#lastMs - nowMs) / MEMORY_MS);
  }
}
