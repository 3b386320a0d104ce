/**
 * What every `WindowStore` must do. A store may forget an amount late, by a five-hundredth of its window at most, but
 * never early; so moments are asserted as a span, and the plainest log there is says what the span must be.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type Blocked,
  type Claim,
  isBlocked,
  type Reservation,
  type WindowSpec,
  type WindowStore,
} from './windows.ts';
import {
  againstALog,
  charged,
  claim,
  foretelling,
  lateOf,
  MINUTE,
  reserved,
  rpm,
  SECOND,
  slot,
  T0,
  tpm,
  tps,
} from './windows-log.suite.ts';

function granted(result: Reservation | Blocked): Reservation {
  assert.ok(!isBlocked(result), `blocked: ${JSON.stringify(result)}`);
  return result;
}

function blocked(result: Reservation | Blocked | undefined): Blocked {
  assert.ok(result !== undefined && isBlocked(result), 'granted, though it must not be');
  return result;
}

export function windowStoreSuite(name: string, createStore: () => WindowStore): void {
  /** A store, and times told from its beginning. */
  const begin = () => {
    const store = createStore();
    return {
      store,
      reserve: (claims: readonly Claim[], atMs = 0, aheadMs = 0) =>
        store.reserve(claims, { nowMs: T0 + atMs, boundMs: T0 + atMs + aheadMs }),
      check: (claims: readonly Claim[], atMs = 0) => store.check(claims, T0 + atMs),
      used: (window: WindowSpec, atMs = 0) => store.used(claim(window), T0 + atMs),
      /** Blocked until this moment, and not noticeably longer. */
      until(claims: readonly Claim[], atMs: number, fromMs = atMs - 1) {
        const answer = blocked(store.check(claims, T0 + fromMs));
        const lateMs = answer.atMs - (T0 + atMs);
        const mostMs = Math.max(...claims.map(({ window }) => lateOf(window.windowMs)));
        assert.ok(lateMs >= 0, `free ${-lateMs} ms early`);
        assert.ok(lateMs <= mostMs, `free ${lateMs} ms late`);
        return answer;
      },
    };
  };

  describe(`${name} as a window store`, () => {
    it('takes all claims or none, and a refusal leaves every window untouched', () => {
      const { reserve, used, until } = begin();
      granted(reserve([claim(rpm), claim(tpm, 900), claim(slot)]));
      assert.equal(blocked(reserve([claim(rpm), claim(tpm, 200), claim(slot)], 10)).limit, 'tpm');
      assert.deepEqual(
        [rpm, tpm, slot].map((window) => used(window, 10)),
        [1, 900, 1],
      );
      granted(reserve([claim(rpm), claim(tpm, 100), claim(slot)], 10));
      until([claim(tpm, 200)], MINUTE, 11);
    });

    it('counts up to the capacity and not one further', () => {
      const { reserve, used, until } = begin();
      for (let i = 0; i < 3; i++) granted(reserve([claim(rpm)], i));
      assert.deepEqual(until([claim(rpm)], MINUTE, 3).limit, 'rpm');
      granted(reserve([claim(tpm, 1_000)]));
      assert.equal(used(tpm), 1_000);
    });

    it('names the window that lasts longest, and whether a smaller call could go first', () => {
      const { reserve, check, until } = begin();
      granted(reserve([claim(tpm, 1_000), claim(tps, 500)]));
      assert.equal(check([claim(tps, 1)])?.limit, 'tps');
      assert.equal(check([claim(tps, 1)])?.bySize, true);
      assert.equal(until([claim(tps, 1), claim(tpm, 1)], MINUTE, 0).limit, 'tpm');
      for (let i = 0; i < 2; i++) granted(reserve([claim(slot)]));
      assert.deepEqual(check([claim(tpm, 1), claim(slot)]), { atMs: Infinity, limit: 'concurrency' });
      for (let i = 0; i < 3; i++) granted(reserve([claim(rpm)]));
      assert.equal(check([claim(rpm)])?.bySize, undefined);
    });

    it('reports the sums with the reservation itself included, in the order of the claims', () => {
      const { reserve } = begin();
      assert.deepEqual(granted(reserve([claim(rpm), claim(tpm, 300), claim(slot)])).used, [1, 300, 1]);
      assert.deepEqual(granted(reserve([claim(slot), claim(tpm, 200)])).used, [2, 500]);
    });

    it('takes capacity and guard from the claim, as they are at this moment', () => {
      const { reserve, until } = begin();
      for (let i = 0; i < 3; i++) granted(reserve([claim(rpm)], 1_000 * i));
      granted(reserve([claim(rpm, 1, { capacity: 4 })], 3_000));
      until([claim(rpm, 1, { capacity: 2 })], 2_000 + MINUTE, 3_000);
    });

    it('counts an amount so much longer as the guard says, and shorter when it is negative', () => {
      for (const guardMs of [2_500, 0, -700]) {
        const { reserve, until } = begin();
        granted(reserve([claim(tps, 500, { guardMs })]));
        until([claim(tps, 1, { guardMs })], SECOND + guardMs, 0);
      }
    });

    it('counts without being in the way when the capacity is infinite', () => {
      const { reserve, used } = begin();
      for (let i = 0; i < 5; i++) granted(reserve([claim(tpm, 900, { capacity: Infinity })]));
      assert.equal(used(tpm), 4_500);
    });

    it('lets an amount above the capacity only into an empty window, and counts it as the capacity', () => {
      const { reserve, until, used } = begin();
      granted(reserve([claim(tpm, 1)]));
      until([claim(tpm, 4_000)], MINUTE, 10);
      granted(reserve([claim(tpm, 4_000)], 2 * MINUTE));
      assert.equal(used(tpm, 2 * MINUTE), 1_000);
      until([claim(tpm, 1)], 3 * MINUTE, 2 * MINUTE + 1);
    });

    it('counts a call from the latest moment at which it can arrive, or earlier once it is known', () => {
      for (const before of [0, 1]) {
        const { reserve, until } = begin();
        for (let i = 0; i < before; i++) granted(reserve([claim(tps, 100)], -990));
        const reservation = granted(reserve([claim(tps, 450)], 100, 1_500));
        until([claim(tps, 100)], 100 + 1_500 + SECOND, 110);
        reservation.arrived(T0 + 140);
        until([claim(tps, 100)], 140 + SECOND, 150);
        reservation.arrived(T0 + 900);
        until([claim(tps, 100)], 140 + SECOND, 150);
      }
    });

    it('counts calls that were sent later but arrive earlier where they arrive', () => {
      const { reserve, until } = begin();
      granted(reserve([claim(tps, 200)], 0, 2_000));
      granted(reserve([claim(tps, 300)], 10, 40));
      until([claim(tps, 300)], 50 + SECOND, 60);
      until([claim(tps, 301)], 2_000 + SECOND, 60);
    });

    it('forgets nothing early when the bound is far ahead and the guard is long', () => {
      const { reserve, used, store } = begin();
      const guardMs = 3_000;
      granted(reserve([claim(rpm, 1, { guardMs })]));
      granted(reserve([claim(rpm, 1, { guardMs })], MINUTE + guardMs - 300, 2_400));
      assert.equal(store.used(claim(rpm, 1, { guardMs }), T0 + MINUTE + guardMs - 1), 2);
      assert.equal(used(rpm, MINUTE + guardMs - 1), 1);
    });

    it('settles in place, and each unit by its own truth', () => {
      const { reserve, used } = begin();
      const windows = [rpm, tpm, tps, reserved, charged, slot];
      const reservation = granted(reserve(windows.map((window) => claim(window, 300, { capacity: 1_000 }))));
      reservation.settle({ tokens: 950, input: 120 }, T0 + 30_000);
      const after = (atMs: number): number[] => windows.map((window) => used(window, atMs));
      assert.deepEqual(after(900), [300, 950, 120, 950, 950, 0]);
      assert.deepEqual(after(MINUTE + 200), [0, 0, 0, 0, 830, 0], 'output is charged when it was produced');
      assert.deepEqual(after(MINUTE + 30_200), [0, 0, 0, 0, 0, 0]);
    });

    it('counts whole tokens, and no output where the sum is below the input', () => {
      const { reserve, used } = begin();
      granted(reserve([claim(tpm, 5), claim(tps, 5)])).settle({ tokens: 10.4, input: 3.2 }, T0);
      assert.deepEqual([used(tpm), used(tps)], [12, 4]);
      granted(reserve([claim(tpm, 5)])).settle({ tokens: 1, input: 8 }, T0);
      assert.equal(used(tpm), 20);
    });

    it('settles above the capacity as it was, and lets nothing in until it has drained', () => {
      const { reserve, used, until } = begin();
      granted(reserve([claim(tpm, 100)])).settle({ tokens: 5_000, input: 0 }, T0);
      granted(reserve([claim(rpm)], 1));
      assert.equal(used(tpm, 1), 5_000);
      until([claim(tpm, 1)], MINUTE, 1);
    });

    it('keeps a refused call counted as a request and gives its tokens and its slot back', () => {
      const { reserve, used } = begin();
      const windows = [rpm, tpm, charged, reserved, tps, slot];
      granted(reserve(windows.map((window) => claim(window)))).refuse();
      assert.deepEqual(
        windows.map((window) => used(window, 1)),
        [1, 0, 0, 0, 0, 0],
      );
    });

    it('gives everything of a cancelled call back, wherever it has moved to', () => {
      const { reserve, used } = begin();
      const windows = [rpm, tpm, charged, reserved, tps, slot];
      granted(reserve([claim(tps, 7)]));
      const reservation = granted(
        reserve(
          windows.map((window) => claim(window, 90)),
          500,
          900,
        ),
      );
      reservation.arrived(T0 + 510);
      reservation.cancel();
      assert.deepEqual(
        windows.map((window) => used(window, 600)),
        [0, 0, 0, 0, 7, 0],
      );
    });

    it('ends a reservation once: whatever comes second does nothing', () => {
      const { reserve, used } = begin();
      const reservation = granted(reserve([claim(rpm), claim(tpm, 600), claim(slot)], 0, 500));
      reservation.settle({ tokens: 700, input: 0 }, T0);
      for (let i = 0; i < 2; i++) granted(reserve([claim(slot)], 1));
      reservation.cancel();
      reservation.refuse();
      reservation.settle({ tokens: 1, input: 1 }, T0);
      reservation.arrived(T0);
      assert.deepEqual([used(rpm, 2), used(tpm, 2)], [1, 700]);
      assert.equal(used(tpm, MINUTE + 300), 700, 'nor is it moved any more');
      assert.equal(used(slot, 2), 2, 'and never frees the slot of another');
    });

    it('does nothing to a window that the reservation has left', () => {
      const { reserve, used } = begin();
      const old = granted(reserve([claim(tpm, 400), claim(slot)]));
      granted(reserve([claim(tpm, 100)], MINUTE + 200));
      old.arrived(T0);
      old.settle({ tokens: 900, input: 0 }, T0 + MINUTE + 200);
      assert.equal(used(tpm, MINUTE + 200), 100);
      assert.equal(used(slot, MINUTE + 200), 0, 'but its slot is free');
    });

    it('holds a slot for as long as it takes, and never knows when it comes free', () => {
      const { reserve } = begin();
      const first = granted(reserve([claim(slot)]));
      granted(reserve([claim(slot)]));
      const dayMs = 86_400_000;
      assert.deepEqual(blocked(reserve([claim(slot)], dayMs)), { atMs: Infinity, limit: 'concurrency' });
      first.settle({ tokens: 0, input: 0 }, T0);
      granted(reserve([claim(slot)], dayMs));
      blocked(reserve([claim(slot)], dayMs));
      granted(reserve([claim(slot, 1, { capacity: 3 })], dayMs));
    });

    it('keeps the windows of different owners apart, and nothing of the claims it was given', () => {
      const { reserve, used, store } = begin();
      const other = { ...rpm, id: 'b:rpm:request' };
      const mine = claim(tpm, 400);
      const reservation = granted(reserve([mine]));
      mine.amount = 1;
      mine.capacity = 1;
      granted(reserve([claim(rpm)]));
      assert.equal(store.used(claim(other), T0), 0);
      assert.equal(used(tpm), 400);
      reservation.cancel();
      assert.equal(used(tpm), 0);
    });

    it('grants a call without claims always', () => {
      const { reserve, check } = begin();
      granted(reserve([])).settle({ tokens: 1, input: 1 }, T0);
      assert.equal(check([]), undefined);
    });

    it('is never early, and late by no more than its grain, whatever comes', () => againstALog(createStore));
    it('foretells whether a call would delay another', () => foretelling(createStore));
  });
}
