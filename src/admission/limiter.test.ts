import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Limits } from '../domain/limits.ts';
import { createMemoryStore } from '../state/memory.ts';
import { type Blocked, isBlocked } from '../state/windows.ts';
import { createLimiter } from './limiter.ts';
import type { Permit } from './permit.ts';

const estimate = { inputTokens: 60, outputTokens: 40, maxOutputTokens: Infinity };
const create = () => createLimiter(createMemoryStore({ guard: { share: 0, maxMs: 0 } }));
const quota = (limits: Limits, id = 'a/m') => ({ id, limits });

function permitOf(result: Permit | Blocked): Permit {
  assert.ok(!isBlocked(result), `blocked: ${JSON.stringify(result)}`);
  return result;
}

test('a permit reserves every limit of the quota, or none', () => {
  const limiter = create();
  const both = quota({ rpm: 5, tpm: 150 });
  permitOf(limiter.reserve(both, estimate, 0));
  assert.deepEqual(limiter.reserve(both, estimate, 10), { atMs: 60_000, limit: 'tpm' });
  assert.deepEqual(limiter.headroom(both, 10), [
    { limit: 'rpm', capacity: 5, left: 4 },
    { limit: 'tpm', capacity: 150, left: 50 },
  ]);
  assert.equal(limiter.open(), 1);
});

test('a check reserves nothing and agrees with the reservation', () => {
  const limiter = create();
  const one = quota({ rpm: 1 });
  assert.equal(limiter.check(one, estimate, 0), undefined);
  assert.equal(limiter.check(one, estimate, 0), undefined);
  permitOf(limiter.reserve(one, estimate, 0));
  assert.deepEqual(limiter.check(one, estimate, 1), limiter.reserve(one, estimate, 1));
});

test('a settled permit counts what was used; a cancelled one nothing; each end is told once', () => {
  const limiter = create();
  const limited = quota({ rpm: 5, tpm: 1_000, concurrency: 2 });
  let ends = 0;
  limiter.onRelease(() => {
    ends++;
  });
  const settled = permitOf(limiter.reserve(limited, estimate, 0));
  const cancelled = permitOf(limiter.reserve(limited, estimate, 0));
  assert.deepEqual(limiter.check(limited, estimate, 0), { atMs: Infinity, limit: 'concurrency' });
  settled.settle({ tokens: 700, input: 60 });
  cancelled.cancel();
  cancelled.refused();
  assert.equal(ends, 2);
  assert.equal(limiter.open(), 0);
  assert.deepEqual(
    limiter.headroom(limited, 1).map(({ left }) => left),
    [4, 300, 2],
  );
});

test('the number of open permits is right when the listener looks at it', () => {
  const limiter = create();
  const seen: number[] = [];
  limiter.onRelease(() => seen.push(limiter.open()));
  const [first, second] = [1, 2].map(() => permitOf(limiter.reserve(quota({}), estimate, 0)));
  first?.cancel();
  second?.settle({ tokens: 1, input: 1 });
  assert.deepEqual(seen, [1, 0]);
});

test('the load is that of the fullest window', () => {
  const limiter = create();
  const limited = quota({ rpm: 10, tpm: 200 });
  assert.equal(limiter.load(limited, 0), 0);
  permitOf(limiter.reserve(limited, estimate, 0));
  assert.equal(limiter.load(limited, 0), 0.5);
  assert.equal(limiter.load(limited, 60_000), 0);
  assert.equal(limiter.load(quota({}, 'free'), 0), 0);
});

test('new limits hold at once, with what was counted before', () => {
  const limiter = create();
  permitOf(limiter.reserve(quota({ rpm: 1 }), estimate, 0));
  assert.ok(isBlocked(limiter.reserve(quota({ rpm: 1 }), estimate, 1)));
  permitOf(limiter.reserve(quota({ rpm: 2 }), estimate, 1));
  assert.deepEqual(limiter.reserve(quota({ rpm: 2 }), estimate, 2), { atMs: 60_000, limit: 'rpm' });
});

test('quotas of different owners know nothing of each other', () => {
  const limiter = create();
  permitOf(limiter.reserve(quota({ rpm: 1 }, 'a'), estimate, 0));
  permitOf(limiter.reserve(quota({ rpm: 1 }, 'b'), estimate, 0));
});

test('the ramp holds calls back, and whichever ends later is named', () => {
  const limiter = create();
  const ramped = quota({ rpm: 60, tpm: 100, ramp: { floor: 0.5, growth: 1 } });
  const small = { ...estimate, inputTokens: 10, outputTokens: 0 };
  permitOf(limiter.reserve(ramped, small, 0));
  assert.deepEqual(limiter.reserve(ramped, small, 1), { atMs: 2_000, limit: 'ramp' });
  assert.deepEqual(limiter.check(ramped, small, 1), { atMs: 2_000, limit: 'ramp' });
  assert.deepEqual(limiter.reserve(ramped, estimate, 1), { atMs: 60_000, limit: 'tpm' });
  assert.deepEqual(limiter.check(ramped, estimate, 1), { atMs: 60_000, limit: 'tpm' });
});
