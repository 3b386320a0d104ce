import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { ChatMessage } from '../../domain/chat.ts';
import { openaiChat } from '../openai-chat/openai-chat.ts';
import { fitCrossing } from './crossing-in.ts';
import { writeRequest } from './request.ts';

const OLD = 'claude-sonnet-4-5-20250929';
const ADAPTIVE = 'claude-opus-4-6';
const NEWEST = 'claude-opus-4-7';

/** What Anthropic gets of a request for OpenAI chat, and what was left out. */
function into(model: string, fields: object, turns: readonly ChatMessage[] = []) {
  const body = { model, messages: [{ role: 'user', content: 'hi' }], ...fields };
  const request = openaiChat.readRequest(Buffer.from(JSON.stringify(body)));
  const fit = fitCrossing({ ...request, messages: [...request.messages, ...turns] });
  return { body: JSON.parse(writeRequest(fit.request).toString()), dropped: fit.dropped };
}

describe('a wish for thinking on its way to Anthropic', () => {
  it('is a budget for the older models, below the bound of the answer', () => {
    const { body, dropped } = into(OLD, { reasoning_effort: 'high', max_completion_tokens: 10_000 });
    assert.deepEqual(body.thinking, { type: 'enabled', budget_tokens: 8_000 });
    assert.equal(body.max_tokens, 10_000);
    assert.equal(body.output_config, undefined);
    assert.deepEqual(dropped, []);
    const open = into(OLD, { reasoning_effort: 'high' }).body;
    assert.equal(open.thinking.budget_tokens, 16_384);
    assert.ok(open.max_tokens > 16_384 + 4_000, 'the answer has room behind it');
    assert.equal(into(OLD, { enable_thinking: true, thinking_budget: 5 }).body.thinking.budget_tokens, 1_024);
  });

  it('is left out and named where the bound leaves it no room', () => {
    const { body, dropped } = into(OLD, { reasoning_effort: 'low', max_tokens: 1_000 });
    assert.equal(body.thinking, undefined);
    assert.deepEqual([body.max_tokens, dropped], [1_000, ['reasoning_effort']]);
  });

  it('is an effort for the newer ones, in words that each knows', () => {
    const said = (model: string, effort: string) => {
      const { thinking, output_config } = into(model, { reasoning_effort: effort }).body;
      return [thinking?.type, output_config?.effort];
    };
    assert.deepEqual(said(ADAPTIVE, 'medium'), ['adaptive', 'medium']);
    assert.deepEqual(said(ADAPTIVE, 'xhigh'), ['adaptive', 'max']);
    assert.deepEqual(said(NEWEST, 'xhigh'), ['adaptive', 'xhigh']);
    assert.deepEqual(said('claude-sonnet-5', 'max'), ['adaptive', 'max']);
    assert.deepEqual(said('anthropic/claude-fable-5.1', 'low'), ['adaptive', 'low']);
    assert.deepEqual(said('claude-opus-4-20250514', 'low'), ['enabled', undefined]);
    assert.deepEqual(said('claude-3-7-sonnet-latest', 'low'), ['enabled', undefined]);
    assert.deepEqual(said('claude-3-5-haiku-latest', 'low'), [undefined, undefined]);
    assert.deepEqual(said('glm-5', 'low'), ['enabled', undefined]);
    assert.deepEqual(said(NEWEST, 'none'), [undefined, undefined]);
  });

  it('keeps a schema beside its effort', () => {
    const response_format = { type: 'json_schema', json_schema: { name: 'x', schema: { type: 'object' } } };
    const { output_config } = into(ADAPTIVE, { reasoning_effort: 'high', response_format }).body;
    assert.deepEqual(output_config, {
      format: { type: 'json_schema', schema: { type: 'object' } },
      effort: 'high',
    });
  });

  it('takes the settings of the sampling away that it forbids, and no others', () => {
    const sampling = { temperature: 0.2, top_p: 0.9, top_k: 4 };
    const thinking = into(OLD, { reasoning_effort: 'high', ...sampling });
    assert.deepEqual(thinking.dropped, ['temperature', 'top_p', 'top_k']);
    assert.equal(thinking.body.temperature, undefined);
    const allowed = into(OLD, { reasoning_effort: 'high', temperature: 1, top_p: 0.97 });
    assert.deepEqual([allowed.body.top_p, allowed.dropped], [0.97, []]);
    const without = into(OLD, sampling);
    assert.deepEqual([without.body.temperature, without.body.top_k, without.dropped], [0.2, 4, ['top_p']]);
    const older = into('claude-3-7-sonnet-20250219', sampling);
    assert.deepEqual([older.body.temperature, older.body.top_p, older.dropped], [0.2, 0.9, []]);
    const alone = into(OLD, { top_p: 0.9 });
    assert.deepEqual([alone.body.top_p, alone.dropped], [0.9, []]);
    assert.deepEqual(into(OLD, { temperature: 0.2, top_p: 1 }).dropped, [], 'that is none');
    assert.deepEqual(into(NEWEST, { ...sampling }).dropped, ['temperature', 'top_p', 'top_k']);
  });

  it('gives way to a tool that must be called', () => {
    const tools = [{ type: 'function', function: { name: 'f' } }];
    const forced = into(ADAPTIVE, { reasoning_effort: 'high', tools, tool_choice: 'required' });
    assert.equal(forced.body.thinking, undefined);
    assert.deepEqual([forced.body.tool_choice, forced.dropped], [{ type: 'any' }, ['reasoning_effort']]);
    assert.equal(into(ADAPTIVE, { reasoning_effort: 'high', tools }).body.thinking.type, 'adaptive');
  });

  it('waits for the end of a turn of tools whose thought is not there', () => {
    const result: ChatMessage = { role: 'tool', parts: [{ type: 'text', text: '1' }], toolCallId: 'c' };
    const call: ChatMessage = {
      ...{ role: 'assistant', parts: [] },
      toolCalls: [{ id: 'c', name: 'f', arguments: '{}' }],
    };
    const wish = { reasoning_effort: 'high' };
    assert.deepEqual(into(OLD, wish, [call, result]).dropped, ['reasoning_effort']);
    const thought = { ...call, thoughts: [{ text: 'hm', signature: 's' }] };
    const { body, dropped } = into(OLD, wish, [thought, result]);
    assert.equal(body.thinking.type, 'enabled');
    assert.deepEqual(dropped, []);
    assert.deepEqual(body.messages[1].content, [
      { type: 'thinking', thinking: 'hm', signature: 's' },
      { type: 'tool_use', id: 'c', name: 'f', input: {} },
    ]);
    assert.equal(into(ADAPTIVE, wish, [call, result]).body.thinking.type, 'adaptive');
    const said: ChatMessage = { role: 'assistant', parts: [{ type: 'text', text: 'Done.' }] };
    assert.equal(into(OLD, wish, [call, result, said]).body.thinking.type, 'enabled');
  });

  it('never has a budget that is not below the bound, nor below the least', () => {
    fc.assert(
      fc.property(
        fc.option(fc.integer({ min: 1, max: 64_000 })),
        fc.constantFrom('minimal', 'low', 'medium', 'high', 'xhigh', 'max'),
        (bound, effort) => {
          const fields = bound === null ? {} : { max_tokens: bound };
          const { body } = into(OLD, { ...fields, enable_thinking: true, reasoning_effort: effort });
          if (body.thinking === undefined) return;
          assert.ok(body.thinking.budget_tokens >= 1_024);
          assert.ok(body.thinking.budget_tokens < body.max_tokens);
        },
      ),
    );
  });
});

