/** The document says what the routes do, by the rules of OpenAPI 3.1. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { known } from '../../app.ts';
import { isJsonObject, type JsonObject } from '../../base/json.ts';
import type { Database } from '../../storage/database.ts';
import { serveAdmin } from '../../testing/admin-ask.ts';
import { routesOnPaper } from './all-routes.ts';
import { adminApiMarkdown } from './api-document.ts';
import { openapiOf, openapiRoute } from './openapi.ts';
import { ADMIN_ROLES, type AdminRoute, adminRoute } from './route.ts';

/** Where a first version needs no `If-Match`, and every later one does: they look themselves. */
const MAKES_OR_EDITS = ['PUT /models/{model}', 'PATCH /channels/{channel}'];

const routes = routesOnPaper(known);
const document = openapiOf(routes);

const objectAt = (value: unknown, ...steps: readonly string[]): JsonObject => {
  let found = value;
  for (const step of steps) found = isJsonObject(found) ? found[step] : undefined;
  assert.ok(isJsonObject(found), `no object at ${steps.join('.')}`);
  return found;
};

/** Every object of the document, with where it stands. */
function* objectsIn(value: unknown, path = '#'): Generator<readonly [path: string, object: JsonObject]> {
  if (isJsonObject(value)) yield [path, value];
  if (typeof value !== 'object' || value === null) return;
  for (const [name, each] of Object.entries(value)) yield* objectsIn(each, `${path}/${name}`);
}

const operations = Object.entries(objectAt(document, 'paths')).flatMap(([path, item]) =>
  Object.entries(item as Record<string, JsonObject>).map(([method, operation]) => ({
    path,
    method,
    operation,
  })),
);

describe('the document', () => {
  it('has every route once, and nothing else', () => {
    const told = operations.map(({ path, method }) => `${method.toUpperCase()} ${path}`).sort();
    assert.deepEqual(told, routes.map(({ path, method }) => `${method} ${path}`).sort());
    const ids = operations.map(({ operation }) => operation['operationId']);
    assert.equal(new Set(ids).size, ids.length);
  });

  it('has the parts that version 3.1 wants, and no others', () => {
    assert.match(String(document['openapi']), /^3\.1\.\d+$/);
    const known = [
      'openapi',
      'info',
      'jsonSchemaDialect',
      'servers',
      'paths',
      'webhooks',
      'components',
      'security',
      'tags',
    ];
    for (const name of Object.keys(document)) assert.ok(known.includes(name), name);
    for (const name of ['title', 'version']) assert.equal(typeof objectAt(document, 'info')[name], 'string');
    const kinds = ['schemas', 'responses', 'parameters', 'headers', 'securitySchemes'];
    assert.deepEqual(Object.keys(objectAt(document, 'components')).sort(), [...kinds].sort());
    for (const kind of kinds)
      for (const name of Object.keys(objectAt(document, 'components', kind))) assert.match(name, /^[\w.-]+$/);
    const tags = (document['tags'] as { name: string }[]).map(({ name }) => name);
    assert.equal(new Set(tags).size, tags.length);
  });

  it('tells of every operation what it takes, what it answers and for whom it is', () => {
    for (const { path, method, operation } of operations) {
      const where = `${method} ${path}`;
      assert.match(String(operation['operationId']), /^[a-z][A-Za-z]+$/, where);
      assert.ok(String(operation['summary']).length > 3, where);
      const responses = Object.keys(objectAt(operation, 'responses'));
      assert.equal(responses.filter((status) => status.startsWith('2')).length, 1, where);
      for (const status of responses) assert.match(status, /^[2-5]\d\d$/, where);
      const parameters = (operation['parameters'] ?? []) as JsonObject[];
      const inPath = parameters
        .filter((parameter) => parameter['in'] === 'path')
        .map(({ name }) => String(name));
      assert.deepEqual(
        inPath.sort(),
        [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '').sort(),
        where,
      );
      for (const parameter of parameters) {
        if ('$ref' in parameter) continue;
        assert.ok(['path', 'query', 'header', 'cookie'].includes(String(parameter['in'])), where);
        if (parameter['in'] === 'path') assert.equal(parameter['required'], true, where);
        assert.ok(isJsonObject(parameter['schema']), where);
      }
      if (method === 'get' || method === 'delete')
        assert.equal(operation['requestBody'] !== undefined && method === 'get', false, where);
    }
  });

  it('leads nowhere that is not there', () => {
    const names = new Set<string>();
    for (const [path] of objectsIn(document)) names.add(path);
    const references = [...objectsIn(document)].flatMap(([path, { $ref }]) =>
      $ref === undefined ? [] : [[path, $ref] as const],
    );
    assert.ok(references.length > routes.length);
    for (const [path, reference] of references)
      assert.ok(names.has(String(reference)), `${path}: ${String(reference)}`);
    const used = new Set(references.map(([, reference]) => String(reference)));
    for (const kind of ['schemas', 'responses', 'parameters', 'headers'])
      for (const name of Object.keys(objectAt(document, 'components', kind)))
        assert.ok(used.has(`#/components/${kind}/${name}`), `${kind}/${name} is not used`);
  });

  it('has schemas of JSON Schema 2020-12 alone, closed where something is sent', () => {
    const types = ['object', 'array', 'string', 'number', 'integer', 'boolean', 'null'];
    for (const [path, object] of objectsIn(document)) {
      assert.equal(object['$schema'] ?? object['$defs'] ?? object['nullable'], undefined, path);
      const { type } = object;
      if (
        /\/(schema|schemas\/\w+|properties\/\w+|items)$/.test(path) &&
        type !== undefined &&
        !isJsonObject(type)
      )
        for (const each of [type].flat()) assert.ok(types.includes(String(each)), `${path}: ${String(each)}`);
      // What a client sends may have no field that nobody reads.
      if (
        /requestBody\/content\/application\/json\/schema$/.test(path.replaceAll('~1', '/')) &&
        type === 'object'
      )
        assert.notEqual(object['additionalProperties'], undefined, path);
    }
  });

  it('holds no word of a running relay, and is open', async () => {
    const { ask } = serveAdmin({
      routes: [openapiRoute([])],
      database: {} as Database,
      door: {
        addressOf: (peer) => peer,
        check: () => undefined,
        admit: () => Promise.reject(new Error('closed')),
      },
    });
    const { status, body } = await ask('GET /openapi.json');
    assert.equal(status, 200);
    assert.equal((body as JsonObject)['openapi'], document['openapi']);
  });
});

