import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FAILURES, Failure, type FailureKind } from '../domain/failure.ts';
import { benchLengthMs, isOff } from './bench.ts';

const kinds = fc.constantFrom(...(Object.keys(FAILURES) as FailureKind[]));
const lengthOf = (failure: Failure, streak = 1, chance = 0): number =>
  benchLengthMs(failure, { streak, nowMs: 1_000, random: () => chance });

test('is never shorter than the provider told, and never longer by more than a moment', () => {
  fc.assert(
    fc.property(
      kinds,
      fc.integer({ min: 1, max: 10 ** 10 }),
      fc.integer({ min: 1, max: 50 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (kind, toldMs, streak, chance) => {
        const length = lengthOf(new Failure(kind, { message: 'm', retryAfterMs: toldMs }), streak, chance);
        const least = Math.max(250, toldMs);
        assert.ok(length >= least && length <= least + Math.min(5_000, least / 10));
      },
    ),
  );
});

test('a hint of nothing, or of the past, leaves it to the table', () => {
  for (const options of [{ retryAfterMs: 0 }, { retryAfterMs: -5 }, { resetAtMs: 1_000 }, { resetAtMs: 1 }])
    assert.equal(lengthOf(new Failure('overload', { message: 'm', ...options })), FAILURES.overload.benchMs);
});

test('repeated, it doubles from the first of the table to the last, and chance only lengthens it', () => {
  fc.assert(
    fc.property(
      kinds,
      fc.integer({ min: 1, max: 99 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (kind, streak, chance) => {
        const { benchMs, benchMaxMs } = FAILURES[kind];
        const failure = new Failure(kind, { message: 'm' });
        const own = Math.min(benchMaxMs, benchMs * 2 ** (streak - 1));
        assert.equal(lengthOf(failure, streak), own);
        assert.ok(lengthOf(failure, streak, chance) >= own && lengthOf(failure, streak, chance) <= 1.1 * own);
      },
    ),
  );
});

test('off is what has no end', () => {
  const bench = { what: 'account a', kind: 'balance', sinceMs: 0 } as const;
  assert.equal(isOff({ ...bench, untilMs: Infinity }), true);
  assert.equal(isOff({ ...bench, untilMs: 8.64e15 }), false);
});
