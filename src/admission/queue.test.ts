import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure, type FailureKind } from '../domain/failure.ts';
import { createWaitingRoom, failureOf, type Waiting } from '../testing/waiting-room.ts';
import type { Ask, Place } from './queue.ts';

/** One start every 100 ms, and the line knows it: a cost of 1 takes 100 ms. */
const steady = { speed: () => 1 / 100 };
const hundreds = (count: number, startMs = 100): number[] =>
  Array.from({ length: count }, (_, i) => startMs + 100 * i);

const kindsOf = (waiting: readonly Waiting[]): (FailureKind | string | undefined)[] =>
  waiting.map(({ outcome }) => (outcome instanceof Failure ? outcome.kind : outcome));

test('who can start starts at once, without a timer', () => {
  const { enter, diary, isClean } = createWaitingRoom({ openAtMs: [0] });
  enter('a');
  assert.deepEqual(diary, ['a@0']);
  isClean();
});

test('a line is empty until somebody waits in it, and again when the last has started', () => {
  const { queue, enter, opens } = createWaitingRoom();
  assert.equal(queue.isEmpty('m'), true);
  enter('a');
  assert.equal(queue.isEmpty('m'), false);
  assert.equal(queue.isEmpty('other'), true);
  opens.push(0);
  queue.wake();
  assert.equal(queue.isEmpty('m'), true);
});

test('the promise tells what the callbacks tell', async () => {
  const { queue, clock, askOf } = createWaitingRoom({ openAtMs: [50, 900] });
  assert.equal(await clock.runUntil(queue.enter(askOf('a')), 1_000), 'a');
  await assert.rejects(queue.enter(askOf('b', { deadlineMs: 100 })), { kind: 'pool_exhausted' });
});

test('lines do not wait for each other', async () => {
  const { enter, diary, clock, isClean } = createWaitingRoom();
  for (const [name, atMs] of [
    ['slow', 500],
    ['quick', 20],
  ] as const)
    enter(name, { line: name, tryStart: (nowMs) => (nowMs >= atMs ? { granted: name } : { atMs }) });
  await clock.advance(600);
  assert.deepEqual(diary, ['quick@20', 'slow@500']);
  isClean();
});

test('a start beyond the deadline is refused at once at the door', () => {
  const { enter, diary, isClean } = createWaitingRoom({ openAtMs: [5_000] });
  enter('a', { deadlineMs: 4_999 });
  assert.deepEqual(diary, ['a pool_exhausted@0']);
  isClean();
});

test('who may not wait is refused at once, and does not overtake', async () => {
  const { enter, diary, clock, opens } = createWaitingRoom({ openAtMs: [500] });
  enter('a', { mayWait: false });
  enter('b');
  await clock.advance(1);
  opens.unshift(0);
  enter('c', { mayWait: false, tenant: 'other', priority: 'interactive' });
  assert.deepEqual(diary, ['a pool_limit@0', 'c pool_limit@1'], 'b stands before c, though the door is open');
});

test('refusals say when to come again', async () => {
  const expected: readonly [FailureKind, number, Partial<Ask<string>>][] = [
    ['pool_exhausted', 30_000, {}],
    ['pool_limit', 30_000, { mayWait: false }],
    ['pool_limit', 1_000, { mayWait: false, tryStart: () => ({ atMs: Infinity }) }],
    ['pool_limit', 60_000, { mayWait: false, tryStart: () => ({ atMs: 9_999_999 }) }],
    ['wait_over', 1_000, { tryStart: () => ({ atMs: Infinity }) }],
  ];
  for (const [kind, retryAfterMs, ask] of expected) {
    const { enter, clock } = createWaitingRoom();
    const waiting = enter('a', { deadlineMs: 10_000, tryStart: () => ({ atMs: 30_000 }), ...ask });
    await clock.advance(10_000);
    const failure = failureOf(waiting);
    assert.equal(failure.kind, kind);
    assert.equal(failure.options.retryAfterMs, retryAfterMs, kind);
    assert.equal(failure.options.limitOwner, 'pool');
  }
});

test('who leaves is out at once, and nobody loses a turn', async () => {
  const { enter, diary, clock, queue, isClean } = createWaitingRoom({ openAtMs: [100, 200] });
  const [a, b] = [enter('a', { bytes: 7 }), enter('b', { bytes: 7 })];
  enter('c', { bytes: 5 });
  enter('d', { bytes: 6 });
  await clock.advance(50);
  b.departure.leave();
  a.departure.leave(new Failure('draining', { message: 'm' }));
  assert.deepEqual(diary, ['b client_gone@50', 'a draining@50'], 'why, where it was not its own doing');
  assert.deepEqual(queue.lines(), [{ line: 'm', length: 2, bytes: 11, nextStartMs: 100 }]);
  await clock.advance(200);
  assert.deepEqual(diary.slice(2), ['c@100', 'd@200']);
  isClean();
});

