/**
 * `sluice db`: what an operator does with the database itself: bring it to this version, take a copy while the relay
 * runs, put one back, move it to another kind of database, hand a table to another program.
 */

import { createWriteStream, existsSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import { readDuration } from '../config/duration.ts';
import { backup } from '../storage/backup.ts';
import type { Database } from '../storage/database.ts';
import { migrate, migrationStatus } from '../storage/migrate.ts';
import { openDatabase } from '../storage/open-database.ts';
import { type DatabasePlace, shownPlace } from '../storage/place.ts';
import { restore } from '../storage/restore.ts';
import { readBackupFile, writeBackupFile } from './db/backup-file.ts';
import { exportTable, type Take } from './db/export.ts';
import { EXPORTED, isExported } from './db/exported.ts';
import { progressBar, type Terminal } from './db/progress-bar.ts';

export type DbDoors = {
  /** `database`: what `--database` says. */
  placeOf(flags: { readonly config?: string; readonly database?: string }): DatabasePlace;
  nowMs(): number;
  write(text: string): void;
  /** Standard output, waited for. */
  readonly take: Take;
  /** For progress. */
  readonly terminal: Terminal;
};

type Where = { readonly config?: string; readonly database?: string };

export function dbCommand(doors: DbDoors): Command {
  return new Command('db')
    .description('migrate, back up, restore and export the database')
    .addCommand(migrateCommand(doors))
    .addCommand(backupCommand(doors))
    .addCommand(restoreCommand(doors))
    .addCommand(exportCommand(doors));
}

const command = (name: string, description: string): Command =>
  new Command(name)
    .description(description)
    .option('-c, --config <file>', 'configuration file (default: sluice.yaml, if there is one)')
    .option('--database <url>', 'another database: postgres://… or sqlite:file');

function migrateCommand(doors: DbDoors): Command {
  type Flags = Where & { readonly status?: boolean; readonly timeLimit: number };
  return command('migrate', 'bring the tables to what this version knows; `sluice start` does it, too')
    .option('--status', 'only tell what is done and what is to be done')
    .option('--time-limit <duration>', 'for all of it, as in 60s', duration, 60_000)
    .action(async (flags: Flags) => {
      const place = doors.placeOf(flags);
      if (flags.status === true) {
        const steps = await opened(place, (database) => migrationStatus(database));
        const lines = steps.map(({ name, atMs }) => `  ${name}  ${doneText(atMs)}\n`);
        return doors.write(`${shownPlace(place)}\n${lines.join('')}`);
      }
      const done = await migrate(place, { limitMs: flags.timeLimit });
      const what = done.length === 0 ? 'nothing was to be done' : `done: ${done.join(', ')}`;
      doors.write(`${shownPlace(place)}: ${what}\n`);
    });
}

const doneText = (atMs: number | undefined): string =>
  atMs === undefined ? 'to be done' : `done ${new Date(atMs).toISOString()}`;

function backupCommand(doors: DbDoors): Command {
  type Flags = Where & { readonly force?: boolean };
  return command('backup', 'write everything into one file, of one moment, while the relay runs')
    .argument('<file>', 'such as sluice-2026-11-26.gz; it holds hashes and sealed secrets')
    .option('-f, --force', 'replace a file of that name')
    .action(async (file: string, flags: Flags) => {
      const place = doors.placeOf(flags);
      const bar = progressBar(doors.terminal, 'backing up');
      const rows = await opened(place, (database) =>
        writeBackupFile(
          file,
          (write) => backup(database, write, { nowMs: doors.nowMs(), onProgress: bar.show }),
          { replace: flags.force === true },
        ),
      ).finally(bar.clear);
      doors.write(`${shownPlace(place)} → ${file}: ${rowsText(rows)}\n`);
    });
}

function restoreCommand(doors: DbDoors): Command {
  type Flags = Where & { readonly force?: boolean };
  return command('restore', 'put a backup into an empty database, of either kind; stop the relay first')
    .argument('<file>', 'what `sluice db backup` wrote')
    .option('-f, --force', 'throw away what is in the database')
    .action(async (file: string, flags: Flags) => {
      const place = doors.placeOf(flags);
      const bar = progressBar(doors.terminal, 'restoring');
      const options = { force: flags.force === true, onProgress: bar.show };
      const rows = await restore(place, readBackupFile(file), options).finally(bar.clear);
      doors.write(`${file} → ${shownPlace(place)}: ${rowsText(rows)}\n`);
    });
}

function exportCommand(doors: DbDoors): Command {
  type Flags = Where & {
    readonly from?: number;
    readonly to?: number;
    readonly format: 'csv' | 'jsonl';
    readonly output?: string;
  };
  return command('export', 'write a table for other programs; never hashes or secrets')
    .argument('[table]', `one of ${Object.keys(EXPORTED).join(', ')}`, 'entries')
    .option('--from <date>', 'rows from then on: 2026-11-01, or 2026-11-01T08:00:00Z', date)
    .option('--to <date>', 'rows before that', date)
    .addOption(new Option('--format <format>', 'of what is written').choices(['csv', 'jsonl']).default('csv'))
    .option('-o, --output <file>', 'file instead of standard output')
    .action(async (table: string, flags: Flags) => {
      if (!isExported(table))
        throw new Error(`table: expected one of ${Object.keys(EXPORTED).join(', ')}, got '${table}'`);
      const ask = { table, format: flags.format, fromMs: flags.from, toMs: flags.to };
      const { output } = flags;
      await opened(doors.placeOf(flags), async (database) => {
        if (output === undefined) return await exportTable(database, ask, doors.take);
        const rows = await toFile(output, (take) => exportTable(database, ask, take));
        doors.write(`${table} → ${output}: ${rowsText(rows)}\n`);
      });
    });
}

async function opened<T>(place: DatabasePlace, work: (database: Database) => Promise<T>): Promise<T> {
  if (place.kind === 'sqlite' && !existsSync(place.path))
    throw new Error(`there is no database ${place.path}: --config or --database names another one`);
  // Counting a large table takes its time.
  const database = await openDatabase(place, { timeoutMs: 300_000, connections: 1 });
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

async function toFile<T>(path: string, work: (take: Take) => Promise<T>): Promise<T> {
  const file = createWriteStream(path, { flags: 'wx', mode: 0o600 });
  const failed = new Promise<never>((_, reject) => file.once('error', reject));
  failed.catch(() => {});
  const take = (text: string): Promise<boolean> =>
    Promise.race([new Promise<boolean>((resolve) => file.write(text, () => resolve(true))), failed]);
  try {
    const result = await work(take);
    await Promise.race([new Promise<void>((resolve) => file.end(() => resolve())), failed]);
    return result;
  } catch (error) {
    file.destroy();
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST')
      throw new Error(`${path} is there already: choose another name`);
    throw error;
  }
}

const rowsText = (rows: number): string => `${rows} ${rows === 1 ? 'row' : 'rows'}`;

function duration(text: string): number {
  const ms = readDuration(text);
  if (ms === undefined || ms <= 0) throw new InvalidArgumentError('expected a duration such as 60s or 5m');
  return ms;
}

/** A time of day without its zone would be another one on each machine. */
const DATE = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?$/;

function date(text: string): number {
  const ms = DATE.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms))
    throw new InvalidArgumentError('expected a date such as 2026-11-01 or 2026-11-01T08:00:00Z');
  return ms;
}
