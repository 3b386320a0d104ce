/**
 * The run as a picture: answered calls over time as steps against what was offered, and below the 429s that reached
 * each client, second by second. Plain SVG with a background of its own, so it reads on light pages and on dark ones.
 */

import { COLORS, FAINT_INK, gridOf, HEIGHT, INK, OFFERED, quotaOf, scaleOf, WIDTH } from './chart-frame.ts';
import { endLabels, lineOf, refusalsOf } from './chart-series.ts';
import type { Result } from './contenders.ts';
import { element, type Markup } from './svg.ts';
import { type Arrival, CALLS_PER_SECOND, MODEL } from './traffic.ts';

const LEFT = 24;
const SWATCH_WIDTH = 31;
const LEGEND_GAP = 28;
/** Of a wide font: text measures itself only when it is shown. */
const LETTER_WIDTH = 6.7;

const OFFERED_LINE = { stroke: OFFERED, 'stroke-width': 1.5, 'stroke-dasharray': '5 4' } as const;

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
      OFFERED_LINE,
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

const titleOf = (results: readonly Result[], traffic: readonly Arrival[]): string =>
  results
    .map(
      ({ contender, journal }) =>
        `${contender.name}: ${journal.answers.length} of ${traffic.length} answered`,
    )
    .join('; ');

function headOf(traffic: readonly Arrival[]): Markup[] {
  const seconds = Math.round(traffic.length / CALLS_PER_SECOND);
  const what = `${traffic.length} calls in ${seconds} s, in groups as agents send them: three times the quota of one account`;
  return [
    element(
      'text',
      { x: LEFT, y: 36, 'font-size': 19, 'font-weight': 600 },
      'The same calls, sent in three ways',
    ),
    element('text', { x: LEFT, y: 59, fill: FAINT_INK }, `${what} of ${MODEL}.`),
  ];
}

/** Swatches with names, one after the other. */
function legendOf(results: readonly Result[]): Markup[] {
  const entries = [
    ...results.map(({ contender: { id, name, accounts } }) => ({
      name: `${name}, ${accounts} account${accounts === 1 ? '' : 's'}`,
      line: { stroke: COLORS[id], 'stroke-width': 3 },
    })),
    { name: 'offered: the quota of 3 accounts', line: OFFERED_LINE },
  ];
  let next = LEFT;
  return entries.flatMap(({ name, line }) => {
    const x = next;
    next += SWATCH_WIDTH + name.length * LETTER_WIDTH + LEGEND_GAP;
    return [
      element('line', { x1: x, x2: x + SWATCH_WIDTH - 7, y1: 85, y2: 85, ...line }),
      element('text', { x: x + SWATCH_WIDTH, y: 89.5 }, name),
    ];
  });
}
