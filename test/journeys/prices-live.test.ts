/**
 * What calls of a whole Sluice cost: by the price and the factor that are in force when they end, at the model that
 * served, with what nobody has a price of as unknown. Two instances share the books.
 */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import inject from 'light-my-request';
import { type App, createApp, known } from '../../src/app.ts';
import { sleep, systemClock } from '../../src/base/clock.ts';
import type { Fetch } from '../../src/base/fetch.ts';
import { silentLogger } from '../../src/base/log.ts';
import { type Books, openBooks } from '../../src/books.ts';
import { loadConfig } from '../../src/config/load.ts';
import { addFactor, addPrice, endFactor } from '../../src/ledger/money-rows.ts';
import type { Database } from '../../src/storage/database.ts';
import type { DatabasePlace } from '../../src/storage/place.ts';
import { bump } from '../../src/storage/revisions.ts';
import type { EntryRow } from '../../src/storage/tables.ts';
import { onEachDatabase } from '../../src/testing/databases.ts';

const KEY = 'sk-of-the-file-0123456789';
const IN_FORCE_MS = 2_000;

const configText = (folder: string): string => `
accounts:
  - { id: a, provider: openai-compatible, base_url: "http://up.test/v1", secrets: [s], models: [dear, gone, cheap, nameless], cost_factor: 0.5 }
models: { gone: { fallbacks: [cheap] } }
data_dir: ${folder}
keys: [{ id: web, key: ${KEY} }]
money:
  price_factor: 1.2
  prices:
    - { model: dear, input: 10, output: 20, cache_read: 1 }
    - { model: gone, input: 100, output: 200 }
    - { model: cheap, input: 1, output: 2 }
`;

/** 1,000 tokens in, of which 400 from a cache, and 100 out, for every call that is served. */
const upstream: Fetch = async ({ body = new Uint8Array() }) => {
  const asked = JSON.parse(Buffer.from(body).toString()) as { readonly model: string };
  const isGone = asked.model === 'gone';
  const usage = {
    ...{ prompt_tokens: 1_000, completion_tokens: 100, total_tokens: 1_100 },
    prompt_tokens_details: { cached_tokens: 400 },
  };
  const choices = [{ index: 0, message: { role: 'assistant', content: 'Yes.' }, finish_reason: 'stop' }];
  const answer = isGone
    ? { error: { message: `The model '${asked.model}' does not exist`, code: 'model_not_found' } }
    : { id: 'x', object: 'chat.completion', created: 1, model: asked.model, usage, choices };
  return {
    status: isGone ? 404 : 200,
    headers: { 'content-type': 'application/json' },
    body: (async function* () {
      yield Buffer.from(JSON.stringify(answer));
    })(),
  };
};

type Instance = { readonly app: App; readonly books: Books; readonly close: () => Promise<void> };

