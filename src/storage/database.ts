/**
 * The port: one way to a database, whichever it is. Queries are written with Kysely against `Tables`; a room asks for
 * a `Database` and does not know which one it got. Opening it does not migrate it. What fails is a `DatabaseError`, whose
 * kind says what follows from it.
 */

import type { Kysely, Transaction } from 'kysely';
import type { Tables } from './tables.ts';

export type DatabaseKind = 'sqlite' | 'postgres';

export type Database = {
  readonly kind: DatabaseKind;
  /** For reading, and for single statements that write. */
  readonly query: Kysely<Tables>;
  /**
   * One transaction, run again by itself when the database says that it met another one (a serialization failure, a
   * deadlock, a busy file). Nothing else may happen in it than its queries, and all of them through `transaction`: on
   * SQLite a writing `query` or another `write` inside would wait for its end. Where it fails with `away`, it may have been
   * committed all the same.
   */
  write<T>(task: (transaction: Transaction<Tables>) => Promise<T>): Promise<T>;
  close(): Promise<void>;
};

/** Rooms that can work with either take what both are. */
export type Queries = Kysely<Tables> | Transaction<Tables>;
