/** Databases that go away, stay silent or are held by somebody: what is asked of them fails in time, and works again. */

import assert from 'node:assert/strict';
import { statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Clock } from '../base/clock.ts';
import { type FreshPlace, freshDatabase } from '../testing/databases.ts';
import { type PostgresServer, startPostgres } from '../testing/postgres-server.ts';
import type { Database } from './database.ts';
import { isDatabaseError } from './database-error.ts';
import { type DatabaseOptions, openDatabase } from './open-database.ts';

const away = (error: unknown): boolean => isDatabaseError(error, 'away');

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** As often as it takes, within some seconds. */
async function until(work: () => Promise<unknown>): Promise<void> {
  for (let tried = 0; ; tried += 1) {
    try {
      await work();
      return;
    } catch (error) {
      if (tried > 100) throw error;
    }
    await wait(50);
  }
}

describe('a PostgreSQL server', () => {
  let server: PostgresServer;
  let opened: Database[] = [];
  before(async () => {
    server = await startPostgres();
  });
  after(() => server.stop());
  afterEach(async () => {
    await Promise.all(opened.map((each) => each.close()));
    opened = [];
  });
  const open = async (options: DatabaseOptions): Promise<Database> => {
    const database = await openDatabase({ kind: 'postgres', url: server.url('postgres') }, options);
    opened.push(database);
    return database;
  };
  const one = async ({ query }: Database): Promise<unknown> =>
    (await sql<{ one: number }>`select 1 as one`.execute(query)).rows[0]?.one;
  const held = (database: Database): Promise<unknown> =>
    database.write((transaction) => sql`select pg_sleep(20)`.execute(transaction));

  it('that is killed fails what is under way at once, and is used again when it is back', async () => {
    const database = await open({});
    assert.equal(await one(database), 1);
    const under = [held(database), sql`select pg_sleep(20)`.execute(database.query)];
    const failed = Promise.all(under.map((each) => assert.rejects(each, away)));
    await wait(200);
    await server.kill();
    assert.ok((await timed(() => failed)) < 1_000);
    assert.ok((await timed(() => assert.rejects(one(database), away))) < 1_000);
    await server.start();
    await until(() => one(database));
  });

  it('that was started again while nobody asked is asked as if nothing had been', async () => {
    const database = await open({});
    await Promise.all(Array.from({ length: 5 }, () => one(database)));
    await server.stop();
    await server.start();
    await wait(50);
    const results = await Promise.all(Array.from({ length: 5 }, () => one(database)));
    assert.deepEqual(results, [1, 1, 1, 1, 1]);
  });

  it('that is silent fails everything within its time, new connections too, and is used again', async () => {
    const database = await open({ timeoutMs: 300, connectMs: 300, connections: 3 });
    await one(database);
    server.freeze();
    try {
      const asked = Array.from({ length: 12 }, () => assert.rejects(one(database), away));
      asked.push(assert.rejects(held(database), away));
      assert.ok((await timed(() => Promise.all(asked))) < 2_500);
      assert.ok((await timed(() => assert.rejects(one(database), away))) < 1_500);
    } finally {
      server.thaw();
    }
    await until(() => one(database));
  });

  it('that is silent does not keep anybody from closing', async () => {
    const database = await open({ timeoutMs: 300, connectMs: 300 });
    await one(database);
    server.freeze();
    try {
      await assert.rejects(one(database), away);
      assert.ok((await timed(() => database.close())) < 2_000);
    } finally {
      server.thaw();
    }
  });

  it('ends a statement that takes too long by itself, and what it held is free', async () => {
    const database = await open({ timeoutMs: 200 });
    assert.ok((await timed(() => assert.rejects(held(database), away))) < 1_000);
    assert.equal(await one(database), 1);
  });

  it('that is not there is told by its name, without the password', async () => {
    for (const url of [
      'postgres://ann:hunter2@127.0.0.1:1/sluice',
      `postgres://ann:hunter2@127.0.0.1:${server.port}/none`,
    ]) {
      const database = await openDatabase({ kind: 'postgres', url });
      await assert.rejects(one(database), (error: Error) => away(error) && !/hunter2/.test(error.message));
      await database.close();
    }
  });
});

/** Well over the tenth of a second that it is given. */
const slow = sql`with recursive n(i) as (select 1 union all select i + 1 from n where i < 4000000)
  insert into purses select 'never', count(*), 0, 1 from n`;

