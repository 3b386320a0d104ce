import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAffinity } from './affinity.ts';

test('a conversation that was never served has no channel', () => {
  assert.equal(createAffinity().channelOf('c', 'm'), undefined);
});

test('the channel that served a conversation last is the one that is found', () => {
  const affinity = createAffinity();
  affinity.served('c', 'm', 'a/m');
  affinity.served('d', 'm', 'b/m');
  assert.equal(affinity.channelOf('c', 'm'), 'a/m');
  affinity.served('c', 'm', 'b/m');
  assert.equal(affinity.channelOf('c', 'm'), 'b/m');
  assert.equal(affinity.channelOf('d', 'm'), 'b/m');
});

test('one conversation has a channel of its own for each model', () => {
  const affinity = createAffinity();
  affinity.served('c', 'large', 'a/large');
  affinity.served('c', 'small', 'b/small');
  assert.equal(affinity.channelOf('c', 'large'), 'a/large');
  assert.equal(affinity.channelOf('c', 'small'), 'b/small');
  assert.equal(affinity.channelOf('c', 'other'), undefined);
});

test('at its bound the conversation served longest ago is forgotten, and no other', () => {
  const affinity = createAffinity(3);
  for (const conversation of ['one', 'two', 'three']) affinity.served(conversation, 'm', 'a');
  affinity.served('one', 'm', 'b');
  affinity.served('four', 'm', 'a');
  assert.deepEqual(
    ['one', 'two', 'three', 'four'].map((conversation) => affinity.channelOf(conversation, 'm')),
    ['b', undefined, 'a', 'a'],
  );
});

test('however many conversations come, twenty thousand are remembered', () => {
  const affinity = createAffinity();
  for (let i = 0; i < 50_000; i++) affinity.served(`${i}`, 'm', 'a');
  let known = 0;
  for (let i = 0; i < 50_000; i++) if (affinity.channelOf(`${i}`, 'm') !== undefined) known++;
  assert.equal(known, 20_000);
  assert.equal(affinity.channelOf('49999', 'm'), 'a');
});
