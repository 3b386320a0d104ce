/** What the frame does around every route: reads, refuses, answers. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { z } from 'zod';
import type { Database } from '../../storage/database.ts';
import { DatabaseError } from '../../storage/database-error.ts';
import { serveAdmin } from '../../testing/admin-ask.ts';
import { moment, money, queryFlag } from './fields.ts';
import { AdminProblem, type AdminRoute, adminRoute } from './route.ts';

const noDatabase = {} as Database;
const everyone = ['owner', 'operator', 'viewer', 'tenant-admin'] as const;
const params = z.object({ thing: z.string() });

const ROUTES: readonly AdminRoute[] = [
  adminRoute({
    method: 'GET',
    path: '/things/{thing}',
    id: 'getThing',
    summary: 'A thing',
    tag: 'things',
    roles: everyone,
    params,
    query: z.object({
      size: z.coerce.number().int().max(9).optional(),
      since: moment().optional(),
      whole: queryFlag().optional(),
    }),
    handle: ({ params, query, asker }) => ({
      body: { ...params, ...query, price: 1_500_000_001n, owed: -1n, asker: asker.role },
      version: 3,
    }),
  }),
  adminRoute({
    method: 'PATCH',
    path: '/things/{thing}',
    id: 'editThing',
    summary: 'Edit a thing',
    tag: 'things',
    roles: ['owner', 'operator'],
    edits: true,
    params,
    body: z.strictObject({ name: z.string().min(2), sum: money({ signed: true }).optional() }),
    handle: ({ ifMatch, body }) => ({ body: { ...body, version: ifMatch ?? null } }),
  }),
  adminRoute({
    method: 'DELETE',
    path: '/things/{thing}',
    id: 'deleteThing',
    summary: 'Delete a thing',
    tag: 'things',
    roles: ['owner'],
    params,
    handle: () => ({ status: 204 }),
  }),
  adminRoute({
    method: 'GET',
    path: '/statement',
    id: 'getStatement',
    summary: 'A statement',
    tag: 'things',
    roles: everyone,
    handle: () => ({ text: { contentType: 'text/csv', body: 'a,b\r\n', filename: 'of "acme"\r\n.csv' } }),
  }),
  adminRoute({
    method: 'POST',
    path: '/failing',
    id: 'fail',
    summary: 'Fails',
    tag: 'things',
    roles: everyone,
    body: z.strictObject({ how: z.enum(['bug', 'conflict', 'away', 'twice']) }),
    handle({ body: { how } }) {
      if (how === 'away') throw new DatabaseError('away', 'select * from secret_table');
      if (how === 'twice') throw new DatabaseError('unique', 'insert into secret_table');
      if (how === 'conflict')
        throw new AdminProblem(409, 'It is there.', [{ path: 'body.how', message: 'is there' }]);
      throw new Error('secret detail');
    },
  }),
];

const { ask } = serveAdmin({ routes: ROUTES, database: noDatabase });

type Problem = {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  errors?: { path: string }[];
};

async function problem(
  ...asked: Parameters<typeof ask>
): Promise<Problem & { headers: Record<string, unknown> }> {
  const { status, headers, body } = await ask(...asked);
  const found = body as Problem;
  assert.equal(headers['content-type'], 'application/problem+json; charset=utf-8');
  assert.equal(found.status, status);
  assert.equal(found.instance, headers['x-request-id']);
  assert.match(found.type, /^urn:sluice:problem:\w+$/);
  assert.ok(found.title.length > 5 && found.detail.length > 5);
  return { ...found, headers };
}

describe('a route of the admin API', () => {
  it('gets what its schemas read, and answers money as decimal text with an ETag', async () => {
    const { status, body, headers } = await ask(
      'GET /things/a%2Fb?size=3&since=2026-01-01T00:00:00Z&whole=false',
      {
        as: 'viewer',
      },
    );
    assert.equal(status, 200);
    assert.deepEqual(body, {
      thing: 'a/b',
      size: 3,
      since: Date.UTC(2026, 0, 1),
      whole: false,
      price: '1.500000001',
      owed: '-0.000000001',
      asker: 'viewer',
    });
    assert.equal(headers['etag'], '"3"');
  });

  it('is kept by nobody, framed by nobody, and has an id on every answer', async () => {
    for (const asked of ['GET /things/a', 'GET /nothing', 'DELETE /things/a', 'GET /statement']) {
      const { headers } = await ask(asked);
      assert.equal(headers['cache-control'], 'no-store');
      assert.equal(headers['x-content-type-options'], 'nosniff');
      assert.match(String(headers['x-request-id']), /^req_\w{32}$/);
      assert.equal(headers['access-control-allow-origin'], undefined);
    }
  });

  it('says that nothing changed to whoever has the version', async () => {
    for (const tag of ['"3"', 'W/"3"', '"1", "3"', '*']) {
      const { status, text } = await ask('GET /things/a', { headers: { 'if-none-match': tag } });
      assert.equal(status, 304, tag);
      assert.equal(text, '');
    }
    assert.equal((await ask('GET /things/a', { headers: { 'if-none-match': '"4"' } })).status, 200);
  });

  it('that edits wants to know which version was seen', async () => {
    const body = { name: 'other' };
    assert.equal((await problem('PATCH /things/a', { body })).status, 428);
    for (const tag of ['3', '"x"', '"1", "2"', '', '"-1"', '"99999999999999999999"'])
      assert.equal(
        (await problem('PATCH /things/a', { body, headers: { 'if-match': tag } })).status,
        400,
        tag,
      );
    const versionOf = async (tag: string): Promise<unknown> =>
      (await ask('PATCH /things/a', { body, headers: { 'if-match': tag } })).body;
    assert.deepEqual(await versionOf('"12"'), { name: 'other', version: 12 });
    assert.deepEqual(await versionOf('*'), { name: 'other', version: null });
  });

  it('is for its roles alone, and says which', async () => {
    const found = await problem('PATCH /things/a', { as: 'viewer', body: {} });
    assert.equal(found.status, 403);
    assert.match(found.detail, /owner or operator; yours is viewer/);
    assert.equal((await problem('DELETE /things/a', { as: 'operator' })).status, 403);
    assert.equal((await ask('DELETE /things/a')).status, 204);
  });

  it('answers text under a name that breaks no header', async () => {
    const { text, headers } = await ask('GET /statement');
    assert.equal(text, 'a,b\r\n');
    assert.equal(headers['content-disposition'], 'attachment; filename="of__acme___.csv"');
  });
});

describe('what is wrong', () => {
  const edit = { 'if-match': '*' };

  it('is named field by field', async () => {
    const found = await problem('PATCH /things/a', {
      body: { name: 'x', nmae: 1, sum: '1e5' },
      headers: edit,
    });
    assert.equal(found.status, 400);
    assert.deepEqual(found.errors?.map(({ path }) => path).sort(), ['body.name', 'body.nmae', 'body.sum']);
    const [first] = (await problem('GET /things/a?size=10')).errors ?? [];
    assert.equal(first?.path, 'query.size');
    assert.equal((await problem('GET /things/a?sise=1')).errors?.[0]?.path, 'query.sise');
    assert.equal((await problem('DELETE /things/a?x=1')).errors?.[0]?.path, 'query.x');
    assert.equal((await problem('DELETE /things/a', { body: { x: 1 } })).errors?.[0]?.path, 'body');
  });

  it('is never repeated', async () => {
    const secret = 'hunter2hunter2hunter2';
    for (const body of [`{"name": "${secret}`, { how: secret }, { how: { [`x${secret}`]: 1 } }, [secret]]) {
      const { detail, errors } = await problem('POST /failing', { body });
      assert.ok(!JSON.stringify([detail, errors]).includes(secret), JSON.stringify(body));
    }
  });

  it('is a body that is no JSON, too large, packed, too deep, or of characters that no database takes', async () => {
    const send = async (body: string, headers: Record<string, string> = {}): Promise<number> =>
      (await problem('PATCH /things/a', { body, headers: { ...edit, ...headers } })).status;
    assert.equal(await send('{"name": '), 400);
    assert.equal(await send('{"name":"ab"}', { 'content-type': 'text/plain' }), 415);
    assert.equal(await send('{"name":"ab"}', { 'content-type': 'application/json-patch+json' }), 415);
    assert.equal(await send('{"name":"ab"}', { 'content-encoding': 'gzip' }), 415);
    assert.equal(await send(`{"name":"${'a'.repeat(1024 * 1024)}"}`), 413);
    assert.equal(await send(`{"name":${'['.repeat(100_000)}${']'.repeat(100_000)}}`), 400);
    assert.equal(await send('{"name":"a\\u0000b"}'), 400);
    assert.equal(await send('{"__proto__":{"name":"ab"}}'), 400);
    assert.equal((await problem('GET /things/a%00b')).status, 400);
    assert.equal((await problem('GET /things/a?size=1&size=2')).status, 400);
    assert.equal((await problem('PATCH /things/a', { headers: edit })).status, 400);
  });

  it('is a route that is not there, and a method that it has not', async () => {
    assert.equal((await problem('GET /nothing')).status, 404);
    assert.equal((await problem('POST /nothing', { body: '{' })).status, 404);
    for (const method of ['PUT', 'POST', 'OPTIONS']) {
      const found = await problem(`${method} /things/a`);
      assert.equal(found.status, 405);
      assert.equal(found.headers['allow'], 'GET, PATCH, DELETE, HEAD');
    }
    assert.equal((await problem('GET /failing')).status, 405);
    assert.equal((await problem('GET /%ZZ')).status, 400);
    assert.equal((await problem(`GET /things/${'x'.repeat(600)}`)).status, 414);
  });

  it('is a fault of ours, of which nothing is told', async () => {
    const bug = await problem('POST /failing', { body: { how: 'bug' } });
    assert.equal(bug.status, 500);
    assert.ok(!JSON.stringify(bug).includes('secret detail'));
    const away = await problem('POST /failing', { body: { how: 'away' } });
    assert.equal(away.status, 503);
    assert.equal(away.headers['retry-after'], '2');
    assert.ok(!JSON.stringify(away).includes('secret_table'));
    assert.equal((await problem('POST /failing', { body: { how: 'twice' } })).status, 409);
    const conflict = await problem('POST /failing', { body: { how: 'conflict' } });
    assert.equal(conflict.detail, 'It is there.');
    assert.deepEqual(conflict.errors, [{ path: 'body.how', message: 'is there' }]);
  });
});
