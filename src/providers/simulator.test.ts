import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dialects } from '../dialects/index.ts';
import { addressOf } from './provider.ts';
import { simulator } from './simulator.ts';

const spoken = (baseUrl: string): object =>
  Object.fromEntries(
    Object.values(dialects).flatMap(({ id }) => {
      const url = addressOf(simulator, id, baseUrl);
      return url === undefined ? [] : [[id, url]];
    }),
  );

test('it speaks what Model Studio speaks, where Model Studio speaks it', () => {
  const base = simulator.baseUrl() ?? assert.fail();
  assert.deepEqual(spoken(base), {
    'openai-chat': 'http://simulator.internal/compatible-mode/v1/chat/completions',
    'anthropic-messages': 'http://simulator.internal/apps/anthropic/v1/messages',
  });
  assert.deepEqual(Object.keys(spoken('http://simulator.internal/v2')), ['openai-chat']);
});

test('below the name of a dialect it speaks that one alone', () => {
  for (const { id, path } of Object.values(dialects)) {
    const base = `http://simulator.internal/only/${id}`;
    assert.deepEqual(spoken(base), { [id]: base + path });
  }
});
