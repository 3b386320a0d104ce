import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RampGuard } from './ramp.ts';
import { createRiseGuard, doublingRise, type Rise, steppedRise } from './rise.ts';

type Traffic = {
  readonly rps: (seconds: number) => number;
  readonly seconds: number;
  readonly tokens?: number;
};

/** Offers evenly spaced calls from a standstill; returns the second of each that passed and of each that did not. */
function offer(guard: RampGuard, { rps, seconds, tokens = 10 }: Traffic) {
  const passed: number[] = [];
  const refused: number[] = [];
  let owed = 0;
  for (let nowMs = 0; nowMs < seconds * 1_000; nowMs += 10) {
    owed += rps(nowMs / 1_000) / 100;
    for (; owed >= 1; owed -= 1) {
      const allowed = guard.allows(nowMs, tokens);
      if (allowed) guard.admitted(nowMs, tokens);
      (allowed ? passed : refused).push(nowMs / 1_000);
    }
  }
  return { passed, refused };
}

const within = (times: readonly number[], from: number, until: number): number =>
  times.filter((at) => at >= from && at < until).length;

test('from a standstill only the floor passes', () => {
  const { passed } = offer(createRiseGuard(doublingRise(10)), { rps: () => 10, seconds: 10 });
  assert.equal(passed.length, 30);
});

test('full load passes after about a minute, never faster than the rule', () => {
  const { passed } = offer(createRiseGuard(doublingRise(10)), { rps: () => 10, seconds: 180 });
  for (let end = 10; end <= 180; end += 1) {
    const usual = within(passed, end - 40, end - 10) / 30;
    assert.ok(within(passed, end - 10, end) / 10 <= Math.max(3, 2 * usual + 1) + 0.2, `at ${end} s`);
  }
  assert.ok(within(passed, 20, 30) < 80);
  assert.equal(within(passed, 100, 180), 800);
});

test('traffic that rises slowly is never refused, traffic that jumps is', () => {
  const slow = offer(createRiseGuard(doublingRise(10)), { rps: (at) => Math.min(10, at / 20), seconds: 300 });
  assert.equal(slow.refused.length, 0);
  const jump = offer(createRiseGuard(doublingRise(10)), { rps: (at) => (at < 60 ? 3 : 10), seconds: 80 });
  assert.ok(jump.refused.length > 10);
});

test('idleness makes it begin again', () => {
  const guard = createRiseGuard(doublingRise(10));
  const { refused } = offer(guard, { rps: (at) => (at < 120 || at > 180 ? 10 : 0), seconds: 190 });
  assert.equal(within(refused, 110, 120), 0);
  assert.ok(within(refused, 180, 190) > 50);
});

test('steps are added to the twenty seconds before, whatever they were', () => {
  const guard = createRiseGuard(steppedRise(10, 1e9));
  const { passed } = offer(guard, { rps: () => 10, seconds: 300 });
  assert.equal(within(passed, 0, 5), 12);
  assert.ok(within(passed, 35, 40) > within(passed, 15, 20));
  for (let end = 10; end <= 300; end += 5)
    assert.ok(within(passed, end - 5, end) / 5 <= within(passed, end - 25, end - 5) / 20 + 2.5 + 0.4);
  assert.equal(within(passed, 280, 300), 200);
});

test('tokens are watched where the rule names them, and never for a lone call', () => {
  const rise: Rise = {
    recentMs: 5_000,
    usualMs: 60_000,
    factor: 1,
    requests: { floor: 100, step: 100 },
    tokens: { floor: 200, step: 0 },
  };
  const guard = createRiseGuard(rise);
  assert.equal(guard.allows(0, 50_000), true);
  guard.admitted(0, 900);
  assert.equal(guard.allows(1, 100), true);
  assert.equal(guard.allows(1, 101), false);
  assert.equal(guard.allows(5_000, 101), true);

  const { tokens: _, ...blind } = rise;
  const other = createRiseGuard(blind);
  other.admitted(0, 900);
  assert.equal(other.allows(1, 1_000_000), true);
});

test('asking changes nothing', () => {
  const guard = createRiseGuard(doublingRise(1));
  for (let call = 0; call < 100; call += 1) assert.equal(guard.allows(0, 1), true);
});
