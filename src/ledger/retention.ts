/**
 * Lets go of what is older than it has to be, by whole days and in small pieces with pauses, so that nobody waits for it.
 * What wallets paid is carried over as one wallet entry a day before the calls it was for are gone: balances stay true.
 * Several instances may prune at once: each row is deleted by one of them, and only that one carries it over.
 */

import { type Cancel, type Clock, sleep } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { Database } from '../storage/database.ts';

export type RetentionSettings = {
  /** Undefined: for ever. */
  readonly entriesMs?: number;
  readonly storiesMs?: number;
  readonly minutesMs?: number;
};

export type RetentionOptions = {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly settings: () => RetentionSettings;
  /** Rows that are deleted at once. */
  readonly rowsAtOnce?: number;
};

export type Pruned = { readonly entries: number; readonly stories: number; readonly minutes: number };

export type Retention = {
  /** From now on once an hour. */
  start(): void;
  /** All that is too old now. Rejects when the database is away. */
  prune(): Promise<Pruned>;
  close(): void;
};

const DAY_MS = 86_400_000;
const EVERY_MS = 3_600_000;
/** A start has more urgent things to do. */
const FIRST_MS = 120_000;
const ROWS_AT_ONCE = 500;
const PAUSE_MS = 20;
/** Sums of so much time are deleted at once. */
const MINUTES_AT_ONCE_MS = 10 * 60_000;

const dayOf = (atMs: number): number => Math.floor(atMs / DAY_MS) * DAY_MS;

export function createRetention(options: RetentionOptions): Retention {
  const { database, clock, log, settings, rowsAtOnce = ROWS_AT_ONCE } = options;
  let cancel: Cancel = () => undefined;
  let isClosed = false;

  /** Whole days: what began before this moment may go. */
  const endOf = (keptMs: number | undefined): number | undefined =>
    keptMs === undefined ? undefined : dayOf(clock.now() - keptMs);

  /** One piece after the other until one finds nothing more. */
  const inPieces = async (keptMs: number | undefined, piece: (endMs: number) => Promise<number>) => {
    const endMs = endOf(keptMs);
    let rows = 0;
    while (endMs !== undefined && !isClosed) {
      const gone = await piece(endMs);
      rows += gone;
      if (gone === 0) break;
      await sleep(clock, PAUSE_MS);
    }
    return rows;
  };

  const pruneEntries = (endMs: number): Promise<number> =>
    database.write(async (transaction) => {
      const gone = await transaction
        .deleteFrom('entries')
        .where('id', 'in', (old) =>
          old
            .selectFrom('entries')
            .select('id')
            .where('arrived_ms', '<', endMs)
            .orderBy('arrived_ms')
            .limit(rowsAtOnce),
        )
        .returning(['tenant', 'arrived_ms', 'in_wallet', 'charged_nano'])
        .execute();
      const carried = carriedOf(gone, clock.now());
      if (carried.length > 0)
        await transaction
          .insertInto('wallet_entries')
          .values(carried)
          // It grows while its day is carried over, and never again.
          .onConflict((conflict) =>
            conflict.column('id').doUpdateSet((row) => ({
              amount_nano: row('wallet_entries.amount_nano', '+', row.ref('excluded.amount_nano')),
            })),
          )
          .execute();
      return gone.length;
    });

  const pruneStories = async (endMs: number): Promise<number> => {
    const { numDeletedRows } = await database.query
      .deleteFrom('stories')
      .where('call', 'in', (old) =>
        old
          .selectFrom('stories')
          .select('call')
          .where('arrived_ms', '<', endMs)
          .orderBy('arrived_ms')
          .limit(rowsAtOnce),
      )
      .executeTakeFirstOrThrow();
    return Number(numDeletedRows);
  };

  const pruneMinutes = async (endMs: number): Promise<number> => {
    const oldest = await database.query
      .selectFrom('rollups')
      .select((eb) => eb.fn.min('from_ms').as('from_ms'))
      .where('span', '=', 'minute')
      .where('from_ms', '<', endMs)
      .executeTakeFirst();
    // Of no rows the least is null.
    const fromMs: number | null | undefined = oldest?.from_ms;
    if (fromMs === null || fromMs === undefined) return 0;
    const { numDeletedRows } = await database.query
      .deleteFrom('rollups')
      .where('span', '=', 'minute')
      .where('from_ms', '>=', fromMs)
      .where('from_ms', '<', Math.min(endMs, fromMs + MINUTES_AT_ONCE_MS))
      .executeTakeFirstOrThrow();
    return Number(numDeletedRows);
  };

  const prune = async (): Promise<Pruned> => {
    const { entriesMs, storiesMs, minutesMs } = settings();
    return {
      stories: await inPieces(leastOf(storiesMs, entriesMs), pruneStories),
      minutes: await inPieces(minutesMs, pruneMinutes),
      entries: await inPieces(entriesMs, pruneEntries),
    };
  };

  const again = async (): Promise<void> => {
    try {
      const pruned = await prune();
      if (Object.values(pruned).some((rows) => rows > 0))
        log.info(pruned, 'ledger: what was too old is gone');
    } catch (error) {
      log.warn(
        { error: error instanceof Error ? error.message : String(error) },
        'ledger: nothing is pruned',
      );
    }
    if (!isClosed) cancel = clock.after(EVERY_MS, () => void again());
  };

  return {
    start() {
      cancel = clock.after(FIRST_MS, () => void again());
    },
    prune,
    close() {
      isClosed = true;
      cancel();
    },
  };
}

/** A story without its call tells nobody anything. */
const leastOf = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined ? b : Math.min(a, b ?? Infinity);

type Gone = {
  readonly tenant: string;
  readonly arrived_ms: number;
  readonly in_wallet: number;
  readonly charged_nano: bigint | null;
};

/** By tenant and day what wallets had paid. */
function carriedOf(gone: readonly Gone[], nowMs: number) {
  const sums = new Map<string, { readonly tenant: string; readonly dayMs: number; paid: bigint }>();
  for (const { tenant, arrived_ms, in_wallet, charged_nano } of gone) {
    if (in_wallet !== 1 || charged_nano === null || charged_nano === 0n) continue;
    const dayMs = dayOf(arrived_ms);
    const id = carriedId(tenant, dayMs);
    const sum = sums.get(id) ?? { tenant, dayMs, paid: 0n };
    sum.paid += charged_nano;
    sums.set(id, sum);
  }
  return [...sums]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([id, { tenant, dayMs, paid }]) => ({
      id,
      tenant,
      at_ms: Math.min(nowMs, dayMs + DAY_MS - 1),
      kind: 'carried' as const,
      amount_nano: -paid,
      call: null,
      note: `calls of ${new Date(dayMs).toISOString().slice(0, 10)}`,
      actor: 'sluice',
    }));
}

const carriedId = (tenant: string, dayMs: number): string =>
  `carried:${tenant}:${new Date(dayMs).toISOString().slice(0, 10)}`;
