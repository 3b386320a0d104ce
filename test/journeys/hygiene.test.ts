/**
 * Scenarios 8, 10 and 13: whoever leaves, is refused or cannot be served leaves nothing behind, neither in line nor in
 * a window; and whoever an upstream refuses keeps his place.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { held } from '../sdk/relay.ts';
import { arrivals, bearer, burst, laneOf, leaver, refusals, statuses, steadily, windowsOf } from './crowd.ts';
import { type Answer, accounts, chat, createHouse, type House, KEY, THROTTLED } from './house.ts';

const codeOf = ({ json }: Answer): unknown => (json?.['error'] as { code?: unknown } | undefined)?.code;

/** What the windows of the key's own limits count. */
function keyWindows(house: House, id: string, limits: Record<string, number>): Record<string, number> {
  return windowsOf(house, house.app.rooms.limiter.lane({ id: `key ${id}`, limits, ours: true }));
}

describe('a hundred in line, of whom forty hang up (scenario 10)', () => {
  for (const stream of [false, true])
    it(`leave within 100 ms without an attempt and without a trace (${stream ? 'streams' : 'plain'})`, async () => {
      const LIMITS = { rpm: 1_000, concurrency: 500 };
      const house = createHouse(`
${accounts(1, 'qwen3-max: { limits: { rpm: 60, rps: 1, concurrency: 50 } }')}
queue: { max_wait: 300s }
simulator: { ttft: 100ms, tokens_per_second: 1000, output_tokens: 20 }
keys: [{ id: test, key: ${KEY}, limits: { rpm: ${LIMITS.rpm}, concurrency: ${LIMITS.concurrency} } }]
`);
      const { app, clock } = house;
      const seen = arrivals(house);
      const first = await house.one(house.call(chat('first')));
      const staying = burst(house, 60, 'stays');
      const leaving = Array.from({ length: 40 }, (_, i) =>
        leaver(house, JSON.stringify(chat(`leaves ${i}`, { stream }))),
      );
      await house.arrived();
      assert.equal(app.front.lines()[0]?.length, 100);
      assert.equal(keyWindows(house, 'test', LIMITS)['rpm request'], 101);
      const lane = laneOf(house, 'a/qwen3-max');
      const before = windowsOf(house, lane);

      for (const each of leaving) each.leave();
      const leftAtMs = clock.now();
      assert.deepEqual(
        await Promise.all(leaving.map(({ left }) => left)),
        Array.from({ length: 40 }, () => 'left'),
      );
      await house.arrived();
      assert.ok(clock.now() - leftAtMs <= 100);
      assert.equal(app.front.lines()[0]?.length, 60);
      assert.equal(app.server.active(), 60);
      assert.deepEqual(windowsOf(house, lane), before);
      assert.equal(app.rooms.limiter.open(), 60, "the key's permits of those who stay");
      assert.deepEqual(keyWindows(house, 'test', LIMITS), { 'rpm request': 61, 'concurrency request': 60 });

      assert.deepEqual(statuses(await house.all(staying)), { 200: 60 });
      assert.equal(first.status, 200);
      assert.equal(house.simulator.stats().requests, 61);
      assert.ok(seen.every(({ text }) => !text.startsWith('leaves')));
      const stories = house.log.filter(({ msg, end }) => msg === 'call' && end === 'client_gone');
      assert.equal(stories.length, 40);
      assert.ok(stories.every(({ usage, channel }) => usage === undefined && channel === undefined));
      assert.deepEqual(
        held(app).filter(({ count }) => count !== 0),
        [],
      );
      assert.equal(clock.pending(), 0);
    });
});

const ONE_A_SECOND = `
${accounts(1, 'qwen3-max: { limits: { rpm: 60, rps: 1 } }')}
simulator: { ttft: 0ms, tokens_per_second: 100000, output_tokens: 5 }
`;

