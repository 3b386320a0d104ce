/**
 * The order of measuring: some rounds of four slices each, every slice over all contenders at once. The first round
 * only warms up: it is up to twice as dear as the next. What the samples mean is said in `report.ts`.
 */

import type { Companion } from './children.ts';
import { CLIENT_KEY, type Contender } from './contenders.ts';
import type { CallCosts, CallsJob, HoldCosts, HoldJob, Target } from './load.ts';
import type { StubMode } from './stub.ts';

/** How much work a run is; the numbers decide how long it takes. */
export type Plan = {
  readonly rounds: number;
  /** No round but the first begins that would end later than this, counted from the start of the process. */
  readonly budgetMs: number;
  readonly warmUpCalls: number;
  /** Batches a slice; a batch of plain calls takes some 40 ms. */
  readonly batches: number;
  /** Streams last longer: fewer batches make a slice. */
  readonly streamBatches: number;
};

/** Plain calls one at a time and 32 at once; streams of few and of many chunks. One entry a round. */
export type Series = Readonly<Record<Slice, readonly CallCosts[]>>;
export type Slice = (typeof SLICES)[number];

/** `direct` is the upstream without a proxy and has no streams. */
export type Samples = {
  readonly direct: Series;
  readonly proxies: readonly ProxySamples[];
};
export type ProxySamples = {
  readonly name: string;
  readonly residentKBPerStream: number;
  readonly series: Series;
};

export const FULL: Plan = { rounds: 9, budgetMs: 85_000, warmUpCalls: 4000, batches: 8, streamBatches: 2 };
export const QUICK: Plan = { rounds: 3, budgetMs: 18_000, warmUpCalls: 500, batches: 2, streamBatches: 1 };

export const FEW_CHUNKS = 20;
export const MANY_CHUNKS = 220;
export const HELD_STREAMS = 500;

const SLICES = ['at1', 'at32', 'few', 'many'] as const;
/** In flight at once, and in a batch. */
const STREAMS = 12;
/** Six thousand chunks a second saturate no proxy, so that each chunk finds it waiting. */
const GAP_MICROS = 150;

export type Bench = {
  readonly stub: Companion;
  readonly load: Companion;
  readonly plan: Plan;
  progress(text: string): void;
};

export async function measure(contenders: readonly Contender[], bench: Bench): Promise<Samples> {
  const { stub, plan, progress } = bench;
  const direct = { target: stub, slices: ['at1', 'at32'] as readonly Slice[], series: emptySeries() };
  const proxies = [];
  for (const { name, ...target } of contenders) {
    progress(`${name}: ${HELD_STREAMS} idle streams, then warming up`);
    const residentKBPerStream = await warmUp(target, bench);
    proxies.push({ name, target, slices: SLICES, series: emptySeries(), residentKBPerStream });
  }

  let longestMs = 0;
  for (let round = 0; round <= plan.rounds; round += 1) {
    const roundStartedMs = performance.now();
    if (round > 1 && roundStartedMs + longestMs > plan.budgetMs) break;
    progress(round === 0 ? 'warming up' : `round ${round} of ${plan.rounds}`);
    for (const slice of SLICES) {
      const inTurn = rotated([direct, ...proxies], round).filter(({ slices }) => slices.includes(slice));
      const costs = await runSlice(
        slice,
        inTurn.map(({ target }) => target),
        bench,
      );
      if (round === 0) continue;
      for (const [index, each] of costs.entries()) inTurn[index]?.series[slice].push(each);
    }
    longestMs = Math.max(longestMs, performance.now() - roundStartedMs);
  }
  return {
    direct: direct.series,
    proxies: proxies.map(({ name, residentKBPerStream, series }) => ({ name, residentKBPerStream, series })),
  };
}

/** Nobody is always the one who runs first. */
export function rotated<T>(items: readonly T[], by: number): readonly T[] {
  const cut = items.length === 0 ? 0 : by % items.length;
  return [...items.slice(cut), ...items.slice(0, cut)];
}

/**
 * Gives the resident memory per held stream, then warms up. In this order: a process that has been busy has a heap
 * full of holes, in which five hundred streams disappear; one that has done nothing still loads its code.
 */
async function warmUp(target: Target, bench: Bench): Promise<number> {
  await callsOf(bench, { kind: 'plain', targets: [target], connections: 32, batches: 1, calls: 300 });
  await streamsOf(bench, [target], FEW_CHUNKS);
  await setStub(bench, { chunks: 1, gapMicros: 0, hold: true });
  const hold: HoldJob = { kind: 'hold', target, key: CLIENT_KEY, streams: HELD_STREAMS };
  const { residentKB } = await bench.load.ask<HoldCosts>(hold);
  const calls = bench.plan.warmUpCalls;
  await callsOf(bench, { kind: 'plain', targets: [target], connections: 32, batches: 1, calls });
  return residentKB;
}

function runSlice(slice: Slice, targets: readonly Target[], bench: Bench): Promise<readonly CallCosts[]> {
  const { batches } = bench.plan;
  if (slice === 'at1') return callsOf(bench, { kind: 'plain', targets, connections: 1, batches, calls: 80 });
  if (slice === 'at32')
    return callsOf(bench, { kind: 'plain', targets, connections: 32, batches, calls: 256 });
  return streamsOf(bench, targets, slice === 'few' ? FEW_CHUNKS : MANY_CHUNKS);
}

async function streamsOf(
  bench: Bench,
  targets: readonly Target[],
  chunks: number,
): Promise<readonly CallCosts[]> {
  await setStub(bench, { chunks, gapMicros: GAP_MICROS, hold: false });
  const amount = { connections: STREAMS, batches: bench.plan.streamBatches, calls: STREAMS };
  return callsOf(bench, { kind: 'stream', targets, ...amount });
}

function callsOf({ load }: Bench, job: Omit<CallsJob, 'key'>): Promise<readonly CallCosts[]> {
  return load.ask<readonly CallCosts[]>({ ...job, key: CLIENT_KEY });
}

function setStub({ stub }: Bench, mode: StubMode): Promise<null> {
  return stub.ask<null>(mode);
}

function emptySeries(): Record<Slice, CallCosts[]> {
  return { at1: [], at32: [], few: [], many: [] };
}
