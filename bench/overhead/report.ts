/** What the samples say: medians per contender, the bounds Sluice keeps or misses, and the page that is printed. */

import type { CallCosts } from './load.ts';
import { FEW_CHUNKS, HELD_STREAMS, MANY_CHUNKS, type Samples, type Series } from './rounds.ts';
import { medianOf, type Spread, slopeOf, spreadOf } from './statistics.ts';
import { difference, figure, type Row, tableOf } from './table.ts';

export type Latency = { readonly p50Ms: number; readonly p99Ms: number };

/**
 * One contender's line. `timesBare` and the added latencies are taken round by round and then their median, because
 * what ran side by side had the same machine: they need not equal what the columns' own medians give.
 */
export type Figures = {
  readonly name: string;
  readonly perCall: Cost;
  readonly perChunk: Cost;
  readonly addedAt1: Added;
  readonly addedAt32: Added;
  readonly residentKBPerStream: number;
  /** Reads at the client for one chunk: clearly under 1, chunks may have been merged on the way. */
  readonly readsPerChunk: number;
};
export type Added = { readonly p50Ms: Spread; readonly p99Ms: Spread };
export type Cost = { readonly cpuMicros: number; readonly timesBare: Spread };

/** `direct` is the upstream called without a proxy. */
export type Summary = {
  readonly figures: readonly Figures[];
  readonly direct: { readonly at1: Latency; readonly at32: Latency };
  readonly rounds: number;
};

export type Bound = {
  readonly title: string;
  readonly atMost: number;
  readonly unit: string;
  readonly measured: Spread;
  readonly reached: boolean;
};

export type Machine = {
  readonly cores: number;
  readonly cpu: string;
  readonly node: string;
  readonly system: string;
};

export function summaryOf({ direct, proxies }: Samples): Summary {
  const bare = proxies.find((proxy) => proxy.name === 'bare')?.series;
  return {
    figures: proxies.map(
      ({ name, residentKBPerStream, series }): Figures => ({
        name,
        perCall: costOf(series.at32.map(cpuOf), bare?.at32.map(cpuOf)),
        perChunk: costOf(chunkSlopes(series, cpuOf), bare && chunkSlopes(bare, cpuOf)),
        addedAt1: addedOf(series.at1, direct.at1),
        addedAt32: addedOf(series.at32, direct.at32),
        residentKBPerStream,
        readsPerChunk: medianOf(chunkSlopes(series, (costs) => costs.reads)),
      }),
    ),
    direct: { at1: latencyOf(direct.at1), at32: latencyOf(direct.at32) },
    rounds: direct.at1.length,
  };
}

const cpuOf = (costs: CallCosts): number => costs.cpuMicros;

function costOf(own: readonly number[], bare: readonly number[] = []): Cost {
  return { cpuMicros: medianOf(own), timesBare: spreadOf(bare.map((cost, round) => at(own, round) / cost)) };
}

function chunkSlopes({ few, many }: Series, costOf: (costs: CallCosts) => number): readonly number[] {
  const dear = many.map(costOf);
  return few.map((costs, round) =>
    slopeOf({ x: FEW_CHUNKS, y: costOf(costs) }, { x: MANY_CHUNKS, y: at(dear, round) }),
  );
}

function addedOf(through: readonly Latency[], direct: readonly Latency[]): Added {
  const added = (percentile: keyof Latency): Spread =>
    spreadOf(
      through.map(
        (costs, round) =>
          costs[percentile] -
          at(
            direct.map((each) => each[percentile]),
            round,
          ),
      ),
    );
  return { p50Ms: added('p50Ms'), p99Ms: added('p99Ms') };
}

function latencyOf(rounds: readonly Latency[]): Latency {
  return {
    p50Ms: medianOf(rounds.map(({ p50Ms }) => p50Ms)),
    p99Ms: medianOf(rounds.map(({ p99Ms }) => p99Ms)),
  };
}

/** A round that was not measured gives no number, and no number is printed as a dash. */
function at(values: readonly number[], round: number): number {
  return values[round] ?? Number.NaN;
}

/** The bounds of Sluice against the bare proxy; none when one of the two was not measured. */
export function boundsOf({ figures }: Summary): readonly Bound[] {
  const sluice = figures.find((line) => line.name === 'sluice');
  if (!sluice || !figures.some((line) => line.name === 'bare')) return [];
  const bound = (title: string, atMost: number, unit: string, measured: Spread): Bound => {
    return { title, atMost, unit, measured, reached: measured.median <= atMost };
  };
  return [
    bound('CPU per plain call', 1.6, '× bare', sluice.perCall.timesBare),
    bound('CPU per chunk', 1.3, '× bare', sluice.perChunk.timesBare),
    bound('added p99 at concurrency 1', 2, 'ms', sluice.addedAt1.p99Ms),
  ];
}

