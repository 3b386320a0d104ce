import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import type { Failure, FailureKind } from '../domain/failure.ts';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { type Ask, createQueue, type Place, type Turn } from './queue.ts';

/** A line before one door that lets somebody through at the moments given, and a diary of who went when. */
function scene(options: { readonly openAtMs?: readonly number[]; readonly maxLength?: number } = {}) {
  const clock = createVirtualClock({ startMs: 0 });
  const queue = createQueue({ clock, maxLength: () => options.maxLength ?? Infinity });
  const opens = [...(options.openAtMs ?? [])];
  const diary: string[] = [];
  const signals: AbortSignal[] = [];
  let asked = 0;

  const door =
    (name: string) =>
    (nowMs: number): Turn<string> => {
      asked++;
      const [atMs = Infinity] = opens;
      if (atMs > nowMs) return { atMs };
      opens.shift();
      return { granted: name };
    };
  const enter = (name: string, ask: Partial<Ask<string>> = {}) => {
    const controller = new AbortController();
    signals.push(controller.signal);
    const done = queue
      .enter<string>({
        line: 'm',
        arrivedAtMs: clock.now(),
        deadlineMs: 1_000_000,
        signal: controller.signal,
        holdsLine: true,
        mayWait: true,
        hasAlternative: false,
        tryStart: door(name),
        ...ask,
      })
      .then(
        (granted) => diary.push(`${granted}@${clock.now()}`),
        (error: unknown) => diary.push(`${name} ${(error as Failure).kind}@${clock.now()}`),
      );
    return { done, abort: () => controller.abort() };
  };
  const isClean = (): void => {
    assert.equal(clock.pending(), 0, 'timers are left');
    assert.deepEqual(queue.lines(), []);
    for (const signal of signals) assert.equal(getEventListeners(signal, 'abort').length, 0);
  };
  return { clock, queue, opens, diary, enter, isClean, asked: () => asked };
}

test('who can start starts at once, without a timer', async () => {
  const { enter, diary, clock, isClean } = scene({ openAtMs: [0] });
  await enter('a').done;
  assert.deepEqual(diary, ['a@0']);
  assert.equal(clock.now(), 0);
  isClean();
});

test('first come, first served, each at the exact moment and nobody polls', async () => {
  const { enter, diary, clock, isClean, asked } = scene({ openAtMs: [100.5, 250, 250, 70_000] });
  for (const name of ['a', 'b', 'c', 'd']) enter(name);
  await clock.advance(99);
  assert.equal(clock.pending(), 5, 'four deadlines and one timer for the whole line');
  const before = asked();
  await clock.advance(69_901);
  assert.deepEqual(diary, ['a@100.5', 'b@250', 'c@250', 'd@70000']);
  assert.ok(asked() - before <= 7, `${asked() - before} questions for four grants`);
  isClean();
});

test('a call that comes back keeps its place', async () => {
  const { enter, diary, clock, isClean } = scene({ openAtMs: [100, 200, 300] });
  await clock.advance(10);
  enter('b');
  await clock.advance(10);
  enter('c');
  enter('a', { arrivedAtMs: 5 });
  await clock.advance(400);
  assert.deepEqual(diary, ['a@100', 'b@200', 'c@300']);
  isClean();
});

test('lines do not wait for each other', async () => {
  const { enter, diary, clock, isClean } = scene();
  const at =
    (atMs: number, name: string) =>
    (nowMs: number): Turn<string> =>
      nowMs >= atMs ? { granted: name } : { atMs };
  enter('slow', { line: 'one', tryStart: at(500, 'slow') });
  enter('quick', { line: 'two', tryStart: at(20, 'quick') });
  await clock.advance(600);
  assert.deepEqual(diary, ['quick@20', 'slow@500']);
  isClean();
});

test('who has waited until the deadline leaves, and whoever is next moves up', async () => {
  const { enter, diary, clock, isClean } = scene({ openAtMs: [Infinity] });
  enter('a', { deadlineMs: 300 });
  enter('b', { deadlineMs: 900, tryStart: (nowMs) => (nowMs >= 100 ? { granted: 'b' } : { atMs: 100 }) });
  await clock.advance(1_000);
  assert.deepEqual(diary, ['a wait_over@300', 'b@300']);
  isClean();
});

test('who can start at the very moment of the deadline starts', async () => {
  const { enter, diary, clock, isClean } = scene({ openAtMs: [300, 300] });
  enter('a', { deadlineMs: 300 });
  enter('b', { deadlineMs: 300 });
  await clock.advance(400);
  assert.deepEqual(diary, ['a@300', 'b@300']);
  isClean();
});

