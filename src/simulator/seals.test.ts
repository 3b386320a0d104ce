import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChatMessage, ChatRequest } from '../domain/chat.ts';
import { planAnswer } from './answers.ts';
import { faultOf } from './parameters.ts';
import { sealOf } from './seals.ts';

const USER: ChatMessage = { role: 'user', parts: [{ type: 'text', text: 'Hello' }] };
const request = (fields: Partial<ChatRequest> = {}): ChatRequest => ({
  model: 'claude-sonnet-4-5',
  messages: [USER],
  ...{ stream: true, wantsUsage: false, maxOutputTokens: 9_000 },
  extra: { thinking: { type: 'enabled', budget_tokens: 2_000 } },
  ...fields,
});
const seals = (asked: ChatRequest): unknown[] => {
  const setting = { promptTokens: 1, random: () => 0.5, options: { outputTokens: 20, tokensPerChunk: 4 } };
  const events = planAnswer(asked, setting).steps.flatMap((step) => step.events);
  const thought = events.map((event) => (event.type === 'reasoning' ? event.text : '')).join('');
  const told = events.flatMap((event) => (event.type === 'reasoning' && event.signature) || []);
  return told.map((seal) => seal === sealOf(thought));
};

test('models called claude seal what they think, and no others', () => {
  assert.deepEqual(seals(request()), [true]);
  assert.deepEqual(seals(request({ extra: { thinking: { type: 'adaptive' } } })), [true]);
  assert.deepEqual(seals(request({ extra: {} })), []);
  assert.deepEqual(seals(request({ model: 'qwen3-max' })), []);
});

test('a seal is theirs or none, and only theirs are looked at', () => {
  const turn = (seal: string): ChatMessage => ({
    ...{ role: 'assistant', parts: [], reasoning: 'hm' },
    reasoningSignature: seal,
  });
  assert.equal(faultOf(request({ messages: [USER, turn(sealOf('hm')), USER] }), 10), undefined);
  const forged = [USER, turn('x'), USER];
  assert.match(
    faultOf(request({ messages: forged }), 10) ?? '',
    /^messages\.1\.content\.0: Invalid `signature`/,
  );
  assert.equal(faultOf(request({ model: 'qwen3-max', messages: forged }), 10), undefined);
});

test('a turn of tools under a budget begins with its thought', () => {
  const call: ChatMessage = {
    ...{ role: 'assistant', parts: [] },
    toolCalls: [{ id: 'c', name: 'f', arguments: '{}' }],
  };
  const result: ChatMessage = { role: 'tool', parts: [], toolCallId: 'c' };
  assert.match(faultOf(request({ messages: [USER, call, result] }), 10) ?? '', /^Expected `thinking`/);
  const thought = { ...call, reasoning: 'hm', reasoningSignature: sealOf('hm') };
  assert.equal(faultOf(request({ messages: [USER, thought, result] }), 10), undefined);
  const adaptive = { thinking: { type: 'adaptive' } };
  assert.equal(faultOf(request({ messages: [USER, call, result], extra: adaptive }), 10), undefined);
});

test('a budget is within its bounds, and the temperature as it is', () => {
  const budget = (budget_tokens: number, more: object = {}): string =>
    faultOf(request({ extra: { thinking: { type: 'enabled', budget_tokens }, ...more } }), 10) ?? '';
  assert.match(budget(1_000), /greater than or equal to 1024/);
  assert.match(budget(9_000), /`max_tokens` must be greater/);
  assert.match(budget(2_000, { temperature: 0.5 }), /^`temperature` may only be set to 1/);
  assert.equal(budget(2_000, { temperature: 1 }), '');
});

test('turns of the system are refused on the path of messages by all but those', () => {
  const system: ChatMessage = { role: 'system', parts: [{ type: 'text', text: 'x' }] };
  const asked = request({ model: 'qwen3-max', messages: [system, USER, system], extra: {} });
  assert.match(faultOf(asked, 10, 'anthropic-messages') ?? '', /^messages\[1\]\.role: unknown variant/);
  assert.equal(faultOf(asked, 10), undefined);
  assert.equal(faultOf({ ...asked, model: 'claude-opus-4-8' }, 10, 'anthropic-messages'), undefined);
});
