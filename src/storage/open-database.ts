/**
 * Opens one of the two databases behind the port. SQLite answers here already whether its file can be used; PostgreSQL
 * is asked first by the first query, so that a relay can start without it.
 */

import { type Dialect, Kysely, type Transaction } from 'kysely';
import { type Clock, sleep, systemClock } from '../base/clock.ts';
import type { Database } from './database.ts';
import { isDatabaseError } from './database-error.ts';
import type { DatabasePlace } from './place.ts';
import { postgresDialect } from './postgres/dialect.ts';
import { sqliteDialect } from './sqlite/dialect.ts';
import type { Tables } from './tables.ts';

export type DatabaseOptions = {
  /** One statement; one that takes longer fails. Default 10 s. */
  readonly timeoutMs?: number;
  /** Default 2 s. */
  readonly connectMs?: number;
  /** SQLite: how long another process that writes is waited for. Default 2 s. */
  readonly busyMs?: number;
  /** PostgreSQL: how many connections at most. Default 10. */
  readonly connections?: number;
  readonly clock?: Clock;
};

/** Transactions that met others, deadlocks among them. */
const TRIES = 6;
const PAUSE_MS = 10;

export async function openDatabase(place: DatabasePlace, options: DatabaseOptions = {}): Promise<Database> {
  const clock = options.clock ?? systemClock;
  const query = new Kysely<Tables>({ dialect: dialectOf(place, options, clock) });
  // The driver's first query is its own: it opens the file.
  if (place.kind === 'sqlite') await query.connection().execute(async () => {});
  return {
    kind: place.kind,
    query,
    async write<T>(task: (transaction: Transaction<Tables>) => Promise<T>): Promise<T> {
      for (let tried = 1; ; tried += 1) {
        try {
          return await query.transaction().execute(task);
        } catch (error) {
          if (tried >= TRIES || !isDatabaseError(error, 'met')) throw error;
        }
        await sleep(clock, PAUSE_MS * tried);
      }
    },
    close: () => query.destroy(),
  };
}

function dialectOf(place: DatabasePlace, options: DatabaseOptions, clock: Clock): Dialect {
  const { timeoutMs = 10_000, connectMs = 2_000, busyMs = 2_000, connections = 10 } = options;
  return place.kind === 'sqlite'
    ? sqliteDialect({ path: place.path, busyMs, timeoutMs, readers: 2, clock })
    : postgresDialect({ url: place.url, connectMs, timeoutMs, connections });
}
