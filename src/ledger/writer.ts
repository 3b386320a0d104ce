/**
 * The one writer of the books in a process. An entry is in the journal before anybody goes on; from there it goes into
 * the database with all others that are pending, in one transaction in which money is settled and reports add it up. The
 * next transaction begins when the last one has ended: the slower the database, the larger they are.
 */

import type { Transaction } from 'kysely';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { CallEntry } from '../domain/entry.ts';
import type { Database } from '../storage/database.ts';
import { isDatabaseError } from '../storage/database-error.ts';
import type { Tables } from '../storage/tables.ts';
import { Backlog, type Pending } from './backlog.ts';
import { hasStory } from './entry-line.ts';
import { entryInsert } from './entry-rows.ts';
import type { Journal, Segment } from './journal.ts';

/**
 * Takes part in the transaction of a batch: `fresh` are the entries that were not in the database before. It may be run
 * again, so that only its queries change anything; what is to follow in memory it returns, and that is called once, when
 * the entries are there for certain.
 */
export type Poster = (
  transaction: Transaction<Tables>,
  fresh: readonly CallEntry[],
  // biome-ignore lint/suspicious/noConfusingVoidType: most have nothing to return
) => Promise<(() => void) | void>;

export type WriterOptions = {
  readonly database: Database;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Logger;
  readonly posters: readonly Poster[];
  /** Of the journal's files together: beyond it no new call begins. */
  readonly spillBytes: () => number;
  readonly mostInMemory?: number;
  /** When the journal is written; not given: at once, by one write for each entry. */
  readonly soon?: (task: () => void) => void;
};

export type WriterState = {
  /** Entries that are not in the database yet. */
  readonly pending: number;
  readonly journalBytes: number;
  readonly isFull: boolean;
  /** Why and since when nothing can be written. */
  readonly away: { readonly sinceMs: number; readonly reason: string } | undefined;
};

export type Batch = { readonly entries: number; readonly ms: number; readonly isCommitted: boolean };

export type Writer = {
  /**
   * Undefined: the journal has it. The promise resolves when it does; where the entry is awaited, when it is in the
   * database, or after `LONGEST_WAIT_MS`.
   */
  record(entry: CallEntry): Promise<void> | undefined;
  /** Files that dead processes left. */
  adopt(segments: readonly Segment[]): void;
  state(): WriterState;
  /** Tells of every transaction. */
  onBatch(listener: (batch: Batch) => void): void;
  /** Everything that can be written is, and the journal is closed; false where the database is away and the rest is for the next run. */
  close(limitMs: number): Promise<boolean>;
};

/** What the end of an answer may wait for. */
export const LONGEST_WAIT_MS = 10;
/** Nobody waits: more entries for one transaction, which costs much the same for one and for a hundred. */
const GATHER_MS = 200;
const MOST_IN_BATCH = 500;
const MOST_IN_MEMORY = 20_000;
const LEAST_BACK_OFF_MS = 100;
const LONGEST_BACK_OFF_MS = 5_000;

