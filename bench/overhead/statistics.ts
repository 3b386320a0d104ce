/** The few numbers a noisy machine can still be trusted with: medians, percentiles, and the slope between two runs. */

/** The middle value, the mean of the two middle ones when their count is even, `NaN` of nothing. */
export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const upper = sorted[sorted.length >> 1] ?? Number.NaN;
  const lower = sorted[(sorted.length - 1) >> 1] ?? Number.NaN;
  return (lower + upper) / 2;
}

/** Nearest rank: the smallest value that `share` (0-1) of all values do not exceed. `NaN` of nothing. */
export function percentileOf(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export type Point = { readonly x: number; readonly y: number };

/** What one more `x` costs: the fixed cost that both points carry falls out. */
export function slopeOf(few: Point, many: Point): number {
  return (many.y - few.y) / (many.x - few.x);
}

/** A median with the middle half of the values around it: what a repeated run may well show. */
export type Spread = { readonly median: number; readonly low: number; readonly high: number };

export function spreadOf(values: readonly number[]): Spread {
  return { median: medianOf(values), low: percentileOf(values, 0.25), high: percentileOf(values, 0.75) };
}
