import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createSeededRandom } from '../base/seeded-random.ts';
import { PRIORITIES } from '../domain/call.ts';
import { createWaitingRoom } from '../testing/waiting-room.ts';
import type { Turn } from './ask.ts';

/** Starts from this moment on. */
const from =
  (atMs: number, name: string) =>
  (nowMs: number): Turn<string> =>
    nowMs >= atMs ? { granted: name } : { atMs };

test('first come, first served, each at the exact moment and nobody polls', async () => {
  const { enter, diary, clock, isClean, asked } = createWaitingRoom({ openAtMs: [100.5, 250, 250, 70_000] });
  for (const name of ['a', 'b', 'c', 'd']) enter(name);
  await clock.advance(99);
  const before = asked();
  await clock.advance(69_901);
  assert.deepEqual(diary, ['a@100.5', 'b@250', 'c@250', 'd@70000']);
  assert.ok(asked() - before <= 7, `${asked() - before} questions for four grants`);
  isClean();
});

test('one timer serves any number of calls and of deadlines, and an empty line has none', async () => {
  const { enter, clock, queue, opens, diary, isClean } = createWaitingRoom({ openAtMs: [40_000] });
  assert.equal(clock.pending(), 0);
  for (let i = 0; i < 500; i++) {
    enter(`${i}`, { deadlineMs: 50_000 + ((i * 7_919) % 500), tenant: `t${i % 30}` });
    assert.equal(clock.pending(), 1);
  }
  await clock.advance(40_000);
  assert.equal(clock.pending(), 1, 'only deadlines are left to wait for');
  assert.equal(diary.length, 1);
  opens.push(...Array.from({ length: 499 }, () => 0));
  queue.wake();
  assert.equal(clock.pending(), 1, 'the rest has its turn when the event loop has had one');
  await clock.advance(0);
  assert.equal(diary.length, 500);
  isClean();
});

test('each leaves at the exact moment of its deadline', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 30 }),
      async (deadlines) => {
        const { enter, diary, clock, isClean } = createWaitingRoom();
        for (const [i, deadlineMs] of deadlines.entries()) enter(`${i}`, { deadlineMs, tenant: `t${i % 4}` });
        await clock.advance(401);
        assert.deepEqual(new Set(diary), new Set(deadlines.map((atMs, i) => `${i} wait_over@${atMs}`)));
        isClean();
      },
    ),
    { numRuns: 30 },
  );
});

test('who has waited until the deadline leaves, and whoever is next moves up', async () => {
  const { enter, diary, clock, isClean } = createWaitingRoom();
  enter('a', { deadlineMs: 300 });
  enter('b', { deadlineMs: 900, tryStart: from(100, 'b') });
  await clock.advance(1_000);
  assert.deepEqual(diary, ['a wait_over@300', 'b@300']);
  isClean();
});

test('all who can start at the very moment of their deadline start', async () => {
  const { enter, diary, clock, isClean } = createWaitingRoom({ openAtMs: [300, 300, 300, 300, 300] });
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) enter(name, { deadlineMs: 300 });
  await clock.advance(400);
  assert.deepEqual(diary, ['a@300', 'b@300', 'c@300', 'd@300', 'e@300', 'f wait_over@300']);
  isClean();
});

test('when the head learns that it can only start after its deadline, it is refused at once', async () => {
  const { enter, diary, clock, opens, queue, isClean } = createWaitingRoom({ openAtMs: [5_000] });
  enter('a', { deadlineMs: 5_000 });
  enter('b', { deadlineMs: 20_000 });
  await clock.advance(10);
  opens[0] = 9_000;
  queue.wake();
  assert.deepEqual(diary, ['a pool_exhausted@10']);
  await clock.advance(9_000);
  assert.deepEqual(diary.slice(1), ['b@9000']);
  isClean();
});

test('a call that comes back keeps its place', async () => {
  const { enter, diary, clock, isClean } = createWaitingRoom({ openAtMs: [100, 200, 300] });
  enter('b', { orderMs: 10 });
  enter('c', { orderMs: 20 });
  enter('a', { orderMs: 5, returns: true });
  await clock.advance(400);
  assert.deepEqual(diary, ['a@100', 'b@200', 'c@300']);
  isClean();
});

test('a call too large for now lets smaller ones go first, unless it can start very soon', async () => {
  for (const [atMs, expected] of [
    [1_000, ['small@10', 'large@1000']],
    [159, ['large@159', 'small@159']],
  ] as const) {
    const { enter, diary, clock, isClean } = createWaitingRoom();
    const large = (nowMs: number): Turn<string> =>
      nowMs >= atMs ? { granted: 'large' } : { atMs, bySize: true };
    enter('large', { tenant: 'a', tryStart: large });
    await clock.advance(10);
    enter('small', { tenant: 'b', tryStart: from(0, 'small') });
    await clock.advance(2_000);
    assert.deepEqual(diary, expected);
    isClean();
  }
});

test('what lacks a request and not tokens holds up those behind it', async () => {
  const { enter, diary, clock, isClean } = createWaitingRoom();
  enter('a', { tenant: 'a', tryStart: from(1_000, 'a') });
  enter('b', { tenant: 'b', tryStart: from(0, 'b') });
  await clock.advance(2_000);
  assert.deepEqual(diary, ['a@1000', 'b@1000']);
  isClean();
});

