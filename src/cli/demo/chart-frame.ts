/** Where everything in the chart stands: the two panels, their scales, axes and grids, and the quota as a line. */

import { element, type Markup, type Point, rounded } from './svg.ts';
import { QUOTA_PER_SECOND } from './traffic.ts';

export const WIDTH = 900;
export const HEIGHT = 600;
export const PLOT = { left: 62, right: 716, top: 124, bottom: 392 } as const;
export const ROWS = { top: 446, height: 32, gap: 4 } as const;

export const INK = '#1f2328';
export const FAINT_INK = '#59636e';
export const GRID = '#e4e8ec';
export const OFFERED = '#8c959f';
export const COLORS = { simple: '#cf222e', backoff: '#bf6a02', sluice: '#0a7d5a' } as const;

export const rowsBottom = (rows: number): number => ROWS.top + rows * ROWS.height;

export type Scale = {
  readonly lengthMs: number;
  readonly calls: number;
  readonly x: (atMs: number) => number;
  readonly y: (calls: number) => number;
};

export function scaleOf(lengthMs: number, calls: number): Scale {
  const { left, right, top, bottom } = PLOT;
  return {
    lengthMs,
    calls,
    x: (atMs) => left + ((right - left) * atMs) / lengthMs,
    y: (count) => bottom - ((bottom - top) * count) / (calls * 1.04),
  };
}

/** Ticks and names of the axes; below as many rows as there are contenders. */
export function gridOf({ lengthMs, calls, x, y }: Scale, rows: number): Markup[] {
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

/** Steeper than this the quota's name would run through the lines; so it does only in runs of a few seconds. */
const STEEPEST_NAME_DEGREES = 25;

/** What one account allows: nobody with one account can be above it. */
export function quotaOf({ lengthMs, calls, x, y }: Scale): Markup[] {
  const endMs = Math.min(lengthMs, (calls / QUOTA_PER_SECOND) * 1_000);
  const along = (share: number): Point => [x(endMs * share), y((endMs / 1_000) * share * QUOTA_PER_SECOND)];
  const [endX, endY] = along(1);
  const line = element('line', {
    x1: PLOT.left,
    y1: PLOT.bottom,
    x2: endX,
    y2: endY,
    stroke: FAINT_INK,
    'stroke-dasharray': '1.5 3.5',
  });
  const degrees = (Math.atan2(PLOT.bottom - endY, endX - PLOT.left) * 180) / Math.PI;
  if (degrees > STEEPEST_NAME_DEGREES) return [line];
  const [nameX, nameY] = along(0.93);
  const name = element(
    'text',
    {
      y: -7,
      'text-anchor': 'end',
      'font-size': 12,
      fill: FAINT_INK,
      transform: `translate(${rounded(nameX)} ${rounded(nameY)}) rotate(${rounded(-degrees)})`,
    },
    'quota of one account: 60 RPM, 1 RPS',
  );
  return [line, name];
}
