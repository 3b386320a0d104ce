/** A model that may be left for another when the wait foreseen is long: by chance, so that nobody is sent to and fro. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { burst, statuses, steadily, waitMs } from './crowd.ts';
import { type Answer, accounts, chat, createHouse, type House, KEY } from './house.ts';

/** Two starts a second of the one model, and so many of the other. */
const twoModels = (perMinute: number, more = ''): House =>
  createHouse(`
${accounts(
  1,
  'qwen3-max: { limits: { rpm: 120, rps: 2, ramp: off } }, ' +
    `qwen-plus: { limits: { rpm: ${perMinute}, rps: ${Math.max(1, perMinute / 60)}, ramp: off } }`,
)}
queue: { max_wait: 60s }
models: { qwen3-max: { fallbacks: [qwen-plus], fallback_after: 5s } }
simulator: { ttft: 100ms, tokens_per_second: 1000, output_tokens: 10 }
${more}
`);

const moved = ({ headers }: Answer): boolean => headers['x-sluice-model'] === 'qwen-plus';
const shareMoved = (answers: readonly Answer[]): number => answers.filter(moved).length / answers.length;

/** So many calls a second for so long. */
const offered = (house: House, perSecond: number, seconds: number, fromMs = 0): Promise<Answer>[] =>
  steadily(house, { count: perSecond * seconds, everyMs: 1_000 / perSecond, fromMs }, (i) => ({
    body: chat(`call ${i}`),
  }));

describe('a model with fallback_after: 5s', () => {
  it('serves everybody itself while the wait is shorter', async () => {
    const house = twoModels(1_200);
    const answers = await house.all([...burst(house, 8, 'at once'), ...offered(house, 1, 30, 5_000)]);
    assert.deepEqual(statuses(answers), { 200: 38 });
    assert.equal(shareMoved(answers), 0);
    assert.ok(answers.every(({ headers }) => headers['x-sluice-fallback-reason'] === undefined));
  });

  it('lets calls go over when the wait would be longer, and they say so', async () => {
    const house = twoModels(1_200);
    const answers = await house.all([
      ...burst(house, 40, 'plain'),
      ...Array.from({ length: 40 }, (_, i) => house.call(chat(`stream ${i}`, { stream: true }))),
    ]);
    assert.deepEqual(statuses(answers), { 200: 80 });
    const over = answers.filter(moved);
    assert.ok(over.length >= 50, `${over.length} went over`);
    for (const { headers, json, text } of over) {
      assert.equal(headers['x-sluice-fallback-reason'], 'qwen3-max: wait_over');
      assert.equal(headers['x-sluice-channel'], 'a/qwen-plus');
      if (json === undefined) assert.match(text, /"model":"qwen-plus"/);
      else assert.equal(json['model'], 'qwen-plus');
    }
    for (const answer of answers.filter((each) => !moved(each))) {
      assert.equal(answer.headers['x-sluice-fallback-reason'], undefined);
      assert.ok(waitMs(answer) <= 11_000, `one that stayed waited ${waitMs(answer)} ms`);
    }
    assert.equal(house.simulator.stats('a', 'qwen-plus').requests, over.length);
  });

  it('sends over what is too much and no more, without swinging', async () => {
    const house = twoModels(1_200);
    const answers = await house.all(offered(house, 6, 90));
    assert.deepEqual(statuses(answers), { 200: 540 });
    // Without the first seconds, in which the line is still short.
    const shares = Array.from({ length: 8 }, (_, part) =>
      shareMoved(answers.slice(60 + part * 60, 120 + part * 60)),
    );
    for (const share of shares) assert.ok(Math.abs(share - 2 / 3) < 0.12, shares.join(' '));
    const runs = answers
      .slice(60)
      .map((answer) => (moved(answer) ? 'o' : '.'))
      .join('');
    assert.doesNotMatch(runs, /o{25}|\.{12}/, 'never everybody for seconds');
    assert.ok(answers.every((answer) => waitMs(answer) <= 10_500));
  });

  it('takes everybody back once there is less to do', async () => {
    const house = twoModels(1_200);
    const busy = offered(house, 6, 30);
    const quiet = offered(house, 1, 40, 45_000);
    assert.deepEqual(statuses(await house.all([...busy, ...quiet])), { 200: 220 });
    assert.ok(shareMoved(await Promise.all(busy)) > 0.4);
    assert.equal(shareMoved(await Promise.all(quiet)), 0);
  });

  it('keeps its calls when the other model would not be quicker', async () => {
    const house = twoModels(60);
    const other = Array.from({ length: 50 }, (_, i) =>
      house.call(chat(`other ${i}`, { model: 'qwen-plus' })),
    );
    await house.arrived();
    const answers = await house.all(burst(house, 40, 'call'));
    assert.deepEqual(statuses(answers), { 200: 40 });
    assert.equal(shareMoved(answers), 0);
    await house.all(other);
  });

  it('keeps the calls that may not fall back, by the word of the call or of the key', async () => {
    const house = twoModels(
      1_200,
      `keys: [{ id: test, key: ${KEY} }, { id: strict, key: strict-key-0123456789abcdef, fallback: false }]`,
    );
    const answers = await house.all([
      ...burst(house, 30, 'call', { 'x-sluice-fallback': 'off' }),
      ...burst(house, 30, 'key', { authorization: 'Bearer strict-key-0123456789abcdef' }),
    ]);
    assert.deepEqual(statuses(answers), { 200: 60 });
    assert.equal(shareMoved(answers), 0);
    assert.ok(Math.max(...answers.map(waitMs)) > 20_000);
  });
});
