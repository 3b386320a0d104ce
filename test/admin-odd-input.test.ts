/**
 * Odd input at every route of the admin API: characters that mean something to a database, huge and strange values, and
 * bodies that are right by their schema and odd in everything that the schema leaves open. Whatever comes, the answer is
 * what the route has for it, or a problem that tells why not: never a fault of ours, and never a changed table.
 */

import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import fc from 'fast-check';
import { z } from 'zod';
import { known } from '../src/app.ts';
import { isJsonObject, type JsonObject } from '../src/base/json.ts';
import { routesOnPaper } from '../src/http/admin/all-routes.ts';
import type { AdminRoute } from '../src/http/admin/route.ts';
import type { Database } from '../src/storage/database.ts';
import type { AdminReply } from '../src/testing/admin-ask.ts';
import { type AdminHouse, createAdminHouse, HOUSE_ADMIN_KEY } from '../src/testing/admin-house.ts';
import { onEachDatabase } from '../src/testing/databases.ts';

const routes = routesOnPaper(known).filter(
  ({ media, id }) => media !== 'text/event-stream' && id !== 'signIn',
);

const ODD_TEXTS = [
  "' OR '1'='1",
  "'; DROP TABLE admins; --",
  '"; DELETE FROM audit; --',
  "') UNION SELECT hash FROM admins --",
  '1; SELECT pg_sleep(10)',
  '%',
  '_',
  '\\',
  '$1',
  '?1',
  ':name',
  '{"$ne": null}',
  '../../etc/passwd',
  '\u202e\u0000',
  '\ud800',
  'ﷺ'.repeat(80),
  '💥',
  ' ',
  '\t\r\n',
  'null',
  'constructor',
  '__proto__',
  '-1',
  '0',
  '1e309',
  'NaN',
  '9223372036854775808',
  '99999999999999999999999999',
  '2026-13-45T99:99:99Z',
  '0001-01-01T00:00:00Z',
  '9999-12-31T23:59:59.999Z',
  'x'.repeat(499),
];

const oddText = fc.oneof(fc.constantFrom(...ODD_TEXTS), fc.string({ unit: 'binary', maxLength: 40 }));
const oddNumber = fc.oneof(
  fc.constantFrom(0, -0, -1, 1, 0.5, 1e-9, 2 ** 31, 2 ** 53, -(2 ** 53), 1e21, 1e308, 9_007_199_254_740_991),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  oddText,
  oddNumber,
  fc.constantFrom(null, true, false, [], {}, [[]], [null], { a: { b: [1] } }),
  fc.jsonValue({ maxDepth: 3 }),
);

/** What a schema allows, as odd as it allows. */
function allowedBy(schema: JsonObject): fc.Arbitrary<unknown> {
  const { type, anyOf, enum: words, properties, items, pattern, minimum, maximum } = schema;
  if ('const' in schema) return fc.constant(schema['const']);
  if (Array.isArray(words)) return fc.constantFrom(...(words as unknown[]));
  if (Array.isArray(anyOf)) return fc.oneof(...anyOf.filter(isJsonObject).map(allowedBy));
  if (Array.isArray(type)) return fc.oneof(...type.map((each) => allowedBy({ ...schema, type: each })));
  if (type === 'string') {
    if (schema['format'] === 'date-time')
      return fc.constantFrom(...ODD_TEXTS.slice(-4), '2030-01-01T00:00:00Z');
    if (typeof pattern === 'string')
      return fc.oneof(
        fc.constantFrom('a', 'own', '12.5', '1', '9999999999.999999999', 'x'.repeat(100)),
        oddText,
      );
    return oddText;
  }
  if (type === 'integer' || type === 'number')
    return fc.oneof(oddNumber, fc.constantFrom(Number(minimum ?? 1), Number(maximum ?? 1), 5));
  if (type === 'boolean') return fc.boolean();
  if (type === 'null') return fc.constant(null);
  if (type === 'array') return fc.array(allowedBy(isJsonObject(items) ? items : {}), { maxLength: 3 });
  if (isJsonObject(properties)) {
    const required = Array.isArray(schema['required']) ? (schema['required'] as string[]) : [];
    const fields = Object.entries(properties).map(
      ([name, field]) => [name, allowedBy(field as JsonObject)] as const,
    );
    return fc.record(Object.fromEntries(fields), { requiredKeys: required });
  }
  if (type === 'object') return fc.dictionary(oddText, oddValue, { maxKeys: 3 });
  return oddValue;
}

