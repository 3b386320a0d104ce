/**
 * PostgreSQL for Kysely, over a small pool. A server that does not answer fails what was asked of it within a time, and a
 * connection of which that is not known any more is thrown away: nothing hangs, and no error ends the process.
 */

import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
  type TransactionSettings,
} from 'kysely';
import pg from 'pg';
import { DatabaseError } from '../database-error.ts';
import { sqlValues } from '../values.ts';
import { postgresError } from './errors.ts';
import { rowsOf, typeParsers } from './rows.ts';

export type PostgresOptions = {
  readonly url: string;
  /** For a new connection, and for a free one of the pool. */
  readonly connectMs: number;
  /** Of one statement: the server ends it, and where the server is silent it is given up a little later. */
  readonly timeoutMs: number;
  readonly connections: number;
};

/** So that the server's own word comes first, where it has one. */
const SERVER_FIRST_MS = 500;

/** A transaction of a process that has stopped in the middle: its locks are given free. */
const IDLE_IN_TRANSACTION_MS = 30_000;

export function postgresDialect(options: PostgresOptions): Dialect {
  return {
    createDriver: () => postgresDriver(options),
    createQueryCompiler: () => new PostgresQueryCompiler(),
    createAdapter: () => new PostgresAdapter(),
    createIntrospector: (db) => new PostgresIntrospector(db),
  };
}

const COUNTED = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE']);

class Connection implements DatabaseConnection {
  readonly client: pg.PoolClient;
  broken: Error | undefined;

  constructor(client: pg.PoolClient) {
    this.client = client;
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const result = await this.ask(sql, sqlValues(parameters));
    const counted = COUNTED.has(result.command);
    return {
      rows: rowsOf(result) as R[],
      ...(counted && { numAffectedRows: BigInt(result.rowCount ?? 0) }),
    };
  }

  async ask(sql: string, values: unknown[] = []): Promise<pg.QueryResult<Record<string, unknown>>> {
    if (this.broken !== undefined) throw postgresError(this.broken);
    try {
      return await this.client.query(sql, values);
    } catch (error) {
      const known = postgresError(error);
      if (known.kind === 'away') this.broken = known;
      throw known;
    }
  }

  // biome-ignore lint/correctness/useYield: there is nothing to give
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new DatabaseError('wrong', 'rows are read in pages, not as a stream');
  }
}

function postgresDriver({ url, connectMs, timeoutMs, connections }: PostgresOptions): Driver {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: 'sluice',
    max: connections,
    connectionTimeoutMillis: connectMs,
    idleTimeoutMillis: 60_000,
    statement_timeout: timeoutMs,
    query_timeout: timeoutMs + SERVER_FIRST_MS,
    idle_in_transaction_session_timeout: Math.max(IDLE_IN_TRANSACTION_MS, timeoutMs),
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    allowExitOnIdle: true,
    types: typeParsers,
  });
  // An idle connection that was cut off: the pool has forgotten it, the next one asks for a new one.
  pool.on('error', () => {});
  const own = (connection: DatabaseConnection): Connection => connection as Connection;
  return {
    init: async () => {},
    async acquireConnection() {
      try {
        const client = await pool.connect();
        // While it is used the pool does not listen: what breaks in between is told by the next statement.
        if (client.listenerCount('error') === 0) client.on('error', () => {});
        return new Connection(client);
      } catch (error) {
        throw postgresError(error, 'away');
      }
    },
    async beginTransaction(connection, { accessMode, isolationLevel }: TransactionSettings) {
      const level = isolationLevel === undefined ? '' : ` ISOLATION LEVEL ${isolationLevel}`;
      await own(connection).ask(`BEGIN${level}${accessMode === undefined ? '' : ` ${accessMode}`}`);
    },
    async commitTransaction(connection) {
      // A transaction that has failed answers COMMIT with ROLLBACK, and with no error.
      const { command } = await own(connection).ask('COMMIT');
      if (command !== 'COMMIT') throw new DatabaseError('wrong', 'the transaction had failed before its end');
    },
    async rollbackTransaction(connection) {
      const { broken } = own(connection);
      if (broken === undefined) await own(connection).ask('ROLLBACK');
    },
    async releaseConnection(connection) {
      const { client, broken } = own(connection);
      client.release(broken);
    },
    destroy: () => pool.end(),
  };
}
