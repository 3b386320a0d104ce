/** Scenarios 1 and 2: the walls of requests and of tokens, to which the pool comes close and which it never touches. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createSeededRandom } from '../../src/base/seeded-random.ts';
import { createSimulator, type Simulator, type SimulatorOptions } from '../../src/simulator/upstream.ts';
import {
  arrivals,
  bearer,
  burst,
  callIn,
  laneOf,
  refusals,
  statuses,
  steadily,
  waitMs,
  windowsOf,
} from './crowd.ts';
import { accounts, chat, createHouse, type House, KEY } from './house.ts';

describe('one account of 60 rpm and 1 rps (scenario 1)', () => {
  const WALL = `
${accounts(1, 'qwen3-max: { limits: { rpm: 60, rps: 1 } }')}
queue: { max_wait: 180s }
simulator: { ttft: 100ms, tokens_per_second: 1000, output_tokens: 20 }
`;

  it('never sees more than 60 in any minute nor more than one in any second', async () => {
    const house = createHouse(WALL);
    const answers = await house.all(burst(house, 120, 'call', { 'x-sluice-max-wait': '180' }));
    assert.deepEqual(statuses(answers), { 200: 120 });
    const stats = house.simulator.stats();
    assert.equal(refusals(stats), 0);
    assert.equal(stats.requests, 120);
    assert.ok(stats.peakRequestsPerMinute <= 60, `${stats.peakRequestsPerMinute} in a minute`);
    assert.equal(stats.peakRequestsPerSecond, 1);
    const lastMs = Math.max(...answers.map(({ atMs }) => atMs));
    assert.ok(lastMs >= 115_000 && lastMs <= 135_000, `took ${lastMs} ms`);
  });

  it('is given the calls of each key in the order in which they came, also those that come later', async () => {
    const house = createHouse(`${WALL}keys:
  - { id: one, key: key-of-one-0123456789 }
  - { id: two, key: key-of-two-0123456789 }
`);
    const seen = arrivals(house);
    const calls = ['one', 'two'].flatMap((name) => {
      const headers = bearer(`key-of-${name}-0123456789`);
      return [
        ...burst(house, 30, name, headers),
        ...steadily(house, { count: 20, everyMs: 1_700, fromMs: 1_000 }, (i) => ({
          body: chat(`${name} ${30 + i}`),
          headers,
        })),
      ];
    });
    assert.deepEqual(statuses(await house.all(calls)), { 200: 100 });
    for (const name of ['one', 'two'])
      assert.deepEqual(
        seen.filter(({ text }) => text.startsWith(name)).map(({ text }) => text),
        Array.from({ length: 50 }, (_, i) => `${name} ${i}`),
      );
  });
});

/** Model Studio with rules of its own, since the embedded simulator has the usual ones. */
function modelStudio(rules: SimulatorOptions['rules'], tps: number): { house: House; simulator: Simulator } {
  let simulator: Simulator | undefined;
  const house = createHouse(
    `
accounts:
  - id: a
    provider: qwen
    base_url: https://dashscope-intl.aliyuncs.com/compatible-mode/v1
    secrets: [secret-of-a]
    models: { qwen3-max: { limits: { rpm: 600, tpm: 30000, tps: ${tps} } } }
queue: { max_wait: 3600s, max_wait_stream: 3600s }
`,
    {
      fetch: (request) => simulator?.fetch(request) ?? Promise.reject(new Error('nobody there')),
    },
  );
  simulator = createSimulator({
    clock: house.clock,
    random: createSeededRandom(2),
    accounts: [
      { id: 'a', secrets: ['secret-of-a'], limits: { 'qwen3-max': { rpm: 600, tpm: 30_000, tps } } },
    ],
    answers: { outputTokens: 300 },
    pace: { firstTokenMs: 400, tokensPerSecond: 100 },
    ...(rules === undefined ? {} : { rules }),
  });
  return { house, simulator };
}

/** So many input tokens, as the simulator counts them. */
const wordsOf = (tokens: number): string => 'word '.repeat(Math.round((tokens * 4) / 5));

/** A third without a bound of the output, a third with a misleading one, a third with a true one. */
const BOUNDS = [{}, { max_tokens: 1, max_completion_tokens: 5_000 }, { max_tokens: 400 }] as const;

