/** Scenario 21: the turns of a conversation meet the account that has their beginning in its cache. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bearer, callIn, quantile, statuses, steadily, waitMs } from './crowd.ts';
import { type Answer, accounts, chat, createHouse, type House, KEY } from './house.ts';

const SIX = `
${accounts(6, 'qwen3-max: { limits: { rpm: 600, ramp: off } }')}
simulator: { ttft: 100ms, tokens_per_second: 200, output_tokens: 20 }
keys:
  - { id: test, key: ${KEY} }
  - { id: other, key: key-of-other-0123456789 }
`;
const OTHER = bearer('key-of-other-0123456789');

const accountOf = ({ headers }: Answer): string => (headers['x-sluice-channel'] ?? '').split('/')[0] ?? '';

const over = <T>(house: House, story: Promise<T>): Promise<T> => house.clock.runUntil(story, 600_000);

type Turn = { readonly role: string; readonly content: string };

/** Turn by turn, as an agent does it: everything said so far goes with each. */
async function converse(
  house: House,
  turns: number,
  headers: Readonly<Record<string, string>>,
): Promise<Answer[]> {
  const said: Turn[] = [{ role: 'system', content: 'You are of help.' }];
  const answers: Answer[] = [];
  for (let i = 0; i < turns; i++) {
    said.push({ role: 'user', content: `step ${i} of ${headers['x-session-id'] ?? 'a long task'}` });
    const answer = await callIn(house, 200, { model: 'qwen3-max', messages: said }, headers);
    answers.push(answer);
    said.push({ role: 'assistant', content: 'Done.' });
  }
  return answers;
}

function mostOf(answers: readonly Answer[]): { readonly account: string; readonly share: number } {
  const counts = new Map<string, number>();
  for (const answer of answers) counts.set(accountOf(answer), (counts.get(accountOf(answer)) ?? 0) + 1);
  const [account = '', count = 0] = [...counts].toSorted((a, b) => b[1] - a[1])[0] ?? [];
  return { account, share: count / answers.length };
}

describe('a conversation of fifty turns over six accounts (scenario 21)', () => {
  for (const [how, headers] of Object.entries({
    'named by its session': { 'x-session-id': 'session-1' },
    'known by its beginning': {},
  }))
    it(`${how} stays on one account, though others load the pool`, async () => {
      const house = createHouse(SIX);
      const background = steadily(house, { count: 900, everyMs: 30 }, (i) => ({
        body: chat(`background ${i}`),
      }));
      const turns = await over(house, converse(house, 50, headers));
      assert.deepEqual(statuses(turns), { 200: 50 });
      const { share } = mostOf(turns);
      assert.ok(share >= 0.95, `${share}`);
      assert.ok(quantile(turns.map(waitMs), 1) <= 320, `waited ${quantile(turns.map(waitMs), 1)} ms`);
      await house.all(background);
      assert.equal(new Set((await Promise.all(background)).map(accountOf)).size, 6);
    });

  it('moves at once when its account is out, and stays where it has moved to', async () => {
    const house = createHouse(SIX);
    const headers = { 'x-session-id': 'session-1' };
    const before = await over(house, converse(house, 5, headers));
    const { account } = mostOf(before);
    house.simulator.account(account).set({ state: 'arrears' });
    const startMs = house.clock.now();
    const after = await over(house, converse(house, 20, headers));
    assert.deepEqual(statuses(after), { 200: 20 });
    assert.ok(after.every((answer) => accountOf(answer) !== account));
    assert.equal(mostOf(after).share, 1);
    assert.ok(Math.max(...after.map(waitMs)) <= 10, 'nobody waited for it');
    assert.ok(house.clock.now() - startMs < 20 * 500);
    assert.equal(Number(after[0]?.headers['x-sluice-attempts']), 2, 'the first turn met the refusal');
    assert.ok(after.slice(1).every((answer) => answer.headers['x-sluice-attempts'] === '1'));
  });

  it('of one tenant has nothing to do with one of the same session id of another', async () => {
    const house = createHouse(SIX);
    const headers = { 'x-session-id': 'the-same' };
    const mine = await over(house, converse(house, 3, headers));
    const { account } = mostOf(mine);
    // The other tenant's first call meets a pool in which only that account has been used.
    const theirs = await over(house, converse(house, 3, { ...headers, ...OTHER }));
    const { account: their } = mostOf(theirs);
    assert.notEqual(their, account);
    const again = await over(house, converse(house, 3, headers));
    assert.equal(mostOf(again).account, account);
    assert.equal(mostOf(again).share, 1);
  });
});

describe('a warm account that cannot start the call at this moment', () => {
  /** The first call of a conversation, the second right behind it, and a stranger between them. */
  async function two(limits: string): Promise<readonly [first: Answer, stranger: Answer, second: Answer]> {
    const house = createHouse(`
${accounts(3, `qwen3-max: { limits: { ${limits}, ramp: off } }`)}
simulator: { ttft: 50ms, tokens_per_second: 1000, output_tokens: 10 }
`);
    const session = { 'x-session-id': 'session-1' };
    const warming = await over(house, callIn(house, 0, chat('warming'), session));
    await house.clock.advance(2_000);
    const calls = [
      callIn(house, 0, chat('first'), session),
      callIn(house, 1, chat('stranger')),
      callIn(house, 2, chat('second'), session),
    ];
    const [first, stranger, second] = await house.all(calls);
    assert.ok(first && stranger && second);
    assert.equal(accountOf(first), accountOf(warming));
    assert.deepEqual(statuses([first, stranger, second]), { 200: 3 });
    assert.notEqual(accountOf(stranger), accountOf(first), 'the other one is free');
    return [first, stranger, second];
  }

  it('is waited for when that takes less than 300 ms', async () => {
    // Its starts are some distance apart.
    const [first, stranger, second] = await two('rpm: 300, rps: 5');
    assert.equal(accountOf(second), accountOf(first));
    assert.ok(waitMs(second) >= 20 && waitMs(second) <= 300, `waited ${waitMs(second)} ms`);
    assert.ok(waitMs(stranger) < 5);
  });

  it('is not waited for when that would take longer', async () => {
    const [first, , second] = await two('rpm: 60, rps: 1');
    assert.notEqual(accountOf(second), accountOf(first));
    assert.ok(waitMs(second) <= 300, `waited ${waitMs(second)} ms`);
  });
});