describe('a call that is not served (scenario 10)', () => {
  it('because its wait is over is told when to come back, within a minute', async () => {
    // One at a time and nobody knows how long: no wait can be foreseen.
    const house = createHouse(`
${accounts(1, 'qwen3-max: { limits: { rpm: off, tpm: off, concurrency: 1 } }')}
simulator: { ttft: 40s, tokens_per_second: 100000, output_tokens: 5 }
`);
    const slow = house.call(chat('slow'));
    await house.arrived();
    const late = burst(house, 5, 'late', { 'x-sluice-max-wait': '20' });
    await house.arrived();
    for (const answer of await house.all(late)) {
      assert.equal(answer.status, 503);
      assert.equal(codeOf(answer), 'queue_timeout');
      assert.ok(answer.atMs >= 19_900 && answer.atMs <= 20_100, `after ${answer.atMs} ms`);
      const retryAfterS = Number(answer.headers['retry-after']);
      assert.ok(retryAfterS >= 1 && retryAfterS <= 60, `${retryAfterS} s`);
    }
    assert.equal((await house.one(slow)).status, 200);
    assert.equal(house.simulator.stats().requests, 1);
  });

  const FULL = {
    'the line is at its length': ['max_length: 5', 'call'],
    'the line is at its bytes': ['max_bytes: 50kb', 'word '.repeat(2_000)],
    "the key's part of the line is at its length": ['max_length_per_key: 5', 'call'],
    "the key's part of the line is at its bytes": ['max_bytes_per_key: 50kb', 'word '.repeat(2_000)],
  } as const;
  for (const [why, [bound, text]] of Object.entries(FULL))
    it(`because ${why} is refused at once with a 503`, async () => {
      const ofKey = bound.includes('per_key');
      const house = createHouse(`${ONE_A_SECOND}queue: { ${bound} }
keys: [{ id: test, key: ${KEY} }, { id: other, key: key-of-other-0123456789 }]
`);
      const answers = burst(house, 10, text);
      await house.arrived();
      const other = house.call(chat(text), bearer('key-of-other-0123456789'));
      await house.arrived();
      assert.equal(house.app.front.lines()[0]?.length, ofKey ? 6 : 5);
      const all = await house.all(answers);
      assert.deepEqual(statuses(all), { 200: 6, 503: 4 });
      for (const answer of all.filter(({ status }) => status === 503)) {
        assert.equal(codeOf(answer), 'queue_full');
        assert.ok(answer.atMs < 10, `after ${answer.atMs} ms`);
        assert.ok(Number(answer.headers['retry-after']) >= 1);
      }
      assert.equal((await house.one(other)).status, ofKey ? 200 : 503);
    });

  it("because its key shall not wait is refused at once with a 429 that is marked as the key's", async () => {
    const house = createHouse(`
${accounts(1, 'qwen3-max: { limits: { rpm: 600 } }')}
keys: [{ id: test, key: ${KEY}, limits: { rpm: 2 }, on_limit: reject }]
`);
    const answers = await house.all([
      ...burst(house, 3, 'plain'),
      ...Array.from({ length: 3 }, (_, i) => house.call(chat(`stream ${i}`, { stream: true }))),
    ]);
    assert.deepEqual(statuses(answers), { 200: 2, 429: 4 });
    for (const { status, atMs, headers, json } of answers.filter((each) => each.status === 429)) {
      assert.ok(atMs < 10, `${status} after ${atMs} ms`);
      assert.equal(headers['x-sluice-limit'], 'key');
      assert.ok(Number(headers['retry-after']) >= 1 && Number(headers['retry-after']) <= 60);
      assert.equal((json?.['error'] as { type?: string } | undefined)?.type, 'rate_limit_error');
    }
    assert.equal(house.simulator.stats().requests, 2);
  });
});