describe('a schema with a name', () => {
  const thing = z.object({ name: z.string(), size: z.number().int() }).meta({ id: 'Thing' });
  const route = (id: string, answer: z.ZodType): AdminRoute =>
    adminRoute({
      ...{
        method: 'GET',
        path: `/${id}`,
        id,
        summary: 'Some of it',
        tag: 'Things',
        roles: ADMIN_ROLES,
        answer,
      },
      handle: () => ({}),
    });

  it('stands in the document once, however many answer with it', () => {
    const { components } = openapiOf([route('one', thing), route('two', z.array(thing))]) as {
      components: JsonObject;
    };
    assert.deepEqual(Object.keys(objectAt(components, 'schemas')), ['Problem', 'Thing']);
    assert.deepEqual(objectAt(components, 'schemas', 'Thing', 'properties', 'size'), { type: 'integer' });
  });
});

describe('the document for people', () => {
  it('names every route, what it takes and for whom it is', () => {
    const text = adminApiMarkdown(routes);
    for (const { method, path } of routes) assert.ok(text.includes(`**\`${method} ${path}\`**`), path);
    assert.match(
      text,
      /\*\*`POST \/admins`\*\* \*\*C\*\* — .*\*owner\*\n\n- `name`: string, required\n- `role`: `owner` or /,
    );
    assert.match(text, /\*\*`PATCH \/admins\/\{admin\}`\*\* \*\*E\*\*/);
    assert.match(text, /`GET \/openapi.json`.*\*open to everybody\*/);
  });
});

describe('every route', () => {
  for (const route of routes) {
    it(`${route.method} ${route.path} says who may, what it is, and what it takes`, () => {
      assert.ok(route.roles.length > 0 && new Set(route.roles).size === route.roles.length);
      assert.ok(route.summary.length > 3);
      const named = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      assert.deepEqual(Object.keys(route.params?.shape ?? {}).sort(), named.sort());
      if (route.open !== true && route.method !== 'GET' && route.id !== 'signOut')
        assert.ok(!route.roles.includes('viewer'), 'a viewer changes nothing');
      const isEdit = route.method === 'PUT' || route.method === 'PATCH';
      assert.ok(!isEdit || route.edits === true || MAKES_OR_EDITS.includes(`${route.method} ${route.path}`));
      if (route.method === 'GET') assert.ok(route.answer !== undefined || route.media !== undefined);
    });
  }
});
