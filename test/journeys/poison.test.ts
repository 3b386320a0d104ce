/** Scenario 6: a call that every account refuses, though nothing is wrong with any of them. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Arrival, callIn, quantile, statuses, waitMs } from './crowd.ts';
import { type Answer, accounts, chat, createHouse, type House, THROTTLED } from './house.ts';

const POOL = `
${accounts(7, 'qwen3-max: { limits: { rpm: 1200, rps: off, ramp: off } }')}
queue: { max_wait: 60s }
simulator: { ttft: 200ms, tokens_per_second: 1000, output_tokens: 20 }
`;

const POISON = 'poison';
const isPoison = (text: string): boolean => text.includes(POISON);

/** The accounts refuse the one call, with these words, and serve all others. Tells who was asked when. */
function poisoned(house: House, fault: { status: number; body: string; headers?: Record<string, string> }) {
  const asked: Arrival[] = [];
  const startMs = house.clock.now();
  for (const account of house.simulator.accounts)
    account.set({
      fault: {
        kind: 'answer',
        ...fault,
        when(request) {
          const text = JSON.stringify(request.messages);
          if (isPoison(text)) asked.push({ atMs: house.clock.now() - startMs, account: account.id, text });
          return isPoison(text);
        },
      },
    });
  return asked;
}

/** The longest time for which anything was left alone, looked at every 50 ms. */
function longestBench(house: House): { readonly ms: () => number; stop(): void } {
  let longest = 0;
  let stopped = false;
  const look = (): void => {
    if (stopped) return;
    const nowMs = house.clock.now();
    for (const { sinceMs, untilMs } of house.app.rooms.health.benches(nowMs))
      longest = Math.max(longest, untilMs - sinceMs);
    house.clock.after(50, look);
  };
  look();
  return {
    ms: () => longest,
    stop() {
      stopped = true;
    },
  };
}

type Mixed = { readonly good: Answer[]; readonly bad: Answer[] };

/** Fifty calls a second for so long, and so many of the poison evenly among them. */
async function mixed(house: House, seconds: number, poison: number): Promise<Mixed> {
  const everyMs = (seconds * 1_000 - 20_000) / Math.max(1, poison);
  const good = Array.from({ length: seconds * 50 }, (_, i) => callIn(house, i * 20, chat(`call ${i}`)));
  const bad = Array.from({ length: poison }, (_, i) =>
    callIn(house, 10_000 + i * everyMs, chat(`${POISON} ${i}`)),
  );
  const answers = await house.all([...good, ...bad]);
  return { good: answers.slice(0, good.length), bad: answers.slice(good.length) };
}

const WORDS: Readonly<Record<string, { status: number; body: string; headers?: Record<string, string> }>> = {
  'a limit of requests': { status: 429, body: THROTTLED },
  'a limit with a hint of twenty seconds': { status: 429, body: THROTTLED, headers: { 'retry-after': '20' } },
  'overload (503)': { status: 503, body: '{"error":{"code":"ServiceUnavailable","message":"busy"}}' },
  'a server error (500)': { status: 500, body: '{"error":{"message":"oops"}}' },
  'a refusal that nobody knows': { status: 429, body: '{"oh":"no"}' },
};

describe('a call that every account refuses while it serves the others', () => {
  for (const [name, fault] of Object.entries(WORDS))
    it(`in the words of ${name}: it gets one definite error, and nobody else notices`, async () => {
      const seconds = fault === WORDS['a limit of requests'] ? 120 : 30;
      const house = createHouse(POOL);
      const asked = poisoned(house, fault);
      const benches = longestBench(house);
      const { good, bad } = await mixed(house, seconds, 1);
      benches.stop();
      assert.deepEqual(statuses(good), { 200: seconds * 50 });
      assert.equal(bad.length, 1);
      const [{ status, headers, json } = assert.fail('no answer')] = bad;
      assert.equal(status, 400);
      assert.equal(headers['x-should-retry'], 'false');
      assert.equal(headers['x-sluice-failure'], 'request_refused');
      assert.match(JSON.stringify(json), /accounts refused this request/);
      assert.ok(new Set(asked.map(({ account }) => account)).size <= 3, JSON.stringify(asked));
      assert.ok(asked.length <= 3);
      assert.ok(benches.ms() <= 2_000, `${benches.ms()} ms`);
    });

  it('once a second: the others wait no longer than without it', async () => {
    const calm = createHouse(POOL);
    const before = quantile((await mixed(calm, 120, 0)).good.map(waitMs), 0.95);
    const house = createHouse(POOL);
    poisoned(house, WORDS['a limit of requests'] ?? assert.fail());
    const benches = longestBench(house);
    const { good, bad } = await mixed(house, 120, 100);
    benches.stop();
    assert.deepEqual(statuses(good), { 200: 6_000 });
    assert.deepEqual(statuses(bad), { 400: 100 });
    const after = quantile(good.map(waitMs), 0.95);
    assert.ok(after <= 1.1 * before + 1, `${before} ms before, ${after} ms after`);
    assert.ok(benches.ms() <= 2_000, `${benches.ms()} ms`);
  });
});

it('a call that its account refuses for a long time does not take the trial from those who wait behind it', async () => {
  const house = createHouse(`
${accounts(1, 'qwen3-max: { limits: { rpm: 600 } }')}
queue: { max_wait: 60s }
simulator: { ttft: 200ms }
`);
  poisoned(house, WORDS['a limit with a hint of twenty seconds'] ?? assert.fail());
  const good = Array.from({ length: 6 }, (_, i) => callIn(house, 1_000 + i * 15_000, chat(`call ${i}`)));
  const answers = await house.all([callIn(house, 0, chat(POISON)), ...good]);
  assert.deepEqual(statuses(answers.slice(1)), { 200: 6 });
  assert.ok(Math.max(...answers.slice(1).map(waitMs)) <= 25_000);
});

it('a trial that says nothing of its account, for the call itself was wrong, does not hold up the others', async () => {
  const house = createHouse(`
${accounts(1, 'qwen3-max: { limits: { rpm: 600 } }')}
simulator: { ttft: 200ms }
`);
  const account = house.simulator.account('a');
  account.set({ fault: { kind: 'answer', ...WORDS['overload (503)'], times: 1 } });
  const wrong = '{"error":{"code":"invalid_parameter_error","message":"bad"}}';
  house.clock.after(50, () =>
    account.set({
      fault: {
        kind: 'answer',
        status: 400,
        body: wrong,
        when: (request) => isPoison(JSON.stringify(request)),
      },
    }),
  );
  const calls = [chat(`${POISON} 1`), chat(`${POISON} 2`), chat('last')];
  const answers = await house.all(calls.map((body, i) => callIn(house, i * 100, body)));
  assert.deepEqual(
    answers.map(({ status }) => status),
    [400, 400, 200],
  );
  assert.ok(Math.max(...answers.map(waitMs)) <= 2_000, JSON.stringify(answers.map(waitMs)));
});
