import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { sleep, systemClock } from './clock.ts';

const fired = (delayMs: number): Promise<number> => {
  const beganMs = performance.now();
  return new Promise((resolve) => systemClock.after(delayMs, () => resolve(performance.now() - beganMs)));
};

test('the real clock tells the time since the epoch and never steps back', () => {
  assert.ok(Math.abs(systemClock.now() - Date.now()) < 1_000);
  let last = systemClock.now();
  for (let i = 0; i < 10_000; i++) {
    const now = systemClock.now();
    assert.ok(now >= last);
    last = now;
  }
});

test('a real timer never fires early, whatever the fraction and however late the loop', async () => {
  const delays = Array.from({ length: 40 }, (_, i) => 0.3 + i * 0.77);
  const timers = delays.map(fired);
  // The loop's own time stands still while it is busy: timers armed now would count from before.
  const busyUntilMs = performance.now() + 8;
  while (performance.now() < busyUntilMs);
  const late = delays.map(fired);
  const all = await Promise.all([...timers, ...late]);
  all.forEach((tookMs, i) => {
    const delayMs = delays[i % delays.length] ?? 0;
    assert.ok(tookMs >= delayMs, `${delayMs} ms took ${tookMs}`);
  });
});

test('a real timer with a delay that is over fires at once, but not synchronously', async () => {
  let isSynchronous = true;
  const done = new Promise<boolean>((resolve) => systemClock.after(-5, () => resolve(isSynchronous)));
  isSynchronous = false;
  assert.equal(await done, false);
});

test('a cancelled real timer does not fire, and cancelling twice or late does nothing', async () => {
  let count = 0;
  const cancel = systemClock.after(1, () => count++);
  cancel();
  cancel();
  const late = systemClock.after(0, () => count++);
  await fired(10);
  late();
  assert.equal(count, 1);
});

test('a delay longer than Node can count does not fire at once', async () => {
  let count = 0;
  const cancels = [2 ** 31, 2 ** 40, Infinity].map((delayMs) => systemClock.after(delayMs, () => count++));
  await fired(15);
  for (const cancel of cancels) cancel();
  assert.equal(count, 0);
});

test('sleep ends at its moment and leaves nothing behind', async () => {
  const clock = createVirtualClock({ startMs: 0 });
  const { signal } = new AbortController();
  await clock.runUntil(sleep(clock, 25, signal), 100);
  assert.equal(clock.now(), 25);
  assert.equal(clock.pending(), 0);
  assert.equal(getEventListeners(signal, 'abort').length, 0);
});

test('sleep ends with the reason of an abort, and leaves no timer', async () => {
  const clock = createVirtualClock();
  const controller = new AbortController();
  const slept = sleep(clock, 25, controller.signal);
  controller.abort(new Error('gone'));
  await assert.rejects(slept, /gone/);
  assert.equal(clock.pending(), 0);
});

test('sleep under a signal that is aborted already never arms a timer', async () => {
  const clock = createVirtualClock();
  await assert.rejects(sleep(clock, 25, AbortSignal.abort(new Error('too late'))), /too late/);
  assert.equal(clock.pending(), 0);
});
