import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Estimate, LimitName, Limits } from '../domain/limits.ts';
import { createMemoryStore } from '../state/memory.ts';
import { type Blocked, isBlocked } from '../state/windows.ts';
import { Lane, type Quota } from './lane.ts';
import type { Permit } from './permit.ts';

const T0 = 1_800_000_000_000;
const MINUTE = 60_000;
const call = (inputTokens = 60, outputTokens = 40, maxOutputTokens = Infinity): Estimate => ({
  inputTokens,
  outputTokens,
  maxOutputTokens,
});

/** A lane, with times told from its beginning. Calls of which nothing is heard may arrive `boundMs` later. */
function create(limits: Limits, options: { boundMs?: number; ours?: boolean } = {}) {
  const { boundMs = 0, ours = false } = options;
  let nowMs = T0;
  const told: string[] = [];
  const quota: Quota = { id: 'a/m', limits, ours };
  const lane = new Lane(quota, {
    store: createMemoryStore(),
    now: () => nowMs,
    onEnd: () => told.push('ended'),
    onHeard: () => told.push('heard'),
  });
  lane.arrivals.boundMs = boundMs;
  lane.learned.secondMargin = 0;
  const at = (atMs: number): number => {
    nowMs = T0 + atMs;
    return nowMs;
  };
  const take = (atMs: number, estimate = call(), owner?: object): Permit => {
    const result = lane.reserve(estimate, at(atMs), owner);
    assert.ok(!isBlocked(result), `blocked: ${JSON.stringify(result)}`);
    return result;
  };
  const blocked = (atMs: number, estimate = call(), owner?: object): Blocked => {
    const result = lane.blocks(estimate, at(atMs), owner);
    assert.ok(result !== undefined, 'free, though it must not be');
    assert.ok(isBlocked(lane.reserve(estimate, at(atMs), owner)));
    return { ...result, atMs: result.atMs - T0 };
  };
  const free = (atMs: number, estimate = call(), owner?: object): void =>
    assert.equal(lane.blocks(estimate, at(atMs), owner), undefined);
  return {
    lane,
    told,
    at,
    take,
    blocked,
    free,
    follow: (next: Limits) => lane.follow({ ...quota, limits: next }),
  };
}
const between = (actual: number, least: number, most: number): void =>
  assert.ok(actual >= least && actual <= most, `${actual} is not within ${least} and ${most}`);

const LIMITED: readonly [LimitName, Limits, freeAtMs: number, bySize: true | undefined][] = [
  ['rpm', { rpm: 1 }, MINUTE, undefined],
  ['tpm', { tpm: 150 }, MINUTE, true],
  ['rps', { rps: 1 }, 1_000, undefined],
  ['rps', { rps: 0.2 }, 5_000, undefined],
  ['tps', { tps: 100 }, 1_000, true],
  ['rpd', { rpd: 1 }, 24 * 60 * MINUTE, undefined],
  ['tpd', { tpd: 150 }, 24 * 60 * MINUTE, true],
];
for (const [limit, limits, freeAtMs, bySize] of LIMITED)
  test(`a lane with ${JSON.stringify(limits)} is blocked by ${limit}, and free when the call has left the window`, () => {
    const { take, blocked, free } = create(limits);
    take(0);
    const answer = blocked(freeAtMs - 1);
    assert.deepEqual([answer.limit, answer.bySize], [limit, bySize]);
    between(answer.atMs, freeAtMs, freeAtMs * 1.002);
    if (bySize) free(freeAtMs - 1, call(10, 5));
    free(answer.atMs);
  });

test('a lane with a number of slots is blocked until one is given back, whenever that is', () => {
  const { take, blocked, free } = create({ concurrency: 2 });
  const first = take(0);
  take(0);
  assert.deepEqual(blocked(0), { limit: 'concurrency', atMs: Infinity });
  first.settle({ tokens: 1, input: 1 });
  free(0);
});

test('a lane without limits is never blocked, and never slow', () => {
  const { lane, take } = create({});
  for (let i = 0; i < 1_000; i++) take(0);
  assert.deepEqual([lane.fullRate(), lane.load(T0), lane.liveShare(T0)], [undefined, 0, 1]);
});

