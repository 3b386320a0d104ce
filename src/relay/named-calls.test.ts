import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NamedCalls } from './named-calls.ts';

const delta = (index: number, more: { id?: string; name?: string; args?: string; choice?: number } = {}) => {
  const { args = '', ...rest } = more;
  return { type: 'tool-call' as const, index, arguments: args, ...rest };
};

test('a call that is told as usual passes as it came', () => {
  const calls = new NamedCalls();
  assert.equal(calls.any, false);
  const first = delta(0, { id: 'c', name: 'f' });
  assert.equal(calls.take(first, 'a'), first);
  assert.deepEqual(calls.take(delta(0, { args: '{}' }), 'a'), delta(0, { args: '{}' }));
  assert.equal(calls.any, true);
});

test('later deltas repeat neither id nor name', () => {
  const calls = new NamedCalls();
  calls.take(delta(0, { id: 'c', name: 'f' }), 'a');
  assert.deepEqual(calls.take(delta(0, { id: 'other', name: 'f', args: '1' }), 'a'), delta(0, { args: '1' }));
});

test('arguments that come before the name wait for it', () => {
  const calls = new NamedCalls();
  assert.equal(calls.take(delta(0, { args: '{"a"' }), 'a'), undefined);
  assert.equal(calls.take(delta(0, { id: 'c', args: ':' }), 'a'), undefined);
  assert.deepEqual(calls.take(delta(0, { name: 'f', args: '1}' }), 'a'), {
    ...delta(0, { id: 'c', name: 'f' }),
    arguments: '{"a":1}',
  });
  assert.deepEqual(calls.rest('a'), []);
});

test('what never got a name is told at the end', () => {
  const calls = new NamedCalls();
  calls.take(delta(0, { args: '{}' }), 'answer-1');
  assert.equal(calls.any, true);
  assert.deepEqual(calls.rest('answer-1'), [delta(0, { id: 'call_answer-1_0_0', args: '{}' })]);
  assert.deepEqual(calls.rest('answer-1'), []);
});

test('ids that are missing are made of the answer’s, and differ for every call', () => {
  const calls = new NamedCalls();
  const ids = [
    delta(0, { name: 'f' }),
    delta(1, { name: 'f', id: '' }),
    delta(0, { name: 'f', choice: 1 }),
  ].map((event) => calls.take(event, 'chatcmpl:1!')?.id);
  assert.deepEqual(ids, ['call_chatcmpl1_0_0', 'call_chatcmpl1_0_1', 'call_chatcmpl1_1_0']);
});

test('a call without arguments gets empty ones where its choice ends, once', () => {
  const calls = new NamedCalls();
  calls.take(delta(0, { id: 'c', name: 'f' }), 'a');
  calls.take(delta(1, { id: 'd', name: 'g' }), 'a');
  calls.take(delta(1, { args: '{"a":1}' }), 'a');
  calls.take(delta(0, { id: 'e', name: 'h', choice: 1 }), 'a');
  assert.deepEqual(calls.bare(0), [delta(0, { name: 'f', args: '{}' })]);
  assert.deepEqual(calls.bare(0), []);
  assert.deepEqual(calls.bare(1), [delta(0, { name: 'h', choice: 1, args: '{}' })]);
});
