/**
 * Scenario 3: everybody comes at once after a pause, and the provider refuses whoever grows too quickly. And what a
 * pool gives once it is warm.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Departure } from '../../src/base/departure.ts';
import type { Call } from '../../src/domain/call.ts';
import { burst, laneOf, refusals, statuses } from './crowd.ts';
import { accounts, chat, createHouse, type House } from './house.ts';

/**
 * Alibaba's threshold is not published. The guard of these tests lets the rate grow by 20 % a second, above a floor of
 * 5 calls a second: at 2 or 3 a second 20 % more is less than one whole call, and nobody could ever climb.
 */
const GUARD = { growthPerSecond: 0.2, floorRequests: 5, averageMs: 3_000, idleMs: 60_000, armedMs: 120_000 };

function guardedHouse(count: number): House {
  const house = createHouse(`
${accounts(count, 'qwen3-max: { limits: { rpm: 600 } }')}
queue: { max_wait: 180s }
simulator: { ttft: 300ms, tokens_per_second: 100, output_tokens: 40 }
`);
  for (const account of house.simulator.accounts)
    account.set({ limits: { 'qwen3-max': { rpm: 600, slope: GUARD } } });
  return house;
}

const streams = (house: House, count: number) =>
  Array.from({ length: count }, (_, i) => house.call(chat(`stream ${i}`, { stream: true })));

describe('two hundred streams at once after ten idle minutes (scenario 3)', () => {
  for (const count of [1, 3, 5])
    it(`are served by ${count} account(s) that refuse growth, without one refusal, about as fast as may be`, async () => {
      const house = guardedHouse(count);
      await house.all(burst(house, 30, 'before'));
      await house.clock.advance(600_000);
      assert.equal(refusals(house.simulator.stats()), 0);
      const startMs = house.clock.now();
      const answers = await house.all(streams(house, 200));
      assert.deepEqual(statuses(answers), { 200: 200 });
      for (const { text } of answers)
        assert.ok(text.endsWith('data: [DONE]\n\n') && !text.includes('"error"'));
      const stats = house.simulator.stats();
      assert.ok(refusals(stats) <= 2, JSON.stringify(stats.refused));
      // At full speed from the first moment it would be this long.
      const leastMs = (200 / (10 * count)) * 1_000;
      const tookMs = house.clock.now() - startMs;
      assert.ok(tookMs <= leastMs + 20_000, `took ${tookMs} ms, ${leastMs} at full speed`);
    });

  it('lose no call to a refusal for growth: that channel halves its rate at once and is soon back', async () => {
    const house = guardedHouse(3);
    const { clock } = house;
    const calls = streams(house, 400);
    await house.arrived();
    await clock.advance(22_000);
    const lane = laneOf(house, 'a/qwen3-max');
    const rate = (): number => lane.ramp.rateAt(clock.now(), 10);
    const others = () =>
      ['b', 'c'].map((id) => laneOf(house, `${id}/qwen3-max`).ramp.rateAt(clock.now(), 10));

    let refusedAtMs: number | undefined;
    house.simulator.account('a').set({
      fault: {
        kind: 'answer',
        times: 1,
        status: 429,
        body: GREW_TOO_FAST,
        when() {
          refusedAtMs = clock.now();
          return true;
        },
      },
    });
    let before = rate();
    while (refusedAtMs === undefined) {
      before = rate();
      await clock.advance(5);
    }
    await clock.advance(refusedAtMs + 100 - clock.now());
    assert.ok(before > 4, `it had come to ${before} a second`);
    assert.ok(rate() <= 0.55 * before, `from ${before} to ${rate()} a second`);
    for (const other of others()) assert.ok(other >= 0.9 * before, `another: ${other}`);

    const backMs = async (): Promise<number> => {
      while (rate() < 0.9 * before) await clock.advance(100);
      return clock.now() - (refusedAtMs ?? 0);
    };
    const tookMs = await backMs();
    assert.ok(tookMs <= 120_000, `back after ${tookMs} ms`);
    const answers = await house.all(calls);
    assert.deepEqual(statuses(answers), { 200: 400 });
    assert.equal(refusals(house.simulator.stats()), 0);
    assert.equal(house.simulator.stats().faults, 1);
    assert.equal(answers.filter(({ text }) => text.includes('"error"')).length, 0);
  });
});

describe('a warm pool', () => {
  /** Not over HTTP: thousands of calls, and only the pool is asked. */
  async function client(house: House, untilMs: number): Promise<void> {
    const { clock, app } = house;
    const key = {
      id: 'test',
      limits: {},
      onLimit: 'queue',
      priority: 'normal',
      weight: 1,
      fallback: true,
    } as const;
    const body = Buffer.from(JSON.stringify(chat('call', { max_tokens: 5 })));
    while (clock.now() < untilMs) {
      const call: Call = {
        id: 'req_test',
        dialect: 'openai-chat',
        key,
        head: { model: 'qwen3-max', stream: false, wantsUsage: false, maxOutputTokens: 5 },
        body,
        headers: {},
        options: { onLimit: 'queue', priority: 'normal', fallback: true },
        arrivedAtMs: clock.now(),
        departure: new Departure(),
      };
      const reply = await app.front.relay.open(call).reply;
      await reply.whole();
      reply.close();
    }
  }

  for (const count of [1, 3, 5])
    it(`of ${count} account(s) of 600 rpm answers ${600 * count} calls a minute within 2 %, and none is refused`, async () => {
      const house = createHouse(`
${accounts(count, 'qwen3-max: { limits: { rpm: 600 } }')}
simulator: { ttft: 20ms, tokens_per_second: 1000, output_tokens: 5 }
log: { level: silent }
`);
      const { clock, simulator } = house;
      const untilMs = clock.now() + 110_000;
      const crowd = Promise.all(Array.from({ length: 30 * count }, () => client(house, untilMs)));
      await clock.advance(50_000);
      const before = simulator.stats().completed;
      await clock.advance(60_000);
      const answered = simulator.stats().completed - before;
      assert.ok(Math.abs(answered / (600 * count) - 1) <= 0.02, `${answered} in a minute`);
      await clock.runUntil(crowd, 60_000);
      assert.equal(refusals(simulator.stats()), 0);
      for (const { id } of simulator.accounts) {
        const { peakRequestsPerMinute, peakRequestsPerSecond } = simulator.stats(id);
        assert.ok(peakRequestsPerMinute <= 600, `${peakRequestsPerMinute} in a minute`);
        assert.ok(peakRequestsPerSecond <= 10, `${peakRequestsPerSecond} in a second`);
      }
    });
});

const GREW_TOO_FAST = JSON.stringify({
  error: {
    message:
      'Request rate increased too quickly. To ensure system stability, please adjust your client logic.',
    type: 'limit_burst_rate',
    param: null,
    code: 'limit_burst_rate',
  },
});
