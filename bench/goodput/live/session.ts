/** A run over HTTP from its flags to its end: the processes, the wait for the owner, and a limit to all of it. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { createChildren } from '../../overhead/children.ts';
import type { Progress } from '../../overhead/progress.ts';
import { longestLiveMs, measureLive } from './live.ts';
import { type LiveFigures, liveTable } from './measures.ts';
import { LIVE_MODEL } from './setting.ts';

export type LiveFlags = {
  readonly target?: string | undefined;
  readonly key?: string | undefined;
  readonly model?: string | undefined;
  /** `10s`; without it the owner presses Enter. */
  readonly 'start-after'?: string | undefined;
  readonly port?: string | undefined;
  readonly minutes?: string | undefined;
};

/** Prints the table, or gives the figures. Whatever happens, nothing is left running. */
export async function runLive(flags: LiveFlags, progress: Progress): Promise<LiveFigures> {
  const children = createChildren();
  const directory = mkdtempSync(join(tmpdir(), 'sluice-goodput-'));
  const clean = (): void => {
    children.endAll();
    rmSync(directory, { recursive: true, force: true });
  };
  process.once('exit', clean);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => process.exit(130));
  }
  const startAfterMs = flags['start-after'] === undefined ? undefined : secondsOf(flags['start-after']);
  const measuredMs = flags.minutes === undefined ? undefined : Number(flags.minutes) * 60_000;
  let limit: NodeJS.Timeout | undefined;
  const armLimit = (): void => {
    limit = setTimeout(() => {
      progress.note('gave up: the run has lasted longer than any may');
      process.exit(1);
    }, longestLiveMs(measuredMs)).unref();
  };
  const target =
    flags.target === undefined
      ? undefined
      : {
          baseUrl: flags.target,
          keys: (flags.key ?? 'no-key').split(','),
          model: flags.model ?? LIVE_MODEL,
        };
  if (target === undefined) armLimit();
  try {
    return await measureLive({
      children,
      directory,
      upstreamPort: Number(flags.port ?? 0),
      measuredMs,
      target,
      show: progress.show,
      async untilEntered(instructions) {
        progress.note(instructions);
        await (startAfterMs === undefined ? enterPressed(progress) : wait(startAfterMs));
        armLimit();
      },
    });
  } finally {
    clearTimeout(limit);
    progress.clear();
    process.off('exit', clean);
    clean();
  }
}

export const liveText = (flags: LiveFlags, figures: LiveFigures): string =>
  liveTable(flags.target ?? 'Sluice, over HTTP', figures);

function secondsOf(text: string): number {
  const seconds = /^(\d+(?:\.\d+)?)s?$/.exec(text)?.[1];
  if (seconds === undefined) throw new Error(`--start-after: expected seconds, e.g. 10s, got ${text}`);
  return Number(seconds) * 1_000;
}

function enterPressed(progress: Progress): Promise<void> {
  progress.note('Press Enter to begin.');
  return new Promise((resolve) => {
    const lines = createInterface({ input: process.stdin });
    lines.once('line', () => lines.close());
    lines.once('close', () => resolve());
  });
}
