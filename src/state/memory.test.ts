import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryStore } from './memory.ts';
import { windowStoreSuite } from './windows.suite.ts';
import { type Claim, isBlocked, type Reservation, type WindowSpec } from './windows.ts';

windowStoreSuite('memory', createMemoryStore);

const claimOf = (window: Pick<WindowSpec, 'limit' | 'unit' | 'windowMs'>, amount = 1): Claim => ({
  window: { id: window.limit, ...window },
  amount,
  capacity: 1e9,
  guardMs: 0,
});
const slot = claimOf({ limit: 'concurrency', unit: 'request', windowMs: 0 });
const now = { nowMs: 0, boundMs: 0 };

test('open slots are those that nobody has ended', () => {
  const store = createMemoryStore();
  const held = Array.from({ length: 4 }, () => store.reserve([slot], now));
  assert.equal(store.openSlots(), 4);
  const [first, second, third] = held.filter((one): one is Reservation => !isBlocked(one));
  first?.refuse();
  second?.settle({ tokens: 1, input: 1 }, 0);
  third?.cancel();
  third?.cancel();
  assert.equal(store.openSlots(), 1);
});

test('what cannot be reserved holds no slot', () => {
  const store = createMemoryStore();
  const full = { ...claimOf({ limit: 'rpm', unit: 'request', windowMs: 60_000 }), capacity: 1 };
  store.reserve([full], now);
  assert.ok(isBlocked(store.reserve([slot, full], now)));
  assert.equal(store.openSlots(), 0);
});

test('an absurd amount that nothing stands in the way of does not spoil the sums of the others', () => {
  const store = createMemoryStore();
  const tokens = (amount: number): Claim => ({
    ...claimOf({ limit: 'tpm', unit: 'reserved', windowMs: 60_000 }, amount),
    capacity: Infinity,
  });
  store.reserve([tokens(501)], now);
  const absurd = store.reserve([tokens(1e12 + 1)], now);
  assert.ok(!isBlocked(absurd));
  absurd.settle({ tokens: 300, input: 100 }, 10);
  store.reserve([tokens(7)], { nowMs: 30_000, boundMs: 30_000 });
  assert.equal(store.used(tokens(1), 30_000), 808);
  assert.equal(store.used(tokens(1), 61_000), 7);
});

test('a hundred thousand reservations take no noticeable time', () => {
  const store = createMemoryStore();
  const tokens = claimOf({ limit: 'tpm', unit: 'tokens', windowMs: 60_000 }, 100);
  const beganMs = performance.now();
  for (let i = 0; i < 100_000; i++) {
    const reservation = store.reserve([tokens], { nowMs: i, boundMs: i + 300 });
    assert.ok(!isBlocked(reservation));
    reservation.arrived(i + 30);
    reservation.settle({ tokens: 90, input: 0 }, i + 40);
  }
  assert.ok(performance.now() - beganMs < 1_500);
});
