/**
 * How a change that is made through one instance comes to all others: every change counts up the revision of its topic
 * within its own transaction, and every instance looks at the few numbers again and again. What is kept in memory of a
 * topic is loaded anew when its number is another one. A database that is away changes nothing: what was known stays.
 */

import type { Cancel, Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { Database, Queries } from './database.ts';

export const TOPICS = ['config', 'keys', 'prices'] as const;
export type Topic = (typeof TOPICS)[number];

/** To be in force everywhere within two seconds, with time to load. */
const LOOK_EVERY_MS = 700;
/** So that instances that were started together do not ask together. */
const JITTER = 0.1;
const LONGEST_BACK_OFF_MS = 5_000;
/** A database that is silent is away. */
const PATIENCE_MS = 2_000;

/**
 * Within the transaction that makes the change: until its end nobody else can change the topic, so that revisions are in
 * the order of the changes. The new one may be written to the rows that change, for those who load only what is newer.
 */
export async function bump(transaction: Queries, topic: Topic): Promise<number> {
  const { revision } = await transaction
    .insertInto('revisions')
    .values({ topic, revision: 1 })
    .onConflict((conflict) =>
      conflict.column('topic').doUpdateSet((row) => ({ revision: row('revisions.revision', '+', 1) })),
    )
    .returning('revision')
    .executeTakeFirstOrThrow();
  return Number(revision);
}

/** Of the topics that have ever changed. */
export async function readRevisions(query: Queries): Promise<ReadonlyMap<string, number>> {
  const rows = await query.selectFrom('revisions').selectAll().orderBy('topic').execute();
  return new Map(rows.map(({ topic, revision }) => [topic, Number(revision)]));
}

export type Revisions = {
  /**
   * `load` brings what is in memory up to what the database says, at the first look and after each change; where it
   * fails it is called again at the next look. Never twice at a time for one topic.
   */
  follow(topic: Topic, load: (revision: number) => Promise<void>): void;
  /** The first look and, from then on, one after the other. Rejects when that first one fails. */
  start(): Promise<void>;
  /** This instance has made a change: resolves when it is in force here, or soon after where that cannot be had. */
  notice(topic: Topic): Promise<void>;
  /** False while the database does not answer. */
  readonly reachable: boolean;
  close(): void;
};

export type RevisionsOptions = {
  /** What `readRevisions` finds. */
  readonly read: () => Promise<ReadonlyMap<string, number>>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Pick<Logger, 'info' | 'warn'>;
};

type Followed = {
  readonly load: (revision: number) => Promise<void>;
  /** What is in memory. */
  revision: number;
  loading: Promise<void> | undefined;
};

export const createRevisions = ({
  database,
  ...rest
}: Omit<RevisionsOptions, 'read'> & { readonly database: Pick<Database, 'query'> }): Revisions =>
  watchRevisions({ read: () => readRevisions(database.query), ...rest });

export function watchRevisions({ read, clock, random, log }: RevisionsOptions): Revisions {
  const followed = new Map<Topic, Followed>();
  let looking: Promise<void> | undefined;
  let failures = 0;
  let closed = false;
  let cancel: Cancel | undefined;

  /** One after the other: what is asked while one is under way is answered by the next. */
  const look = async (): Promise<void> => {
    while (looking !== undefined) await looking.catch(() => {});
    looking = lookOnce();
    try {
      await looking;
    } finally {
      looking = undefined;
    }
  };

  const lookOnce = async (): Promise<void> => {
    let found: ReadonlyMap<string, number>;
    try {
      found = await within(clock, read());
    } catch (error) {
      failures += 1;
      if (failures === 1)
        log.warn({ error: wordsOf(error) }, 'the database does not answer: what was known stays in force');
      throw error;
    }
    if (failures > 0) log.info({}, 'the database answers again');
    failures = 0;
    const loads = [...followed].map(([topic, each]) => loaded(topic, each, found.get(topic) ?? 0));
    const outcomes = await Promise.allSettled(loads.map((load) => within(clock, load)));
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  };

  const loaded = (topic: Topic, each: Followed, revision: number): Promise<void> => {
    if (each.revision === revision && each.loading === undefined) return Promise.resolve();
    each.loading ??= each
      .load(revision)
      .then(
        () => {
          each.revision = revision;
        },
        (error: unknown) => {
          log.warn({ topic, error: wordsOf(error) }, 'a change could not be loaded: it is tried again');
          throw error;
        },
      )
      .finally(() => {
        each.loading = undefined;
      });
    return each.loading;
  };

  const goOn = (): void => {
    if (closed) return;
    const pause = Math.min(LONGEST_BACK_OFF_MS, LOOK_EVERY_MS * 2 ** Math.min(failures, 10));
    cancel = clock.after(pause * (1 + JITTER * (2 * random() - 1)), () => {
      look()
        .catch(() => {})
        .finally(goOn);
    });
  };

  return {
    follow(topic, load) {
      followed.set(topic, { load, revision: -1, loading: undefined });
    },
    async start() {
      await look();
      goOn();
    },
    async notice(topic) {
      if (!followed.has(topic)) return;
      await look().catch(() => {});
    },
    get reachable() {
      return failures === 0;
    },
    close() {
      closed = true;
      cancel?.();
    },
  };
}

/** Rejects when it takes too long; what comes of it then is nobody's concern any more. */
function within<T>(clock: Clock, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(PATIENCE_MS, () => reject(new Error(`no answer within ${PATIENCE_MS} ms`)));
    promise.then(resolve, reject).finally(cancel);
  });
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
