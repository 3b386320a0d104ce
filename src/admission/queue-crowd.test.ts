import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createSeededRandom } from '../base/seeded-random.ts';
import { PRIORITIES } from '../domain/call.ts';
import { Failure } from '../domain/failure.ts';
import { createWaitingRoom, type Waiting } from '../testing/waiting-room.ts';
import type { Ask } from './queue.ts';

const CROWD = 100_000;
const LONG_BEFORE_MS = 100_000;

/** One start every 100 ms, and the line knows it; each call may wait for 5 s, under standing overload for 1 s. */
async function overloaded() {
  const room = createWaitingRoom({
    openAtMs: Array.from({ length: 600 }, (_, i) => LONG_BEFORE_MS + 100 + 100 * i),
    settings: { overloadWaitMs: 1_000 },
  });
  await room.clock.advance(LONG_BEFORE_MS);
  let id = 0;
  const come = (more: Partial<Ask<string>> = {}): Waiting =>
    room.enter(`${id++}`, {
      ...{ deadlineMs: room.clock.now() + 5_000, orderMs: room.clock.now() },
      speed: () => 1 / 100,
      ...more,
    });
  /** Keeps about so many in line for this long. */
  const keep = async (length: number, forMs: number): Promise<void> => {
    for (let passedMs = 0; passedMs < forMs; passedMs += 100) {
      const missing = length - (room.queue.lines()[0]?.length ?? 0);
      for (let i = 0; i < missing; i++) come({ ownWait: true });
      await room.clock.advance(100);
    }
  };
  const isLetIn = ({ outcome }: Waiting): boolean => !(outcome instanceof Failure);
  return { ...room, come, keep, isLetIn };
}

test('a line that is never empty is no overload as long as nobody was turned away', async () => {
  const { come, keep, isLetIn } = await overloaded();
  await keep(30, 20_000);
  assert.ok(isLetIn(come()), 'three seconds are within five');
});

test('under standing overload the wait is short, but for a call that named its own', async () => {
  const { come, keep, isLetIn } = await overloaded();
  await keep(30, 4_000);
  for (let i = 0; i < 30; i++) come();
  assert.ok(!isLetIn(come()), 'six seconds are too much');
  assert.ok(isLetIn(come({ tenant: 'other' })));
  await keep(30, 3_300);
  assert.ok(isLetIn(come()), 'it does not stand yet: one and a half of the longest waits have not passed');
  await keep(30, 500);
  assert.ok(!isLetIn(come()));
  assert.ok(isLetIn(come({ ownWait: true })));
  assert.ok(isLetIn(come({ returns: true })));
  assert.ok(isLetIn(come({ tenant: 'new' })), 'whose turn comes at once');
});

test('overload is over when the line was empty, or nobody was turned away for a while', async () => {
  for (const quietMs of [0, 10_000]) {
    const { come, keep, isLetIn, clock, opens } = await overloaded();
    await keep(30, 4_000);
    for (let i = 0; i < 30; i++) come();
    come();
    await keep(30, 4_000);
    assert.ok(!isLetIn(come()), 'it stands');
    if (quietMs > 0) await keep(30, quietMs);
    else {
      await clock.advance(7_000);
      while (opens[0] !== undefined && opens[0] <= clock.now()) opens.shift();
    }
    for (let i = 0; i < 15; i++) come({ ownWait: true });
    assert.ok(isLetIn(come()), `after ${quietMs} ms`);
  }
});

