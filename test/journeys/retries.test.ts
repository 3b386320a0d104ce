/** Scenario 7: how often an upstream is asked again, and what is never sent twice. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sleep } from '../../src/base/clock.ts';
import { ConnectionError, type Fetch } from '../../src/base/fetch.ts';
import { callIn, statuses } from './crowd.ts';
import { accounts, chat, createHouse, type House } from './house.ts';

const pool = (count: number, rest = ''): string => `
${accounts(count, 'qwen3-max: { limits: { rpm: 600 } }')}
simulator: { ttft: 100ms, tokens_per_second: 1000, output_tokens: 20 }
${rest}`;

/** As the official SDK does it with `max_retries=2`: it obeys the headers, and counts what it sends. */
async function askAsTheSdk(house: House, text: string, sent: { count: number }): Promise<number> {
  for (let left = 2; ; left--) {
    sent.count++;
    const { status, headers } = await callIn(house, 0, chat(text));
    const may = headers['x-should-retry'] ?? String(status === 429 || status >= 500);
    if (status < 400 || left === 0 || may !== 'true') return status;
    const hintMs = Number(headers['retry-after-ms'] ?? 0);
    await sleep(house.clock, hintMs > 0 ? hintMs : 500 * 2 ** (2 - left));
  }
}

describe('an upstream that answers everything with 503 for a minute', () => {
  for (const [count, clients] of [
    [1, 40],
    [3, 60],
    [6, 300],
  ] as const)
    it(`is asked hardly more often than the clients ask: ${count} accounts, ${clients} clients`, async () => {
      const house = createHouse(pool(count));
      for (const account of house.simulator.accounts) account.set({ state: 'overload' });
      house.clock.after(60_000, () => {
        for (const account of house.simulator.accounts) account.set({ state: 'ok' });
      });
      const sent = { count: 0 };
      const calls = Array.from({ length: clients }, async (_, i) => {
        await sleep(house.clock, (i * 60_000) / clients);
        return askAsTheSdk(house, `call ${i}`, sent);
      });
      await house.clock.runUntil(Promise.all(calls), 600_000);
      const attempts = house.simulator.stats().requests;
      assert.ok(attempts <= 1.2 * sent.count, `${attempts} attempts for ${sent.count} requests`);
    });

  it('serves those who waited when it is well again, though they are many more than the budget', async () => {
    const house = createHouse(pool(3));
    for (const account of house.simulator.accounts) account.set({ state: 'overload' });
    house.clock.after(20_000, () => {
      for (const account of house.simulator.accounts) account.set({ state: 'ok' });
    });
    const answers = await house.all(Array.from({ length: 100 }, (_, i) => house.call(chat(`call ${i}`))));
    assert.deepEqual(statuses(answers), { 200: 100 });
  });
});

describe('a call that was taken in and then dropped without a byte', () => {
  const droppedAfter = (ms: number): { fetch: Fetch; seen: string[] } => {
    const seen: string[] = [];
    return {
      seen,
      async fetch({ url }) {
        seen.push(new URL(url).host);
        await sleep(clockOf(), ms);
        throw new ConnectionError('ECONNRESET', { message: 'reset', sent: true });
      },
    };
  };
  let house: House;
  const clockOf = () => house.clock;
  const config = (rest: string): string => `
accounts:
  - { id: a, provider: openai-compatible, base_url: http://a.test/v1, secrets: [s], models: [m] }
  - { id: b, provider: openai-compatible, base_url: http://b.test/v1, secrets: [s], models: [m] }
${rest}`;

  for (const ms of [1, 400, 5_000])
    for (const stream of [false, true])
      it(`after ${ms} ms is not sent again by default, by us or by the SDK (${stream ? 'stream' : 'plain'})`, async () => {
        const upstream = droppedAfter(ms);
        house = createHouse(config(''), { fetch: upstream.fetch });
        const answer = await house.one(house.call(chat('once', { model: 'm', stream })));
        assert.equal(upstream.seen.length, 1);
        assert.equal(answer.status, 502);
        assert.equal(answer.headers['x-should-retry'], 'false');
        assert.match(answer.text, /not sent again \(retry_unknown\)/);
      });

  it('is sent again where the configuration allows it', async () => {
    const upstream = droppedAfter(5);
    house = createHouse(config('retry_unknown: true\nretries: { max_attempts: 2 }'), {
      fetch: upstream.fetch,
    });
    const answer = await house.one(house.call(chat('twice', { model: 'm' })));
    assert.equal(upstream.seen.length, 2);
    assert.equal(answer.status, 502);
  });

  it('that was refused before it left is sent to the next, and costs no retry', async () => {
    const seen: string[] = [];
    house = createHouse(config(''), {
      async fetch({ url }) {
        const { host } = new URL(url);
        seen.push(host);
        throw new ConnectionError('ECONNREFUSED', { message: 'nobody listens', sent: false });
      },
    });
    const answer = await house.one(house.call(chat('anybody', { model: 'm' }), { 'x-sluice-max-wait': '5' }));
    assert.ok(new Set(seen).size === 2, seen.join());
    assert.equal(answer.status, 502);
    assert.equal(house.app.rooms.retries.freeAt(house.clock.now()), house.clock.now());
  });
});
