// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these placeholders are what is refused

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { NOTHING_STORED } from '../../config/stored/rows.ts';
import type { Database } from '../../storage/database.ts';
import { onEachDatabase } from '../../testing/databases.ts';
import { createUpstreamHouse, type UpstreamHouse } from '../../testing/upstream-house.ts';

const YAML = `
accounts:
  - { id: own, provider: simulator, secrets: [secret-of-the-file-0001, another-of-the-file-0002], models: [qwen3-max] }
`;
const CANARY = 'sk-canary-4f9a1c7e0001';

type Body = { readonly [key: string]: unknown } & {
  readonly problems: readonly { path: string; message: string; out: boolean }[];
};

onEachDatabase((_name, open) => {
  describe('accounts by the admin API', () => {
    let database: Database;
    let house: UpstreamHouse;
    before(async () => {
      database = await open();
      house = createUpstreamHouse({ database, yaml: YAML });
    });
    after(() => house.admin.close());

    const ask = async (what: string, body?: unknown, headers: Readonly<Record<string, string>> = {}) => {
      const reply = await house.admin.ask(what, { body, headers });
      return { ...reply, body: reply.body as Body };
    };
    const etag = async (id: string): Promise<Record<string, string>> => ({
      'if-match': String((await ask(`GET /accounts/${id}`)).headers['etag']),
    });
    const ids = (): string[] => house.app.front.snapshot().catalog.channels.map(({ id }) => id);

    it('are those of the file, read-only, with their secrets counted', async () => {
      const { status, body, headers } = await ask('GET /accounts/own');
      assert.equal(status, 200);
      assert.equal(headers['etag'], undefined);
      assert.deepEqual(
        [body['source'], body['in_force'], body['secret_count'], body['secrets'], body['channels']],
        ['file', true, 2, [], ['own/qwen3-max']],
      );
      for (const [what, said] of [
        ['PATCH /accounts/own', {}],
        ['DELETE /accounts/own', undefined],
        ['POST /accounts/own/secrets', { secret: CANARY }],
        ['DELETE /accounts/own/secrets/x', undefined],
      ] as const) {
        const refused = await ask(what, said, { 'if-match': '*' });
        assert.equal(refused.status, 409, what);
        assert.match(String(refused.body['detail']), /stands in the configuration file/);
      }
      assert.equal((await ask('POST /accounts', { id: 'own', provider: 'simulator' })).status, 409);
    });

    it('are in force when their creation is answered', async () => {
      const made = await ask('POST /accounts', {
        ...{ id: 'sim', provider: 'simulator', secrets: [CANARY, CANARY, `${CANARY}b`] },
        settings: { models: { 'qwen-plus': { limits: { rpm: 60 } } }, tier: 1 },
      });
      assert.equal(made.status, 201);
      assert.deepEqual(
        [made.body['in_force'], made.body['channels'], made.body['secret_count']],
        [true, ['sim/qwen-plus'], 2],
      );
      assert.deepEqual(ids(), ['own/qwen3-max', 'sim/qwen-plus']);
      assert.deepEqual(house.stored.config().accounts[1]?.secrets, [CANARY, `${CANARY}b`]);
      const again = await ask('POST /accounts', { id: 'sim', provider: 'simulator' });
      assert.equal(again.status, 409);
      assert.match(String(again.body['detail']), /in the database already/);
    });

    it('show no secret, anywhere', async () => {
      const texts = await Promise.all(
        [
          'GET /accounts',
          'GET /accounts/sim',
          'GET /accounts/own',
          'GET /accounts/sim/secrets',
          'GET /channels',
          'GET /models',
        ].map(async (what) => (await ask(what)).text),
      );
      const audit = await database.query.selectFrom('audit').selectAll().execute();
      assert.ok(audit.length > 0);
      const kept = await database.query.selectFrom('account_secrets').selectAll().execute();
      for (const text of [...texts, JSON.stringify(audit), JSON.stringify(kept), ...house.log])
        assert.ok(!text.includes(CANARY) && !text.includes('of-the-file'), text);
      const [first] = (await ask('GET /accounts/sim/secrets')).body['data'] as { hint: string }[];
      assert.equal(first?.hint, '…0001');
    });

    it('are refused with every field that is wrong, in the words that the file would get', async () => {
      const refused = await ask('POST /accounts', {
        ...{ id: 'bad', provider: 'openai' },
        settings: { wieght: 1, limits: { rpm: 'many' }, base_url: 'http://127.0.0.1:8080/v1' },
      });
      assert.equal(refused.status, 422);
      assert.deepEqual((refused.body['errors'] as { path: string }[]).map(({ path }) => path).sort(), [
        'body.settings.limits.rpm',
        'body.settings.wieght',
      ]);
      for (const [provider, settings, path, message] of [
        ['opnai', {}, 'body.provider', /unknown provider 'opnai': did you mean 'openai'/],
        ['openai', { base_url: 'http://2130706433/v1' }, 'body.settings.base_url', /public address/],
        ['openai', { base_url: 'https://u:p@host.example' }, 'body.settings.base_url', /without a user/],
        [
          'openai-compatible',
          { base_url: 'http://169.254.169.254', models: ['m'] },
          'body.settings.base_url',
          /network itself/,
        ],
        [
          'openai-compatible',
          { base_url: 'https://e.example/${SLUICE_MASTER_KEY}', models: ['m'] },
          'body.settings.base_url',
          /file alone/,
        ],
        [
          'openai-compatible',
          { base_url: 'https://e.example' },
          'body.settings.models',
          /at least one model/,
        ],
        ['openai', { secrets: [CANARY] }, 'body.settings.secrets', /place of their own/],
        ['openai', { region: 'mars' }, 'body.settings.region', /no regions/],
      ] as const) {
        const { status, body, text } = await ask('POST /accounts', { id: 'bad', provider, settings });
        assert.ok(status === 422 || status === 400, `${status}`);
        const [error] = body['errors'] as { path: string; message: string }[];
        assert.equal(error?.path, path);
        assert.match(error?.message ?? '', message);
        assert.ok(!text.includes(CANARY));
      }
      for (const id of ['', '../x', 'a/b', 'a b', '-x', "x'; drop table accounts;--"])
        assert.equal((await ask('POST /accounts', { id, provider: 'simulator' })).status, 400, id);
      assert.ok(!(await ask('GET /accounts')).text.includes('"bad"'));
    });

    it('may wait for their secret, and are told to', async () => {
      const made = await ask('POST /accounts', {
        id: 'later',
        provider: 'openai',
        settings: { models: ['gpt-5'] },
      });
      assert.equal(made.status, 201);
      assert.equal(made.body['in_force'], false);
      assert.deepEqual(made.body.problems, [
        { path: 'secrets', message: 'it has no secret yet: add one', out: true },
      ]);
      assert.equal((await ask('POST /accounts/later/test')).status, 409);
      const added = await ask('POST /accounts/later/secrets', { secret: CANARY });
      assert.equal(added.status, 201);
      assert.equal(added.body['hint'], '…0001');
      assert.equal((await ask('POST /accounts/later/secrets', { secret: CANARY })).status, 409, 'it has it');
      for (const secret of ['', 'two words', 'line\nbreak', 7])
        assert.equal((await ask('POST /accounts/later/secrets', { secret })).status, 400);
      assert.ok(ids().includes('later/gpt-5'));
      assert.equal((await ask(`DELETE /accounts/later/secrets/${added.body['id']}`)).status, 204);
      assert.equal((await ask(`DELETE /accounts/later/secrets/${added.body['id']}`)).status, 404);
      assert.ok(!ids().includes('later/gpt-5'));
    });

    it('change by what is given, keep the rest, and wait for who has read the last version', async () => {
      const seen = await etag('sim');
      const changed = await ask('PATCH /accounts/sim', { settings: { tier: null, weight: 3 } }, seen);
      assert.equal(changed.status, 200);
      assert.deepEqual(changed.body['settings'], {
        models: { 'qwen-plus': { limits: { rpm: 60 } } },
        weight: 3,
      });
      assert.equal(changed.body['secrets_cleared'], 0);
      assert.equal(house.stored.config().accounts.find(({ id }) => id === 'sim')?.weight, 3);
      assert.equal((await ask('PATCH /accounts/sim', { settings: { weight: 4 } }, seen)).status, 412);
      assert.equal((await ask('PATCH /accounts/sim', { settings: { weight: 4 } })).status, 428);
      const wrong = await ask('PATCH /accounts/sim', { settings: { weight: 0 } }, { 'if-match': '*' });
      assert.equal(wrong.status, 422);
      assert.equal((await ask('PATCH /accounts/none', {}, { 'if-match': '*' })).status, 404);
      assert.equal(house.stored.config().accounts.find(({ id }) => id === 'sim')?.weight, 3);
    });

    it('lose their secrets with their address, and say so', async () => {
      await ask('POST /accounts', {
        ...{ id: 'moves', provider: 'openai-compatible', secrets: [CANARY] },
        settings: { base_url: 'https://good.example/v1', models: ['m'] },
      });
      const same = await ask(
        'PATCH /accounts/moves',
        { settings: { base_url: 'https://good.example/v1/', weight: 2 } },
        { 'if-match': '*' },
      );
      assert.deepEqual([same.body['secrets_cleared'], same.body['secret_count']], [0, 1]);
      const moved = await ask(
        'PATCH /accounts/moves',
        { settings: { base_url: 'https://evil.example/v1' } },
        { 'if-match': '*' },
      );
      assert.deepEqual(
        [moved.body['secrets_cleared'], moved.body['secret_count'], moved.body['secrets']],
        [1, 0, []],
      );
      assert.deepEqual(house.stored.config().accounts.find(({ id }) => id === 'moves')?.secrets, []);
      const change = await database.query
        .selectFrom('audit')
        .selectAll()
        .where('object', '=', 'moves')
        .execute();
      assert.ok(change.some(({ after }) => after?.includes('"secrets_cleared":1')));
    });

    it('are gone with what was said of them, for all but the audit', async () => {
      await ask('PATCH /channels/moves%2Fm', { state: 'paused' });
      assert.equal((await ask('DELETE /accounts/moves')).status, 428);
      assert.equal((await ask('DELETE /accounts/moves', undefined, await etag('moves'))).status, 204);
      assert.equal((await ask('GET /accounts/moves')).status, 404);
      assert.ok(!ids().some((id) => id.startsWith('moves/')));
      assert.deepEqual(await database.query.selectFrom('channels').selectAll().execute(), []);
    });

    it('are listed in pages, and by provider and source', async () => {
      const seen: string[] = [];
      for (let cursor = ''; ; ) {
        const { body } = await ask(`GET /accounts?limit=1${cursor}`);
        const page = body as unknown as { data: { id: string }[]; next: string | null };
        seen.push(...page.data.map(({ id }) => id));
        if (page.next === null) break;
        cursor = `&cursor=${page.next}`;
      }
      assert.deepEqual(seen, ['later', 'own', 'sim']);
      const by = async (query: string) =>
        ((await ask(`GET /accounts?${query}`)).body['data'] as { id: string }[]).map(({ id }) => id);
      assert.deepEqual(await by('source=file'), ['own']);
      assert.deepEqual(await by('provider=openai'), ['later']);
      assert.equal((await ask('GET /accounts?cursor=x')).status, 400);
    });

    it('are tested as they are in force, all of them or one model', async () => {
      await ask('POST /accounts/sim/test');
      await ask('POST /accounts/sim/test?model=qwen-plus');
      assert.deepEqual(
        house.tested.map(({ accounts }) =>
          accounts.map(({ id, models }) => [id, models.map(({ upstreamModel }) => upstreamModel)]),
        ),
        [[['sim', ['qwen-plus']]], [['sim', ['qwen-plus']]]],
      );
      assert.equal((await ask('POST /accounts/sim/test?model=none')).status, 404);
      assert.equal((await ask('POST /accounts/none/test')).status, 404);
    });

    it('are for operators and owners to change and for viewers to read; a tenant admin has nothing to do with them', async () => {
      const routes = [
        ['GET /accounts', undefined],
        ['GET /accounts/sim', undefined],
        ['GET /accounts/sim/secrets', undefined],
        ['POST /accounts', { id: 'role', provider: 'simulator' }],
        ['PATCH /accounts/sim', {}],
        ['POST /accounts/sim/secrets', { secret: 'a-secret-of-a-role-01' }],
        ['POST /accounts/sim/test', undefined],
        ['DELETE /accounts/role', undefined],
      ] as const;
      for (const [what, body] of routes) {
        const statusOf = async (as: 'owner' | 'operator' | 'viewer' | 'tenant-admin') =>
          (await house.admin.ask(what, { as, body, headers: { 'if-match': '*' } })).status;
        const reads = what.startsWith('GET');
        assert.equal(await statusOf('tenant-admin'), 403, what);
        assert.equal(await statusOf('viewer'), reads ? 200 : 403, what);
        assert.ok((await statusOf('operator')) < 300, what);
      }
    });
  });

  describe('accounts without a master key', () => {
    it('are kept without secrets, and it is told what to set', async () => {
      const database = await open();
      const house = createUpstreamHouse({ database, yaml: YAML, sealing: null });
      const ask = (what: string, body: unknown) => house.admin.ask(what, { body });
      const whole = await ask('POST /accounts', { id: 'keyless', provider: 'openai', secrets: [CANARY] });
      assert.equal((await ask('POST /accounts', { id: 'keyless', provider: 'openai' })).status, 201);
      const later = await ask('POST /accounts/keyless/secrets', { secret: CANARY });
      for (const reply of [whole, later]) {
        assert.equal(reply.status, 409);
        assert.match(reply.text, /no master key: set SLUICE_MASTER_KEY \(openssl/);
        assert.ok(!reply.text.includes(CANARY));
      }
      const local = await ask('POST /accounts', {
        id: 'local',
        provider: 'ollama',
        settings: { models: ['llama'] },
      });
      assert.equal(local.status, 201);
      assert.equal((local.body as Body)['in_force'], true);
      await house.admin.close();
    });
  });

  describe('accounts where nothing is configured', () => {
    it('take the place of the simulator’s, and give it back', async () => {
      const database = await open();
      await database.query.deleteFrom('account_secrets').execute();
      await database.query.deleteFrom('accounts').execute();
      const house = createUpstreamHouse({ database, yaml: YAML, source: 'simulator' });
      const sources = async () =>
        (
          (await house.admin.ask('GET /accounts')).body as { data: { id: string; source: string }[] }
        ).data.map(({ id, source }) => `${id} ${source}`);
      await house.stored.load();
      assert.deepEqual(house.stored.rows(), NOTHING_STORED);
      assert.deepEqual(await sources(), ['own simulator']);
      const made = await house.admin.ask('POST /accounts', {
        body: { id: 'own', provider: 'ollama', settings: { models: ['llama'] } },
      });
      assert.equal(made.status, 409, 'an id in use is none to take');
      await house.admin.ask('POST /accounts', {
        body: { id: 'real', provider: 'ollama', settings: { models: ['llama'] } },
      });
      assert.deepEqual(await sources(), ['real database']);
      assert.deepEqual(
        house.app.front.snapshot().catalog.channels.map(({ id }) => id),
        ['real/llama'],
      );
      await house.admin.ask('DELETE /accounts/real', { headers: { 'if-match': '*' } });
      assert.deepEqual(await sources(), ['own simulator']);
      await house.admin.close();
    });
  });
});
