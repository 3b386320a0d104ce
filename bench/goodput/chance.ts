/** The distributions that traffic, latency and answers are drawn from. */

export type Random = () => number;

/** A standard normal, by Box and Muller. */
export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

export const lognormal = (random: Random, median: number, sigma: number): number =>
  median * Math.exp(sigma * normal(random));

/** Lognormal by its mean: half of the draws are below `mean / exp(sigma² / 2)`. */
export const lognormalOfMean = (random: Random, mean: number, sigma: number): number =>
  lognormal(random, mean / Math.exp(sigma ** 2 / 2), sigma);

export const uniform = (random: Random, low: number, high: number): number => low + random() * (high - low);

/** The wait until the next event of a Poisson process. */
export const exponential = (random: Random, mean: number): number => -mean * Math.log(1 - random());
