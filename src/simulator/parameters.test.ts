import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChatRequest } from '../domain/chat.ts';
import { faultOf, thinks } from './parameters.ts';
import { countPrompt, countTokens } from './token-count.ts';

const request = (fields: Partial<ChatRequest> = {}, text = 'Hello'): ChatRequest => ({
  model: 'qwen3-max',
  messages: [{ role: 'user', parts: [{ type: 'text', text }] }],
  stream: true,
  wantsUsage: false,
  extra: {},
  ...fields,
});

test('an ordinary call has no fault', () => {
  assert.equal(faultOf(request({ extra: { temperature: 0, n: 4, unknown_field: 1 } }), 10), undefined);
});

test('thinking needs a stream, and bears neither forced tools nor JSON mode', () => {
  const extra = { enable_thinking: true };
  assert.equal(
    faultOf(request({ extra, stream: false }), 10),
    'parameter.enable_thinking must be set to false for non-streaming calls',
  );
  assert.match(faultOf(request({ extra, toolChoice: 'required' }), 10) ?? '', /^tool_choice is one of/);
  assert.match(faultOf(request({ extra, responseFormat: 'json_object' }, 'json'), 10) ?? '', /^Json mode/);
  assert.equal(faultOf(request({ extra }), 10), undefined);
  assert.match(faultOf(request({ model: 'qwq-plus', stream: false }), 10) ?? '', /only support stream mode/);
});

test('the newer families may think without a stream, for nobody asked for it', () => {
  assert.equal(thinks(request({ model: 'qwen3.6-plus' })), true);
  assert.equal(faultOf(request({ model: 'qwen3.6-plus', stream: false }), 10), undefined);
});

test('numbers out of range are told in the vendor’s words', () => {
  assert.equal(faultOf(request({ extra: { temperature: 2 } }), 10), 'Temperature should be in [0.0, 2.0)');
  assert.equal(faultOf(request({ extra: { n: 5 } }), 10), 'Range of n should be [1, 4]');
  assert.equal(faultOf(request({ maxOutputTokens: 65_537 }), 10), 'Range of max_tokens should be [1, 65536]');
  assert.equal(faultOf(request({ maxOutputTokens: 131_072, extra: { n: 2 } }), 10), undefined);
  assert.equal(faultOf(request(), 258_049), 'Range of input length should be [1, 258048]');
  assert.equal(faultOf(request({ model: 'qwen-plus' }), 258_049), undefined);
  assert.match(faultOf(request({ extra: { thinking_budget: 0 } }), 10) ?? '', /^The thinking_budget/);
});

test('JSON mode wants the word in some message', () => {
  const wants = (text: string) => faultOf(request({ responseFormat: 'json_object' }, text), 10);
  assert.match(wants('Give me an object') ?? '', /must contain the word 'json' in some form/);
  assert.equal(wants('Give me JSON'), undefined);
});

test('tokens are counted by kind of sign', () => {
  assert.equal(countTokens(''), 0);
  assert.equal(countTokens('a'.repeat(400)), 100);
  assert.equal(countTokens('水'.repeat(300)), 200);
  assert.equal(countTokens('🌊🌊'), 2);
});

test('a prompt costs its messages, media, tool calls and tools', () => {
  const bare = countPrompt(request({}, 'a'.repeat(40)));
  assert.equal(bare, 14);
  const media = request({ messages: [{ role: 'user', parts: [{ type: 'media', value: {} }] }] });
  assert.ok(countPrompt(media) > 100);
  assert.ok(countPrompt(request({ tools: [{ name: 'get_weather' }] }, 'a'.repeat(40))) > bare);
});
