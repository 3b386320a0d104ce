/** A channel that an operator pauses or drains: no attempt begins there, what runs goes on, and others serve. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { known } from '../../src/app.ts';
import type { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { ChannelState } from '../../src/domain/channel.ts';
import { accounts, chat, createHouse, type House, KEY } from './house.ts';

const POOL = `
${accounts(2, 'qwen3-max: { limits: { rpm: 6000 } }, qwen-plus: {}')}
models: { qwen3-max: { fallbacks: [qwen-plus] } }
queue: { max_wait: 600s }
simulator: { ttft: 100ms, tokens_per_second: 10, output_tokens: 50 }
keys: [{ id: test, key: ${KEY} }, { id: strict, key: ${KEY}-strict, fallback: false }]
`;

const STRICT = { authorization: `Bearer ${KEY}-strict` };
const FILE = loadConfig({ path: 'test.yaml', env: {}, known, readFile: () => POOL });

const withStates = (states: Readonly<Record<string, ChannelState>>): Config => ({
  ...FILE,
  channels: Object.entries(states).map(([id, state]) => ({ id, state, limits: {} })),
});

const attemptsOn = (house: House, id: string): number => house.simulator.stats(id).requests;

for (const state of ['paused', 'draining'] as const)
  describe(`a channel that is ${state}`, () => {
    it('gets no attempt while the others serve, and the next one once it is active', async () => {
      const house = createHouse(POOL);
      house.app.apply(withStates({ 'a/qwen3-max': state }));
      const answers = await house.all(Array.from({ length: 20 }, (_, i) => house.call(chat(`call ${i}`))));
      assert.deepEqual(
        answers.map(({ status, headers }) => `${status} ${headers['x-sluice-channel']}`),
        Array(20).fill('200 b/qwen3-max'),
      );
      assert.equal(attemptsOn(house, 'a'), 0);
      const view = house.app.front.liveLimits().find(({ channel }) => channel === 'a/qwen3-max');
      assert.match(view?.notes.join() ?? '', new RegExp(`Takes no calls .*\\(${state}\\)`));

      house.app.apply(withStates({ 'a/qwen3-max': 'active' }));
      await house.all(Array.from({ length: 20 }, (_, i) => house.call(chat(`again ${i}`))));
      assert.ok(attemptsOn(house, 'a') > 0);
    });

    it('ends what runs on it', async () => {
      const house = createHouse(POOL);
      house.app.apply(withStates({ 'b/qwen3-max': 'paused' }));
      const streams = Array.from({ length: 5 }, (_, i) => house.call(chat(`call ${i}`, { stream: true })));
      await house.arrived();
      await house.clock.advance(1_000);
      house.app.apply(withStates({ 'a/qwen3-max': state }));
      for (const { status, text, headers } of await house.all(streams)) {
        assert.equal(`${status} ${headers['x-sluice-channel']}`, '200 a/qwen3-max');
        assert.match(text, /"finish_reason":"stop"[\s\S]*\[DONE\]/);
      }
    });

    it('is another model’s chance where no channel of its own is left, and else a clear refusal at once', async () => {
      const house = createHouse(POOL);
      house.app.apply(withStates({ 'a/qwen3-max': state, 'b/qwen3-max': state }));
      const fallen = await house.one(house.call(chat('a call that may')));
      assert.equal(fallen.headers['x-sluice-channel']?.split('/')[1], 'qwen-plus');
      const refused = await house.one(house.call(chat('a call that may not'), STRICT));
      assert.equal(refused.status, 503);
      assert.ok(refused.atMs - fallen.atMs < 1_000);
      const error = refused.json?.['error'] as { code: string; message: string };
      assert.equal(error.code, 'pool_exhausted');
      assert.match(error.message, new RegExp(`taken out of service \\(${state}\\) until somebody acts`));
      assert.equal(refused.headers['x-should-retry'], 'false');
    });
  });

describe('calls in line', () => {
  const narrow = loadConfig({
    path: 'test.yaml',
    env: {},
    known,
    readFile: () => POOL.replaceAll('rpm: 6000', 'rpm: 6'),
  });
  const withOnly = (id: string, state: ChannelState): Config => ({
    ...narrow,
    channels: [
      { id: 'b/qwen3-max', state: 'paused', limits: {} },
      { id, state, limits: {} },
    ],
  });

  it('are refused when the last channel is paused, and start at once on one that is active again', async () => {
    const house = createHouse(POOL);
    house.app.apply(withOnly('a/qwen3-max', 'active'));
    const calls = Array.from({ length: 12 }, (_, i) => house.call(chat(`call ${i}`), STRICT));
    await house.arrived();
    await house.clock.advance(1_000);
    house.app.apply({ ...narrow, channels: [] });
    await house.clock.advance(2_000);
    assert.deepEqual(house.app.rooms.queue.lines(), [], 'two accounts take twelve');
    assert.deepEqual(new Set((await house.all(calls)).map(({ status }) => status)), new Set([200]));

    house.app.apply(withOnly('a/qwen3-max', 'active'));
    const more = Array.from({ length: 12 }, (_, i) => house.call(chat(`more ${i}`), STRICT));
    await house.arrived();
    house.app.apply(withOnly('a/qwen3-max', 'paused'));
    const refused = (await house.all(more)).filter(({ status }) => status === 503);
    assert.ok(refused.length >= 6);
    for (const { json } of refused) assert.match(JSON.stringify(json), /taken out of service/);
  });
});
