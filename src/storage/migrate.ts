/**
 * Brings the tables to what this version knows: forwards only, each step in a transaction of its own, under a lock that
 * other instances wait for, and within a time. A step that fails leaves the database as it was before it.
 */

import type { Transaction } from 'kysely';
import { type Clock, systemClock } from '../base/clock.ts';
import type { Database, DatabaseKind } from './database.ts';
import { isDatabaseError } from './database-error.ts';
import { applied, apply, lockTables, newerThan, WAITING_SHARE } from './migration-steps.ts';
import { MIGRATIONS, type Migration } from './migrations/index.ts';
import { openDatabase } from './open-database.ts';
import { type DatabasePlace, shownPlace } from './place.ts';
import { tableNames } from './table-names.ts';
import type { Tables } from './tables.ts';

export type MigrateOptions = {
  readonly migrations?: readonly Migration[];
  /** For all of them together, the wait for others included. Default 60 s. */
  readonly limitMs?: number;
  readonly clock?: Clock;
};

/** What people read: it says where, what, and what to do. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
}

const WAITING = 'waiting for another one that migrates';

/** The names of what was done now. Throws `MigrationError`. */
export async function migrate(
  place: DatabasePlace,
  options: MigrateOptions = {},
): Promise<readonly string[]> {
  const { migrations = MIGRATIONS, limitMs = 60_000, clock = systemClock } = options;
  const endMs = clock.now() + limitMs;
  const leftMs = (): number => Math.max(1, Math.ceil(endMs - clock.now()));
  const done: string[] = [];
  const stage = { what: 'opening it' };
  let database: Database | undefined;
  try {
    // One connection, whose statements may take as long as there is time.
    const busyMs = Math.ceil(limitMs * WAITING_SHARE);
    database = await openDatabase(place, { timeoutMs: limitMs, busyMs, connections: 1, clock });
    const work = { kind: database.kind, migrations, leftMs, nowMs: clock.now, stage };
    for (;;) {
      // SQLite's transaction begins by taking the file for writing, PostgreSQL's by connecting.
      stage.what = database.kind === 'sqlite' ? WAITING : 'asking it';
      const name = await database.query.transaction().execute((transaction) => oneStep(transaction, work));
      if (name === undefined) return done;
      done.push(name);
    }
  } catch (error) {
    const late = clock.now() >= endMs - 1 || isDatabaseError(error, 'met');
    throw new MigrationError(
      `the database ${shownPlace(place)} is not migrated: ${reasonOf(error)} (while ${stage.what}${late ? `, for at most ${limitMs / 1_000} s` : ''})`,
    );
  } finally {
    await database?.close().catch(() => {});
  }
}

type Work = {
  readonly kind: DatabaseKind;
  readonly migrations: readonly Migration[];
  readonly leftMs: () => number;
  readonly nowMs: () => number;
  /** For the message, should it end there. */
  readonly stage: { what: string };
};

async function oneStep(transaction: Transaction<Tables>, work: Work): Promise<string | undefined> {
  const { kind, migrations, leftMs, nowMs, stage } = work;
  stage.what = WAITING;
  await lockTables(transaction, { kind, limitMs: leftMs() });
  stage.what = 'looking what has been done';
  const known = await applied(transaction);
  const newer = newerThan(migrations, known);
  if (newer !== undefined) throw new MigrationError(newer);
  const next = migrations.find(({ name }) => !known.includes(name));
  if (next === undefined) return undefined;
  stage.what = `making ${next.name}`;
  await apply(transaction, next, nowMs());
  return next.name;
}

function reasonOf(error: unknown): string {
  if (isDatabaseError(error, 'met')) return `somebody else did not let go of it: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}

export type MigrationStatus = { readonly name: string; readonly atMs: number | undefined };

/** What there is and when it was done; nothing is changed. */
export async function migrationStatus(
  database: Database,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<readonly MigrationStatus[]> {
  const rows = (await tableNames(database)).includes('migrations')
    ? await database.query.selectFrom('migrations').selectAll().execute()
    : [];
  const done = new Map(rows.map(({ name, at_ms }) => [name, at_ms]));
  const names = new Set([...migrations.map(({ name }) => name), ...done.keys()]);
  return [...names].map((name) => ({ name, atMs: done.get(name) }));
}
