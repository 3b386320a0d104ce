/** Keys of the database, live: three instances share it, and what one is told is in force on all within two seconds. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import inject from 'light-my-request';
import { adminApi } from '../../src/admin-api.ts';
import { type App, createApp, known } from '../../src/app.ts';
import { sleep, systemClock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/log.ts';
import { type Books, openBooks } from '../../src/books.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { DatabasePlace } from '../../src/storage/place.ts';
import { onEachDatabase } from '../../src/testing/databases.ts';

const ADMIN_KEY = 'sluice-admin-0123456789abcdef';
const FILE_KEY = 'sk-of-the-file-0123456789';
const IN_FORCE_MS = 2_000;

type Instance = { readonly app: App; readonly books: Books; readonly close: () => Promise<void> };

async function instanceOn(place: DatabasePlace): Promise<Instance> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-live-'));
  const text = `
accounts: [{ id: a, provider: simulator, secrets: [secret-of-a], models: [fast, other] }]
simulator: { ttft: 5ms, tokens_per_second: 40, output_tokens: 200 }
data_dir: ${folder}
keys: [{ id: of-file, key: ${FILE_KEY} }]
`;
  const config = loadConfig({ path: 'sluice.yaml', env: {}, known, readFile: () => text });
  const rest = { config, clock: systemClock, random: Math.random, log: silentLogger };
  const machine = { host: 'here', pid: process.pid, isAlive: () => true };
  const books = await openBooks({ ...rest, place, machine });
  const app = createApp({
    ...rest,
    books,
    fetch: () => Promise.reject(new Error('no network')),
    admin: adminApi({
      database: books.database,
      clock: systemClock,
      key: { key: ADMIN_KEY, from: 'set', path: 'SLUICE_ADMIN_KEY' },
    }),
  });
  const close = async (): Promise<void> => {
    await app.server.close();
    await books.close();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await books.revisions.start();
    await app.server.fastify.ready();
  } catch (error) {
    // What is left open would keep the process alive.
    await close();
    throw error;
  }
  return { app, books, close };
}

type Said = { readonly status: number; readonly text: string; readonly json: Record<string, unknown> };

async function send(
  app: App,
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  url: string,
  key: string,
  body?: unknown,
): Promise<Said> {
  const answer = await inject(app.server.handle, {
    method,
    url,
    headers: {
      host: 'localhost',
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      'if-match': '*',
    },
    ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
  });
  const isJson = answer.payload.startsWith('{');
  return { status: answer.statusCode, text: answer.payload, json: isJson ? JSON.parse(answer.payload) : {} };
}

onEachDatabase((_name, open) => {
  const instances: Instance[] = [];
  before(async () => {
    const place = open.place();
    for (let i = 0; i < 3; i++) instances.push(await instanceOn(place));
  });
  after(async () => {
    for (const each of instances) await each.close();
  });
  const [one, two, three] = [0, 1, 2].map((i) => (): App => instances[i]?.app ?? assert.fail('no instance'));
  assert.ok(one !== undefined && two !== undefined && three !== undefined);

  const told = async (
    app: App,
    method: 'POST' | 'PATCH' | 'DELETE',
    path: string,
    body?: unknown,
  ): Promise<Said> => {
    const said = await send(app, method, `/admin/v1${path}`, ADMIN_KEY, body);
    assert.ok(said.status < 300, `${method} ${path}: ${said.status} ${said.text}`);
    return said;
  };
  /** What a call of one token is answered. */
  const outcome = async (app: App, key: string, model = 'fast'): Promise<string> => {
    const body = { model, messages: [{ role: 'user', content: 'Hi' }], max_tokens: 1 };
    const { status, json } = await send(app, 'POST', '/v1/chat/completions', key, body);
    return status === 200
      ? 'served'
      : String((json['error'] as { code?: unknown } | undefined)?.code ?? status);
  };
  const everywhere = async (expected: string, key: string, model?: string): Promise<void> => {
    const sinceMs = systemClock.now();
    for (;;) {
      const outcomes = await Promise.all([one, two, three].map((app) => outcome(app(), key, model)));
      if (outcomes.every((each) => each === expected)) return;
      assert.ok(
        systemClock.now() - sinceMs < IN_FORCE_MS,
        `${outcomes.join(', ')} after two seconds, not ${expected}`,
      );
      await sleep(systemClock, 50);
    }
  };

  it('a key is good, changed, rotated, refused with its tenant and revoked on all, and no stream is dropped', async () => {
    await told(one(), 'POST', '/tenants', { id: 'acme' });
    const made = await told(one(), 'POST', '/keys', { id: 'live', tenant: 'acme' });
    const key = String(made.json['key']);
    assert.equal(await outcome(one(), key), 'served', 'at once where it was made');
    await everywhere('served', key);

    const streams = [one, two, three].map((app) =>
      send(app(), 'POST', '/v1/chat/completions', key, {
        ...{ model: 'fast', stream: true, messages: [{ role: 'user', content: 'Tell me more' }] },
      }),
    );
    await sleep(systemClock, 100);

    await told(two(), 'PATCH', '/keys/live', { models: ['other'] });
    assert.equal(await outcome(two(), key), 'model_forbidden', 'at once where it was changed');
    await everywhere('model_forbidden', key);
    await everywhere('served', key, 'other');
    await told(two(), 'PATCH', '/keys/live', { models: null, endpoints: ['embeddings'] });
    await everywhere('endpoint_forbidden', key);
    await told(three(), 'PATCH', '/keys/live', { endpoints: null, addresses: ['203.0.113.0/24'] });
    await everywhere('address_forbidden', key);
    await told(three(), 'PATCH', '/keys/live', { addresses: null });
    await everywhere('served', key);

    const rotated = await told(three(), 'POST', '/keys/live/rotate', { overlap_seconds: 0 });
    const fresh = String(rotated.json['key']);
    await everywhere('invalid_api_key', key);
    await everywhere('served', fresh);
    const again = String(
      (await told(one(), 'POST', '/keys/live/rotate', { overlap_seconds: 3_600 })).json['key'],
    );
    await everywhere('served', again);
    await everywhere('served', fresh);

    await told(one(), 'PATCH', '/tenants/acme', { active: false });
    await everywhere('tenant_inactive', fresh);
    await told(two(), 'PATCH', '/tenants/acme', { active: true });
    await everywhere('served', fresh);
    await told(one(), 'DELETE', '/keys/live');
    await everywhere('invalid_api_key', again);
    await everywhere('served', FILE_KEY);

    for (const { status, text } of await Promise.all(streams)) {
      assert.equal(status, 200);
      assert.match(text, /"finish_reason":"\w+"/);
      assert.ok(text.trimEnd().endsWith('data: [DONE]'), 'a stream goes on with what it began with');
    }
  });
});
