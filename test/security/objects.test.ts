/**
 * Roles x real objects: whoever may not change a thing has changed nothing in any table afterwards, whichever route, body,
 * cursor or repeated creation he comes by; and of another tenant's things nothing is seen.
 */

import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { known } from '../../src/app.ts';
import { routesOnPaper } from '../../src/http/admin/all-routes.ts';
import { cursorOf } from '../../src/http/admin/page.ts';
import type { AdminRoute } from '../../src/http/admin/route.ts';
import type { Database } from '../../src/storage/database.ts';
import { tableNames } from '../../src/storage/table-names.ts';
import type { Tables } from '../../src/storage/tables.ts';
import { type AdminHouse, createAdminHouse, HOUSE_ADMIN_KEY } from '../../src/testing/admin-house.ts';
import { onEachDatabase } from '../../src/testing/databases.ts';
import { someEntry, writeEntries } from '../../src/testing/entries.ts';

const routes = routesOnPaper(known).filter(
  ({ media, open }) => media !== 'text/event-stream' && open !== true,
);
const nameOf = ({ method, path }: AdminRoute): string => `${method} ${path}`;

/** Real ones, of a tenant. */
const placesOf = (tenant: string): Readonly<Record<string, string>> => ({
  ...{ tenant, project: `${tenant}-project`, key: `${tenant}-key`, account: 'stored', model: 'named' },
  ...{ channel: 'stored/m', id: `req_of_${tenant}`, secret: 'nothing', admin: 'nothing' },
});

/** What would be done, were it allowed. */
const bodyFor = (route: AdminRoute, tenant: string): object | undefined => {
  const bodies: Readonly<Record<string, object>> = {
    'POST /admins': { name: 'mine', role: 'owner' },
    'POST /tenants': { id: 'new-tenant' },
    'PATCH /tenants/{tenant}': { wallet: 'none', active: true },
    'POST /tenants/{tenant}/wallet/entries': { kind: 'grant', amount: '1000' },
    'POST /projects': { id: 'new-project', tenant },
    'PATCH /projects/{project}': { name: 'mine' },
    'POST /keys': { id: 'new-key', tenant, project: `${tenant}-project` },
    'PATCH /keys/{key}': { label: 'mine' },
    'POST /accounts': { id: 'new', provider: 'simulator', settings: { models: ['m'] } },
    'PATCH /accounts/{account}': { settings: { weight: 5 } },
    'POST /accounts/{account}/secrets': { secret: 'a-secret-of-mine-0123' },
    'POST /models': { name: 'new-model', settings: { channels: ['stored/m'] } },
    'PUT /models/{model}': { settings: { channels: ['stored/m'] } },
    'POST /prices': { model: 'qwen-plus', input: '0', output: '0' },
    'POST /factors': { tenant, factor: '0' },
  };
  return bodies[nameOf(route)] ?? (route.body === undefined ? undefined : {});
};