function schemaOf(schema: z.ZodType): JsonObject {
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', reused: 'inline' });
  return json as JsonObject;
}

const pathWith = ({ path }: AdminRoute, places: readonly string[]): string => {
  let index = 0;
  return path.replace(/\{\w+\}/g, () => encodeURIComponent((places[index++] ?? 'x').toWellFormed()));
};

const queryWith = (name: string, value: string): string =>
  `?${new URLSearchParams({ [name]: value.toWellFormed() }).toString()}`;

function check(reply: AdminReply, what: string): void {
  if (reply.status < 400) return;
  assert.ok(reply.status < 500 || reply.status === 503, `${what}: ${reply.status} ${reply.text}`);
  assert.equal(reply.headers['content-type'], 'application/problem+json; charset=utf-8', what);
  const problem = reply.body as { status: number; detail: string };
  assert.equal(problem.status, reply.status, what);
  assert.doesNotMatch(
    problem.detail,
    /sqlite|postgres|syntax error|relation "|no such table|kysely|\.ts:\d/i,
    what,
  );
}

const TABLES = [
  'admins',
  'audit',
  'tenants',
  'projects',
  'client_keys',
  'accounts',
  'models',
  'prices',
  'factors',
] as const;

onEachDatabase((name, open) => {
  let database: Database;
  let house: AdminHouse;
  before(async () => {
    database = await open();
    house = createAdminHouse(database);
  });
  const send = async (asked: string, question: Parameters<AdminHouse['ask']>[1] = {}): Promise<void> =>
    check(
      await house.ask(asked, { key: HOUSE_ADMIN_KEY, ...question }),
      `${asked} ${JSON.stringify(question)}`,
    );
  const numRuns = name === 'sqlite' ? 25 : 15;

  describe('odd input', () => {
    for (const route of routes)
      it(`at ${route.method} ${route.path} is answered or refused`, async () => {
        const { params, query, body, method } = route;
        const places = fc.array(oddText, {
          minLength: Object.keys(params?.shape ?? {}).length,
          maxLength: 3,
        });
        const queries: fc.Arbitrary<Record<string, string>> =
          query === undefined
            ? fc.constant({})
            : fc.record(Object.fromEntries(Object.keys(query.shape).map((field) => [field, oddText])), {
                requiredKeys: [],
              });
        const bodies =
          body === undefined ? fc.constant(undefined) : fc.oneof(allowedBy(schemaOf(body)), oddValue);
        await fc.assert(
          fc.asyncProperty(places, queries, bodies, async (inPath, inQuery, sent) => {
            const headers = { 'if-match': '*' };
            const question = sent === undefined ? { headers } : { headers, body: JSON.stringify(sent) };
            // One place is odd at a time, so that what stands behind the first refusal is reached.
            await send(`${method} ${pathWith(route, inPath)}`, question);
            if (query !== undefined)
              for (const [field, value] of Object.entries(inQuery))
                await send(`${method} ${pathWith(route, ['own'])}${queryWith(field, value)}`, question);
          }),
          { numRuns },
        );
      });

    it('in headers is answered or refused', async () => {
      for (const text of ODD_TEXTS.filter((each) => /^[\x20-\x7e]+$/.test(each)))
        for (const header of [
          'authorization',
          'if-match',
          'if-none-match',
          'idempotency-key',
          'cookie',
          'x-csrf-token',
          'last-event-id',
          'x-forwarded-for',
          'host',
          'origin',
        ]) {
          const headers = { 'if-match': '*', [header]: header === 'authorization' ? `Bearer ${text}` : text };
          const key = header === 'authorization' ? {} : { key: HOUSE_ADMIN_KEY };
          await house.clock.advance(60_000);
          const { ask } = house;
          check(await ask('GET /tenants/default', { ...key, headers }), `${header}: ${text}`);
          check(
            await ask('POST /tenants', { ...key, headers, body: { id: 'odd', name: 'Odd' } }),
            `${header}: ${text}`,
          );
          check(
            await ask('PATCH /tenants/odd', { ...key, headers, body: { name: 'Odd' } }),
            `${header}: ${text}`,
          );
        }
    });

    it('leaves every table where it was, with an audit of what was changed', async () => {
      for (const table of TABLES) await database.query.selectFrom(table).selectAll().limit(1).execute();
      const audit = await database.query.selectFrom('audit').selectAll().execute();
      assert.ok(audit.length > 0);
    });
  });
});
