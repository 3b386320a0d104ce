import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryStore, DEFAULT_GUARD } from './memory.ts';
import { windowStoreSuite } from './windows.suite.ts';
import { isBlocked, type WindowSpec } from './windows.ts';

windowStoreSuite('memory', () => createMemoryStore({ guard: { share: 0, maxMs: 0 } }));

const windowOf = (windowMs: number): WindowSpec => ({
  id: `w${windowMs}`,
  limit: 'rpm',
  capacity: 1,
  windowMs,
});

test('by default a window is kept a little longer than the provider keeps it', () => {
  const store = createMemoryStore();
  const keptMs = (windowMs: number): number | undefined => {
    const claims = [{ window: windowOf(windowMs), amount: 1, unit: 'request' as const }];
    store.reserve(claims, 0);
    return store.check(claims, 0)?.atMs;
  };
  assert.equal(keptMs(1_000), 1_000 * (1 + DEFAULT_GUARD.share));
  assert.equal(keptMs(60_000), 60_000 + DEFAULT_GUARD.maxMs);
  assert.equal(keptMs(86_400_000), 86_400_000 + DEFAULT_GUARD.maxMs);
});

test('open slots are those that nobody has ended', () => {
  const store = createMemoryStore();
  const window: WindowSpec = { id: 'a', limit: 'concurrency', capacity: 10, windowMs: 0 };
  const held = Array.from({ length: 4 }, () => store.reserve([{ window, amount: 1, unit: 'request' }], 0));
  assert.equal(store.openSlots(), 4);
  for (const reservation of held.slice(0, 3)) if (!isBlocked(reservation)) reservation.refuse();
  assert.equal(store.openSlots(), 1);
});

test('a hundred thousand reservations take no noticeable time', () => {
  const store = createMemoryStore();
  const window: WindowSpec = { id: 'a', limit: 'tpm', capacity: 1e9, windowMs: 60_000 };
  const beganMs = performance.now();
  for (let i = 0; i < 100_000; i++) {
    const reservation = store.reserve([{ window, amount: 100, unit: 'tokens' }], i);
    assert.ok(!isBlocked(reservation));
    reservation.settle({ tokens: 90, input: 0 });
  }
  assert.ok(performance.now() - beganMs < 1_500);
});