test('only one call at a time keeps a place free, and gives it up when it starts or leaves', async () => {
  const { enter, clock, isClean } = createWaitingRoom();
  const held: string[] = [];
  const large = (name: string, atMs: number) =>
    enter(name, {
      tenant: name,
      tryStart: (nowMs) => (nowMs >= atMs ? { granted: name } : { atMs, bySize: true }),
      hold: () => held.push(`+${name}`),
      release: () => held.push(`-${name}`),
    });
  const leaving = large('a', 9_000);
  large('b', 1_000);
  assert.deepEqual([...new Set(held)], ['+a']);
  held.length = 0;
  leaving.departure.leave();
  assert.deepEqual([...new Set(held)], ['-a', '+b']);
  held.length = 0;
  await clock.advance(1_000);
  assert.deepEqual(held, ['-b']);
  isClean();
});

test('a call that waits by choice holds up nobody, and keeps no place', async () => {
  const { enter, diary, clock, isClean } = createWaitingRoom({ openAtMs: [700, 700] });
  let holds = 0;
  enter('choosy', {
    tenant: 'a',
    tryStart: (nowMs) => (nowMs >= 900 ? { granted: 'choosy' } : { atMs: 900, byChoice: true }),
    hold: () => holds++,
  });
  enter('b', { tenant: 'b' });
  enter('c', { tenant: 'c' });
  await clock.advance(1_000);
  assert.deepEqual(diary, ['b@700', 'c@700', 'choosy@900']);
  assert.equal(holds, 0);
  isClean();
});

test('a call that waits by choice holds up nobody of its own tenant either', async () => {
  const { enter, diary, clock, isClean } = createWaitingRoom({ openAtMs: [700, 700] });
  for (const [name, atMs] of [
    ['choosy', 900],
    ['choosier', 950],
  ] as const)
    enter(name, { tryStart: (nowMs) => (nowMs >= atMs ? { granted: name } : { atMs, byChoice: true }) });
  enter('b');
  enter('c');
  await clock.advance(1_000);
  assert.deepEqual(diary, ['b@700', 'c@700', 'choosy@900', 'choosier@950']);
  isClean();
});

test('when the call that held up the others leaves, whoever stands behind it starts at once', async () => {
  const { enter, diary, clock, isClean } = createWaitingRoom();
  const choosy = enter('choosy', { tenant: 'a', tryStart: () => ({ atMs: 90_000, byChoice: true }) });
  const large = enter('large', { tenant: 'b', tryStart: () => ({ atMs: 60_000 }) });
  enter('small', { tenant: 'c', tryStart: from(0, 'small') });
  await clock.advance(10);
  assert.deepEqual(diary, []);
  large.departure.leave();
  assert.deepEqual(diary, ['large client_gone@10', 'small@10']);
  choosy.departure.leave();
  isClean();
});

test('a wake asks the head again before its moment', async () => {
  const { enter, diary, clock, queue, opens, isClean } = createWaitingRoom({ openAtMs: [Infinity] });
  enter('a');
  enter('b');
  await clock.advance(40);
  opens[0] = 40;
  queue.wake();
  assert.deepEqual(diary, ['a@40']);
  opens.push(90);
  queue.wake();
  await clock.advance(60);
  assert.deepEqual(diary, ['a@40', 'b@90']);
  isClean();
});

test('an asker that breaks ends its own call alone', async () => {
  const { enter, diary, clock, isClean } = createWaitingRoom({ openAtMs: [100, 200] });
  enter('broken', {
    tryStart: (nowMs) => {
      if (nowMs < 50) return { atMs: 50 };
      throw new Error('a fault');
    },
  });
  enter('b');
  await clock.advance(300);
  assert.deepEqual(diary, ['broken internal@50', 'b@100']);
  isClean();
});

test('who joins while others are started, and because of it, has a turn too', async () => {
  const { queue, enter, diary, clock, isClean } = createWaitingRoom({ openAtMs: [100, 100, 100] });
  enter('a', {
    tryStart: (nowMs) => {
      if (nowMs < 100) return { atMs: 100 };
      enter('joins', { tenant: 'other' });
      queue.wake();
      return { granted: 'a' };
    },
  });
  enter('b');
  await clock.advance(200);
  assert.deepEqual([...diary].sort(), ['a@100', 'b@100', 'joins@100']);
  isClean();
});

test('under any arrivals of any class, tenant and size each call starts, by its fair share of a steady door', async () => {
  const random = createSeededRandom(5);
  const { enter, clock, isClean } = createWaitingRoom();
  const weights = { interactive: 16, normal: 4, batch: 1 };
  let freeAtMs = 0;
  let started = 0;
  const worstMs = { interactive: 0, normal: 0, batch: 0 };
  for (let i = 0; i < 3_000; i++) {
    const priority = PRIORITIES[Math.floor(random() * 3)] ?? 'normal';
    const cost = 1 + Math.floor(random() ** 4 * 30);
    const cameMs = clock.now();
    enter(`${i}`, {
      ...{ priority, tenant: `t${Math.floor(random() * 6)}`, cost, orderMs: cameMs, deadlineMs: Infinity },
      tryStart: (nowMs) => {
        if (nowMs < freeAtMs) return { atMs: freeAtMs };
        freeAtMs = nowMs + cost;
        started++;
        worstMs[priority] = Math.max(worstMs[priority], nowMs - cameMs);
        return { granted: '' };
      },
    });
    // A third more than the door can take, then less.
    await clock.advance(i < 1_500 ? 5 : 9);
  }
  await clock.advance(60_000);
  assert.equal(started, 3_000, 'somebody waits for ever');
  const bound = (priority: keyof typeof weights): number => (21 / weights[priority]) * 400;
  for (const priority of PRIORITIES)
    assert.ok(worstMs[priority] <= bound(priority), `${priority} waited for ${worstMs[priority]} ms`);
  assert.ok(worstMs.interactive < worstMs.normal && worstMs.normal < worstMs.batch, JSON.stringify(worstMs));
  isClean();
});
