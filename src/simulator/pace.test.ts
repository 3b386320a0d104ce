import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { type BodyEnd, PacedBody, type Script, saidAfterMs } from './pace.ts';

/** A chunk each second, `count` of them; `Infinity` in `dueMs` after `silentAfter`. */
function setUp(count: number, options: { silentAfter?: number; dieAt?: number } = {}) {
  const clock = createVirtualClock({ startMs: 0 });
  const controller = new AbortController();
  const ends: BodyEnd[] = [];
  let taken = 0;
  const script: Script = {
    dueMs: () => (taken >= (options.silentAfter ?? Infinity) ? Infinity : (taken + 1) * 1_000),
    take() {
      if (taken === options.dieAt) throw new Error('died');
      taken += 1;
      return Buffer.from(`${taken}`);
    },
    over: () => taken === count,
  };
  const body = new PacedBody({ clock, signal: controller.signal, script, onEnd: (end) => ends.push(end) });
  return { clock, controller, ends, body };
}

test('the pace says when so many tokens have been said', () => {
  const pace = { firstTokenMs: 300, tokensPerSecond: 60 };
  assert.equal(saidAfterMs(pace, 0), 300);
  assert.equal(saidAfterMs(pace, 60), 1_300);
  assert.equal(saidAfterMs({ firstTokenMs: 0, tokensPerSecond: 0 }, 1_000), 0);
});

test('chunks come when they are due and the body ends with the last one', async () => {
  const { clock, ends, body } = setUp(3);
  const times: number[] = [];
  const read = (async () => {
    for await (const chunk of body) {
      times.push(clock.now());
      if (Buffer.from(chunk).toString() === '3') assert.deepEqual(ends, ['complete']);
    }
  })();
  await clock.runUntil(read, 10_000);
  assert.deepEqual(times, [1_000, 2_000, 3_000]);
  assert.deepEqual(ends, ['complete']);
});

test('a reader who comes late gets what is due without a timer', async () => {
  const { clock, body } = setUp(3);
  await clock.advance(2_500);
  assert.equal((await body.next()).done, false);
  assert.equal((await body.next()).done, false);
  assert.equal(clock.pending(), 0);
  const third = body.next();
  assert.equal(clock.pending(), 1);
  await clock.advance(500);
  assert.equal((await third).done, false);
  assert.equal((await body.next()).done, true);
});

test('aborting ends a waiting pull at once, with the reason', async () => {
  const { clock, controller, ends, body } = setUp(3);
  const pull = body.next();
  controller.abort(new Error('enough'));
  assert.deepEqual(ends, ['aborted']);
  assert.equal(clock.pending(), 0);
  await assert.rejects(pull, /enough/);
  assert.equal((await body.next()).done, true);
});

test('aborting between two pulls is told to the next one', async () => {
  const { clock, controller, ends, body } = setUp(3);
  await clock.advance(1_000);
  await body.next();
  controller.abort(new Error('enough'));
  assert.deepEqual(ends, ['aborted']);
  await assert.rejects(body.next(), /enough/);
});

test('a reader who returns frees everything, started or not', async () => {
  const fresh = setUp(3);
  await fresh.body.return();
  assert.deepEqual(fresh.ends, ['aborted']);

  const waiting = setUp(3);
  const pull = waiting.body.next();
  await waiting.body.return();
  assert.equal((await pull).done, true);
  assert.equal(waiting.clock.pending(), 0);
  waiting.controller.abort();
  assert.deepEqual(waiting.ends, ['aborted']);
});

test('a silent body arms no timer and still lets go', async () => {
  const { clock, controller, ends, body } = setUp(3, { silentAfter: 1 });
  await clock.advance(1_000);
  await body.next();
  const pull = body.next();
  assert.equal(clock.pending(), 0);
  await clock.advance(3_600_000);
  assert.deepEqual(ends, []);
  controller.abort(new Error('enough'));
  await assert.rejects(pull, /enough/);
});

test('a script that throws ends the body as died', async () => {
  const { clock, ends, body } = setUp(3, { dieAt: 1 });
  await clock.advance(5_000);
  await body.next();
  await assert.rejects(body.next(), /died/);
  assert.deepEqual(ends, ['died']);
});
