/** The plainest model of a `WindowStore` there is, a list of what was granted, and what a store must have in common with it. */

import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  type Claim,
  isBlocked,
  type Reservation,
  type Unit,
  type WindowSpec,
  type WindowStore,
} from './windows.ts';

export const T0 = 1_800_000_000_000;
export const MINUTE = 60_000;
export const SECOND = 1_000;
/** A store may forget so much too late, ms. */
export const lateOf = (windowMs: number): number => windowMs / 500;

const specOf = (limit: WindowSpec['limit'], unit: Unit, windowMs: number): WindowSpec => ({
  id: `a:${limit}:${unit}`,
  limit,
  unit,
  windowMs,
});
export const rpm = specOf('rpm', 'request', MINUTE);
export const tpm = specOf('tpm', 'tokens', MINUTE);
export const charged = specOf('tpm', 'charged', MINUTE);
export const reserved = specOf('tpm', 'reserved', MINUTE);
export const tps = specOf('tps', 'input', SECOND);
export const slot = specOf('concurrency', 'request', 0);

const CAPACITY = new Map<WindowSpec, number>([
  [rpm, 3],
  [tpm, 1_000],
  [charged, 1_000],
  [reserved, 1_000],
  [tps, 500],
  [slot, 2],
]);
export const claim = (window: WindowSpec, amount = 1, others: Partial<Claim> = {}): Claim => ({
  window,
  amount,
  capacity: CAPACITY.get(window) ?? 0,
  guardMs: 0,
  ...others,
});

type Step = {
  readonly waitMs: number;
  readonly aheadMs: number;
  readonly amount: number;
  readonly capacity: number;
  readonly fate: 'nothing' | 'arrived' | 'settle' | 'refuse' | 'cancel';
  /** Which of the last reservations it is done to. */
  readonly of: number;
  readonly actual: number;
};
type Walk = { readonly guardMs: number; readonly steps: readonly Step[] };

const step: fc.Arbitrary<Step> = fc.record({
  waitMs: fc.oneof(fc.constant(0), fc.nat(40), fc.nat(2_000), fc.nat(90_000)),
  aheadMs: fc.oneof(fc.constant(0), fc.nat(400), fc.nat(2_400)),
  amount: fc.integer({ min: 1, max: 700 }),
  capacity: fc.integer({ min: 1, max: 1_000 }),
  fate: fc.constantFrom<Step['fate'][]>('nothing', 'arrived', 'settle', 'refuse', 'cancel'),
  of: fc.nat(5),
  actual: fc.nat(700),
});
const walk: fc.Arbitrary<Walk> = fc.record({
  guardMs: fc.oneof(fc.constant(0), fc.integer({ min: -500, max: 3_000 })),
  steps: fc.array(step, { minLength: 1, maxLength: 80 }),
});
const COUNTED = [rpm, tpm, tps] as const;
const claimsOf = ({ amount, capacity }: { amount: number; capacity: number }, guardMs: number): Claim[] => [
  claim(rpm, 1, { guardMs, capacity: 1 + (capacity % 8) }),
  claim(tpm, amount, { guardMs, capacity }),
  claim(tps, amount, { guardMs, capacity }),
  claim(slot, 1, { capacity: 4 }),
];

type Entry = {
  boundMs: number;
  amounts: number[] /** News takes effect within a grain of its coming. */;
  toldAtMs: number;
};
type Held = { readonly reservation: Reservation; readonly sentAtMs: number; entry: Entry; open: boolean };

