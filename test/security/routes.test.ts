/**
 * Every route that the running server has, read off its own tree: those of the admin API are those of the list that the
 * tests of roles go over, each checks what it is sent before it does anything, and no key of one side opens the other.
 */

import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { known } from '../../src/app.ts';
import { routesOnPaper } from '../../src/http/admin/all-routes.ts';
import type { AdminRole, AdminRoute } from '../../src/http/admin/route.ts';
import { ADMIN_ROLES } from '../../src/http/admin/route.ts';
import {
  type AdminHouse,
  createAdminHouse,
  HOUSE_ADMIN_KEY,
  HOUSE_CLIENT_KEY,
} from '../../src/testing/admin-house.ts';
import { onEachDatabase } from '../../src/testing/databases.ts';
import { type ListedRoute, listedRoutes } from '../../src/testing/listed-routes.ts';

const routes = routesOnPaper(known);
const nameOf = ({ method, path }: AdminRoute): string => `${method} ${path}`;
const addressed = ({ method, path }: AdminRoute): string =>
  `${method} ${path.replace('{tenant}', 'default').replace(/\{\w+\}/g, 'x')}`;
const OPEN_TO_ALL = /^\/(livez|readyz|healthz|health\/\w+)$/;

onEachDatabase((name, open) => {
  // What is asked of the tree is the same on both.
  if (name !== 'sqlite') return;
  let house: AdminHouse;
  let tree: readonly ListedRoute[] = [];
  const keys = new Map<AdminRole, string>();
  before(async () => {
    house = createAdminHouse(await open());
    await house.app.server.fastify.ready();
    tree = listedRoutes(house.app.server.fastify);
    for (const role of ADMIN_ROLES)
      keys.set(role, await house.admin(role, role === 'tenant-admin' ? 'default' : undefined));
  });

  describe('routes of the running server', () => {
    it('below /admin are those that the list tells, and its refusals', async () => {
      const admins = tree.filter(({ path }) => path.startsWith('/admin'));
      assert.ok(admins.length > 30, `${admins.length}`);
      const told = new Set(routes.map(nameOf));
      for (const { path, methods } of admins) {
        const place = path.replace('/admin/v1', '').replace(/:(\w+)/g, '{}');
        for (const method of methods) {
          if (method === 'HEAD') continue;
          const isTold = [...told].some((each) => each.replace(/\{\w+\}/g, '{}') === `${method} ${place}`);
          if (isTold || path.endsWith('*')) continue;
          const { status } = await house.ask(`${method} ${place.replaceAll('{}', 'x')}`, {
            key: HOUSE_ADMIN_KEY,
          });
          assert.ok(status === 405 || status === 404, `${method} ${path}: a route that no list tells`);
        }
      }
      for (const route of routes)
        assert.ok(
          admins.some(
            ({ path, methods }) =>
              methods.includes(route.method) &&
              path.replace(/:\w+/g, '{}') === `/admin/v1${route.path.replace(/\{\w+\}/g, '{}')}`,
          ),
          nameOf(route),
        );
    });

    it('for clients open to no admin, whatever the role', async () => {
      const publics = tree.filter(
        ({ path }) => !path.startsWith('/admin') && !OPEN_TO_ALL.test(path) && path !== '*',
      );
      assert.ok(publics.length > 15, `${publics.length}`);
      for (const { path, methods } of publics)
        for (const key of [HOUSE_ADMIN_KEY, ...keys.values()]) {
          const answer = await house.app.server.fastify.inject({
            method: (methods[0] ?? 'GET') as 'GET',
            url: path.replace('*', '/x').replace(':id', 'x'),
            remoteAddress: '203.0.113.9',
            headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
          });
          assert.ok([401, 403, 404].includes(answer.statusCode), `${path}: ${answer.statusCode}`);
          assert.ok(!answer.payload.includes('qwen-plus'), path);
        }
    });

    it('for admins open to no client, in none of the ways in which clients send keys', async () => {
      for (const route of routes.filter(({ open: isOpen }) => isOpen !== true))
        for (const headers of [
          { 'x-api-key': HOUSE_CLIENT_KEY },
          { 'x-goog-api-key': HOUSE_ADMIN_KEY },
          { 'api-key': HOUSE_ADMIN_KEY },
          { authorization: `Basic ${Buffer.from(`x:${HOUSE_ADMIN_KEY}`).toString('base64')}` },
        ] as Record<string, string>[])
          assert.equal((await house.ask(addressed(route), { headers })).status, 401, nameOf(route));
      for (const name of ['key', 'access_token', 'admin_key'])
        assert.equal((await house.ask(`GET /keys?${name}=${HOUSE_ADMIN_KEY}`)).status, 401);
    });

    for (const route of routes.filter(({ body }) => body !== undefined))
      it(`checks what ${nameOf(route)} is sent`, async () => {
        const asked = addressed(route);
        const question = { key: HOUSE_ADMIN_KEY, headers: { 'if-match': '*' } };
        const told = async (body: unknown, headers: Record<string, string> = {}): Promise<number> => {
          const all = { ...question.headers, ...headers };
          const answer = await house.ask(asked, { ...question, headers: all, body });
          assert.ok(answer.status >= 400 && answer.status < 500, `${answer.status} ${answer.text}`);
          assert.equal(answer.headers['content-type'], 'application/problem+json; charset=utf-8');
          return answer.status;
        };
        for (const body of [
          '{',
          '[]',
          'null',
          '"text"',
          '1',
          '{"no_such_field":1}',
          '{"__proto__":{"role":"owner"}}',
        ])
          assert.equal(await told(body), 400, body);
        assert.equal(await told('{}', { 'content-type': 'text/plain' }), 415);
        assert.equal(await told('{}', { 'content-type': 'application/x-www-form-urlencoded' }), 415);
        assert.equal(await told('{}', { 'content-encoding': 'gzip' }), 415);
        assert.equal(await told(`{"x":"${'x'.repeat(1024 * 1024)}"}`), 413);
      });

    for (const route of routes.filter(({ query }) => query !== undefined && 'limit' in query.shape))
      it(`checks the page that ${nameOf(route)} is asked for`, async () => {
        for (const said of [
          'limit=0',
          'limit=501',
          'limit=x',
          'limit=1e2x',
          'cursor=x',
          'cursor=W10',
          'cursor=bnVsbA',
        ])
          assert.equal(
            (await house.ask(`${addressed(route)}?${said}`, { key: HOUSE_ADMIN_KEY })).status,
            400,
            said,
          );
      });

    for (const route of routes.filter(({ edits }) => edits === true))
      it(`wants to hear which version ${nameOf(route)} changes`, async () => {
        const body = nameOf(route) === 'PUT /models/{model}' ? { settings: {} } : {};
        const { status } = await house.ask(addressed(route), { key: HOUSE_ADMIN_KEY, body });
        assert.equal(status, 428);
      });
  });
});