describe('30,000 tokens a minute, and 200 calls of 50 to 6,000 (scenario 2)', () => {
  const RULES = {
    'at admission, and seconds are free': [{ outputCountsAt: 'admission' }, 30_000],
    'at admission, and every second has its share': [{ outputCountsAt: 'admission' }, 500],
    'as they are produced, and seconds are free': [{ outputCountsAt: 'production' }, 30_000],
    'as they are produced, and every second has its share': [{ outputCountsAt: 'production' }, 500],
  } as const;

  for (const [name, [rules, tps]] of Object.entries(RULES))
    it(`are all served within the limit and use it, where an answer's tokens count ${name}`, async () => {
      const { house, simulator } = modelStudio(rules, tps);
      const random = createSeededRandom(1);
      const calls = Array.from({ length: 200 }, (_, i) =>
        house.call(chat(wordsOf(50 * 120 ** random()), { ...BOUNDS[i % 3], stream: i % 4 === 0 })),
      );
      const answers = await house.all(calls, 3_600_000);
      assert.deepEqual(statuses(answers), { 200: 200 });
      const stats = simulator.stats();
      assert.equal(refusals(stats), 0);
      assert.ok(stats.peakTokensPerMinute <= 30_000, `${stats.peakTokensPerMinute} in a minute`);
      // The first minute's worth may start at once.
      const minutes = Math.max(...answers.map(({ atMs }) => atMs)) / 60_000 + 1;
      const share = (stats.promptTokens + stats.outputTokens) / (30_000 * minutes);
      assert.ok(share >= 0.8, `used ${(share * 100).toFixed(1)} %`);

      const lane = laneOf(house, 'a/qwen3-max');
      assert.equal(house.app.rooms.limiter.open(), 0);
      assert.equal(lane.hold, undefined);
      const settled = windowsOf(house, lane);
      assert.equal(
        settled['tpm tokens'],
        settled['tpm reserved'],
        'nothing is reserved beyond what was used',
      );
      await house.clock.advance(70_000);
      assert.deepEqual(new Set(Object.values(windowsOf(house, lane))), new Set([0]));
    });

  it('let the first small call of a key of 100 tokens a minute through, and the next one after a minute', async () => {
    const house = createHouse(`
${accounts(1, 'qwen3-max: { limits: { rpm: 600, tpm: 30000 } }')}
queue: { max_wait: 100s }
keys: [{ id: small, key: test-key-0123456789abcdef, limits: { tpm: 100 } }]
simulator: { ttft: 100ms, tokens_per_second: 1000, output_tokens: 60 }
`);
    const first = await house.one(house.call(chat('hello')));
    assert.equal(first.status, 200);
    assert.ok(waitMs(first) < 10);
    const second = await house.one(house.call(chat('again')));
    assert.equal(second.status, 200);
    assert.ok(waitMs(second) > 50_000 && waitMs(second) < 61_000, `${waitMs(second)} ms`);
  });
});

describe('a large call that keeps a place free for itself', () => {
  const KEYS = `keys: [{ id: bulk, key: ${KEY} }, { id: other, key: key-of-other-0123456789 }]`;
  const LARGE = `
${accounts(1, 'qwen3-max: { limits: { rpm: 600, tpm: 30000, tps: off, ramp: off } }')}
queue: { max_wait: 600s, max_wait_stream: 60s }
simulator: { ttft: 100ms, tokens_per_second: 1000, output_tokens: 60 }
${KEYS}
`;
  const OTHER = bearer('key-of-other-0123456789');

  for (const [whose, headers] of Object.entries({ 'the same key': {}, 'another key': OTHER }))
    it(`is served within its minute, whatever small calls of ${whose} keep coming`, async () => {
      const house = createHouse(LARGE);
      const large = chat(wordsOf(20_000), { max_tokens: 50 });
      const first = house.call(large);
      await house.arrived();
      const second = house.call(large);
      const trickle = steadily(house, { count: 240, everyMs: 500 }, () => ({ body: chat('small'), headers }));
      const answer = await house.one(second);
      assert.equal(answer.status, 200);
      assert.ok(waitMs(answer) < 63_000, `waited ${waitMs(answer)} ms`);
      assert.deepEqual(statuses(await house.all([first, ...trickle])), { 200: 241 });
    });

  for (const [who, headers] of Object.entries({
    'of the same key with less time': {},
    'of another key': OTHER,
  }))
    it(`is not in the way of a call ${who}, which comes before it`, async () => {
      const house = createHouse(LARGE);
      const bulk = [22_000, 22_000, 28_000].map((tokens) => house.call(chat(wordsOf(tokens))));
      await house.arrived();
      await house.clock.advance(62_000);
      assert.equal(house.app.front.lines()[0]?.length, 1);
      assert.ok(laneOf(house, 'a/qwen3-max').hold, 'the last of them keeps its place');
      // Large enough to delay it.
      const medium = chat(wordsOf(5_000), { max_tokens: 50, stream: true });
      const { status, text, atMs } = await house.one(callIn(house, 0, medium, headers));
      assert.equal(status, 200);
      assert.ok(atMs < 63_000, `answered after ${atMs} ms`);
      assert.ok(text.endsWith('data: [DONE]\n\n'), text);
      assert.deepEqual(statuses(await house.all(bulk)), { 200: 3 });
      assert.equal(laneOf(house, 'a/qwen3-max').hold, undefined);
    });
});