/** Compares a store with a list of what was granted, summed for every question. */
export function againstALog(createStore: () => WindowStore): void {
  const run = ({ guardMs, steps }: Walk): void => {
    const store = createStore();
    const held: Held[] = [];
    let nowMs = T0;
    /** Sum of a window at a moment, had the store forgotten `lateMs` late. */
    const sum = (index: number, atMs: number, lateMs: number): number => {
      const lengthMs = (COUNTED[index] as WindowSpec).windowMs;
      let total = 0;
      for (const { entry } of held)
        if (Math.max(entry.boundMs + lengthMs + guardMs, lateMs > 0 ? entry.toldAtMs : 0) + lateMs > atMs)
          total += entry.amounts[index] ?? 0;
      return total;
    };
    const open = (): number => held.filter((each) => each.open).length;
    const end = ({ fate, of, actual }: Step): void => {
      const one = held[held.length - 1 - of];
      if (one === undefined || fate === 'nothing') return;
      const { reservation, sentAtMs, entry } = one;
      const known = Math.min(entry.boundMs, sentAtMs + actual);
      if (fate === 'arrived') reservation.arrived(sentAtMs + actual);
      else if (fate === 'settle') reservation.settle({ tokens: actual, input: actual >> 1 }, nowMs);
      else reservation[fate]();
      if (!one.open) return;
      if (fate === 'arrived') Object.assign(entry, { boundMs: known, toldAtMs: nowMs });
      else one.open = false;
      if (fate === 'settle') entry.amounts = [1, actual, actual >> 1];
      else if (fate !== 'arrived') entry.amounts = [fate === 'refuse' ? 1 : 0, 0, 0];
    };
    for (const each of steps) {
      nowMs += each.waitMs;
      const claims = claimsOf(each, guardMs);
      const boundMs = nowMs + each.aheadMs;
      const fits = (lateMs: (windowMs: number) => number, atMs: number): boolean =>
        claims.every(({ window, amount, capacity }, i) => {
          if (window === slot) return open() < capacity;
          return sum(i, atMs, lateMs(window.windowMs)) + Math.min(amount, capacity) <= capacity;
        });
      const answer = store.check(claims, nowMs);
      const result = store.reserve(claims, { nowMs, boundMs });
      assert.deepEqual(isBlocked(result) ? result : undefined, answer, 'a check answers like a reservation');
      if (isBlocked(result)) {
        assert.ok(!fits(lateOf, nowMs), 'blocked though it fits');
        if (result.atMs !== Infinity) {
          assert.ok(
            fits(() => 0, result.atMs),
            'told to come too early',
          );
          assert.ok(!fits(lateOf, result.atMs - 0.01), 'told to come too late');
          if (each.of === 0) {
            nowMs = result.atMs;
            assert.equal(store.check(claims, nowMs), undefined, 'told to come, and sent away again');
          }
        } else assert.equal(open(), 4);
      } else {
        assert.ok(
          fits(() => 0, nowMs),
          'granted though it does not fit',
        );
        const amounts = claims.map(({ amount, capacity }) => Math.min(amount, capacity));
        held.push({
          reservation: result,
          sentAtMs: nowMs,
          entry: { boundMs, amounts, toldAtMs: 0 },
          open: true,
        });
      }
      end(each);
      for (const [i, window] of COUNTED.entries()) {
        const counted = store.used(claim(window, 1, { guardMs }), nowMs);
        assert.ok(counted >= sum(i, nowMs, 0), `${window.limit} forgot something`);
        assert.ok(counted <= sum(i, nowMs, lateOf(window.windowMs)), `${window.limit} made something up`);
      }
    }
  };
  fc.assert(fc.property(walk, run), { numRuns: 250 });
}

/** `delays` is right when the call is then really reserved. */
export function foretelling(createStore: () => WindowStore): void {
  const seen = { true: 0, false: 0 };
  fc.assert(
    fc.property(walk, fc.integer({ min: 1, max: 700 }), ({ guardMs, steps }, amount) => {
      const store = createStore();
      let nowMs = T0;
      for (const each of steps.slice(0, 12)) {
        nowMs += each.waitMs % 5_000;
        const at = { nowMs, boundMs: nowMs + each.aheadMs };
        const capacity = 1_006;
        const claims = claimsOf({ ...each, capacity }, guardMs).slice(0, 3);
        const others = claimsOf({ amount, capacity }, guardMs).slice(0, 3);
        const atMs = store.check(others, nowMs)?.atMs ?? nowMs;
        const delayed = store.delays(claims, { claims: others, atMs }, at);
        if (isBlocked(store.reserve(claims, at))) continue;
        seen[`${delayed}`]++;
        const afterMs = store.check(others, nowMs)?.atMs ?? nowMs;
        if (delayed) assert.ok(afterMs > atMs, 'no delay after all');
        else assert.ok(afterMs <= atMs + lateOf(MINUTE), `delayed by ${afterMs - atMs} ms`);
      }
    }),
    { numRuns: 200 },
  );
  assert.ok(Math.min(seen.true, seen.false) > 50, JSON.stringify(seen));
}
