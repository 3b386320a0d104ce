/** The heart of it: more calls than quota, and nobody is refused. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { accounts, chat, createHouse } from './house.ts';

const refusals = (refused: Readonly<Partial<Record<string, number>>>): number =>
  Object.values(refused).reduce<number>((sum, count) => sum + (count ?? 0), 0);

describe('a burst far above the quota of a pool', () => {
  it('is answered whole, in the time that the quota takes, without one refusal anywhere', async () => {
    const house = createHouse(`
${accounts(3, 'qwen3-max: { limits: { rpm: 60, rps: 1 } }')}
queue: { max_wait: 180s }
simulator: { ttft: 100ms, tokens_per_second: 1000, output_tokens: 20 }
`);
    const answers = await house.all(Array.from({ length: 180 }, (_, i) => house.call(chat(`call ${i}`))));
    assert.deepEqual(
      answers.map(({ status }) => status),
      Array.from({ length: 180 }, () => 200),
    );
    const stats = house.simulator.stats();
    assert.equal(refusals(stats.refused), 0);
    assert.equal(stats.requests, 180);
    const lastMs = Math.max(...answers.map(({ atMs }) => atMs));
    assert.ok(lastMs >= 58_000 && lastMs <= 75_000, `took ${lastMs} ms`);
    for (const id of ['a', 'b', 'c']) assert.equal(house.simulator.stats(id).admitted, 60);
  });

  it('starts the calls of one key in the order of their arrival', async () => {
    const house = createHouse(`
${accounts(2, 'qwen3-max: { limits: { rpm: 60, rps: 1 } }')}
queue: { max_wait: 180s }
simulator: { ttft: 0ms, tokens_per_second: 100000, output_tokens: 5 }
`);
    const answers = await house.all(Array.from({ length: 60 }, (_, i) => house.call(chat(`call ${i}`))));
    const waits = answers.map(({ headers }) => Number(headers['x-sluice-queue-ms']));
    assert.deepEqual(
      waits,
      waits.toSorted((a, b) => a - b),
    );
    assert.ok((waits.at(-1) ?? 0) > 25_000);
  });

  it('keeps to one account of 60 rpm and 1 rps (scenario 1)', async () => {
    const house = createHouse(`
${accounts(1, 'qwen3-max: { limits: { rpm: 60, rps: 1 } }')}
simulator: { ttft: 100ms, tokens_per_second: 1000, output_tokens: 20 }
`);
    const answers = await house.all(
      Array.from({ length: 120 }, (_, i) => house.call(chat(`call ${i}`), { 'x-sluice-max-wait': '180' })),
    );
    assert.ok(answers.every(({ status }) => status === 200));
    assert.equal(refusals(house.simulator.stats().refused), 0);
    const lastMs = Math.max(...answers.map(({ atMs }) => atMs));
    assert.ok(lastMs >= 115_000 && lastMs <= 135_000, `took ${lastMs} ms`);
  });

  it('honours tokens per minute as well, and uses most of them', async () => {
    const house = createHouse(`
${accounts(1, 'qwen3-max: { limits: { rpm: 6000, rps: off, tpm: 30000, tps: off } }')}
queue: { max_wait: 3600s }
simulator: { ttft: 100ms, tokens_per_second: 2000, output_tokens: 300 }
`);
    const answers = await house.all(
      Array.from({ length: 200 }, (_, i) => house.call(chat(`${i} ${'word '.repeat(100 + (i % 7) * 60)}`))),
      3_600_000,
    );
    assert.ok(answers.every(({ status }) => status === 200));
    const stats = house.simulator.stats();
    assert.equal(refusals(stats.refused), 0);
    const lastMs = Math.max(...answers.map(({ atMs }) => atMs));
    const share = (stats.promptTokens + stats.outputTokens) / ((lastMs / 60_000 + 1) * 30_000);
    assert.ok(share > 0.7, `used ${Math.round(share * 100)} % of the tokens per minute`);
  });

  it('leaves every permit and line empty afterwards', async () => {
    const house = createHouse(`
${accounts(3, 'qwen3-max: { limits: { rpm: 60, rps: 1, concurrency: 2 } }')}
queue: { max_wait: 180s }
simulator: { ttft: 100ms, tokens_per_second: 1000, output_tokens: 20 }
`);
    await house.all(Array.from({ length: 60 }, (_, i) => house.call(chat(`call ${i}`))));
    assert.equal(house.app.rooms.limiter.open(), 0);
    assert.equal(house.app.store.openSlots(), 0);
    assert.deepEqual(house.app.rooms.queue.lines(), []);
    assert.equal(house.app.server.active(), 0);
    assert.equal(house.clock.pending(), 0);
  });
});
