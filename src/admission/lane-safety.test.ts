/**
 * The theorem that admission stands on: when every call counts from the latest moment at which it can have arrived,
 * no window of the provider ever holds more than its limit, whatever its phase, its clock, and who overtakes whom.
 * It holds for a guard of 0: learned guards may go below, where a few refusals are the price of more throughput. So
 * these lanes learn nothing: no call is told to have been accepted or refused.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Limits } from '../domain/limits.ts';
import { createMemoryStore } from '../state/memory.ts';
import { isBlocked } from '../state/windows.ts';
import { Lane } from './lane.ts';

const T0 = 1_000_000;

type Try = {
  readonly waitMs: number;
  /** Goes on at the very moment at which the lane says that it is free. */
  readonly eager: boolean;
  /** Of the jitter, 0-1. */
  readonly way: number;
  /** How long after the arrival it is told; undefined: never. */
  readonly toldAfterMs: number | undefined;
  readonly inputTokens: number;
};
type World = {
  readonly limits: Limits;
  readonly shortestMs: number;
  readonly jitterMs: number;
  /** Of the provider's clock. */
  readonly offsetMs: number;
  readonly tries: readonly Try[];
};
type Arrival = { readonly atMs: number; readonly input: number; readonly tokens: number };

const OUTPUT = 7;

function worlds(limits: fc.Arbitrary<Limits>, options: { waitMs: number; blind?: boolean; tokens: number }) {
  const way = fc.oneof(fc.constantFrom(0, 1), fc.double({ min: 0, max: 1, noNaN: true }));
  const told = fc.option(fc.oneof(fc.nat(30), fc.nat(3_000)), { nil: undefined });
  const tries = fc.record({
    waitMs: fc.oneof(fc.constant(0), fc.nat(options.waitMs)),
    eager: fc.boolean(),
    way,
    toldAfterMs: options.blind === true ? fc.constant(undefined) : told,
    inputTokens: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: options.tokens })),
  });
  return fc.record<World>({
    limits,
    shortestMs: fc.nat(100),
    jitterMs: fc.integer({ min: 0, max: 600 }),
    offsetMs: fc.integer({ min: -3_600_000, max: 3_600_000 }),
    tries: fc.array(tries, { minLength: 20, maxLength: 160, size: 'max' }),
  });
}

/** Lives through a world, and returns when the calls arrived at the provider, in order. */
function arrivalsIn(world: World, boundMs = world.jitterMs): readonly Arrival[] {
  const { limits, shortestMs, jitterMs, offsetMs } = world;
  let nowMs = T0;
  const lane = new Lane(
    { id: 'a/m', limits },
    { store: createMemoryStore(), now: () => nowMs, onEnd: () => undefined, onHeard: () => undefined },
  );
  lane.learned.secondMargin = 0;
  // The shortest way was seen before: without it, what is told is told from another zero.
  for (let i = 0; i < 8; i++) lane.arrivals.told(T0 - 9_000, T0 - 9_000 + shortestMs + offsetMs, T0);
  const arrivals: Arrival[] = [];
  let news: { readonly atMs: number; readonly tell: () => void }[] = [];
  const moveTo = (atMs: number): void => {
    for (const { atMs: toldAtMs, tell } of news
      .filter((one) => one.atMs <= atMs)
      .sort((a, b) => a.atMs - b.atMs)) {
      nowMs = Math.max(nowMs, toldAtMs);
      tell();
    }
    news = news.filter((one) => one.atMs > atMs);
    nowMs = Math.max(nowMs, atMs);
  };
  for (const { waitMs, eager, way, toldAfterMs, inputTokens } of world.tries) {
    moveTo(nowMs + waitMs);
    const estimate = { inputTokens, outputTokens: OUTPUT, maxOutputTokens: 50 };
    const attempt = () => {
      lane.arrivals.boundMs = boundMs;
      return lane.reserve(estimate, nowMs);
    };
    let permit = attempt();
    while (eager && isBlocked(permit)) {
      moveTo(permit.atMs);
      permit = attempt();
    }
    if (isBlocked(permit)) continue;
    const atMs = nowMs + shortestMs + way * jitterMs;
    arrivals.push({ atMs, input: inputTokens, tokens: inputTokens + OUTPUT });
    const granted = permit;
    const tell = () => granted.heard({ arrivedAtMs: Math.floor(atMs + offsetMs) });
    if (toldAfterMs !== undefined) news.push({ atMs: atMs + toldAfterMs, tell });
  }
  assert.deepEqual([lane.learned.boundGuardMs, lane.learned.minuteGuardMs], [0, 0]);
  return arrivals.sort((a, b) => a.atMs - b.atMs);
}

