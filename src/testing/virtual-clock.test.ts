import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sleep } from '../base/clock.ts';
import { createSeededRandom } from '../base/seeded-random.ts';
import { createVirtualClock } from './virtual-clock.ts';

test('time stands still until somebody moves it', async () => {
  const clock = createVirtualClock({ startMs: 1_000 });
  let fired = false;
  clock.after(10, () => {
    fired = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(clock.now(), 1_000);
  assert.equal(fired, false);
  await clock.advance(9);
  assert.equal(fired, false);
  await clock.advance(1);
  assert.equal(fired, true);
  assert.equal(clock.now(), 1_010);
});

test('timers fire in order of time, and of arming within one instant', async () => {
  const clock = createVirtualClock({ startMs: 0 });
  const seen: string[] = [];
  const note = (name: string) => () => seen.push(`${name}@${clock.now()}`);
  clock.after(20, note('late'));
  clock.after(10, note('a'));
  clock.after(10, note('b'));
  clock.after(-5, note('past'));
  await clock.advance(100);
  assert.deepEqual(seen, ['past@0', 'a@10', 'b@10', 'late@20']);
  assert.equal(clock.now(), 100);
});

test('order holds for thousands of timers, half of them cancelled', async () => {
  const clock = createVirtualClock({ startMs: 0 });
  const random = createSeededRandom(7);
  const seen: number[] = [];
  const cancels = Array.from({ length: 6_000 }, () => {
    const delayMs = Math.floor(random() * 1_000);
    return clock.after(delayMs, () => seen.push(delayMs));
  });
  cancels.forEach((cancel, index) => {
    if (index % 3 > 0) cancel();
  });
  assert.equal(clock.pending(), 2_000);
  await clock.advance(1_000);
  assert.equal(seen.length, 2_000);
  assert.deepEqual(
    seen,
    seen.toSorted((one, other) => one - other),
  );
  assert.equal(clock.pending(), 0);
});

test('a timer armed on the way fires on the way', async () => {
  const clock = createVirtualClock({ startMs: 0 });
  const seen: number[] = [];
  const again = (): void => {
    seen.push(clock.now());
    clock.after(10, again);
  };
  clock.after(10, again);
  await clock.advance(35);
  assert.deepEqual(seen, [10, 20, 30]);
});

test('promise chains settle between two timers', async () => {
  const clock = createVirtualClock({ startMs: 0 });
  const seen: string[] = [];
  const worker = async (): Promise<void> => {
    await sleep(clock, 10);
    for (let step = 0; step < 20; step += 1) await Promise.resolve();
    seen.push(`worker@${clock.now()}`);
    await sleep(clock, 5);
    seen.push(`again@${clock.now()}`);
  };
  void worker();
  clock.after(11, () => seen.push('timer@11'));
  await clock.advance(20);
  assert.deepEqual(seen, ['worker@10', 'timer@11', 'again@15']);
});

test('a cancelled timer never fires, and cancelling late does nothing', async () => {
  const clock = createVirtualClock();
  let count = 0;
  const early = clock.after(5, () => {
    count += 1;
  });
  const late = clock.after(6, () => {
    count += 10;
  });
  early();
  early();
  await clock.advance(10);
  late();
  assert.equal(count, 10);
  assert.equal(clock.pending(), 0);
});

test('runUntil jumps to the moment the promise settles, and no further', async () => {
  const clock = createVirtualClock({ startMs: 0 });
  clock.after(7_200_000, () => assert.fail('too far'));
  const answer = await clock.runUntil(
    sleep(clock, 3_600_000).then(() => 'an hour'),
    4_000_000,
  );
  assert.equal(answer, 'an hour');
  assert.equal(clock.now(), 3_600_000);
});

test('runUntil throws what the promise throws', async () => {
  const clock = createVirtualClock();
  const broken = sleep(clock, 5).then(() => {
    throw new TypeError('broken');
  });
  await assert.rejects(clock.runUntil(broken, 100), new TypeError('broken'));
});

test('runUntil says so when no timer is left to wake the promise', async () => {
  const clock = createVirtualClock();
  await assert.rejects(clock.runUntil(new Promise(() => {}), 1_000), /no timer is left/);
});

test('runUntil says so when virtual time is over', async () => {
  const clock = createVirtualClock({ startMs: 0 });
  await assert.rejects(clock.runUntil(sleep(clock, 1_001), 1_000), /after 1000 ms of virtual time/);
  assert.equal(clock.now(), 1_000);
});

test('runUntil waits a real moment for real sockets and files', async () => {
  const clock = createVirtualClock();
  const real = new Promise((resolve) => setTimeout(() => resolve('real'), 15));
  assert.equal(await clock.runUntil(real, 10), 'real');
});

test('a timer that throws fails the advance that fired it', async () => {
  const clock = createVirtualClock();
  clock.after(1, () => {
    throw new Error('in a timer');
  });
  await assert.rejects(clock.advance(5), /in a timer/);
  await clock.advance(5);
});

test('two hands on the clock are refused', async () => {
  const clock = createVirtualClock();
  const first = clock.advance(10);
  await assert.rejects(clock.advance(10), /await that first/);
  await first;
});

test('an aborted sleep leaves no timer behind', async () => {
  const clock = createVirtualClock();
  const controller = new AbortController();
  const slept = sleep(clock, 1_000, controller.signal);
  controller.abort(new Error('enough'));
  await assert.rejects(slept, /enough/);
  assert.equal(clock.pending(), 0);
});

test('a seeded random repeats itself and stays in range', () => {
  const one = createSeededRandom(42);
  const other = createSeededRandom(42);
  let sum = 0;
  for (let index = 0; index < 1_000; index += 1) {
    const value = one();
    assert.equal(value, other());
    assert.ok(value >= 0 && value < 1);
    sum += value;
  }
  assert.ok(Math.abs(sum / 1_000 - 0.5) < 0.05);
  assert.notEqual(createSeededRandom(1)(), createSeededRandom(2)());
});
