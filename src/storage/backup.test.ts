import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { sql } from 'kysely';
import { type FreshPlace, freshDatabase } from '../testing/databases.ts';
import { BackupError, backup } from './backup.ts';
import type { Database, DatabaseKind } from './database.ts';
import { migrate } from './migrate.ts';
import { MIGRATIONS, type Migration } from './migrations/index.ts';
import { openDatabase } from './open-database.ts';
import { pagesOf } from './pages.ts';
import { type RestoreOptions, restore } from './restore.ts';
import { TABLE_KEYS } from './table-keys.ts';
import { tableNames } from './table-names.ts';
import type { Tables } from './tables.ts';

const LARGEST = 2n ** 63n - 1n;
const KINDS = ['sqlite', 'postgres'] as const satisfies DatabaseKind[];

async function* each(lines: readonly string[]): AsyncGenerator<string> {
  yield* lines;
}

async function fill({ query }: Database): Promise<void> {
  const wallet = {
    tenant: 'acme',
    kind: 'top_up',
    call: null,
    note: `"quoted", 'too'\n中文`,
    actor: 'owner',
  };
  const entries = Array.from({ length: 1_203 }, (_, index) => ({
    ...{ ...wallet, id: `w${index}`, at_ms: 1.7e12 + index, amount_nano: BigInt(index) },
  }));
  await query.insertInto('wallet_entries').values(entries.slice(0, 700)).execute();
  await query.insertInto('wallet_entries').values(entries.slice(700)).execute();
  await query
    .insertInto('purses')
    .values(
      [LARGEST, -LARGEST].map((spent_nano, index) => ({
        ...{ id: `purse ${index}`, spent_nano, held_nano: 0n, updated_ms: 5 },
      })),
    )
    .execute();
  const holds = Array.from({ length: 1_001 }, (_, index) => ({
    purse: `p${index % 7}`,
    instance: `i${index}`,
  }));
  await query
    .insertInto('holds')
    .values(holds.map((hold) => ({ ...hold, amount_nano: 1n, expires_ms: 9 })))
    .execute();
  const key = { key: 'web', prefix: 'sk-sluice-ab', created_ms: 1, ends_ms: null };
  await query
    .insertInto('key_hashes')
    .values({ ...key, hash: 'f00d' })
    .execute();
}

/** Everything in it but when it was migrated. */
async function contents(database: Database): Promise<Record<string, unknown[]>> {
  const all: Record<string, unknown[]> = {};
  for (const table of Object.keys(TABLE_KEYS) as (keyof Tables)[]) {
    if (table === 'migrations') continue;
    const rows: unknown[] = [];
    for await (const page of pagesOf(database.query, table)) rows.push(...page);
    all[table] = rows;
  }
  return all;
}

describe('the keys of tables', () => {
  it('are of all tables that there are', async () => {
    const { place, remove } = await freshDatabase('sqlite');
    const database = await openDatabase(place);
    assert.deepEqual(Object.keys(TABLE_KEYS).sort(), await tableNames(database));
    for (const [table, keys] of Object.entries(TABLE_KEYS)) {
      const { rows } = await sql<{
        name: string;
      }>`select name from pragma_table_info(${table}) where pk > 0 order by pk`.execute(database.query);
      assert.deepEqual(
        rows.map(({ name }) => name),
        keys,
        table,
      );
    }
    await database.close();
    await remove();
  });
});

