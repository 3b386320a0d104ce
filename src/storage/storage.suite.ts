/** What every database behind the port does alike. */

import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { sql } from 'kysely';
import type { OpenDatabase } from '../testing/databases.ts';
import type { Database } from './database.ts';
import { DatabaseError, isDatabaseError } from './database-error.ts';

const LARGEST = 2n ** 63n - 1n;

export function storageSuite(open: OpenDatabase): void {
  let database: Database;
  const purse = (id: string, spent_nano = 0n) => ({ id, spent_nano, held_nano: 0n, updated_ms: 1 });
  const spentOf = async (id: string): Promise<bigint | undefined> =>
    (await database.query.selectFrom('purses').select('spent_nano').where('id', '=', id).executeTakeFirst())
      ?.spent_nano;
  before(async () => {
    database = await open();
  });

  describe('values', () => {
    it('come back as they went in, whole money up to 64 bits', async () => {
      for (const spent of [0n, -1n, LARGEST, -LARGEST - 1n, 2n ** 53n + 1n]) {
        await database.query
          .insertInto('purses')
          .values(purse(`money ${spent}`, spent))
          .execute();
        assert.equal(await spentOf(`money ${spent}`), spent);
      }
    });
  });
  void [sql, DatabaseError, isDatabaseError];
}
