import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { USUAL_MONEY } from '../../domain/money.ts';
import { readMoneyRows } from '../../ledger/money-rows.ts';
import { createPricing } from '../../ledger/pricing.ts';
import { type AdminFront, serveAdmin } from '../../testing/admin-ask.ts';
import { onEachDatabase } from '../../testing/databases.ts';
import { madeUpChannel, shippedChannel } from '../../testing/priced-channel.ts';
import { createVirtualClock, type VirtualClock } from '../../testing/virtual-clock.ts';
import { factorRoutes } from './factor-routes.ts';
import { priceRoutes } from './price-routes.ts';

const OFFERS = [
  { model: 'qwen3-max', channel: shippedChannel('qwen', 'qwen3-max', { account: 'a', region: 'singapore' }) },
  { model: 'qwen3-max', channel: shippedChannel('qwen', 'qwen3-max', { account: 'b', region: 'beijing' }) },
  { model: 'house', channel: madeUpChannel([], { account: 'own' }) },
];
const SETTINGS = {
  ...USUAL_MONEY,
  factors: [{ id: 'file:tenant=acme', tenant: 'acme', factor: '0.88', fromMs: 0 }],
  costFactors: { a: '0.9' },
};

type Price = {
  readonly input: string;
  readonly currency: string;
  readonly tiers: readonly { above: number }[];
};
type InForce = { readonly origin: string; readonly price: Price; readonly source: { readonly url: string } };
/** What of the answers is looked into. */
type Item = {
  readonly [Name in 'channel' | 'region' | 'cost_factor' | 'source' | 'rate' | 'actor' | 'until_at']: string;
} & {
  readonly [Name in 'list_cost' | 'upstream_cost' | 'charged' | 'held']: string | null;
} & {
  readonly list: InForce | null;
  readonly price: Price | null;
  readonly tier: { readonly above: number };
  readonly factor: unknown;
};
type Body = {
  readonly data: readonly [Item, Item];
  readonly next: string | null;
  readonly errors: readonly [{ readonly path: string }];
  readonly applies_to: readonly string[];
  readonly [name: string]: unknown;
};

