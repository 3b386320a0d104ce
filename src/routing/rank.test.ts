import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rank } from './rank.ts';
import { earliestStart } from './strategies/earliest-start.ts';
import { candidateOf } from './strategies/strategy.suite.ts';
import type { Candidate } from './strategy.ts';

const ranked = (candidates: readonly Candidate[], strategy = earliestStart): string[] =>
  rank(candidates, { strategy, nowMs: 100, random: () => 0.5 }).map(({ channel }) => channel.id);

test('those that can start now come by tier, however full a low tier is', () => {
  assert.deepEqual(
    ranked([
      candidateOf('c', { tier: 3 }),
      candidateOf('a', { tier: 1, load: 0.99 }),
      candidateOf('b', { tier: 2 }),
    ]),
    ['a', 'b', 'c'],
  );
});

test('a saturated low tier falls through to the next, and comes after it', () => {
  assert.deepEqual(
    ranked([candidateOf('low', { startsAtMs: 101 }), candidateOf('high', { tier: 2, startsAtMs: 100 })]),
    ['high', 'low'],
  );
});

test('those that must wait come soonest first, then by tier, the endless last', () => {
  const waiting = [
    candidateOf('never', { startsAtMs: Infinity, tier: 2 }),
    candidateOf('never too', { startsAtMs: Infinity, tier: 1 }),
    candidateOf('late', { startsAtMs: 900 }),
    candidateOf('soon, high', { startsAtMs: 200, tier: 5 }),
    candidateOf('soon', { startsAtMs: 200 }),
  ];
  assert.deepEqual(ranked(waiting), ['soon', 'soon, high', 'late', 'never too', 'never']);
});

test('the strategy orders one tier at a time and sees nobody who must wait', () => {
  const seen: string[][] = [];
  const spy = {
    id: 'spy',
    order: (candidates: readonly Candidate[]) => {
      seen.push(candidates.map(({ channel }) => channel.id));
      return candidates.toReversed();
    },
  };
  const given = [
    candidateOf('b1', { tier: 2 }),
    candidateOf('a1'),
    candidateOf('wait', { startsAtMs: 300 }),
    candidateOf('a2'),
    candidateOf('b2', { tier: 2 }),
  ];
  assert.deepEqual(ranked(given, spy), ['a2', 'a1', 'b2', 'b1', 'wait']);
  assert.deepEqual(seen, [
    ['a1', 'a2'],
    ['b1', 'b2'],
  ]);
  assert.deepEqual(ranked([]), []);
});
