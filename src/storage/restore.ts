/**
 * Puts a backup into a database, in one transaction: all of it is there, or nothing has changed. The tables are made as
 * they were when the backup was, filled, and then brought to what this version knows.
 */

import { sql, type Transaction } from 'kysely';
import { z } from 'zod';
import { type Clock, systemClock } from '../base/clock.ts';
import { parseJson } from '../base/json.ts';
import { BACKUP_FORMAT, BACKUP_VERSION, BackupError, type OnProgress } from './backup.ts';
import type { DatabaseKind } from './database.ts';
import { applied, apply, lockTables, newerThan } from './migration-steps.ts';
import { MIGRATIONS, type Migration } from './migrations/index.ts';
import { openDatabase } from './open-database.ts';
import { type DatabasePlace, shownPlace } from './place.ts';
import { TABLE_KEYS } from './table-keys.ts';
import { tableNames } from './table-names.ts';
import type { Tables } from './tables.ts';
import { isNano, type SqlValue } from './values.ts';

export type RestoreOptions = {
  /** Throws away what is there. */
  readonly force?: boolean;
  readonly onProgress?: OnProgress;
  readonly migrations?: readonly Migration[];
  readonly clock?: Clock;
};

/** One statement: a large table may get an index. */
const LIMIT_MS = 600_000;

/** What a relay writes by itself: a database with nothing else is as good as empty. */
const UNCOUNTED: readonly string[] = ['migrations', 'revisions', 'sessions'];

/** Below the most values that a statement may have in either database. */
const VALUES = 16_000;

const headSchema = z.object({
  format: z.literal(BACKUP_FORMAT),
  version: z.number(),
  migrations: z.array(z.string()),
  rows: z.number(),
});
const tableSchema = z.object({ table: z.string(), columns: z.array(z.string()).min(1) });
const rowSchema = z.array(z.union([z.string(), z.number(), z.null()]));
const endSchema = z.object({ end: z.literal(true), rows: z.number() });

type Row = z.output<typeof rowSchema>;
type Table = z.output<typeof tableSchema>;

/** Returns the number of rows. Throws `BackupError`. */
export async function restore(
  place: DatabasePlace,
  lines: AsyncIterable<string>,
  options: RestoreOptions = {},
): Promise<number> {
  const database = await openDatabase(place, { timeoutMs: LIMIT_MS, connections: 1 });
  try {
    const work = { ...options, kind: database.kind, where: shownPlace(place) };
    return await database.query.transaction().execute((transaction) => fill(transaction, lines, work));
  } finally {
    await database.close();
  }
}

type Work = RestoreOptions & { readonly kind: DatabaseKind; readonly where: string };

async function fill(
  transaction: Transaction<Tables>,
  lines: AsyncIterable<string>,
  work: Work,
): Promise<number> {
  const { kind, migrations = MIGRATIONS, clock = systemClock, onProgress } = work;
  const reading = lines[Symbol.asyncIterator]();
  const head = headOf((await reading.next()).value as string | undefined, migrations);
  await lockTables(transaction, { kind, limitMs: LIMIT_MS });
  await clear(transaction, work);
  await applied(transaction);
  for (const migration of migrations)
    if (head.migrations.includes(migration.name)) await apply(transaction, migration, clock.now());
  const known = await tableNames({ kind, query: transaction });
  let number = 1;
  let total = 0;
  let ended = false;
  let table: Table | undefined;
  let rows: Row[] = [];
  const flush = async (): Promise<void> => {
    if (table !== undefined && rows.length > 0) await insert(transaction, table, rows);
    total += rows.length;
    rows = [];
    onProgress?.(total, head.rows);
  };
  for (let next = await reading.next(); next.done !== true; next = await reading.next()) {
    number += 1;
    const value = parseJson(next.value);
    const row = rowSchema.safeParse(value).data;
    if (row !== undefined && table !== undefined && row.length === table.columns.length) {
      rows.push(row);
      if (rows.length * row.length >= VALUES) await flush();
      continue;
    }
    await flush();
    const begun = tableSchema.safeParse(value).data;
    const end = endSchema.safeParse(value).data;
    if (begun !== undefined && known.includes(begun.table) && begun.table !== 'migrations') table = begun;
    else if (end !== undefined && end.rows === total && total === head.rows) ended = true;
    else throw new BackupError(`line ${number} of the backup is not what was written there: it is damaged`);
  }
  if (!ended) throw new BackupError('the backup ends in the middle: it is damaged');
  for (const migration of migrations)
    if (!head.migrations.includes(migration.name)) await apply(transaction, migration, clock.now());
  return total;
}

function headOf(line: string | undefined, migrations: readonly Migration[]): z.output<typeof headSchema> {
  const head = headSchema.safeParse(parseJson(line ?? '')).data;
  if (head === undefined) throw new BackupError('this is no backup of Sluice: its first line is another one');
  if (head.version !== BACKUP_VERSION)
    throw new BackupError(`the backup is of version ${head.version}; this Sluice reads ${BACKUP_VERSION}`);
  const newer = newerThan(migrations, head.migrations);
  if (newer !== undefined) throw new BackupError(`the backup cannot be restored: ${newer}`);
  return head;
}

async function clear(transaction: Transaction<Tables>, { kind, force, where, ...work }: Work): Promise<void> {
  const own = (await tableNames({ kind, query: transaction })).filter((name) => name in TABLE_KEYS);
  const newer = newerThan(work.migrations ?? MIGRATIONS, await applied(transaction));
  if (newer !== undefined) throw new BackupError(`${where}: ${newer}`);
  if (force !== true)
    for (const name of own) {
      if (UNCOUNTED.includes(name)) continue;
      const { rows } = await sql`select 1 from ${sql.table(name)} limit 1`.execute(transaction);
      if (rows.length > 0)
        throw new BackupError(
          `${where} is not empty (there are rows in ${name}): restore into an empty database, or throw away what is there with --force`,
        );
    }
  for (const name of new Set([...own, 'migrations'])) await transaction.schema.dropTable(name).execute();
}

async function insert(
  transaction: Transaction<Tables>,
  { table, columns }: Table,
  rows: readonly Row[],
): Promise<void> {
  const names = sql.join(columns.map((name) => sql.ref(name)));
  const nano = columns.map(isNano);
  const read = (value: Row[number], index: number): SqlValue => {
    if (nano[index] !== true || value === null) return value;
    if (!/^-?\d+$/.test(String(value)))
      throw new BackupError(`a row of ${table} has no whole number in ${columns[index]}: it is damaged`);
    return BigInt(value);
  };
  const values = rows.map((row) => sql`(${sql.join(row.map(read))})`);
  await sql`insert into ${sql.table(table)} (${names}) values ${sql.join(values)}`.execute(transaction);
}
