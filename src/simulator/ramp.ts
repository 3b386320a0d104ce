/**
 * The growth guard ("traffic burst"): it watches how fast the rate rises, whatever the RPM and TPM. It is armed by
 * the first call and again after idleness, and compares the current second with a trailing average, above a floor.
 * Alibaba calls its real threshold dynamic and does not publish it: every figure here is a test parameter.
 * https://help.aliyun.com/en/model-studio/rate-limiting-best-practices
 */

import { TrailingWindow } from './windows.ts';

export type Slope = {
  /** Growth of the rate that still passes, per second: 0.2 lets the rate rise by 20 % each second. */
  readonly growthPerSecond: number;
  /** Requests per second that always pass. */
  readonly floorRequests: number;
  /** Prompt tokens per second that always pass; without it tokens are not watched. */
  readonly floorTokens?: number;
  /** Length of the trailing average. */
  readonly averageMs: number;
  /** Silence after which the guard is armed again. */
  readonly idleMs: number;
  /** How long the guard stays armed after it woke. */
  readonly armedMs: number;
};

export const DEFAULT_SLOPE: Slope = {
  growthPerSecond: 0.2,
  floorRequests: 2,
  averageMs: 3_000,
  idleMs: 60_000,
  armedMs: 120_000,
};

export interface RampGuard {
  /** Would a call of so many prompt tokens pass now? Changes nothing. */
  allows(nowMs: number, promptTokens: number): boolean;
  /** A call was admitted. */
  admitted(nowMs: number, promptTokens: number): void;
}

export function createRampGuard(slope: Slope): RampGuard {
  const second = new TrailingWindow(1_000);
  // The average ends where the current second begins.
  const longer = new TrailingWindow(1_000 + slope.averageMs);
  const factor = factorOf(slope.growthPerSecond, slope.averageMs / 1_000);
  let armedSinceMs: number | undefined;
  let lastMs = -Infinity;

  const armed = (nowMs: number): boolean =>
    armedSinceMs === undefined || idle(nowMs) || nowMs < armedSinceMs + slope.armedMs;
  const idle = (nowMs: number): boolean => nowMs >= lastMs + slope.idleMs;

  const perSecond = (total: number, current: number): number => ((total - current) * 1_000) / slope.averageMs;

  return {
    allows(nowMs, promptTokens) {
      if (!armed(nowMs)) return true;
      const requests = second.count(nowMs);
      const usual = perSecond(longer.count(nowMs), requests);
      if (requests + 1 > Math.max(slope.floorRequests, factor * usual)) return false;

      if (slope.floorTokens === undefined || requests === 0) return true;
      const tokens = second.tokens(nowMs);
      const usualTokens = perSecond(longer.tokens(nowMs), tokens);
      return tokens + promptTokens <= Math.max(slope.floorTokens, factor * usualTokens);
    },

    admitted(nowMs, promptTokens) {
      if (armedSinceMs === undefined || idle(nowMs)) armedSinceMs = nowMs;
      lastMs = nowMs;
      second.add(nowMs, promptTokens);
      longer.add(nowMs, promptTokens);
    },
  };
}

/**
 * How far the current second exceeds the mean of the `seconds` before it when the rate grows by `growth` each second:
 * a ratio of two integrals of (1 + growth)^t. So exactly that growth passes, and anything steeper does not.
 */
function factorOf(growth: number, seconds: number): number {
  if (growth === 0) return 1;
  return (seconds * growth) / (1 - (1 + growth) ** -seconds);
}
