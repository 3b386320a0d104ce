/** Transactions of every database behind the port: all or nothing, exact under contention, never half open. */

import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type { OpenDatabase } from '../testing/databases.ts';
import type { Database, Queries } from './database.ts';
import { DatabaseError, isDatabaseError } from './database-error.ts';

export function transactionsSuite(open: OpenDatabase): void {
  let database: Database;
  let other: Database;
  before(async () => {
    [database, other] = await Promise.all([open(), open()]);
  });

  const make = (id: string, spent_nano = 0n, { query } = database): Promise<unknown> =>
    query.insertInto('purses').values({ id, spent_nano, held_nano: 0n, updated_ms: 1 }).execute();
  const add = (queries: Queries, id: string, amount = 1n): Promise<unknown> =>
    queries
      .updateTable('purses')
      .set(({ eb }) => ({ spent_nano: eb('spent_nano', '+', amount) }))
      .where('id', '=', id)
      .execute();
  const spentOf = async (id: string, queries: Queries = database.query): Promise<bigint | undefined> => {
    const row = queries.selectFrom('purses').select('spent_nano').where('id', '=', id);
    return (await row.executeTakeFirst())?.spent_nano;
  };

  describe('a transaction', () => {
    it('is seen by itself at once, and by the others at its end', async () => {
      await make('own');
      await database.write(async (transaction) => {
        await add(transaction, 'own', 5n);
        assert.equal(await spentOf('own', transaction), 5n);
        assert.equal(await spentOf('own'), 0n);
        assert.equal(await spentOf('own', other.query), 0n);
      });
      assert.equal(await spentOf('own', other.query), 5n);
    });

    it('that throws leaves nothing behind, and the next one begins anew', async () => {
      await make('thrown');
      const fault = new Error('a fault of the task');
      await assert.rejects(
        database.write(async (transaction) => {
          await add(transaction, 'thrown');
          throw fault;
        }),
        fault,
      );
      await database.write((transaction) => add(transaction, 'thrown', 2n));
      assert.equal(await spentOf('thrown'), 2n);
    });

    it('whose statement was refused leaves nothing behind, even where the task does not mind', async () => {
      await make('refused');
      const result = database.write(async (transaction) => {
        await add(transaction, 'refused');
        await transaction
          .insertInto('purses')
          .values({ id: 'refused', spent_nano: 0n, held_nano: 0n, updated_ms: 1 })
          .execute()
          .catch(() => {});
        throw new Error('given up');
      });
      await assert.rejects(result, /given up/);
      assert.equal(await spentOf('refused'), 0n);
    });

    it('adds exactly, whoever adds at the same time', async () => {
      await make('counted');
      const adders = Array.from({ length: 200 }, (_, index) => {
        const by = index % 2 === 0 ? database : other;
        return index % 5 === 0
          ? add(by.query, 'counted')
          : by.write((transaction) => add(transaction, 'counted'));
      });
      await Promise.all(adders);
      assert.equal(await spentOf('counted'), 200n);
    });

    it('takes from a purse only what is in it, whoever takes at the same time', async () => {
      await make('bounded', 7n);
      const take = async (by: Database): Promise<boolean> =>
        await by.write(async (transaction) => {
          const taken = await transaction
            .updateTable('purses')
            .set(({ eb }) => ({ spent_nano: eb('spent_nano', '-', 1n) }))
            .where('id', '=', 'bounded')
            .where('spent_nano', '>=', 1n)
            .executeTakeFirst();
          return taken.numUpdatedRows === 1n;
        });
      const taken = await Promise.all(
        Array.from({ length: 40 }, (_, index) => take(index % 2 === 0 ? database : other)),
      );
      assert.equal(taken.filter((each) => each).length, 7);
      assert.equal(await spentOf('bounded'), 0n);
    });

    it('is run again when it met another one, and given up after some times', async () => {
      let runs = 0;
      const met = async (): Promise<string> => {
        runs += 1;
        if (runs < 3) throw new DatabaseError('met', 'in the way');
        return 'done';
      };
      assert.equal(await database.write(met), 'done');
      assert.equal(runs, 3);
      runs = -100;
      await assert.rejects(database.write(met), (error) => isDatabaseError(error, 'met'));
      assert.equal(runs, -94);
    });

    it('crosswise with another one ends with both done, not with both waiting', async () => {
      await Promise.all([make('left'), make('right')]);
      const cross = (by: Database, first: string, second: string): Promise<unknown> =>
        by.write(async (transaction) => {
          await add(transaction, first);
          await wait(20);
          await add(transaction, second);
        });
      await Promise.all([cross(database, 'left', 'right'), cross(other, 'right', 'left')]);
      assert.deepEqual(await Promise.all([spentOf('left'), spentOf('right')]), [2n, 2n]);
    });

    it('that only reads sees one moment, whatever is committed meanwhile, and stops no writer', async () => {
      await make('moment', 1n);
      await database.query
        .transaction()
        .setIsolationLevel('repeatable read')
        .setAccessMode('read only')
        .execute(async (transaction) => {
          assert.equal(await spentOf('moment', transaction), 1n);
          await add(other.query, 'moment');
          await add(database.query, 'moment');
          assert.equal(await spentOf('moment', transaction), 1n);
          await assert.rejects(add(transaction, 'moment'), DatabaseError);
        })
        .catch((error: unknown) => {
          // PostgreSQL's transaction is over with the refused statement.
          if (!(error instanceof DatabaseError)) throw error;
        });
      assert.equal(await spentOf('moment'), 3n);
    });
  });
}
