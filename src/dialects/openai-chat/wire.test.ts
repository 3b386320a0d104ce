import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { totalTokens, type Usage } from '../../domain/usage.ts';
import { readFinishReason, readUsage, writeUsage } from './wire.ts';

const usage = (amounts: Partial<Usage>): Usage => ({
  input: 0,
  cacheRead: 0,
  cacheWrite: 0,
  output: 0,
  reasoning: 0,
  source: 'upstream',
  ...amounts,
});

test('usage of every provider becomes five amounts that do not overlap', () => {
  assert.deepEqual(
    readUsage({
      prompt_tokens: 22,
      completion_tokens: 17,
      prompt_tokens_details: { cached_tokens: 8, cache_creation_input_tokens: 10 },
      completion_tokens_details: { reasoning_tokens: 7, text_tokens: 10 },
    }),
    usage({ input: 4, cacheRead: 8, cacheWrite: 10, output: 10, reasoning: 7 }),
  );
  assert.deepEqual(
    readUsage({
      prompt_tokens: 100,
      completion_tokens: 1,
      prompt_cache_hit_tokens: 64,
      prompt_cache_miss_tokens: 36,
    }),
    usage({ input: 36, cacheRead: 64, output: 1 }),
  );
  assert.deepEqual(
    readUsage({ prompt_tokens: 9, completion_tokens: 0, prompt_tokens_details: { cache_write_tokens: 4 } }),
    usage({ input: 5, cacheWrite: 4 }),
  );
});

test('what tells nothing is no usage', () => {
  for (const value of [
    undefined,
    null,
    'x',
    [],
    {},
    { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
  ])
    assert.equal(readUsage(value), undefined);
});

test('whatever nonsense is told, no amount is negative and their sum is what was told', () => {
  const amount = fc.oneof(
    fc.nat(1_000),
    fc.constantFrom<unknown>(-5, null, 'many', NaN, Infinity, undefined),
  );
  fc.assert(
    fc.property(amount, amount, amount, amount, amount, (prompt, completion, read, write, thought) => {
      const found = readUsage({
        prompt_tokens: prompt,
        completion_tokens: completion,
        prompt_tokens_details: { cached_tokens: read, cache_write_tokens: write },
        completion_tokens_details: { reasoning_tokens: thought },
      });
      if (found === undefined) return;
      for (const each of [found.input, found.cacheRead, found.cacheWrite, found.output, found.reasoning])
        assert.ok(each >= 0 && Number.isFinite(each));
      const told = (value: unknown): number => (Number.isFinite(value) ? Math.max(0, value as number) : 0);
      assert.equal(totalTokens(found), told(prompt) + told(completion));
    }),
  );
});

test('usage reads back as it was written', () => {
  const some = usage({ input: 1, cacheRead: 2, cacheWrite: 3, output: 4, reasoning: 5 });
  assert.deepEqual(readUsage(writeUsage(some)), some);
  assert.equal(writeUsage(some)['total_tokens'], 15);
});

test('finish reasons are known by their words; an end by fault is never a stop', () => {
  assert.equal(readFinishReason('function_call'), 'tool_calls');
  assert.equal(readFinishReason('insufficient_system_resource'), 'error');
  assert.equal(readFinishReason('error'), 'error');
  for (const word of ['eos', 'constructor', '__proto__', 'toString'])
    assert.equal(readFinishReason(word), 'stop');
  for (const none of [null, undefined, '', 'null', 5]) assert.equal(readFinishReason(none), undefined);
});
