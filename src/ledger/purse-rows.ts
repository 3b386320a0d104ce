/**
 * The rows of purses and of what instances hold of them. Whoever changes an amount locks its purse first, in the order
 * of names, so that two who want the same never wait for each other in a circle; and what a purse has held is always the
 * sum of its rows of holds, for both change in one transaction.
 */

import { PostgresAdapter, sql, type Transaction } from 'kysely';
import type { Queries } from '../storage/database.ts';
import type { Tables } from '../storage/tables.ts';

export type PurseAmounts = { readonly spentNano: bigint; readonly heldNano: bigint };

/** SQLite takes one writer at a time: there is nothing to lock. */
const isPostgres = (queries: Queries): boolean => queries.getExecutor().adapter instanceof PostgresAdapter;

/** Text by its bytes, whatever the language of the database: all instances agree on that order. */
const byBytes = (queries: Queries, column: string) =>
  isPostgres(queries) ? sql`${sql.ref(column)} collate "C"` : sql.ref(column);

/**
 * Makes those that were never used. On its own, before anything is locked: whoever waited for a row that another makes
 * would hold others meanwhile.
 */
export async function makePurses(queries: Queries, ids: readonly string[], nowMs: number): Promise<void> {
  if (ids.length === 0) return;
  const row = { spent_nano: 0n, held_nano: 0n, updated_ms: Math.floor(nowMs) };
  await queries
    .insertInto('purses')
    .values([...ids].sort().map((id) => ({ id, ...row })))
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
}

/** Theirs until the transaction ends. */
export async function lockPurses(
  transaction: Transaction<Tables>,
  ids: readonly string[],
  nowMs: number,
): Promise<ReadonlyMap<string, PurseAmounts>> {
  const found = await readLocked(transaction, ids);
  const missing = ids.filter((id) => !found.has(id));
  if (missing.length === 0) return found;
  await makePurses(transaction, missing, nowMs);
  return new Map([...found, ...(await readLocked(transaction, missing))]);
}

async function readLocked(
  transaction: Transaction<Tables>,
  ids: readonly string[],
): Promise<Map<string, PurseAmounts>> {
  let query = transaction
    .selectFrom('purses')
    .select(['id', 'spent_nano', 'held_nano'])
    .where('id', 'in', ids)
    .orderBy(byBytes(transaction, 'id'));
  if (isPostgres(transaction)) query = query.forUpdate();
  const rows = await query.execute();
  return new Map(rows.map((row) => [row.id, { spentNano: row.spent_nano, heldNano: row.held_nano }]));
}

export type LeaseRow = { readonly purse: string; readonly instance: string; readonly amountNano: bigint };

/** Of purses that are locked. */
export async function leaseRows(
  transaction: Transaction<Tables>,
  purses: readonly string[],
  instances: readonly string[],
): Promise<readonly LeaseRow[]> {
  const rows = await transaction
    .selectFrom('holds')
    .select(['purse', 'instance', 'amount_nano'])
    .where('purse', 'in', purses)
    .where('instance', 'in', instances)
    .execute();
  return rows.map(({ purse, instance, amount_nano }) => ({ purse, instance, amountNano: amount_nano }));
}

export type PurseChange = {
  readonly purse: string;
  readonly spentNano: bigint;
  readonly heldNano: bigint;
  readonly nowMs: number;
};

/** Of a purse that is locked: adds. */
export async function changePurse(transaction: Transaction<Tables>, change: PurseChange): Promise<void> {
  const { purse, spentNano, heldNano, nowMs } = change;
  await transaction
    .updateTable('purses')
    .set((eb) => ({
      spent_nano: eb('spent_nano', '+', spentNano),
      held_nano: eb('held_nano', '+', heldNano),
      updated_ms: Math.floor(nowMs),
    }))
    .where('id', '=', purse)
    .execute();
}

export type LeaseChange = {
  readonly purse: string;
  readonly instance: string;
  /** What the row has, and what it gets or loses. */
  readonly hasNano: bigint;
  readonly byNano: bigint;
  /** Undefined: it ends when it would have. */
  readonly expiresMs?: number;
};

/** Of a purse that is locked. A row of nothing is none. */
export async function changeLease(transaction: Transaction<Tables>, change: LeaseChange): Promise<void> {
  const { purse, instance, hasNano, byNano, expiresMs } = change;
  if (byNano === 0n && (hasNano === 0n || expiresMs === undefined)) return;
  if (hasNano + byNano <= 0n) {
    await transaction
      .deleteFrom('holds')
      .where('purse', '=', purse)
      .where('instance', '=', instance)
      .execute();
    return;
  }
  const ends = expiresMs === undefined ? {} : { expires_ms: Math.floor(expiresMs) };
  const changed = await transaction
    .updateTable('holds')
    .set((eb) => ({ amount_nano: eb('amount_nano', '+', byNano), ...ends }))
    .where('purse', '=', purse)
    .where('instance', '=', instance)
    .executeTakeFirst();
  if (changed.numUpdatedRows > 0n || expiresMs === undefined) return;
  await transaction
    .insertInto('holds')
    .values({ purse, instance, amount_nano: byNano, expires_ms: Math.floor(expiresMs) })
    .execute();
}

/** All that an instance holds lives on; what there is of it. */
export async function renewLeases(
  queries: Queries,
  instance: string,
  expiresMs: number,
): Promise<readonly LeaseRow[]> {
  // In the order in which others take these rows.
  const own = queries
    .selectFrom('holds')
    .select('purse')
    .where('instance', '=', instance)
    .orderBy(byBytes(queries, 'purse'));
  const rows = await queries
    .updateTable('holds')
    .set({ expires_ms: Math.floor(expiresMs) })
    .where('instance', '=', instance)
    .where('purse', 'in', isPostgres(queries) ? own.forUpdate() : own)
    .returning(['purse', 'instance', 'amount_nano'])
    .execute();
  return rows.map(({ purse, amount_nano }) => ({ purse, instance, amountNano: amount_nano }));
}

/** Purses of which something has expired. */
export async function pursesExpired(queries: Queries, nowMs: number): Promise<readonly string[]> {
  const rows = await queries
    .selectFrom('holds')
    .select('purse')
    .distinct()
    .where('expires_ms', '<=', Math.floor(nowMs))
    .limit(MOST_EXPIRED)
    .execute();
  return rows.map(({ purse }) => purse);
}

const MOST_EXPIRED = 200;

/** Gives back what expired of these, whoever held it. The same row is given back once: whoever deletes it, does. */
export async function sweepPurses(
  transaction: Transaction<Tables>,
  purses: readonly string[],
  nowMs: number,
): Promise<readonly LeaseRow[]> {
  await lockPurses(transaction, purses, nowMs);
  const rows = await transaction
    .deleteFrom('holds')
    .where('purse', 'in', purses)
    .where('expires_ms', '<=', Math.floor(nowMs))
    .returning(['purse', 'instance', 'amount_nano'])
    .execute();
  for (const { purse, amount_nano } of rows)
    await changePurse(transaction, { purse, spentNano: 0n, heldNano: -amount_nano, nowMs });
  return rows.map(({ purse, instance, amount_nano }) => ({ purse, instance, amountNano: amount_nano }));
}

/** Budgets of periods that are long over; those of no period stay. */
export async function forgetOldBudgets(queries: Queries, beforeMs: number): Promise<void> {
  await queries
    .deleteFrom('purses')
    .where('id', 'like', 'budget:%')
    .where('id', 'not like', '%:total:all')
    .where('updated_ms', '<', Math.floor(beforeMs))
    .where('held_nano', '=', 0n)
    .execute();
}