describe('thoughts on their way to Anthropic', () => {
  it('stand one by one in front of the turn, hidden ones too, and unsealed ones not', () => {
    const turn: ChatMessage = {
      role: 'assistant',
      parts: [{ type: 'text', text: 'Yes.' }],
      reasoning: 'ab',
      thoughts: [
        { text: 'a', signature: 's1' },
        { text: '', signature: 'blob', redacted: true },
        { text: 'b', signature: 's2' },
        { text: 'open' },
      ],
    };
    const { body, dropped } = into(OLD, {}, [turn]);
    assert.deepEqual(body.messages[1].content, [
      { type: 'thinking', thinking: 'a', signature: 's1' },
      { type: 'redacted_thinking', data: 'blob' },
      { type: 'thinking', thinking: 'b', signature: 's2' },
      { type: 'text', text: 'Yes.' },
    ]);
    assert.deepEqual(dropped, []);
  });

  it('belong to calls whose ids have only the signs that Anthropic takes', () => {
    const id = 'functions.look:0';
    const { body } = into(OLD, {}, [
      { role: 'assistant', parts: [], toolCalls: [{ id, name: 'look', arguments: '{}' }] },
      { role: 'tool', parts: [{ type: 'text', text: '1' }], toolCallId: id },
    ]);
    assert.equal(body.messages[1].content[0].id, 'functions_look_0');
    assert.equal(body.messages[2].content[0].tool_use_id, 'functions_look_0');
  });
});
