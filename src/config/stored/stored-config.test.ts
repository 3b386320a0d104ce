import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { Database } from '../../storage/database.ts';
import { createSealing } from '../../storage/sealing.ts';
import { onEachDatabase } from '../../testing/databases.ts';
import type { Config } from '../config.ts';
import { known } from '../fixtures/known.ts';
import { loadConfig } from '../load.ts';
import {
  changeChannel,
  deleteAccount,
  deleteSecret,
  insertAccount,
  insertSecret,
  putModel,
  updateAccount,
} from './changes.ts';
import { readAccount, readChannel, readModel, readStored } from './rows.ts';
import { boundTo, hintOf } from './secrets.ts';
import { type Base, createStoredConfig, type StoredConfig } from './stored-config.ts';

const AT = { nowMs: 1_000.7 };
const OLD = 'Zk3vQ8tR1xWb7mNcP5yD';
const NEW = 'hT6wL2pXe9Ru4sVa8KjB';
const SECRET = 'sk-canary-4f9a1c7e0001';

const fileOf = (yaml: string): Config =>
  loadConfig({
    path: 'sluice.yaml',
    env: {},
    known,
    readFile: () => `${yaml}\nkeys: [{ id: k, key: key-of-the-file-0001 }]`,
  });

const FILE: Base = {
  source: 'file',
  config: fileOf(
    'accounts: [{ id: own, provider: openai-compatible, base_url: "https://own.example/v1", models: [m1] }]',
  ),
};

const compatible = (id: string, models: readonly string[] = ['m1']) => ({
  id,
  provider: 'openai-compatible',
  settings: { base_url: `https://${id}.example/v1`, models },
});

async function addSecret(
  database: Database,
  id: string,
  options: { readonly secret: string; readonly master: string; readonly name: string },
): Promise<void> {
  await database.write(async (transaction) => {
    const account = (await readAccount(transaction, id)) ?? assert.fail('no such account');
    const sealed = createSealing(options.master).seal(options.secret, boundTo(account));
    const secret = { id: options.name, sealed, hint: hintOf(options.secret) };
    assert.ok(await insertSecret(transaction, { account, secret }, AT));
  });
}

