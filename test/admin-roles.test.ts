/**
 * Every route of the admin API x everybody who may ask: strangers, clients, each role, and the admin of one tenant at the
 * door of another one. The list is that of the routes themselves, so that no route can be forgotten.
 */

import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { known } from '../src/app.ts';
import { routesOnPaper } from '../src/http/admin/all-routes.ts';
import { ADMIN_ROLES, type AdminRole, type AdminRoute } from '../src/http/admin/route.ts';
import {
  type AdminHouse,
  createAdminHouse,
  HOUSE_ADMIN_KEY,
  HOUSE_CLIENT_KEY,
} from '../src/testing/admin-house.ts';
import { onEachDatabase } from '../src/testing/databases.ts';
import { someEntry, writeEntries } from '../src/testing/entries.ts';

const routes = routesOnPaper(known);
const nameOf = ({ method, path }: AdminRoute): string => `${method} ${path}`;

/** What belongs to the other tenant, by the name of the place in the address. */
const RIVALS: Readonly<Record<string, string>> = {
  tenant: 'rival',
  project: 'rival-project',
  key: 'rival-key',
  /** A call. */
  id: 'req_of_rival',
};

/** What a tenant admin would send to what belongs to another one. */
const BODIES: Readonly<Record<string, object>> = {
  'POST /projects': { id: 'p-new', name: 'New', tenant: 'rival' },
  'PATCH /projects/{project}': { name: 'Taken' },
  'POST /keys': { label: 'new', tenant: 'rival', project: 'rival-project' },
  'PATCH /keys/{key}': { label: 'taken' },
  'POST /keys/{key}/rotate': {},
  'POST /session': { key: 'no-such-key-at-all' },
};

/** Of nobody: whoever may reach the handler hears that there is none. */
const addressed = (route: AdminRoute, place: (name: string) => string): string =>
  `${route.method} ${route.path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(place(name)))}`;

const isFeed = ({ media }: AdminRoute): boolean => media === 'text/event-stream';
const anyVersion = { 'if-match': '*' };