test('who has left already never enters', () => {
  const { enter, queue, diary, isClean } = createWaitingRoom({ openAtMs: [0] });
  const { departure } = enter('other', { mayWait: false, tryStart: () => ({ atMs: 1 }) });
  departure.leave();
  enter('a', { departure });
  assert.deepEqual(diary.slice(1), ['a client_gone@0']);
  assert.deepEqual(queue.lines(), []);
  isClean();
});

test('a line at its length lets nobody in, but for a call that stood in it before', () => {
  const { enter, queue } = createWaitingRoom({ settings: { maxLength: 2 } });
  const [a, b, c] = ['a', 'b', 'c'].map((name) => enter(name, { tenant: name }));
  assert.deepEqual(kindsOf([a, b, c] as Waiting[]), [undefined, undefined, 'queue_full']);
  const failure = failureOf(c as Waiting);
  assert.equal(failure.status, 503);
  assert.match(failure.message, /2 calls already wait for m/);
  const others = [enter('back', { returns: true }), enter('elsewhere', { line: 'other' })];
  assert.deepEqual(kindsOf(others), [undefined, undefined]);
  assert.deepEqual(
    queue.lines().map(({ length }) => length),
    [3, 1],
  );
});

test('a line that holds as many bytes as it may lets nobody in, but a single call of any size', () => {
  const { enter } = createWaitingRoom({ settings: { maxBytes: 100 } });
  const waiting = [90, 11, 10, 0, 1].map((bytes, i) => enter(`${i}`, { bytes, tenant: `${i}` }));
  assert.deepEqual(kindsOf(waiting), [undefined, 'queue_full', undefined, undefined, 'queue_full']);
  const alone = createWaitingRoom({ settings: { maxBytes: 100, maxBytesPerTenant: 50 } });
  assert.equal(alone.enter('large', { bytes: 500 }).outcome, undefined);
});

test('one tenant may hold only so many calls and bytes, whatever room is left to the others', () => {
  for (const settings of [{ maxLengthPerTenant: 2 }, { maxBytesPerTenant: 20 }]) {
    const { enter } = createWaitingRoom({ settings });
    const comer = { bytes: 10, tenant: 'a' };
    const own = [
      enter('1', comer),
      enter('2', comer),
      enter('3', comer),
      enter('4', { ...comer, returns: true }),
    ];
    assert.deepEqual(kindsOf(own), [undefined, undefined, 'queue_full', undefined]);
    assert.match(failureOf(own[2] as Waiting).message, /of this key/);
    assert.equal(enter('other', { ...comer, tenant: 'b' }).outcome, undefined);
    own[0]?.departure.leave();
    own[1]?.departure.leave();
    assert.equal(enter('again', comer).outcome, undefined, 'who left has made room');
  }
});

test('in a full line the batch call that waited longest gives way to a higher class, and to nothing else', () => {
  const { enter, queue } = createWaitingRoom({ settings: { maxLength: 3, maxBytes: 35 } });
  const batch = ['a', 'b'].map((name) => enter(name, { tenant: name, priority: 'batch', bytes: 10 }));
  const normal = enter('c', { bytes: 10 });
  const refused = enter('d', { priority: 'batch', bytes: 10 });
  assert.deepEqual(kindsOf([...batch, refused]), [undefined, undefined, 'queue_full'], 'batch not for batch');
  const urgent = enter('e', { priority: 'interactive', bytes: 10 });
  assert.deepEqual(kindsOf([...batch, normal, urgent]), ['queue_full', undefined, undefined, undefined]);
  const large = enter('f', { bytes: 15 });
  assert.deepEqual(kindsOf([...batch, normal, large]), ['queue_full', 'queue_full', undefined, undefined]);
  assert.equal(
    kindsOf([enter('g', { priority: 'interactive', bytes: 10 })])[0],
    'queue_full',
    'no batch is left',
  );
  assert.deepEqual(
    queue.lines().map(({ length, bytes }) => [length, bytes]),
    [[3, 35]],
  );
});

