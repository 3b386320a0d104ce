/** Scenario 9: a quota of the day that is used up. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { callIn, statuses } from './crowd.ts';
import { accounts, chat, createHouse, type House } from './house.ts';

const pool = (count: number): string => `
${accounts(count, 'qwen3-max: { limits: { rpm: 600 } }')}
queue: { max_wait: 50s }
simulator: { ttft: 100ms, tokens_per_second: 1000, output_tokens: 20 }
`;

const HOUR_MS = 3_600_000;

/** The account's day is used up until this moment; it serves again by itself. */
function spend(house: House, id: string, untilMs: number): void {
  const date = new Date(untilMs).toISOString().slice(5, 19).replace('T', ' ');
  house.simulator.account(id).set({
    fault: {
      kind: 'answer',
      status: 429,
      body: JSON.stringify({
        error: {
          code: 'insufficient_quota',
          type: 'insufficient_quota',
          message: `Your token-plan 1-day quota has been exhausted. The quota will reset at ${date} UTC.`,
        },
      }),
      when: () => house.clock.now() < untilMs,
    },
  });
}

/** The next three o'clock, UTC. */
const threeOClock = (nowMs: number): number => {
  const day = Math.floor(nowMs / (24 * HOUR_MS)) * 24 * HOUR_MS;
  return day + 3 * HOUR_MS > nowMs ? day + 3 * HOUR_MS : day + 27 * HOUR_MS;
};

/** Google's words for a day that is used up, which no early trial doubts. */
const PER_DAY = JSON.stringify({
  error: {
    code: 429,
    status: 'RESOURCE_EXHAUSTED',
    message: 'You exceeded your current quota.',
    details: [
      {
        '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
        violations: [{ quotaId: 'GenerateRequestsPerDayPerProjectPerModel', quotaValue: '50' }],
      },
      { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '36s' },
    ],
  },
});

describe('an account whose day is used up', () => {
  it('is left alone until then, while the other serves, and has one trial before it is used again', async () => {
    const house = createHouse(pool(2));
    const resetMs = threeOClock(house.clock.now());
    spend(house, 'a', resetMs);
    await house.all(Array.from({ length: 10 }, (_, i) => house.call(chat(`first ${i}`))));
    await house.clock.advance(20 * 60_000);
    const asked = house.simulator.stats('a').requests;
    // Past the first quarter of an hour, in which a plan's word is doubted by a call that would wait otherwise.
    const untilMs = resetMs - house.clock.now() - 1_000;
    const minutes = Math.floor(untilMs / 60_000);
    const quiet = Array.from({ length: minutes }, (_, i) => callIn(house, i * 60_000, chat(`quiet ${i}`)));
    assert.deepEqual(statuses(await house.all(quiet, 25 * HOUR_MS)), { 200: minutes });
    assert.equal(house.simulator.stats('a').requests, asked, 'nobody asked it');
    await house.clock.advance(resetMs - house.clock.now() + 6_000);
    await house.all(Array.from({ length: 40 }, (_, i) => callIn(house, i * 50, chat(`after ${i}`))));
    const served = house.log.filter(({ channel, msg }) => msg === 'call' && channel === 'a/qwen3-max');
    assert.ok(served.length >= 5, `${served.length}`);
  });

  it('is not asked by any probe: without a call there is no request', async () => {
    const house = createHouse(pool(2));
    spend(house, 'a', threeOClock(house.clock.now()));
    await house.all(Array.from({ length: 10 }, (_, i) => house.call(chat(`first ${i}`))));
    const before = house.simulator.stats().requests;
    await house.clock.advance(48 * HOUR_MS);
    assert.equal(house.simulator.stats().requests, before);
    assert.equal(house.clock.pending(), 0);
  });

  it('stays left alone after a restart', async () => {
    const first = createHouse(pool(2));
    const resetMs = threeOClock(first.clock.now());
    spend(first, 'a', resetMs);
    await first.all(Array.from({ length: 10 }, (_, i) => first.call(chat(`first ${i}`))));
    const { health } = first.app.rooms;
    const benches = JSON.parse(JSON.stringify(health.kept(first.clock.now())));

    const second = createHouse(pool(2), { benches });
    await second.all(Array.from({ length: 20 }, (_, i) => second.call(chat(`second ${i}`))));
    assert.equal(second.simulator.stats('a').requests, 0);
    assert.equal(second.simulator.stats('b').requests, 20);
  });
});

describe('a pool whose whole day is used up', () => {
  it('says so within a second, with the time and no invitation to try again', async () => {
    for (const stream of [false, true]) {
      const house = createHouse(pool(3));
      const resetMs = threeOClock(house.clock.now());
      for (const id of ['a', 'b', 'c']) spend(house, id, resetMs);
      await house.one(house.call(chat('first', { stream })));
      const { status, headers, json, atMs } = await house.one(house.call(chat('second', { stream })));
      const firstMs = Number(house.log.find(({ msg }) => msg === 'call')?.['durationMs']);
      assert.equal(status, 503);
      assert.match(JSON.stringify(json), /"code":"pool_exhausted"/);
      assert.equal(headers['x-should-retry'], 'false');
      assert.equal(headers['retry-after'], undefined);
      assert.equal(headers['x-sluice-limit'], 'pool');
      const toldMs = Date.parse(headers['x-sluice-reset'] ?? '');
      assert.ok(toldMs > house.clock.now() && toldMs <= resetMs + 6_000, headers['x-sluice-reset']);
      assert.ok(atMs - firstMs < 1_000 && firstMs < 2_500, `${atMs} ${firstMs}`);
    }
  });

  it('is served by the fallback model where there is one', async () => {
    const house = createHouse(
      `${pool(1).replace('qwen3-max:', 'qwen-plus: { limits: { rpm: 600 } }, qwen3-max:')}models: { qwen3-max: { fallbacks: [qwen-plus] } }\n`,
    );
    house.simulator.account('a').set({
      fault: {
        kind: 'answer',
        status: 403,
        body: '{"code":"AllocationQuota.FreeTierOnly"}',
        models: ['qwen3-max'],
      },
    });
    const { status, headers } = await house.one(house.call(chat('first')));
    assert.equal(status, 200);
    assert.equal(headers['x-sluice-model'], 'qwen-plus');
  });

  it('is believed at once where the provider names the day, whatever its hint of half a minute says', async () => {
    let asked = 0;
    const house = createHouse(
      'accounts: [{ id: g, provider: gemini, secrets: [s], models: [gemini-2.5-flash] }]',
      {
        fetch: async () => {
          asked++;
          const body = (async function* () {
            yield Buffer.from(PER_DAY);
          })();
          return { status: 429, headers: { 'content-type': 'application/json' }, body };
        },
      },
    );
    const body = chat('one', { model: 'gemini-2.5-flash' });
    for (let i = 0; i < 30; i++) {
      const { status } = await house.one(house.call(body));
      assert.equal(status, 503);
      await house.clock.advance(10 * 60_000);
    }
    assert.equal(asked, 1);
  });
});
