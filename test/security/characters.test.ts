/**
 * Characters that mean something to a database, in every header, field and place of the public routes, on both databases:
 * whatever comes is answered or refused and never a fault of ours, what is stored comes back as it was, filters find the
 * one that was meant, and no table has lost or gained anything. The admin API's own are in `test/admin-odd-input.test.ts`.
 */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { sql } from 'kysely';
import inject from 'light-my-request';
import { adminApi } from '../../src/admin-api.ts';
import { type App, createApp, known } from '../../src/app.ts';
import { systemClock } from '../../src/base/clock.ts';
import { createLogger } from '../../src/base/log.ts';
import { type Books, openBooks } from '../../src/books.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { Database } from '../../src/storage/database.ts';
import { onEachDatabase } from '../../src/testing/databases.ts';
import { until } from '../sdk/relay.ts';

const ADMIN_KEY = 'sluice-admin-0123456789abcdef';
const KEY = 'sk-of\'the"file;--%_\\0123456789';

/** They fit into a header, and into a tag. */
const VISIBLE = [
  "';DROP/**/TABLE/**/entries;--",
  '");DELETE/**/FROM/**/audit;--',
  "'/**/OR/**/'1'='1",
  '%',
  '_',
  '\\',
  "\\'",
  '$1',
  '?1',
  ':name',
  '`',
  '{"$ne":null}',
  '__proto__',
  'constructor',
] as const;

const ODD = [
  ...VISIBLE,
  "'; DROP TABLE entries; --",
  "' UNION SELECT hash FROM key_hashes --",
  '1; SELECT pg_sleep(10)',
  '\u0000',
  'a\u0000b',
  '\ud800',
  '\u202e💥ﷺ',
  '../../etc/passwd',
  '',
  ' ',
  '\t',
  '-1',
  'NaN',
  '9223372036854775808',
  "'".repeat(20_000),
] as const;

/** Node's parser lets nothing else through. */
const inHeader = (text: string): boolean => /^[\t\x20-\x7e\x80-\xff]*$/.test(text);

const HEADERS = [
  ...['authorization', 'x-api-key', 'x-goog-api-key', 'api-key', 'host', 'cookie', 'accept', 'user-agent'],
  ...['x-sluice-tags', 'x-litellm-tags', 'x-sluice-max-wait', 'x-sluice-on-limit', 'x-sluice-fallback'],
  ...['x-sluice-priority', 'x-sluice-account', 'idempotency-key', 'x-request-id', 'x-forwarded-for'],
  ...['anthropic-version', 'anthropic-beta', 'openai-organization', 'if-match', 'origin', 'accept-encoding'],
] as const;

const MODELS = ["q'; DROP TABLE entries; --", 'q"%_\\', '%', '_', 'plain'] as const;

type Said = { readonly status: number; readonly text: string };

