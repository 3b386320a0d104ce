import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LIMIT_NAMES, type Limits } from '../domain/limits.ts';
import { amountOf, exceededBy, isBlocked, type Unit, windowsOf } from './windows.ts';

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

test('every limit has its windows in the order of the names, but for the ramp, which is none', () => {
  const windows = windowsOf('qwen-a/qwen3-max', ALL);
  assert.deepEqual([...new Set(windows.map(({ limit }) => limit))], LIMIT_NAMES.slice(0, -1));
  const rows = windows.map(({ limit, unit, windowMs }) => [limit, unit, windowMs]);
  assert.deepEqual(rows, [
    ['rpm', 'request', 60_000],
    ['tpm', 'tokens', 60_000],
    ['tpm', 'charged', 60_000],
    ['tpm', 'reserved', 60_000],
    ['rps', 'request', 1_000],
    ['tps', 'input', 1_000],
    ['concurrency', 'request', 0],
    ['rpd', 'request', 86_400_000],
    ['tpd', 'tokens', 86_400_000],
  ]);
});

test('windows are told apart by owner, limit and unit', () => {
  const ids = [...windowsOf('a/m', ALL), ...windowsOf('b/m', ALL)].map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  assert.ok(ids.includes('a/m:tpm:charged'));
});

test('a limit that is not given has no window', () => {
  assert.deepEqual(windowsOf('a', {}), []);
  assert.deepEqual(windowsOf('a', { prepaid: true, ramp: { floor: 1, growth: 1 } }), []);
  assert.deepEqual(
    windowsOf('a', { rpd: 5 }).map(({ limit }) => limit),
    ['rpd'],
  );
});

test('less than one request in a second is one in a longer time', () => {
  const lengthOf = (rps: number) => windowsOf('a', { rps })[0]?.windowMs;
  assert.equal(lengthOf(0.25), 4_000);
  assert.equal(lengthOf(1), 1_000);
  assert.equal(lengthOf(2.5), 1_000);
});

test('the same name never means two lengths, for whoever counts knows a window by its name', () => {
  const rps = fc.double({ min: 0.001, max: 20, noNaN: true });
  fc.assert(
    fc.property(rps, rps, (one, other) => {
      const [a, b] = [one, other].map((rate) => windowsOf('a', { rps: rate })[0]);
      assert.equal(a?.id === b?.id, a?.windowMs === b?.windowMs, `${a?.id} ${a?.windowMs} ${b?.windowMs}`);
    }),
  );
});

test('a call claims of each unit what that unit counts', () => {
  const amounts = (units: readonly Unit[], of = estimate) => units.map((unit) => amountOf(unit, of));
  const units: Unit[] = ['request', 'input', 'tokens', 'charged', 'reserved'];
  assert.deepEqual(amounts(units), [1, 70, 100, 70, 570]);
  const open = { ...estimate, maxOutputTokens: Infinity };
  assert.deepEqual(amounts(units, open), [1, 70, 100, 70, 100], 'without a bound the mean is the best guess');
});

test('only an input above the tokens of a minute or a day is in vain; seconds and output never are', () => {
  const exceeded = (limits: Limits, inputTokens = 70) => exceededBy(limits, { ...estimate, inputTokens });
  assert.equal(exceeded(ALL), undefined);
  assert.equal(exceeded({ tps: 1 }), undefined);
  assert.equal(exceeded({ tpm: 70 }), undefined, 'the input just fits; the output is a guess');
  assert.deepEqual(exceeded({ tpm: 69 }), { limit: 'tpm', capacity: 69, tokens: 70 });
  assert.deepEqual(exceeded({ tpd: 69 }), { limit: 'tpd', capacity: 69, tokens: 70 });
  assert.deepEqual(exceeded({ tpm: 60, tpd: 50 }), { limit: 'tpm', capacity: 60, tokens: 70 });
});

test('a refusal is told from a reservation by its moment', () => {
  assert.equal(isBlocked({ atMs: 1, limit: 'rpm' }), true);
  assert.equal(isBlocked({ settle: () => undefined }), false);
});

test('what is charged in advance and can never fit is in vain', () => {
  assert.deepEqual(
    exceededBy({ tpm: 20_000, prepaid: true }, { inputTokens: 10, outputTokens: 5, maxOutputTokens: 30_000 }),
    {
      limit: 'tpm',
      capacity: 20_000,
      tokens: 30_010,
    },
  );
  const usual = { inputTokens: 10, outputTokens: 5, maxOutputTokens: Infinity };
  assert.equal(
    exceededBy({ tpm: 20_000, prepaid: true }, usual),
    undefined,
    'whoever names no bound may fit',
  );
});
