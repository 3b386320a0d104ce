import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ChatMessage } from '../../domain/chat.ts';
import { readInput, writeInput } from './input-items.ts';

const say = (role: ChatMessage['role'], ...texts: string[]): ChatMessage => ({
  role,
  parts: texts.map((text) => ({ type: 'text', text })),
});
const call = (id: string) => ({ type: 'function_call', call_id: id, name: 'f', arguments: '{}' });
const called = (id: string) => ({ id, name: 'f', arguments: '{}' });
const output = (id: string, text: string) => ({ type: 'function_call_output', call_id: id, output: text });

describe('the input as messages', () => {
  it('is what the user says, where it is a text', () => {
    assert.deepEqual(readInput('Hi'), [say('user', 'Hi')]);
  });

  it('has messages with and without a type, of every role, in text and in parts', () => {
    const messages = readInput([
      { role: 'developer', content: 'Be brief.' },
      { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'a' }] },
      {
        type: 'message',
        id: 'msg_1',
        role: 'assistant',
        content: [
          { type: 'output_text', text: 'b', annotations: [] },
          { type: 'refusal', refusal: 'c' },
        ],
      },
      { role: 'critic', content: 'd' },
    ]);
    assert.deepEqual(messages, [
      say('developer', 'Be brief.'),
      say('user', 'a'),
      say('assistant', 'b', 'c'),
      say('user', 'd'),
    ]);
  });

  it('joins what the assistant thought, said and called into one turn, before the results', () => {
    const messages = readInput([
      { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'Hm.' }, { text: 'Yes.' }] },
      { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Both.' }] },
      call('a'),
      { type: 'reasoning', id: 'rs_2', summary: [], content: [{ type: 'reasoning_text', text: 'More.' }] },
      call('b'),
      output('a', '1'),
      output('b', '2'),
      call('c'),
      output('c', '3'),
    ]);
    assert.deepEqual(messages, [
      {
        ...say('assistant', 'Both.'),
        toolCalls: [called('a'), called('b')],
        reasoning: 'Hm.\n\nYes.\n\nMore.',
      },
      { ...say('tool', '1'), toolCallId: 'a' },
      { ...say('tool', '2'), toolCallId: 'b' },
      { role: 'assistant', parts: [], toolCalls: [called('c')] },
      { ...say('tool', '3'), toolCallId: 'c' },
    ]);
  });

  it('keeps two answers apart that follow each other', () => {
    const answer = (text: string) => ({ role: 'assistant', content: text });
    assert.deepEqual(readInput([answer('a'), answer('b')]), [say('assistant', 'a'), say('assistant', 'b')]);
  });

  it('leaves out what means nothing elsewhere, and never refuses it', () => {
    const messages = readInput([
      { type: 'item_reference', id: 'rs_1' },
      { type: 'reasoning', id: 'rs_2', summary: [] },
      { type: 'web_search_call', id: 'ws_1', status: 'completed' },
      { type: 'additional_tools', role: 'developer', tools: [] },
      { role: 'user', content: 'Hi' },
    ]);
    assert.deepEqual(messages, [say('user', 'Hi')]);
  });

  it('keeps the seals of thoughts that the client carries, in their turn', () => {
    const messages = readInput([
      { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gAAAA' },
      {
        type: 'reasoning',
        id: 'rs_2',
        summary: [{ type: 'summary_text', text: 'Hm.' }],
        encrypted_content: 'x',
      },
      { role: 'assistant', content: 'Yes.' },
    ]);
    assert.deepEqual(messages, [{ ...say('assistant', 'Yes.'), reasoning: 'Hm.', seals: ['gAAAA', 'x'] }]);
  });

  it('has calls of custom tools with their input as JSON', () => {
    const messages = readInput([
      { type: 'custom_tool_call', call_id: 'p', name: 'apply_patch', input: '*** "x"' },
      { type: 'custom_tool_call_output', call_id: 'p', output: [{ type: 'input_text', text: 'ok' }] },
    ]);
    assert.deepEqual(messages, [
      {
        role: 'assistant',
        parts: [],
        toolCalls: [{ id: 'p', name: 'apply_patch', arguments: '{"input":"*** \\"x\\""}' }],
      },
      { ...say('tool', 'ok'), toolCallId: 'p' },
    ]);
  });
});

describe('pictures and files', () => {
  const theirs = [
    { type: 'input_image', image_url: 'data:image/png;base64,AA', detail: 'low' },
    { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,AA' },
    { type: 'input_audio', input_audio: { data: 'AA', format: 'wav' } },
    { type: 'input_image', file_id: 'file_1' },
  ];

  it('have the form of the chat format between dialects, and get their own again', () => {
    const messages = readInput([{ role: 'user', content: theirs }]);
    const values = messages[0]?.parts.map((part) => (part.type === 'media' ? part.value : part));
    assert.deepEqual(values?.slice(0, 2), [
      { type: 'image_url', image_url: { url: 'data:image/png;base64,AA', detail: 'low' } },
      { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,AA' } },
    ]);
    assert.deepEqual(writeInput(messages), [{ type: 'message', role: 'user', content: theirs }]);
  });
});

describe('messages as an input', () => {
  it('keep their order, with calls and results as items of their own', () => {
    const items = writeInput([
      say('system', 'Be brief.'),
      { ...say('assistant', 'a', 'b'), toolCalls: [called('x')], reasoning: 'secret thoughts' },
      { role: 'tool', parts: [], toolCallId: 'x' },
      { role: 'assistant', parts: [], toolCalls: [called('y')] },
    ]);
    assert.deepEqual(items, [
      { type: 'message', role: 'system', content: 'Be brief.' },
      {
        type: 'message',
        role: 'assistant',
        content: [
          { type: 'output_text', text: 'a' },
          { type: 'output_text', text: 'b' },
        ],
      },
      call('x'),
      { type: 'function_call_output', call_id: 'x', output: [] },
      call('y'),
    ]);
    assert.equal(JSON.stringify(items).includes('secret thoughts'), false);
  });
});