describe('a call that is rejected before it was sent (scenarios 8 and 13)', () => {
  const LIMITS = { rpm: 100, tpm: 50_000 };
  const house = (): House =>
    createHouse(`
${accounts(2, 'qwen3-max: { limits: { rpm: 600, tpm: 30000 } }')}
keys: [{ id: test, key: ${KEY}, limits: { rpm: ${LIMITS.rpm}, tpm: ${LIMITS.tpm} } }]
simulator: { ttft: 100ms, tokens_per_second: 1000, output_tokens: 20 }
`);
  const none = (of: House): void => {
    for (const id of ['a', 'b'])
      assert.deepEqual(new Set(Object.values(windowsOf(of, laneOf(of, `${id}/qwen3-max`)))), new Set([0]));
    assert.deepEqual(new Set(Object.values(keyWindows(of, 'test', LIMITS))), new Set([0]));
    assert.deepEqual(
      held(of.app).filter(({ count }) => count !== 0),
      [],
    );
    assert.deepEqual(of.app.front.lines(), []);
    assert.equal(of.clock.pending(), 0);
    assert.equal(of.simulator.stats().requests, 0);
  };

  it('as larger than every minute costs nothing, neither the pool nor the key, and nothing is billed', async () => {
    const of = house();
    const answer = await of.one(of.call(chat('word '.repeat(26_000))));
    assert.equal(answer.status, 400);
    assert.equal(codeOf(answer), 'context_length_exceeded');
    assert.ok(answer.atMs < 100);
    none(of);
    const story = of.log.find(({ msg }) => msg === 'call');
    assert.ok(story);
    assert.deepEqual([story['usage'], story['channel'], story['queueMs']], [undefined, undefined, 0]);
  });

  it('as wrong, unknown or without a key costs nothing', async () => {
    const of = house();
    const answers = await of.all([
      of.call(chat('call', { model: 'nobody' })),
      of.call(chat('call', { max_tokens: 'many' })),
      of.call(chat('call'), bearer('not-a-key-at-all-0123')),
      of.call(chat('call'), { 'x-sluice-max-wait': 'soon' }),
    ]);
    assert.deepEqual(
      answers.map(({ status }) => status),
      [404, 400, 401, 400],
    );
    none(of);
  });

  it('is not one that is larger than a second of its channel, but not than its minute', async () => {
    const of = house();
    const calls = [of.call(chat('word '.repeat(8_000))), of.call(chat('word '.repeat(16_000)))];
    assert.deepEqual(statuses(await of.all(calls)), { 200: 2 });
    assert.equal(refusals(of.simulator.stats()), 0);
    assert.ok(of.simulator.stats().promptTokens > 30_000 - 500);
  });
});

describe('a refusal that still comes', () => {
  it('moves the call to another account, and its client does not notice', async () => {
    const house = createHouse(`
${accounts(3, 'qwen3-max: { limits: { rpm: 600 } }')}
simulator: { ttft: 100ms, tokens_per_second: 1000, output_tokens: 20 }
`);
    house.simulator.account('a').set({ fault: { kind: 'answer', status: 429, body: THROTTLED, times: 3 } });
    const answers = await house.all(
      Array.from({ length: 30 }, (_, i) => house.call(chat(`call ${i}`, { stream: i % 2 === 0 }))),
    );
    assert.deepEqual(statuses(answers), { 200: 30 });
    const stats = house.simulator.stats();
    assert.equal(stats.faults, 3);
    assert.equal(stats.requests, 33);
    const moved = house.log.filter(({ attempts }) => Array.isArray(attempts) && attempts.length > 1);
    assert.ok(moved.length >= 1 && moved.length <= 3, `${moved.length} moved`);
    for (const { text } of answers) assert.ok(!text.includes('"error"'), text);
    assert.ok(answers.every(({ atMs }) => atMs < 8_000));
  });

  it('does not cost the call its place: it is the next to start, before those that came after it', async () => {
    const house = createHouse(`${ONE_A_SECOND}queue: { max_wait: 100s }`);
    const seen = arrivals(house);
    const calls = steadily(house, { count: 20, everyMs: 10 }, (i) => ({ body: chat(`call ${i}`) }));
    await house.clock.advance(4_500);
    const next = Number(seen.at(-1)?.text.split(' ')[1]) + 1;
    house.simulator.account('a').set({ fault: { kind: 'answer', status: 429, body: THROTTLED, times: 1 } });
    while (house.simulator.stats().faults === 0) await house.clock.advance(100);
    const after = arrivals(house);
    const answers = await house.all(calls);
    assert.deepEqual(statuses(answers), { 200: 20 });
    assert.deepEqual(
      after.map(({ text }) => text),
      Array.from({ length: 20 - next }, (_, i) => `call ${next + i}`),
    );
  });
});
