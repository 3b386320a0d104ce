/**
 * Growth guards of another shape than the slope's: always armed, they hold the rate of the last few seconds against
 * that of the time before, in requests and, where asked, in prompt tokens. The vendor publishes neither shape nor
 * figures; the two given here are inventions to be safe under.
 */

import type { RampGuard } from './ramp.ts';
import { TrailingWindow } from './windows.ts';

/** The recent rate may reach `factor` times the usual one plus `step`, and `floor` in any case; all per second. */
export type Rise = {
  /** The stretch that is judged. */
  readonly recentMs: number;
  /** The stretch before it, of which the usual rate is the mean. */
  readonly usualMs: number;
  readonly factor: number;
  readonly requests: RiseOf;
  /** Without it tokens are not watched. */
  readonly tokens?: RiseOf;
};

export type RiseOf = { readonly floor: number; readonly step: number };

/** Ten seconds may double the thirty before: from a standstill to everything in about a minute. */
export const doublingRise = (rps: number): Rise => ({
  recentMs: 10_000,
  usualMs: 30_000,
  factor: 2,
  requests: { floor: 0.3 * rps, step: 0.1 * rps },
});

/** Five seconds may add a quarter of the limit to the twenty before, in requests and in prompt tokens. */
export const steppedRise = (rps: number, tps: number): Rise => ({
  recentMs: 5_000,
  usualMs: 20_000,
  factor: 1,
  requests: { floor: 0.25 * rps, step: 0.25 * rps },
  tokens: { floor: 0.25 * tps, step: 0.25 * tps },
});

export function createRiseGuard(rise: Rise): RampGuard {
  const recent = new TrailingWindow(rise.recentMs);
  const longer = new TrailingWindow(rise.recentMs + rise.usualMs);

  /** The most that the recent stretch may hold. */
  const most = ({ floor, step }: RiseOf, before: number): number => {
    const usual = (before * 1_000) / rise.usualMs;
    return (Math.max(floor, rise.factor * usual + step) * rise.recentMs) / 1_000;
  };

  return {
    allows(nowMs, promptTokens) {
      const requests = recent.count(nowMs);
      if (requests + 1 > most(rise.requests, longer.count(nowMs) - requests)) return false;
      // A lone call larger than what may be added must still be servable.
      if (rise.tokens === undefined || requests === 0) return true;
      const tokens = recent.tokens(nowMs);
      return tokens + promptTokens <= most(rise.tokens, longer.tokens(nowMs) - tokens);
    },

    admitted(nowMs, promptTokens) {
      recent.add(nowMs, promptTokens);
      longer.add(nowMs, promptTokens);
    },
  };
}
