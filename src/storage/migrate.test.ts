import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { sql } from 'kysely';
import { type FreshPlace, freshDatabase } from '../testing/databases.ts';
import type { Database, DatabaseKind } from './database.ts';
import { MigrationError, migrate, migrationStatus } from './migrate.ts';
import { MIGRATIONS, type Migration } from './migrations/index.ts';
import { openDatabase } from './open-database.ts';
import type { DatabasePlace } from './place.ts';
import { tableNames } from './table-names.ts';

const all = MIGRATIONS.map(({ name }) => name);
const table = (name: string): Migration => ({
  name,
  up: (db) => db.schema.createTable(name).addColumn('id', 'text').execute(),
});

for (const kind of ['sqlite', 'postgres'] as const satisfies DatabaseKind[])
  describe(`migrations on ${kind}`, () => {
    let fresh: FreshPlace;
    let opened: Database[] = [];
    beforeEach(async () => {
      fresh = await freshDatabase(kind, { empty: true });
    });
    afterEach(async () => {
      await Promise.all(opened.map((each) => each.close()));
      opened = [];
      await fresh.remove();
    });
    const open = async (): Promise<Database> => {
      const database = await openDatabase(fresh.place);
      opened.push(database);
      return database;
    };
    const tables = async (): Promise<string[]> => await tableNames(await open());
    const refusal = async (options: Parameters<typeof migrate>[1]): Promise<string> => {
      try {
        await migrate(fresh.place, options);
      } catch (error) {
        assert.ok(error instanceof MigrationError, String(error));
        return error.message;
      }
      throw new assert.AssertionError({ message: 'it was migrated' });
    };

    it('make every table once, and nothing the second time', async () => {
      assert.deepEqual(await migrate(fresh.place), all);
      assert.deepEqual(await migrate(fresh.place), []);
      const found = await tables();
      for (const name of ['entries', 'purses', 'client_keys', 'audit', 'migrations'])
        assert.ok(found.includes(name), name);
    });

    it('go on where they ended, and tell what is done and what is to be done', async () => {
      const [one, two] = [table('t1'), table('t2')];
      assert.deepEqual(await migrate(fresh.place, { migrations: [one] }), ['t1']);
      const database = await open();
      const before = await migrationStatus(database, [one, two]);
      assert.deepEqual(
        before.map(({ name, atMs }) => [name, atMs !== undefined && Math.abs(Date.now() - atMs) < 60_000]),
        [
          ['t1', true],
          ['t2', false],
        ],
      );
      assert.deepEqual(await migrate(fresh.place, { migrations: [one, two] }), ['t2']);
    });

    it('are told of a database that has had none', async () => {
      const status = await migrationStatus(await open());
      assert.deepEqual(
        status,
        all.map((name) => ({ name, atMs: undefined })),
      );
      assert.deepEqual(await tables(), []);
    });

    it('that fail leave the database as it was before them, and those that went well stay', async () => {
      const broken: Migration = {
        name: 't2-broken',
        async up(db) {
          await db.schema.createTable('half').addColumn('id', 'text').execute();
          await sql`insert into no_such_table values (1)`.execute(db);
        },
      };
      const message = await refusal({ migrations: [table('t1'), broken, table('t3')] });
      assert.match(message, /is not migrated: .*no_such_table.*\(while making t2-broken\)/);
      assert.deepEqual(await tables(), ['migrations', 't1']);
      assert.deepEqual(await migrate(fresh.place, { migrations: [table('t1'), table('t2')] }), ['t2']);
    });

    it('are not begun on a database of a newer version', async () => {
      await migrate(fresh.place, { migrations: [table('t1'), table('t2-of-tomorrow')] });
      const message = await refusal({ migrations: [table('t1'), table('t3')] });
      assert.match(message, /newer version of Sluice.*t2-of-tomorrow.*restore a backup/);
      assert.ok(!(await tables()).includes('t3'));
    });

    it('are done by one of several processes that start at once, and all of them go on', async () => {
      const done = await Promise.all(Array.from({ length: 3 }, () => migrateElsewhere(fresh.place)));
      assert.deepEqual(
        done.toSorted((a, b) => b.length - a.length),
        [all, [], []],
      );
    });

    it('wait for another one that migrates, so long and no longer', async () => {
      let release = (): void => {};
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      let begun = (): void => {};
      const isBegun = new Promise<void>((resolve) => {
        begun = resolve;
      });
      const slow: Migration = {
        name: 't1',
        async up(db) {
          await table('t1').up(db);
          begun();
          await released;
        },
      };
      const first = migrate(fresh.place, { migrations: [slow] });
      await isBegun;
      const message = await refusal({ migrations: [table('t1')], limitMs: 1_500 });
      assert.match(message, /somebody else did not let go.*while waiting for another one.*at most 1\.5 s/);
      const patient = migrate(fresh.place, { migrations: [table('t1'), table('t2')] });
      release();
      assert.deepEqual([await first, await patient], [['t1'], ['t2']]);
    });

    it('end at their time, and leave the database as it was', async () => {
      const endless: Migration = {
        name: 't1-endless',
        async up(db) {
          await table('half').up(db);
          await SLOW[kind].execute(db);
        },
      };
      const began = Date.now();
      const message = await refusal({ migrations: [endless], limitMs: 1_200 });
      assert.match(message, /while making t1-endless, for at most 1\.2 s/);
      assert.ok(Date.now() - began < 5_000);
      assert.deepEqual(await migrate(fresh.place, { migrations: [table('t1')] }), ['t1']);
      assert.ok(!(await tables()).includes('half'));
    });
  });

/** Some seconds. */
const SLOW = {
  sqlite: sql`with recursive n(i) as (select 1 union all select i + 1 from n where i < 14000000) select count(*) from n`,
  postgres: sql`select pg_sleep(10)`,
};

async function migrateElsewhere(place: DatabasePlace): Promise<string[]> {
  const module = new URL('./migrate.ts', import.meta.url);
  const script = `import { migrate } from ${JSON.stringify(module.href)};
process.stdout.write(JSON.stringify(await migrate(${JSON.stringify(place)})));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    timeout: 30_000,
  });
  return JSON.parse(stdout) as string[];
}
