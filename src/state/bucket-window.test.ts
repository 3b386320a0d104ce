import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { BucketWindow } from './bucket-window.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;
const T0 = 1_800_000_000_000;
const freeAt = (window: BucketWindow, amount: number, capacity: number, nowMs: number): number =>
  window.freeAt(amount, capacity, { nowMs, guardMs: 0 });

test('a bucket is a small part of its window, whatever the length', () => {
  for (const windowMs of [1_000, 2_000, 4_000, MINUTE, DAY]) {
    const { grainMs } = new BucketWindow(windowMs);
    assert.ok(grainMs <= windowMs / 500, `${grainMs} of ${windowMs}`);
    assert.ok(grainMs >= windowMs / 1_000, 'and not so small that memory is wasted');
  }
});

test('an amount leaves when the end of its bucket is older than the window', () => {
  const window = new BucketWindow(1_000);
  window.add(5, T0 + 3);
  assert.equal(freeAt(window, 1, 5, T0 + 3), T0 + 1_004);
  assert.equal(window.used(T0 + 1_003.9, 0), 5);
  assert.equal(window.used(T0 + 1_004, 0), 0);
});

test('the moment is the one at which enough has left, not all of it', () => {
  const window = new BucketWindow(1_000);
  for (const at of [0, 100, 200, 300]) window.add(10, T0 + at);
  assert.equal(freeAt(window, 10, 50, T0 + 300), T0 + 300);
  assert.equal(freeAt(window, 11, 50, T0 + 300), T0 + 1_002);
  assert.equal(freeAt(window, 30, 50, T0 + 300), T0 + 1_102);
  assert.equal(freeAt(window, 50, 50, T0 + 300), T0 + 1_302);
  assert.equal(freeAt(window, 900, 50, T0 + 300), T0 + 1_302, 'above the capacity: when it is empty');
});

test('fractions are no obstacle, and no gift', () => {
  const window = new BucketWindow(1_000);
  for (const amount of [0.1, 0.2]) window.add(amount, T0 + 100 * amount);
  assert.equal(freeAt(window, 0.3, 0.6, T0 + 20), T0 + 20);
  assert.ok(freeAt(window, 0.31, 0.6, T0 + 20) > T0 + 20);
  assert.equal(window.used(T0 + 1_100, 0), 0, 'and nothing remains of them');
});

test('what is left at a later moment is what has not left by then', () => {
  const window = new BucketWindow(1_000);
  window.add(10, T0);
  window.add(7, T0 + 500);
  assert.equal(window.leftAt(T0 + 1_001.9, 0), 17);
  assert.equal(window.leftAt(T0 + 1_002, 0), 7);
  assert.equal(window.leftAt(T0 + 1_002, 100), 17);
  assert.equal(window.leftAt(T0 + 9_000, 0), 0);
  assert.equal(window.used(T0 + 500, 0), 17, 'and looking ahead changes nothing');
});

test('the ring goes round many times without mixing up the rounds', () => {
  for (const windowMs of [1_000, MINUTE, DAY]) {
    const window = new BucketWindow(windowMs);
    const stepMs = windowMs / 7.3;
    for (let i = 0; i < 400; i++) {
      const nowMs = T0 + i * stepMs;
      window.add(1 + (i % 5), nowMs);
      let expected = 0;
      for (let k = Math.max(0, i - 7); k <= i; k++) expected += 1 + (k % 5);
      assert.equal(window.used(nowMs, 0), expected);
    }
  }
});

test('a gap longer than the ring leaves nothing behind, looked at in between or not', () => {
  for (const gap of [1.2, 2, 7, 70, 100_000])
    for (const looks of [true, false]) {
      const window = new BucketWindow(1_000);
      for (let i = 0; i < 5; i++) window.add(3, T0 + i * 400);
      const laterMs = T0 + 2_000 + gap * 7_000;
      if (looks) assert.equal(window.used(laterMs, 0), 0);
      window.add(4, laterMs);
      window.add(5, laterMs + 900);
      assert.equal(window.used(laterMs + 900, 0), 9);
      assert.equal(freeAt(window, 1, 9, laterMs + 900), laterMs + 1_002);
      assert.equal(window.used(laterMs + 1_902, 0), 0);
    }
});

test('a bound beyond the reach of the ring takes nothing away that it could still hold', () => {
  const window = new BucketWindow(1_000);
  window.add(3, T0);
  window.add(2, T0 + 6_500);
  assert.equal(window.used(T0 + 100, 0), 5);
  window.add(1, T0 + 60_000);
  assert.equal(window.used(T0 + 60_000, 0), 1);
  assert.equal(window.used(T0 + 61_002, 0), 0);
});

test('a bound earlier than those of others stands where it belongs', () => {
  const window = new BucketWindow(1_000);
  window.add(3, T0 + 380);
  window.add(4, T0 + 40);
  assert.equal(window.used(T0 + 1_042, 0), 3);
  assert.equal(window.used(T0 + 1_382, 0), 0);
});

