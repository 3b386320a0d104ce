/** How long a failure keeps what it concerns on the bench: the provider's word, else the table's time. */

import type { Failure, FailureKind } from '../domain/failure.ts';

export type Bench = {
  /** `channel qwen-a/qwen3-max`, `account qwen-a`, `secret 2 of qwen-a`, `model qwen/qwen3-max`: safe to show. */
  readonly what: string;
  readonly kind: FailureKind;
  readonly sinceMs: number;
  /** Infinity: switched off, until somebody acts. */
  readonly untilMs: number;
};

export const isOff = ({ untilMs }: Bench): boolean => untilMs === Infinity;

const LONGEST_SPREAD_MS = 5_000;
const LEAST_MS = 250;

export const saysUntilWhen = ({ options }: Failure): boolean =>
  options.retryAfterMs !== undefined || options.resetAtMs !== undefined;

/**
 * The provider's own word counts when it gives one, else the table's time, doubled per repetition (`streak`, from 1).
 * Jitter goes upwards alone: nobody shall come back before the time that was told.
 */
export function benchLengthMs(
  failure: Failure,
  context: { readonly streak: number; readonly nowMs: number; readonly random: () => number },
): number {
  const { benchMs, benchMaxMs } = failure.rule;
  const own = Math.min(benchMaxMs, benchMs * 2 ** Math.min(20, context.streak - 1));
  const { retryAfterMs, resetAtMs } = failure.options;
  const told = retryAfterMs ?? (resetAtMs === undefined ? undefined : resetAtMs - context.nowMs);
  const base = told === undefined || told <= 0 ? own : Math.max(LEAST_MS, told);
  // Of a told time a moment only: whoever waits for weeks shall not wait for days more.
  const spreadMs = told === undefined ? 0.1 * base : Math.min(LONGEST_SPREAD_MS, 0.1 * base);
  return base + spreadMs * context.random();
}
