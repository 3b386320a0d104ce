import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Pulse } from './pulse.ts';

const failed = (pulse: Pulse, nowMs: number, call = `call at ${nowMs}`, patience = 3): boolean =>
  pulse.failed('c', { call, nowMs, patience });
const served = (pulse: Pulse, nowMs: number): void => pulse.served('c', { startedAtMs: nowMs - 1, nowMs });

test('a channel that never answered is given no credit', () => {
  assert.equal(failed(new Pulse(), 1), true);
});

test('one that answered lately may fail as often as patience says, less one', () => {
  const pulse = new Pulse();
  served(pulse, 1);
  assert.deepEqual([failed(pulse, 2), failed(pulse, 3), failed(pulse, 4)], [false, false, true]);
  const strict = new Pulse();
  served(strict, 1);
  assert.equal(failed(strict, 2, 'x', 1), true, 'no patience, no credit');
});

test('the failures of one call count once, until another fails', () => {
  const pulse = new Pulse();
  served(pulse, 1);
  for (let i = 0; i < 9; i++) assert.equal(failed(pulse, 2 + i, 'x'), false);
  assert.equal(failed(pulse, 20, 'y'), false);
  assert.equal(failed(pulse, 21, 'x'), true);
});

test('half of all answers failing in turn is no reason for a bench, two of three are', () => {
  const until = (failuresPerAnswer: number): number => {
    const pulse = new Pulse();
    let nowMs = 0;
    served(pulse, nowMs);
    for (let round = 0; round < 100; round++) {
      for (let i = 0; i < failuresPerAnswer; i++) if (failed(pulse, ++nowMs)) return round;
      served(pulse, ++nowMs);
    }
    return Infinity;
  };
  assert.equal(until(1), Infinity);
  assert.ok(until(2) < 5, `${until(2)}`);
});

test('the credit is gone ten seconds after the last answer', () => {
  const pulse = new Pulse();
  served(pulse, 0);
  assert.equal(failed(pulse, 10_000), false);
  const late = new Pulse();
  served(late, 0);
  assert.equal(failed(late, 10_001), true);
});

test('proven is who answered after its last failure, whatever came before', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 30 }), (answers) => {
      const pulse = new Pulse();
      answers.forEach((good, i) => {
        if (good) served(pulse, i + 1);
        else failed(pulse, i + 1);
      });
      assert.equal(pulse.isProven('c'), answers.at(-1));
      assert.equal(pulse.isProven('other'), false);
    }),
  );
});

test('channels are told apart', () => {
  const pulse = new Pulse();
  served(pulse, 1);
  assert.equal(pulse.servedSince('c', -1), true);
  assert.equal(pulse.servedSince('d', -1), false);
});

test('counts how often a channel failed lately, and fades with time', () => {
  const pulse = new Pulse();
  assert.equal(pulse.failureShare('c', 0), 1, 'nothing is known of it');
  for (let i = 0; i < 9; i++) pulse.served('c', { startedAtMs: i, nowMs: i });
  assert.ok(Math.abs(pulse.failureShare('c', 9) - 0.1) < 1e-3);
  for (const call of ['x', 'x', 'y']) pulse.failed('c', { call, nowMs: 10, patience: 1 });
  assert.ok(Math.abs(pulse.failureShare('c', 10) - 2 / 11) < 1e-3, 'one call counts once');
  assert.ok(pulse.failureShare('c', 300_000) > 0.99);
});
