import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSeededRandom } from '../base/seeded-random.ts';
import { TrailingWindow } from './windows.ts';

test('an entry counts until just before its length has passed', () => {
  const window = new TrailingWindow(60_000);
  window.add(1_000, 7);
  assert.equal(window.count(60_999.999), 1);
  assert.equal(window.tokens(60_999.999), 7);
  assert.equal(window.count(61_000), 0);
  assert.equal(window.tokens(61_000), 0);
});

test('an entry grows in place and leaves as a whole', () => {
  const window = new TrailingWindow(1_000);
  const first = window.add(0, 10);
  window.add(500, 1);
  window.grow(first, 90, 900);
  assert.equal(window.tokens(999), 101);
  assert.equal(window.tokens(1_000), 1);
  window.grow(first, 50, 1_200);
  assert.equal(window.tokens(1_200), 1);
});

test('tokens may be added that belong to no new call', () => {
  const window = new TrailingWindow(1_000);
  window.add(0, 5);
  window.add(600, 20, 0);
  assert.equal(window.count(600), 1);
  assert.equal(window.tokens(600), 25);
  assert.equal(window.tokens(1_000), 20);
});

test('peaks remember the fullest moment', () => {
  const window = new TrailingWindow(1_000);
  window.add(0, 10);
  const second = window.add(100, 10);
  window.grow(second, 30, 200);
  window.add(5_000, 1);
  assert.equal(window.peakCount, 2);
  assert.equal(window.peakTokens, 50);
});

test('the window agrees with counting by hand over long random traffic', () => {
  const random = createSeededRandom(3);
  const window = new TrailingWindow(1_000);
  const all: { atMs: number; tokens: number }[] = [];
  let nowMs = 0;
  let peak = 0;
  for (let step = 0; step < 4_000; step += 1) {
    nowMs += random() * 4;
    const tokens = Math.floor(random() * 100);
    window.add(nowMs, tokens);
    all.push({ atMs: nowMs, tokens });
    const inside = all.filter((entry) => entry.atMs + 1_000 > nowMs);
    peak = Math.max(peak, inside.length);
    assert.equal(window.count(nowMs), inside.length);
    assert.equal(
      window.tokens(nowMs),
      inside.reduce((sum, entry) => sum + entry.tokens, 0),
    );
  }
  assert.equal(window.peakCount, peak);
});

test('a million entries cost no quadratic work', () => {
  const window = new TrailingWindow(60_000);
  const startMs = performance.now();
  for (let index = 0; index < 1_000_000; index += 1) window.add(index * 2, 1);
  assert.equal(window.count(1_999_998), 30_000);
  assert.ok(performance.now() - startMs < 3_000);
});
