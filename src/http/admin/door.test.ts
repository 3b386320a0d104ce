/** Who comes in, from where, by which name, and how often somebody may guess. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createAdminIdentities } from '../../access/admin-identities.ts';
import type { Database } from '../../storage/database.ts';
import { serveAdmin } from '../../testing/admin-ask.ts';
import { onEachDatabase } from '../../testing/databases.ts';
import { createVirtualClock } from '../../testing/virtual-clock.ts';
import { adminsRoutes } from './admins-routes.ts';
import { auditRoutes } from './audit-routes.ts';
import { createDoor, type DoorSettings } from './door.ts';
import { sessionRoutes } from './session-routes.ts';

const KEY = 'the-admin-key-of-this-test-0815';
const MINUTE = 60_000;
const OPEN: DoorSettings = { enabled: true, addresses: [], hosts: [], trustedProxies: [] };
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

function house(
  database: Database,
  { settings = OPEN, off, adminKey = KEY }: { settings?: DoorSettings; off?: string; adminKey?: string } = {},
) {
  const clock = createVirtualClock();
  const identities = createAdminIdentities({
    database,
    adminKey,
    now: clock.now,
    times: () => ({ idleMs: 30 * MINUTE, longestMs: 120 * MINUTE }),
  });
  const door = createDoor({
    identities,
    now: clock.now,
    settings: () => settings,
    ...(off === undefined ? {} : { off }),
  });
  const routes = [...sessionRoutes(door), ...adminsRoutes({ database }), ...auditRoutes({ database })];
  const front = serveAdmin({ routes, database, clock, door });
  /** Signs in, and asks with the cookie from then on. */
  const signIn = async (key: string, headers: Record<string, string> = {}) => {
    const answer = await front.ask('POST /session', { body: { key }, headers });
    assert.equal(answer.status, 201, answer.text);
    const cookie = String(answer.headers['set-cookie']);
    const { csrf } = answer.body as { csrf: string };
    return { cookie, csrf, headers: { cookie: cookie.split(';')[0] ?? '', 'x-csrf-token': csrf } };
  };
  const makeAdmin = async (body: object) => {
    const answer = await front.ask('POST /admins', { body, headers: bearer(KEY) });
    assert.equal(answer.status, 201, answer.text);
    return answer.body as { id: string; key: string; prefix: string; version: number };
  };
  return { ...front, clock, signIn, makeAdmin };
}

