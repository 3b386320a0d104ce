/** What a waiting client may ask for, and what it is told. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { accounts, chat, createHouse } from './house.ts';

const ONE_A_SECOND = `
${accounts(1, 'qwen3-max: { limits: { rpm: 60, rps: 1 } }')}
queue: { max_wait: 50s, max_wait_stream: 300s, max_length: 100 }
simulator: { ttft: 0ms, tokens_per_second: 100000, output_tokens: 5 }
`;

const errorOf = (json: { readonly [key: string]: unknown } | undefined) =>
  json?.['error'] as { message: string; type: string; code: string };

const ONE_AT_A_TIME = `
${accounts(1, 'qwen3-max: { limits: { rpm: off, tpm: off, concurrency: 1 } }')}
queue: { max_wait: 50s, max_wait_stream: 300s, max_length: 100 }
simulator: { ttft: 2000ms, tokens_per_second: 100000, output_tokens: 5 }
`;

describe('the longest wait', () => {
  it('is refused at once when the wait foreseen is longer, with the time to come back', async () => {
    const house = createHouse(ONE_A_SECOND);
    const answers = await house.all(
      Array.from({ length: 40 }, (_, i) => house.call(chat(`call ${i}`), { 'x-sluice-max-wait': '20' })),
    );
    const served = answers.filter(({ status }) => status === 200);
    const atOnce = answers.filter(({ status, atMs }) => status === 503 && atMs < 50);
    // What the first calls teach of the network makes them a little slower than was foreseen.
    assert.ok(
      served.length >= 17 && served.length + atOnce.length >= 36,
      `${served.length}, ${atOnce.length}`,
    );
    assert.ok(atOnce.length >= 17, `${atOnce.length} at once`);
    for (const { json, headers } of atOnce) {
      assert.equal(errorOf(json).code, 'queue_timeout');
      assert.match(errorOf(json).message, /would have to wait for about 2\d\.\d s, longer than the 20\.0 s/);
      assert.ok(Number(headers['retry-after']) >= 1 && Number(headers['retry-after']) <= 8);
    }
  });

  it('of one call is what it asks for, in seconds', async () => {
    // One at a time and nobody knows how long: no wait can be foreseen.
    const house = createHouse(ONE_AT_A_TIME);
    const filling = Array.from({ length: 20 }, (_, i) => house.call(chat(`call ${i}`)));
    const bounded = house.call(chat('in a hurry'), { 'x-sluice-max-wait': '2' });
    const answer = await house.one(bounded);
    assert.equal(answer.status, 503);
    assert.equal(errorOf(answer.json).code, 'queue_timeout');
    assert.ok(answer.atMs >= 1_900 && answer.atMs <= 2_100, `after ${answer.atMs} ms`);
    assert.ok(Number(answer.headers['retry-after']) >= 1 && Number(answer.headers['retry-after']) <= 60);
    assert.equal(answer.headers['x-sluice-limit'], 'pool');
    const rest = await house.all(filling);
    assert.ok(rest.every(({ status }) => status === 200));
  });

  it('of a plain call is the configured one', async () => {
    const house = createHouse(ONE_A_SECOND);
    const answers = await house.all(Array.from({ length: 60 }, (_, i) => house.call(chat(`call ${i}`))));
    const refused = answers.filter(({ status }) => status === 503);
    assert.ok(refused.length >= 9 && refused.length <= 13, `${refused.length} refused`);
    assert.ok(answers.every(({ atMs }) => atMs <= 50_500));
  });

  it('written wrong is a clear error', async () => {
    const house = createHouse(ONE_A_SECOND);
    const answer = await house.one(house.call(chat('call'), { 'x-sluice-max-wait': 'soon' }));
    assert.equal(answer.status, 400);
    assert.match(errorOf(answer.json).message, /x-sluice-max-wait: expected seconds/);
  });
});

describe('a call that asks not to wait', () => {
  it('is refused at once with a 429 that is marked as ours', async () => {
    const house = createHouse(ONE_A_SECOND);
    const first = house.call(chat('first'));
    const answer = await house.one(house.call(chat('second'), { 'x-sluice-on-limit': 'reject' }));
    assert.equal(answer.status, 429);
    assert.ok(answer.atMs < 10, `after ${answer.atMs} ms`);
    assert.equal(answer.headers['x-sluice-limit'], 'pool');
    assert.equal(errorOf(answer.json).type, 'rate_limit_error');
    assert.ok(Number(answer.headers['retry-after']) >= 1);
    assert.equal((await house.one(first)).status, 200);
    assert.equal(house.simulator.stats().requests, 1);
  });

  it('is served when there is room', async () => {
    const house = createHouse(ONE_A_SECOND);
    const answer = await house.one(house.call(chat('only'), { 'x-sluice-on-limit': 'reject' }));
    assert.equal(answer.status, 200);
  });
});

describe('a full queue', () => {
  it('refuses the next call at once', async () => {
    const house = createHouse(ONE_A_SECOND.replace('max_length: 100', 'max_length: 5'));
    const calls = Array.from({ length: 10 }, (_, i) => house.call(chat(`call ${i}`)));
    const answers = await house.all(calls);
    assert.equal(answers.filter(({ status }) => status === 200).length, 6);
    const refused = answers.filter(({ status }) => status === 503);
    assert.equal(refused.length, 4);
    assert.ok(refused.every(({ atMs, json }) => atMs < 10 && errorOf(json).code === 'queue_full'));
  });
});

describe('a stream that waits', () => {
  it('gets its 200 and a comment with place and time within 10 s and every 10 s', async () => {
    const house = createHouse(ONE_A_SECOND);
    const filling = Array.from({ length: 35 }, (_, i) => house.call(chat(`call ${i}`)));
    const answer = await house.one(house.call(chat('patient', { stream: true })));
    await house.all(filling);
    const comments = answer.text.split('\n\n').filter((event) => event.startsWith(': queued'));
    assert.equal(comments.length, 3);
    for (const comment of comments)
      assert.match(comment, /^: queued position=\d+ eta=\d+\.\ds deadline=\d+\.\ds$/);
    const positions = comments.map((comment) => Number(/position=(\d+)/.exec(comment)?.[1]));
    assert.deepEqual(
      positions,
      positions.toSorted((a, b) => b - a),
    );
    const etas = comments.map((comment) => Number(/eta=([\d.]+)/.exec(comment)?.[1]));
    assert.ok(Math.abs((etas[0] ?? 0) - 26) < 3, `first eta ${etas[0]}`);
    assert.match(answer.text, /x-sluice-channel=a\/qwen3-max/);
    assert.ok(answer.text.endsWith('data: [DONE]\n\n'));
  });

  it('that outlives its deadline ends with an error in the stream', async () => {
    const house = createHouse(ONE_AT_A_TIME.replace('ttft: 2000ms', 'ttft: 30s'));
    const filling = [house.call(chat('slow'))];
    await house.arrived();
    const late = house.call(chat('late', { stream: true }), { 'x-sluice-max-wait': '25' });
    await house.arrived();
    const answer = await house.one(late);
    await house.all(filling);
    assert.equal(answer.status, 200);
    assert.match(
      answer.text.trimEnd().split('\n\n').at(-1) ?? '',
      /^data: \{"error":.*"code":"queue_timeout"/,
    );
    assert.doesNotMatch(answer.text, /\[DONE\]/);
  });
});

describe("a key's own limit", () => {
  const withKeys = (onLimit: string): string => `${ONE_A_SECOND.replace('rpm: 60, rps: 1', 'rpm: 6000')}
keys: [{ id: small, key: test-key-0123456789abcdef, limits: { rpm: 3 }, on_limit: ${onLimit} }]
`;

  it('refuses with a 429 of our own when it shall, and asks no upstream', async () => {
    const house = createHouse(withKeys('reject'));
    const answers = await house.all(Array.from({ length: 5 }, (_, i) => house.call(chat(`call ${i}`))));
    assert.deepEqual(answers.map(({ status }) => status).toSorted(), [200, 200, 200, 429, 429]);
    const refused = answers.find(({ status }) => status === 429);
    assert.equal(refused?.headers['x-sluice-limit'], 'key');
    assert.equal(errorOf(refused?.json).code, 'rate_limit_exceeded');
    assert.equal(house.simulator.stats().requests, 3);
  });

  it('makes the calls wait when it shall', async () => {
    const house = createHouse(withKeys('queue').replace('max_wait: 50s', 'max_wait: 100s'));
    const answers = await house.all(Array.from({ length: 5 }, (_, i) => house.call(chat(`call ${i}`))));
    assert.ok(answers.every(({ status }) => status === 200));
    assert.ok(Math.max(...answers.map(({ atMs }) => atMs)) > 59_000);
  });
});

describe('a call larger than every limit', () => {
  it('is refused at once by name, and neither queued nor sent (scenario 8)', async () => {
    const house = createHouse(`${accounts(2, 'qwen3-max: { limits: { tpm: 1000 } }')}`);
    const answer = await house.one(house.call(chat('word '.repeat(20_000))));
    assert.equal(answer.status, 400);
    assert.match(errorOf(answer.json).message, /tpm/);
    assert.equal(answer.headers['x-should-retry'], 'false');
    assert.equal(house.simulator.stats().requests, 0);
    assert.ok(answer.atMs < 10);
  });
});
