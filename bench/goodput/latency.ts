/** One way between relay and provider, drawn anew for each message: nothing keeps two of them in order. */

import { lognormal, type Random, uniform } from './chance.ts';

type Draw = (random: Random) => number;

const far: Draw = (random) => Math.min(400, 20 + lognormal(random, 40, 0.9));

/** In milliseconds. */
export const LATENCIES = {
  far,
  near: (random) => uniform(random, 8, 20),
  uniform: (random) => uniform(random, 20, 400),
  spikes: (random) => far(random) + (random() < 0.01 ? uniform(random, 0, 1_500) : 0),
} as const satisfies Record<string, Draw>;

export type LatencyName = keyof typeof LATENCIES;