test('a start beyond the deadline is refused at once, at the door and when the head learns of it', async () => {
  const { enter, diary, clock, opens, queue, isClean } = scene({ openAtMs: [5_000] });
  enter('a', { deadlineMs: 4_999 });
  await clock.advance(0);
  assert.deepEqual(diary, ['a pool_exhausted@0']);
  enter('b', { deadlineMs: 5_000 });
  await clock.advance(10);
  opens[0] = 9_000;
  queue.wake();
  await clock.advance(0);
  assert.deepEqual(diary.slice(1), ['b pool_exhausted@10']);
  isClean();
});

test('who may not wait is refused at once, and does not overtake', async () => {
  const { enter, diary, clock, opens } = scene({ openAtMs: [500] });
  enter('a', { mayWait: false });
  enter('b');
  await clock.advance(1);
  opens.unshift(0);
  enter('c', { mayWait: false });
  await clock.advance(0);
  assert.deepEqual(diary, ['a pool_limit@0', 'c pool_limit@1'], 'b stands before c, though the door is open');
});

test('refusals say when to come again', async () => {
  const { queue, clock } = scene();
  const refusal = async (ask: Partial<Ask<string>>): Promise<Failure> => {
    const entered = queue.enter<string>({
      line: 'm',
      arrivedAtMs: 0,
      deadlineMs: 10_000,
      signal: new AbortController().signal,
      holdsLine: true,
      mayWait: true,
      hasAlternative: false,
      tryStart: () => ({ atMs: 30_000 }),
      ...ask,
    });
    const caught = entered.then(
      () => assert.fail('granted'),
      (error: unknown) => error as Failure,
    );
    return clock.runUntil(caught, 20_000);
  };
  const expected: readonly [FailureKind, number, Partial<Ask<string>>][] = [
    ['pool_exhausted', 30_000, {}],
    ['pool_limit', 30_000, { mayWait: false }],
    ['pool_limit', 1_000, { mayWait: false, tryStart: () => ({ atMs: Infinity }) }],
    ['pool_limit', 60_000, { mayWait: false, tryStart: () => ({ atMs: 9_999_999 }) }],
    ['wait_over', 1_000, { tryStart: () => ({ atMs: Infinity }) }],
  ];
  for (const [kind, retryAfterMs, ask] of expected) {
    const failure = await refusal(ask);
    assert.equal(failure.kind, kind);
    assert.equal(failure.options.retryAfterMs, retryAfterMs, kind);
    assert.equal(failure.options.limitOwner, 'pool');
  }
});

test('who leaves is out at once, and nobody loses a turn', async () => {
  const { enter, diary, clock, queue, isClean } = scene({ openAtMs: [100, 200] });
  const [a, b] = [enter('a'), enter('b')];
  enter('c');
  enter('d');
  await clock.advance(50);
  b.abort();
  a.abort();
  await clock.advance(0);
  assert.deepEqual(diary, ['b client_gone@50', 'a client_gone@50']);
  assert.deepEqual(queue.lines(), [{ line: 'm', length: 2 }]);
  await clock.advance(200);
  assert.deepEqual(diary.slice(2), ['c@100', 'd@200']);
  isClean();
});

test('who has left already never enters', async () => {
  const { enter, diary, isClean } = scene({ openAtMs: [0] });
  await enter('a', { signal: AbortSignal.abort() }).done;
  assert.deepEqual(diary, ['a client_gone@0']);
  isClean();
});

test('when a large call leaves the head, the small one behind it starts at once', async () => {
  const { enter, diary, clock, isClean } = scene();
  const restricted = enter('restricted', { holdsLine: false, tryStart: () => ({ atMs: 90_000 }) });
  const large = enter('large', { tryStart: () => ({ atMs: 60_000 }) });
  enter('small', { tryStart: () => ({ granted: 'small' }) });
  await clock.advance(10);
  large.abort();
  await clock.advance(0);
  assert.deepEqual(diary, ['large client_gone@10', 'small@10']);
  restricted.abort();
  await clock.advance(0);
  isClean();
});

test('a call that can use only some channels holds nobody up', async () => {
  const { enter, diary, clock, isClean } = scene({ openAtMs: [0, 0, 700] });
  enter('restricted', {
    holdsLine: false,
    tryStart: (nowMs) => (nowMs >= 900 ? { granted: 'restricted' } : { atMs: 900 }),
  });
  enter('a');
  enter('b', { mayWait: false });
  enter('c');
  await clock.advance(1_000);
  assert.deepEqual(diary, ['a@0', 'b@0', 'c@700', 'restricted@900']);
  isClean();
});

test('a line at its length lets nobody in, but for a call that stood in it before', async () => {
  const { enter, diary, clock, queue } = scene({ openAtMs: [Infinity], maxLength: 2 });
  await clock.advance(10);
  for (const name of ['a', 'b', 'c']) enter(name);
  await clock.advance(0);
  assert.deepEqual(diary, ['c queue_full@10']);
  enter('back', { arrivedAtMs: 5 });
  enter('elsewhere', { line: 'other' });
  await clock.advance(0);
  assert.equal(diary.length, 1);
  assert.deepEqual(queue.lines(), [
    { line: 'm', length: 3 },
    { line: 'other', length: 1 },
  ]);
});

