/**
 * `sluice demo`: the founding article's story in about a minute. The same calls, three times the quota of one
 * account, go straight to the upstream, there with backoff, and through Sluice; the upstream is the simulator, the
 * HTTP is real. Ends with one table and one picture.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import pc from 'picocolors';
import { systemClock } from '../base/clock.ts';
import { createSeededRandom } from '../base/seeded-random.ts';
import { DEFAULT_PACE, saidAfterMs } from '../simulator/pace.ts';
import { chartOf } from './demo/chart.ts';
import { LONGEST_BACKOFF_MS } from './demo/client.ts';
import { CONTENDERS, type Result, runContenders } from './demo/contenders.ts';
import { type Screen, startDisplay } from './demo/display.ts';
import { figuresOf, LEGEND, markdownTable, textTable, verdictOf } from './demo/table.ts';
import { CALLS_PER_SECOND, MODEL, planTraffic } from './demo/traffic.ts';

type Flags = {
  readonly seconds: number;
  readonly seed: number;
  readonly out: string;
  readonly markdown?: string;
  readonly json: boolean;
};

/** With the last backoff it makes about a minute. */
const DEFAULT_SECONDS = 45;
const LONGEST_SECONDS = 600;
/** The longest answer of the simulator's usual ones. */
const LONGEST_ANSWER_MS = saidAfterMs(DEFAULT_PACE, 90);
/** Of a process that was ended by SIGINT. */
const INTERRUPTED = 130;

export function demoCommand(): Command {
  return new Command('demo')
    .description('three times the quota of one account: without Sluice, with backoff, with Sluice')
    .option('--seconds <number>', 'how long calls arrive', whole(1, LONGEST_SECONDS), DEFAULT_SECONDS)
    .option('--seed <number>', 'the same seed sends the same calls', whole(0, 2 ** 32 - 1), 1)
    .option('--out <file>', 'where the chart goes, as SVG', 'sluice-demo.svg')
    .option('--markdown <file>', 'where the table goes, as Markdown')
    .option('--json', 'print the figures as JSON instead of the table', false)
    .action(async (flags: Flags) => {
      const interrupted = new AbortController();
      const interrupt = (): void => interrupted.abort(new Error('interrupted'));
      process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
      try {
        process.exitCode = await demonstrate(flags, interrupted.signal);
      } catch (error) {
        if (!interrupted.signal.aborted) throw error;
        process.stderr.write('Stopped: nothing was written, nothing is left running.\n');
        process.exitCode = INTERRUPTED;
      } finally {
        process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
      }
    });
}

/** Gives the exit code. */
async function demonstrate(flags: Flags, signal: AbortSignal): Promise<number> {
  const traffic = planTraffic({ seconds: flags.seconds, random: createSeededRandom(flags.seed) });
  const longestMs = flags.seconds * 1_000 + LONGEST_BACKOFF_MS + LONGEST_ANSWER_MS;
  // A file that cannot be written should not be noticed after a minute.
  for (const file of [flags.out, flags.markdown ?? flags.out]) mkdirSync(dirname(file), { recursive: true });
  process.stderr.write(introduction(traffic.length, flags.seconds));
  let stopDisplay = (): void => {};
  let results: readonly Result[];
  try {
    results = await runContenders(CONTENDERS, {
      traffic,
      seed: flags.seed,
      signal,
      onStart(startMs, journals) {
        const watched = { contenders: CONTENDERS, journals, calls: traffic.length, startMs, longestMs };
        stopDisplay = startDisplay(watched, screen(), systemClock);
      },
    });
  } finally {
    stopDisplay();
  }

  const figures = results.map(figuresOf);
  if (flags.json) {
    const { seconds, seed, out } = flags;
    process.stdout.write(
      `${JSON.stringify({ model: MODEL, seconds, seed, chart: out, figures }, null, 2)}\n`,
    );
  } else process.stdout.write(`\n${textTable(figures)}\n\n${LEGEND.join('\n')}\n\n`);
  writeFileSync(flags.out, chartOf({ results, traffic }));
  if (flags.markdown !== undefined) writeFileSync(flags.markdown, markdownTable(figures));
  const { ok, sentence } = verdictOf(results);
  process.stderr.write(`The chart is in ${flags.out}.\n${(ok ? pc.green : pc.red)(sentence)}\n`);
  return ok ? 0 : 1;
}

function introduction(calls: number, seconds: number): string {
  return [
    '',
    `${calls} calls in ${seconds} s, ${CALLS_PER_SECOND} a second on average and in groups as agents send them:`,
    `three times what one account may send to ${MODEL} (60 RPM, 100,000 TPM, 1 RPS).`,
    'The upstream is the built-in simulator, over HTTP, with accounts of their own for each.',
    '',
    '',
  ].join('\n');
}

function screen(): Screen {
  const { stderr, env } = process;
  return {
    write: (text) => stderr.write(text),
    live: stderr.isTTY === true && env['TERM'] !== 'dumb',
    color: stderr.isTTY === true && !env['NO_COLOR'],
    columns: stderr.columns ?? 80,
  };
}

const whole =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < least || value > most)
      throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`);
    return value;
  };
