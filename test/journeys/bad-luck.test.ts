/** Calls that are refused again and again though nothing is wrong with them: none is told that the fault is its own. */

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createSeededRandom } from '../../src/base/seeded-random.ts';
import type { Fault } from '../../src/simulator/account.ts';
import { callIn, statuses, steadily } from './crowd.ts';
import { type Answer, accounts, chat, createHouse, type House, THROTTLED } from './house.ts';

const pool = (count: number, limits: string): string => `
${accounts(count, `qwen3-max: { limits: { ${limits} } }`)}
queue: { max_wait: 120s }
simulator: { ttft: 200ms, tokens_per_second: 1000, output_tokens: 20 }
`;

const WORDS: Readonly<Record<string, Omit<Fault, 'kind'>>> = {
  'overload (503)': { status: 503, body: '{"error":{"code":"ServiceUnavailable","message":"busy"}}' },
  'a limit of requests (429)': { status: 429, body: THROTTLED },
};

function everywhere(house: House, fault: Fault | null): void {
  for (const account of house.simulator.accounts) account.set({ fault });
}

const blamed = (answers: readonly Answer[]): Answer[] =>
  answers.filter(({ text }) => text.includes('request_refused'));

for (const [words, fault] of Object.entries(WORDS))
  it(`a fifth of all calls is refused at random in the words of ${words}: all are answered`, async () => {
    const house = createHouse(pool(3, 'rpm: 1200, rps: off, ramp: off'));
    const random = createSeededRandom(5);
    everywhere(house, { kind: 'answer', ...fault, when: () => random() < 0.2 });
    const answers = await house.all(
      steadily(house, { count: 600, everyMs: 200 }, (i) => ({ body: chat(`call ${i}`) })),
    );
    assert.deepEqual(statuses(answers), { 200: 600 });
  });

it('whoever was refused by all while all were out is not blamed for it when they are well again', async () => {
  for (const seed of [1, 2, 3]) {
    const house = createHouse(pool(6, 'rpm: 1200, rps: off, ramp: off'), { seed });
    everywhere(house, { kind: 'answer', ...WORDS['overload (503)'] });
    house.clock.after(20_000, () => everywhere(house, null));
    const answers = await house.all(
      steadily(house, { count: 300, everyMs: 150 }, (i) => ({ body: chat(`call ${i}`) })),
    );
    assert.ok(answers.some(({ headers }) => Number(headers['x-sluice-attempts']) > 2));
    assert.equal(blamed(answers).length, 0);
  }
});

it('limits far lower than configured refuse many calls more than once, and none is blamed for it', async () => {
  const house = createHouse(pool(6, 'rpm: 300, rps: 5'));
  for (const account of house.simulator.accounts)
    account.set({ limits: { 'qwen3-max': { rpm: 90, rps: 1.5 } } });
  const random = createSeededRandom(1);
  const gapMs = (): number => -Math.log(1 - random()) * 110;
  const calls: Promise<Answer>[] = [];
  for (let atMs = 0; atMs < 120_000; atMs += gapMs())
    calls.push(callIn(house, atMs, chat('hello', { stream: random() < 0.5 })));
  const answers = await house.all(calls);
  assert.deepEqual(statuses(answers), { 200: calls.length });
  assert.equal(blamed(answers).length, 0);
});

it('an outage is not taken for the pace of the line: nobody who comes while it lasts is turned away', async () => {
  const house = createHouse(pool(3, 'rpm: 1200, rps: off, ramp: off').replace('120s', '60s'));
  everywhere(house, { kind: 'answer', status: 503, body: '{"error":{"message":"oops"}}' });
  house.clock.after(20_000, () => everywhere(house, null));
  const calls = steadily(house, { count: 100, everyMs: 100 }, (i) => ({ body: chat(`call ${i}`) }));
  const later = steadily(house, { count: 60, everyMs: 1_000, fromMs: 20_000 }, () => ({
    body: chat('later'),
  }));
  assert.deepEqual(statuses(await house.all([...calls, ...later])), { 200: 160 });
});