test('a call that can go elsewhere does not join a line that is too slow for it, unless it stood there before', async () => {
  const { enter, diary, clock } = scene({ openAtMs: [100, 200, 300, 400, 500, 600] });
  await clock.advance(10);
  for (const name of ['a', 'b', 'c', 'd']) enter(name);
  await clock.advance(240);
  enter('patient', { hasAlternative: true, deadlineMs: 500 });
  enter('hasty', { hasAlternative: true, deadlineMs: 500 });
  enter('back', { hasAlternative: true, deadlineMs: 500, arrivedAtMs: 5 });
  await clock.advance(0);
  assert.deepEqual(diary, ['a@100', 'b@200', 'hasty pool_exhausted@250']);
  await clock.advance(300);
  assert.deepEqual(diary.slice(3, 4), ['back@300']);
});

test('a length of nothing means that nobody waits', async () => {
  const { enter, diary, clock } = scene({ openAtMs: [0, 500], maxLength: 0 });
  enter('a');
  enter('b');
  await clock.advance(0);
  assert.deepEqual(diary, ['b queue_full@0', 'a@0'].sort());
});

test('a wake asks the heads again before their moment', async () => {
  const { enter, diary, clock, queue, opens, isClean } = scene({ openAtMs: [Infinity] });
  enter('a');
  enter('b');
  await clock.advance(40);
  assert.equal(clock.pending(), 2, 'nothing to wait for but the deadlines');
  opens[0] = 40;
  queue.wake();
  await clock.advance(0);
  assert.deepEqual(diary, ['a@40']);
  opens.push(90);
  queue.wake();
  await clock.advance(60);
  assert.deepEqual(diary, ['a@40', 'b@90']);
  isClean();
});

test('an asker that breaks ends its own call alone', async () => {
  const { enter, diary, clock, isClean } = scene({ openAtMs: [100, 200] });
  let calls = 0;
  enter('broken', {
    tryStart: () => {
      if (calls++ < 2) return { atMs: 50 };
      throw new Error('a fault');
    },
  });
  enter('b');
  await clock.advance(300);
  assert.deepEqual(diary, ['broken internal@50', 'b@100']);
  isClean();
});

test('a waiting call knows its place and about when it can start', async () => {
  const { enter, clock } = scene({ openAtMs: [100, 200, 300, 400, 500] });
  const places: Place[] = [];
  for (const name of ['a', 'b', 'c', 'd']) enter(name, { onWait: (place) => places.push(place) });
  await clock.advance(0);
  assert.deepEqual(
    places.map((place) => place.position()),
    [1, 2, 3, 4],
  );
  assert.equal(places[0]?.startsAtMs(), 100);
  await clock.advance(250);
  assert.deepEqual([places[2]?.position(), places[3]?.position()], [1, 2]);
  assert.deepEqual([places[2]?.startsAtMs(), places[3]?.startsAtMs()], [300, 400]);
});

for (const order of ['from the front', 'from the back', 'from everywhere'] as const)
  test(`ten thousand leave ${order} and cost little, and the last one still gets in`, async () => {
    const { enter, diary, clock, opens, queue, isClean, asked } = scene({ openAtMs: [Infinity] });
    const entries = Array.from({ length: 10_000 }, (_, i) => enter(`${i}`));
    enter('last');
    await clock.advance(0);
    const indexes = entries.map((_, i) => (order === 'from everywhere' ? (i * 7_919) % 10_000 : i));
    if (order === 'from the back') indexes.reverse();
    const beganMs = performance.now();
    for (const i of indexes) entries[i]?.abort();
    const tookMs = performance.now() - beganMs;
    await clock.advance(0);
    assert.ok(tookMs < 1_500, `${tookMs} ms`);
    assert.ok(asked() < 25_000, `${asked()} questions`);
    opens[0] = 0;
    queue.wake();
    await clock.advance(0);
    assert.equal(diary.at(-1), 'last@0');
    isClean();
  });

test('ten thousand go through one by one, in order', async () => {
  const { enter, diary, clock, isClean, asked } = scene({
    openAtMs: Array.from({ length: 10_000 }, (_, i) => 1 + i),
  });
  for (let i = 0; i < 10_000; i++) enter(`${i}`);
  const beganMs = performance.now();
  await clock.advance(10_001);
  assert.ok(performance.now() - beganMs < 4_000);
  assert.deepEqual(diary.slice(0, 2).concat(diary.slice(-1)), ['0@1', '1@2', '9999@10000']);
  assert.equal(diary.length, 10_000);
  assert.ok(asked() <= 20_010, `${asked()} questions`);
  isClean();
});
