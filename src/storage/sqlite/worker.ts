/**
 * The thread of one SQLite connection: statements come in as messages and are answered in their order, so that neither
 * an insert nor a report ever stops the event loop of the relay. The other side is `thread.ts`.
 */

import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { isNano, plainNumber, type SqlValue, wholeNumber } from '../values.ts';

export type WorkerPlace = {
  readonly path: string;
  readonly readOnly: boolean;
  /** How long a file that somebody else is writing to is waited for. */
  readonly busyMs: number;
};

export type WorkerAsk = {
  readonly id: number;
  readonly sql: string;
  readonly parameters: readonly SqlValue[];
};

export type WorkerAnswer = { readonly id: number } & (
  | { readonly columns: readonly string[]; readonly rows: readonly (readonly SqlValue[])[] }
  | { readonly changes: number }
  | { readonly error: string; readonly code: number | undefined }
);

/** Statements of many rows differ in their length each time: kept, they would push out the others. */
const LONGEST_KEPT = 8_000;
const MOST_KEPT = 256;

type Prepared = { readonly statement: StatementSync; readonly columns: readonly string[] };

const place = workerData as WorkerPlace;
const prepared = new Map<string, Prepared>();
const opened: { database?: DatabaseSync } = {};

function open(): DatabaseSync {
  if (!place.readOnly) makeFile(place.path);
  const database = new DatabaseSync(place.path, {
    readOnly: place.readOnly,
    timeout: place.busyMs,
    enableForeignKeyConstraints: false,
  });
  // FULL: what is committed survives the loss of power. It costs a wait for the disk, on this thread alone.
  if (!place.readOnly)
    database.exec(
      'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864',
    );
  // No memory map: an error of the disk would be a signal that ends the process.
  database.exec('PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY');
  return database;
}

/** By SQLite's own code for it, whatever the reason: https://www.sqlite.org/rescode.html#cantopen */
const CANNOT_OPEN = 14;

function openOrTell(): DatabaseSync {
  try {
    return open();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw Object.assign(new Error(`it cannot be opened: ${reason}`), { errcode: CANNOT_OPEN });
  }
}

/** It holds hashes and sealed secrets: for its owner alone. */
function makeFile(path: string): void {
  if (path === ':memory:') return;
  mkdirSync(dirname(path), { recursive: true });
  closeSync(openSync(path, 'a', 0o600));
}

function prepare(database: DatabaseSync, sql: string): Prepared {
  const known = prepared.get(sql);
  if (known !== undefined) {
    prepared.delete(sql);
    prepared.set(sql, known);
    return known;
  }
  const statement = database.prepare(sql);
  const columns = statement.columns().map(({ name }) => name);
  statement.setReturnArrays(true);
  if (columns.some(isNano)) statement.setReadBigInts(true);
  const fresh = { statement, columns };
  if (sql.length > LONGEST_KEPT) return fresh;
  prepared.set(sql, fresh);
  const oldest = prepared.keys().next();
  if (prepared.size > MOST_KEPT && oldest.done !== true) prepared.delete(oldest.value);
  return fresh;
}

/** A number is a double to SQLite's binding: a sum of `bigint` and a count would be one, too, and not exact. */
const bound = (value: SqlValue): SqlValue =>
  typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : value;

function run({ id, sql, parameters }: WorkerAsk): WorkerAnswer {
  opened.database ??= openOrTell();
  const { statement, columns } = prepare(opened.database, sql);
  const values = parameters.map(bound);
  if (columns.length === 0) return { id, changes: Number(statement.run(...values).changes) };
  const rows = statement.all(...values) as unknown as SqlValue[][];
  // A table that somebody else altered: the statement has been prepared anew by itself, its columns are others.
  if (rows[0] !== undefined && rows[0].length !== columns.length) {
    prepared.delete(sql);
    return { id, columns: statement.columns().map(({ name }) => name), rows };
  }
  if (columns.some(isNano)) for (const row of rows) convert(row, columns);
  return { id, columns, rows };
}

function convert(row: SqlValue[], columns: readonly string[]): void {
  for (let index = 0; index < row.length; index += 1) {
    const value = row[index];
    const column = columns[index] ?? '';
    if (typeof value === 'bigint') row[index] = wholeNumber(column, value);
    else if (typeof value === 'number') row[index] = plainNumber(column, value);
  }
}

parentPort?.on('message', (ask: WorkerAsk | 'close') => {
  if (ask === 'close') {
    opened.database?.close();
    parentPort?.close();
    return;
  }
  let answer: WorkerAnswer;
  try {
    answer = run(ask);
  } catch (error) {
    const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) : undefined;
    answer = { id: ask.id, error: error instanceof Error ? error.message : String(error), code };
  }
  parentPort?.postMessage(answer);
});