onEachDatabase((_name, open) => {
  let house: AdminHouse;
  const keys = new Map<AdminRole, string>();
  let ofRival = '';

  before(async () => {
    const database = await open();
    house = createAdminHouse(database);
    const must = async (methodAndPath: string, body: object): Promise<void> => {
      const { status, text } = await house.ask(methodAndPath, { key: HOUSE_ADMIN_KEY, body });
      assert.equal(status, 201, `${methodAndPath}: ${text}`);
    };
    for (const tenant of ['acme', 'rival']) {
      await must('POST /tenants', { id: tenant, name: `${tenant}-canary`, wallet: 'prepaid' });
      await must(`POST /tenants/${tenant}/wallet/entries`, {
        ...{ kind: 'top_up', amount: '5', note: `${tenant}-canary` },
      });
      await must('POST /projects', { id: `${tenant}-project`, name: `${tenant}-canary`, tenant });
      await must('POST /keys', {
        id: `${tenant}-key`,
        label: `${tenant}-canary`,
        tenant,
        project: `${tenant}-project`,
      });
    }
    const calls = ['acme', 'rival'].map((tenant) =>
      someEntry({
        id: `req_of_${tenant}`,
        arrivedAtMs: house.clock.now(),
        tenant,
        key: `${tenant}-key`,
        tags: [`${tenant}-canary`],
      }),
    );
    await writeEntries(database, calls, async () => undefined);
    for (const role of ADMIN_ROLES)
      keys.set(role, await house.admin(role, role === 'tenant-admin' ? 'acme' : undefined));
    ofRival = await house.admin('tenant-admin', 'rival');
  });

  describe('nobody', () => {
    for (const route of routes.filter(({ open: isOpen }) => isOpen !== true))
      it(`may ${nameOf(route)}, and no client may`, async () => {
        const asked = addressed(route, () => 'x');
        for (const headers of [
          {},
          { authorization: `Bearer ${HOUSE_CLIENT_KEY}` },
          { 'x-api-key': HOUSE_ADMIN_KEY },
          { authorization: HOUSE_ADMIN_KEY },
          { cookie: 'sluice_session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' },
        ] as Record<string, string>[]) {
          // A wrong key counts as a guess.
          await house.clock.advance(60_000);
          const { status, headers: answered } = await house.ask(asked, { headers, body: '{' });
          assert.equal(status, 401);
          assert.equal(answered['content-type'], 'application/problem+json; charset=utf-8');
        }
      });

    it('that has an admin key has a client key', async () => {
      for (const key of [HOUSE_ADMIN_KEY, ...keys.values()]) {
        const { statusCode } = await house.app.server.fastify.inject({
          url: '/v1/models',
          headers: { authorization: `Bearer ${key}` },
        });
        assert.equal(statusCode, 401);
      }
    });
  });

  for (const role of ADMIN_ROLES)
    describe(`the role ${role}`, () => {
      for (const route of routes.filter((each) => each.open !== true && !isFeed(each))) {
        const may = route.roles.includes(role);
        // Signing out ends the session of the one who asks, and is tried with it.
        if (route.id === 'signOut') continue;
        it(`${may ? 'may' : 'may not'} ${nameOf(route)}`, async () => {
          const { status, text } = await house.ask(
            addressed(route, () => 'no-such-thing'),
            {
              key: keys.get(role),
              headers: anyVersion,
            },
          );
          if (may) assert.ok([200, 400, 404, 409, 412, 422].includes(status), `${status} ${text}`);
          else {
            assert.equal(status, 403, text);
            assert.match(text, /takes the role/);
          }
        });
      }
    });

  describe('the admin of one tenant', () => {
    const own = routes.filter(({ roles, open: isOpen }) => isOpen !== true && roles.includes('tenant-admin'));

    for (const route of own.filter(({ tag }) => tag !== 'Session')) {
      it(`gets nothing of another one by ${nameOf(route)}`, async () => {
        const place = (name: string): string => {
          const rival = RIVALS[name];
          assert.ok(rival !== undefined, `say in this test what of another tenant {${name}} is`);
          return rival;
        };
        const body = BODIES[nameOf(route)];
        if (route.body !== undefined) assert.ok(body !== undefined, 'say in this test what would be sent');
        const asked = addressed(route, place);
        const question = { headers: anyVersion, ...(body === undefined ? {} : { body }) };
        const { status, text } = await house.ask(asked, { ...question, key: keys.get('tenant-admin') });
        if (route.params === undefined && route.method === 'GET') assert.equal(status, 200, text);
        else assert.equal(status, route.params === undefined ? 422 : 404, text);
        assert.ok(!text.includes('rival-canary'), text);
        if (status === 404) return;
        // By its filters neither.
        for (const name of Object.keys(route.query?.shape ?? {})) {
          const rival = RIVALS[name] ?? (name === 'object' ? 'rival-key' : undefined);
          if (rival === undefined) continue;
          const filtered = await house.ask(`${asked}?${name}=${rival}`, { key: keys.get('tenant-admin') });
          assert.ok(!filtered.text.includes('rival-canary'), filtered.text);
        }
      });
    }

    it('sees its own', async () => {
      for (const asked of [
        '/tenants',
        '/tenants/rival',
        '/tenants/rival/wallet/entries',
        '/projects',
        '/projects/rival-project',
        '/keys',
        '/keys/rival-key',
        '/audit',
        '/calls',
        '/calls/req_of_rival',
      ]) {
        const { status, text } = await house.ask(`GET ${asked}`, { key: ofRival });
        assert.equal(status, 200, `${asked}: ${text}`);
        assert.ok(text.includes('rival-canary'), asked);
        assert.ok(!text.includes('acme-canary'), asked);
      }
    });

    it('reads its own by every route that tells another one nothing', async () => {
      const read = own.filter(({ method, params, tag }) => method === 'GET' && params && tag !== 'Session');
      assert.ok(read.length > 0);
      for (const route of read) {
        const asked = addressed(route, (name) => RIVALS[name] ?? '');
        const { status, text } = await house.ask(asked, { key: ofRival });
        assert.equal(status, 200, `${asked}: ${text}`);
      }
    });

    it('has left the other one as it was', async () => {
      const { body } = await house.ask('GET /keys/rival-key', { key: ofRival });
      const key = body as { label: string; version: number; state: string };
      assert.deepEqual([key.label, key.version, key.state], ['rival-canary', 1, 'active']);
      assert.equal((await house.ask('GET /projects/rival-project', { key: ofRival })).status, 200);
    });
  });

  describe('what anybody reads', () => {
    it('holds no secret, key or hash', async () => {
      const secrets = ['house-secret-canary-1', HOUSE_ADMIN_KEY, HOUSE_CLIENT_KEY, ...keys.values(), ofRival];
      for (const route of routes.filter(({ method, params }) => method === 'GET' && params === undefined)) {
        if (isFeed(route)) continue;
        const { text } = await house.ask(nameOf(route), { key: HOUSE_ADMIN_KEY });
        for (const secret of secrets) assert.ok(!text.includes(secret), nameOf(route));
        assert.doesNotMatch(text, /"hash"|"sealed"|\b[0-9a-f]{64}\b/, nameOf(route));
      }
      for (const line of house.log) for (const secret of secrets) assert.ok(!line.includes(secret), line);
    });
  });
});