onEachDatabase((_name, open) => {
  describe('a key', () => {
    it('is wanted, and a wrong one is nobody', async () => {
      const { ask } = house(await open());
      for (const headers of [
        {},
        bearer('sk-sluice-a-client-key-of-somebody'),
        bearer(''),
        bearer(`${KEY}x`),
        bearer('x'.repeat(2_000)),
        { authorization: `Basic ${Buffer.from(`owner:${KEY}`).toString('base64')}` },
        { 'x-api-key': KEY },
        { cookie: `sluice_session=${KEY}` },
        bearer("' OR 1=1 --"),
      ] as Record<string, string>[]) {
        const { status, headers: answered } = await ask('GET /admins', { headers });
        assert.equal(status, 401);
        assert.equal(answered['www-authenticate'], 'Bearer realm="sluice admin"');
      }
      assert.equal((await ask('GET /admins', { headers: bearer(KEY) })).status, 200);
      assert.deepEqual((await ask('GET /session', { headers: bearer(KEY) })).body, {
        id: 'owner',
        role: 'owner',
        tenant: null,
        csrf: null,
        expires_at: null,
      });
    });

    it('of an admin is good until it is rotated or the admin deactivated, and is kept as a hash alone', async () => {
      const database = await open();
      const { ask, makeAdmin } = house(database);
      const { id, key, prefix } = await makeAdmin({ name: 'Ada', role: 'viewer' });
      assert.ok(key.startsWith(prefix) && key.length >= prefix.length + 38);
      const statusFor = async (asked: string, own: string): Promise<number> =>
        (await ask(asked, { headers: bearer(own) })).status;
      assert.equal(await statusFor('GET /audit', key), 200);
      assert.equal(await statusFor('GET /admins', key), 403);
      const dump = JSON.stringify(
        await Promise.all([
          database.query.selectFrom('admins').selectAll().execute(),
          database.query.selectFrom('audit').selectAll().execute(),
        ]),
      );
      assert.ok(!dump.includes(key));

      const rotated = await ask(`POST /admins/${id}/rotate`, { headers: bearer(KEY) });
      const next = (rotated.body as { key: string }).key;
      assert.equal(await statusFor('GET /audit', key), 401);
      assert.equal(await statusFor('GET /audit', next), 200);
      const edit = { ...bearer(KEY), 'if-match': '*' };
      await ask(`PATCH /admins/${id}`, { body: { active: false }, headers: edit });
      assert.equal(await statusFor('GET /audit', next), 401);
      await ask(`PATCH /admins/${id}`, { body: { active: true }, headers: edit });
      assert.equal(await statusFor('GET /audit', next), 200);
    });

    it('is guessed ten times a minute from one address, and then not even a right one is heard', async () => {
      const { ask, clock } = house(await open());
      for (let guess = 0; guess < 10; guess++)
        assert.equal((await ask('GET /audit', { headers: bearer(`guess-${guess}`) })).status, 401);
      for (const key of ['guess', KEY]) {
        const { status, headers } = await ask('GET /audit', { headers: bearer(key) });
        assert.equal(status, 429);
        assert.equal(headers['retry-after'], '60');
      }
      await clock.advance(MINUTE);
      assert.equal((await ask('GET /audit', { headers: bearer(KEY) })).status, 200);
    });

    it('that is guessed by many requests at once is not guessed more often', async () => {
      const { ask } = house(await open());
      const statuses = await Promise.all(
        Array.from(
          { length: 200 },
          async (_, guess) => (await ask('GET /audit', { headers: bearer(`g${guess}`) })).status,
        ),
      );
      assert.ok(statuses.filter((status) => status === 401).length <= 40, statuses.join(' '));
      assert.equal((await ask('GET /audit', { headers: bearer(KEY) })).status, 429);
    });
  });

  describe('a session', () => {
    it('comes with a cookie that scripts, other sites and other hosts do not get', async () => {
      const { signIn } = house(await open(), { settings: { ...OPEN, hosts: ['sluice.example'] } });
      const local = await signIn(KEY);
      assert.match(local.cookie, /^sluice_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
      const outside = await signIn(KEY, { host: 'sluice.example' });
      assert.match(
        outside.cookie,
        /^__Host-sluice_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Secure$/,
      );
      const behindTls = await signIn(KEY, { 'x-forwarded-proto': 'https' });
      assert.match(behindTls.cookie, /^__Host-.*; Secure$/);
    });

    it('reads with the cookie, and writes with the token beside it alone', async () => {
      const database = await open();
      const { ask, signIn } = house(database);
      const { headers, csrf } = await signIn(KEY);
      const { cookie } = headers;
      const seen = await ask('GET /session', { headers: { cookie } });
      assert.deepEqual((seen.body as { csrf: string; role: string }).csrf, csrf);
      const body = { name: 'By session', role: 'viewer' };
      for (const token of [undefined, '', 'wrong', `${csrf}x`]) {
        const sent: Record<string, string> =
          token === undefined ? { cookie } : { cookie, 'x-csrf-token': token };
        assert.equal((await ask('POST /admins', { body, headers: sent })).status, 403);
      }
      assert.equal((await ask('POST /admins', { body, headers })).status, 201);
      const dump = JSON.stringify(await database.query.selectFrom('sessions').selectAll().execute());
      assert.ok(!dump.includes(csrf) && !dump.includes(cookie.slice(-43)));
    });

    it('ends with its signing out, when nothing is asked, and in any case', async () => {
      const { ask, signIn, clock } = house(await open());
      const statusOf = async (headers: Record<string, string>): Promise<number> =>
        (await ask('GET /session', { headers })).status;
      const first = await signIn(KEY);
      const out = await ask('DELETE /session', { headers: first.headers });
      assert.equal(out.status, 204);
      assert.match(String(out.headers['set-cookie']), /^sluice_session=; .*Max-Age=0$/);
      assert.equal(await statusOf(first.headers), 401);

      const idle = await signIn(KEY);
      await clock.advance(29 * MINUTE);
      assert.equal(await statusOf(idle.headers), 200);
      await clock.advance(29 * MINUTE);
      assert.equal(await statusOf(idle.headers), 200);
      await clock.advance(31 * MINUTE);
      assert.equal(await statusOf(idle.headers), 401);

      const long = await signIn(KEY);
      for (let minutes = 20; minutes < 120; minutes += 20) {
        await clock.advance(20 * MINUTE);
        assert.equal(await statusOf(long.headers), 200, `${minutes}`);
      }
      await clock.advance(20 * MINUTE);
      assert.equal(await statusOf(long.headers), 401);
    });

    it('ends with its admin, its key, or the admin key that it was opened with, on every instance', async () => {
      const database = await open();
      const { ask, signIn, makeAdmin } = house(database);
      const other = house(await open());
      const statusOf = async (headers: Record<string, string>): Promise<number> =>
        (await other.ask('GET /session', { headers })).status;
      const { id, key } = await makeAdmin({ name: 'Grace', role: 'operator' });
      const first = await signIn(key);
      assert.equal(await statusOf(first.headers), 200);
      const rotated = await ask(`POST /admins/${id}/rotate`, { headers: bearer(KEY) });
      assert.equal(await statusOf(first.headers), 401);
      const second = await signIn((rotated.body as { key: string }).key);
      assert.equal(await statusOf(second.headers), 200);
      await ask(`PATCH /admins/${id}`, {
        body: { active: false },
        headers: { ...bearer(KEY), 'if-match': '*' },
      });
      assert.equal(await statusOf(second.headers), 401);

      const ofKey = await signIn(KEY);
      assert.equal(await statusOf(ofKey.headers), 200);
      const changed = house(database, { adminKey: 'another-admin-key-4711-0815' });
      assert.equal((await changed.ask('GET /session', { headers: ofKey.headers })).status, 401);
    });

    it('is opened ten times a minute with a wrong key', async () => {
      const { ask, signIn, clock } = house(await open());
      const tryKey = async (key: string): Promise<number> =>
        (await ask('POST /session', { body: { key } })).status;
      for (let guess = 0; guess < 10; guess++) assert.equal(await tryKey(`guess-${guess}`), 401);
      assert.equal(await tryKey(KEY), 429);
      await clock.advance(MINUTE);
      await signIn(KEY);
    });
  });
});

describe('the door', () => {
  const withoutDatabase = {
    query: new Proxy(
      {},
      {
        get: () => {
          throw new Error('the database is away');
        },
      },
    ),
  } as Database;
  const statusWith = async (
    headers: Record<string, string>,
    settings: Partial<DoorSettings> = {},
  ): Promise<number> => {
    const { ask } = house(withoutDatabase, { settings: { ...OPEN, ...settings } });
    return (await ask('GET /session', { headers: { ...bearer(KEY), ...headers } })).status;
  };

  it('opens for the admin key while the database is away', async () => {
    assert.equal(await statusWith({}), 200);
  });

  it('is shut where the API is off, and says why', async () => {
    const { ask } = house(withoutDatabase, { off: 'The admin API is off: set SLUICE_ADMIN_KEY.' });
    const { status, body } = await ask('POST /session', { body: { key: KEY } });
    assert.equal(status, 403);
    assert.match((body as { detail: string }).detail, /SLUICE_ADMIN_KEY/);
    assert.equal(await statusWith({}, { enabled: false }), 403);
  });

  it('is shut for a name that was pointed at this machine', async () => {
    for (const host of [
      'evil.example',
      'evil.example:4290',
      'localhost.evil.example',
      '127.0.0.1.evil.example',

      '0.0.0.0:4290',
    ])
      assert.equal(await statusWith({ host }), 403, host);
    for (const host of ['localhost', 'LOCALHOST:4290', '127.0.0.1:4290', '[::1]:4290', '127.8.8.8'])
      assert.equal(await statusWith({ host }), 200, host);
    assert.equal(await statusWith({ host: 'sluice.example' }, { hosts: ['sluice.example'] }), 200);
    assert.equal(await statusWith({ host: 'evil.example' }, { hosts: ['sluice.example'] }), 403);
  });

  it('is shut for the pages of other origins', async () => {
    const host = 'localhost:4290';
    for (const origin of ['http://evil.example', 'null', 'http://localhost:3000', 'http://localhost', 'x'])
      assert.equal(await statusWith({ host, origin }), 403, origin);
    assert.equal(await statusWith({ host, origin: 'http://localhost:4290' }), 200);
    for (const site of ['cross-site', 'same-site'])
      assert.equal(await statusWith({ host, 'sec-fetch-site': site }), 403, site);
    assert.equal(await statusWith({ host, 'sec-fetch-site': 'same-origin' }), 200);
    const hosts = ['sluice.example'];
    assert.equal(await statusWith({ host: 'localhost', origin: 'https://sluice.example' }, { hosts }), 200);
  });

  it('is open for the addresses that were named, as a proxy that is trusted says them', async () => {
    assert.equal(await statusWith({}, { addresses: ['10.0.0.0/8'] }), 403);
    assert.equal(await statusWith({}, { addresses: ['10.0.0.0/8', '127.0.0.1'] }), 200);
    const forwarded = { 'x-forwarded-for': '10.1.2.3' };
    assert.equal(await statusWith(forwarded, { addresses: ['10.0.0.0/8'] }), 403);
    assert.equal(
      await statusWith(forwarded, { addresses: ['10.0.0.0/8'], trustedProxies: ['127.0.0.1'] }),
      200,
    );
    assert.equal(
      await statusWith(forwarded, { addresses: ['127.0.0.1'], trustedProxies: ['127.0.0.1'] }),
      403,
    );
  });
});
