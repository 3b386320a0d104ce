/** `sluice calls`: the last calls, one after the other as they end (`--tail`), and the whole story of one (`show`). */

import { Command } from 'commander';
import pc from 'picocolors';
import { isJsonObject, type JsonObject } from '../base/json.ts';
import {
  type AdminClient,
  type AdminFlags,
  adminClient,
  listingAdmin,
  meaningAdmin,
  pathPart,
  type Query,
} from './admin-client.ts';
import { askingRange, type RangeFlags, rangeQuery } from './asked-range.ts';
import { countText, moneyText, timeText } from './figures.ts';
import { type Column, csvText } from './table.ts';
import type { ReportCommandDoors } from './usage.ts';

export type CallsDoors = ReportCommandDoors & {
  /** Resolves after this time; false: it is enough. */
  goesOn(ms: number): Promise<boolean>;
};

type Flags = AdminFlags & RangeFlags & { readonly limit: string; readonly tail?: boolean };

export const callsCommand = (doors: CallsDoors): Command =>
  askingRange(
    listingAdmin(new Command('calls').description('the last calls, newest last, or the whole story of one')),
  )
    .option('-n, --limit <number>', 'how many', '20')
    .option('--tail', 'go on with new ones as they end')
    .action((flags: Flags) => calls(flags, doors))
    .addCommand(
      meaningAdmin(
        new Command('show')
          .description('why it waited, what was tried, how it ended, and what it cost')
          .argument('<id>', 'req_…, as in x-request-id'),
      ).action((id: string, _flags: AdminFlags, command: Command) =>
        show(id, command.optsWithGlobals(), doors),
      ),
    );

async function calls(flags: Flags, doors: CallsDoors): Promise<void> {
  const limit = Number(flags.limit);
  if (!Number.isInteger(limit) || limit < 1)
    throw new Error(`--limit: expected a whole number from 1, not '${flags.limit}'`);
  const client = adminClient(flags, doors);
  const rows = await client.list('/calls', rangeQuery(flags, doors.nowMs()), limit);
  if (flags.json === true && flags.tail !== true) {
    doors.write(`${JSON.stringify(rows, null, 2)}\n`);
    return;
  }
  const print = (some: readonly JsonObject[]): void => {
    for (const row of some) doors.write(flags.json === true ? `${JSON.stringify(row)}\n` : callText(row));
  };
  if (flags.csv === true) doors.write(csvText(rows, CSV_COLUMNS));
  else if (rows.length === 0 && flags.tail !== true) doors.write('There were no such calls.\n');
  else print([...rows].reverse());
  if (flags.tail === true) await tail(flags, { client, doors, print, shown: rows });
}

/** A call is written when it ends, and stands where it came: long ones appear behind others that were shown before. */
const LOOKED_BACK_MS = 3_600_000;
const EVERY_MS = 2_000;
const LOOKED_AT = 500;

type Tail = {
  readonly client: AdminClient;
  readonly doors: CallsDoors;
  readonly print: (rows: readonly JsonObject[]) => void;
  readonly shown: readonly JsonObject[];
};

async function tail(flags: Flags, { client, doors, print, shown }: Tail): Promise<void> {
  const beganMs = doors.nowMs();
  const seen = new Set(shown.map(({ id }) => id));
  while (await doors.goesOn(EVERY_MS)) {
    const fromMs = doors.nowMs() - LOOKED_BACK_MS;
    const query: Query = { ...rangeQuery(flags, beganMs), from: new Date(fromMs).toISOString() };
    const fresh = (await client.list('/calls', query, LOOKED_AT)).filter(
      ({ id, ended_at }) => !seen.has(id) && Date.parse(String(ended_at)) >= beganMs - EVERY_MS,
    );
    for (const { id } of fresh) seen.add(id);
    print(fresh.sort((a, b) => (String(a['ended_at']) < String(b['ended_at']) ? -1 : 1)));
  }
}

async function show(id: string, flags: AdminFlags, doors: CallsDoors): Promise<void> {
  const call = await adminClient(flags, doors).get(`/calls/${pathPart(id)}`);
  if (flags.json === true) {
    doors.write(`${JSON.stringify(call, null, 2)}\n`);
    return;
  }
  const told = isJsonObject(call) && Array.isArray(call['told']) ? call['told'] : [];
  doors.write(`${[pc.bold(id), '', ...told.map((line) => plain(line))].join('\n')}\n`);
}

/** Two lines: what it was, and under which id more is told of it. */
export function callText(call: JsonObject): string {
  const text = (name: string): string => plain(call[name] ?? '');
  const number = (name: string): number => Number(call[name] ?? 0);
  const tokens = isJsonObject(call['tokens']) ? call['tokens'] : undefined;
  const sum = (...names: string[]): number =>
    names.reduce((all, name) => all + Number(tokens?.[name] ?? 0), 0);
  const failed = text('failure') !== '';
  const parts = [
    text('arrived_at').slice(5, 19).replace('T', ' '),
    failed ? pc.red(text('status')) : text('status'),
    pc.bold(text('model')),
    `of ${text('key')}`,
    `${timeText(number('duration_ms'))}${number('queue_ms') >= 1 ? ` (${timeText(number('queue_ms'))} in line)` : ''}`,
    tokens === undefined
      ? ''
      : `${countText(sum('input', 'cache_read', 'cache_write'))} in ${countText(sum('output', 'reasoning'))} out`,
    tokens === undefined ? '' : moneyText(call['charged'] as string | null),
  ];
  const end = failed ? text('failure') : text('end') === 'complete' ? '' : text('end');
  const served = [text('channel'), end].filter((part) => part !== '').join('  ');
  return `${parts.filter((part) => part !== '').join('  ')}\n  ${pc.dim(`${text('id')}  ${served}`.trimEnd())}\n`;
}

/** Nothing that a terminal would obey. */
const plain = (value: unknown): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be in it
  String(value).replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ');

const CSV_NAMES = [
  ...[
    'id',
    'arrived_at',
    'ended_at',
    'tenant',
    'project',
    'key',
    'model',
    'served',
    'channel',
    'status',
    'end',
  ],
  ...['failure', 'attempts', 'queue_ms', 'first_content_ms', 'duration_ms'],
  ...['list', 'charged', 'upstream', 'factor', 'price'],
];
const CSV_TOKENS = ['input', 'cache_read', 'cache_write', 'output', 'reasoning'];

const CSV_COLUMNS: readonly Column<JsonObject>[] = [
  ...CSV_NAMES.map((name) => ({ head: name, of: (call: JsonObject) => cell(call[name]) })),
  ...CSV_TOKENS.map((name) => ({
    head: `${name}_tokens`,
    of: ({ tokens }: JsonObject) => (isJsonObject(tokens) ? cell(tokens[name]) : null),
  })),
];

const cell = (value: unknown): string | number | null =>
  typeof value === 'number' || typeof value === 'string' ? value : null;
