/**
 * The run while it runs: on a terminal one bar for each contender, drawn anew in place; elsewhere (or on a dumb
 * terminal) plain lines now and then. Bars differ by sign as well as by colour, which may be switched off.
 */

import pc from 'picocolors';
import type { Cancel, Clock } from '../../base/clock.ts';
import type { Contender } from './contenders.ts';
import type { Journal } from './journal.ts';

export type Screen = {
  readonly write: (text: string) => unknown;
  /** Can lines be drawn anew in place? */
  readonly live: boolean;
  readonly color: boolean;
  readonly columns: number;
};

export type Watched = {
  readonly contenders: readonly Contender[];
  readonly journals: readonly Journal[];
  /** Sent to each contender. */
  readonly calls: number;
  readonly startMs: number;
  /** After which all must have ended. */
  readonly longestMs: number;
};

const LIVE_MS = 200;
const PLAIN_MS = 5_000;
const LONGEST_BAR = 48;

const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';
const upBy = (lines: number): string => (lines === 0 ? '' : `\x1b[${lines}A`);
const CLEAR_LINE = '\x1b[2K';

/** Draws until the returned function is called, which draws once more. */
export function startDisplay(watched: Watched, screen: Screen, clock: Clock): () => void {
  let drawn = 0;
  const draw = (): void => {
    const elapsedMs = clock.now() - watched.startMs;
    if (!screen.live) {
      screen.write(`${plainLine(watched, elapsedMs)}\n`);
      return;
    }
    const lines = frameOf(watched, { screen, elapsedMs });
    screen.write(`${upBy(drawn)}${lines.map((line) => `${CLEAR_LINE}${line}\n`).join('')}`);
    drawn = lines.length;
  };
  screen.write(screen.live ? HIDE_CURSOR : `${plainHead(watched)}\n`);
  let cancel: Cancel;
  const again = (): void => {
    draw();
    cancel = clock.after(screen.live ? LIVE_MS : PLAIN_MS, again);
  };
  cancel = clock.after(0, again);
  return () => {
    cancel();
    draw();
    if (screen.live) screen.write(SHOW_CURSOR);
  };
}

type Moment = { readonly screen: Pick<Screen, 'color' | 'columns'>; readonly elapsedMs: number };

/** One line a contender, and one for the time. None is wider than the screen. */
export function frameOf(
  { contenders, journals, calls, longestMs }: Watched,
  { screen, elapsedMs }: Moment,
): string[] {
  const colors = pc.createColors(screen.color);
  const nameWidth = Math.max(...contenders.map(({ name }) => name.length));
  const lines = contenders.map(({ name }, index) => {
    const journal = journals[index];
    if (journal === undefined) return name;
    const figures = figuresOf(journal, String(calls).length);
    const width = Math.min(LONGEST_BAR, screen.columns - nameWidth - figures.length - 5);
    const bar = barOf(journal, { calls, width })
      .filter(({ text }) => text !== '')
      .map(({ part, text }) => colors[PART_COLORS[part]](text))
      .join('');
    return width < 6
      ? `  ${name} ${figures}`.slice(0, screen.columns - 1)
      : `  ${name.padEnd(nameWidth)} ${bar} ${figures}`;
  });
  const leftMs = Math.max(0, longestMs - elapsedMs);
  const time = `  ${minutes(elapsedMs)} elapsed, at most ${minutes(leftMs)} left`;
  return [...lines, colors.dim(time.slice(0, screen.columns - 1))];
}

const PLAIN_COLUMNS = ['answered', 'waiting', 'failed', '429s'] as const;
const PLAIN_WIDTH = 8;

/** Two lines above the plain ones. */
export function plainHead({ contenders }: Pick<Watched, 'contenders'>): string {
  const groupWidth = PLAIN_COLUMNS.length * (PLAIN_WIDTH + 1) - 1;
  const words = PLAIN_COLUMNS.map((word) => word.padStart(PLAIN_WIDTH)).join(' ');
  const names = contenders.map(({ name }) => name.padEnd(groupWidth));
  return `${['     ', ...names].join('   ').trimEnd()}\n${['time ', ...contenders.map(() => words)].join('   ')}`;
}

export function plainLine({ journals }: Pick<Watched, 'journals'>, elapsedMs: number): string {
  const groups = journals.map(({ answers, waiting, failures, refusedAtMs }) =>
    [answers.length, waiting, failures.length, refusedAtMs.length]
      .map((value) => String(value).padStart(PLAIN_WIDTH))
      .join(' '),
  );
  return [minutes(elapsedMs).padEnd(5), ...groups].join('   ');
}

function figuresOf({ answers, waiting, failures, refusedAtMs }: Journal, width: number): string {
  const figure = (value: number, word: string): string => `${String(value).padStart(width)} ${word}`;
  return [
    figure(answers.length, 'answered'),
    figure(waiting, 'waiting'),
    figure(failures.length, 'failed'),
    figure(refusedAtMs.length, '429s'),
  ].join(' ');
}

const PART_COLORS = { answered: 'green', waiting: 'yellow', failed: 'red', ahead: 'dim' } as const;
const PART_SIGNS = { answered: '█', waiting: '░', failed: '×', ahead: '·' } as const;
type Part = keyof typeof PART_COLORS;

/** The parts together are `width` signs wide. */
export function barOf(
  { answers, waiting, failures }: Journal,
  { calls, width }: { readonly calls: number; readonly width: number },
): readonly { readonly part: Part; readonly text: string }[] {
  const ends: [Part, number][] = [
    ['answered', answers.length],
    ['waiting', answers.length + waiting],
    ['failed', answers.length + waiting + failures.length],
    ['ahead', calls],
  ];
  let from = 0;
  return ends.map(([part, end]) => {
    const to = Math.round((Math.max(0, width) * end) / Math.max(1, calls));
    const text = PART_SIGNS[part].repeat(Math.max(0, to - from));
    from = Math.max(from, to);
    return { part, text };
  });
}

function minutes(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
