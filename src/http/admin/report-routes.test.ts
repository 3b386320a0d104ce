import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { CallEntry } from '../../domain/entry.ts';
import { createRollups } from '../../ledger/rollups.ts';
import { DAY_MS } from '../../ledger/tally.ts';
import type { Kept } from '../../ledger/usage-report.ts';
import { type AdminFront, type AdminReply, serveAdmin } from '../../testing/admin-ask.ts';
import { onEachDatabase } from '../../testing/databases.ts';
import { crowd, someEntry, writeEntries } from '../../testing/entries.ts';
import { createVirtualClock } from '../../testing/virtual-clock.ts';
import { reportRoutes } from './report-routes.ts';

const NOW = Date.UTC(2026, 10, 26, 12);
const MONTH = Date.UTC(2026, 10, 1);
const PRICE_ROW = JSON.stringify({
  ...{ id: 'catalogue:qwen/qwen3-max@2026-11-10', origin: 'catalogue', currency: 'USD', date: '2026-11-10' },
  ...{
    tier: { input: '1.2', output: '6', above: 128_000 },
    region: 'singapore',
    own: { id: 'own', tier: { input: '0.7' } },
  },
});

const special: readonly CallEntry[] = [
  someEntry({
    ...{
      id: 'req_told',
      tenant: 'acme',
      project: 'site',
      arrivedAtMs: NOW - DAY_MS,
      queueMs: 2_500,
      attempts: 2,
    },
    ...{ tags: ['=1+1'], firstContentMs: 3_100, durationMs: 65_000 },
    usage: {
      input: 100_000,
      cacheRead: 30_000,
      cacheWrite: 0,
      output: 500,
      reasoning: 0,
      source: 'upstream',
    },
    money: {
      price: 'catalogue:qwen/qwen3-max@2026-11-10',
      priceRow: PRICE_ROW,
      factor: '0.88',
      listNano: 159_000_000n,
      upstreamNano: 91_000_000n,
      chargedNano: 139_920_000n,
    },
    story: {
      attempts: [
        {
          channel: 'qwen-main/qwen3-max',
          queueMs: 2_500,
          heldBy: 'tpm',
          startedAtMs: 1,
          headMs: 40,
          failure: 'burst',
          status: 429,
          detail: 'account qwen-main is over',
        },
        { channel: 'qwen-two/qwen3-max', queueMs: 0, startedAtMs: 2, headMs: 300 },
      ],
      fallbacks: [],
      dropped: ['logit_bias'],
    },
  }),
  someEntry({
    ...{
      id: 'req_unpriced',
      tenant: 'acme',
      arrivedAtMs: NOW - 3_600_000,
      model: 'mystery',
      served: 'mystery',
    },
    money: {
      price: null,
      priceRow: null,
      factor: '1',
      listNano: null,
      upstreamNano: null,
      chargedNano: null,
    },
  }),
];
const calls = [...crowd(400, { seed: 9, tenants: 4, keys: 8, fromMs: MONTH, toMs: NOW }), ...special];

type Row = {
  readonly group: Record<string, string>;
  readonly calls: number;
  readonly unpriced: number;
  readonly duration_ms: { readonly p50: number | null };
} & { readonly [Name in 'list' | 'charged' | 'upstream' | 'margin']?: string | null };
type Body = {
  readonly data: readonly (Row & Record<string, unknown>)[];
  readonly total: Row;
  readonly next: string | null;
  readonly from: string;
  readonly to: string;
  readonly told: readonly string[];
  readonly detail: string;
  readonly story: { readonly attempts: readonly Record<string, unknown>[] } | null;
  readonly price_row: Record<string, unknown>;
  readonly preliminary: boolean;
  readonly balance: unknown;
};

