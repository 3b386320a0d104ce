import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Failure } from '../../domain/failure.ts';
import type { Database } from '../../storage/database.ts';
import { onEachDatabase } from '../../testing/databases.ts';
import { createUpstreamHouse, type UpstreamHouse } from '../../testing/upstream-house.ts';

const YAML = `
accounts:
  - { id: a, provider: simulator, secrets: [one-secret-of-a-0001, two-secret-of-a-0002], models: { qwen3-max: { limits: { rpm: 600 } }, qwen-plus: {} } }
  - { id: b, provider: openai-compatible, base_url: "https://b.example/v1", models: { "Qwen/Qwen3-32B": { name: qwen3-max } } }
models: { smart: { channels: [a/qwen3-max, "b/Qwen/Qwen3-32B"] } }
`;

const ANY = { 'if-match': '*' };

type View = {
  readonly id: string;
  readonly state: string;
  readonly drained: boolean;
  readonly models: readonly string[];
  readonly settings: unknown;
  readonly limits: { readonly [name: string]: unknown };
  readonly tier: number;
  readonly live: {
    readonly running: number;
    readonly limits: readonly {
      readonly limit: string;
      readonly configured: number;
      readonly left: number;
    }[];
    readonly notes: readonly string[];
    readonly benches: readonly { readonly what: string; readonly kind: string; readonly off: boolean }[];
  };
};

