/** A whole relay with books: who has too little is refused in the own dialect, and the rest is charged to the unit. */

import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import inject from 'light-my-request';
import { type App, createApp, known } from './app.ts';
import { systemClock } from './base/clock.ts';
import { silentLogger } from './base/log.ts';
import { createSeededRandom } from './base/seeded-random.ts';
import { type Books, openBooks } from './books.ts';
import { loadConfig } from './config/load.ts';
import { bookWalletEntry, verifyWallets } from './ledger/wallets.ts';
import { freshDatabase } from './testing/databases.ts';

/** A token of output costs a millionth of a dollar, and everything else nothing. */
const yaml = (folder: string, simulator: string) => `
data_dir: ${folder}
tenants: [{ id: acme, wallet: prepaid }, { id: later, wallet: postpaid, credit_limit: '0.000015' }]
keys:
  - { id: paid, key: key-of-paid-0123456789, tenant: acme }
  - { id: slow, key: key-of-slow-0123456789, tenant: acme, limits: { rpm: 1 }, on_limit: reject }
  - { id: late, key: key-of-late-0123456789, tenant: later }
  - { id: day, key: key-of-day-0123456789, budgets: { day: '0.000012' } }
  - { id: trusted, key: key-of-trusted-0123456789, tenant: acme, objects: true }
  - { id: free, key: key-of-free-0123456789 }
accounts:
  - id: a
    provider: simulator
    secrets: [s]
    models: { m: { limits: { rpm: 600000, concurrency: 4, ramp: off } }, other: {} }
  - { id: far, provider: openai-compatible, base_url: 'http://far.test/v1', secrets: [s], models: [far], passes: [/batches] }
money: { prices: [{ model: m, input: '0', output: '1' }] }
simulator: ${simulator}
`;

/** Answers as long as they may be. */
const LONG = '{ ttft: 1ms, tokens_per_second: 5000, output_tokens: 500 }';
/** Much shorter than they may be, and slow. */
const SHORT = '{ ttft: 1ms, tokens_per_second: 10, output_tokens: 10 }';

type Relay = { readonly app: App; readonly books: Books; close(): Promise<void> };

async function start(simulator: string): Promise<Relay> {
  const { place, remove } = await freshDatabase('sqlite');
  const folder = place.kind === 'sqlite' ? place.path.replace(/sluice\.db$/, '') : '.';
  const config = loadConfig({ path: 'test.yaml', env: {}, known, readFile: () => yaml(folder, simulator) });
  const random = createSeededRandom(1);
  const shared = { config, clock: systemClock, random, log: silentLogger };
  const machine = { host: 'here', pid: 1, isAlive: () => false };
  const books = await openBooks({ ...shared, place, machine });
  const fetch = () => Promise.reject(new Error('no network in a test'));
  const app = createApp({ ...shared, fetch, books });
  await app.server.fastify.ready();
  return {
    app,
    books,
    async close() {
      await app.server.close();
      await books.close();
      await remove();
    },
  };
}

const ask = (content: string, more: object = {}) => ({
  ...{ model: 'm', max_tokens: 10, messages: [{ role: 'user', content }] },
  ...more,
});

