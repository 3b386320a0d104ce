import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ALERT_TYPES, alertOf } from './alert.ts';
import { FAILURES, type FailureKind, ruleOf } from './failure.ts';

const made = { id: 'alert_1', atMs: 5 };
const KINDS = Object.keys(FAILURES) as FailureKind[];

test('an alert says what happened, to what, and why', () => {
  const what = 'account qwen-a';
  const off = alertOf({ type: 'switched_off', what, kind: 'balance' }, made);
  assert.deepEqual(off, {
    id: 'alert_1',
    type: 'switched_off',
    what,
    kind: 'balance',
    atMs: 5,
    message: 'account qwen-a is switched off: The account is in arrears or out of credit.',
    advice: 'Settle the bill or add credit at the provider, then switch it on again.',
  });
  const on = alertOf({ type: 'switched_on', what, kind: 'balance' }, made);
  assert.match(on.message, /^account qwen-a is switched on again\. .* out of credit\.$/);
  const untilMs = Date.UTC(2026, 1, 3);
  assert.equal(
    alertOf({ type: 'benched_long', what, kind: 'plan', untilMs }, made).message,
    "account qwen-a is left alone until 2026-02-03T00:00:00.000Z: The plan's window (hours, a week, a month) is used up.",
  );
  assert.match(alertOf({ type: 'benched_long', what, kind: 'plan' }, made).message, /left alone for long/);
});

test('whoever notices may say it in words of his own', () => {
  const message = 'account qwen-a: refused twice within a minute';
  const alert = alertOf({ type: 'switched_off', what: 'account qwen-a', kind: 'auth', message }, made);
  assert.equal(alert.message, message);
});

test('every kind of alert has one sentence of advice', () => {
  for (const type of ALERT_TYPES)
    for (const kind of KINDS)
      assert.match(alertOf({ type, what: 'account a', kind }, made).advice, /^[A-Z][^\n]{15,150}\.$/);
});

test('what switches off has advice of its own', () => {
  const final = KINDS.filter((kind) => ruleOf(kind).switchesOff === true);
  const adviceOf = (kind: FailureKind) =>
    alertOf({ type: 'switched_off', what: 'account a', kind }, made).advice;
  assert.ok(final.length >= 4);
  assert.equal(new Set([...final, 'unknown' as const].map(adviceOf)).size, final.length + 1);
});
