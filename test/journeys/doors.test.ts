/**
 * Every route that there is, asked by whoever may not: found by walking the server's own list, so that a new route without
 * a door is caught here.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import inject from 'light-my-request';
import { wires } from '../../src/dialects/index.ts';
import { PREFIXES } from '../../src/http/server.ts';
import { listedRoutes } from '../../src/testing/listed-routes.ts';
import { createHouse, KEY } from './house.ts';

const FAR = '203.0.113.9';

const house = createHouse(`
accounts: [{ id: a, provider: simulator, secrets: [secret-of-a], models: [m], passes: [/files, /batches] }]
server: { trusted_proxies: [198.51.100.1] }
tenants: [{ id: asleep, active: false }, { id: awake }]
keys:
  - { id: good, key: ${KEY} }
  - { id: late, key: ${KEY}-late, expires: 2025-12-31 }
  - { id: sleeper, key: ${KEY}-asleep, tenant: asleep }
  - { id: homely, key: ${KEY}-home, addresses: [10.0.0.0/8] }
  - { id: narrow, key: ${KEY}-narrow, endpoints: [moderations] }
  - { id: tenants, key: ${KEY}-awake, tenant: awake }
`);
const { server } = house.app;
await server.fastify.ready();

type Route = { readonly method: 'GET' | 'HEAD' | 'POST' | 'DELETE'; readonly path: string };

const listed = (): Route[] =>
  listedRoutes(server.fastify).flatMap(({ path, methods }) =>
    methods.map((method) => ({ method: method as Route['method'], path })),
  );

const OPEN = /^\/(livez|readyz|healthz|health\/\w+)$/;
/** They answer what no key could change: nothing of anybody. */
const WITHOUT_KEY: Readonly<Record<string, readonly [status: number, kind: string]>> = {
  'POST /live/switch-on': [403, 'invalid_request'],
  'GET /v1/responses': [404, 'route_not_found'],
  'HEAD /v1/responses': [404, 'route_not_found'],
  'GET /api/v1/responses': [404, 'route_not_found'],
  'HEAD /api/v1/responses': [404, 'route_not_found'],
  'GET /openai/v1/responses': [404, 'route_not_found'],
  'HEAD /openai/v1/responses': [404, 'route_not_found'],
  'GET *': [404, 'route_not_found'],
  'HEAD *': [404, 'route_not_found'],
};

const addressOf = ({ method, path }: Route): string => {
  if (path.endsWith('/models*')) return path.replace('*', method === 'POST' ? '/m:countTokens' : '/m');
  return path.replace('*', '/x').replace(':id', 'resp_1');
};

const routes: Route[] = [
  ...listed().filter(({ path }) => !OPEN.test(path)),
  ...Object.values(wires).flatMap((wire): Route[] => {
    const paths = wire.enter === undefined ? PREFIXES.map((prefix) => prefix + wire.path) : [];
    return [...paths, ...(wire.alsoAt ?? [])].map((path) => ({ method: 'POST', path }));
  }),
  ...['generateContent', 'streamGenerateContent', 'embedContent', 'batchEmbedContents'].flatMap((action) =>
    ['/v1', '/v1beta', '/v1alpha'].map(
      (version): Route => ({ method: 'POST', path: `${version}/models/m:${action}` }),
    ),
  ),
  ...PREFIXES.flatMap((prefix) =>
    (['GET', 'POST', 'DELETE'] as const).flatMap((method) =>
      ['/files', '/files/file-1', '/files/file-1/content', '/batches', '/batches/b/cancel'].map(
        (path): Route => ({ method, path: prefix + path }),
      ),
    ),
  ),
];

type Asked = {
  readonly key?: string;
  readonly from?: string;
  readonly forwardedFor?: string;
  readonly headers?: Readonly<Record<string, string>>;
};

async function ask(
  route: Route,
  { key, from = FAR, forwardedFor, headers = {} }: Asked,
): Promise<readonly [number, unknown]> {
  const answer = await inject(server.handle, {
    ...{ method: route.method, url: addressOf(route), remoteAddress: from },
    headers: {
      'content-type': 'application/json',
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      ...(forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor }),
      ...headers,
    },
    ...(route.method === 'POST' ? { payload: '{"model":"m"}' } : {}),
  });
  return [answer.statusCode, answer.headers['x-sluice-failure']];
}

const nameOf = ({ method, path }: Route): string => `${method} ${path}`;
const guarded = routes.filter((route) => WITHOUT_KEY[nameOf(route)] === undefined);

