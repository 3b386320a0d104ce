/** Every change leaves a row that tells who made it and no secret, to be read by those whom it concerns. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { serveAdmin } from '../../testing/admin-ask.ts';
import { onEachDatabase } from '../../testing/databases.ts';
import { createVirtualClock } from '../../testing/virtual-clock.ts';
import { adminsRoutes } from './admins-routes.ts';
import { masked } from './audit.ts';
import { auditRoutes } from './audit-routes.ts';

type Row = {
  id: string;
  actor: string;
  action: string;
  object: string;
  tenant: string | null;
  before: unknown;
  after: unknown;
};
type Rows = { data: Row[]; next: string | null };

onEachDatabase((_name, open) => {
  it('is read newest first, page by page, and filtered', async () => {
    const database = await open();
    const clock = createVirtualClock();
    const { ask } = serveAdmin({
      routes: [...adminsRoutes({ database }), ...auditRoutes({ database })],
      database,
      clock,
    });
    const ids: string[] = [];
    for (let index = 0; index < 9; index++) {
      const tenant =
        index % 3 === 0 ? { role: 'tenant-admin', tenant: `tenant-${index % 2}` } : { role: 'viewer' };
      const as = { id: `admin_${index % 2}`, address: '10.0.0.9' };
      const { body } = await ask('POST /admins', { body: { name: `n${index}`, ...tenant }, as });
      ids.unshift((body as { id: string }).id);
      // Several in one moment: their order is that of their ids, and none is left out.
      if (index % 4 === 3) await clock.advance(1_000);
    }
    const seen: Row[] = [];
    let next: string | null = '';
    while (next !== null) {
      const page = (await ask(`GET /audit?limit=2${next === '' ? '' : `&cursor=${next}`}`)).body as Rows;
      seen.push(...page.data);
      next = page.next;
    }
    assert.deepEqual(seen.map(({ object }) => object).sort(), [...ids].sort());
    assert.equal(seen[0]?.object, ids[0]);
    const listed = async (query: string, as?: object): Promise<Row[]> =>
      ((await ask(`GET /audit?${query}`, as === undefined ? {} : { as })).body as Rows).data;
    assert.equal((await listed('actor=admin_1')).length, 4);
    assert.equal((await listed('tenant=tenant-0')).length, 2);
    assert.equal((await listed(`object=${ids[3]}&kind=admin&action=create`)).length, 1);
    assert.equal((await listed('from=2026-01-01T00:00:01Z&to=2026-01-01T00:00:02Z')).length, 4);
    const own = { role: 'tenant-admin', tenant: 'tenant-1' };
    assert.deepEqual(
      (await listed('limit=9', own)).map(({ tenant }) => tenant),
      ['tenant-1'],
    );
    assert.equal((await ask('GET /audit?tenant=tenant-0', { as: own as never })).status, 404);
    for (const cursor of [
      'x',
      'bnVsbA',
      Buffer.from('[1]').toString('base64url'),
      Buffer.from('["a","b"]').toString('base64url'),
    ])
      assert.equal((await ask(`GET /audit?cursor=${cursor}`)).status, 400, cursor);
    for (const limit of ['0', '501', '-1', '1.5', 'x', ''])
      assert.equal((await ask(`GET /audit?limit=${limit}`)).status, 400, limit);
  });

  it('tells what was before and after, and by whom', async () => {
    const database = await open();
    const { ask } = serveAdmin({
      routes: [...adminsRoutes({ database }), ...auditRoutes({ database })],
      database,
    });
    const { id } = (await ask('POST /admins', { body: { name: 'Ada', role: 'viewer' } })).body as {
      id: string;
    };
    const as = { id: 'admin_grace', role: 'owner', address: '10.1.2.3' } as const;
    await ask(`PATCH /admins/${id}`, { body: { name: 'Ada L.' }, headers: { 'if-match': '"1"' }, as });
    const { data } = (await ask(`GET /audit?object=${id}&action=update`)).body as Rows;
    const [row] = data as unknown as (Row & {
      address: string;
      before: { name: string };
      after: { name: string };
    })[];
    assert.deepEqual(
      [row?.actor, row?.address, row?.before.name, row?.after.name],
      ['admin_grace', '10.1.2.3', 'Ada', 'Ada L.'],
    );
  });
});

describe('what is written into the audit', () => {
  it('shows no secret, by its name or by its looks', () => {
    const secrets = {
      secret: 'abc',
      secrets: ['abc'],
      api_key: 'abc',
      admin_key: 'abc',
      csrf: 'abc',
      access_token: 'abc',
      password: { value: 'abc' },
      key_hash: 'abc',
      note: 'it is sk-abcdefghijklmnop123',
      header: 'Bearer abcdefghijkl',
      base_url: 'https://user:abc@host/v1',
      deep: [{ deeper: { sealed: 'abc' } }],
    };
    const text = JSON.stringify(masked(secrets));
    assert.ok(!text.includes('abc'), text);
    assert.equal(text.split('***').length - 1, Object.keys(secrets).length);
  });

  it('shows everything else', () => {
    const plain = {
      key: 'web',
      id: 'admin_457000975fb6437f8c6b9c1b1baa18f3',
      admin: 'sluice-admin-ab12',
      prefix: 'sk-sluice-ab12',
      max_tokens: 4_096,
      max_output_tokens: '4096',
      tpm: 1_000,
      base_url: 'https://host.example/v1?x=1',
      name: 'The key of the kingdom',
      nothing: null,
      list: [1, 'two', { three: true }],
    };
    assert.deepEqual(masked(plain), plain);
    assert.deepEqual(masked({ balance: 1_250_000_000n }), { balance: '1.25' });
  });
});