test('after two thousand random comings, leavings and starts nothing is left', async () => {
  const random = createSeededRandom(9);
  const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;
  const room = createWaitingRoom({
    settings: { maxLength: 60, maxBytes: 5_000, maxLengthPerTenant: 30, overloadWaitMs: 100 },
  });
  const { enter, clock, queue, opens, diary } = room;
  const inside: Waiting[] = [];
  const holds = new Set<string>();
  let told = 0;
  for (let i = 0; i < 2_000; i++) {
    const name = `${i}`;
    const turnAtMs = clock.now() + random() * 300;
    const door = room.askOf(name).tryStart;
    const more = pick<Partial<Ask<string>>>([
      {},
      { tryStart: (nowMs) => (nowMs < turnAtMs ? { atMs: turnAtMs, byChoice: true } : door(nowMs)) },
      { tryStart: (nowMs) => (nowMs < turnAtMs ? { atMs: turnAtMs, bySize: true } : door(nowMs)) },
      { tryStart: () => ({ atMs: Infinity }), mayWait: random() < 0.8 },
      {
        tryStart: () => {
          if (random() < 0.01) throw new Error('a fault');
          return { atMs: Infinity };
        },
      },
    ]);
    inside.push(
      enter(name, {
        ...{ line: pick(['m', 'n']), tenant: pick(['a', 'b', 'c', 'd']), priority: pick(PRIORITIES) },
        ...{ cost: random() * 3, bytes: Math.floor(random() * 200), orderMs: clock.now() + random() * 100 },
        ...{ deadlineMs: clock.now() + random() * 600, returns: random() < 0.1, ownWait: random() < 0.3 },
        speed: () => pick([undefined, 0.01, 0.1]),
        hold: () => holds.add(name),
        release: () => holds.delete(name),
        ...more,
      }),
    );
    told++;
    if (random() < 0.3) pick(inside).departure.leave();
    if (random() < 0.5) opens.push(clock.now() + random() * 50);
    if (random() < 0.2) queue.wake();
    if (random() < 0.1)
      queue.correct(pick(['m', 'n']), {
        priority: pick(PRIORITIES),
        tenant: 'a',
        difference: random() - 0.5,
      });
    if (random() < 0.5) await clock.advance(random() * 40);
    const waiting = inside.filter(({ outcome }) => outcome === undefined);
    assert.equal(
      queue.lines().reduce((all, { length }) => all + length, 0),
      waiting.length,
    );
    assert.ok(clock.pending() <= 2, 'a timer for each line at most');
  }
  await clock.advance(700);
  assert.equal(diary.length, told, 'each was told once');
  assert.ok(new Set(diary.map((line) => line.replace(/^\d+ ?|@.*/g, ''))).size >= 5, 'in many ways');
  assert.deepEqual([...holds], []);
  room.isClean();
});

test('a hundred thousand in line: a decision takes microseconds, a waiting call less than two kilobytes', async (t) => {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  assert.ok(typeof collect === 'function');
  const { askOf, queue, opens, clock } = createWaitingRoom();
  let started = 0;
  const told = {
    resolve: () => {
      started++;
    },
    reject: () => {},
  };
  collect();
  const before = process.memoryUsage().heapUsed;
  const asks = Array.from({ length: CROWD }, (_, i) =>
    askOf('', {
      tenant: `t${i % 50}`,
      orderMs: i,
      priority: PRIORITIES[i % 3] ?? 'normal',
      deadlineMs: 1e6 + i,
    }),
  );
  const enteredFromMs = performance.now();
  for (const ask of asks) queue.join(ask, told);
  const entered = ((performance.now() - enteredFromMs) / CROWD) * 1_000;
  collect();
  const bytes = (process.memoryUsage().heapUsed - before) / CROWD;

  const decisions = 20_000;
  const startedFromMs = performance.now();
  for (let i = 0; i < decisions; i++) {
    opens.push(0);
    queue.wake();
  }
  const decided = ((performance.now() - startedFromMs) / decisions) * 1_000;
  assert.equal(started, decisions);

  const leftFromMs = performance.now();
  for (const { departure } of asks) departure.leave();
  const left = ((performance.now() - leftFromMs) / CROWD) * 1_000;
  assert.deepEqual(queue.lines(), []);
  assert.equal(clock.pending(), 0);

  t.diagnostic(
    `µs: ${entered.toFixed(1)} to enter, ${decided.toFixed(1)} to start one, ${left.toFixed(1)} to leave; ` +
      `${bytes.toFixed(0)} bytes for each that waits`,
  );
  for (const microseconds of [entered, decided, left]) assert.ok(microseconds < 50, `${microseconds} µs`);
  assert.ok(bytes < 2_000, `${bytes} bytes`);
});

for (const order of ['from the front', 'from the back', 'from everywhere'] as const)
  test(`ten thousand leave ${order} and cost few questions, and the last one still gets in`, () => {
    const { enter, diary, opens, queue, isClean, asked } = createWaitingRoom({ openAtMs: [Infinity] });
    const waiting = Array.from({ length: 10_000 }, (_, i) => enter(`${i}`));
    enter('last');
    const indexes = waiting.map((_, i) => (order === 'from everywhere' ? (i * 7_919) % 10_000 : i));
    if (order === 'from the back') indexes.reverse();
    for (const i of indexes) waiting[i]?.departure.leave();
    assert.ok(asked() < 25_000, `${asked()} questions`);
    opens[0] = 0;
    queue.wake();
    assert.equal(diary.at(-1), 'last@0');
    isClean();
  });

test('ten thousand go through one by one, in order', async () => {
  const { enter, diary, clock, isClean, asked } = createWaitingRoom({
    openAtMs: Array.from({ length: 10_000 }, (_, i) => 1 + i),
  });
  for (let i = 0; i < 10_000; i++) enter(`${i}`);
  const before = asked();
  await clock.advance(10_001);
  assert.deepEqual(
    diary,
    Array.from({ length: 10_000 }, (_, i) => `${i}@${i + 1}`),
  );
  assert.ok(asked() - before <= 20_010, `${asked() - before} questions`);
  isClean();
});
