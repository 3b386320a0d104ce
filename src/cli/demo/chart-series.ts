/** What the contenders did, drawn: answers as steps with a name at the end, 429s as bars for each second. */

import { COLORS, FAINT_INK, GRID, PLOT, ROWS, rowsBottom, type Scale } from './chart-frame.ts';
import type { Result } from './contenders.ts';
import { element, type Markup, type Point, stepPath } from './svg.ts';

/** Least distance between the labels at the ends of two lines. */
const LABEL_GAP = 36;
/** From its first base line to its last. */
const LABEL_HEIGHT = 17;

/** Counts up at each time, and stays to the end. */
export function lineOf(
  timesMs: readonly number[],
  { lengthMs, x, y }: Scale,
  style: Record<string, string | number>,
): Markup {
  const points = timesMs.toSorted((a, b) => a - b).map((atMs, index): Point => [x(atMs), y(index + 1)]);
  const end: Point = [x(lengthMs), y(timesMs.length)];
  return element('path', { d: stepPath([[x(0), y(0)], ...points, end]), fill: 'none', ...style });
}

/** At the height of the line's end, unless a neighbour or the plot's end is in the way. */
export function endLabels(results: readonly Result[], { y }: Scale): Markup[] {
  const labels = results
    .map(({ contender, journal }) => ({ contender, journal, y: y(journal.answers.length) }))
    .sort((a, b) => a.y - b.y);
  let least = PLOT.top;
  return labels.flatMap(({ contender, journal, y: wanted }, index) => {
    const most = PLOT.bottom - LABEL_GAP * (labels.length - 1 - index) - LABEL_HEIGHT;
    const at = Math.min(Math.max(wanted, least), most);
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
export function refusalsOf(results: readonly Result[], { x }: Scale): Markup[] {
  const counted = results.map(({ journal }) => perSecondOf(journal.refusedAtMs));
  const highest = Math.max(1, ...counted.flat().map(([, count]) => count));
  const tallest = ROWS.height - ROWS.gap;
  const barWidth = 0.9 * (x(1_000) - x(0));
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
      element('tspan', { dx: 6, fill: FAINT_INK }, `in each second, ${highest} at most`),
    ),
    ...rows,
  ];
}