export function figuresTable({ figures }: Summary): string {
  const header = [
    'contender',
    'CPU µs / call',
    '× bare',
    'CPU µs / chunk',
    '× bare',
    'p50 ms, c=1',
    'p99 ms, c=1',
    'p50 ms, c=32',
    'p99 ms, c=32',
    'RSS kB / stream',
  ];
  const rows = figures.map(
    (line): Row => [
      line.name,
      figure(line.perCall.cpuMicros, 0),
      figure(line.perCall.timesBare.median, 2),
      figure(line.perChunk.cpuMicros, 1),
      figure(line.perChunk.timesBare.median, 2),
      ...[line.addedAt1, line.addedAt32].flatMap(({ p50Ms, p99Ms }) => [
        difference(p50Ms.median, 2),
        difference(p99Ms.median, 2),
      ]),
      figure(line.residentKBPerStream, 0),
    ],
  );
  return tableOf(header, rows);
}

export function boundsTable(bounds: readonly Bound[]): string {
  const header = ['Sluice', 'bound', 'measured', 'middle half of the rounds', 'reached'];
  const rows = bounds.map(
    ({ title, atMost, unit, measured, reached }): Row => [
      title,
      `≤ ${atMost} ${unit}`,
      figure(measured.median, 2),
      `${figure(measured.low, 2)} to ${figure(measured.high, 2)}`,
      reached ? 'yes' : 'no',
    ],
  );
  return tableOf(header, rows);
}

/** What stands under the tables in the terminal and on the page: how far to trust them. */
export function notesOf({ figures, direct, rounds }: Summary): readonly string[] {
  const { at1, at32 } = direct;
  const merged = figures.filter((line) => line.readsPerChunk < 0.9);
  const own = ({ p50Ms, p99Ms }: Latency): string => `${figure(p50Ms, 2)} ms (p99 ${figure(p99Ms, 2)} ms)`;
  return [
    `Medians of ${rounds} rounds in which the contenders took turns; ratios and added latencies are taken within a round.`,
    `Called directly, the upstream answers in ${own(at1)} at concurrency 1, in ${own(at32)} at 32.`,
    `Reads per chunk at the client: ${figures.map((line) => `${line.name} ${figure(line.readsPerChunk, 2)}`).join(', ')}.`,
    ...merged.map(
      ({ name }) =>
        `Chunks through ${name} were merged, on a busy machine or by its own hand: its CPU per chunk looks too good.`,
    ),
  ];
}

export function documentOf(summary: Summary, machine: Machine): string {
  return `# Benchmarks

Printed by \`npm run bench\`, which measures on the machine it runs on; \`bench/overhead.ts\` is where it starts.

## What a call costs

${figuresTable(summary)}

${boundsTable(boundsOf(summary))}

Machine: ${machine.cores} cores, ${machine.cpu}, ${machine.system}, Node ${machine.node}.

${notesOf(summary)
  .map((note) => `- ${note}`)
  .join('\n')}

## How it is measured

- **bare** is the least a Node proxy can do: node:http in, undici out, bodies piped, nothing parsed
  (\`bench/overhead/bare.ts\`). **nginx** is one worker with \`proxy_pass\`, kept-alive upstream connections and buffering
  off. **sluice** runs as a user runs it: key check, estimate, admission, routing, metrics, settlement, books and log on.
- Everything is on 127.0.0.1; the upstream stub and the load generator are processes of their own. A plain call is 1 kB
  in and 600 bytes out, a chunk is one \`chat.completion.chunk\` of 250 bytes, written by itself.
- **CPU** is the proxy process's own, all threads, user and system, read from the kernel. Per call it is taken at
  concurrency 32. Per chunk it is the slope between streams of ${FEW_CHUNKS} and of ${MANY_CHUNKS} chunks, so what a stream costs once falls
  out. Throughput is not given: on few cores it would measure the load generator.
- **p50 and p99** are added latency: a percentile through the proxy less the same percentile without it, with one call
  always in flight (c=1) or 32. At 32 the proxy is saturated and the figure is its queue; a contender that is cheaper
  than the load generator can even come out ahead.
- **× bare** is the ratio within a round, then the median of the rounds. The machine's own speed varies more than that:
  compare ratios between runs, not microseconds.
- **RSS per stream** is the growth of resident memory over ${HELD_STREAMS} streams that are open and silent, divided by ${HELD_STREAMS}.
`;
}
