/**
 * Whoever gets a copy of the database has nothing that opens anything: every text of every table, and every part of one, is
 * tried as a client key, an admin key, a session, and as the master key of what is sealed there.
 */

import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { createAdminIdentities } from '../../src/access/admin-identities.ts';
import { boundTo } from '../../src/config/stored/secrets.ts';
import type { Database } from '../../src/storage/database.ts';
import { createSealing } from '../../src/storage/sealing.ts';
import { tableNames } from '../../src/storage/table-names.ts';
import type { Tables } from '../../src/storage/tables.ts';
import { type AdminHouse, createAdminHouse, HOUSE_ADMIN_KEY } from '../../src/testing/admin-house.ts';
import { onEachDatabase } from '../../src/testing/databases.ts';

const UPSTREAM_SECRET = 'sk-upstream-q8Zr2mXv7LtPw4Ks';
/** Of the house. */
const MASTER_KEY = 'Zk3vQ8tR1xWb7mNcP5yD';

onEachDatabase((_name, open) => {
  let database: Database;
  let house: AdminHouse;
  let texts: readonly string[] = [];
  const once: Record<'client' | 'rotated' | 'admin' | 'session' | 'csrf', string> = {
    ...{ client: '', rotated: '', admin: '', session: '', csrf: '' },
  };

  before(async () => {
    database = await open();
    house = createAdminHouse(database);
    const made = async (asked: string, body: object, headers: Record<string, string> = {}) => {
      const answer = await house.ask(asked, { key: HOUSE_ADMIN_KEY, body, headers });
      assert.equal(answer.status, 201, answer.text);
      return { ...answer, body: answer.body as Record<string, string> };
    };
    // A creation that may be repeated is kept, too.
    once.client = (await made('POST /keys', { id: 'k' }, { 'idempotency-key': 'one' })).body['key'] ?? '';
    once.rotated = (await made('POST /keys/k/rotate', {}, { 'idempotency-key': 'two' })).body['key'] ?? '';
    const admin = { name: 'an owner', role: 'owner' };
    once.admin = (await made('POST /admins', admin, { 'idempotency-key': 'three' })).body['key'] ?? '';
    const account = { id: 'stored', provider: 'simulator', settings: { models: ['m'] } };
    await made('POST /accounts', { ...account, secrets: [UPSTREAM_SECRET] }, { 'idempotency-key': 'four' });
    const signedIn = await made('POST /session', { key: HOUSE_ADMIN_KEY });
    once.csrf = signedIn.body['csrf'] ?? '';
    once.session = /=([\w-]{43});/.exec(String(signedIn.headers['set-cookie']))?.[1] ?? '';
    const whole: string[] = [];
    for (const table of (await tableNames(database)) as (keyof Tables)[])
      for (const row of await database.query.selectFrom(table).selectAll().execute())
        whole.push(...Object.values(row).filter((value) => typeof value === 'string'));
    const parts = whole.flatMap((text) => [text, ...text.split(/[\s"{}[\],:.]+/), ...text.split(/[^\w-]+/)]);
    texts = [...new Set(parts)].filter((text) => text !== '');
  });

  const identitiesOf = () =>
    createAdminIdentities({
      ...{ database, adminKey: HOUSE_ADMIN_KEY, now: house.clock.now },
      times: () => ({ idleMs: 1e9, longestMs: 1e9 }),
    });
  const isClient = (key: string): boolean => {
    try {
      house.app.access.authenticate({ headers: { authorization: `Bearer ${key}` }, peer: '127.0.0.1' });
      return true;
    } catch {
      return false;
    }
  };

  describe('a copy of the database', () => {
    it('is of a house in which keys and sessions are good', async () => {
      assert.ok(texts.length > 80, `${texts.length} texts`);
      assert.ok(isClient(once.client) && isClient(once.rotated));
      assert.equal((await identitiesOf().byKey(once.admin))?.role, 'owner');
      assert.equal((await identitiesOf().bySession(once.session))?.csrf, once.csrf);
    });

    it('holds nothing that was shown once, and no secret', () => {
      for (const secret of [...Object.values(once), UPSTREAM_SECRET, HOUSE_ADMIN_KEY, MASTER_KEY]) {
        assert.ok(secret.length > 15);
        for (const form of [
          secret,
          Buffer.from(secret).toString('base64'),
          Buffer.from(secret).toString('hex'),
        ])
          assert.ok(!texts.some((text) => text.includes(form)), secret.slice(0, 12));
      }
    });

    it('holds no text that is a client key, an admin key or a session', async () => {
      const identities = identitiesOf();
      for (const text of texts) {
        assert.ok(!isClient(text), text);
        assert.equal(await identities.byKey(text), undefined, text);
        assert.equal(await identities.bySession(text), undefined, text);
      }
    });

    it('holds a secret that opens by the master key alone, for its own account and address alone', async () => {
      const { sealed } = await database.query
        .selectFrom('account_secrets')
        .select('sealed')
        .executeTakeFirstOrThrow();
      const account = await database.query
        .selectFrom('accounts')
        .selectAll()
        .where('id', '=', 'stored')
        .executeTakeFirstOrThrow();
      const settings = JSON.parse(account.settings) as Record<string, never>;
      const context = boundTo({ ...account, settings });
      assert.deepEqual(createSealing(MASTER_KEY).open(sealed, context), {
        text: UPSTREAM_SECRET,
        old: false,
      });
      for (const text of texts) assert.ok('problem' in createSealing(text).open(sealed, context), text);
      for (const other of [
        { ...account, id: 'other', settings },
        { ...account, provider: 'openai', settings },
        { ...account, settings: { ...settings, base_url: 'https://evil.example/v1' } },
      ])
        assert.ok('problem' in createSealing(MASTER_KEY).open(sealed, boundTo(other)));
      for (let at = sealed.length - 1; at > sealed.length - 20; at--) {
        const flipped = sealed.slice(0, at) + (sealed[at] === 'A' ? 'B' : 'A') + sealed.slice(at + 1);
        const opened = createSealing(MASTER_KEY).open(flipped, context);
        // The last character of base64 may hold bits that nobody reads.
        assert.ok('problem' in opened || at === sealed.length - 1);
      }
    });
  });
});
