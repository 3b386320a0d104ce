/** What migrating and restoring are made of: the lock, the list of what was done, and one step. Each in a transaction. */

import { type Kysely, sql, type Transaction } from 'kysely';
import type { DatabaseKind } from './database.ts';
import type { Migration } from './migrations/index.ts';
import type { Tables } from './tables.ts';

/** Of the lock of PostgreSQL: any number that nobody else takes. */
const LOCK = 7_583_423_001n;

/** A wait for others ends before the statement that waits: its error says why. */
export const WAITING_SHARE = 0.8;

/** Until the transaction's end; its statements may take as long. */
export async function lockTables(
  transaction: Transaction<Tables>,
  { kind, limitMs }: { readonly kind: DatabaseKind; readonly limitMs: number },
): Promise<void> {
  // SQLite's transaction is a lock already: it begins by taking the file for writing.
  if (kind === 'sqlite') return;
  const set = (setting: string, ms: number): Promise<unknown> =>
    sql`select set_config(${setting}, ${String(Math.ceil(ms))}, true)`.execute(transaction);
  await set('statement_timeout', limitMs);
  await set('lock_timeout', limitMs * WAITING_SHARE);
  await sql`select pg_advisory_xact_lock(${LOCK})`.execute(transaction);
}

/** Names, in their order. Makes the list where there is none. */
export async function applied(transaction: Transaction<Tables>): Promise<readonly string[]> {
  await transaction.schema
    .createTable('migrations')
    .ifNotExists()
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('at_ms', 'bigint', (column) => column.notNull())
    .execute();
  const rows = await transaction.selectFrom('migrations').select('name').orderBy('name').execute();
  return rows.map(({ name }) => name);
}

export async function apply(
  transaction: Transaction<Tables>,
  { name, up }: Migration,
  nowMs: number,
): Promise<void> {
  await up(transaction as unknown as Kysely<unknown>);
  await transaction
    .insertInto('migrations')
    .values({ name, at_ms: Math.floor(nowMs) })
    .execute();
}

/** What to say where something was made by a version that knows more. */
export function newerThan(migrations: readonly Migration[], known: readonly string[]): string | undefined {
  const unknown = known.filter((name) => !migrations.some((each) => each.name === name));
  if (unknown.length === 0) return undefined;
  return `it was made by a newer version of Sluice, this one does not know ${unknown.join(', ')}: start the newer version, or restore a backup`;
}
