/**
 * The run as a picture: answered calls over time as steps against what was offered, and below the 429s that reached
 * each client, second by second. Plain SVG with a background of its own, so it reads on light pages and on dark ones.
 */

import type { Result } from './contenders.ts';
import { element, type Markup, type Point, stepPath } from './svg.ts';
import { accountsText } from './table.ts';
import { type Arrival, MODEL, QUOTA_PER_SECOND } from './traffic.ts';

const WIDTH = 900;
const HEIGHT = 600;
const PLOT = { left: 62, right: 716, top: 124, bottom: 392 } as const;
const ROWS = { top: 446, height: 32, gap: 4 } as const;
/** Least distance between the labels at the ends of two lines. */
const LABEL_GAP = 36;

const INK = '#1f2328';
const FAINT_INK = '#59636e';
const GRID = '#e4e8ec';
const OFFERED = '#8c959f';
const COLORS = { simple: '#cf222e', backoff: '#bf6a02', sluice: '#0a7d5a' } as const;

export type ChartOptions = { readonly results: readonly Result[]; readonly traffic: readonly Arrival[] };

/** A whole SVG document. */
export function chartOf({ results, traffic }: ChartOptions): string {
  const ends = results.flatMap(({ journal }) => [
    ...journal.answers.map(({ atMs }) => atMs),
    ...journal.refusedAtMs,
  ]);
  const lengthMs = Math.ceil(Math.max(5_000, ...ends) / 5_000) * 5_000;
  const scale = scaleOf(lengthMs, Math.max(1, traffic.length));
  const root = element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      width: WIDTH,
      height: HEIGHT,
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      role: 'img',
      'font-family': "system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif",
      'font-size': 13,
      fill: INK,
    },
    element('title', {}, titleOf(results, traffic)),
    element('rect', {
      x: 0.5,
      y: 0.5,
      width: WIDTH - 1,
      height: HEIGHT - 1,
      rx: 8,
      fill: '#fff',
      stroke: '#d0d7de',
    }),
    ...headOf(traffic),
    ...legendOf(results),
    ...gridOf(scale, results.length),
    ...quotaOf(scale),
    lineOf(
      traffic.map(({ atMs }) => atMs),
      scale,
      { stroke: OFFERED, 'stroke-dasharray': '5 4', 'stroke-width': 1.5 },
    ),
    ...results.map(({ contender, journal }) =>
      lineOf(
        journal.answers.map(({ atMs }) => atMs),
        scale,
        {
          stroke: COLORS[contender.id],
          'stroke-width': 2.5,
          'stroke-linejoin': 'round',
        },
      ),
    ),
    ...endLabels(results, scale),
    ...refusalsOf(results, scale),
  );
  return `${root.markup}\n`;
}

type Scale = {
  readonly lengthMs: number;
  readonly calls: number;
  readonly x: (atMs: number) => number;
  readonly y: (calls: number) => number;
};

function scaleOf(lengthMs: number, calls: number): Scale {
  const { left, right, top, bottom } = PLOT;
  return {
    lengthMs,
    calls,
    x: (atMs) => left + ((right - left) * atMs) / lengthMs,
    y: (count) => bottom - ((bottom - top) * count) / (calls * 1.04),
  };
}

const titleOf = (results: readonly Result[], traffic: readonly Arrival[]): string =>
  results
    .map(
      ({ contender, journal }) =>
        `${contender.name}: ${journal.answers.length} of ${traffic.length} answered`,
    )
    .join('; ');

function headOf(traffic: readonly Arrival[]): Markup[] {
  const seconds = Math.ceil((traffic.at(-1)?.atMs ?? 0) / 1_000);
  const what = `${traffic.length} calls in ${seconds} s, in groups as agents send them: three times the quota of one account`;
  return [
    element(
      'text',
      { x: 24, y: 36, 'font-size': 19, 'font-weight': 600 },
      'The same calls, sent in three ways',
    ),
    element('text', { x: 24, y: 59, fill: FAINT_INK }, `${what} of ${MODEL}.`),
  ];
}

/** Swatches with names, one after the other; text has no known width, so each entry has its place. */
function legendOf(results: readonly Result[]): Markup[] {
  const entries = [
    ...results.map(({ contender }) => ({
      name: `${contender.name}, ${accountsText(contender.accounts)}`,
      line: { stroke: COLORS[contender.id], 'stroke-width': 3 },
    })),
    {
      name: 'offered: the quota of 3 accounts',
      line: { stroke: OFFERED, 'stroke-width': 1.5, 'stroke-dasharray': '5 4' },
    },
  ];
  return entries.flatMap(({ name, line }, index) => {
    const x = 24 + index * 205;
    return [
      element('line', { x1: x, x2: x + 24, y1: 85, y2: 85, ...line }),
      element('text', { x: x + 31, y: 89.5 }, name),
    ];
  });
}

