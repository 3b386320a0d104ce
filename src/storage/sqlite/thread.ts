/**
 * One SQLite connection in a thread of its own, seen from the event loop. A statement that is not answered in time
 * fails, and with it the thread: the next one gets a new thread, once the old one has let go of the file.
 */

import { Worker } from 'node:worker_threads';
import type { Cancel, Clock } from '../../base/clock.ts';
import { DatabaseError, type DatabaseErrorKind } from '../database-error.ts';
import { type SqlValue, sqlValues } from '../values.ts';
import type { WorkerAnswer, WorkerAsk, WorkerPlace } from './worker.ts';

export type Answer = {
  readonly rows: readonly Record<string, SqlValue>[];
  /** Absent where rows were asked for. */
  readonly changes?: number;
};

/** A connection as it is now: once its thread is gone it only fails, so that no transaction goes on in another one. */
export type Session = {
  readonly gone: boolean;
  run(sql: string, parameters: readonly unknown[]): Promise<Answer>;
};

export type SqliteThread = {
  session(): Session;
  close(): Promise<void>;
};

export type ThreadOptions = WorkerPlace & { readonly timeoutMs: number; readonly clock: Clock };

type Waiting = {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: DatabaseError) => void;
  readonly cancel: Cancel;
};

type Running = { readonly session: Session; readonly end: () => Promise<void> };

export function sqliteThread(options: ThreadOptions): SqliteThread {
  let running: Running | undefined;
  let hanging = 0;
  return {
    session() {
      if (running !== undefined && !running.session.gone) return running.session;
      if (hanging > 0)
        throw new DatabaseError('away', `${options.path}: an earlier statement still has not come back`);
      running = startThread(options, (ended) => {
        hanging += 1;
        void ended.finally(() => {
          hanging -= 1;
        });
      });
      return running.session;
    },
    async close() {
      await running?.end();
    },
  };
}

function startThread(
  { timeoutMs, clock, ...place }: ThreadOptions,
  onHanging: (ended: Promise<unknown>) => void,
): Running {
  // What this process was started with (a script on the command line) is not for the thread.
  const setup = { workerData: place, name: 'sqlite', execArgv: [] };
  const worker = new Worker(new URL('./worker.ts', import.meta.url), setup);
  const waiting = new Map<number, Waiting>();
  let lastId = 0;
  let gone: DatabaseError | undefined;
  const leave = (error: DatabaseError): void => {
    gone ??= error;
    for (const { reject, cancel } of waiting.values()) {
      cancel();
      reject(error);
    }
    waiting.clear();
  };
  const giveUp = (): void => {
    onHanging(worker.terminate());
    leave(new DatabaseError('away', `${place.path}: no answer within ${timeoutMs} ms`));
  };
  worker.on('message', (answer: WorkerAnswer) => {
    const asker = waiting.get(answer.id);
    if (asker === undefined) return;
    waiting.delete(answer.id);
    asker.cancel();
    if ('error' in answer) asker.reject(errorOf(place.path, answer));
    else if ('changes' in answer) asker.resolve({ rows: [], changes: answer.changes });
    else asker.resolve({ rows: answer.rows.map((row) => objectOf(answer.columns, row)) });
  });
  worker.on('error', (error) =>
    leave(new DatabaseError('away', `${place.path}: the thread ended: ${error.message}`)),
  );
  worker.on('exit', () => leave(new DatabaseError('away', `${place.path}: the thread has ended`)));
  // An open database keeps no process alive; a statement under way does, by its timer.
  worker.unref();
  return {
    session: {
      get gone() {
        return gone !== undefined;
      },
      run: (sql, parameters) =>
        new Promise((resolve, reject) => {
          if (gone !== undefined) return reject(gone);
          lastId += 1;
          const ask: WorkerAsk = { id: lastId, sql, parameters: sqlValues(parameters) };
          waiting.set(ask.id, { resolve, reject, cancel: clock.after(timeoutMs, giveUp) });
          worker.postMessage(ask);
        }),
    },
    async end() {
      if (gone !== undefined) return;
      const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
      worker.ref();
      worker.postMessage('close');
      const cancel = clock.after(timeoutMs, giveUp);
      await ended;
      cancel();
    },
  };
}

function objectOf(columns: readonly string[], row: readonly SqlValue[]): Record<string, SqlValue> {
  const object: Record<string, SqlValue> = {};
  for (let index = 0; index < columns.length; index += 1) object[columns[index] ?? ''] = row[index] ?? null;
  return object;
}

/** By SQLite's result codes: https://www.sqlite.org/rescode.html */
const KINDS: Readonly<Record<number, DatabaseErrorKind>> = {
  5: 'met', // busy
  6: 'met', // locked
  8: 'away', // read-only
  10: 'away', // an error of the disk
  13: 'away', // the disk is full
  14: 'away', // cannot be opened
  19: 'constraint',
  1555: 'unique', // the primary key
  2067: 'unique',
  2579: 'unique', // the row's id
};

function errorOf(path: string, { error, code }: { error: string; code: number | undefined }): DatabaseError {
  if (code === undefined) return new DatabaseError('wrong', error);
  const kind = KINDS[code] ?? KINDS[code & 0xff] ?? 'wrong';
  return new DatabaseError(kind, kind === 'away' ? `${path}: ${error}` : error, String(code));
}
