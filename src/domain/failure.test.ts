import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FAILURES, Failure, type FailureKind, ruleOf } from './failure.ts';

const rows = (Object.keys(FAILURES) as FailureKind[]).map((kind) => ({ kind, ...ruleOf(kind) }));

test('every way to fail has an HTTP error status and words for people', () => {
  for (const { kind, status, meaning, type } of rows) {
    assert.ok(Number.isInteger(status) && status >= 400 && status < 600, kind);
    assert.match(meaning, /^[A-Z].*\.$/, kind);
    assert.match(type, /^[a-z_]+_error$/, kind);
    assert.match(kind, /^[a-z_]+$/);
  }
});

test('what the client did wrong and what Sluice refuses ends the call and touches nobody else', () => {
  for (const { kind, blame, next, scope, benchMs } of rows)
    if (blame !== 'upstream')
      assert.deepEqual([next, scope, benchMs], [kind === 'too_large' ? 'next' : 'stop', 'request', 0], kind);
});

test('the status tells whose doing it was', () => {
  for (const { kind, blame, status, retry } of rows) {
    if (blame === 'client') assert.ok(status < 500 && status !== 429 && !retry, kind);
    if (blame === 'sluice') assert.ok(status === 429 || status >= 500, kind);
    if (blame === 'upstream') assert.ok(status >= 500, kind);
  }
});

/** Limits of rate: admission learns from them how long to leave the channel alone. */
const OF_RATE: ReadonlySet<string> = new Set(['rpm', 'tpm', 'rps', 'tps', 'burst']);

test('whatever makes a call wait or move benches what it concerns, for longer each time up to a bound, but for limits of rate', () => {
  for (const { kind, next, benchMs, benchMaxMs, scope } of rows) {
    if (next === 'stop' || OF_RATE.has(kind) || kind === 'too_large') assert.equal(benchMs, 0, kind);
    else assert.ok(benchMs >= 1_000 && benchMaxMs >= benchMs && scope !== 'request', kind);
    assert.ok(benchMaxMs >= benchMs, kind);
  }
});

test('only a refusal for now is waited for, and then a later try may help', () => {
  for (const { kind, next, retry, blame } of rows)
    if (next === 'wait') assert.deepEqual([retry, blame], [true, 'upstream'], kind);
});

test('what needs somebody to act is not worth trying again', () => {
  for (const kind of ['balance', 'free_tier', 'auth', 'banned', 'no_access', 'model_missing'] as const) {
    assert.equal(FAILURES[kind].retry, false, kind);
    assert.equal(FAILURES[kind].next, 'next', kind);
  }
});

test('only money, rights of the secret and a closed account switch off, and only at the second word', () => {
  const off = rows.filter(({ switchesOff }) => switchesOff).map(({ kind }) => kind);
  assert.deepEqual(off.sort(), ['auth', 'balance', 'banned', 'free_tier']);
});

test('patience is for what may be the fault of one call, never for a word that is final or long', () => {
  for (const { kind, patience = 1, switchesOff } of rows) {
    assert.ok(patience >= 1 && patience <= 3, kind);
    if (switchesOff || kind === 'day' || kind === 'plan') assert.equal(patience, 1, kind);
    if (OF_RATE.has(kind)) assert.equal(patience, 2, kind);
  }
});

test('a failure takes its rule from the table, and single points from whoever throws it', () => {
  const plain = new Failure('rpm', { message: 'm' });
  assert.deepEqual([plain.scope, plain.status, plain.message], ['channel', 503, 'm']);
  const special = new Failure('rpm', { message: 'm', scope: 'account', status: 429 });
  assert.deepEqual([special.scope, special.status, special.rule], ['account', 429, plain.rule]);
  assert.ok(special instanceof Error);
  assert.equal('cause' in plain, false);
});

test('anything thrown becomes a failure; a stranger becomes an internal one and keeps its words inside', () => {
  const failure = new Failure('rpm', { message: 'm' });
  assert.equal(Failure.from(failure), failure);
  for (const thrown of [new Error('sk-secret'), 'sk-secret', undefined]) {
    const wrapped = Failure.from(thrown);
    assert.equal(wrapped.kind, 'internal');
    assert.equal(wrapped.cause, thrown);
    assert.equal(wrapped.message.includes('sk-secret'), false);
  }
});
