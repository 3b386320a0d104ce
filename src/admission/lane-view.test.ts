import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Limits } from '../domain/limits.ts';
import { createMemoryStore } from '../state/memory.ts';
import { Lane } from './lane.ts';
import { viewOf } from './lane-view.ts';
import type { Permit } from './permit.ts';

const NOON_MS = Date.UTC(2026, 0, 1, 12, 3);
const CALL = { inputTokens: 700, outputTokens: 300, maxOutputTokens: 2_000 };

const laneOf = (limits: Limits): Lane =>
  new Lane(
    { id: 'qwen-a/qwen3-max', limits },
    { store: createMemoryStore(), now: () => NOON_MS, onEnd: () => undefined, onHeard: () => undefined },
  );

test('every limit stands once, with what is used and left of it in its tightest count', () => {
  const lane = laneOf({ rpm: 600, tpm: 10_000, concurrency: 4 });
  lane.reserve(CALL, NOON_MS);
  const { limits, notes } = viewOf(lane, NOON_MS);
  assert.deepEqual(
    limits.map(({ limit }) => limit),
    ['rpm', 'tpm', 'concurrency'],
  );
  assert.deepEqual(limits[0], { limit: 'rpm', configured: 600, inForce: 600, used: 1, left: 599 });
  assert.deepEqual(limits[1], {
    limit: 'tpm',
    configured: 10_000,
    inForce: 10_000,
    used: 1_000,
    left: 9_000,
  });
  assert.deepEqual(limits[2], { limit: 'concurrency', configured: 4, inForce: 4, used: 1, left: 3 });
  assert.deepEqual(notes, []);
});

test('a limit that is lower than configured is told with what is delivered and the time of the last cut', () => {
  const lane = laneOf({ rpm: 600, tpm: 1_000_000 });
  lane.learned.scale.requests.cut(0.8, NOON_MS);
  const { limits, notes } = viewOf(lane, NOON_MS);
  assert.equal(limits[0]?.configured, 600);
  assert.equal(limits[0]?.inForce, 480);
  assert.deepEqual(notes, ['qwen-a/qwen3-max: configured 600 rpm, delivers about 480; last cut 12:03']);
});

test('charging in advance is told, and whether it was said or found out', () => {
  const said = laneOf({ tpm: 10_000, prepaid: true });
  assert.match(viewOf(said, NOON_MS).notes.join(), /as configured or published/);
  const found = laneOf({ tpm: 10_000 });
  found.learned.prepaid = true;
  assert.match(viewOf(found, NOON_MS).notes.join(), /found out from refusals/);
});

test('slow start, a pause, others on the account and a place kept free are told', () => {
  const lane = laneOf({ rpm: 600, rps: 10, ramp: { floor: 0.2, growth: 2 } });
  const permit = lane.reserve(CALL, NOON_MS) as Permit;
  permit.heard({ requests: { limit: 600, remaining: 400 } });
  lane.pausedUntilMs = NOON_MS + 700;
  lane.hold = { owner: {}, estimate: CALL, atMs: NOON_MS };
  const view = viewOf(lane, NOON_MS);
  assert.equal(view.pausedMs, 700);
  assert.deepEqual(view.rate, { now: 2, full: 10 });
  const notes = view.notes.join('\n');
  assert.match(notes, /Slow start: 2\.0 of 10\.0 requests a second/);
  assert.match(notes, /Others use about 199 of its rpm/);
  assert.match(notes, /Kept free for a large call/);
});

test('a lane without limits has nothing to tell', () => {
  const view = viewOf(laneOf({}), NOON_MS);
  assert.deepEqual(view.limits, []);
  assert.equal(view.rate, undefined);
});
