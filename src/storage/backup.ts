/**
 * Everything in a database as lines of JSON, the same for both databases, so that one can be moved into the other: a head
 * with the migrations that it is made by, then each table with its rows, and an end that says that nothing is missing. It
 * is of one moment, whoever writes meanwhile, and holds hashes and sealed secrets.
 */

import type { Transaction } from 'kysely';
import type { Database } from './database.ts';
import { newerThan } from './migration-steps.ts';
import { MIGRATIONS } from './migrations/index.ts';
import { pagesOf } from './pages.ts';
import { TABLE_KEYS } from './table-keys.ts';
import { tableNames } from './table-names.ts';
import type { Tables } from './tables.ts';
import type { SqlValue } from './values.ts';

export const BACKUP_FORMAT = 'sluice-backup';
export const BACKUP_VERSION = 1;

/** What people read: what is wrong, where, what to do. */
export class BackupError extends Error {
  override readonly name = 'BackupError';
}

export type BackupHead = {
  readonly format: typeof BACKUP_FORMAT;
  readonly version: number;
  readonly migrations: readonly string[];
  readonly made_ms: number;
  /** In all tables together. */
  readonly rows: number;
};

export type BackupTable = { readonly table: string; readonly columns: readonly string[] };
export type BackupRow = readonly (string | number | null)[];
export type BackupEnd = { readonly end: true; readonly rows: number };

/** Rows so far, and all that there are. */
export type OnProgress = (rows: number, total: number) => void;

export type BackupOptions = { readonly nowMs: number; readonly onProgress?: OnProgress };

type Write = (line: string) => Promise<void>;

/** `write` is waited for: it may be slower than the database. Returns the number of rows. */
export function backup(database: Database, write: Write, options: BackupOptions): Promise<number> {
  return database.query
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute((transaction) => writeAll(database, { transaction, write, ...options }));
}

type Work = BackupOptions & { readonly transaction: Transaction<Tables>; readonly write: Write };

async function writeAll(database: Database, work: Work): Promise<number> {
  const { transaction, write, nowMs, onProgress } = work;
  const tables = (Object.keys(TABLE_KEYS) as (keyof Tables)[]).filter((table) => table !== 'migrations');
  const migrations = await migrationsOf(database, transaction);
  let total = 0;
  for (const table of tables) total += await countOf(transaction, table);
  const head: BackupHead = {
    format: BACKUP_FORMAT,
    version: BACKUP_VERSION,
    migrations,
    made_ms: Math.floor(nowMs),
    rows: total,
  };
  await write(JSON.stringify(head));
  let rows = 0;
  for (const table of tables) {
    let columns: readonly string[] | undefined;
    for await (const page of pagesOf(transaction, table)) {
      if (columns === undefined) {
        columns = Object.keys(page[0] ?? {});
        await write(JSON.stringify({ table, columns } satisfies BackupTable));
      }
      for (const row of page) await write(JSON.stringify(columns.map((name) => plain(row[name] ?? null))));
      rows += page.length;
      onProgress?.(rows, total);
    }
  }
  await write(JSON.stringify({ end: true, rows } satisfies BackupEnd));
  return rows;
}

/** A database of another version has other tables than those that are known here. */
async function migrationsOf({ kind }: Database, transaction: Transaction<Tables>): Promise<string[]> {
  const names = (await tableNames({ kind, query: transaction })).includes('migrations')
    ? (await transaction.selectFrom('migrations').select('name').orderBy('name').execute()).map(
        ({ name }) => name,
      )
    : [];
  const newer = newerThan(MIGRATIONS, names);
  if (newer !== undefined) throw new BackupError(newer);
  if (names.length < MIGRATIONS.length)
    throw new BackupError('the database is not of this version: run `sluice db migrate` first');
  return names;
}

async function countOf(transaction: Transaction<Tables>, table: keyof Tables): Promise<number> {
  const { count } = await transaction
    .selectFrom(table)
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return count;
}

const plain = (value: SqlValue): string | number | null =>
  typeof value === 'bigint' ? String(value) : (value as string | number | null);