for (const from of KINDS)
  describe(`a backup of ${from}`, () => {
    let fresh: FreshPlace;
    let source: Database;
    let lines: readonly string[];
    let rows: number;
    const taken = async (database: Database): Promise<string[]> => {
      const written: string[] = [];
      await backup(database, async (line) => void written.push(line), { nowMs: 7 });
      return written;
    };
    before(async () => {
      fresh = await freshDatabase(from);
      source = await openDatabase(fresh.place);
      await fill(source);
      lines = await taken(source);
      rows = 1_203 + 2 + 1_001 + 1;
    });
    after(async () => {
      await source.close();
      await fresh.remove();
    });
    const restoredInto = async (
      kind: DatabaseKind,
      options: RestoreOptions & { readonly full?: boolean; readonly changed?: readonly string[] } = {},
    ): Promise<Record<string, unknown[]>> => {
      const target = await freshDatabase(kind, { empty: options.full !== true });
      const database = await openDatabase(target.place);
      try {
        if (options.full === true)
          await database.query
            .insertInto('purses')
            .values({ id: 'there before', spent_nano: 1n, held_nano: 0n, updated_ms: 1 })
            .execute();
        try {
          assert.equal(await restore(target.place, each(options.changed ?? lines), options), rows);
        } catch (error) {
          const purses = options.full === true ? (await contents(database))['purses'] : [];
          assert.equal(purses?.length, options.full === true ? 1 : 0);
          if (options.full !== true) assert.deepEqual(await tableNames(database), []);
          throw error;
        }
        return await contents(database);
      } finally {
        await database.close();
        await target.remove();
      }
    };

    for (const kind of KINDS)
      it(`restored into ${kind} is the same to the last row and the last digit`, async () => {
        assert.deepEqual(await restoredInto(kind), await contents(source));
      });

    it('is of one moment, whoever writes meanwhile', async () => {
      const written: string[] = [];
      const add = (id: string): Promise<unknown> =>
        source.query
          .insertInto('purses')
          .values({ id, spent_nano: 0n, held_nano: 0n, updated_ms: 1 })
          .execute();
      await backup(
        source,
        async (line) => {
          written.push(line);
          if (written.length === 2) await add('meanwhile');
        },
        { nowMs: 7 },
      );
      await source.query.deleteFrom('purses').where('id', '=', 'meanwhile').execute();
      assert.deepEqual(written, lines);
    });

    it('tells how far it is, and so does restoring it', async () => {
      const told: [number, number][] = [];
      const onProgress = (done: number, total: number): void => void told.push([done, total]);
      await backup(source, async () => {}, { nowMs: 7, onProgress });
      assert.deepEqual(told.at(-1), [rows, rows]);
      assert.ok(told.length > 4);
      told.length = 0;
      await restoredInto('sqlite', { onProgress });
      assert.deepEqual(told.at(-1), [rows, rows]);
    });

    it('is not restored over what is there, but by force', async () => {
      for (const kind of KINDS) {
        await assert.rejects(
          restoredInto(kind, { full: true }),
          /is not empty \(there are rows in purses\).*--force/,
        );
        assert.deepEqual(await restoredInto(kind, { full: true, force: true }), await contents(source));
      }
    });

    // Of whichever database it is: the lines are the same.
    if (from === 'sqlite')
      it('that is damaged is refused as a whole', async () => {
        const damaged: readonly (readonly [readonly string[], RegExp])[] = [
          [lines.slice(0, -1), /ends in the middle/],
          [lines.slice(0, 900), /ends in the middle/],
          [lines.toSpliced(5, 1), /damaged/],
          [lines.toSpliced(5, 1, '["half'), /line 6 of the backup/],
          [lines.toSpliced(5, 1, '["too", "few"]'), /line 6 of the backup/],
          [lines.with(1, '{"table":"sqlite_master","columns":["name"]}'), /line 2 of the backup/],
          [lines.with(1, '{"table":"migrations","columns":["name","at_ms"]}'), /line 2 of the backup/],
          [['{"hello":1}', ...lines], /no backup of Sluice/],
          [[], /no backup of Sluice/],
          [lines.with(0, (lines[0] ?? '').replace('"version":1', '"version":2')), /version 2/],
          [
            lines.with(0, (lines[0] ?? '').replace('0001-first', '9999-future')),
            /newer version.*9999-future/,
          ],
        ];
        for (const [changed, message] of damaged) {
          await assert.rejects(restoredInto('sqlite', { changed }), (error) => {
            assert.ok(error instanceof BackupError);
            assert.match(error.message, message);
            return true;
          });
        }
        const changed = lines.slice(0, 900);
        await assert.rejects(restoredInto('postgres', { changed, full: true, force: true }), BackupError);
      });

    it('of an older version is brought to what this one knows', async () => {
      const next: Migration = {
        name: '9999-next',
        up: (db) => sql`update purses set updated_ms = 6 where updated_ms = 5`.execute(db).then(() => {}),
      };
      for (const kind of KINDS) {
        const found = await restoredInto(kind, { migrations: [...MIGRATIONS, next] });
        assert.deepEqual(
          found['purses']?.map((row) => (row as { updated_ms: number }).updated_ms),
          [6, 6],
        );
      }
    });

    it('is not made of a database of another version', async () => {
      const empty = await freshDatabase(from, { empty: true });
      const database = await openDatabase(empty.place);
      await assert.rejects(taken(database), /sluice db migrate/);
      const tomorrow: Migration = { name: '9999-tomorrow', up: async () => {} };
      await migrate(empty.place, { migrations: [...MIGRATIONS, tomorrow] });
      await assert.rejects(taken(database), /newer version.*9999-tomorrow/);
      await database.close();
      await empty.remove();
    });
  });