describe('a relay with books', () => {
  const relays: Relay[] = [];
  const begin = async (simulator = LONG): Promise<Relay> => {
    const relay = await start(simulator);
    relays.push(relay);
    return relay;
  };
  after(async () => {
    for (const { books } of relays) {
      const { balances, holds } = await verifyWallets(books.database.query);
      assert.deepEqual({ balances, holds }, { balances: [], holds: [] });
    }
    for (const relay of relays) await relay.close();
  });

  const call = async (
    { app }: Relay,
    key: string,
    { path = '/v1/chat/completions', body = ask('Hi') as object } = {},
  ) => {
    const response = await inject(app.server.handle, {
      ...{ method: 'POST', url: path, payload: JSON.stringify(body) },
      headers: {
        ...{ authorization: `Bearer key-of-${key}-0123456789`, 'content-type': 'application/json' },
        ...(path === '/v1/messages' ? { 'anthropic-version': '2023-06-01' } : {}),
      },
    });
    return {
      status: response.statusCode,
      headers: response.headers,
      json: JSON.parse(response.payload || '{}'),
    };
  };

  const pay = ({ books }: Relay, amountNano: bigint, tenant = 'acme'): Promise<unknown> =>
    books.database.write((transaction) =>
      bookWalletEntry(
        transaction,
        {
          ...{ id: `paid-${amountNano}`, tenant, atMs: 1, kind: 'top_up', amountNano },
          ...{ call: null, note: null, actor: 'owner' },
        },
        { limitNano: 0n, forced: false },
      ),
    );

  const purse = async ({ books }: Relay, id: string) => {
    const row = await books.database.query
      .selectFrom('purses')
      .select(['spent_nano', 'held_nano'])
      .where('id', '=', id)
      .executeTakeFirst();
    return [row?.spent_nano, row?.held_nano];
  };

  /** Entries are committed, and what is not used has gone back. */
  const becomes = async (relay: Relay, id: string, expected: readonly bigint[]): Promise<void> => {
    for (let i = 0; i < 200; i++) {
      if (String(await purse(relay, id)) === String(expected)) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.deepEqual(await purse(relay, id), expected);
  };

  it('serves a prepaid tenant for what it paid, and not a call more', async () => {
    const relay = await begin();
    assert.equal((await call(relay, 'paid')).status, 402);
    await pay(relay, 40_000n);
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, i) => call(relay, 'paid', { body: ask(`${i}`) })),
    );
    const served = answers.filter(({ status }) => status === 200);
    assert.deepEqual([served.length, new Set(answers.map(({ status }) => status)).size], [4, 2]);
    await becomes(relay, 'wallet:acme', [0n, 0n]);
    const { rows } = await entries(relay, 'paid');
    assert.equal(rows.filter(({ charged_nano }) => charged_nano === 10_000n).length, 4);
    assert.equal(rows.filter(({ status, charged_nano }) => status === 402 && charged_nano === 0n).length, 27);
  });

  const entries = async ({ books }: Relay, key: string) => {
    const rows = await books.database.query
      .selectFrom('entries')
      .selectAll()
      .where('key', '=', key)
      .execute();
    return { rows };
  };

  it('refuses in the words of each dialect', async () => {
    const relay = await begin();
    const chat = await call(relay, 'paid');
    assert.equal(chat.status, 402);
    assert.equal(chat.headers['x-should-retry'], 'false');
    assert.equal(chat.headers['x-sluice-limit'], 'key');
    assert.equal(chat.json.error.code, 'insufficient_quota');
    assert.match(chat.json.error.message, /^The wallet of tenant 'acme' has \$0 left, .* up to \$0\.00001:/);

    const messages = await call(relay, 'paid', { path: '/v1/messages' });
    assert.deepEqual([messages.status, messages.json.error.type], [402, 'billing_error']);

    const path = '/v1beta/models/m:generateContent';
    const contents = { contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] };
    const google = await call(relay, 'paid', { path, body: contents });
    assert.deepEqual([google.status, google.json.error.details[0].reason], [402, 'INSUFFICIENT_QUOTA']);
  });

  it('lets a postpaid tenant go down to its limit', async () => {
    const relay = await begin();
    assert.equal((await call(relay, 'late')).status, 200);
    await becomes(relay, 'wallet:later', [10_000n, 0n]);
    const refused = await call(relay, 'late');
    assert.equal(refused.status, 402);
    assert.match(refused.json.error.message, /has \$0\.000005 left/);
    assert.equal((await call(relay, 'late', { body: ask('Hi', { max_tokens: 5 }) })).status, 200);
    await becomes(relay, 'wallet:later', [15_000n, 0n]);
  });

  it('keeps a key to its budget of the day, and says when the next one begins', async () => {
    const relay = await begin();
    assert.equal((await call(relay, 'day')).status, 200);
    const today = new Date().toISOString().slice(0, 10);
    await becomes(relay, `budget:key:day:day:${today}`, [10_000n, 0n]);
    const { status, headers, json } = await call(relay, 'day');
    assert.equal(status, 402);
    assert.match(String(headers['x-sluice-reset']), /T00:00:00\.000Z$/);
    assert.match(
      json.error.message,
      /^The key 'day' has \$0\.000002 left of its budget of \$0\.000012 a day/,
    );
    const metrics = relay.app.front.metricsText();
    assert.match(metrics, /sluice_budget_remaining_usd\{key="day",period="day"\} 0\.000002/);
  });

  it('does not serve without a price whoever pays, and serves everybody else', async () => {
    const relay = await begin();
    await pay(relay, 1_000_000n);
    const other = { body: ask('Hi', { model: 'other' }) };
    const refused = await call(relay, 'paid', other);
    assert.deepEqual([refused.status, refused.json.error.code], [402, 'unpriced_model']);
    assert.equal((await call(relay, 'free', other)).status, 200);
  });

  it('does not let who is charged reach what is charged to nobody, unless that is said', async () => {
    const relay = await begin();
    await pay(relay, 1_000_000n);
    for (const key of ['paid', 'day']) {
      const { status, json } = await call(relay, key, { path: '/v1/batches', body: {} });
      assert.deepEqual([status, json.error.code], [403, 'objects_forbidden']);
      assert.match(json.error.message, /charged to a wallet or a budget/);
    }
    for (const key of ['free', 'trusted'])
      assert.notEqual((await call(relay, key, { path: '/v1/batches', body: {} })).status, 403);
  });

  it('a call that is refused for money spends nothing of the limits of its key', async () => {
    const relay = await begin();
    for (let i = 0; i < 3; i++) assert.equal((await call(relay, 'slow')).status, 402);
    await pay(relay, 50_000n);
    assert.equal((await call(relay, 'slow')).status, 200);
    assert.equal((await call(relay, 'slow')).status, 429);
    await becomes(relay, 'wallet:acme', [-40_000n, 0n]);
  });

  const isInLine = ({ app }: Relay, calls: number): boolean =>
    app.front.metricsText().includes(`sluice_queue_depth{line="m"} ${calls}\n`);

  it('whoever waits in line keeps no money from those who could start', async () => {
    const relay = await begin(SHORT);
    // Enough for five at a time, of which the account takes four.
    await pay(relay, 500_000n);
    const answers: ReturnType<typeof call>[] = [];
    for (let i = 0; i < 12; i++) {
      answers.push(call(relay, 'paid', { body: ask(`${i}`, { max_tokens: 100 }) }));
      if (i < 4) await becomes(relay, 'wallet:acme', [-500_000n, BigInt(i + 1) * 100_000n]);
      else
        for (let n = 0; n < 500 && !isInLine(relay, i - 3); n++)
          await new Promise((resolve) => setTimeout(resolve, 2));
    }
    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    assert.deepEqual(statuses, Array(12).fill(200));
  });
});
