/** Scenario 11: a line that is shared by keys, weights and priorities, so that nobody can take it and nobody starves. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type Arrival,
  arrivals,
  bearer,
  burst,
  callIn,
  quantile,
  statuses,
  steadily,
  waitMs,
} from './crowd.ts';
import { type Answer, accounts, chat, createHouse, type House } from './house.ts';

const keyOf = (id: string) => bearer(`key-of-${id}-0123456789`);

/** A key of each name, with more of its settings behind it in YAML. */
const keys = (settings: Readonly<Record<string, string>>): string =>
  `keys:\n${Object.entries(settings)
    .map(([id, more]) => `  - { id: ${id}, key: key-of-${id}-0123456789${more === '' ? '' : `, ${more}`} }`)
    .join('\n')}\n`;

/** One account that starts so many calls a second, warm from the first. */
const pool = (rps: number): string => `
${accounts(1, `qwen3-max: { limits: { rpm: ${rps * 60}, rps: ${rps}, ramp: off } }`)}
queue: { max_wait: 1200s }
simulator: { ttft: 100ms, tokens_per_second: 1000, output_tokens: 20 }
`;

/** Whose calls started, counted by the first word of what they say. */
function shares(seen: readonly Arrival[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { text } of seen) {
    const name = text.split(' ')[0] ?? '';
    counts[name] = (counts[name] ?? 0) + 1 / seen.length;
  }
  return counts;
}

const crowd = (house: House, names: readonly string[], each: number): Promise<Answer>[] =>
  names.flatMap((name) => burst(house, each, name, keyOf(name)));

describe('a key with 500 calls in line, and another with one every 5 s (scenario 11)', () => {
  it('share one start a second: the small one hardly waits, the large one gets the rest', async () => {
    const house = createHouse(`${pool(1)}${keys({ many: '', few: '' })}`);
    const seen = arrivals(house);
    const many = burst(house, 500, 'many', keyOf('many'));
    await house.arrived();
    const few = steadily(house, { count: 100, everyMs: 5_000, fromMs: 1_000 }, (i) => ({
      body: chat(`few ${i}`),
      headers: keyOf('few'),
    }));
    const answers = await house.all(few, 1_200_000);
    const together = shares(seen);
    assert.deepEqual(statuses(answers), { 200: 100 });
    const p95 = quantile(answers.map(waitMs), 0.95);
    assert.ok(p95 <= 3_000, `p95 ${p95} ms`);
    assert.ok((together['many'] ?? 0) >= 0.75, `${together['many']}`);
    assert.deepEqual(statuses(await house.all(many, 1_200_000)), { 200: 500 });
  });
});

describe('a crowded line', () => {
  it('gives batch a twentieth or more beside the others, and nobody waits for longer than allowed', async () => {
    const house = createHouse(
      `${pool(5)}${keys({ eager: 'priority: interactive', usual: '', batch: 'priority: batch' })}`.replace(
        '1200s',
        '120s',
      ),
    );
    const seen = arrivals(house);
    const calls = crowd(house, ['eager', 'usual', 'batch'], 400);
    await house.arrived();
    await house.clock.advance(80_000);
    const { eager = 0, usual = 0, batch = 0 } = shares(seen);
    const one = 1 / seen.length;
    assert.ok(batch >= 0.05 - one, `batch ${batch}`);
    assert.ok(usual >= 0.2 - one && eager >= 0.7, `usual ${usual}, eager ${eager}`);
    const answers = await house.all(calls);
    assert.ok(Math.max(...answers.map(waitMs)) <= 120_000);
    for (const { status, headers } of answers)
      assert.ok(status === 200 || headers['retry-after'] !== undefined, String(status));
  });

  it('is shared by the weights of the keys', async () => {
    const house = createHouse(`${pool(5)}${keys({ one: 'weight: 1', three: 'weight: 3' })}`);
    const seen = arrivals(house);
    const calls = crowd(house, ['one', 'three'], 250);
    await house.arrived();
    await house.clock.advance(50_000);
    const { three = 0 } = shares(seen);
    assert.ok(Math.abs(three - 0.75) < 0.02, `${three}`);
    assert.deepEqual(statuses(await house.all(calls)), { 200: 500 });
  });

  it('lets a call ask for less than its key has, and never for more', async () => {
    const house = createHouse(`${pool(2)}${keys({ eager: 'priority: interactive', usual: '' })}`);
    const seen = arrivals(house);
    const calls = [
      ...burst(house, 40, 'eager', keyOf('eager')),
      ...burst(house, 40, 'modest', { ...keyOf('eager'), 'x-sluice-priority': 'batch' }),
      ...burst(house, 40, 'usual', keyOf('usual')),
      ...burst(house, 40, 'pushing', { ...keyOf('usual'), 'x-sluice-priority': 'interactive' }),
    ];
    await house.arrived();
    await house.clock.advance(25_000);
    const { eager = 0, modest = 0, usual = 0, pushing = 0 } = shares(seen);
    assert.ok(eager > 0.7, `eager ${eager}`);
    assert.ok(modest < 0.08, `modest ${modest}`);
    assert.ok(usual + pushing > 0.15 && usual + pushing < 0.25, `usual ${usual}, pushing ${pushing}`);
    assert.deepEqual(statuses(await house.all(calls)), { 200: 160 });
    const wrong = await house.one(
      house.call(chat('call'), { ...keyOf('usual'), 'x-sluice-priority': 'urgent' }),
    );
    assert.equal(wrong.status, 400);
  });

  it('is not felt by the small keys when a greedy one asks for three times what there is', async () => {
    const small = ['p', 'q', 'r', 's'];
    const house = createHouse(
      `${pool(10)}${keys({ greedy: '', ...Object.fromEntries(small.map((name) => [name, ''])) })}`.replace(
        '1200s',
        '50s',
      ),
    );
    const greedy = steadily(house, { count: 1_200, everyMs: 33 }, (i) => ({
      body: chat(`greedy ${i}`),
      headers: keyOf('greedy'),
    }));
    const others = small.flatMap((name, n) =>
      steadily(house, { count: 30, everyMs: 1_300, fromMs: 150 * n }, (i) => ({
        body: chat(`${name} ${i}`),
        headers: keyOf(name),
      })),
    );
    const answers = await house.all(others);
    assert.deepEqual(statuses(answers), { 200: 120 });
    const p99 = quantile(answers.map(waitMs), 0.99);
    assert.ok(p99 <= 1_500, `p99 ${p99} ms`);
    for (const { status, headers } of await house.all(greedy))
      assert.ok(status === 200 || (status === 503 && Number(headers['retry-after']) <= 60));
  });
});

describe('a plain call behind a hundred streams of its own key', () => {
  it('has less time than they and goes first, and so is not refused for a wait that it will not have', async () => {
    const house = createHouse(
      `${pool(1).replace('max_wait: 1200s', 'max_wait: 50s, max_wait_stream: 300s')}${keys({ one: '' })}`,
    );
    const streams = Array.from({ length: 100 }, (_, i) =>
      house.call(chat(`stream ${i}`, { stream: true }), keyOf('one')),
    );
    await house.arrived();
    const plain = await house.one(callIn(house, 1_000, chat('plain'), keyOf('one')));
    assert.equal(plain.status, 200);
    assert.ok(waitMs(plain) <= 2_000, `waited ${waitMs(plain)} ms`);
    assert.deepEqual(statuses(await house.all(streams)), { 200: 100 });
  });
});
