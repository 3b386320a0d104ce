/**
 * SQLite for Kysely: one connection that writes, used by one transaction at a time, and a few that read, which see what
 * was committed and stop nobody. Which of them a statement goes to is decided by what kind of statement it is.
 */

import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type TransactionSettings,
} from 'kysely';
import type { Clock } from '../../base/clock.ts';
import { DatabaseError } from '../database-error.ts';
import { type Session, type SqliteThread, sqliteThread } from './thread.ts';
import { type Leave, type Turns, turns } from './turns.ts';

export type SqliteOptions = {
  readonly path: string;
  readonly busyMs: number;
  readonly timeoutMs: number;
  /** Reports that run at once without waiting for each other. */
  readonly readers: number;
  readonly clock: Clock;
};

/** Several connections, but to the migrator of Kysely, which is not used. */
class ThreadedAdapter extends SqliteAdapter {
  override get supportsMultipleConnections(): boolean {
    return true;
  }
}

export function sqliteDialect(options: SqliteOptions): Dialect {
  return {
    createDriver: () => sqliteDriver(options),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createAdapter: () => new ThreadedAdapter(),
    createIntrospector: (db) => new SqliteIntrospector(db),
  };
}

type Lane = { readonly thread: SqliteThread; readonly turns: Turns };

/** What a transaction has: a connection to itself. */
type Held = { readonly session: Session; readonly leave: Leave };

function sqliteDriver({ readers, ...options }: SqliteOptions): Driver {
  const laneOf = (readOnly: boolean): Lane => ({
    thread: sqliteThread({ ...options, readOnly }),
    turns: turns(options),
  });
  const writer = laneOf(false);
  const readLanes = Array.from({ length: readers }, () => laneOf(true));
  const quietest = (): Lane =>
    readLanes.reduce(
      (best, lane) => (lane.turns.load < best.turns.load ? lane : best),
      readLanes[0] ?? writer,
    );

  async function hold(lane: Lane): Promise<Held> {
    const leave = await lane.turns.take();
    try {
      return { session: lane.thread.session(), leave };
    } catch (error) {
      leave();
      throw error;
    }
  }

  class Connection implements DatabaseConnection {
    held: Held | undefined;

    async executeQuery<R>(compiled: CompiledQuery): Promise<QueryResult<R>> {
      if (this.held !== undefined) return resultOf<R>(this.held.session, compiled);
      const alone = await hold(reads(compiled) ? quietest() : writer);
      try {
        return await resultOf<R>(alone.session, compiled);
      } finally {
        alone.leave();
      }
    }

    // biome-ignore lint/correctness/useYield: there is nothing to give
    async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
      throw new DatabaseError('wrong', 'rows are read in pages, not as a stream');
    }
  }
  const own = (connection: DatabaseConnection): Connection => connection as Connection;
  const end = async (connection: Connection, sql: string): Promise<void> => {
    const held = connection.held;
    if (held === undefined) return;
    // With its thread the transaction is gone, too.
    if (sql === 'ROLLBACK' && held.session.gone) return;
    await held.session.run(sql, []);
  };
  return {
    async init() {
      const { session, leave } = await hold(writer);
      try {
        await session.run('SELECT 1', []);
      } catch (error) {
        await writer.thread.close();
        throw error;
      } finally {
        leave();
      }
    },
    acquireConnection: async () => new Connection(),
    async beginTransaction(connection, { accessMode }: TransactionSettings) {
      const readOnly = accessMode === 'read only';
      const held = await hold(readOnly ? quietest() : writer);
      try {
        await held.session.run(readOnly ? 'BEGIN' : 'BEGIN IMMEDIATE', []);
        own(connection).held = held;
      } catch (error) {
        held.leave();
        throw error;
      }
    },
    commitTransaction: (connection) => end(own(connection), 'COMMIT'),
    rollbackTransaction: (connection) => end(own(connection), 'ROLLBACK'),
    async releaseConnection(connection) {
      own(connection).held?.leave();
      own(connection).held = undefined;
    },
    async destroy() {
      await Promise.all(readLanes.map(({ thread }) => thread.close()));
      // Last, for it may write: what is left of the log goes into the file, and the log away.
      await writer.thread.close();
    },
  };
}

const reads = ({ query, sql }: CompiledQuery): boolean =>
  query.kind === 'SelectQueryNode' ||
  (query.kind === 'RawNode' && /^\s*(?:select|with|explain)\b/i.test(sql));

async function resultOf<R>(session: Session, { sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
  const { rows, changes } = await session.run(sql, parameters);
  return { rows: rows as R[], numAffectedRows: BigInt(changes ?? rows.length) };
}
