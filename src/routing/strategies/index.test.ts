import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSeededRandom } from '../../base/seeded-random.ts';
import { earliestStart } from './earliest-start.ts';
import { strategies, strategyOf } from './index.ts';
import { candidateOf, strategySuite } from './strategy.suite.ts';
import { weighted } from './weighted.ts';

for (const strategy of strategies) strategySuite(strategy);

test('every strategy is found by its id, which is its own', () => {
  assert.equal(new Set(strategies.map(({ id }) => id)).size, strategies.length);
  for (const strategy of strategies) assert.equal(strategyOf(strategy.id), strategy);
  assert.equal(strategyOf('no-such-strategy'), earliestStart);
});

test('earliest-start takes the soonest, then the emptiest, then the heaviest, then the name', () => {
  const given = [
    candidateOf('late', { startsAtMs: 5 }),
    candidateOf('z'),
    candidateOf('full', { load: 0.9, weight: 9 }),
    candidateOf('heavy', { weight: 3 }),
    candidateOf('a'),
  ];
  const order: string[] = [];
  while (given.length > 0) {
    const first = earliestStart.first(given, () => 0.5);
    order.push(first.channel.id);
    given.splice(given.indexOf(first), 1);
  }
  assert.deepEqual(order, ['heavy', 'a', 'z', 'full', 'late']);
});

test('weighted is first as often as the weights say', () => {
  const random = createSeededRandom(11);
  const given = [
    candidateOf('a', { weight: 1 }),
    candidateOf('b', { weight: 2 }),
    candidateOf('c', { weight: 5 }),
  ];
  const first = { a: 0, b: 0, c: 0 };
  const runs = 20_000;
  for (let i = 0; i < runs; i++) first[weighted.first(given, random).channel.id as 'a' | 'b' | 'c']++;
  const near = (count: number, share: number): void =>
    assert.ok(Math.abs(count / runs - share) < 0.015, `${count}`);
  near(first.a, 1 / 8);
  near(first.b, 2 / 8);
  near(first.c, 5 / 8);
});
