import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { budgetPurse, isWallet, periodAt, tenantOfWallet, walletOf } from './purse-ids.ts';

const at = (text: string): number => Date.parse(text);

test('a wallet is named after its tenant, and the name leads back to it', () => {
  assert.equal(walletOf('acme'), 'wallet:acme');
  assert.equal(tenantOfWallet(walletOf('a:b')), 'a:b');
  assert.equal(isWallet('wallet:acme'), true);
  assert.equal(isWallet('budget:key:wallet:day:2026-11-26'), false);
});

test('each period of a budget is a purse of its own', () => {
  const nowMs = at('2026-11-26T13:45:00Z');
  const names = (['day', 'week', 'month', 'total'] as const).map((period) =>
    budgetPurse({ of: 'key', id: 'web' }, period, periodAt(period, nowMs)),
  );
  assert.deepEqual(names, [
    'budget:key:web:day:2026-11-26',
    'budget:key:web:week:2026-W48',
    'budget:key:web:month:2026-11',
    'budget:key:web:total:all',
  ]);
});

test('a period ends where the next begins', () => {
  const nowMs = at('2026-11-26T13:45:00Z');
  assert.equal(periodAt('day', nowMs).endsAtMs, at('2026-11-27T00:00:00Z'));
  assert.equal(periodAt('week', nowMs).endsAtMs, at('2026-11-30T00:00:00Z'));
  assert.equal(periodAt('month', nowMs).endsAtMs, at('2026-12-01T00:00:00Z'));
  assert.equal(periodAt('month', at('2026-12-31T23:59:59Z')).endsAtMs, at('2027-01-01T00:00:00Z'));
  assert.equal(periodAt('total', nowMs).endsAtMs, undefined);
});

test('weeks are those of ISO 8601 at the turn of the year', () => {
  // Source of the examples: https://en.wikipedia.org/wiki/ISO_week_date
  for (const [day, week] of [
    ['2005-01-01', '2004-W53'],
    ['2005-12-31', '2005-W52'],
    ['2007-12-31', '2008-W01'],
    ['2008-12-28', '2008-W52'],
    ['2008-12-29', '2009-W01'],
    ['2010-01-03', '2009-W53'],
    ['2026-01-01', '2026-W01'],
  ] as const)
    assert.equal(periodAt('week', at(`${day}T12:00:00Z`)).name, week, day);
});

test('at the end of a period its name changes, and not before', () => {
  const anyTime = fc.integer({ min: at('2020-01-01T00:00:00Z'), max: at('2060-01-01T00:00:00Z') });
  fc.assert(
    fc.property(anyTime, fc.constantFrom('day', 'week', 'month'), (nowMs, period) => {
      const { name, endsAtMs = Infinity } = periodAt(period, nowMs);
      assert.ok(endsAtMs > nowMs);
      assert.equal(periodAt(period, endsAtMs - 1).name, name);
      assert.notEqual(periodAt(period, endsAtMs).name, name);
    }),
  );
});
