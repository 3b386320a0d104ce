/** When calls come: the shapes of traffic, as offered to a pool of known size. Shapes say when; sizes are another's. */

import type { Clock } from '../../src/base/clock.ts';
import { exponential, type Random } from './chance.ts';

/** Loads are multiples of what the pool's limits, as configured, let through. */
export type Traffic =
  | { readonly kind: 'steady'; readonly load: number }
  /** Everything in the first `onMs` of each `periodMs`. */
  | { readonly kind: 'on-off'; readonly load: number; readonly onMs: number; readonly periodMs: number }
  /** One tenant alone offers `load`; the others together offer `others`. */
  | { readonly kind: 'greedy'; readonly load: number; readonly others: number }
  /** So many clients that call again as soon as they have their answer, a second after a refusal. */
  | { readonly kind: 'closed'; readonly workers: number };

export const GREEDY_TENANT = 0;
const AFTER_REFUSAL_MS = 1_000;

export type WorkloadOptions = {
  readonly clock: Clock;
  readonly random: Random;
  readonly traffic: Traffic;
  readonly tenants: number;
  /** Calls a second that the pool lets through. */
  readonly capacity: number;
  /** The load rises evenly over so long. */
  readonly rampMs: number;
  readonly endMs: number;
  /** A call is made; `over` is to be called when it ends. */
  offer(tenant: number, over: (answered: boolean) => void): void;
};

export function startWorkload(options: WorkloadOptions): void {
  const { traffic, random, tenants } = options;
  if (traffic.kind === 'closed') {
    startWorkers(options, traffic.workers);
  } else if (traffic.kind === 'greedy') {
    startStream(options, { load: traffic.load, tenantOf: () => GREEDY_TENANT });
    const modest = (): number => 1 + Math.floor(random() * (tenants - 1));
    startStream(options, { load: traffic.others, tenantOf: modest });
  } else {
    startStream(options, { load: traffic.load, tenantOf: () => Math.floor(random() * tenants) });
  }
}

type Stream = { readonly load: number; tenantOf(): number };

/** Poisson arrivals: candidates at the highest rate, thinned to the rate of the moment. */
function startStream(options: WorkloadOptions, { load, tenantOf }: Stream): void {
  const { clock, random, endMs } = options;
  const startMs = clock.now();
  const peak = peakOf(options.traffic);
  const meanMs = 1_000 / (options.capacity * load * peak);
  const next = (): void => {
    if (clock.now() >= endMs) return;
    if (random() < shareOf(options, clock.now() - startMs) / peak) options.offer(tenantOf(), ignore);
    clock.after(exponential(random, meanMs), next);
  };
  clock.after(exponential(random, meanMs), next);
}

const peakOf = (traffic: Traffic): number =>
  traffic.kind === 'on-off' ? traffic.periodMs / traffic.onMs : 1;

/** Of the mean rate, at this time after the start. */
function shareOf({ traffic, rampMs }: WorkloadOptions, atMs: number): number {
  const risen = rampMs > 0 ? Math.min(1, atMs / rampMs) : 1;
  if (traffic.kind !== 'on-off') return risen;
  return atMs % traffic.periodMs < traffic.onMs ? risen * peakOf(traffic) : 0;
}

function startWorkers(
  { clock, random, tenants, rampMs, endMs, offer }: WorkloadOptions,
  count: number,
): void {
  for (let worker = 0; worker < count; worker += 1) {
    const again = (): void => {
      if (clock.now() >= endMs) return;
      offer(worker % tenants, (answered) => {
        clock.after(answered ? 0 : AFTER_REFUSAL_MS, again);
      });
    };
    clock.after(random() * rampMs, again);
  }
}

const ignore = (): void => {};