onEachDatabase((_name, open) => {
  describe('what is kept of accounts, models and channels', () => {
    let database: Database;
    before(async () => {
      database = await open();
    });

    it('is read as it was written', async () => {
      const account = compatible('kept');
      assert.ok(await insertAccount(database.query, account, AT));
      assert.ok(
        !(await insertAccount(database.query, { ...account, provider: 'qwen' }, AT)),
        'the id is taken',
      );
      assert.deepEqual(await readAccount(database.query, 'kept'), {
        ...account,
        ...{ version: 1, createdMs: 1_000, updatedMs: 1_000, secrets: [] },
      });
      assert.equal(
        await putModel(
          database.query,
          { name: 'a/b c', settings: { affinity: false }, version: undefined },
          AT,
        ),
        1,
      );
      assert.deepEqual((await readModel(database.query, 'a/b c'))?.settings, { affinity: false });
      assert.equal(
        await putModel(database.query, { name: 'a/b c', settings: {}, version: undefined }, AT),
        undefined,
      );
      assert.equal(await putModel(database.query, { name: 'a/b c', settings: {}, version: 1 }, AT), 2);
      assert.equal(
        await putModel(database.query, { name: 'a/b c', settings: {}, version: 1 }, AT),
        undefined,
      );
    });

    it('changes once for two who have read the same', async () => {
      await insertAccount(database.query, compatible('two'), AT);
      const before = (await readAccount(database.query, 'two')) ?? assert.fail();
      const outcomes = await Promise.all(
        ['m1', 'm2', 'm3', 'm4'].map((model) =>
          database.write((transaction) =>
            updateAccount(transaction, { before, after: compatible('two', [model]) }, AT),
          ),
        ),
      );
      assert.equal(outcomes.filter((outcome) => outcome !== undefined).length, 1);
      assert.equal((await readAccount(database.query, 'two'))?.version, 2);
      assert.ok(
        !(await deleteAccount(database.query, before)),
        'nor is it removed by who has read an older one',
      );
    });

    it('loses its secrets with its address or its provider, and with nothing else', async () => {
      for (const [id, change, left] of [
        ['same', { settings: { base_url: 'https://same.example/v1/', models: ['m9'], weight: 3 } }, 1],
        ['moved', { settings: { base_url: 'https://evil.example/v1', models: ['m1'] } }, 0],
        ['other', { provider: 'ollama' }, 0],
        ['bare', { settings: { models: ['m1'] } }, 0],
      ] as const) {
        await insertAccount(database.query, compatible(id), AT);
        await addSecret(database, id, { secret: SECRET, master: OLD, name: `s-${id}` });
        const before = (await readAccount(database.query, id)) ?? assert.fail();
        const outcome = await database.write((transaction) =>
          updateAccount(transaction, { before, after: { ...before, ...change } }, AT),
        );
        assert.deepEqual(outcome, { cleared: 1 - left }, id);
        assert.equal((await readAccount(database.query, id))?.secrets.length, left, id);
      }
    });

    it('has a secret at one address alone, when it is added while that changes', async () => {
      for (let round = 0; round < 10; round++) {
        const id = `race-${round}`;
        await insertAccount(database.query, compatible(id), AT);
        const before = (await readAccount(database.query, id)) ?? assert.fail();
        const sealed = createSealing(OLD).seal(SECRET, boundTo(before));
        const add = database.write((transaction) =>
          insertSecret(transaction, { account: before, secret: { id: `s-${id}`, sealed, hint: '' } }, AT),
        );
        const move = database.write((transaction) =>
          updateAccount(
            transaction,
            {
              before,
              after: { provider: 'openai-compatible', settings: { base_url: 'https://evil.example' } },
            },
            AT,
          ),
        );
        const [added, moved] = await Promise.all([add, move]);
        assert.notEqual(added, moved !== undefined, 'one of the two');
        const after = await readAccount(database.query, id);
        assert.equal(after?.secrets.length, moved === undefined ? 1 : 0);
      }
    });

    it('is gone with all that was its own', async () => {
      await insertAccount(database.query, compatible('gone'), AT);
      await addSecret(database, 'gone', { secret: SECRET, master: OLD, name: 's-gone' });
      for (const id of ['gone/m1', 'gone-too/m1', 'gone_/m1'])
        await changeChannel(database.query, { id, state: 'paused' }, AT);
      const account = (await readAccount(database.query, 'gone')) ?? assert.fail();
      assert.ok(await deleteSecret(database.query, { account: 'gone', secret: 's-gone' }, AT));
      assert.ok(!(await deleteSecret(database.query, { account: 'gone', secret: 's-gone' }, AT)));
      assert.ok(!(await deleteAccount(database.query, account)), 'it has changed since');
      assert.ok(await deleteAccount(database.query, { id: 'gone', version: account.version + 1 }));
      const { accounts, channels } = await readStored(database.query);
      assert.ok(!accounts.some(({ id }) => id === 'gone'));
      assert.deepEqual(
        channels.map(({ id }) => id).filter((id) => id.startsWith('gone')),
        ['gone-too/m1', 'gone_/m1'].sort(),
      );
    });

    it('takes two changes of one channel that do not concern each other', async () => {
      await Promise.all([
        database.write((t) => changeChannel(t, { id: 'c/m', state: 'paused' }, AT)),
        database.write((t) => changeChannel(t, { id: 'c/m', settings: (s) => ({ ...s, weight: 2 }) }, AT)),
        database.write((t) => changeChannel(t, { id: 'c/m', settings: (s) => ({ ...s, tier: 3 }) }, AT)),
      ]);
      const channel = await readChannel(database.query, 'c/m');
      assert.deepEqual(
        [channel?.state, channel?.settings, channel?.version],
        ['paused', { weight: 2, tier: 3 }, 3],
      );
      assert.equal(
        await changeChannel(database.query, { id: 'c/m', state: 'active', version: 2 }, AT),
        undefined,
      );
      assert.deepEqual(await changeChannel(database.query, { id: 'c/m', state: 'active', version: 3 }, AT), {
        version: 4,
      });
    });

    it('shows no secret to who has the whole database', async () => {
      await insertAccount(database.query, compatible('dumped'), AT);
      await addSecret(database, 'dumped', { secret: SECRET, master: OLD, name: 's-dumped' });
      const dump = JSON.stringify([
        await database.query.selectFrom('accounts').selectAll().execute(),
        await database.query.selectFrom('account_secrets').selectAll().execute(),
      ]);
      assert.ok(!dump.includes('canary') && !dump.includes(OLD) && !dump.includes(SECRET.slice(-6)));
    });
  });
});

