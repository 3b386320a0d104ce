import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pace } from './pace.ts';

const ramp = { floor: 0.1, growth: 2 };

/** Sends as fast as the pace allows; the moments of sending. */
function run(
  pace: Pace,
  limits: Parameters<Pace['freeAt']>[0],
  options: { fromMs: number; untilMs: number },
) {
  const sent: number[] = [];
  for (let nowMs = options.fromMs; ; ) {
    const atMs = pace.freeAt(limits, nowMs);
    if (atMs >= options.untilMs) return sent;
    assert.ok(pace.freeAt(limits, atMs) === atMs, 'the moment named is the moment kept');
    pace.count(atMs);
    sent.push(atMs);
    // Without a brake, the full rate is kept by the windows.
    nowMs = atMs + 100;
  }
}

test('without a ramp, or without a rate to measure it by, nothing is paced', () => {
  const pace = new Pace();
  for (let i = 0; i < 100; i++) pace.count(1_000);
  assert.equal(pace.freeAt({ rpm: 600 }, 1_000), 1_000);
  assert.equal(pace.freeAt({ tpm: 600, ramp }, 1_000), 1_000);
});

test('the first request goes at once, the second at the floor', () => {
  const pace = new Pace();
  const limits = { rpm: 600, ramp };
  assert.equal(pace.freeAt(limits, 5_000), 5_000);
  pace.count(5_000);
  assert.equal(pace.freeAt(limits, 5_000), 6_000, 'a tenth of ten a second');
  assert.equal(pace.freeAt(limits, 5_400), 6_000);
  assert.equal(pace.freeAt(limits, 7_000), 7_000);
});

test('the rate grows to the full one, and never by more than the factor', () => {
  const pace = new Pace();
  const sent = run(pace, { rpm: 600, ramp }, { fromMs: 0, untilMs: 120_000 });
  const between = (fromMs: number, untilMs: number): number =>
    sent.filter((at) => at >= fromMs && at < untilMs).length;
  assert.ok(between(0, 5_000) <= 8, 'it begins slowly');
  assert.ok(between(110_000, 120_000) >= 95, 'it arrives');
  for (let at = 10_000; at < 110_000; at += 10_000)
    assert.ok(between(at, at + 10_000) <= 2.5 * between(at - 10_000, at) + 2, `around ${at}`);
});

test('after a long pause it begins slowly again', () => {
  const pace = new Pace();
  run(pace, { rpm: 600, ramp }, { fromMs: 0, untilMs: 120_000 });
  const again = run(pace, { rpm: 600, ramp }, { fromMs: 600_000, untilMs: 605_000 });
  assert.ok(again.length <= 8, `${again.length} in the first five seconds`);
});

test('the smaller of both rates is the ceiling', () => {
  const gapMs = (limits: Parameters<Pace['freeAt']>[0]): number => {
    const pace = new Pace();
    pace.count(0);
    return pace.freeAt(limits, 0);
  };
  assert.equal(gapMs({ rps: 10, ramp }), 1_000);
  assert.equal(gapMs({ rps: 10, rpm: 60, ramp }), 10_000);
  assert.equal(gapMs({ rps: 1, rpm: 6_000, ramp }), 10_000);
});

test('even a floor of nothing lets calls through in the end', () => {
  const pace = new Pace();
  const sent = run(pace, { rpm: 600, ramp: { floor: 0, growth: 2 } }, { fromMs: 0, untilMs: 600_000 });
  assert.ok(sent.length > 5);
});
