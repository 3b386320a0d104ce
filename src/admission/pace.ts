/**
 * Slow start: providers that guard against sudden growth refuse a rate far above its recent average, however much
 * of the minute is left. The pace lets the rate grow by a factor of what it was, from a floor that is always allowed.
 */

import type { Limits } from '../domain/limits.ts';

/** The recent rate is an average over about this long. Source: `limit_burst_rate` looks at seconds, not minutes. */
const MEMORY_MS = 25_000;

export class Pace {
  #rate = 0;
  #lastMs = -Infinity;

  /** The earliest moment for the next request under `limits.ramp`; `nowMs` when there is no ramp or no rate limit. */
  freeAt(limits: Limits, nowMs: number): number {
    const ceiling = ceilingOf(limits);
    if (limits.ramp === undefined || ceiling === undefined || this.#lastMs === -Infinity) return nowMs;
    const { floor, growth } = limits.ramp;
    const allowed = Math.max(floor * ceiling, growth * this.#rate);
    if (allowed >= ceiling) return nowMs;
    // From the rate as it was at the last request, so that the moment named now is the moment kept then.
    return Math.max(nowMs, this.#lastMs + 1_000 / allowed);
  }

  /** A request left now. */
  count(nowMs: number): void {
    this.#rate = this.#rateAt(nowMs) + 1_000 / MEMORY_MS;
    this.#lastMs = nowMs;
  }

  /** Requests per second, decaying. */
  #rateAt(nowMs: number): number {
    return this.#lastMs === -Infinity ? 0 : this.#rate * Math.exp((this.#lastMs - nowMs) / MEMORY_MS);
  }
}

/** Requests per second at full speed. */
function ceilingOf(limits: Limits): number | undefined {
  if (limits.rps !== undefined)
    return limits.rpm === undefined ? limits.rps : Math.min(limits.rps, limits.rpm / 60);
  return limits.rpm === undefined ? undefined : limits.rpm / 60;
}