onEachDatabase((_name, open) => {
  let house: AdminHouse;
  let database: Database;
  const keys: Record<string, string> = {};

  before(async () => {
    database = await open();
    house = createAdminHouse(database);
    const must = async (asked: string, body: object): Promise<void> => {
      const { status, text } = await house.ask(asked, { key: HOUSE_ADMIN_KEY, body });
      assert.ok(status < 300, `${asked}: ${text}`);
    };
    for (const tenant of ['acme', 'rival']) {
      await must('POST /tenants', { id: tenant, name: `${tenant}-canary`, wallet: 'prepaid' });
      await must('POST /projects', { id: `${tenant}-project`, name: `${tenant}-canary`, tenant });
      await must('POST /keys', {
        id: `${tenant}-key`,
        label: `${tenant}-canary`,
        tenant,
        project: `${tenant}-project`,
      });
    }
    for (const tenant of ['acme', 'rival'])
      await must(`POST /tenants/${tenant}/wallet/entries`, {
        kind: 'top_up',
        amount: '5',
        note: `${tenant}-canary`,
      });
    await must('POST /accounts', {
      id: 'stored',
      provider: 'simulator',
      settings: { models: ['m'] },
      secrets: ['s-0123456789'],
    });
    await must('POST /models', { name: 'named', settings: { channels: ['stored/m'] } });
    const entries = ['acme', 'rival'].map((tenant) =>
      someEntry({
        ...{ id: `req_of_${tenant}`, arrivedAtMs: house.clock.now(), tenant },
        ...{ key: `${tenant}-key`, tags: [`${tenant}-canary`] },
      }),
    );
    await writeEntries(database, entries, async () => undefined);
    keys['viewer'] = await house.admin('viewer');
    keys['operator'] = await house.admin('operator');
    keys['tenant-admin'] = await house.admin('tenant-admin', 'acme');
  });

  const everything = async (): Promise<Record<string, unknown>> => {
    const tables: Record<string, unknown> = {};
    for (const table of (await tableNames(database)) as (keyof Tables)[])
      if (!['sessions', 'admin_answers', 'revisions'].includes(table))
        tables[table] = (await database.query.selectFrom(table).selectAll().execute())
          .map((row) => JSON.stringify(Object.values(row).map(String)))
          .toSorted();
    return tables;
  };
  const send = (route: AdminRoute, role: string, tenant: string) => {
    const places = placesOf(tenant);
    const path = route.path.replace(/\{(\w+)\}/g, (_, name: string) =>
      encodeURIComponent(places[name] ?? 'x'),
    );
    const body = bodyFor(route, tenant);
    return house.ask(`${route.method} ${path}`, {
      ...{ key: keys[role], headers: { 'if-match': '*' } },
      ...(body === undefined ? {} : { body }),
    });
  };
  const writes = routes.filter(({ method, tag }) => method !== 'GET' && tag !== 'Session');

  describe('what somebody may not change', () => {
    for (const role of ['viewer', 'operator', 'tenant-admin'])
      it(`a ${role} changes by no route, on real things of either tenant`, async () => {
        const before = await everything();
        for (const tenant of ['acme', 'rival'])
          for (const route of writes.filter(({ roles }) => !roles.some((each) => each === role))) {
            const { status, text } = await send(route, role, tenant);
            assert.equal(status, 403, `${nameOf(route)}: ${text}`);
          }
        assert.deepEqual(await everything(), before);
      });

    it('a tenant-admin changes by no route of its own that is pointed at another tenant', async () => {
      const before = await everything();
      for (const route of writes.filter(({ roles }) => roles.includes('tenant-admin'))) {
        const { status, text } = await send(route, 'tenant-admin', 'rival');
        assert.ok(status === 404 || status === 422, `${nameOf(route)}: ${status} ${text}`);
        assert.ok(!text.includes('rival-canary'), text);
      }
      assert.deepEqual(await everything(), before);
    });

    for (const [asked, body] of [
      ['POST /keys', { id: 'k2', project: 'rival-project' }],
      ['POST /keys', { id: 'k2', tenant: 'default' }],
      ['POST /keys', { id: 'k2', priority: 'interactive' }],
      ['POST /keys', { id: 'k2', weight: 2 }],
      ['POST /keys', { id: 'k2', endpoints: ['live'] }],
      ['POST /keys', { id: 'rival-key' }],
      ['PATCH /keys/acme-key', { project: 'rival-project' }],
      ['PATCH /keys/acme-key', { tenant: 'rival' }],
      ['PATCH /keys/acme-key', { priority: 'interactive' }],
      ['PATCH /keys/acme-key', { weight: 1.0001 }],
      ['PATCH /keys/acme-key', { endpoints: ['chat', 'live'] }],
      ['PATCH /keys/acme-key', { id: 'rival-key' }],
      ['PATCH /projects/acme-project', { tenant: 'rival' }],
      ['PATCH /projects/acme-project', { id: 'rival-project' }],
      ['POST /projects', { id: 'rival-project' }],
      ['POST /projects', { id: 'p2', tenant: 'default' }],
      ['PATCH /tenants/acme', { wallet: 'none' }],
      ['POST /tenants/acme/wallet/entries', { kind: 'grant', amount: '1' }],
    ] as const)
      it(`a tenant-admin does not get by ${asked} ${JSON.stringify(body)}`, async () => {
        const before = await everything();
        const answer = await house.ask(asked, {
          key: keys['tenant-admin'],
          body,
          headers: { 'if-match': '*' },
        });
        assert.ok(answer.status >= 400 && answer.status < 500, `${answer.status} ${answer.text}`);
        assert.ok(!answer.text.includes('rival-canary'), answer.text);
        assert.deepEqual(await everything(), before);
      });

    it('is not shown by the place of another one in a list, nor by repeating its creation', async () => {
      for (const path of [
        '/keys',
        '/projects',
        '/tenants',
        '/calls',
        '/audit',
        '/tenants/acme/wallet/entries',
      ])
        for (const cursor of [
          cursorOf({ at: 9e15, id: '~' }),
          cursorOf({ at: house.clock.now(), id: 'rival-key' }),
          cursorOf({ at: 0, id: '' }),
        ]) {
          const { text } = await house.ask(`GET ${path}?cursor=${cursor}`, { key: keys['tenant-admin'] });
          assert.ok(!text.includes('rival-canary'), `${path} ${text}`);
        }
      const question = {
        body: { id: 'rival-2', label: 'rival-canary', tenant: 'rival' },
        headers: { 'idempotency-key': 'same' },
      };
      assert.equal((await house.ask('POST /keys', { ...question, key: HOUSE_ADMIN_KEY })).status, 201);
      const repeated = await house.ask('POST /keys', { ...question, key: keys['tenant-admin'] });
      assert.equal(repeated.status, 422, repeated.text);
      assert.ok(!repeated.text.includes('rival-canary'));
      for (const tenant of ['rival', 'RIVAL', 'rival%00', '%72ival', 'acme%2f..%2frival', 'rival%20'])
        for (const below of ['', '/wallet', '/wallet/entries', '/statement']) {
          const { status, text } = await house.ask(`GET /tenants/${tenant}${below}`, {
            key: keys['tenant-admin'],
          });
          assert.ok(status === 404 || status === 400, `${tenant}${below}: ${status} ${text}`);
          assert.ok(!text.includes('rival-canary'), text);
        }
      for (const query of [
        'tenant=rival',
        'tenant=acme&tenant=rival',
        'tenant=',
        'by=tenant',
        'by=key',
        'key=rival-key',
        'tag=rival-canary',
      ]) {
        const { text } = await house.ask(`GET /usage?${query}`, { key: keys['tenant-admin'] });
        assert.ok(!text.includes('rival-canary') && !/"(tenant|key)":"rival/.test(text), `${query}: ${text}`);
        assert.ok(
          !(
            await house.ask(`GET /calls?${query.startsWith('by') ? '' : query}`, {
              key: keys['tenant-admin'],
            })
          ).text.includes('rival-canary'),
        );
      }
    });
  });
});
