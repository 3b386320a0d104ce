/** Who may see what is benched, and who may switch it on: the operator at the machine, and nobody by way of a browser. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import inject from 'light-my-request';
import { Failure, type FailureKind } from '../../src/domain/failure.ts';
import type { LiveBench } from '../../src/http/live-routes.ts';
import { accounts, createHouse, type House, KEY } from './house.ts';

const POOL = accounts(2, 'qwen3-max: { limits: { rpm: 600 } }');

type Asked = { readonly from?: string; readonly headers?: Readonly<Record<string, string>> };

async function ask(
  house: House,
  what: { readonly method: 'GET' | 'POST' | 'OPTIONS'; readonly url: string; readonly body?: string },
  { from = '127.0.0.1', headers = {} }: Asked = {},
) {
  await house.app.server.fastify.ready();
  const response = await inject(house.app.server.handle, {
    method: what.method,
    url: what.url,
    remoteAddress: from,
    headers: { host: '127.0.0.1:4290', ...headers },
    ...(what.body === undefined ? {} : { payload: what.body }),
  });
  const json = JSON.parse(response.payload) as {
    readonly error?: { readonly message: string; readonly type: string };
    readonly [key: string]: unknown;
  };
  return { status: response.statusCode, json, headers: response.headers };
}

const switchOn = (house: House, what: unknown, asked: Asked = {}) =>
  ask(
    house,
    { method: 'POST', url: '/live/switch-on', body: typeof what === 'string' ? what : JSON.stringify(what) },
    { ...asked, headers: { 'content-type': 'application/json', ...asked.headers } },
  );

function bench(house: House, kind: FailureKind, id = 'a/qwen3-max'): void {
  const channel = house.app.rooms.snapshot().catalog.channels.find((each) => each.id === id);
  assert.ok(channel);
  const nowMs = house.clock.now();
  const attempt = { secret: 0, startedAtMs: nowMs - 1, nowMs, call: `call at ${nowMs}` };
  house.app.rooms.health.failed(channel, new Failure(kind, { message: 'told by a test' }), attempt);
}

/** `a` in arrears, confirmed; `b/qwen3-max` silent for a moment. */
async function benchedHouse(): Promise<House> {
  const house = createHouse(POOL);
  bench(house, 'balance');
  await house.clock.advance(70_000);
  bench(house, 'timeout', 'b/qwen3-max');
  bench(house, 'balance');
  return house;
}

describe('what is benched', () => {
  it('is shown with its reason and its times, what waits for somebody first', async () => {
    const house = await benchedHouse();
    const startMs = house.clock.now();
    await house.clock.advance(1_000);
    const { status, json } = await ask(house, { method: 'GET', url: '/live/benches' });
    assert.equal(status, 200);
    assert.equal(json['atMs'], startMs + 1_000);
    const [off, short] = json['benches'] as LiveBench[];
    assert.deepEqual(off, {
      what: 'account a',
      kind: 'balance',
      meaning: 'The account is in arrears or out of credit.',
      sinceMs: startMs,
      untilMs: null,
      off: true,
    });
    assert.deepEqual([short?.what, short?.kind, short?.off], ['channel b/qwen3-max', 'timeout', false]);
    const lengthMs = (short?.untilMs ?? 0) - startMs;
    assert.ok(lengthMs >= 5_000 && lengthMs <= 5_500, `${lengthMs}`);
    await house.clock.advance(10_000);
    const later = (await ask(house, { method: 'GET', url: '/live/benches' })).json;
    assert.deepEqual(
      (later['benches'] as LiveBench[]).map(({ what }) => what),
      ['account a'],
    );
  });

  it('is for this machine; from elsewhere it takes a key', async () => {
    const house = createHouse(POOL);
    const see = { method: 'GET', url: '/live/benches' } as const;
    assert.equal((await ask(house, see, { from: '10.0.0.9' })).status, 401);
    const headers = { authorization: `Bearer ${KEY}` };
    assert.equal((await ask(house, see, { from: '10.0.0.9', headers })).status, 200);
  });
});