onEachDatabase((_name, open) => {
  describe('channels by the admin API', () => {
    let database: Database;
    let house: UpstreamHouse;
    before(async () => {
      database = await open();
      house = createUpstreamHouse({ database, yaml: YAML });
    });
    after(() => house.admin.close());

    const ask = async (
      what: string,
      body?: unknown,
      headers: Readonly<Record<string, string>> = what.startsWith('PATCH') ? ANY : {},
    ) => {
      const reply = await house.admin.ask(what, { body, headers });
      return { ...reply, body: reply.body as View & { readonly [key: string]: unknown } };
    };
    const list = async (query = ''): Promise<string[]> =>
      ((await ask(`GET /channels${query}`)).body['data'] as View[]).map(({ id }) => id);

    it('are all there are, by account, by model and by state', async () => {
      assert.deepEqual(await list(), ['a/qwen-plus', 'a/qwen3-max', 'b/Qwen/Qwen3-32B']);
      assert.deepEqual(await list('?account=b'), ['b/Qwen/Qwen3-32B']);
      assert.deepEqual(await list('?model=qwen3-max'), ['a/qwen3-max', 'b/Qwen/Qwen3-32B']);
      assert.deepEqual(await list('?model=smart&limit=1'), ['a/qwen3-max']);
      assert.deepEqual(await list('?state=paused'), []);
      assert.equal((await ask('GET /channels?state=off')).status, 400);
    });

    it('are asked for by their ids with every slash escaped', async () => {
      const { status, body, headers } = await ask('GET /channels/b%2FQwen%2FQwen3-32B');
      assert.equal(status, 200);
      assert.equal(body.id, 'b/Qwen/Qwen3-32B');
      assert.deepEqual(body.models, ['qwen3-max', 'smart']);
      assert.equal(headers['etag'], '"0"', 'nothing has been said of it');
      assert.equal((await ask('GET /channels/b/Qwen/Qwen3-32B')).status, 404);
      assert.equal((await ask('GET /channels/b%2Fnone')).status, 404);
      assert.equal((await ask('PATCH /channels/b%2Fnone', { state: 'paused' })).status, 404);
      assert.equal((await ask("GET /channels/a%2Fqwen3-max'%3B--")).status, 404);
    });

    it('show what limits them, as configured and as it is now', async () => {
      const { body } = await ask('GET /channels/a%2Fqwen3-max');
      assert.equal(body.limits['rpm'], 600);
      const rpm = body.live.limits.find(({ limit }) => limit === 'rpm');
      assert.deepEqual([rpm?.configured, rpm?.left], [600, 600]);
      assert.equal(body.live.running, 0);
    });

    it('show what they cost, as the catalogue, the account in the database and its owner say', async () => {
      const priceOf = ({ body }: { readonly body: unknown }, which: 'price' | 'own_price') =>
        (body as Record<string, { origin: string; price: { input?: string } } | null>)[which];
      const known = await ask('GET /channels/a%2Fqwen3-max');
      assert.equal(priceOf(known, 'price')?.origin, 'catalogue');
      assert.match(priceOf(known, 'price')?.price.input ?? '', /^\d/);
      assert.equal(priceOf(known, 'own_price'), null);
      const none = await ask('GET /channels/b%2FQwen%2FQwen3-32B');
      assert.equal(priceOf(none, 'price'), null);
      const account = {
        ...{ id: 'cheap', provider: 'simulator' },
        settings: { cost_factor: '0.5', models: { 'qwen3-max': { price: { input: '0.25', output: '1' } } } },
      };
      assert.equal((await ask('POST /accounts', account)).status, 201);
      const own = await ask('GET /channels/cheap%2Fqwen3-max');
      assert.equal(own.body['cost_factor'], '0.5');
      assert.equal(priceOf(own, 'own_price')?.price.input, '0.25');
      assert.equal((await ask('DELETE /accounts/cheap', undefined, ANY)).status, 204);
      const { costFactors, prices } = house.stored.config().money;
      assert.deepEqual([costFactors, prices], [{}, []]);
    });

    it('are paused at once, for an instance that begins later, too, and until somebody resumes them', async () => {
      const paused = await ask('PATCH /channels/a%2Fqwen3-max', { state: 'paused' });
      assert.deepEqual(
        [paused.status, paused.body.state, paused.body.drained, paused.headers['etag']],
        [200, 'paused', true, '"1"'],
      );
      const stateIn = ({ app }: UpstreamHouse) =>
        app.front.snapshot().catalog.channels.map(({ state }) => state ?? 'active');
      assert.deepEqual(stateIn(house), ['paused', 'active', 'active']);
      const later = createUpstreamHouse({ database: await open(), yaml: YAML });
      await later.stored.load();
      assert.deepEqual(stateIn(later), ['paused', 'active', 'active']);
      await later.admin.close();
      assert.deepEqual(await list('?state=paused'), ['a/qwen3-max']);
      assert.equal((await ask('PATCH /channels/a%2Fqwen3-max', { state: 'active' })).body.state, 'active');
      assert.deepEqual(stateIn(house), ['active', 'active', 'active']);
      assert.equal((await ask('PATCH /channels/a%2Fqwen3-max', { state: 'off' })).status, 400);
    });

    it('have limits of their own, which win over all others, until they are taken away', async () => {
      const limited = await ask('PATCH /channels/a%2Fqwen3-max', {
        settings: { limits: { rpm: 30, tpm: 'off' }, tier: 2 },
      });
      assert.deepEqual(
        [limited.body.limits['rpm'], limited.body.limits['tpm'], limited.body.tier],
        [30, undefined, 2],
      );
      const more = await ask('PATCH /channels/a%2Fqwen3-max', {
        settings: { limits: { rpm: null, concurrency: 4 } },
      });
      assert.deepEqual(more.body.settings, { limits: { tpm: 'off', concurrency: 4 }, tier: 2 });
      assert.deepEqual([more.body.limits['rpm'], more.body.limits['concurrency']], [600, 4]);
      const wrong = await ask('PATCH /channels/a%2Fqwen3-max', {
        settings: { limits: { rpm: -1 }, teir: 1 },
      });
      assert.equal(wrong.status, 422);
      assert.deepEqual(
        (wrong.body['errors'] as { path: string }[]).map(({ path }) => path),
        ['body.settings.teir', 'body.settings.limits.rpm'].sort(),
      );
      const none = await ask('PATCH /channels/a%2Fqwen3-max', { settings: { limits: null, tier: null } });
      assert.deepEqual([none.body.settings, none.body.tier], [{}, 0]);
    });

    it('are changed by two people at once who do not know of each other', async () => {
      const [one, two] = await Promise.all([
        ask('PATCH /channels/a%2Fqwen-plus', { state: 'draining' }),
        ask('PATCH /channels/a%2Fqwen-plus', { settings: { weight: 5 } }),
      ]);
      assert.deepEqual([one.status, two.status], [200, 200]);
      const { body, headers } = await ask('GET /channels/a%2Fqwen-plus');
      assert.deepEqual([body.state, body.settings, headers['etag']], ['draining', { weight: 5 }, '"2"']);
      const stale = await ask('PATCH /channels/a%2Fqwen-plus', { state: 'active' }, { 'if-match': '"1"' });
      assert.equal(stale.status, 412);
    });

    it('are let go of by hand, with all that held them back', async () => {
      const { health } = house.app.rooms;
      const channel =
        house.app.front.snapshot().catalog.channels.find(({ id }) => id === 'a/qwen3-max') ?? assert.fail();
      const nowMs = house.clock.now();
      const fail = (kind: 'auth' | 'no_access', call: string, secret: number, startedAtMs: number) =>
        health.failed(channel, new Failure(kind, { message: 'no' }), { secret, startedAtMs, nowMs, call });
      fail('auth', 'req_1', 1, nowMs - 10);
      fail('no_access', 'req_2', 0, nowMs - 10);
      const { body } = await ask('GET /channels/a%2Fqwen3-max');
      assert.deepEqual(body.live.benches.map(({ what }) => what).sort(), [
        'channel a/qwen3-max',
        'secret 2 of a',
      ]);
      assert.deepEqual((await ask('GET /channels/b%2FQwen%2FQwen3-32B')).body.live.benches, []);
      const on = await ask('POST /channels/a%2Fqwen3-max/switch-on');
      assert.deepEqual((on.body['switched_on'] as string[]).sort(), ['channel a/qwen3-max', 'secret 2 of a']);
      assert.deepEqual((await ask('POST /channels/a%2Fqwen3-max/switch-on')).body['switched_on'], []);
      assert.deepEqual(health.benches(nowMs), []);
      const audit = await database.query.selectFrom('audit').select(['action', 'object']).execute();
      assert.equal(audit.filter(({ action }) => action === 'switch_on').length, 1);
    });

    it('are for operators and owners to change and for viewers to see', async () => {
      for (const [what, body] of [
        ['GET /channels', undefined],
        ['GET /channels/a%2Fqwen3-max', undefined],
        ['PATCH /channels/a%2Fqwen3-max', { state: 'active' }],
        ['POST /channels/a%2Fqwen3-max/switch-on', undefined],
      ] as const) {
        const statusOf = async (as: 'operator' | 'viewer' | 'tenant-admin') =>
          (await house.admin.ask(what, { as, body, headers: ANY })).status;
        assert.equal(await statusOf('tenant-admin'), 403, what);
        assert.equal(await statusOf('viewer'), what.startsWith('GET') ? 200 : 403, what);
        assert.equal(await statusOf('operator'), 200, what);
      }
    });
  });

  describe('models by the admin API', () => {
    let house: UpstreamHouse;
    before(async () => {
      house = createUpstreamHouse({ database: await open(), yaml: YAML });
      await house.stored.load();
    });
    after(() => house.admin.close());

    const ask = async (what: string, body?: unknown, headers: Readonly<Record<string, string>> = {}) => {
      const reply = await house.admin.ask(what, { body, headers });
      return { ...reply, body: reply.body as { readonly [key: string]: unknown } };
    };
    const sources = async () =>
      ((await ask('GET /models')).body['data'] as { name: string; source: string }[]).map(
        ({ name, source }) => `${name} ${source}`,
      );

    it('are those of the accounts, of the file and of the database', async () => {
      assert.deepEqual(await sources(), ['qwen-plus accounts', 'qwen3-max accounts', 'smart file']);
      const smart = await ask('GET /models/smart');
      assert.deepEqual(smart.body['channels'], ['a/qwen3-max', 'b/Qwen/Qwen3-32B']);
      assert.equal((await ask('GET /models/none')).status, 404);
      for (const what of ['PUT /models/smart', 'DELETE /models/smart'])
        assert.equal(
          (await ask(what, what.startsWith('PUT') ? { settings: {} } : undefined, { 'if-match': '*' }))
            .status,
          409,
        );
    });

    it('are made, asked for, replaced and taken away by name, whatever is in it', async () => {
      const made = await ask('POST /models', {
        name: 'team/fast',
        settings: { channels: ['a/qwen-plus'], fallbacks: ['qwen3-max'] },
      });
      assert.deepEqual(
        [made.status, made.body['name'], made.body['in_force'], made.body['channels']],
        [201, 'team/fast', true, ['a/qwen-plus']],
      );
      assert.deepEqual(house.app.front.snapshot().catalog.resolve('team/fast')?.fallbacks, ['qwen3-max']);
      const same = { name: 'team/fast', settings: { channels: ['a/qwen-plus'] } };
      assert.equal((await ask('POST /models', same)).status, 409);
      assert.equal((await ask('PUT /models/team%2Ffast', { settings: same.settings })).status, 428);
      const odd = await ask('PUT /models/team%2Ffast', { settings: same.settings }, { 'if-match': '"7"' });
      assert.equal(odd.status, 412);
      assert.equal(
        (await ask('PUT /models/qwen3-max', { settings: {} }, ANY)).status,
        404,
        'not in the database',
      );
      const seen = String((await ask('GET /models/team%2Ffast')).headers['etag']);
      const replaced = await ask(
        'PUT /models/team%2Ffast',
        { settings: { channels: ['b/Qwen/Qwen3-32B'] } },
        { 'if-match': seen },
      );
      assert.deepEqual(
        [replaced.status, replaced.headers['etag'], replaced.body['channels']],
        [200, '"2"', ['b/Qwen/Qwen3-32B']],
      );
      assert.equal((await ask('DELETE /models/team%2Ffast', undefined, { 'if-match': seen })).status, 412);
      assert.equal((await ask('DELETE /models/team%2Ffast', undefined, { 'if-match': '*' })).status, 204);
      assert.equal(house.app.front.snapshot().catalog.resolve('team/fast'), undefined);
    });

    it('say what an account’s model does besides, and leave it offered when that is taken back', async () => {
      assert.equal(
        (
          await ask('POST /models', {
            name: 'qwen3-max',
            settings: { strategy: 'weighted', fallback_after: '5s' },
          })
        ).status,
        201,
      );
      assert.deepEqual(await sources(), ['qwen-plus accounts', 'qwen3-max database', 'smart file']);
      assert.equal(house.app.front.snapshot().catalog.resolve('qwen3-max')?.fallbackAfterMs, 5_000);
      await ask('DELETE /models/qwen3-max', undefined, { 'if-match': '*' });
      assert.deepEqual(await sources(), ['qwen-plus accounts', 'qwen3-max accounts', 'smart file']);
    });

    it('are refused with what is wrong', async () => {
      for (const [name, settings, path, message] of [
        ['x', { channels: ['a/none'] }, 'body.settings.channels[0]', /unknown channel/],
        ['x', {}, 'body', /unknown model 'x'/],
        [
          'x',
          { channels: ['a/qwen-plus'], fallbacks: ['x'] },
          'body.settings.fallbacks[0]',
          /cannot fall back to itself/,
        ],
        [
          'x',
          { channels: ['a/qwen-plus'], startegy: 'weighted' },
          'body.settings.startegy',
          /did you mean 'strategy'/,
        ],
      ] as const) {
        const { status, body } = await ask('POST /models', { name, settings });
        assert.equal(status, 422);
        const [error] = body['errors'] as { path: string; message: string }[];
        assert.equal(error?.path, path);
        assert.match(error?.message ?? '', message);
      }
      assert.ok(!(await sources()).some((each) => each.startsWith('x ')));
    });
  });
});
