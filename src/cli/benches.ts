/** `sluice benches`: what the running relay leaves alone or has switched off, why, until when, and what to do about it. */

import { Command } from 'commander';
import pc from 'picocolors';
import { adviceFor } from '../domain/alert.ts';
import type { LiveBench } from '../http/live-routes.ts';
import { askRelay, type RelayDoors, type RelayFlags, showingRelay, WANTS_KEY } from './running-relay.ts';
import { type Column, tableText } from './table.ts';

export type LiveBenches = { readonly atMs: number; readonly benches: readonly LiveBench[] };

type Flags = RelayFlags & { readonly json?: boolean };

export type BenchesDoors = Pick<RelayDoors, 'addressOf' | 'get' | 'write'>;

export function benchesCommand(doors: BenchesDoors): Command {
  const command = new Command('benches').description(
    'show what the running relay leaves alone or has switched off: why, and until when',
  );
  return showingRelay(command).action((flags: Flags) => showBenches(flags, doors));
}

async function showBenches(flags: Flags, doors: BenchesDoors): Promise<void> {
  const live = (await askRelay(
    { path: '/live/benches', toStrangers: WANTS_KEY },
    flags,
    doors,
  )) as LiveBenches;
  doors.write(flags.json === true ? `${JSON.stringify(live.benches, null, 2)}\n` : benchesText(live));
}

export function benchesText({ atMs, benches }: LiveBenches): string {
  if (benches.length === 0) return 'Nothing is benched or switched off.\n';
  const columns: readonly Column<LiveBench>[] = [
    { head: 'what', of: ({ what }) => what },
    { head: 'since', of: ({ sinceMs }) => momentText(sinceMs, atMs) },
    { head: 'until', of: (bench) => untilText(bench, atMs) },
  ];
  const [head = '', ...lines] = tableText(benches, columns).trimEnd().split('\n');
  const blocks = benches.map((bench, index) => {
    const line = lines[index] ?? '';
    return [bench.off ? pc.red(line) : pc.yellow(line), ...wordsOf(bench).map((word) => `  ${word}`)];
  });
  return `${[head, ...blocks.flat()].join('\n')}\n`;
}

function wordsOf({ what, kind, meaning, off }: LiveBench): string[] {
  const words = [meaning, adviceFor(kind)];
  return off ? [...words, pc.dim(`sluice on ${what}`)] : words;
}

const untilText = ({ untilMs }: LiveBench, atMs: number): string =>
  untilMs === null ? 'switched off' : momentText(untilMs, atMs);

function momentText(ms: number, atMs: number): string {
  const moment = `${new Date(ms).toISOString().slice(0, 19)}Z`;
  return ms > atMs ? `${moment} (in ${spanText(ms - atMs)})` : `${moment} (${spanText(atMs - ms)} ago)`;
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
] as const;

/** In one unit, and at least two of it: enough to know whether to wait. */
function spanText(spanMs: number): string {
  const unit = UNITS.find(([, unitMs]) => spanMs >= 2 * unitMs);
  return unit === undefined
    ? `${Math.round(spanMs / 1_000)} s`
    : `${Math.round(spanMs / unit[1])} ${unit[0]}`;
}