describe('switching on by hand', () => {
  it('ends the bench of that name and no other, and is logged', async () => {
    const house = await benchedHouse();
    const { status, json } = await switchOn(house, { what: 'account a' });
    assert.deepEqual([status, json], [200, { switchedOn: true, what: 'account a' }]);
    assert.deepEqual(
      house.app.front.benches().map(({ what }) => what),
      ['channel b/qwen3-max'],
    );
    assert.equal(house.log.filter(({ msg }) => msg === 'switched on by hand').length, 1);
    assert.equal(house.log.filter(({ type }) => type === 'switched_on').length, 1);
    assert.equal((await switchOn(house, { what: 'account a' })).status, 404);
  });

  it('is possible by any name of this machine', async () => {
    for (const host of ['localhost:4290', 'LOCALHOST', '127.0.0.1', '127.1.2.3:80', '[::1]:4290', '[::1]'])
      for (const from of ['127.0.0.1', '::1', '::ffff:127.0.0.1']) {
        const house = await benchedHouse();
        assert.equal((await switchOn(house, { what: 'account a' }, { from, headers: { host } })).status, 200);
      }
  });

  const stays = async (asked: Asked, expected: { readonly status: number; readonly says: RegExp }) => {
    const house = await benchedHouse();
    const { status, json, headers } = await switchOn(house, { what: 'account a' }, asked);
    assert.equal(status, expected.status, JSON.stringify(asked));
    assert.match(json.error?.message ?? '', expected.says);
    assert.equal(json.error?.type, 'invalid_request_error');
    assert.equal(headers['x-should-retry'], 'false');
    assert.equal(house.app.front.benches().length, 2, 'nothing was switched on');
  };

  it('is refused from elsewhere, with the best of keys as without', async () => {
    const says = /^Only from the machine/;
    for (const from of ['10.0.0.9', '192.168.0.1', '::ffff:10.0.0.9', 'fe80::1']) {
      await stays({ from }, { status: 403, says });
      await stays({ from, headers: { authorization: `Bearer ${KEY}` } }, { status: 403, says });
    }
  });

  it('is refused to what a proxy on this machine hands on', async () => {
    for (const name of ['x-forwarded-for', 'forwarded', 'x-real-ip', 'via'])
      await stays({ headers: { [name]: '127.0.0.1' } }, { status: 403, says: /not through a proxy/ });
  });

  it('is refused to a page whose own name was pointed at this machine', async () => {
    const says = /^Host: expected 127\.0\.0\.1, \[::1\] or localhost/;
    for (const host of [
      'evil.example',
      'evil.example:4290',
      'localhost.evil.example',
      '127.0.0.1.evil.example:4290',
      'evil.example/127.0.0.1',
      'notlocalhost',
      '0.0.0.0:4290',
      '127.0.0.1:4290@evil.example',
    ])
      await stays({ headers: { host } }, { status: 403, says });
  });

  it('is refused to what a page may send without asking first', async () => {
    const says = /^Content-Type: expected application\/json\.$/;
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'text/plain; application/json',
      'application/jsonp',
      '',
    ])
      await stays({ headers: { 'content-type': type } }, { status: 415, says });
    const house = await benchedHouse();
    const asked = await ask(
      house,
      { method: 'OPTIONS', url: '/live/switch-on' },
      { headers: { origin: 'http://evil.example', 'access-control-request-method': 'POST' } },
    );
    assert.equal(asked.status, 404);
    assert.equal(asked.headers['access-control-allow-origin'], undefined);
  });

  it('asks for a name, and says which there are', async () => {
    const house = await benchedHouse();
    for (const body of [
      '',
      '{',
      '[]',
      '"account a"',
      {},
      { what: 7 },
      { what: '' },
      { what: 'x'.repeat(501) },
    ]) {
      const { status, json } = await switchOn(house, body);
      assert.equal(status, 400, JSON.stringify(body));
      assert.match(json.error?.message ?? '', /^what: expected the name of a bench/);
    }
    const unknown = await switchOn(house, { what: 'account z' });
    assert.equal(unknown.status, 404);
    assert.equal(
      unknown.json.error?.message,
      "'account z' is not benched. These are: account a, channel b/qwen3-max.",
    );
    const well = await switchOn(createHouse(POOL), { what: 'account a' });
    assert.equal(well.json.error?.message, "'account a' is not benched. Nothing is.");
    assert.equal((await ask(house, { method: 'GET', url: '/live/switch-on' })).status, 404);
  });
});