/** Timers that end when the test says so: on a busy machine a file may take its time to be opened. */
function timers(): { readonly clock: Clock; expire(): void } {
  const pending = new Set<() => void>();
  const after: Clock['after'] = (_delayMs, task) => {
    pending.add(task);
    return () => pending.delete(task);
  };
  const expire = (): void => {
    for (const task of pending) {
      pending.delete(task);
      task();
    }
  };
  return { clock: { now: () => performance.now(), after }, expire };
}

describe('a SQLite file', () => {
  let keepAwake: NodeJS.Timeout;
  before(() => {
    keepAwake = setInterval(() => {}, 1_000);
  });
  after(() => clearInterval(keepAwake));
  let fresh: FreshPlace;
  let path: string;
  let opened: Database[] = [];
  beforeEach(async () => {
    fresh = await freshDatabase('sqlite');
    path = fresh.place.kind === 'sqlite' ? fresh.place.path : '';
  });
  afterEach(async () => {
    await Promise.all(opened.map((each) => each.close()));
    opened = [];
    await fresh.remove();
  });
  const open = async (options: DatabaseOptions = {}): Promise<Database> => {
    const database = await openDatabase({ kind: 'sqlite', path }, options);
    opened.push(database);
    return database;
  };
  const add = ({ write }: Database, id: string): Promise<unknown> =>
    write((transaction) =>
      transaction.insertInto('purses').values({ id, spent_nano: 0n, held_nano: 0n, updated_ms: 1 }).execute(),
    );
  const purses = async ({ query }: Database): Promise<string[]> =>
    (await query.selectFrom('purses').select('id').orderBy('id').execute()).map(({ id }) => id);

  it('that somebody else writes to is waited for, and read meanwhile', async () => {
    const database = await open({ busyMs: 100 });
    const somebody = new DatabaseSync(path);
    somebody.exec("BEGIN IMMEDIATE; INSERT INTO purses VALUES ('theirs', 0, 0, 1)");
    const mine = add(database, 'mine');
    await wait(250);
    assert.deepEqual(await purses(database), []);
    somebody.exec('COMMIT');
    somebody.close();
    await mine;
    assert.deepEqual(await purses(database), ['mine', 'theirs']);
  });

  it('that somebody else holds for too long is told so, and the next transaction is well', async () => {
    const database = await open({ busyMs: 20 });
    const somebody = new DatabaseSync(path);
    somebody.exec('BEGIN IMMEDIATE');
    await assert.rejects(add(database, 'mine'), (error) => isDatabaseError(error, 'met'));
    somebody.exec('ROLLBACK');
    somebody.close();
    await add(database, 'mine');
    assert.deepEqual(await purses(database), ['mine']);
  });

  it('with a statement that does not come back fails it in time, and is used again when it has', async () => {
    const { clock, expire } = timers();
    const database = await open({ clock });
    const under = assert.rejects(
      database.write((transaction) => slow.execute(transaction)),
      away,
    );
    await wait(100);
    const queued = assert.rejects(add(database, 'queued'), away);
    expire();
    await under;
    await queued;
    // Who reads is not concerned, and who writes is told at once.
    assert.deepEqual(await purses(database), []);
    await assert.rejects(add(database, 'too soon'), away);
    await until(() => add(database, 'after'));
    assert.deepEqual(await purses(database), ['after']);
  });

  it('that cannot be opened is told with its path and why', async () => {
    path = join(path, 'below-a-file.db');
    await assert.rejects(open(), (error: Error) => away(error) && error.message.includes(path));
    path = join(dirname(dirname(path)), 'text.db');
    writeFileSync(path, 'this is not a database but a text, and a rather long one at that'.repeat(20));
    await assert.rejects(open(), (error: Error) => away(error) && /not a database/.test(error.message));
  });

  it('is made with its folder, for nobody else to read', async () => {
    path = join(dirname(path), 'new', 'folder', 'sluice.db');
    await open();
    assert.equal(statSync(path).mode & 0o077, 0);
  });

  it('keeps what was committed when its thread is gone in the middle of a transaction', async () => {
    const { clock, expire } = timers();
    const database = await open({ clock });
    await add(database, 'committed');
    const under = assert.rejects(
      database.write(async (transaction) => {
        await transaction.deleteFrom('purses').execute();
        await slow.execute(transaction);
      }),
      away,
    );
    await wait(100);
    expire();
    await under;
    await until(() => add(database, 'after'));
    assert.deepEqual(await purses(database), ['after', 'committed']);
  });
});
