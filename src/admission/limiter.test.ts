import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Limits } from '../domain/limits.ts';
import { createMemoryStore } from '../state/memory.ts';
import { type Blocked, isBlocked } from '../state/windows.ts';
import { createLimiter } from './limiter.ts';
import type { Permit } from './permit.ts';

const T0 = 1_800_000_000_000;
const estimate = { inputTokens: 60, outputTokens: 40, maxOutputTokens: Infinity };
const create = () => createLimiter(createMemoryStore(), { now: () => T0 });
const at = (atMs: number, owner?: object) =>
  owner === undefined ? { nowMs: T0 + atMs } : { nowMs: T0 + atMs, owner };
const quota = (limits: Limits, id = 'a/m') => ({ id, limits });

function permitOf(result: Permit | Blocked): Permit {
  assert.ok(!isBlocked(result), `blocked: ${JSON.stringify(result)}`);
  return result;
}

test('a permit reserves every limit of the quota, or none', () => {
  const limiter = create();
  const both = quota({ rpd: 5, tpd: 150 });
  permitOf(limiter.reserve(both, estimate, at(0)));
  const refused = limiter.reserve(both, estimate, at(10));
  assert.ok(isBlocked(refused));
  assert.deepEqual([refused.limit, refused.bySize], ['tpd', true]);
  assert.deepEqual(
    limiter.headroom(both, T0 + 10).map(({ limit, capacity, used }) => [limit, capacity, used]),
    [
      ['rpd', 5, 1],
      ['tpd', 150, 100],
    ],
  );
  assert.equal(limiter.open(), 1);
});

test('a check reserves nothing and agrees with the reservation', () => {
  const limiter = create();
  const one = quota({ rpd: 1 });
  for (let i = 0; i < 5; i++) assert.equal(limiter.check(one, estimate, at(0)), undefined);
  permitOf(limiter.reserve(one, estimate, at(0)));
  assert.deepEqual(limiter.check(one, estimate, at(1)), limiter.reserve(one, estimate, at(1)));
  assert.equal(limiter.open(), 1);
});

test('the room that is left is known before the first call, and right after another configuration', () => {
  const limiter = create();
  const rows = (limits: Limits) =>
    limiter
      .headroom(quota(limits), T0)
      .map(({ limit, capacity, used }) => [limit, capacity, Math.max(0, capacity - used)]);
  assert.deepEqual(rows({ rpm: 60, tpm: 900, concurrency: 2 }), [
    ['rpm', 60, 60],
    ['tpm', 900, 900],
    ['concurrency', 2, 2],
  ]);
  permitOf(limiter.reserve(quota({ rpm: 60, tpm: 900, concurrency: 2 }), estimate, at(0)));
  assert.deepEqual(rows({ rpm: 50, tpm: 90, prepaid: true }), [
    ['rpm', 50, 49],
    ['tpm', 89, 0],
  ]);
});

test('every end is told to those who wait, and so is a call that was heard of', () => {
  const limiter = create();
  const seen: number[] = [];
  limiter.onRelease(() => seen.push(limiter.open()));
  const [first, second, third] = [1, 2, 3].map(() => permitOf(limiter.reserve(quota({}), estimate, at(0))));
  third?.heard({});
  first?.cancel();
  first?.refused('rpm');
  second?.settle({ tokens: 1, input: 1 });
  third?.refused('rpm');
  assert.deepEqual(seen, [3, 2, 1, 0], 'and the number of open permits is right when they look');
});

test('an end gives back what was reserved', () => {
  const limiter = create();
  const limited = quota({ rpd: 5, tpd: 1_000, concurrency: 3 });
  const [settled, cancelled, refused] = [1, 2, 3].map(() =>
    permitOf(limiter.reserve(limited, estimate, at(0))),
  );
  assert.deepEqual(limiter.check(limited, estimate, at(0)), { atMs: Infinity, limit: 'concurrency' });
  settled?.settle({ tokens: 700, input: 60 });
  cancelled?.cancel();
  refused?.refused();
  const left = Object.fromEntries(
    limiter.headroom(limited, T0 + 1).map((row) => [row.limit, row.capacity - row.used]),
  );
  assert.deepEqual(left, { concurrency: 3, rpd: 3, tpd: 300 });
});

test('there is one lane for each quota, and it follows the limits that it is asked with', () => {
  const limiter = create();
  const lane = limiter.lane(quota({ rpd: 1 }));
  permitOf(limiter.reserve(quota({ rpd: 1 }), estimate, at(0)));
  assert.ok(isBlocked(limiter.reserve(quota({ rpd: 1 }), estimate, at(1))));
  permitOf(limiter.reserve(quota({ rpd: 2 }), estimate, at(1)));
  assert.ok(isBlocked(limiter.reserve(quota({ rpd: 2 }), estimate, at(2))));
  assert.equal(limiter.lane(quota({ rpd: 2 })), lane);
  assert.notEqual(limiter.lane(quota({ rpd: 2 }, 'b/m')), lane);
});

test('quotas of different owners know nothing of each other', () => {
  const limiter = create();
  permitOf(limiter.reserve(quota({ rpd: 1 }, 'a'), estimate, at(0)));
  permitOf(limiter.reserve(quota({ rpd: 1 }, 'b'), estimate, at(0)));
  assert.equal(limiter.load(quota({ rpd: 1 }, 'a'), T0), 1);
  assert.equal(limiter.load(quota({}, 'c'), T0), 0);
});

test('a lane is held for an owner, who is named with the asking', () => {
  const limiter = create();
  const limited = quota({ tpm: 1_000 });
  const owner = {};
  limiter.lane(limited).hold = { owner, estimate: { ...estimate, inputTokens: 900 }, atMs: T0 + 5 };
  assert.ok(isBlocked(limiter.reserve(limited, estimate, at(10))));
  assert.equal(limiter.check(limited, estimate, at(10, owner)), undefined);
  permitOf(limiter.reserve(limited, estimate, at(10, owner)));
  assert.equal(limiter.lane(limited).hold, undefined);
});

test('each quota tells how many attempts run on it, until the last one has ended', () => {
  const limiter = create();
  const [one, other] = [quota({ rpm: 1_000 }, 'a/m'), quota({ concurrency: 1 }, 'b/m')];
  const permits = [0, 1, 2].map((i) => permitOf(limiter.reserve(one, estimate, at(i * 100))));
  permitOf(limiter.reserve(other, estimate, at(0)));
  assert.ok(isBlocked(limiter.reserve(other, estimate, at(1))), 'one that is refused does not run');
  assert.deepEqual([limiter.lane(one).running, limiter.lane(other).running], [3, 1]);
  for (const permit of permits) permit.cancel();
  for (const permit of permits) permit.cancel();
  assert.deepEqual([limiter.lane(one).running, limiter.lane(other).running, limiter.open()], [0, 1, 1]);
});