onEachDatabase((name, open) => {
  describe('the configuration in force', () => {
    let database: Database;
    let logged: string[] = [];
    const log = {
      info: (fields: object, message: string) => void logged.push(`${message} ${JSON.stringify(fields)}`),
      warn: (fields: object, message: string) => void logged.push(`${message} ${JSON.stringify(fields)}`),
    };
    const storedOf = (base: Base, master = OLD, former: readonly string[] = []): StoredConfig =>
      createStoredConfig({ base, database, known, log, sealing: createSealing(master, former) });
    const ids = (stored: StoredConfig): string[] => stored.config().accounts.map(({ id }) => id);

    before(async () => {
      database = await open();
    });

    it('is the file’s until the database has said something, and then both', async () => {
      const stored = storedOf(FILE);
      const seen: Config[] = [];
      stored.onChange((config) => seen.push(config));
      await stored.load();
      assert.equal(stored.config(), FILE.config);
      assert.equal(seen.length, 0);
      await insertAccount(database.query, compatible('more'), AT);
      assert.deepEqual(ids(stored), ['own']);
      await Promise.all([stored.load(), stored.load()]);
      assert.deepEqual(ids(stored), ['own', 'more']);
      assert.deepEqual(seen, [stored.config()], 'told once');
    });

    it('is made anew with another file, without asking the database', async () => {
      const stored = storedOf(FILE);
      await stored.load();
      stored.use({
        source: 'file',
        config: fileOf('accounts: [{ id: next, provider: simulator }]'),
      });
      assert.deepEqual(ids(stored), ['next', 'more']);
    });

    it('has the simulator stand in until there is an account', async () => {
      const base: Base = {
        source: 'simulator',
        config: fileOf('accounts: [{ id: sim, provider: simulator }]'),
      };
      const stored = storedOf(base);
      assert.deepEqual(ids(stored), ['sim']);
      await stored.load();
      assert.deepEqual(ids(stored), ['more']);
    });

    it('tells each thing that is wrong once, until it is another', async () => {
      logged = [];
      const stored = storedOf(FILE);
      await insertAccount(database.query, { id: 'bad', provider: 'qwne', settings: {} }, AT);
      await stored.load();
      await changeChannel(database.query, { id: 'own/m1', state: 'draining' }, AT);
      await stored.load();
      const warned = logged.filter((line) => line.includes('left out'));
      assert.equal(warned.length, 1);
      assert.match(warned[0] ?? '', /left out .*"id":"bad".*did you mean 'qwen'/);
      assert.deepEqual(
        stored.problems().map(({ id }) => id),
        ['bad'],
      );
      assert.deepEqual(ids(stored), ['own', 'more']);
      assert.equal(stored.config().channels?.[0]?.state, 'draining');
    });

    it('seals the secrets of a former master key by the present one', async () => {
      await insertAccount(database.query, { id: 'q', provider: 'qwen', settings: {} }, AT);
      await addSecret(database, 'q', { secret: SECRET, master: OLD, name: 'rotated' });
      const lost = storedOf(FILE, NEW);
      await lost.load();
      assert.ok(!ids(lost).includes('q'));
      logged = [];
      const rotating = storedOf(FILE, NEW, [OLD]);
      await rotating.load();
      assert.deepEqual(rotating.config().accounts.find(({ id }) => id === 'q')?.secrets, [SECRET]);
      assert.match(logged.join('\n'), /sealed by the present one .*"secrets":1/);
      const rotated = storedOf(FILE, NEW);
      await rotated.load();
      assert.deepEqual(rotated.config().accounts.find(({ id }) => id === 'q')?.secrets, [SECRET]);
      assert.ok(!logged.join().includes('canary'));
    });

    it('stays as it was while the database is away', async () => {
      const own = await open();
      const stored = createStoredConfig({
        base: FILE,
        database: own,
        known,
        log,
        sealing: createSealing(NEW),
      });
      await stored.load();
      const was = stored.config();
      await own.close();
      await assert.rejects(stored.load());
      assert.equal(stored.config(), was);
      assert.ok(ids(stored).length > 1, name);
    });
  });
});
