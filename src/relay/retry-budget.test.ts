import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createRetryBudget } from './retry-budget.ts';

test('ten retries a minute are always allowed, and the eleventh waits for the first to be a minute old', () => {
  const budget = createRetryBudget(() => 0.2);
  for (let i = 0; i < 10; i++) {
    assert.equal(budget.freeAt(5_000 + i * 100), 5_000 + i * 100);
    budget.again(5_000 + i * 100);
  }
  assert.equal(budget.freeAt(6_000), 65_000);
  assert.equal(budget.freeAt(64_999), 65_000);
  assert.equal(budget.freeAt(65_000), 65_000);
});

test('beyond that they are a share of the calls of the last minute', () => {
  const budget = createRetryBudget(() => 0.2);
  for (let i = 0; i < 100; i++) budget.first(1_000);
  let retries = 0;
  for (; budget.freeAt(1_500) === 1_500; retries++) budget.again(1_500);
  assert.equal(retries, 20);
  for (let i = 0; i < 5; i++) budget.first(2_000);
  assert.equal(budget.freeAt(2_000), 2_000, 'five calls more are one retry more');
});

test('the share may change while it runs', () => {
  let share = 0.2;
  const budget = createRetryBudget(() => share);
  for (let i = 0; i < 100; i++) budget.first(0);
  for (let i = 0; i < 20; i++) budget.again(0);
  assert.notEqual(budget.freeAt(1), 1);
  share = 0.5;
  assert.equal(budget.freeAt(1), 1);
});

test('whatever comes when, no minute holds more retries than it may, and the moment told is right', () => {
  const moves = fc.array(fc.tuple(fc.integer({ min: 0, max: 4_000 }), fc.boolean()), { maxLength: 300 });
  fc.assert(
    fc.property(moves, (all) => {
      const budget = createRetryBudget(() => 0.2);
      const firsts: number[] = [];
      const retries: number[] = [];
      const inMinute = (list: number[], nowMs: number): number =>
        list.filter((atMs) => Math.floor(atMs / 1_000) > Math.floor(nowMs / 1_000) - 60).length;
      let nowMs = 0;
      for (const [passedMs, isRetry] of all) {
        nowMs += passedMs;
        if (!isRetry) {
          budget.first(nowMs);
          firsts.push(nowMs);
          continue;
        }
        const most = Math.max(10, Math.floor(0.2 * inMinute(firsts, nowMs)));
        const freeAtMs = budget.freeAt(nowMs);
        assert.equal(freeAtMs <= nowMs, inMinute(retries, nowMs) < most);
        if (freeAtMs > nowMs) {
          assert.ok(freeAtMs - nowMs <= 60_000);
          continue;
        }
        budget.again(nowMs);
        retries.push(nowMs);
      }
    }),
  );
});
