/**
 * Where the relay can be made to send requests, and secrets with them: an account added over the admin API reaches no inner
 * address in whatever form it is written, no secret follows a changed address, and no redirect is followed by anything that
 * the relay sends (decision 0013).
 */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { known } from '../../src/app.ts';
import { systemClock } from '../../src/base/clock.ts';
import { checkLive } from '../../src/cli/live.ts';
import { loadConfig } from '../../src/config/load.ts';
import { sendWebhook } from '../../src/telemetry/webhook.ts';
import { type AdminHouse, createAdminHouse, HOUSE_ADMIN_KEY } from '../../src/testing/admin-house.ts';
import { onEachDatabase } from '../../src/testing/databases.ts';
import { KEY, startRelay, type TestRelay } from '../sdk/relay.ts';
import { type StubUpstream, startStub } from '../sdk/stub-upstream.ts';

const INNER = [
  ...[
    'http://127.0.0.1',
    'http://2130706433',
    'http://0x7f000001',
    'http://0177.0.0.1',
    'http://127.1',
    'http://0',
  ],
  ...[
    'http://10.1',
    'http://192.168.257',
    'http://0xc0a80001',
    'http://[::1]',
    'http://[::ffff:7f00:1]',
    'http://[fc00::1]',
  ],
  ...[
    'http://localhost',
    'http://LOCALHOST.',
    'http://x.localhost',
    'http://１２７.０.０.１',
    'http://①②⑦.0.0.1',
    'http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ',
  ],
  ...[
    'http://127.0.0.1:22',
    'http://127.0.0.1%2f@x.example',
    'https://api.openai.com@127.0.0.1',
    'https://127.0.0.1#@api.openai.com',
  ],
  ...[
    'https://127.0.0.1\\@api.openai.com',
    'http://[0:0:0:0:0:ffff:127.0.0.1]',
    'http://internal',
    'http://db.corp',
    ' http://127.0.0.1',
  ],
] as const;

/** For nobody, not even for who runs a server of his own. */
const NETWORK = [
  ...[
    'http://169.254.169.254/latest/meta-data',
    'http://2852039166',
    'http://0xa9fea9fe',
    'http://0251.0376.0251.0376',
  ],
  ...[
    'http://[::ffff:169.254.169.254]',
    'http://[fd00:ec2::254]',
    'http://100.100.100.200',
    'http://metadata.google.internal',
  ],
  ...[
    'http://metadata.google.internal.',
    'http://[fe80::1]',
    'http://0.0.0.0',
    'http://[::]',
    'http://[64:ff9b::a9fe:a9fe]',
  ],
] as const;

const NO_ADDRESS = [
  'file:///etc/passwd',
  'gopher://x.example',
  'ftp://x.example',
  'javascript:alert(1)',
  '//x.example',
  'x',
  '',
  'http://',
  'http://user:pass@x.example',
  'https://x.example/\r\nx: y',
] as const;

onEachDatabase((name, open) => {
  if (name !== 'sqlite') return;
  let house: AdminHouse;
  before(async () => {
    house = createAdminHouse(await open());
  });

  describe('an account that is added over the admin API', () => {
    const add = (provider: string, base_url: string) =>
      house.ask('POST /accounts', {
        key: HOUSE_ADMIN_KEY,
        body: {
          id: 'new',
          provider,
          settings: { base_url, models: ['m'] },
          secrets: ['sk-0123456789abcdef'],
        },
      });

    for (const url of [...INNER, ...NETWORK, ...NO_ADDRESS])
      it(`is not at ${JSON.stringify(url)} with a provider of the world`, async () => {
        const { status, text } = await add('openai', url);
        assert.equal(status, 422, text);
        assert.match(text, /base_url/);
      });

    for (const url of [...NETWORK, ...NO_ADDRESS])
      it(`is not at ${JSON.stringify(url)} with a server of one's own either`, async () => {
        const { status, text } = await add('openai-compatible', url);
        assert.equal(status, 422, text);
      });

    it('is not moved there afterwards, and loses its secrets wherever it is moved', async () => {
      assert.equal((await add('openai', 'https://api.openai.com/v1')).status, 201);
      const move = (settings: object, more: object = {}) =>
        house.ask('PATCH /accounts/new', {
          ...{ key: HOUSE_ADMIN_KEY, headers: { 'if-match': '*' } },
          body: { settings, ...more },
        });
      for (const base_url of [...INNER, ...NETWORK])
        assert.equal((await move({ base_url })).status, 422, base_url);
      const count = async (): Promise<unknown> =>
        ((await house.ask('GET /accounts/new', { key: HOUSE_ADMIN_KEY })).body as Record<string, unknown>)[
          'secret_count'
        ];
      assert.equal(await count(), 1);
      assert.equal((await move({ base_url: 'https://elsewhere.example/v1' })).status, 200);
      assert.equal(await count(), 0);
    });
  });
});

describe('a redirect', () => {
  let near: StubUpstream;
  let far: StubUpstream;
  let relay: TestRelay;
  before(async () => {
    far = await startStub();
    near = await startStub((_received, response) => {
      response.writeHead(302, { location: far.url.replace('/v1', '/v1/chat/completions') });
      response.end();
    });
    relay = await startRelay(`
keys: [{ id: test, key: ${KEY} }]
accounts: [{ id: a, provider: openai-compatible, base_url: "${near.url}", secrets: [sk-secret-of-a-0123], models: [m], passes: [/files] }]
`);
  });
  after(async () => {
    await relay?.close();
    await near?.close();
    await far?.close();
  });

  it('is followed by no call, no object, no test and no alert', async () => {
    const chat = await relay.chat(
      { model: 'm', messages: [{ role: 'user', content: 'Hi' }] },
      { headers: { 'x-sluice-max-wait': '0' } },
    );
    assert.ok(chat.status >= 500, `${chat.status}`);
    const headers = { authorization: `Bearer ${KEY}` };
    const files = await fetch(`${relay.url}/v1/files`, { headers, redirect: 'manual' });
    assert.ok(files.status !== 302 && files.headers.get('location') === null, `${files.status}`);
    const text = `accounts: [{ id: a, provider: openai-compatible, base_url: "${near.url}", secrets: [sk-secret-of-a-0123], models: [m] }]\nkeys: [{ id: k, key: ${KEY} }]`;
    const config = loadConfig({ path: 'x.yaml', env: {}, known, readFile: () => text });
    const doors = { clock: systemClock, random: Math.random, fetch: relay.transport.fetch };
    assert.ok((await checkLive(config, doors)).every(({ ok }) => !ok));
    const webhook = { url: near.url, secret: `whsec_${Buffer.alloc(32, 7).toString('base64')}` };
    await sendWebhook(webhook, { id: 'x', atMs: 0, body: '{}' } as never, doors).catch(() => undefined);
    assert.ok(near.received.length >= 3, `${near.received.length}`);
    assert.equal(far.received.length, 0);
  });
});
