/** Fairness and spread, as numbers. */

/** 1 when all are alike, 1/n when one has everything (Jain, Chiu, Hawe 1984). `NaN` of nothing. */
export function jainOf(values: readonly number[]): number {
  const sum = values.reduce((total, value) => total + value, 0);
  const squares = values.reduce((total, value) => total + value * value, 0);
  return squares === 0 ? Number.NaN : (sum * sum) / (values.length * squares);
}

/** What each is due when `supply` is dealt out evenly and nobody gets more than it asked for. */
export function maxMinShares(demands: readonly number[], supply: number): number[] {
  const shares = demands.map(() => 0);
  const order = demands.map((demand, index) => ({ demand, index })).sort((a, b) => a.demand - b.demand);
  let left = supply;
  order.forEach(({ demand, index }, position) => {
    const share = Math.min(demand, left / (order.length - position));
    shares[index] = share;
    left -= share;
  });
  return shares;
}

export type Range = { readonly mean: number; readonly low: number; readonly high: number };

export function rangeOf(values: readonly number[]): Range {
  const known = values.filter((value) => !Number.isNaN(value));
  if (known.length === 0) return { mean: Number.NaN, low: Number.NaN, high: Number.NaN };
  const sum = known.reduce((total, value) => total + value, 0);
  return { mean: sum / known.length, low: Math.min(...known), high: Math.max(...known) };
}
