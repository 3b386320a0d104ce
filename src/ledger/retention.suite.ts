/** What holds of retention on each of the databases. */

import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Clock } from '../base/clock.ts';
import { silentLogger } from '../base/log.ts';
import type { Database } from '../storage/database.ts';
import type { OpenDatabase } from '../testing/databases.ts';
import { someEntry } from '../testing/entries.ts';
import { lineOf } from './entry-line.ts';
import { insertEntries } from './entry-rows.ts';
import { createRetention, type Retention, type RetentionSettings } from './retention.ts';

const DAY_MS = 86_400_000;
const NOW_MS = Date.UTC(2026, 10, 26, 15);
const daysAgo = (days: number): number => NOW_MS - days * DAY_MS;

export function retentionSuite(open: OpenDatabase): void {
  /** Pauses cost nothing here. */
  const clock: Clock = {
    now: () => NOW_MS,
    after(_ms, task) {
      queueMicrotask(task);
      return () => {};
    },
  };

  const keeper = (database: Database, settings: RetentionSettings, rowsAtOnce = 7): Retention =>
    createRetention({ database, clock, log: silentLogger, settings: () => settings, rowsAtOnce });

  async function write(
    database: Database,
    calls: readonly {
      readonly id: string;
      readonly atMs: number;
      readonly tenant?: string;
      readonly paid?: boolean;
    }[],
  ): Promise<void> {
    const lines = calls.map(({ id, atMs, tenant = 'acme', paid = false }) =>
      lineOf(
        someEntry({
          ...{ id, arrivedAtMs: atMs, endedAtMs: atMs + 1_000, tenant },
          // One that waited has a story.
          queueMs: 12.5,
          money: { ...someEntry({ id }).money, chargedNano: 3n },
          held: paid ? [{ purse: `wallet:${tenant}`, amountNano: 3n }] : [],
        }),
      ),
    );
    await database.write((transaction) => insertEntries(transaction, database.kind, lines));
  }

  const left = async (database: Database): Promise<readonly string[]> =>
    (await database.query.selectFrom('entries').select('id').orderBy('id').execute()).map(({ id }) => id);

  /** The sum of what was paid in, less what calls were charged. */
  async function balance(database: Database, tenant: string): Promise<bigint> {
    const [{ paid } = assert.fail()] = await database.query
      .selectFrom('wallet_entries')
      .select((eb) => eb.fn.coalesce(eb.fn.sum<bigint>('amount_nano'), eb.lit(0)).as('paid'))
      .where('tenant', '=', tenant)
      .execute();
    const [{ charged } = assert.fail()] = await database.query
      .selectFrom('entries')
      .select((eb) => eb.fn.coalesce(eb.fn.sum<bigint>('charged_nano'), eb.lit(0)).as('charged'))
      .where('tenant', '=', tenant)
      .where('in_wallet', '=', 1)
      .execute();
    return BigInt(paid) - BigInt(charged);
  }

  const empty = async (database: Database): Promise<void> => {
    for (const table of ['entries', 'stories', 'wallet_entries', 'rollups'] as const)
      await database.query.deleteFrom(table).execute();
  };

  it('lets go of whole days, and leaves the day that is not over', async () => {
    const database = await open();
    await empty(database);
    const edge = Date.UTC(2026, 10, 16);
    await write(database, [
      ...[
        { id: 'a', atMs: edge - 1 },
        { id: 'b', atMs: edge },
        { id: 'c', atMs: daysAgo(9) },
      ],
      ...Array.from({ length: 30 }, (_, i) => ({ id: `old${i}`, atMs: daysAgo(100) + i })),
    ]);
    assert.deepEqual(await keeper(database, { entriesMs: 10 * DAY_MS }).prune(), {
      ...{ entries: 31, stories: 31, minutes: 0 },
    });
    assert.deepEqual(await left(database), ['b', 'c']);
  });

  it('keeps for ever where it is told to', async () => {
    const database = await open();
    await empty(database);
    await write(database, [{ id: 'a', atMs: 0 }]);
    assert.deepEqual(await keeper(database, {}).prune(), { entries: 0, stories: 0, minutes: 0 });
    assert.deepEqual(await left(database), ['a']);
  });

  it('lets go of stories before their calls', async () => {
    const database = await open();
    await empty(database);
    await write(database, [
      { id: 'a', atMs: daysAgo(40) },
      { id: 'b', atMs: daysAgo(20) },
    ]);
    const pruned = await keeper(database, { entriesMs: 400 * DAY_MS, storiesMs: 30 * DAY_MS }).prune();
    assert.deepEqual(pruned, { entries: 0, stories: 1, minutes: 0 });
    assert.deepEqual(await left(database), ['a', 'b']);
  });

  it('carries over what wallets paid, by tenant and day, so that balances stay as they were', async () => {
    const database = await open();
    await empty(database);
    await database.query
      .insertInto('wallet_entries')
      .values({
        ...{ id: 'top', tenant: 'acme', at_ms: 0, kind: 'top_up', amount_nano: 1_000n, call: null },
        ...{ note: null, actor: 'owner' },
      })
      .execute();
    const calls = Array.from({ length: 60 }, (_, i) => ({
      ...{ id: `c${i}`, atMs: daysAgo(12 - (i % 3)), paid: i % 2 === 0 },
      tenant: i % 5 === 0 ? 'other' : 'acme',
    }));
    await write(database, [...calls, { id: 'new', atMs: NOW_MS, paid: true }]);
    const before = [await balance(database, 'acme'), await balance(database, 'other')];
    // Two instances at once: each row is carried over by one of them.
    const pruned = await Promise.all([
      keeper(database, { entriesMs: DAY_MS }).prune(),
      keeper(await open(), { entriesMs: DAY_MS }, 4).prune(),
    ]);
    assert.equal((pruned[0]?.entries ?? 0) + (pruned[1]?.entries ?? 0), 60);
    assert.deepEqual(await left(database), ['new']);
    assert.deepEqual([await balance(database, 'acme'), await balance(database, 'other')], before);
    const carried = await database.query
      .selectFrom('wallet_entries')
      .selectAll()
      .where('kind', '=', 'carried')
      .orderBy('id')
      .execute();
    assert.equal(carried.length, 6);
    assert.partialDeepStrictEqual(carried[0], {
      ...{ id: 'carried:acme:2026-11-14', tenant: 'acme', note: 'calls of 2026-11-14', actor: 'sluice' },
      at_ms: Date.UTC(2026, 10, 15) - 1,
    });
    assert.ok(carried.every(({ amount_nano }) => amount_nano < 0n));
  });

  it('lets go of sums by the minute, and keeps those by the day', async () => {
    const database = await open();
    await empty(database);
    const row = (span: string, fromMs: number) => ({
      ...{ span, from_ms: fromMs, dimensions: 1, calls: 1, input: 1, cache_read: 0, cache_write: 0 },
      ...{ output: 1, reasoning: 0, unpriced: 0, list_nano: 1n, upstream_nano: 1n, charged_nano: 1n },
      ...{ queue_ms: 0, duration_ms: 1, times: '' },
    });
    const minutes = Array.from({ length: 25 }, (_, i) => row('minute', daysAgo(9) + i * 60_000));
    await database.query
      .insertInto('rollups')
      .values([...minutes, row('minute', daysAgo(2)), row('day', daysAgo(9))])
      .execute();
    const pruned = await keeper(database, { minutesMs: 7 * DAY_MS }).prune();
    assert.deepEqual(pruned, { entries: 0, stories: 0, minutes: 25 });
    const rest = await database.query.selectFrom('rollups').select('span').orderBy('span').execute();
    assert.deepEqual(
      rest.map(({ span }) => span),
      ['day', 'minute'],
    );
  });
}