onEachDatabase((_name, open) => {
  async function front(): Promise<AdminFront & { clock: VirtualClock }> {
    const database = await open();
    await database.query.deleteFrom('prices').execute();
    await database.query.deleteFrom('factors').execute();
    const clock = createVirtualClock({ startMs: Date.UTC(2026, 10, 26) });
    const pricing = createPricing({
      now: clock.now,
      settings: () => SETTINGS,
      usualRates: { CNY: '0.1436' },
    });
    const doors = {
      ...{ database, pricing, offers: () => OFFERS },
      changed: async () => pricing.load(await readMoneyRows(database.query, clock.now())),
    };
    return {
      ...serveAdmin({ routes: [...priceRoutes(doors), ...factorRoutes(doors)], database, clock }),
      clock,
    };
  }

  describe('prices', () => {
    it('are shown as they are in force, the catalogue with its source, what has none as null', async () => {
      const { ask } = await front();
      const { status, body } = await ask('GET /prices', { as: 'viewer' });
      assert.equal(status, 200);
      const { data } = body as Body;
      assert.deepEqual(
        data.map((each) => [
          each.channel,
          each.region,
          each.list?.origin ?? null,
          each.list?.price.currency,
          each.cost_factor,
        ]),
        [
          ['a/qwen3-max', 'singapore', 'catalogue', 'USD', '0.9'],
          ['b/qwen3-max', 'beijing', 'catalogue', 'CNY', '1'],
          ['own/m', null, null, undefined, '1'],
        ],
      );
      assert.equal(data[0].list?.price.tiers[0]?.above, 32_000);
      assert.match(data[0].list?.source.url, /^https:/);
      assert.deepEqual(((await ask('GET /prices?model=house')).body as Body).data.length, 1);
    });

    it('are set, are in force at once, are kept as rows, and are taken back', async () => {
      const { ask, clock } = await front();
      const set = await ask('POST /prices', {
        as: 'operator',
        body: { model: 'house', input: '0.5', output: '1' },
      });
      assert.equal(set.status, 201, set.text);
      assert.deepEqual((set.body as Body).applies_to, ['own/m']);
      const shown = async (): Promise<string | undefined> =>
        ((await ask('GET /prices?model=house')).body as Body).data[0].list?.price.input;
      assert.equal(await shown(), '0.5');
      await clock.advance(1_000);
      assert.equal((await ask('POST /prices', { body: { model: 'house', withdrawn: true } })).status, 201);
      assert.equal(await shown(), undefined);
      const rows = (await ask('GET /prices/rows?limit=1')).body as Body;
      assert.deepEqual([rows.data.length, rows.data[0].price, typeof rows.next], [1, null, 'string']);
      const second = (await ask(`GET /prices/rows?limit=1&cursor=${rows.next}`)).body as Body;
      assert.deepEqual(
        [second.data[0].price?.input, second.data[0].actor, second.next],
        ['0.5', 'admin_test', null],
      );
    });

    it('of later on hold from then on', async () => {
      const { ask, clock } = await front();
      const from = new Date(clock.now() + 60_000).toISOString();
      await ask('POST /prices', {
        body: {
          provider: 'qwen/qwen3-max',
          region: 'beijing',
          currency: 'CNY',
          input: '1',
          output: '2',
          from_at: from,
        },
      });
      const inputs = async (): Promise<unknown[]> =>
        ((await ask('GET /prices?model=qwen3-max')).body as Body).data.map((each) => each.list?.price.input);
      assert.deepEqual(await inputs(), ['1.2', '2.5']);
      await clock.advance(60_000);
      assert.deepEqual(await inputs(), ['1.2', '1']);
    });

    it('that are none are refused with the field that is wrong', async () => {
      const { ask } = await front();
      const refused = async (body: object, path: string, status = 422): Promise<void> => {
        const answer = await ask('POST /prices', { body });
        assert.equal(answer.status, status, answer.text);
        assert.ok(
          (answer.body as Body).errors.some((error) => error.path.startsWith(path)),
          answer.text,
        );
      };
      await refused({ input: '1' }, 'body');
      await refused({ model: 'm', channel: 'a/m', input: '1' }, 'body');
      await refused({ model: 'm' }, 'body');
      await refused({ model: 'm', input: 1 }, 'body.input', 400);
      await refused({ model: 'm', input: '-1' }, 'body.input', 400);
      await refused({ model: 'm', input: '1', price: '2' }, 'body.price', 400);
      await refused(
        {
          model: 'm',
          input: '1',
          tiers: [
            { above: 5, input: '1' },
            { above: 5, input: '2' },
          ],
        },
        'body.tiers.1.above',
      );
      await refused({ model: 'm', input: '1', withdrawn: true }, 'body.withdrawn');
      await refused({ model: 'm', input: '1', from_at: '2026-11-25T00:00:00Z' }, 'body.from_at');
      assert.equal(((await ask('GET /prices/rows')).body as Body).data.length, 0);
    });

    it('are nothing for viewers to set, and nothing for the admin of a tenant to see', async () => {
      const { ask } = await front();
      assert.equal(
        (await ask('POST /prices', { as: 'viewer', body: { model: 'm', input: '1' } })).status,
        403,
      );
      for (const path of ['/prices', '/prices/rows', '/prices/quote?model=house', '/factors'])
        assert.equal(
          (await ask(`GET ${path}`, { as: { role: 'tenant-admin', tenant: 'acme' } })).status,
          403,
          path,
        );
    });
  });

  describe('a quote', () => {
    it('tells the row, the tier, the factor and the amounts', async () => {
      const { ask } = await front();
      const path = '/prices/quote?model=qwen3-max&input=40000&output=1000&tenant=acme';
      const [here, there] = ((await ask(`GET ${path}`)).body as Body).data;
      assert.deepEqual(here.tier.above, 32_000);
      assert.deepEqual(here.factor, { id: 'file:tenant=acme', factor: '0.88' });
      // 40,000 x $2.40 + 1,000 x $12 for a million = $0.108
      assert.deepEqual([here.list_cost, here.charged, here.upstream_cost], ['0.108', '0.09504', '0.0972']);
      // Held as if the input were written into the cache, at $3: (0.12 + 0.012) x 0.88
      assert.equal(here.held, '0.11616');
      assert.deepEqual([there.rate, there.list?.price.currency], ['0.1436', 'CNY']);
      assert.equal((await ask('GET /prices/quote?model=nobody&input=1')).status, 404);
      const unpriced = ((await ask('GET /prices/quote?model=house&input=1')).body as Body).data[0];
      assert.deepEqual([unpriced.list_cost, unpriced.charged, unpriced.held], [null, null, null]);
    });
  });

  describe('factors', () => {
    it('are made, hold at once, are listed with those of the file, and are ended', async () => {
      const { ask, clock } = await front();
      const made = await ask('POST /factors', {
        body: { tenant: 'acme', model: 'qwen3-max', factor: '1.20' },
      });
      assert.equal(made.status, 201, made.text);
      const { id, factor } = made.body as Body;
      assert.equal(factor, '1.2');
      const inForce = async (): Promise<string | undefined> => {
        const { text } = await ask('GET /prices/quote?model=qwen3-max&input=1&tenant=acme');
        return /"factor":"([\d.]+)"/.exec(text)?.[1];
      };
      assert.equal(await inForce(), '1.2');
      const list = (await ask('GET /factors')).body as Body;
      assert.deepEqual(
        list.data.map((each) => [each.source, each.factor]),
        [
          ['database', '1.2'],
          ['file', '0.88'],
        ],
      );
      assert.equal(list.usual, '1');
      assert.deepEqual(((await ask('GET /factors?model=qwen3-max')).body as Body).data.length, 1);
      await clock.advance(10);
      assert.equal((await ask(`DELETE /factors/${id}`)).status, 204);
      assert.equal(await inForce(), '0.88');
      assert.equal((await ask(`DELETE /factors/${id}`)).status, 409);
      assert.equal(((await ask('GET /factors?active=true')).body as Body).data.length, 1);
      assert.equal(
        ((await ask('GET /factors')).body as Body).data[0].until_at,
        new Date(clock.now()).toISOString(),
      );
    });

    it('that are none, or of what is not there, are refused', async () => {
      const { ask } = await front();
      const refused = async (body: object, path: string, status = 422): Promise<void> => {
        const answer = await ask('POST /factors', { body });
        assert.equal(answer.status, status, answer.text);
        assert.equal((answer.body as Body).errors[0].path, path, answer.text);
      };
      for (const factor of ['0', '-1', '1000.1', '0.1234567891', 'x', 0.5])
        await refused({ tenant: 'acme', factor }, 'body.factor', 400);
      await refused({ factor: '1' }, 'body');
      await refused({ model: 'nobody', factor: '1' }, 'body.model');
      await refused({ account: 'nobody', factor: '1' }, 'body.account');
      await refused({ key: 'k', factor: '1', until_at: '2026-11-26T00:00:00Z' }, 'body.until_at');
      assert.equal((await ask('DELETE /factors/nobody')).status, 404);
      assert.equal((await ask('DELETE /factors/file:tenant=acme')).status, 409);
    });

    it('and prices are noted for the audit, and made once with one Idempotency-Key', async () => {
      const { ask } = await front();
      const question = { body: { key: 'web', factor: '0.5' }, headers: { 'idempotency-key': 'once' } };
      const [first, second] = [await ask('POST /factors', question), await ask('POST /factors', question)];
      assert.deepEqual([first.status, second.body], [201, first.body]);
      const database = await open();
      const notes = await database.query
        .selectFrom('audit')
        .select(['action', 'kind'])
        .where('object', '=', String((first.body as Body)['id']))
        .execute();
      assert.deepEqual(notes, [{ action: 'create', kind: 'factor' }]);
    });
  });
});
