import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SlidingWindow } from './sliding-window.ts';

const create = (capacity: number, windowMs = 1_000): SlidingWindow =>
  new SlidingWindow(windowMs, { capacity, guardMs: 0 });

test('an empty window takes any amount at once', () => {
  assert.equal(create(10).freeAt(10, 5), 5);
  assert.equal(create(10).freeAt(11, 5), 5);
  assert.equal(create(10).used(5), 0);
});

test('the ring grows while entries are inside and keeps their order and numbers', () => {
  const window = create(1e9);
  const entries = Array.from({ length: 1_000 }, (_, i) => window.add(1, i * 0.5));
  assert.equal(window.used(500), 1_000);
  entries.forEach((entry, i) => {
    window.correct(entry, i);
  });
  assert.equal(window.used(500), (999 * 1_000) / 2);
  assert.equal(window.used(1_000.2), (999 * 1_000) / 2 - 0, 'the first had become 0');
  assert.equal(window.used(1_000.5), (999 * 1_000) / 2 - 1, 'then the second leaves, with its own amount');
});

test('the ring wraps without growing or mixing entries up', () => {
  const window = create(50);
  for (let i = 0; i < 10_000; i++) {
    const nowMs = i * 25;
    const entry = window.add(3, nowMs);
    window.correct(entry, 1);
    assert.equal(window.used(nowMs), Math.min(i + 1, 40));
  }
});

test('growing in the middle of a wrap loses nothing', () => {
  const window = create(1e9);
  for (let i = 0; i < 50; i++) window.add(1, i);
  assert.equal(window.used(1_040), 9, 'forty-one have left: the ring begins in its middle');
  for (let i = 0; i < 300; i++) window.add(i, 1_041);
  assert.equal(window.used(1_041), 8 + (299 * 300) / 2);
  assert.equal(window.used(1_049), (299 * 300) / 2);
  assert.equal(window.used(2_041), 0);
});

test('correcting an entry that has left changes nothing, even when its place is used again', () => {
  const window = create(10);
  const old = window.add(5, 0);
  for (let i = 0; i < 64; i++) window.add(0, 2_000);
  window.correct(old, 100);
  assert.equal(window.used(2_000), 0);
});

test('fractions may drift, but what fits exactly is let in', () => {
  const window = create(0.3);
  window.add(0.1, 0);
  window.add(0.1, 1);
  assert.equal(window.freeAt(0.1, 2), 2);
  const busy = create(50 / 3);
  for (let i = 0; i < 10_000; i++) {
    const entry = busy.add(50 / 3, i * 500);
    busy.correct(entry, 0.1 + (i % 7) / 10);
  }
  const nowMs = 9_999 * 500;
  assert.ok(Math.abs(busy.used(nowMs) - (0.1 + (9_999 % 7) / 10 + 0.1 + (9_998 % 7) / 10)) < 1e-6);
});

test('an empty window forgets all drift', () => {
  const window = create(1);
  for (let i = 0; i < 1_000; i++) window.add(0.1, 0);
  assert.equal(window.used(1_000), 0);
});

test('entries given back do not make anybody wait for them', () => {
  const window = create(10);
  window.add(6, 0);
  const second = window.add(4, 500);
  window.correct(second, 0);
  assert.equal(window.freeAt(10, 600), 1_000, 'not 1500');
  assert.equal(window.freeAt(4, 600), 600);
});

test('the guard keeps entries longer', () => {
  const window = new SlidingWindow(1_000, { capacity: 1, guardMs: 20 });
  window.add(1, 0);
  assert.equal(window.freeAt(1, 1_000), 1_020);
  assert.equal(window.freeAt(1, 1_020), 1_020);
});

test('at the moment that it names, and no tick earlier, the amount fits', () => {
  const entry = fc.record({ gapMs: fc.nat(300), amount: fc.integer({ min: 0, max: 9 }) });
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 150 }), fc.integer({ min: 1, max: 25 }), (entries, amount) => {
      const window = create(20);
      let nowMs = 0;
      for (const { gapMs, amount: each } of entries) {
        nowMs += gapMs;
        window.add(each, nowMs);
      }
      const atMs = window.freeAt(amount, nowMs);
      if (atMs > nowMs) assert.ok(window.used(atMs - 1) + Math.min(amount, 20) > 20, 'it fitted earlier');
      const left = window.used(atMs);
      assert.ok(left === 0 || left + Math.min(amount, 20) <= 20, 'it does not fit yet');
    }),
  );
});