test('a call is turned away at the door when the wait foreseen is longer than its own, and not when it fits', () => {
  const { enter, queue } = createWaitingRoom({ openAtMs: hundreds(99) });
  for (let i = 0; i < 50; i++) enter(`${i}`, steady);
  const normal = { priority: 'normal', tenant: 't', weight: 1, orderMs: Infinity } as const;
  assert.equal(queue.expectedWaitMs('m', normal), 5_000);
  assert.equal(queue.expectedWaitMs('m', { ...normal, tenant: 'other' }), 100, 'its turn comes after one');
  assert.equal(queue.expectedWaitMs('empty', normal), 0);
  const fits = enter('fits', { ...steady, deadlineMs: 5_000 });
  const late = enter('late', { ...steady, deadlineMs: 5_000 });
  const other = enter('other', { ...steady, deadlineMs: 5_000, tenant: 'other' });
  const back = enter('back', { ...steady, deadlineMs: 5_000, returns: true });
  assert.deepEqual(kindsOf([fits, late, other, back]), [undefined, 'wait_over', undefined, undefined]);
  assert.equal(failureOf(late).status, 503);
  assert.match(failureOf(late).message, /about 5\.1 s, longer than the 5\.0 s/);
});

test('who is turned away for time hears when to come again: between one and sixty seconds, not all at once', () => {
  const { enter } = createWaitingRoom({ openAtMs: [100] });
  for (let i = 0; i < 2_000; i++) enter(`${i}`, steady);
  const hintsOf = (deadlineMs: number): number[] =>
    Array.from(
      { length: 50 },
      () => failureOf(enter('x', { ...steady, deadlineMs })).options.retryAfterMs ?? 0,
    );
  for (const [deadlineMs, least, most] of [
    [199_950, 1_000, 1_300],
    [190_000, 10_000, 13_000],
    [10_000, 60_000, 60_000],
  ] as const) {
    const hints = hintsOf(deadlineMs);
    for (const hint of hints) assert.ok(hint >= least && hint <= most, `${hint}`);
    if (least < most) assert.ok(new Set(hints).size > 40, 'spread');
  }
});

test('where nobody knows how fast the line is, nobody is turned away for time', () => {
  const { enter } = createWaitingRoom({ openAtMs: [100] });
  const waiting = Array.from({ length: 200 }, (_, i) => enter(`${i}`, { deadlineMs: 150 }));
  assert.ok(waiting.every(({ outcome }) => outcome === undefined));
});

test('a place counts those of other tenants who will go first, and no more than wait', () => {
  const { enter } = createWaitingRoom({ openAtMs: hundreds(9) });
  const places: Place[] = [];
  const onWait = (place: Place): void => {
    places.push(place);
  };
  for (let i = 0; i < 10; i++) enter(`${i}`, { ...steady, tenant: 'a' });
  for (let i = 0; i < 3; i++) enter(`${i}`, { ...steady, tenant: 'b', onWait });
  enter('c', { ...steady, tenant: 'b', weight: 9, orderMs: -1, onWait });
  for (let i = 0; i < 20; i++)
    enter(`${i}`, { ...steady, tenant: 'b', orderMs: 1, ...(i === 19 ? { onWait } : {}) });
  assert.deepEqual(
    places.map((place) => place.position()),
    [4, 6, 8, 2, 34],
  );
  assert.equal(places[2]?.startsAtMs(), 100 + 700);
});

for (const [knows, speed] of [
  ['that knows its speed', steady],
  ['that must learn its speed', {}],
] as const)
  test(`at a steady door ${knows} positions fall and the start foreseen comes true within a fifth`, async () => {
    const { enter, clock } = createWaitingRoom({ openAtMs: hundreds(100) });
    for (let i = 0; i < 10; i++) enter(`${i}`, { ...speed, tenant: 'a' });
    await clock.advance(500);
    const calls = Array.from({ length: 15 }, (_, i) => {
      const tenant = i % 3 === 0 ? 'a' : 'b';
      const seen = {
        place: undefined as Place | undefined,
        startsAtMs: 0,
        positions: [] as number[],
        endMs: 0,
      };
      const onWait = (place: Place): void => {
        seen.place = place;
      };
      return { seen, waiting: enter(`${i}`, { ...speed, tenant, orderMs: i + 1, onWait }) };
    });
    for (const { seen } of calls) seen.startsAtMs = seen.place?.startsAtMs() ?? 0;
    for (let step = 0; step < 25; step++) {
      for (const { seen, waiting } of calls) {
        if (waiting.outcome === undefined) seen.positions.push(seen.place?.position() ?? 0);
        else seen.endMs ||= clock.now();
      }
      await clock.advance(100);
    }
    for (const { seen } of calls) {
      const { positions, startsAtMs, endMs } = seen;
      assert.deepEqual(
        positions.toSorted((a, b) => b - a),
        positions,
        'it only falls',
      );
      assert.ok((positions.at(-1) ?? 9) <= 2, `${positions} at its end`);
      const waitMs = endMs - 500;
      assert.ok(Math.abs(startsAtMs - endMs) <= 0.2 * waitMs + 100, `at ${endMs}, foreseen at ${startsAtMs}`);
    }
    assert.ok(calls.some(({ seen }) => seen.positions.length > 15));
  });
