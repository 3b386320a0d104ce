import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Failure } from '../domain/failure.ts';
import type { Database } from '../storage/database.ts';
import { bump, readRevisions } from '../storage/revisions.ts';
import { onEachDatabase } from '../testing/databases.ts';
import { type Access, createAccess } from './access.ts';
import { createKey, editKey, rotateKey } from './key-rows.ts';
import { createPeopleLoader } from './people-loader.ts';

type Instance = { readonly access: Access; load(): Promise<void> };

/** One that has its own memory, and loads when it is told. */
function instanceOf(database: Database, now = () => 0): Instance {
  const access = createAccess({ now });
  const load = createPeopleLoader(database, access);
  return {
    access,
    load: async () => load((await readRevisions(database.query)).get('keys') ?? 0),
  };
}

const made = (database: Database, id: string, settings: object = {}, tenant = 'default'): Promise<string> =>
  database.write(async (transaction) => {
    const revision = await bump(transaction, 'keys');
    const key = { id, tenant, project: null, label: '', expiresMs: null, settings };
    const created = await createKey(transaction, key, { revision, nowMs: 1 });
    return created?.words ?? assert.fail(`'${id}' is taken`);
  });

const asks = (access: Access, words: string): string => {
  try {
    return access.authenticate({ headers: { 'x-api-key': words }, peer: '127.0.0.1' }).id;
  } catch (error) {
    assert.ok(error instanceof Failure);
    return error.kind;
  }
};

onEachDatabase((_name, open) => {
  it('loads all keys once, however many pages they are, and then only what has changed', async () => {
    const database = await open();
    const words = await database.write(async (transaction) => {
      const revision = await bump(transaction, 'keys');
      const all: string[] = [];
      for (let i = 0; i < 1_205; i++) {
        const key = {
          id: `k${i}`,
          tenant: 'default',
          project: null,
          label: '',
          expiresMs: null,
          settings: {},
        };
        all.push((await createKey(transaction, key, { revision, nowMs: 1 }))?.words ?? '');
      }
      return all;
    });
    const { access, load } = instanceOf(database);
    await load();
    assert.equal(access.size, 1_205);
    assert.deepEqual(
      words.map((each) => asks(access, each)),
      words.map((_, i) => `k${i}`),
    );
    const useStored = access.useStored.bind(access);
    const changes: number[] = [];
    access.useStored = (change) => {
      changes.push(change.keys.length);
      useStored(change);
    };
    const another = await made(database, 'another');
    await load();
    await load();
    assert.deepEqual(changes, [1, 0]);
    assert.equal(asks(access, another), 'another');
    assert.equal(access.size, 1_206);
  });

  it('follows a key through its life, on every instance', async () => {
    const database = await open();
    let nowMs = 0;
    const instances = [instanceOf(database, () => nowMs), instanceOf(await open(), () => nowMs)];
    const follow = (words: string): Promise<string[]> =>
      Promise.all(instances.map(async ({ access, load }) => load().then(() => asks(access, words))));
    const old = await made(database, 'life', { weight: 2 });
    assert.deepEqual(await follow(old), ['life', 'life']);
    const fresh = await database.write(async (transaction) => {
      const revision = await bump(transaction, 'keys');
      const { words } = await rotateKey(transaction, 'life', { oldEndMs: 500, nowMs: 2 });
      await editKey(transaction, 'life', { set: {}, version: 1, revision, nowMs: 2 });
      return words;
    });
    assert.notEqual(fresh, old);
    assert.deepEqual(
      [await follow(old), await follow(fresh)],
      [
        ['life', 'life'],
        ['life', 'life'],
      ],
    );
    nowMs = 500;
    assert.deepEqual(
      [await follow(old), await follow(fresh)],
      [
        ['invalid_key', 'invalid_key'],
        ['life', 'life'],
      ],
    );
    await database.write(async (transaction) => {
      const revision = await bump(transaction, 'keys');
      assert.equal(await editKey(transaction, 'life', { set: {}, version: 1, revision, nowMs }), undefined);
      await editKey(transaction, 'life', { set: { state: 'revoked' }, version: 2, revision, nowMs });
    });
    assert.deepEqual(await follow(fresh), ['invalid_key', 'invalid_key']);
  });

  it('takes a database that was put back to an earlier state as a whole', async () => {
    const database = await open();
    const instance = instanceOf(database);
    const words = await made(database, 'short-lived');
    await instance.load();
    assert.equal(asks(instance.access, words), 'short-lived');
    await database.query.deleteFrom('client_keys').where('id', '=', 'short-lived').execute();
    await database.query.updateTable('revisions').set({ revision: 1 }).execute();
    await instance.load();
    assert.equal(asks(instance.access, words), 'invalid_key');
  });

  it('brings tenants and projects, which keys of the same change may need', async () => {
    const database = await open();
    const words = await database.write(async (transaction) => {
      const revision = await bump(transaction, 'keys');
      const times = { version: 1, revision, created_ms: 1, updated_ms: 1 };
      const settings = JSON.stringify({ budgets: { day: '2.5' } });
      await transaction
        .insertInto('tenants')
        .values({
          id: 'acme',
          name: 'Acme',
          active: 1,
          wallet: 'postpaid',
          credit_limit_nano: 7n,
          settings,
          ...times,
        })
        .execute();
      await transaction
        .insertInto('projects')
        .values({ id: 'site', tenant: 'acme', name: 'Site', settings: '{}', ...times })
        .execute();
      const key = { id: 'its', tenant: 'acme', project: 'site', label: '', expiresMs: null, settings: {} };
      return (await createKey(transaction, key, { revision, nowMs: 1 }))?.words ?? '';
    });
    const { access, load } = instanceOf(database);
    await load();
    assert.equal(asks(access, words), 'its');
    assert.deepEqual(access.tenant('acme'), {
      ...{ id: 'acme', name: 'Acme', wallet: 'postpaid', creditLimit: 7n, active: true },
      budgets: { day: 2_500_000_000n },
    });
    assert.deepEqual(access.project('site'), { id: 'site', tenant: 'acme', name: 'Site', budgets: {} });
  });

  it('keeps what was loaded when the database is away', async () => {
    const [database, away] = [await open(), await open()];
    const words = await made(database, 'kept');
    const { access, load } = instanceOf(away);
    await load();
    await away.close();
    await assert.rejects(load());
    assert.equal(asks(access, words), 'kept');
  });

  it('finds nothing in the database that could be used as a key', async () => {
    const database = await open();
    const words = await made(database, 'canary');
    const rows = [
      ...(await database.query.selectFrom('client_keys').selectAll().execute()),
      ...(await database.query.selectFrom('key_hashes').selectAll().execute()),
    ];
    const dump = JSON.stringify(rows);
    assert.ok(dump.includes('canary') && dump.includes(words.slice(0, 14)));
    assert.ok(!dump.includes(words.slice(0, 15)) && !dump.includes(words.slice(14)));
    const { access, load } = instanceOf(database);
    await load();
    for (const text of dump.match(/[\w-]{10,}/g) ?? []) assert.equal(asks(access, text), 'invalid_key', text);
    assert.equal(asks(access, words), 'canary');
  });
});
