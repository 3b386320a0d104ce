/** The configuration changes while calls wait: they go by the new one. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { known } from '../../src/app.ts';
import { loadConfig } from '../../src/config/load.ts';
import { burst, refusals, statuses } from './crowd.ts';
import { accounts, chat, createHouse, type House, KEY } from './house.ts';

const pool = (count: number, limits: string): string => `
${accounts(count, `qwen3-max: { limits: { ${limits} } }`)}
queue: { max_wait: 600s }
simulator: { ttft: 10ms, tokens_per_second: 100000, output_tokens: 5 }
keys: [{ id: test, key: ${KEY} }]
`;

const apply = (house: House, yaml: string): void =>
  house.app.apply(loadConfig({ path: 'test.yaml', env: {}, known, readFile: () => yaml }));

describe('calls that wait when the configuration changes', () => {
  it('start on accounts that are new', async () => {
    const house = createHouse(pool(1, 'rpm: 6'));
    const calls = burst(house, 15, 'call');
    await house.arrived();
    apply(house, pool(3, 'rpm: 6'));
    await house.clock.advance(2_000);
    assert.deepEqual(house.app.rooms.queue.lines(), [], 'eighteen a minute are enough for fifteen');
    assert.deepEqual(statuses(await house.all(calls)), { 200: 15 });
  });

  it('start as a higher limit allows, and wait as a lower one does', async () => {
    const wide = createHouse(pool(1, 'rpm: 6'));
    const soon = burst(wide, 15, 'call');
    await wide.arrived();
    apply(wide, pool(1, 'rpm: 600'));
    const answers = await wide.all(soon);
    assert.ok(Math.max(...answers.map(({ atMs }) => atMs)) < 30_000, 'not 150 s');

    const narrow = createHouse(pool(1, 'rpm: 60, rps: 1'));
    const late = burst(narrow, 30, 'call');
    await narrow.arrived();
    await narrow.clock.advance(5_000);
    apply(narrow, pool(1, 'rpm: 6'));
    assert.deepEqual(statuses(await narrow.all(late, 1_200_000)), { 200: 30 });
    assert.equal(refusals(narrow.simulator.stats()), 0);
  });

  it('are bounded like those that come from elsewhere: a full line of the fallback is full for them, too', async () => {
    const yaml = `
${accounts(1, 'qwen3-max: { limits: { rpm: 6 } }, qwen-plus: { limits: { rpm: 6 } }')}
queue: { max_wait: 600s, max_length: 5 }
models: { qwen3-max: { fallbacks: [qwen-plus] } }
simulator: { ttft: 10ms, tokens_per_second: 100000, output_tokens: 5 }
keys: [{ id: test, key: ${KEY}, limits: { rpm: 100000 } }]
`;
    const house = createHouse(yaml);
    const calls = Array.from({ length: 80 }, (_, i) => house.call(chat(`call ${i}`)));
    await house.arrived();
    await house.clock.advance(100);
    for (const { line, length } of house.app.rooms.queue.lines()) assert.ok(length <= 5, `${line} ${length}`);
    const answers = await house.all(calls);
    assert.ok(answers.some(({ status }) => status === 503));
  });
});