function gridOf({ lengthMs, calls, x, y }: Scale, rows: number): Markup[] {
  const grid: Markup[] = [];
  const bottom = rowsBottom(rows);
  const step = stepOf(calls, 8);
  for (let count = 0; count <= calls; count += step)
    grid.push(
      element('line', { x1: PLOT.left, x2: PLOT.right, y1: y(count), y2: y(count), stroke: GRID }),
      element(
        'text',
        { x: PLOT.left - 9, y: y(count) + 4.5, 'text-anchor': 'end', fill: FAINT_INK },
        String(count),
      ),
    );
  const stepMs = stepOf(lengthMs / 1_000, 8) * 1_000;
  for (let atMs = 0; atMs <= lengthMs; atMs += stepMs)
    grid.push(
      element('line', { x1: x(atMs), x2: x(atMs), y1: PLOT.bottom, y2: PLOT.bottom + 5, stroke: FAINT_INK }),
      element('line', { x1: x(atMs), x2: x(atMs), y1: ROWS.top, y2: bottom, stroke: GRID }),
      element(
        'text',
        { x: x(atMs), y: bottom + 18, 'text-anchor': 'middle', fill: FAINT_INK },
        String(atMs / 1_000),
      ),
    );
  const middle = (PLOT.top + PLOT.bottom) / 2;
  grid.push(
    element('line', { x1: PLOT.left, x2: PLOT.right, y1: PLOT.bottom, y2: PLOT.bottom, stroke: FAINT_INK }),
    element(
      'text',
      { x: 20, y: middle, 'text-anchor': 'middle', fill: FAINT_INK, transform: `rotate(-90 20 ${middle})` },
      'calls answered',
    ),
    element(
      'text',
      { x: (PLOT.left + PLOT.right) / 2, y: bottom + 37, 'text-anchor': 'middle', fill: FAINT_INK },
      'seconds after the start',
    ),
  );
  return grid;
}

/** A round number that divides `length` into at most `parts` steps. */
export function stepOf(length: number, parts: number): number {
  for (let power = 1; ; power *= 10)
    for (const digit of [1, 2, 5]) if (length / (digit * power) <= parts) return digit * power;
}

/** What one account allows: nobody with one account can be above it. */
function quotaOf({ lengthMs, calls, x, y }: Scale): Markup[] {
  const endMs = Math.min(lengthMs, (calls / QUOTA_PER_SECOND) * 1_000);
  const end: Point = [x(endMs), y((endMs / 1_000) * QUOTA_PER_SECOND)];
  const degrees = (Math.atan2(end[1] - PLOT.bottom, end[0] - PLOT.left) * 180) / Math.PI;
  const at: Point = [x(endMs * 0.93), y((endMs / 1_000) * 0.93 * QUOTA_PER_SECOND) - 7];
  return [
    element('line', {
      x1: PLOT.left,
      y1: PLOT.bottom,
      x2: end[0],
      y2: end[1],
      stroke: FAINT_INK,
      'stroke-dasharray': '1.5 3.5',
    }),
    element(
      'text',
      {
        x: at[0],
        y: at[1],
        'text-anchor': 'end',
        'font-size': 12,
        fill: FAINT_INK,
        transform: `rotate(${degrees.toFixed(2)} ${at[0].toFixed(2)} ${at[1].toFixed(2)})`,
      },
      'quota of one account: 60 RPM, 1 RPS',
    ),
  ];
}

/** Counts up at each time, and stays to the end. */
function lineOf(
  timesMs: readonly number[],
  { lengthMs, x, y }: Scale,
  style: Record<string, string | number>,
): Markup {
  const points = timesMs.toSorted((a, b) => a - b).map((atMs, index): Point => [x(atMs), y(index + 1)]);
  const end: Point = [x(lengthMs), y(timesMs.length)];
  return element('path', { d: stepPath([[x(0), y(0)], ...points, end]), fill: 'none', ...style });
}

function endLabels(results: readonly Result[], { y }: Scale): Markup[] {
  const labels = results
    .map(({ contender, journal }) => ({ contender, journal, y: y(journal.answers.length) }))
    .sort((a, b) => a.y - b.y);
  let least = PLOT.top;
  return labels.flatMap(({ contender, journal, y: wanted }) => {
    const at = Math.max(wanted, least);
    least = at + LABEL_GAP;
    const color = COLORS[contender.id];
    const { answers, arrived } = journal;
    return [
      element('text', { x: PLOT.right + 12, y: at + 1, fill: color, 'font-weight': 600 }, contender.name),
      element(
        'text',
        { x: PLOT.right + 12, y: at + 17, fill: color },
        `${answers.length} of ${arrived} answered`,
      ),
    ];
  });
}

const rowsBottom = (rows: number): number => ROWS.top + rows * ROWS.height;

/** How many of the times fall into each second, as [second, count]. */
function perSecondOf(timesMs: readonly number[]): [number, number][] {
  const counts = new Map<number, number>();
  for (const atMs of timesMs) {
    const second = Math.floor(atMs / 1_000);
    counts.set(second, (counts.get(second) ?? 0) + 1);
  }
  return [...counts];
}

/** One row a contender, one bar a second; all rows have the same scale. */
function refusalsOf(results: readonly Result[], { x }: Scale): Markup[] {
  const counted = results.map(({ journal }) => perSecondOf(journal.refusedAtMs));
  const highest = Math.max(1, ...counted.flat().map(([, count]) => count));
  const tallest = ROWS.height - ROWS.gap;
  const barWidth = x(1_000) - x(0) - 1;
  const rows = results.flatMap(({ contender, journal }, index) => {
    const bottom = rowsBottom(index + 1);
    const color = COLORS[contender.id];
    const bars = (counted[index] ?? []).map(([second, count]) => {
      const height = (tallest * count) / highest;
      return element('rect', { x: x(second * 1_000), y: bottom - height, width: barWidth, height });
    });
    return [
      element('line', { x1: PLOT.left, x2: PLOT.right, y1: bottom, y2: bottom, stroke: GRID }),
      ...(bars.length === 0 ? [] : [element('g', { fill: color }, ...bars)]),
      element(
        'text',
        { x: PLOT.right + 12, y: bottom - 6, fill: color },
        element('tspan', { 'font-weight': 600 }, contender.name),
        `: ${journal.refusedAtMs.length}`,
      ),
    ];
  });
  return [
    element(
      'text',
      { x: PLOT.left, y: ROWS.top - 12 },
      element('tspan', { 'font-weight': 600 }, '429s that reached the client'),
      element('tspan', { fill: FAINT_INK }, ` in each second, ${highest} at most`),
    ),
    ...rows,
  ];
}