test('an idle lane takes a few calls at once, and then one after the other', () => {
  const { take, blocked } = create({ rps: 10 });
  take(0);
  const gaps: number[] = [];
  let atMs = 0;
  for (let i = 0; i < 8; i++) {
    const { atMs: next, limit, bySize } = blocked(atMs);
    assert.deepEqual([limit, bySize], ['ramp', undefined]);
    gaps.push(next - atMs);
    atMs = next;
    take(atMs);
  }
  between(gaps[0] ?? 0, 5, 30);
  between(gaps.at(-1) ?? 0, 45, 55);
});

test('with a ramp a lane begins slowly', () => {
  const { lane, take, blocked } = create({ rps: 10, ramp: { floor: 0.2, growth: 2 } });
  // What it will be in twenty seconds: 0.2 grown by e^0.8.
  between(lane.liveShare(T0), 0.44, 0.45);
  assert.equal(lane.ramp.rateAt(T0, 10), 2);
  take(0);
  take(600);
  between(blocked(601).atMs, 1_000, 1_200);
});

test('a call of which nothing is heard counts until it must have arrived, and less once it is told when it did', () => {
  const { lane, told, take, blocked, at } = create({ rps: 1 }, { boundMs: 300 });
  for (let i = 0; i < 8; i++) lane.arrivals.told(T0 - 500, T0 - 480, T0);
  lane.arrivals.boundMs = 300;
  const permit = take(0);
  between(blocked(1).atMs, 1_300, 1_302);
  at(200);
  permit.heard({ arrivedAtMs: T0 + 70 });
  between(blocked(201).atMs, 1_050, 1_055);
  assert.deepEqual(told, ['heard'], 'and whoever waits is told');
});

test('an answer that tells nothing is still heard: what came back quickly had arrived quickly', () => {
  const { lane, take, blocked, at } = create({ rps: 1 }, { boundMs: 300 });
  for (let i = 0; i < 8; i++) lane.arrivals.answered(T0 - 500, T0 - 300);
  const permit = take(0);
  at(200);
  permit.heard({});
  between(blocked(201).atMs, 1_000, 1_003);
});

test('learned guards and cuts are in what the lane asks for', () => {
  const { lane, take, blocked, free } = create({ rpm: 100, tpm: 400, rps: 10 });
  lane.learned.minuteGuardMs = 2_000;
  lane.learned.boundGuardMs = 100;
  lane.learned.scale.tokens.cut(0.75, T0);
  take(0);
  take(500);
  take(1_000);
  between(blocked(MINUTE).atMs, MINUTE + 2_100, MINUTE + 2_200);
  free(MINUTE + 2_200);
  assert.equal(lane.fullRate(), 100 / 60);
  lane.learned.scale.requests.cut(0.75, T0);
  assert.equal(lane.fullRate(), 75 / 60);
  between(lane.liveShare(T0 + 2 * MINUTE), 0.75, 0.75);
});

test('a limit that a call taken in has widened is there at once', () => {
  const { lane, take, blocked, free } = create({ tpm: 1_000, tpd: 9_000 });
  lane.learned.scale.tokens.cut(0.8, T0 - 10 * MINUTE);
  const permit = take(0, call(700, 0));
  blocked(10, call(101, 0));
  for (let i = 0; i < 20; i++) permit.accepted();
  free(10, call(101, 0));
});

test('a provider that charges at the end is left room for the output that is about to land', () => {
  const { lane, take, blocked, free, at } = create({ tpm: 1_000 });
  const permit = take(0, call(300, 10));
  at(20_000);
  permit.settle({ tokens: 500, input: 300 });
  take(20_000, call(1, 1));
  const { limit, atMs } = blocked(20_000, call(450, 1));
  assert.equal(limit, 'tpm');
  assert.ok(atMs >= MINUTE, 'as far as is known now');
  free(50_000, call(450, 1));
  lane.learned.landingFactor = 0;
  lane.touch();
  free(20_000, call(450, 1));
});