describe('every route', () => {
  it('is found', () => {
    assert.ok(routes.length > 100, `${routes.length} routes`);
    for (const name of [
      'GET /metrics',
      'POST /v1/chat/completions',
      'DELETE /v1/responses/:id',
      'GET /live/limits',
    ])
      assert.ok(
        routes.some((route) => nameOf(route) === name),
        name,
      );
    for (const name of Object.keys(WITHOUT_KEY))
      assert.ok(
        routes.some((route) => nameOf(route) === name),
        `${name} is no route any more`,
      );
  });

  it('refuses whoever has no key, or one that is unknown, expired or of nobody who may ask', async () => {
    for (const route of guarded) {
      for (const key of [undefined, 'sk-unknown', `${KEY}-late`])
        assert.deepEqual(
          await ask(route, { ...(key === undefined ? {} : { key }) }),
          [401, 'invalid_key'],
          `${nameOf(route)} with ${key}`,
        );
      assert.deepEqual(await ask(route, { key: `${KEY}-asleep` }), [403, 'tenant_inactive'], nameOf(route));
    }
  });

  it('refuses a key from where it may not come, whatever a stranger says', async () => {
    for (const route of guarded) {
      const key = `${KEY}-home`;
      assert.deepEqual(await ask(route, { key }), [403, 'address_forbidden'], nameOf(route));
      assert.deepEqual(
        await ask(route, { key, forwardedFor: '10.0.0.1' }),
        [403, 'address_forbidden'],
        nameOf(route),
      );
    }
    const chat: Route = { method: 'GET', path: '/v1/models' };
    const through = { key: `${KEY}-home`, from: '198.51.100.1' };
    assert.equal((await ask(chat, { ...through, forwardedFor: '10.0.0.1' }))[0], 200);
    assert.equal((await ask(chat, { ...through, forwardedFor: '10.0.0.1, 203.0.113.1' }))[0], 403);
  });

  it('refuses a key that may not ask there, but shows it the models', async () => {
    for (const route of guarded) {
      const [status, kind] = await ask(route, { key: `${KEY}-narrow` });
      const isOpen = /\/models?(\*|$)/.test(route.path) && route.method !== 'POST';
      if (isOpen) assert.notEqual(status, 403, nameOf(route));
      else if (!route.path.endsWith('/moderations'))
        assert.deepEqual([status, kind], [403, 'endpoint_forbidden'], nameOf(route));
      else assert.notEqual(kind, 'endpoint_forbidden', nameOf(route));
    }
  });

  it('that no key opens says the same to everybody', async () => {
    for (const route of routes.filter((each) => !guarded.includes(each)))
      for (const key of [undefined, KEY])
        assert.deepEqual(
          await ask(route, { ...(key === undefined ? {} : { key }) }),
          WITHOUT_KEY[nameOf(route)],
          nameOf(route),
        );
  });

  it('of the relay itself is open to this machine, to keys of the house, and to no other tenant', async () => {
    for (const path of ['/metrics', '/live/limits', '/live/queues', '/live/benches']) {
      const route: Route = { method: 'GET', path };
      assert.equal((await ask(route, { from: '127.0.0.1' }))[0], 200);
      assert.equal((await ask(route, { key: KEY }))[0], 200);
      assert.deepEqual(await ask(route, { key: `${KEY}-awake` }), [403, 'endpoint_forbidden']);
    }
  });

  it('that tells whether the relay is ready tells strangers nothing more', async () => {
    for (const path of ['/readyz', '/healthz', '/health/readiness'])
      for (const [from, key, isTold] of [
        [FAR, undefined, false],
        [FAR, 'sk-unknown', false],
        [FAR, `${KEY}-awake`, false],
        [FAR, KEY, true],
        ['127.0.0.1', undefined, true],
      ] as const) {
        const answer = await inject(server.handle, {
          ...{ method: 'GET', url: `${path}?verbose`, remoteAddress: from },
          headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
        });
        assert.equal(answer.statusCode, 200);
        const told = Object.keys(JSON.parse(answer.payload) as object);
        assert.equal(told.includes('queues'), isTold, `${path} from ${from} with ${key}`);
        assert.ok(isTold || told.join() === 'status', told.join());
      }
  });

  it('of the relay itself is shut for web pages that point their name here, and for whom a proxy here speaks', async () => {
    for (const path of ['/metrics', '/live/limits', '/live/queues', '/live/benches']) {
      const route: Route = { method: 'GET', path };
      for (const headers of [
        { host: 'rebound.example:4290' },
        { host: 'localhost.rebound.example' },
        { 'x-forwarded-for': FAR },
        { 'x-forwarded-for': '127.0.0.1' },
        { forwarded: `for=${FAR}` },
        { 'x-real-ip': FAR },
        { via: '1.1 proxy' },
      ] as Record<string, string>[]) {
        const what = `${path} ${JSON.stringify(headers)}`;
        assert.deepEqual(await ask(route, { from: '127.0.0.1', headers }), [401, 'invalid_key'], what);
        assert.equal((await ask(route, { from: '127.0.0.1', headers, key: KEY }))[0], 200, what);
      }
      for (const host of ['127.0.0.1:4290', 'localhost', '[::1]:4290'])
        assert.equal((await ask(route, { from: '::ffff:127.0.0.1', headers: { host } }))[0], 200, host);
    }
  });
});
