/** Scenario 18: a client that leaves, and what becomes of its answer and of its bill. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { leaver } from './crowd.ts';
import { accounts, chat, createHouse, type House } from './house.ts';

/** An answer of 4,000 tokens at a hundred a second. */
const config = (policy: string, rest = ''): string => `
${accounts(1, 'qwen3-max: { limits: { rpm: 600, concurrency: 1 } }').replace('provider', `on_client_gone: ${policy}, provider`)}
simulator: { ttft: 2s, tokens_per_second: 100, output_tokens: 4000 }
${rest}`;

const storiesOf = (house: House) => house.log.filter(({ msg }) => msg === 'call');

/** One stream whose client leaves after so long; then ten minutes pass. */
async function leaving(policy: string, leavesAfterMs: number, maxTokens = 4_000) {
  const house = createHouse(config(policy));
  const body = JSON.stringify(chat('Tell me a long story.', { stream: true, max_tokens: maxTokens }));
  const client = leaver(house, body);
  await house.arrived();
  await house.clock.advance(leavesAfterMs);
  client.leave();
  await client.left;
  const openAfterMs = async (): Promise<number> => {
    const startMs = house.clock.now();
    while (house.app.rooms.limiter.open() > 0 && house.clock.now() - startMs < 600_000)
      await house.clock.advance(100);
    return house.clock.now() - startMs;
  };
  const endedMs = await openAfterMs();
  await house.clock.advance(600_000);
  const [story, ...others] = storiesOf(house);
  assert.deepEqual(others, [], 'one row');
  assert.equal(house.simulator.stats().requests, 1, 'and no attempt after it');
  assert.equal(house.app.rooms.limiter.open(), 0);
  assert.equal(house.clock.pending(), 0);
  return { house, story, endedMs, usage: story?.['usage'] as { output: number; source: string } | undefined };
}

describe('a client that leaves', () => {
  it('under cancel closes the connection to the provider within a second, wherever the answer was', async () => {
    for (const afterMs of [500, 3_000, 10_000]) {
      const { endedMs, story } = await leaving('cancel', afterMs);
      assert.ok(endedMs <= 1_000, `${endedMs} ms after leaving at ${afterMs}`);
      assert.equal(story?.['end'], 'client_gone');
    }
  });

  it('under cancel pays for its prompt and what it was given, before the first content for nothing', async () => {
    const before = await leaving('cancel', 500);
    assert.equal(before.usage, undefined);
    const { usage } = await leaving('cancel', 12_000);
    assert.equal(usage?.source, 'estimated');
    // A thousand tokens were written in ten seconds; the estimate is one by characters.
    assert.ok(usage !== undefined && usage.output > 500 && usage.output < 2_000, `${usage?.output}`);
  });

  it('under drain is read on to the end, and pays what the provider says', async () => {
    for (const afterMs of [500, 5_000]) {
      const { usage, story, endedMs } = await leaving('drain(30s)', afterMs, 1_000);
      assert.equal(story?.['end'], 'client_gone');
      assert.equal(usage?.source, 'upstream', `${afterMs}`);
      assert.equal(usage?.output, 1_000);
      assert.ok(endedMs <= 12_000 - afterMs + 1_000, `${endedMs}`);
    }
  });

  it('under drain is read on for no longer than that, and pays for what it was given', async () => {
    const { usage, endedMs } = await leaving('drain(30s)', 5_000);
    assert.ok(endedMs >= 29_900 && endedMs <= 30_200, `${endedMs}`);
    assert.equal(usage?.source, 'estimated');
    assert.ok(usage !== undefined && usage.output < 600, `${usage?.output} for 300 tokens delivered`);
  });

  it('while its plain answer is put together, is read on or not by the same rule', async () => {
    for (const [policy, source] of [
      ['cancel', 'estimated'],
      ['drain(30s)', 'upstream'],
    ] as const) {
      const house = createHouse(config(policy));
      const client = leaver(house, JSON.stringify(chat('A plain story.', { max_tokens: 1_000 })));
      await house.arrived();
      await house.clock.advance(5_000);
      client.leave();
      await client.left;
      await house.clock.advance(60_000);
      const [story, ...others] = storiesOf(house);
      assert.deepEqual(others, []);
      assert.equal(story?.['end'], 'client_gone', policy);
      assert.equal((story?.['usage'] as { source: string } | undefined)?.source, source, policy);
      assert.equal(house.app.rooms.limiter.open(), 0);
    }
  });

  it('in line is out of it at once, asks nobody and pays nothing', async () => {
    for (const policy of ['cancel', 'drain(30s)']) {
      const house = createHouse(config(policy));
      const first = house.call(chat('The one before.', { stream: true, max_tokens: 500 }));
      await house.arrived();
      const client = leaver(house, JSON.stringify(chat('The one in line.', { stream: true })));
      await house.arrived();
      await house.clock.advance(1_000);
      client.leave();
      await client.left;
      await house.clock.advance(100);
      assert.deepEqual(house.app.front.lines(), []);
      await house.one(first);
      const gone = storiesOf(house).find(({ end }) => end === 'client_gone');
      assert.equal(gone?.['usage'], undefined);
      assert.equal(house.simulator.stats().requests, 1);
    }
  });

  it('while a refused call waits for its retry, ends it: there is no other attempt', async () => {
    for (const policy of ['cancel', 'drain(30s)']) {
      const house = createHouse(config(policy));
      house.simulator.account('a').set({ state: 'overload' });
      const client = leaver(house, JSON.stringify(chat('Busy.', { stream: true })));
      await house.arrived();
      await house.clock.advance(400);
      client.leave();
      await client.left;
      house.simulator.account('a').set({ state: 'ok' });
      await house.clock.advance(120_000);
      assert.equal(house.simulator.stats().requests, 1, policy);
      assert.equal(storiesOf(house).length, 1);
    }
  });
});
