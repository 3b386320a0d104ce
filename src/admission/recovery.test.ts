import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Recovery } from './recovery.ts';

/** Moments at which requests start when everybody waits, in the first so many ms after a recovery began. */
function startsWithin(ms: number, full?: number): number[] {
  const recovery = new Recovery();
  recovery.begin(10_000);
  const starts: number[] = [];
  for (let nowMs = 10_000; nowMs < 10_000 + ms; ) {
    const atMs = recovery.freeAt(nowMs, full);
    if (atMs > nowMs) nowMs = atMs;
    else {
      starts.push(nowMs - 10_000);
      recovery.count(nowMs);
      if (starts.length > 10_000) break;
      if (recovery.freeAt(nowMs, full) <= nowMs) nowMs += 1;
    }
  }
  return starts;
}

test('nobody is held back before there was a bench', () => {
  const recovery = new Recovery();
  assert.equal(recovery.freeAt(5, 1), 5);
  recovery.count(5);
  assert.equal(recovery.freeAt(5, undefined), 5);
});

test('the rate begins at two a second and doubles every second', () => {
  const starts = startsWithin(4_000);
  const inSecond = (second: number): number =>
    starts.filter((ms) => Math.floor(ms / 1_000) === second).length;
  assert.ok(inSecond(0) >= 1 && inSecond(0) <= 3, `${inSecond(0)}`);
  for (let second = 1; second < 4; second++) {
    const ratio = inSecond(second) / inSecond(second - 1);
    assert.ok(ratio >= 1.5 && ratio <= 3, `${ratio} in second ${second}`);
  }
});

test('it ends where the full rate is reached, and where no limit tells within ten seconds', () => {
  const recovery = new Recovery();
  recovery.begin(0);
  assert.ok(recovery.freeAt(1, 10) > 1);
  assert.equal(recovery.freeAt(2_400, 10), 2_400, '10.6 a second are more than all');
  recovery.begin(0);
  assert.ok(recovery.freeAt(10, undefined) > 10);
  assert.equal(recovery.freeAt(10_000, undefined), 10_000);
});
