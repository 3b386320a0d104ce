import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure, type FailureKind } from '../domain/failure.ts';
import { createAccess, type KeyPlan } from './access.ts';

const plan = (id: string, key: string, rest: Partial<KeyPlan> = {}): KeyPlan => ({
  id,
  key,
  limits: {},
  onLimit: 'queue',
  priority: 'normal',
  weight: 1,
  fallback: true,
  ...rest,
});
const access = createAccess([plan('team', 'sk-team'), plan('ops', 'sk-ops', { models: ['a', 'b'] })]);

const failsAs = (kind: FailureKind, words: RegExp) => (error: unknown) =>
  error instanceof Failure && error.kind === kind && words.test(error.message);

test('a key is known however clients send it', () => {
  for (const headers of [
    { authorization: 'Bearer sk-team' },
    { authorization: 'bearer   sk-team  ' },
    { 'x-api-key': 'sk-team' },
    { 'x-api-key': ' sk-team ' },
    { 'x-goog-api-key': 'sk-team' },
    { 'api-key': 'sk-team' },
    { authorization: 'Basic dXNlcg==', 'x-api-key': 'sk-team' },
    { authorization: 'Bearer ', 'api-key': 'sk-team' },
  ])
    assert.equal(access.authenticate(headers).id, 'team', JSON.stringify(headers));
});

test('no key, an unknown one or a part of one is refused, and the words never repeat it', () => {
  for (const headers of [
    {},
    { authorization: 'Basic x' },
    { authorization: ['Bearer sk-team'] },
    { 'x-api-key': '' },
  ])
    assert.throws(() => access.authenticate(headers), failsAs('invalid_key', /No key was sent/));
  for (const wrong of ['sk-tea', 'sk-team2', 'SK-TEAM', 'sk-ops sk-team', '__proto__'])
    assert.throws(
      () => access.authenticate({ authorization: `Bearer ${wrong}` }),
      (error) => failsAs('invalid_key', /not known/)(error) && !(error as Error).message.includes(wrong),
      wrong,
    );
});

test('what the rest of the house gets of a key does not hold the key', () => {
  const key = access.authenticate({ 'x-api-key': 'sk-ops' });
  assert.deepEqual(key, {
    ...{ id: 'ops', limits: {}, onLimit: 'queue', priority: 'normal', weight: 1 },
    ...{ fallback: true, models: ['a', 'b'] },
  });
});

test('a key may use the models of its list, or all when it has none', () => {
  const [team, ops] = ['sk-team', 'sk-ops'].map((key) => access.authenticate({ 'x-api-key': key }));
  assert.ok(team !== undefined && ops !== undefined);
  access.allow(team, 'anything');
  access.allow(ops, 'b');
  assert.throws(() => access.allow(ops, 'c'), failsAs('model_forbidden', /'ops'.*'c'.*a, b/));
});
