/**
 * Three bars for each policy in two situations: what of the limit was used, what the providers refused, what clients
 * saw of it. Plain SVG with a background of its own, so it reads on light pages and on dark ones.
 */

import { element, type Markup } from '../../src/cli/demo/svg.ts';
import { figure } from '../overhead/table.ts';
import { type Measure, nameOf, type Summary, scenarioOf } from './report.ts';

const WIDTH = 900;
const LEFT = 24;
const NAMES_WIDTH = 212;
const ROW = 24;
const BAR = 15;
const BLOCK_HEAD = 50;
const TOP = 84;

const INK = '#1f2328';
const FAINT_INK = '#59636e';
const TRACK = '#eef1f4';
const OTHERS = '#8c959f';
const SLUICE = '#0a7d5a';

/** One steady overload, one that comes in bursts. */
export const CHARTED = ['steady-1.2', 'on-off'] as const;

type Panel = {
  readonly title: string;
  readonly measure: Measure;
  readonly full: number;
  readonly digits: number;
};

const PANELS: readonly Panel[] = [
  { title: 'limit used, %', measure: 'sharePercent', full: 100, digits: 1 },
  { title: 'upstream 429 per 1,000', measure: 'refusalsPerThousand', full: 1_000, digits: 1 },
  { title: 'calls refused to clients, %', measure: 'shownPercent', full: 100, digits: 1 },
];
const PANEL_WIDTH = (WIDTH - 2 * LEFT - NAMES_WIDTH) / PANELS.length;
const TRACK_WIDTH = PANEL_WIDTH - 70;

/** A whole SVG document; situations that were not measured are left out. */
export function chartOf(summaries: readonly Summary[]): string {
  const blocks = CHARTED.map((id) => ({
    title: scenarioOf(id).name,
    rows: summaries.filter(({ scenario }) => scenario === id),
  })).filter(({ rows }) => rows.length > 0);
  let y = TOP;
  const drawn = blocks.flatMap(({ title, rows }) => {
    const at = y;
    y += BLOCK_HEAD + rows.length * ROW + 14;
    return blockOf(title, rows, at);
  });
  const height = y + 10;
  const root = element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      width: WIDTH,
      height,
      viewBox: `0 0 ${WIDTH} ${height}`,
      role: 'img',
      'font-family': "system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif",
      'font-size': 13,
      fill: INK,
    },
    element('title', {}, blocks.map(({ title, rows }) => `${title}: ${spoken(rows)}`).join('; ')),
    element('rect', {
      x: 0.5,
      y: 0.5,
      width: WIDTH - 1,
      height: height - 1,
      rx: 8,
      fill: '#fff',
      stroke: '#d0d7de',
    }),
    element(
      'text',
      { x: LEFT, y: 36, 'font-size': 19, 'font-weight': 600 },
      'The same calls, the same accounts',
    ),
    element(
      'text',
      { x: LEFT, y: 59, fill: FAINT_INK },
      'Five accounts of 600 RPM and 1,000,000 TPM, enforced by the second and the minute; 20-400 ms between.',
    ),
    ...drawn,
  );
  return `${root.markup}\n`;
}

function blockOf(title: string, rows: readonly Summary[], top: number): Markup[] {
  const heads = PANELS.map((panel, index) =>
    element('text', { x: panelX(index), y: top + BLOCK_HEAD - 10, fill: FAINT_INK }, panel.title),
  );
  return [
    // On a line of its own: names of situations are longer than those of policies.
    element('text', { x: LEFT, y: top + BLOCK_HEAD - 30, 'font-weight': 600 }, title),
    ...heads,
    ...rows.flatMap((summary, index) => rowOf(summary, top + BLOCK_HEAD + index * ROW)),
  ];
}

function rowOf(summary: Summary, y: number): Markup[] {
  const ours = summary.policy === 'sluice';
  const weight = ours ? { 'font-weight': 600 } : {};
  const baseLine = y + BAR - 3;
  return [
    element('text', { x: LEFT, y: baseLine, ...weight }, nameOf(summary.policy)),
    ...PANELS.flatMap(({ measure, full, digits }, index) => {
      const { mean } = summary.of(measure);
      const x = panelX(index);
      const width = TRACK_WIDTH * Math.min(1, Math.max(0, mean / full));
      return [
        element('rect', { x, y, width: TRACK_WIDTH, height: BAR, fill: TRACK }),
        element('rect', { x, y, width, height: BAR, fill: ours ? SLUICE : OTHERS }),
        element('text', { x: x + TRACK_WIDTH + 8, y: baseLine, ...weight }, figure(mean, digits)),
      ];
    }),
  ];
}

const panelX = (index: number): number => LEFT + NAMES_WIDTH + index * PANEL_WIDTH;

const spoken = (rows: readonly Summary[]): string =>
  rows
    .map((summary) => `${nameOf(summary.policy)} ${figure(summary.of('sharePercent').mean, 1)} %`)
    .join(', ');
