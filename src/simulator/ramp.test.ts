import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRampGuard, DEFAULT_SLOPE, type RampGuard } from './ramp.ts';

/** Offers evenly spaced calls whose rate grows each second; returns how many were refused. */
function offer(guard: RampGuard, traffic: { startRps: number; growth: number; seconds: number }): number {
  let refused = 0;
  let nowMs = 0;
  let owed = 0;
  for (; nowMs < traffic.seconds * 1_000; nowMs += 5) {
    owed += (traffic.startRps * (1 + traffic.growth) ** (nowMs / 1_000)) / 200;
    for (; owed >= 1; owed -= 1) {
      if (guard.allows(nowMs, 10)) guard.admitted(nowMs, 10);
      else refused += 1;
    }
  }
  return refused;
}

const slope = { ...DEFAULT_SLOPE, floorRequests: 20 };

test('traffic that grows more slowly than the slope passes', () => {
  const refused = offer(createRampGuard(slope), { startRps: 10, growth: 0.15, seconds: 25 });
  assert.equal(refused, 0);
});

test('traffic that grows twice as fast is refused', () => {
  const refused = offer(createRampGuard(slope), { startRps: 10, growth: 0.4, seconds: 12 });
  assert.ok(refused > 50, `${refused} refused`);
});

test('a cold burst passes up to the floor only', () => {
  const guard = createRampGuard({ ...DEFAULT_SLOPE, floorRequests: 5 });
  let passed = 0;
  for (let call = 0; call < 200; call += 1) {
    if (!guard.allows(1_000, 1)) continue;
    guard.admitted(1_000, 1);
    passed += 1;
  }
  assert.equal(passed, 5);
  assert.equal(guard.allows(1_999, 1), false);
  assert.equal(guard.allows(2_000, 1), true);
});

test('the guard rests once its time is over, and wakes after idleness', () => {
  const guard = createRampGuard({ ...DEFAULT_SLOPE, floorRequests: 1, armedMs: 10_000, idleMs: 30_000 });
  for (let nowMs = 0; nowMs <= 10_000; nowMs += 2_000) guard.admitted(nowMs, 1);
  for (let call = 0; call < 100; call += 1) {
    assert.equal(guard.allows(10_100, 1), true);
    guard.admitted(10_100, 1);
  }
  assert.equal(guard.allows(40_099, 1), true);
  guard.admitted(50_000, 1);
  assert.equal(guard.allows(50_001, 1), false);
});

test('tokens are watched only where a floor of tokens is given, and never for a lone call', () => {
  const blind = createRampGuard({ ...DEFAULT_SLOPE, floorRequests: 100 });
  blind.admitted(0, 1_000);
  assert.equal(blind.allows(1, 1_000_000), true);

  const guard = createRampGuard({ ...DEFAULT_SLOPE, floorRequests: 100, floorTokens: 2_000 });
  assert.equal(guard.allows(0, 50_000), true);
  guard.admitted(0, 1_500);
  assert.equal(guard.allows(1, 500), true);
  assert.equal(guard.allows(1, 501), false);
});

test('no growth at all still lets a steady rate through', () => {
  const guard = createRampGuard({ ...DEFAULT_SLOPE, growthPerSecond: 0, floorRequests: 10 });
  assert.equal(offer(guard, { startRps: 10, growth: 0, seconds: 10 }), 0);
});