test('a provider that charges beforehand is asked for all that the client allows', () => {
  const { lane, take, blocked, at } = create({ tpm: 1_000, prepaid: true });
  const permit = take(0, call(100, 50, 600));
  assert.equal(blocked(0, call(100, 50, 600)).limit, 'tpm');
  at(10);
  permit.settle({ tokens: 150, input: 100 });
  take(10, call(100, 50, 600));
  assert.equal(lane.learned.prepaid, true);
  const postpaid = create({ tpm: 1_000 });
  for (let i = 0; i < 3; i++) postpaid.take(i, call(100, 50, 600));
});

test('limits that the provider tells are kept at once, and what others use is taken off until it fades', () => {
  const { lane, take, blocked, free, at } = create({ rpm: 600 });
  const permit = take(0);
  at(100);
  permit.heard({ requests: { limit: 40, remaining: 0 } });
  assert.deepEqual(lane.limits, { rpm: 40 });
  take(2_000);
  assert.equal(blocked(2_900).limit, 'rpm');
  free(20_000);
});

test('a refusal pauses the lane, one for growth slows it down, and others leave it alone', () => {
  const { lane, take, blocked, at } = create({ rps: 10, ramp: { floor: 0.5, growth: 2 } });
  take(0).refused('rps');
  const pause = blocked(1);
  assert.equal(pause.limit, 'ramp');
  between(pause.atMs, 50, 2_000);
  const before = lane.ramp.rateAt(at(3_000), 10);
  take(3_000).refused('concurrency');
  assert.equal(lane.pausedUntilMs, T0 + pause.atMs);
  take(4_000).refused('burst');
  assert.equal(lane.pausedUntilMs, T0 + pause.atMs);
  assert.ok(lane.ramp.learned().growth < 2);
  assert.ok(lane.ramp.rateAt(T0 + 4_000, 10) <= before);
});

for (const [limits, kind] of [
  [{ rps: 10 }, 'rps'],
  [{ rpm: 600, rps: 10 }, 'rpm'],
  [{ tps: 1_000 }, 'tps'],
  [{ tpm: 60_000, tps: 1_000 }, 'tpm'],
] as const)
  test(`frequent refusals cut ${JSON.stringify(limits)} to what was delivered`, () => {
    const { lane, take } = create(limits);
    for (let atMs = 0; atMs < 30_000; atMs += 400) take(atMs, call(100, 0)).accepted();
    for (let i = 0; i < 4; i++) take(31_000 + i * 4_000, call(100, 0)).refused(kind);
    const { requests, tokens } = lane.learned.scale;
    // A quarter of the limit was delivered, and no cut goes deeper than this at once.
    between((kind[0] === 'r' ? requests : tokens).share, 0.6, 0.8);
  });

test('a permit knows how full the windows were, itself included', () => {
  const { take } = create({ rpm: 10, tpm: 1_000, rps: 5, tps: 600 });
  take(0);
  const { fill } = take(1_200, call(120, 80));
  assert.deepEqual(
    [fill.requestMinute, fill.tokenMinute, fill.tokenSecond, fill.ownTokens],
    [0.2, 0.3, 0.2, 0.2],
  );
  between(fill.requestSecond, 0.2, 1);
  const slow = create({ rps: 10, ramp: { floor: 0.2, growth: 2 } }).take(0).fill;
  assert.deepEqual([slow.requestSecond, slow.ownRequest], [0.5, 0.5], 'of what the ramp allows');
});

// ——— held for a large call ———

test('a lane that is held lets others pass as long as they do not delay the large call', () => {
  const { lane, take, blocked, free } = create({ tpm: 1_000, concurrency: 9 });
  lane.learned.landingFactor = 0;
  take(0, call(300, 0));
  take(30_000, call(500, 0));
  const owner = {};
  const large = call(500, 0);
  const { atMs } = blocked(31_000, large, owner);
  lane.hold = { owner, estimate: large, atMs: T0 + atMs };
  free(31_000, call(0, 0));
  const other = blocked(31_000, call(1, 0));
  assert.equal(other.bySize, true);
  assert.ok(other.atMs >= atMs, 'it may come when the large one could start');
  lane.hold = { owner, estimate: call(400, 0), atMs: T0 + atMs };
  take(31_000, call(100, 0));
  blocked(31_000, call(1, 0));
  take(atMs, call(400, 0), owner);
  assert.equal(lane.hold, undefined, 'started, it needs the place no longer');
  free(atMs + 1, call(0, 0));
});

