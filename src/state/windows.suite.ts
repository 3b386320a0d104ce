/** What every `WindowStore` must do. The store under test counts exactly: no guard beyond the provider's window. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  type Blocked,
  type Claim,
  isBlocked,
  type Reservation,
  type WindowSpec,
  type WindowStore,
} from './windows.ts';

const rpm: WindowSpec = { id: 'a:rpm', limit: 'rpm', capacity: 3, windowMs: 60_000 };
const tpm: WindowSpec = { id: 'a:tpm', limit: 'tpm', capacity: 1_000, windowMs: 60_000 };
const tps: WindowSpec = { id: 'a:tps', limit: 'tps', capacity: 500, windowMs: 1_000 };
const slots: WindowSpec = { id: 'a:concurrency', limit: 'concurrency', capacity: 2, windowMs: 0 };

const requests = (window: WindowSpec, amount = 1): Claim => ({ window, amount, unit: 'request' });
const tokens = (amount: number, window = tpm): Claim => ({ window, amount, unit: 'tokens' });
const input = (amount: number): Claim => ({ window: tps, amount, unit: 'input' });

function granted(result: Reservation | Blocked): Reservation {
  assert.ok(!isBlocked(result), `blocked: ${JSON.stringify(result)}`);
  return result;
}

function blocked(result: Reservation | Blocked): Blocked {
  assert.ok(isBlocked(result), 'granted, though it must not be');
  return result;
}

export function windowStoreSuite(name: string, createStore: () => WindowStore): void {
  const used = (store: WindowStore, window: WindowSpec, nowMs: number) => store.headroom(window, nowMs).used;

  describe(`${name} as a window store`, () => {
    it('takes all claims or none, and a refusal leaves every window untouched', () => {
      const store = createStore();
      granted(store.reserve([requests(rpm), tokens(900), requests(slots)], 0));
      const refused = blocked(store.reserve([requests(rpm), tokens(200), requests(slots)], 10));
      assert.deepEqual(refused, { atMs: 60_000, limit: 'tpm' });
      assert.equal(used(store, rpm, 10), 1);
      assert.equal(used(store, tpm, 10), 900);
      assert.equal(used(store, slots, 10), 1);
      granted(store.reserve([requests(rpm), tokens(100), requests(slots)], 10));
    });

    it('counts up to the capacity and not one further', () => {
      const store = createStore();
      for (let i = 0; i < 3; i++) granted(store.reserve([requests(rpm)], i));
      assert.deepEqual(blocked(store.reserve([requests(rpm)], 3)), { atMs: 60_000, limit: 'rpm' });
      granted(store.reserve([tokens(1_000)], 0));
      assert.deepEqual(store.headroom(tpm, 0), { used: 1_000, left: 0 });
    });

    it('frees an entry exactly at the end of its window', () => {
      const store = createStore();
      for (let i = 0; i < 3; i++) granted(store.reserve([requests(rpm)], 1_000 * i));
      blocked(store.reserve([requests(rpm)], 59_999.9));
      granted(store.reserve([requests(rpm)], 60_000));
      assert.equal(blocked(store.reserve([requests(rpm)], 60_000)).atMs, 61_000);
    });

    it('names the window that lasts longest when several are full', () => {
      const store = createStore();
      granted(store.reserve([tokens(1_000)], 0));
      granted(store.reserve([input(500)], 30_000));
      assert.deepEqual(store.check([tokens(1), input(1)], 30_000), { atMs: 60_000, limit: 'tpm' });
      granted(store.reserve([requests(slots)], 0));
      granted(store.reserve([requests(slots)], 0));
      assert.deepEqual(store.check([tokens(1), requests(slots)], 0), {
        atMs: Infinity,
        limit: 'concurrency',
      });
    });

    it('answers a check like a reservation, and changes nothing by it', () => {
      const store = createStore();
      for (let i = 0; i < 10; i++)
        assert.equal(store.check([requests(rpm), tokens(800), requests(slots)], 0), undefined);
      granted(store.reserve([requests(rpm), tokens(800), requests(slots)], 0));
      const answer = store.check([tokens(300)], 5);
      assert.deepEqual(answer, blocked(store.reserve([tokens(300)], 5)));
    });

    it('settles in place: the truth counts from the moment of the reservation', () => {
      const store = createStore();
      const reservation = granted(
        store.reserve([requests(rpm), tokens(400), input(300), requests(slots)], 0),
      );
      reservation.settle({ tokens: 950, input: 120 });
      assert.equal(used(store, rpm, 500), 1, 'a request stays a request');
      assert.equal(used(store, tpm, 500), 950);
      assert.equal(used(store, tps, 500), 120);
      assert.equal(used(store, slots, 500), 0);
      assert.equal(blocked(store.reserve([tokens(100)], 40_000)).atMs, 60_000);
      granted(store.reserve([tokens(100)], 60_000));
    });

    it('settles above the capacity as it was, and lets nothing in until it has drained', () => {
      const store = createStore();
      granted(store.reserve([tokens(100)], 0)).settle({ tokens: 5_000, input: 0 });
      granted(store.reserve([requests(rpm)], 1));
      assert.deepEqual(store.headroom(tpm, 1), { used: 5_000, left: 0 });
      assert.equal(blocked(store.reserve([tokens(1)], 1)).atMs, 60_000);
      assert.equal(used(store, tpm, 60_000), 0);
    });

    it('keeps a refused call counted as a request and gives its tokens and its slot back', () => {
      const store = createStore();
      granted(store.reserve([requests(rpm), tokens(600), input(500), requests(slots)], 0)).refuse();
      assert.deepEqual(
        [rpm, tpm, tps, slots].map((window) => used(store, window, 1)),
        [1, 0, 0, 0],
      );
    });

    it('gives everything of a cancelled call back', () => {
      const store = createStore();
      granted(store.reserve([requests(rpm), tokens(600), input(500), requests(slots)], 0)).cancel();
      assert.deepEqual(
        [rpm, tpm, tps, slots].map((window) => used(store, window, 1)),
        [0, 0, 0, 0],
      );
      for (let i = 0; i < 3; i++) granted(store.reserve([requests(rpm)], 1));
    });

    it('ends a reservation once: whatever comes second does nothing', () => {
      const store = createStore();
      const reservation = granted(store.reserve([requests(rpm), tokens(600), requests(slots)], 0));
      reservation.settle({ tokens: 700, input: 0 });
      granted(store.reserve([requests(slots)], 1));
      granted(store.reserve([requests(slots)], 1));
      reservation.cancel();
      reservation.refuse();
      reservation.settle({ tokens: 1, input: 1 });
      assert.equal(used(store, rpm, 2), 1);
      assert.equal(used(store, tpm, 2), 700);
      assert.equal(used(store, slots, 2), 2, 'and never frees the slot of another');
    });

    it('does nothing to a window that the reservation has left', () => {
      const store = createStore();
      const old = granted(store.reserve([tokens(400), requests(slots)], 0));
      granted(store.reserve([tokens(100)], 60_000));
      old.settle({ tokens: 900, input: 0 });
      assert.equal(used(store, tpm, 60_000), 100);
      assert.equal(used(store, slots, 60_000), 0, 'but its slot is free');
    });

    it('holds a slot for as long as it takes, and never knows when it comes free', () => {
      const store = createStore();
      const first = granted(store.reserve([requests(slots)], 0));
      granted(store.reserve([requests(slots)], 0));
      const dayMs = 86_400_000;
      assert.deepEqual(blocked(store.reserve([requests(slots)], dayMs)), {
        atMs: Infinity,
        limit: 'concurrency',
      });
      first.settle({ tokens: 0, input: 0 });
      granted(store.reserve([requests(slots)], dayMs));
    });

    it('lets an amount above the capacity only into an empty window', () => {
      const store = createStore();
      granted(store.reserve([tokens(1)], 0));
      assert.equal(blocked(store.reserve([tokens(4_000)], 10)).atMs, 60_000);
      granted(store.reserve([tokens(4_000)], 60_000));
      assert.equal(blocked(store.reserve([tokens(1)], 60_001)).atMs, 120_000);
    });

    it('follows a capacity that changes while it runs', () => {
      const store = createStore();
      for (let i = 0; i < 3; i++) granted(store.reserve([requests(rpm)], i));
      granted(store.reserve([requests({ ...rpm, capacity: 4 })], 10));
      const narrow = { ...rpm, capacity: 2 };
      assert.deepEqual(store.headroom(narrow, 20), { used: 4, left: 0 });
      assert.equal(blocked(store.reserve([requests(narrow)], 20)).atMs, 60_002, 'when the third has left');
      granted(store.reserve([requests(narrow)], 60_002));
    });

    it('keeps the windows of different owners apart', () => {
      const store = createStore();
      const other = { ...rpm, id: 'b:rpm' };
      for (let i = 0; i < 3; i++) granted(store.reserve([requests(rpm)], 0));
      for (let i = 0; i < 3; i++) granted(store.reserve([requests(other)], 0));
      assert.equal(used(store, other, 0), 3);
    });

    it('grants a call without claims always', () => {
      const store = createStore();
      granted(store.reserve([], 0)).settle({ tokens: 1, input: 1 });
      assert.equal(store.check([], 0), undefined);
    });

    it('never lets more than the capacity into any trailing window, and names the moment exactly', () => {
      againstALog(createStore);
    });
  });
}

type LogEntry = { readonly atMs: number; amount: number };

/** Compares a store with the plainest model there is: a list of what was granted, summed for every question. */
function againstALog(createStore: () => WindowStore): void {
  const step = fc.record({
    waitMs: fc.oneof(fc.nat(2_000), fc.nat(90_000)),
    amount: fc.integer({ min: 1, max: 400 }),
    actual: fc.nat(400),
    end: fc.constantFrom('open', 'settle', 'refuse', 'cancel'),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 120 }), (steps) => {
      const store = createStore();
      const logs = { rpm: [] as LogEntry[], tpm: [] as LogEntry[] };
      const wide: WindowSpec = { ...rpm, capacity: 6 };
      const sum = (log: readonly LogEntry[], nowMs: number): number =>
        log.filter(({ atMs }) => atMs > nowMs - 60_000).reduce((total, { amount }) => total + amount, 0);
      const fits = (amount: number, nowMs: number): boolean =>
        sum(logs.rpm, nowMs) + 1 <= wide.capacity && sum(logs.tpm, nowMs) + amount <= tpm.capacity;
      let nowMs = 0;
      for (const { waitMs, amount, actual, end } of steps) {
        nowMs += waitMs;
        const claims = [requests(wide), tokens(amount)];
        const result = store.reserve(claims, nowMs);
        if (isBlocked(result)) {
          assert.equal(fits(amount, nowMs), false, 'blocked though it fits');
          // The earliest moment must be one at which an entry leaves.
          const moments = [...logs.rpm, ...logs.tpm]
            .map(({ atMs }) => atMs + 60_000)
            .filter((at) => at > nowMs);
          const expected = moments.sort((a, b) => a - b).find((at) => fits(amount, at));
          assert.equal(result.atMs, expected);
          continue;
        }
        assert.equal(fits(amount, nowMs), true, 'granted though it does not fit');
        const request = { atMs: nowMs, amount: 1 };
        const token = { atMs: nowMs, amount };
        logs.rpm.push(request);
        logs.tpm.push(token);
        if (end === 'settle') {
          result.settle({ tokens: actual, input: 0 });
          token.amount = actual;
        } else if (end !== 'open') {
          result[end]();
          token.amount = 0;
          if (end === 'cancel') request.amount = 0;
        }
        assert.equal(store.headroom(tpm, nowMs).used, sum(logs.tpm, nowMs));
        assert.equal(store.headroom(wide, nowMs).used, sum(logs.rpm, nowMs));
      }
    }),
    { numRuns: 200 },
  );
}