onEachDatabase((name, open) => {
  describe('reports over the admin API', () => {
    let front: AdminFront;
    let keptNow: Kept = {};
    before(async () => {
      const database = await open();
      await writeEntries(database, calls, createRollups(name).post);
      const doors = {
        database,
        kept: () => keptNow,
        fileTenant: (id: string) =>
          id === 'acme' ? ({ id, name: 'Acme', wallet: 'none' } as const) : undefined,
      };
      front = serveAdmin({
        database,
        clock: createVirtualClock({ startMs: NOW }),
        routes: reportRoutes(doors),
      });
    });
    const ACME = { role: 'tenant-admin', tenant: 'acme' } as const;
    const ok = async (path: string, as: Parameters<AdminFront['ask']>[1] = {}): Promise<Body> => {
      const reply = await front.ask(`GET ${path}`, as);
      assert.equal(reply.status, 200, reply.text);
      return reply.body as Body;
    };
    const refused = async (
      path: string,
      status: number,
      as: Parameters<AdminFront['ask']>[1] = {},
    ): Promise<AdminReply> => {
      const reply = await front.ask(`GET ${path}`, as);
      assert.equal(reply.status, status, reply.text);
      return reply;
    };

    it('are of this month by model unless other things are asked for', async () => {
      const { data, total, from, to } = await ok('/usage', { as: 'viewer' });
      assert.equal(from, '2026-11-01T00:00:00.000Z');
      assert.equal(to, '2026-11-26T12:00:00.000Z');
      assert.equal(total.calls, calls.length);
      assert.ok(data.some(({ group }) => group['model'] === 'qwen3-max'));
      assert.equal((await ok('/usage?by=hour')).from, '2026-11-25T12:00:00.000Z');
      assert.equal((await ok('/usage?by=minute,model')).from, '2026-11-26T11:00:00.000Z');
      const one = await ok('/usage?by=tenant,day&from=2026-11-25&to=2026-11-26T00:00:00Z&tenant=acme');
      assert.deepEqual(
        one.data.map(({ group }) => group),
        [{ tenant: 'acme', day: '2026-11-25' }],
      );
      const [row] = one.data;
      assert.deepEqual(
        [row?.list, row?.charged, row?.upstream, row?.margin],
        ['0.159', '0.13992', '0.091', '0.04892'],
      );
      assert.ok(Math.abs((row?.duration_ms.p50 ?? 0) / 65_000 - 1) < 0.15);
    });

    it('have null where no price is known, and never 0', async () => {
      const { data } = await ok('/usage?model=mystery');
      const [row] = data;
      assert.deepEqual(
        [row?.unpriced, row?.list, row?.charged, row?.upstream, row?.margin],
        [1, null, null, null, null],
      );
      const csv = (await front.ask('GET /usage?model=mystery&format=csv')).text;
      assert.match(csv, /^mystery,1,0,1000,0,0,500,0,1,,,,,/m);
    });

    it('come as CSV, with a name for the file', async () => {
      const reply = await front.ask('GET /usage?by=tag&format=csv&tenant=acme');
      assert.equal(reply.status, 200);
      assert.match(String(reply.headers['content-type']), /^text\/csv/);
      assert.match(String(reply.headers['content-disposition']), /usage-2026-11-01\.csv/);
      assert.match(reply.text, /^tag,calls,errors,input_tokens/);
      assert.match(reply.text, /\r\n'=1\+1,1,0,/);
    });

    it('tell a tenant’s admin of the own calls alone, without the house’s business', async () => {
      const { data, total } = await ok('/usage?by=key', { as: ACME });
      assert.deepEqual(
        data.map(({ group }) => group),
        [{ key: 'web' }],
      );
      assert.equal(total.calls, 2);
      for (const row of [...data, total]) assert.ok(!('upstream' in row) && !('margin' in row));
      for (const name of ['channel', 'account', 'provider']) {
        await refused(`/usage?by=${name}`, 403, { as: ACME });
        await refused(`/usage?${name}=x`, 403, { as: ACME });
        await refused(`/calls?${name}=x`, 403, { as: ACME });
      }
      await refused('/usage?tenant=tenant-1', 404, { as: ACME });
      await refused('/calls?tenant=acme&tenant=tenant-1', 404, { as: ACME });
      await refused('/usage?format=csv&tenant=tenant-1', 404, { as: ACME });
      assert.doesNotMatch((await front.ask('GET /usage?format=csv', { as: ACME })).text, /upstream|margin/);
      const listed = await ok('/calls', { as: ACME });
      assert.deepEqual(
        listed.data.map(({ id }) => id),
        ['req_unpriced', 'req_told'],
      );
      const story = await front.ask('GET /calls/req_told', { as: ACME });
      for (const secret of [listed, story.body])
        assert.doesNotMatch(JSON.stringify(secret), /qwen-main|qwen-two|0\.091|0\.7"|"upstream":|margin/);
      await refused(`/calls/${calls[0]?.id}`, 404, { as: ACME });
      await refused('/tenants/tenant-1/statement', 404, { as: ACME });
      await refused('/usage', 403, { as: { role: 'tenant-admin' } });
    });

    it('list calls page by page, and tell the whole story of one', async () => {
      const ids: unknown[] = [];
      let cursor = '';
      for (;;) {
        const { data, next } = await ok(`/calls?limit=100&model=qwen3-max${cursor}`);
        ids.push(...data.map(({ id }) => id));
        if (next === null) break;
        cursor = `&cursor=${next}`;
      }
      assert.equal(new Set(ids).size, calls.filter(({ model }) => model === 'qwen3-max').length);
      const { told, story, price_row } = await ok('/calls/req_told');
      assert.equal(story?.attempts.length, 2);
      assert.equal(price_row['region'], 'singapore');
      assert.deepEqual(
        told,
        [
          'It came at 2026-11-25 12:00:00.000 UTC with the key web (acme, project site), tagged =1+1.',
          'It asked for qwen3-max in the dialect openai-chat, as a stream.',
          'Attempt 1 went after 2.50 s in line, held longest by tpm, to qwen-main/qwen3-max, whose answer began after 40 ms; left for burst (status 429): account qwen-main is over.',
          'Attempt 2 went at once to qwen-two/qwen3-max, whose answer began after 300 ms.',
          'What the provider’s dialect could not say was left out: logit_bias.',
          'It was answered completely by qwen3-max on qwen-main/qwen3-max with status 200.',
          'It took 1 min 5 s in all, its first content came after 3.10 s; 2.50 s of that was waiting in line, 1.0 ms Sluice’s own work.',
          'Tokens: 100,000 of input, 30,000 read from a cache, 500 of output, as the provider told.',
          'Price: catalogue:qwen/qwen3-max@2026-11-10, region singapore, tier above 128,000 tokens of input.',
          '  100,000 input x $1.2 a million = $0.12',
          '  30,000 read from a cache x $1.2 a million = $0.036',
          '  500 output x $6 a million = $0.003',
          'List price: $0.159.',
          'Charged: $0.13992, the list price x 0.88.',
          'Paid to the provider: $0.091; margin $0.04892.',
        ].map((text) => text.replaceAll('’', "'")),
      );
      assert.ok(
        (await ok('/calls/req_unpriced')).told.includes('What it cost is not known: its model had no price.'),
      );
      await refused('/calls/req_nobody', 404);
    });

    it('do not page through days of which the calls are no longer kept', async () => {
      keptNow = { entriesMs: 2 * DAY_MS };
      const first = await ok('/calls?model=qwen3-max&limit=500');
      const second = await ok(`/calls?model=qwen3-max&limit=500&cursor=${first.next}`);
      keptNow = {};
      const since = NOW - 3 * DAY_MS;
      assert.equal(second.next, null);
      assert.equal(
        first.data.length + second.data.length,
        calls.filter(({ model, arrivedAtMs }) => model === 'qwen3-max' && arrivedAtMs >= since).length,
      );
    });

    it('give statements as JSON, as a table and as a page, of tenants that are gone, too', async () => {
      const body = await ok('/tenants/acme/statement?month=2026-11');
      assert.deepEqual([body.preliminary, body.balance, body.total.calls], [true, null, 2]);
      const page = await front.ask('GET /tenants/acme/statement?format=html');
      assert.match(String(page.headers['content-type']), /^text\/html/);
      assert.match(page.text, /<h1>Acme<\/h1>/);
      const csv = await front.ask('GET /tenants/tenant-1/statement?format=csv&month=2026-11');
      assert.match(csv.text, /^tenant-1,2026-11,preliminary,usage,/m);
      await refused('/tenants/nobody/statement', 404);
      await refused('/tenants/acme/statement?month=2027-01', 422);
    });

    it('refuse what they cannot read with a word of what they can', async () => {
      for (const [path, status] of [
        ['/usage?by=colour', 400],
        ['/usage?by=day,key,model', 400],
        ['/usage?from=yesterday', 400],
        ['/usage?from=2026-11-31', 400],
        ['/usage?format=xml', 400],
        ['/usage?colour=red', 400],
        ['/usage?by=minute&from=2026-11-01', 422],
        ['/usage?from=2026-11-20&to=2026-11-10', 422],
        ['/usage?tag=a&tag=b', 422],
        ['/calls?limit=0', 400],
        ['/calls?cursor=bm9uZQ', 400],
        ['/tenants/acme/statement?month=november', 400],
      ] as const) {
        const reply = await refused(path, status);
        assert.match((reply.body as Body).detail, /expected|no such field|cursor/, path);
      }
      for (const odd of ["' or 1=1 --", '%', '\u{1f600}', 'x'.repeat(300)])
        for (const filter of ['tenant', 'model', 'tag', 'failure'])
          assert.deepEqual((await ok(`/calls?${filter}=${encodeURIComponent(odd)}`)).data, []);
    });
  });
});
