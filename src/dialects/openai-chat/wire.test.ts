import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { totalTokens, type Usage } from '../../domain/usage.ts';
import { readFinishReason, readUsage, saidIn, tellsError, writeUsage } from './wire.ts';

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
    readUsage({ prompt_tokens: 100, completion_tokens: 1, total_tokens: 101, cached_tokens: 60 }),
    usage({ input: 40, cacheRead: 60, output: 1 }),
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

test('reasoning that is told beside the completion is counted once, and so is what only the total knows', () => {
  const beside = { prompt_tokens: 32, completion_tokens: 9, total_tokens: 135 };
  const reasoning = { completion_tokens_details: { reasoning_tokens: 94 } };
  assert.deepEqual(readUsage({ ...beside, ...reasoning }), usage({ input: 32, output: 9, reasoning: 94 }));
  assert.deepEqual(readUsage(beside), usage({ input: 32, output: 9, reasoning: 94 }));
  assert.deepEqual(
    readUsage({ ...beside, total_tokens: 41, completion_tokens_details: { reasoning_tokens: 5 } }),
    usage({ input: 32, output: 4, reasoning: 5 }),
  );
  // A total that its own details do not explain proves nothing.
  assert.deepEqual(
    readUsage({ ...beside, completion_tokens_details: { reasoning_tokens: 5 } }),
    usage({ input: 32, output: 4, reasoning: 5 }),
  );
});

test('what is said in parts is read like what is said in one text', () => {
  const thinking = [{ type: 'text', text: 'a' }, { type: 'text', text: 'b' }, 5, null];
  const parts = [{ type: 'thinking', thinking }, { type: 'text', text: 'c' }, 'x', { type: 'reference' }];
  assert.deepEqual(saidIn({ content: parts }), { reasoning: 'ab', text: 'c' });
  assert.deepEqual(saidIn({ content: 'c', reasoning: 'r' }), { reasoning: 'r', text: 'c' });
  assert.deepEqual(saidIn({ content: 'c', reasoning: 's', reasoning_content: 'r' }), {
    reasoning: 'r',
    text: 'c',
  });
  assert.deepEqual(saidIn({ content: [{ type: 'thinking', thinking: 'a' }] }), { reasoning: 'a', text: '' });
  assert.deepEqual(saidIn({}), { reasoning: '', text: '' });
});

test('an error under a 200 is an error where no choices stand beside it', () => {
  const refused = { base_resp: { status_code: 1008, status_msg: 'insufficient balance' } };
  assert.equal(tellsError({ ...refused, choices: null }), true);
  assert.equal(tellsError(refused), true);
  assert.equal(tellsError({ ...refused, choices: [{}] }), false);
  assert.equal(tellsError({ base_resp: { status_code: 0 } }), false);
});

test('the reasons of Zhipu and Mistral are those of everybody', () => {
  assert.equal(readFinishReason('sensitive'), 'content_filter');
  assert.equal(readFinishReason('network_error'), 'error');
  for (const reason of ['model_length', 'model_context_window_exceeded'])
    assert.equal(readFinishReason(reason), 'length');
});
