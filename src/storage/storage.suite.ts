/** What every database behind the port does alike: values, statements, transactions, and what goes wrong with them. */

import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import fc from 'fast-check';
import { sql } from 'kysely';
import type { OpenDatabase } from '../testing/databases.ts';
import type { Database } from './database.ts';
import { DatabaseError, type DatabaseErrorKind } from './database-error.ts';
import type { PurseRow, StoryRow } from './tables.ts';

const LARGEST = 2n ** 63n - 1n;

const purse = (id: string, spent_nano = 0n): PurseRow => ({ id, spent_nano, held_nano: 0n, updated_ms: 1 });
const story = (call: string, text: string, arrived_ms = 1): StoryRow => ({ call, arrived_ms, story: text });

const fails =
  (kind: DatabaseErrorKind, message = /./) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof DatabaseError, String(error));
    assert.equal(error.kind, kind, error.message);
    assert.match(error.message, message);
    return true;
  };

export function storageSuite(open: OpenDatabase): void {
  let database: Database;
  let other: Database;
  before(async () => {
    // As two instances have them.
    [database, other] = await Promise.all([open(), open()]);
  });

  const spentOf = async (id: string): Promise<bigint | undefined> => {
    const { query } = database;
    const row = await query.selectFrom('purses').select('spent_nano').where('id', '=', id).executeTakeFirst();
    return row?.spent_nano;
  };
  const storyOf = async (call: string): Promise<StoryRow | undefined> =>
    await database.query.selectFrom('stories').selectAll().where('call', '=', call).executeTakeFirst();

  describe('values', () => {
    it('come back as they went in: money of 64 bits', async () => {
      for (const spent of [0n, -1n, LARGEST, -LARGEST - 1n, 2n ** 53n + 1n]) {
        await database.query
          .insertInto('purses')
          .values(purse(`money ${spent}`, spent))
          .execute();
        assert.equal(await spentOf(`money ${spent}`), spent);
      }
    });

    it('come back as they went in: any text, quotes and line ends and what looks like SQL among it', async () => {
      let number = 0;
      await fc.assert(
        fc.asyncProperty(fc.string({ unit: 'binary' }), async (text) => {
          number += 1;
          const call = `text ${number}`;
          await database.query.insertInto('stories').values(story(call, text)).execute();
          assert.deepEqual(await storyOf(call), story(call, text.replaceAll('\0', '\ufffd')));
        }),
        { numRuns: 50 },
      );
      const nasty = `'; drop table stories; -- " \\ $1 ? :x \u{1f600} 中文`;
      await database.query.insertInto('stories').values(story(nasty, nasty)).execute();
      assert.equal((await storyOf(nasty))?.story, nasty);
    });

    it('come back as they went in: doubles, whole ones too, and times far beyond 32 bits', async () => {
      const all = [0.1, 1e-9, 123456.789, 3, 2 ** 36 + 0.5];
      for (const [from_ms, queue_ms] of all.entries()) {
        const sums = { list_nano: 1n, upstream_nano: 2n, charged_nano: 3n, queue_ms, duration_ms: queue_ms };
        const counts = { calls: 1, input: 2 ** 45, cache_read: 0, cache_write: 0, output: 0, reasoning: 0 };
        const row = {
          span: 'minute',
          from_ms: 1.7e12 + from_ms,
          dimensions: 1,
          unpriced: 0,
          times: '{}',
          ...counts,
          ...sums,
        };
        await database.query.insertInto('rollups').values(row).execute();
        const found = database.query.selectFrom('rollups').selectAll().where('from_ms', '=', row.from_ms);
        assert.deepEqual(await found.executeTakeFirst(), row);
      }
    });

    it('of the clock are found and kept without their fraction', async () => {
      const { query } = database;
      const nowMs = 1.7e12 + 0.5;
      await query
        .insertInto('stories')
        .values(story('moment', '{}', nowMs))
        .execute();
      const found = query.selectFrom('stories').selectAll().where('arrived_ms', '<=', nowMs);
      assert.deepEqual(await found.where('call', '=', 'moment').execute(), [story('moment', '{}', 1.7e12)]);
    });

    it('may be missing', async () => {
      const row = { purse: 'x', instance: 'y', amount_nano: 5n, expires_ms: 9 };
      await database.query.insertInto('holds').values(row).execute();
      const price = { id: 'p', scope: 's', scope_kind: 'model', region: null, price: '{}', from_ms: 1 };
      await database.query
        .insertInto('prices')
        .values({ ...price, created_ms: 1, actor: 'owner' })
        .execute();
      const found = await database.query
        .selectFrom('prices')
        .select(['region', 'from_ms'])
        .executeTakeFirst();
      assert.deepEqual(found, { region: null, from_ms: 1 });
    });

    it('are refused where they would be stored as something else', async () => {
      const refused: unknown[] = [undefined, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, true, {}];
      for (const value of [...refused, new Date(0)])
        await assert.rejects(
          database.query
            .selectFrom('purses')
            .select('id')
            .where('updated_ms', '=', value as number)
            .execute(),
          fails('wrong', /parameter 1: expected/),
          String(value),
        );
    });

    it('that are too large for a number are refused when they are read as one', async () => {
      await database.query.insertInto('purses').values(purse('large', LARGEST)).execute();
      const large = database.query.selectFrom('purses').where('id', '=', 'large');
      await assert.rejects(large.select('spent_nano as spent').execute(), fails('wrong', /too large/));
    });
  });

  describe('sums', () => {
    it('are exact, whole, and bigint by their name', async () => {
      const half = LARGEST / 2n;
      await database.query
        .insertInto('wallet_entries')
        .values(
          [half, half, 1n].map((amount_nano, index) => ({
            ...{ id: `sum ${index}`, tenant: 'sum', at_ms: index, kind: 'grant', amount_nano },
            ...{ call: null, note: null, actor: 'owner' },
          })),
        )
        .execute();
      const rows = await database.query
        .selectFrom('wallet_entries')
        .select(({ fn }) => [
          fn.sum('amount_nano').as('total_nano'),
          fn.sum('at_ms').as('at'),
          fn.countAll().as('entries'),
        ])
        .where('tenant', '=', 'sum')
        .executeTakeFirst();
      assert.deepEqual(rows, { total_nano: LARGEST, at: 3, entries: 3 });
    });

    it('of nothing are null', async () => {
      const none = database.query.selectFrom('purses').where('id', '=', 'no such purse');
      assert.deepEqual(await none.select(({ fn }) => fn.sum('spent_nano').as('sum_nano')).execute(), [
        { sum_nano: null },
      ]);
    });
  });

  describe('statements', () => {
    it('tell how many rows they changed', async () => {
      await database.query
        .insertInto('purses')
        .values([purse('n1'), purse('n2')])
        .execute();
      const changed = database.query.updateTable('purses').set({ updated_ms: 2 });
      assert.equal((await changed.where('id', 'in', ['n1', 'n2']).executeTakeFirst()).numUpdatedRows, 2n);
      assert.equal((await changed.where('id', '=', 'n3').executeTakeFirst()).numUpdatedRows, 0n);
      const gone = await database.query.deleteFrom('purses').where('id', '=', 'n1').executeTakeFirst();
      assert.equal(gone.numDeletedRows, 1n);
    });

    it('may answer with the rows that they wrote, those that were there already left out', async () => {
      const write = (ids: readonly string[]) =>
        database.query
          .insertInto('purses')
          .values(ids.map((id) => purse(id)))
          .onConflict((conflict) => conflict.doNothing())
          .returning('id')
          .execute();
      assert.deepEqual(await write(['r1', 'r2']), [{ id: 'r1' }, { id: 'r2' }]);
      assert.deepEqual(await write(['r2', 'r3']), [{ id: 'r3' }]);
    });

    it('may be written by hand, and read what the others committed', async () => {
      await other.query.insertInto('purses').values(purse('by hand', 7n)).execute();
      const { rows } = await sql`select spent_nano from purses where id = ${'by hand'}`.execute(
        database.query,
      );
      assert.deepEqual(rows, [{ spent_nano: 7n }]);
      await sql`update purses set spent_nano = spent_nano + ${1n} where id = ${'by hand'}`.execute(
        other.query,
      );
      assert.equal(await spentOf('by hand'), 8n);
    });

    it('that are no SQL are a fault of the program, and the next one is answered', async () => {
      await assert.rejects(sql`selec 1`.execute(database.query), fails('wrong'));
      await assert.rejects(sql`select * from no_such_table`.execute(database.query), fails('wrong'));
      assert.equal(await spentOf('no such purse'), undefined);
    });
  });

  describe('a row', () => {
    it('that is there already is told apart, without what it holds', async () => {
      await database.query.insertInto('purses').values(purse('secret-of-somebody')).execute();
      await assert.rejects(
        database.query.insertInto('purses').values(purse('secret-of-somebody')).execute(),
        (error) => fails('unique')(error) && !String(error).includes('secret-of-somebody'),
      );
      const admin = { name: 'a', role: 'viewer', tenant: null, prefix: 'p', active: 1, version: 1 };
      const row = { ...admin, hash: 'the same', created_ms: 1, updated_ms: 1 };
      await database.query
        .insertInto('admins')
        .values({ ...row, id: 'a' })
        .execute();
      await assert.rejects(
        database.query
          .insertInto('admins')
          .values({ ...row, id: 'b' })
          .execute(),
        fails('unique'),
      );
    });

    it('that lacks what it must have is refused', async () => {
      const half = { id: 'half' } as PurseRow;
      await assert.rejects(database.query.insertInto('purses').values(half).execute(), fails('constraint'));
    });
  });
}
