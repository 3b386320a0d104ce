/** What commands that read the books ask alike: which calls, and since when. */

import type { Command } from 'commander';
import { readDuration } from '../config/duration.ts';
import { FILTERS, type FilterName } from '../ledger/usage-ask.ts';
import type { Query } from './admin-client.ts';

const NAMES = FILTERS.filter((name) => name !== 'key');

const WORDS: Readonly<Partial<Record<FilterName, string>>> = {
  model: 'only calls that asked for this model',
  served: 'only calls that this model served',
  failure: 'only calls that failed so, such as pool_limit',
  tag: 'only calls with this tag',
};

export type RangeFlags = {
  readonly since?: string;
  readonly from?: string;
  readonly to?: string;
  readonly clientKey?: string;
} & { readonly [Name in Exclude<FilterName, 'key'>]?: string };

export function askingRange(command: Command): Command {
  command
    .option('--since <time>', 'only the last of it, such as 7d or 3h')
    .option('--from <time>', 'a day or a moment, UTC, such as 2026-11-01 or 2026-11-26T14:00:00Z')
    .option('--to <time>', 'not included');
  for (const name of NAMES) command.option(`--${name} <name>`, WORDS[name] ?? `only calls of this ${name}`);
  // `--key` is whose key asks.
  command.option('--client-key <id>', 'only calls of this client key');
  return command;
}

/** Throws on what is no time. */
export function rangeQuery({ since, from, to, clientKey, ...flags }: RangeFlags, nowMs: number): Query {
  const filters = Object.fromEntries(
    NAMES.flatMap((name) => (flags[name] === undefined ? [] : [[name, flags[name]]])),
  );
  return { from: startText(since, from, nowMs), to, key: clientKey, ...filters };
}

function startText(since: string | undefined, from: string | undefined, nowMs: number): string | undefined {
  if (since === undefined) return from;
  if (from !== undefined) throw new Error('--since and --from say both when to begin: give one of them');
  const agoMs = readDuration(since);
  if (agoMs === undefined || agoMs <= 0)
    throw new Error(`--since: expected a time such as 7d, 3h or 30m, not '${since}'`);
  return new Date(Math.max(0, nowMs - agoMs)).toISOString();
}
