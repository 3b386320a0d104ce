import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Delivered } from './delivered.ts';

const T0 = 1_800_000_000_000;

/** Counts calls of 50 tokens, `perSecond` of them, and returns the moment at which they end. */
function deliver(delivered: Delivered, perSecond: number, [from, until]: readonly [number, number]): number {
  for (let at = from * 1_000; at < until * 1_000; at += 1_000 / perSecond) delivered.count(T0 + at, 50);
  return T0 + until * 1_000;
}
const near = (actual: number, expected: number): void =>
  assert.ok(Math.abs(actual - expected) <= 0.1 * expected, `${actual} is not about ${expected}`);

test('a steady rate is measured as what it is', () => {
  const delivered = new Delivered();
  const nowMs = deliver(delivered, 5, [0, 60]);
  near(delivered.requestsPerMinute(nowMs), 300);
  near(delivered.tokensPerMinute(nowMs), 15_000);
});

test('what was sent in the last seconds is not awaited yet', () => {
  const delivered = new Delivered();
  deliver(delivered, 5, [0, 40]);
  const nowMs = deliver(delivered, 100, [40, 43]);
  near(delivered.requestsPerMinute(nowMs), 300);
});

test('answers may come in any order', () => {
  const delivered = new Delivered();
  for (const second of [14, 3, 9, 1, 12, 5, 0, 7, 13, 2, 11, 4, 10, 6, 8])
    delivered.count(T0 + second * 1_000, 50);
  near(delivered.requestsPerMinute(T0 + 16_000), 60);
});

test('what is old is forgotten, after any gap, and never counts again', () => {
  for (const gap of [17, 31, 32, 33, 64, 96, 1_000]) {
    const delivered = new Delivered();
    const endMs = deliver(delivered, 50, [0, 40]);
    delivered.count(endMs + gap * 1_000, 50);
    assert.equal(delivered.requestsPerMinute(endMs + gap * 1_000), 0, `${gap} s`);
    assert.equal(delivered.tokensPerMinute(endMs + gap * 1_000 + 8_000), 250);
  }
});

test('an answer to a call of long ago is not taken for one of now', () => {
  const delivered = new Delivered();
  const nowMs = deliver(delivered, 5, [100, 140]);
  const before = delivered.requestsPerMinute(nowMs);
  for (let i = 0; i < 100; i++) delivered.count(nowMs - 10_000 - 32_000, 50);
  assert.equal(delivered.requestsPerMinute(nowMs), before);
});

test('without calls nothing was delivered', () => {
  assert.equal(new Delivered().requestsPerMinute(T0), 0);
  const delivered = new Delivered();
  const endMs = deliver(delivered, 5, [0, 40]);
  assert.equal(delivered.requestsPerMinute(endMs + 60_000), 0);
});