/** The fullest window of all that end with an arrival, which are the fullest there are; one call alone may be any size. */
function fullest(
  arrivals: readonly Arrival[],
  windowMs: number,
  weigh: (arrival: Arrival) => number,
): number {
  let most = 0;
  let sum = 0;
  let first = 0;
  for (const [last, arrival] of arrivals.entries()) {
    sum += weigh(arrival);
    for (; (arrivals[first]?.atMs ?? 0) <= arrival.atMs - windowMs + 1e-6; first++)
      sum -= weigh(arrivals[first] as Arrival);
    if (last > first || weigh(arrival) === 1) most = Math.max(most, sum);
  }
  return most;
}

const one = () => 1;
const seconds = fc.record<Limits>({
  rps: fc.integer({ min: 1, max: 8 }),
  tps: fc.integer({ min: 20, max: 120 }),
});
const minutes = fc.record<Limits>({
  rpm: fc.integer({ min: 1, max: 30 }),
  tpm: fc.integer({ min: 200, max: 900 }),
});

function assertWithin({ limits }: World, arrivals: readonly Arrival[]): void {
  const { rps = Infinity, tps = Infinity, rpm = Infinity, tpm = Infinity } = limits;
  assert.ok(fullest(arrivals, 1_000, one) <= rps, `${fullest(arrivals, 1_000, one)} of ${rps} a second`);
  assert.ok(fullest(arrivals, 1_000, ({ input }) => input) <= tps, 'tokens of a second');
  assert.ok(fullest(arrivals, 60_000, one) <= rpm, `${fullest(arrivals, 60_000, one)} of ${rpm} a minute`);
  assert.ok(fullest(arrivals, 60_000, ({ tokens }) => tokens) <= tpm, 'tokens of a minute');
}

/** Never more than the limit, in any world; and often as much, or the test would prove nothing. */
function prove(
  arbitrary: fc.Arbitrary<World>,
  isFull: (world: World, arrivals: readonly Arrival[]) => boolean,
): void {
  let full = 0;
  const numRuns = 120;
  fc.assert(
    fc.property(arbitrary, (world) => {
      const arrivals = arrivalsIn(world);
      assertWithin(world, arrivals);
      if (isFull(world, arrivals)) full++;
    }),
    { numRuns },
  );
  assert.ok(full > numRuns / 3, `only ${full} of ${numRuns} worlds had a full window`);
}

test('no window of a second ever holds more requests or tokens than its limit, whenever arrivals are told', () => {
  prove(
    worlds(seconds, { waitMs: 150, tokens: 40 }),
    ({ limits }, arrivals) => fullest(arrivals, 1_000, one) === limits.rps,
  );
});

test('nor when the inputs are what is scarce, single ones larger than the limit included', () => {
  prove(
    worlds(seconds, { waitMs: 60, tokens: 130 }),
    ({ limits }, arrivals) => fullest(arrivals, 1_000, ({ input }) => input) > 0.8 * (limits.tps ?? 0),
  );
});

test('nor when nothing is ever told', () => {
  prove(
    worlds(seconds, { waitMs: 100, tokens: 30, blind: true }),
    ({ limits }, arrivals) => fullest(arrivals, 1_000, one) === limits.rps,
  );
});

test('no window of a minute ever holds more requests or tokens than its limit', () => {
  prove(
    worlds(minutes, { waitMs: 2_500, tokens: 90 }),
    ({ limits }, arrivals) =>
      fullest(arrivals, 60_000, one) === limits.rpm ||
      fullest(arrivals, 60_000, ({ tokens }) => tokens) > 0.8 * (limits.tpm ?? 0),
  );
});

test('with a bound that is too short windows do overflow, so the test above can break', () => {
  for (const [limits, waitMs] of [
    [seconds, 100],
    [minutes, 2_500],
  ] as const) {
    const arbitrary = worlds(limits, { waitMs, tokens: 10, blind: true });
    const property = fc.property(arbitrary, (world) =>
      assertWithin(world, arrivalsIn(world, world.jitterMs / 2)),
    );
    assert.equal(fc.check(property, { numRuns: 400, endOnFailure: true }).failed, true);
  }
});
