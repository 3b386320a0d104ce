import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMIT_NAMES, type Limits } from '../domain/limits.ts';
import { claimsOf, exceededBy, isBlocked, windowsOf } from './windows.ts';

const ALL: Limits = {
  rpm: 60,
  tpm: 6_000,
  rps: 1,
  tps: 100,
  concurrency: 4,
  rpd: 1_000,
  tpd: 100_000,
  ramp: { floor: 0.1, growth: 2 },
};
const estimate = { inputTokens: 70, outputTokens: 30, maxOutputTokens: 500 };

test('every limit has its window, but for the ramp, which is none', () => {
  const windows = windowsOf('qwen-a/qwen3-max', ALL);
  assert.deepEqual(
    windows.map(({ limit }) => limit),
    LIMIT_NAMES.filter((name) => name !== 'ramp'),
  );
  const lengths = Object.fromEntries(windows.map(({ limit, windowMs }) => [limit, windowMs]));
  assert.deepEqual(lengths, {
    rpm: 60_000,
    tpm: 60_000,
    rps: 1_000,
    tps: 1_000,
    concurrency: 0,
    rpd: 86_400_000,
    tpd: 86_400_000,
  });
  assert.equal(new Set(windows.map(({ id }) => id)).size, windows.length);
  for (const { id, limit, capacity } of windows) {
    assert.equal(id, `qwen-a/qwen3-max:${limit}`);
    assert.equal(capacity, ALL[limit as 'rpm']);
  }
});

test('a limit that is not given has no window', () => {
  assert.deepEqual(windowsOf('a', {}), []);
  assert.deepEqual(
    windowsOf('a', { tpm: 5 }).map(({ limit }) => limit),
    ['tpm'],
  );
});

test('a call claims of each window what that window counts', () => {
  const amounts = claimsOf(windowsOf('a', ALL), estimate).map(({ window, amount, unit }) => [
    window.limit,
    amount,
    unit,
  ]);
  assert.deepEqual(amounts, [
    ['rpm', 1, 'request'],
    ['tpm', 100, 'tokens'],
    ['rps', 1, 'request'],
    ['tps', 70, 'input'],
    ['concurrency', 1, 'request'],
    ['rpd', 1, 'request'],
    ['tpd', 100, 'tokens'],
  ]);
});

test('an amount above the capacity is claimed as the capacity', () => {
  const claims = claimsOf(windowsOf('a', { tpm: 80, tps: 50 }), estimate);
  assert.deepEqual(
    claims.map(({ amount }) => amount),
    [80, 50],
  );
});

test('only an input above the tokens of a minute or a day is in vain; seconds and output never are', () => {
  const exceeded = (limits: Limits, inputTokens = 70) => exceededBy(limits, { ...estimate, inputTokens });
  assert.equal(exceeded(ALL), undefined);
  assert.equal(exceeded({ tps: 1 }), undefined);
  assert.equal(exceeded({ tpm: 70 }), undefined, 'the input just fits; the output is a guess');
  assert.deepEqual(exceeded({ tpm: 69 }), { limit: 'tpm', capacity: 69 });
  assert.deepEqual(exceeded({ tpd: 69 }), { limit: 'tpd', capacity: 69 });
  assert.deepEqual(exceeded({ tpm: 60, tpd: 50 }), { limit: 'tpm', capacity: 60 });
});

test('a refusal is told from a reservation by its moment', () => {
  assert.equal(isBlocked({ atMs: 1, limit: 'rpm' }), true);
  assert.equal(isBlocked({ settle: () => undefined }), false);
});