test('when the moment has come nobody else goes first, until the place is given up', () => {
  const { lane, blocked, free } = create({ tpm: 1_000 });
  const owner = {};
  lane.hold = { owner, estimate: call(900, 0), atMs: T0 + 500 };
  assert.ok(blocked(600, call(1, 0)).atMs > 600);
  free(600, call(900, 0), owner);
  lane.hold = undefined;
  free(600, call(1, 0));
});

test('somebody else who starts does not take the place of the one it is held for', () => {
  const { lane, take } = create({ tpm: 1_000 });
  const owner = {};
  lane.hold = { owner, estimate: call(800, 0), atMs: T0 + 5_000 };
  take(0, call(100, 0), {});
  take(0, call(100, 0));
  assert.equal(lane.hold?.owner, owner);
});

// ——— a key's quota ———

test("a key's quota is neither paced nor jittered, and nothing is learned of it", () => {
  const limits = { rps: 5, tps: 1_000, tpm: 4_000, ramp: { floor: 0.1, growth: 2 } };
  const { lane, take, blocked, at } = create(limits, { ours: true, boundMs: 300 });
  lane.learned.secondMargin = 0.2;
  const permits = Array.from({ length: 5 }, () => take(0, call(200, 0)));
  const { atMs, limit } = blocked(0, call(200, 0));
  between(atMs, 1_000, 1_002);
  assert.equal(limit, 'rps');
  at(50);
  for (const permit of permits) {
    permit.heard({ arrivedAtMs: T0 + 20, requests: { limit: 1, remaining: 0 } });
    permit.accepted();
    permit.refused('rps');
  }
  assert.equal(lane.pausedUntilMs, 0);
  assert.deepEqual(lane.limits, limits);
  assert.equal(lane.arrivals.boundMs, 300);
  assert.deepEqual(
    lane.windows(T0).map(({ unit, capacity }) => [unit, capacity]),
    [
      ['tokens', 4_000],
      ['request', 5],
      ['input', 1_000],
    ],
  );
});

// ——— another configuration ———

test('other limits hold at once, with what was counted and learned before', () => {
  const { lane, take, blocked, follow } = create({ rpd: 2, tpd: 9_000 });
  take(0);
  take(10);
  lane.learned.minuteGuardMs = 7;
  blocked(20);
  follow({ rpd: 3 });
  between(lane.load(T0 + 20), 0.66, 0.67);
  take(20);
  assert.equal(blocked(30).limit, 'rpd');
  follow({});
  take(30);
  follow({ rpd: 3, concurrency: 1 });
  assert.equal(blocked(40).limit, 'rpd', 'what was counted without a limit is not known, the rest is');
  assert.equal(lane.learned.minuteGuardMs, 7);
});

test('a rate below one in a second that becomes lower is kept', () => {
  const { take, blocked, follow } = create({ rps: 0.5 });
  take(0);
  follow({ rps: 0.25 });
  take(3_000);
  const { atMs } = blocked(5_500);
  between(atMs, 7_000, 7_020);
});

test('the load is that of the fullest window that is longer than a second', () => {
  const { lane, take } = create({ rps: 1, rpd: 10, tpd: 1_000 });
  take(0);
  assert.equal(lane.load(T0), 0.1);
  take(1_500, call(500, 0));
  assert.equal(lane.load(T0 + 1_500), 0.6);
});

test('a refusal with room in the minute tells of a second that nobody configured', () => {
  const { lane, take, blocked } = create({ rpm: 59 });
  const permit = take(0);
  permit.heard({});
  permit.refused('rpm');
  assert.equal(lane.limits.rps, 1);
  assert.equal(lane.learned.scale.requests.share, 1, 'the minute is what it is');
  assert.equal(blocked(1).limit, 'ramp', 'a pause of a second first');
});