export function createWriter(options: WriterOptions): Writer {
  const { database, journal, clock, log, posters, spillBytes, soon } = options;
  const backlog = new Backlog({
    journal,
    mostInMemory: options.mostInMemory ?? MOST_IN_MEMORY,
    onLost(lines, reason) {
      log.error({ lines: lines.length, reason }, 'ledger: a part of a journal is put aside');
      if (lines.length > 0) journal.reject(lines, reason);
    },
    onUnwritable(error) {
      log.error({ error: messageOf(error) }, 'ledger: the journal cannot be written');
    },
  });
  const insertEntries = entryInsert(database.kind, database.query);
  const listeners: ((batch: Batch) => void)[] = [];
  let cancelNext = (): void => undefined;
  let isArmed = false;
  let isWriting = false;
  /** Of the transaction that is under way. */
  let underWay = 0;
  let hurry = false;
  let away: WriterState['away'];
  /** A transaction whose end nobody knows, until its entries are written again. */
  let doubtful: { readonly fresh: ReadonlySet<string>; readonly tasks: readonly (() => void)[] } | undefined;
  let backOffMs = 0;
  let onRest: (() => void) | undefined;
  let flushing: Promise<void> | undefined;

  /** A second call while one is armed changes nothing. */
  const arm = (delayMs: number): void => {
    if (isArmed || isWriting) return;
    isArmed = true;
    cancelNext = clock.after(delayMs, () => {
      isArmed = false;
      void write();
    });
  };

  /** Into the journal, with all others of this turn. */
  const flushSoon = (): Promise<void> | undefined => {
    if (soon === undefined) {
      backlog.flush();
      return undefined;
    }
    flushing ??= new Promise((resolve) =>
      soon(() => {
        flushing = undefined;
        backlog.flush();
        resolve();
      }),
    );
    return flushing;
  };

  const disarm = (): void => {
    cancelNext();
    isArmed = false;
  };

  const write = async (): Promise<void> => {
    if (isWriting) return;
    disarm();
    isWriting = true;
    for (;;) {
      hurry = false;
      const batch = backlog.take(MOST_IN_BATCH);
      if (batch.length === 0) break;
      underWay = batch.length;
      const rest = await writeBatch(batch);
      underWay = 0;
      if (rest.length > 0) {
        backlog.putBack(rest);
        break;
      }
      // Those who came meanwhile and wait for nothing may gather others.
      if (onRest === undefined && !hurry && backlog.length < MOST_IN_BATCH && !backlog.hasUnread) break;
    }
    isWriting = false;
    if (away !== undefined) arm(backOffMs);
    else if (!backlog.isEmpty) arm(GATHER_MS);
    if (away !== undefined || backlog.isEmpty) onRest?.();
  };

  /** Resolves with those that are still to be written. */
  const writeBatch = async (batch: readonly Pending[]): Promise<readonly Pending[]> => {
    const { failed, error } = await commitParts(batch);
    if (failed.length === 0) return [];
    // One at fault is put aside. Where all are, or nothing can be written at all, it is the database.
    if (failed.length < batch.length && !isDatabaseError(error, 'away') && !isDatabaseError(error, 'met')) {
      putAside(failed, error);
      return [];
    }
    isAway(error);
    return failed;
  };

  /** Halves what cannot be written until the entries that cannot are alone. */
  const commitParts = async (
    batch: readonly Pending[],
  ): Promise<{ failed: readonly Pending[]; error?: unknown }> => {
    try {
      await commit(batch);
      return { failed: [] };
    } catch (error) {
      if (batch.length === 1 || isDatabaseError(error, 'away') || isDatabaseError(error, 'met'))
        return { failed: batch, error };
      const middle = batch.length >> 1;
      const first = await commitParts(batch.slice(0, middle));
      const second = await commitParts(batch.slice(middle));
      return { failed: [...first.failed, ...second.failed], error: first.error ?? second.error ?? error };
    }
  };

  const commit = async (batch: readonly Pending[]): Promise<void> => {
    const startedAtMs = clock.now();
    const told = (isCommitted: boolean): void => {
      const ms = clock.now() - startedAtMs;
      for (const listener of listeners) listener({ entries: batch.length, ms, isCommitted });
    };
    let fresh: ReadonlySet<string> | undefined;
    let tasks: (() => void)[] = [];
    try {
      const lines = batch.map(({ line }) => line);
      const storied = batch.filter(({ entry }) => hasStory(entry)).map(({ line }) => line);
      await database.write(async (transaction) => {
        tasks = [];
        fresh = await insertEntries(transaction, lines, storied);
        const entries = freshOf(batch, fresh);
        if (entries.length > 0)
          for (const poster of posters) tasks.push((await poster(transaction, entries)) ?? nothing);
      });
    } catch (error) {
      told(false);
      if (fresh !== undefined) resolveDoubt(batch, fresh);
      if (isDatabaseError(error, 'away') && fresh !== undefined) doubtful = { fresh, tasks };
      throw error;
    }
    told(true);
    isThere();
    resolveDoubt(batch, fresh ?? new Set());
    for (const task of tasks) task();
    for (const { segment, committed } of batch) {
      if (segment !== undefined) journal.done(segment, 1);
      committed?.();
    }
  };

  /** What is new to the database now was not written before. */
  const resolveDoubt = (batch: readonly Pending[], fresh: ReadonlySet<string>): void => {
    const doubt = doubtful;
    if (doubt === undefined || !batch.some(({ entry }) => doubt.fresh.has(entry.id))) return;
    doubtful = undefined;
    for (const id of doubt.fresh) if (fresh.has(id)) return;
    // Only the word of that commit was lost.
    for (const task of doubt.tasks) task();
  };

  const putAside = (failed: readonly Pending[], error: unknown): void => {
    const reason = messageOf(error);
    log.error(
      { calls: failed.map(({ entry }) => entry.id), reason },
      'ledger: entries that the database does not take are put aside',
    );
    journal.reject(
      failed.map(({ line }) => line),
      reason,
    );
    for (const { segment, committed } of failed) {
      if (segment !== undefined) journal.done(segment, 1);
      committed?.();
    }
  };

  const isAway = (error: unknown): void => {
    const reason = messageOf(error);
    if (away === undefined)
      log.error(
        { reason },
        'ledger: the database takes nothing; calls go on, their entries are in the journal',
      );
    away ??= { sinceMs: clock.now(), reason };
    backOffMs = Math.min(LONGEST_BACK_OFF_MS, Math.max(LEAST_BACK_OFF_MS, backOffMs * 2));
  };

  const isThere = (): void => {
    backOffMs = 0;
    if (away === undefined) return;
    log.info({ awayMs: Math.round(clock.now() - away.sinceMs) }, 'ledger: the database is back');
    away = undefined;
  };

  return {
    record(entry) {
      const pending = backlog.add(entry);
      // On another machine than ours the journal may be gone together with us; and money near its end is counted at once.
      const isAwaited = away === undefined && (database.kind === 'postgres' || entry.held.length > 0);
      if (!isAwaited) {
        arm(GATHER_MS);
        return flushSoon();
      }
      return new Promise((resolve) => {
        const cancel = clock.after(LONGEST_WAIT_MS, resolve);
        pending.committed = () => {
          cancel();
          resolve();
        };
        void flushSoon();
        hurry = true;
        void Promise.resolve().then(write);
      });
    },
    adopt(segments) {
      if (segments.length === 0) return;
      backlog.adopt(segments);
      arm(0);
    },
    state() {
      const journalBytes = journal.bytes();
      return { pending: backlog.length + underWay, journalBytes, isFull: journalBytes >= spillBytes(), away };
    },
    onBatch: (listener) => void listeners.push(listener),
    async close(limitMs) {
      if (isWriting || !backlog.isEmpty)
        await new Promise<void>((resolve) => {
          const cancel = clock.after(limitMs, resolve);
          onRest = () => {
            cancel();
            resolve();
          };
          void write();
        });
      disarm();
      journal.close();
      return !isWriting && backlog.isEmpty;
    },
  };
}

/** Usually all. */
function freshOf(batch: readonly Pending[], ids: ReadonlySet<string>): readonly CallEntry[] {
  // The same call twice in one batch is there once.
  const left = new Set(ids);
  return batch.map(({ entry }) => entry).filter(({ id }) => left.delete(id));
}

const nothing = (): void => undefined;

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