test('an amount moves to an earlier bucket, also before all others, and never to a later one', () => {
  const window = new BucketWindow(1_000);
  const bucket = window.add(3, T0 + 380);
  const moved = window.move(bucket, 3, T0 + 40);
  assert.equal(window.move(moved, 3, T0 + 700), moved);
  assert.equal(window.used(T0 + 1_041.9, 0), 3);
  assert.equal(window.used(T0 + 1_042, 0), 0);
});

test('a move that is asked for after the amount has left moves nothing', () => {
  const window = new BucketWindow(1_000);
  const bucket = window.add(3, T0);
  window.add(2, T0 + 800);
  assert.equal(window.used(T0 + 1_100, 0), 2);
  assert.equal(window.move(bucket, 3, T0 - 500), bucket);
  assert.equal(window.used(T0 + 1_100, 0), 2);
  assert.equal(window.used(T0 + 1_802, 0), 0);
});

test('a move to where the window has already been emptied is not counted twice, nor forgotten', () => {
  const window = new BucketWindow(1_000);
  window.add(1, T0 + 600);
  const late = window.add(3, T0 + 900);
  assert.equal(window.used(T0 + 1_700, 0), 3);
  window.move(late, 3, T0 + 100);
  assert.ok([0, 3].includes(window.used(T0 + 1_700, 0)));
  assert.equal(window.used(T0 + 1_702, 0), 0, 'it goes with the next bucket');
  window.add(5, T0 + 1_800);
  assert.equal(window.used(T0 + 1_800, 0), 5);
});

test('what has left stays gone, also when something is put to an earlier moment afterwards', () => {
  for (const put of ['move', 'add', 'add when empty']) {
    const window = new BucketWindow(1_000);
    const old = window.add(1, T0 + 100);
    const other = put === 'add when empty' ? -1 : window.add(3, T0 + 900);
    window.used(T0 + 1_300, 0);
    if (put === 'move') window.move(other, 3, T0 + 50);
    else window.add(3, T0 + 50);
    window.change(old, 500);
    assert.ok(window.used(T0 + 1_300, 1_000) <= 6, `${put}, and a longer guard does not bring it back`);
  }
});

test('a move further back than the ring reaches does not meet what stands there from another round', () => {
  const window = new BucketWindow(1_000);
  const bucket = window.add(3, T0 + 7_900);
  for (let at = 6_000; at < 7_800; at += 2) window.add(1, T0 + at);
  window.move(bucket, 3, T0);
  assert.equal(window.used(T0 + 6_000, 0) - 900, 0, 'only what was moved is gone');
  assert.equal(window.used(T0 + 7_002, 0), 899);
});

test('a change finds the amount where it was moved to', () => {
  const window = new BucketWindow(1_000);
  const bucket = window.move(window.add(30, T0 + 380), 30, T0 + 20);
  window.change(bucket, -25);
  assert.equal(window.used(T0 + 50, 0), 5);
  assert.equal(window.used(T0 + 1_022, 0), 0);
});

test('a change of what has left the window changes nothing, however often the ring went round', () => {
  for (const laterMs of [1_100, 7_100, 14_300, 900_000]) {
    const window = new BucketWindow(1_000);
    const bucket = window.add(30, T0);
    window.add(4, T0 + laterMs);
    assert.equal(window.used(T0 + laterMs, 0), 4);
    window.change(bucket, 500);
    assert.equal(window.used(T0 + laterMs, 0), 4);
    assert.equal(window.used(T0 + laterMs + 1_002, 0), 0);
  }
});

test('sums stay right after a million steps, of large amounts too', () => {
  const window = new BucketWindow(1_000);
  /** Counts nothing but the truth, and only of the last seconds. */
  const truth = new BucketWindow(1_000);
  const amounts = fc.sample(fc.integer({ min: 1, max: 2 ** 40 }), { numRuns: 1_000, seed: 7 });
  let nowMs = T0;
  for (let i = 0; i < 1_000_000; i++) {
    nowMs += i % 3;
    const amount = amounts[i % 1_000] ?? 1;
    const bucket = window.move(window.add(amount, nowMs + (i % 400)), amount, nowMs + (i % 100));
    window.change(bucket, (i % 7) - amount);
    if (i > 990_000) truth.add(i % 7, nowMs + (i % 100));
  }
  assert.equal(window.used(nowMs, 0), truth.used(nowMs, 0));
  assert.equal(window.used(nowMs + 2_000, 0), 0);
});

test('memory is fixed: a million adds over hours take no more than the first', () => {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  const bytes = (): number => {
    collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const windows = [1_000, MINUTE, DAY].map((windowMs) => new BucketWindow(windowMs));
  const add = (i: number) => windows[i % 3]?.add(1, T0 + i * 31 + (i % 400));
  for (let i = 0; i < 10_000; i++) add(i);
  const before = bytes();
  for (let i = 10_000; i < 1_000_000; i++) add(i);
  const more = bytes() - before;
  assert.ok(more < 500_000, `${more} bytes more`);
});