onEachDatabase((_name, open) => {
  let books: Books;
  let app: App;
  let database: Database;
  const faults: string[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'sluice-odd-'));

  before(async () => {
    database = await open();
    const text = `
accounts:
  - id: a
    provider: simulator
    secrets: [secret-of-a]
    limits: { rpm: off, tpm: off, concurrency: 50, ramp: off }
    models: [${MODELS.map((model) => JSON.stringify(model)).join(', ')}]
simulator: { ttft: 0ms, tokens_per_second: 100000, output_tokens: 2 }
data_dir: ${folder}
server: { trusted_proxies: [127.0.0.1] }
keys: [{ id: of-file, key: ${JSON.stringify(KEY)} }]
`;
    const config = loadConfig({ path: 'sluice.yaml', env: {}, known, readFile: () => text });
    const log = createLogger({
      ...{ level: 'error', pretty: false, nowMs: systemClock.now },
      write: (line) => void faults.push(line),
    });
    const rest = { config, clock: systemClock, random: Math.random, log };
    const machine = { host: 'here', pid: process.pid, isAlive: () => true };
    books = await openBooks({ ...rest, place: open.place(), machine });
    app = createApp({
      ...{ ...rest, books },
      fetch: () => Promise.reject(new Error('no network')),
      admin: adminApi({
        ...{ database: books.database, clock: systemClock },
        key: { key: ADMIN_KEY, from: 'set', path: 'test' },
      }),
    });
    await books.revisions.start();
    await app.server.fastify.ready();
  });
  after(async () => {
    await app?.server.close();
    await books?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  type Question = {
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: unknown;
    readonly key?: string;
  };
  const ask = async (
    method: 'GET' | 'POST' | 'DELETE',
    url: string,
    question: Question = {},
  ): Promise<Said> => {
    const { headers = {}, body, key = KEY } = question;
    const answer = await inject(app.server.handle, {
      ...{ method, url },
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
    });
    const told = `${method} ${url.slice(0, 100)} ${JSON.stringify(question).slice(0, 200)}: ${answer.statusCode} ${answer.payload.slice(0, 300)}`;
    assert.notEqual(answer.statusCode, 500, told);
    assert.ok(!/sqlite|syntax error at|kysely|relation "/i.test(answer.payload), told);
    return { status: answer.statusCode, text: answer.payload };
  };
  const chat = (model: string, more: object = {}): object => ({
    ...{ model, max_tokens: 2, messages: [{ role: 'user', content: 'Hi' }] },
    ...more,
  });
  const settled = async (): Promise<void> => {
    assert.ok(await until(() => books.state().pending === 0));
  };
  const counts = async (): Promise<Record<string, number>> => {
    const told: Record<string, number> = {};
    for (const table of [
      'key_hashes',
      'client_keys',
      'audit',
      'admins',
      'tenants',
      'wallet_entries',
      'migrations',
    ]) {
      const { rows } = await sql<{ n: number }>`select count(*) as n from ${sql.table(table)}`.execute(
        database.query,
      );
      told[table] = Number(rows[0]?.n);
    }
    return told;
  };
  const ids = async (path: string): Promise<readonly string[]> => {
    const { status, text } = await ask('GET', `/admin/v1${path}`, { key: ADMIN_KEY });
    assert.equal(status, 200, text);
    return (JSON.parse(text) as { data: { id: string }[] }).data.map(({ id }) => id);
  };

  describe('characters that mean something to a database', () => {
    it('are answered or refused in every header of every kind of route, and nothing is changed', async () => {
      const before = await counts();
      for (const header of HEADERS)
        for (const odd of ODD.filter(inHeader)) {
          const headers = { [header]: odd };
          await ask('POST', '/v1/chat/completions', { headers, body: chat('plain') });
          await ask('GET', '/v1/files/file-x', { headers });
          await ask('GET', '/v1/models', { headers });
        }
      await settled();
      assert.deepEqual(await counts(), before);
    });

    it('are answered or refused in every field of a body and every place of an address', async () => {
      const before = await counts();
      for (const odd of ODD) {
        const fields = { user: odd, metadata: { [odd]: odd }, prompt_cache_key: odd, safety_identifier: odd };
        await ask('POST', '/v1/chat/completions', { body: chat('plain', fields) });
        await ask('POST', '/v1/chat/completions', { body: chat(odd) });
        await ask('POST', '/v1/chat/completions', {
          body: chat('plain', { models: [odd], provider: { order: [odd] } }),
        });
        await ask('POST', '/v1/messages', { body: chat(odd, { metadata: { user_id: odd } }) });
        await ask('POST', '/v1/responses', {
          body: { model: 'plain', input: 'Hi', previous_response_id: odd },
        });
        await ask('POST', '/v1/embeddings', { body: { model: odd, input: odd } });
        const place = encodeURIComponent(odd.toWellFormed()).slice(0, 2_000);
        for (const path of ['models', 'files', 'batches', 'responses', 'messages/batches'])
          await ask('GET', `/v1/${path}/${place}`);
        await ask('DELETE', `/v1/files/${place}`);
        await ask('POST', `/v1/models/${place}:generateContent?key=${place}`, { body: { contents: [] } });
        await ask('GET', `/v1/models?limit=${place}&after=${place}`);
      }
      await settled();
      assert.deepEqual(await counts(), before);
    });

    it('come back as they were, and filters find the one that was meant', async () => {
      for (const [i, tag] of VISIBLE.entries()) {
        const model = MODELS[i % MODELS.length] ?? 'plain';
        const said = await ask('POST', '/v1/chat/completions', {
          ...{ headers: { 'x-sluice-tags': `t${tag}` }, body: chat(model, { stream: i % 2 === 0 }) },
        });
        assert.equal(said.status, 200, said.text);
      }
      await settled();
      const rows = await database.query.selectFrom('entries').select(['model', 'served', 'tags']).execute();
      for (const [i, tag] of VISIBLE.entries()) {
        const own = rows.filter((row) => row.tags === JSON.stringify([`t${tag}`]));
        assert.deepEqual(
          own.map(({ model, served }) => [model, served]),
          [[MODELS[i % MODELS.length], MODELS[i % MODELS.length]]],
        );
        assert.equal((await ids(`/calls?tag=${encodeURIComponent(`t${tag}`)}`)).length, 1, tag);
      }
      for (const model of MODELS.slice(0, 4)) {
        const found = await ids(`/calls?limit=500&model=${encodeURIComponent(model)}`);
        const meant = rows.filter((row) => row.model === model).length;
        assert.equal(found.length, meant, model);
        const usage = await ask('GET', `/admin/v1/usage?by=model&model=${encodeURIComponent(model)}`, {
          key: ADMIN_KEY,
        });
        const { data } = JSON.parse(usage.text) as { data: { group: { model: string }; calls: number }[] };
        assert.deepEqual(
          data.map(({ group, calls }) => [group.model, calls]),
          [[model, meant]],
        );
      }
    });

    it('were no fault of ours, not even in the log', () => {
      assert.deepEqual(faults, []);
    });
  });
});