async function instanceOn(place: DatabasePlace): Promise<Instance> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-prices-'));
  const config = loadConfig({ path: 'c.yaml', env: {}, known, readFile: () => configText(folder) });
  const rest = { config, clock: systemClock, random: Math.random, log: silentLogger };
  const books = await openBooks({
    ...rest,
    place,
    machine: { host: 'here', pid: process.pid, isAlive: () => true },
  });
  const app = createApp({ ...rest, books, fetch: upstream });
  await books.revisions.start();
  await app.server.fastify.ready();
  return {
    app,
    books,
    async close() {
      await app.server.close();
      await books.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

onEachDatabase((_name, open) => {
  const instances: Instance[] = [];
  let database: Database | undefined;
  before(async () => {
    const place = open.place();
    for (let i = 0; i < 2; i++) instances.push(await instanceOn(place));
    database = await open();
  });
  after(async () => {
    for (const each of instances) await each.close();
  });
  const rows = (): Database => database ?? assert.fail('not open');

  type Told = { readonly id: string; readonly cost: string | undefined };
  const call = async (at: 0 | 1, model: string): Promise<Told> => {
    const answer = await inject(instances[at]?.app.server.handle ?? assert.fail('no instance'), {
      ...{ method: 'POST', url: '/v1/chat/completions' },
      headers: { host: 'localhost', authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
      payload: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hi' }] }),
    });
    assert.equal(answer.statusCode, 200, answer.payload);
    const cost = answer.headers['x-sluice-cost-usd'];
    return {
      id: String(answer.headers['x-request-id']),
      cost: cost === undefined ? undefined : String(cost),
    };
  };
  const entryOf = async (id: string): Promise<EntryRow> => {
    for (const endMs = Date.now() + 5_000; Date.now() < endMs; await sleep(systemClock, 20)) {
      const found = await rows()
        .query.selectFrom('entries')
        .selectAll()
        .where('id', '=', id)
        .executeTakeFirst();
      if (found !== undefined) return found;
    }
    return assert.fail(`no entry of ${id}`);
  };
  const change = (task: Parameters<Database['write']>[0]): Promise<unknown> =>
    rows().write(async (transaction) => {
      await bump(transaction, 'prices');
      return await task(transaction);
    });
  /** Until calls on both instances cost that. */
  const everywhere = async (model: string, cost: string): Promise<void> => {
    const sinceMs = systemClock.now();
    for (const at of [0, 1] as const)
      while ((await call(at, model)).cost !== cost) {
        assert.ok(
          systemClock.now() - sinceMs <= IN_FORCE_MS,
          `${model} costs ${(await call(at, model)).cost} on ${at}, not ${cost}, after ${IN_FORCE_MS} ms`,
        );
        await sleep(systemClock, 20);
      }
  };

  it('a call is charged the list price times the factor, and its owner pays his share', async () => {
    const { id, cost } = await call(0, 'dear');
    // 600 x 10 + 400 x 1 + 100 x 20 = 8,400 millionths of a dollar; x 1.2; x 0.5
    assert.equal(cost, '0.01008');
    const entry = await entryOf(id);
    assert.deepEqual(
      [entry.list_nano, entry.charged_nano, entry.upstream_nano, entry.factor, entry.price],
      [8_400_000n, 10_080_000n, 4_200_000n, '1.2', 'file:model:dear'],
    );
    const tier = { input: '10', output: '20', cacheRead: '1' };
    assert.deepEqual((JSON.parse(entry.price_row ?? '') as { tier: unknown }).tier, tier);
  });

  it('one that fell back is charged as the model that served', async () => {
    const { id, cost } = await call(0, 'gone');
    // 1,000 x 1 + 100 x 2, for it has no price of what is cached; x 1.2
    assert.equal(cost, '0.00144');
    const { model, served, price } = await entryOf(id);
    assert.deepEqual([model, served, price], ['gone', 'cheap', 'file:model:cheap']);
  });

  it('one that nobody has a price of costs what nobody knows', async () => {
    const { id, cost } = await call(0, 'nameless');
    assert.equal(cost, undefined);
    const { list_nano, upstream_nano, charged_nano, price, input } = await entryOf(id);
    assert.deepEqual([list_nano, upstream_nano, charged_nano, price, input], [null, null, null, null, 600]);
  });

  it('new prices and factors are in force on both within two seconds, and touch no entry that is written', async () => {
    const earlier = [await call(0, 'dear'), await call(1, 'cheap')];
    const before = await Promise.all(earlier.map(({ id }) => entryOf(id)));
    const made = { actor: 'owner', nowMs: systemClock.now() };
    const price = { currency: 'USD', tiers: [{ input: '2', output: '3' }] } as const;
    await change((transaction) =>
      addPrice(transaction, { id: 'new', kind: 'model', scope: 'dear', price, fromMs: made.nowMs }, made),
    );
    // 1,000 x 2 + 100 x 3; x 1.2
    await everywhere('dear', '0.00276');
    await change((transaction) =>
      addFactor(transaction, { id: 'half', key: 'web', factor: '0.5', fromMs: made.nowMs }, made),
    );
    await everywhere('dear', '0.00115');
    await everywhere('cheap', '0.0006');
    await change((transaction) => endFactor(transaction, 'half', systemClock.now()));
    await everywhere('dear', '0.00276');
    assert.deepEqual(await Promise.all(earlier.map(({ id }) => entryOf(id))), before);
    const { price: used, factor } = await entryOf((await call(1, 'dear')).id);
    assert.deepEqual([used, factor], ['new', '1.2']);
  });

  it('a row that cannot be understood is passed over, and calls go on', async () => {
    await change((transaction) =>
      transaction
        .insertInto('prices')
        .values({
          ...{
            id: 'wrong',
            scope: 'cheap',
            scope_kind: 'model',
            region: null,
            price: '{"tiers":[{"input":"x"}]}',
          },
          ...{ from_ms: 1, created_ms: 1, actor: 'x' },
        })
        .execute(),
    );
    await sleep(systemClock, 1_000);
    assert.equal((await call(0, 'cheap')).cost, '0.00144');
  });
});
