import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createShelf } from '../state/shelf.ts';
import { ThoughtKeeper } from './kept-thoughts.ts';
import { thinkerOf } from './thinker.ts';

const ID = 'call_0123456789abcdef';

/** A shelf on which a provider has left a thought before the call of a tool. */
const shelf = createShelf({ now: () => 0, settings: () => ({ maxBytes: 100_000, ttlMs: 1_000 }) });
const keeper = new ThoughtKeeper({ shelf, key: 'k', provider: 'anthropic' }, '');
keeper.take({ type: 'reasoning', text: 'hm', signature: 's' });
keeper.take({ type: 'tool-call', index: 0, id: ID, name: 'f', arguments: '{}' });
keeper.keep();

const of = (body: unknown, served?: string, key = 'k') =>
  thinkerOf(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)), { shelf, key, served });

const USER = { role: 'user', content: 'hi' };
const CHAT_CALL = {
  ...{ role: 'assistant', content: null },
  tool_calls: [{ id: ID, type: 'function', function: { name: 'f', arguments: '{}' } }],
};
const CHAT_RESULT = { role: 'tool', tool_call_id: ID, content: '1' };
const SEALED = [
  USER,
  {
    role: 'assistant',
    content: [
      { type: 'thinking', thinking: 'hm', signature: 'seal' },
      { type: 'tool_use', id: 't', name: 'f', input: {} },
    ],
  },
];
const RESULT = { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: '1' }] };

describe('whose thoughts a request goes on from', () => {
  it('is known from the shelf in the middle of a turn of tools, in every dialect', () => {
    const kept = { provider: 'anthropic', inBody: false, inLoop: true };
    assert.deepEqual(of({ messages: [USER, CHAT_CALL, CHAT_RESULT] }), kept);
    const result = { type: 'tool_result', tool_use_id: ID, content: '1' };
    assert.deepEqual(of({ messages: [USER, { role: 'user', content: [result] }] }), kept);
    const output = { type: 'function_call_output', call_id: ID, output: '1' };
    assert.deepEqual(of(JSON.stringify({ input: [output] }, null, 2)), kept);
    const functionResponse = { id: ID, name: 'f', response: { a: 1 } };
    const contents = [{ role: 'user', parts: [{ functionResponse }] }];
    assert.deepEqual(of({ contents }), kept);
    assert.equal(of({ contents: [...contents, { role: 'model', parts: [{ text: 'x' }] }] }), undefined);
    assert.equal(of({ messages: [USER, CHAT_CALL, CHAT_RESULT] }, undefined, 'other'), undefined);
  });

  it('is nobody’s when the turn of tools has ended, or nothing is on the shelf', () => {
    const over = [USER, CHAT_CALL, CHAT_RESULT, { role: 'assistant', content: 'Done.' }, USER];
    assert.equal(of({ messages: over }, 'anthropic'), undefined);
    const unknown = { ...CHAT_RESULT, tool_call_id: 'call_ffffffffffffffff' };
    assert.equal(of({ messages: [USER, CHAT_CALL, unknown] }, 'anthropic'), undefined);
    assert.equal(of({ messages: [USER] }, 'anthropic'), undefined);
  });

  it('is who served before where the request carries seals', () => {
    assert.deepEqual(of({ messages: [...SEALED, RESULT] }, 'qwen'), {
      ...{ provider: 'qwen', inBody: true, inLoop: true },
    });
    const later = [...SEALED, RESULT, { role: 'assistant', content: 'Done.' }, USER];
    assert.deepEqual(of({ messages: later }, 'qwen'), { provider: 'qwen', inBody: true, inLoop: false });
    assert.equal(of({ messages: [...SEALED, RESULT] }), undefined, 'nobody knows');
    const google = { parts: [{ functionCall: { name: 'f' }, thoughtSignature: 's' }], role: 'model' };
    const answer = { role: 'user', parts: [{ functionResponse: { name: 'f', response: { id: ['x'] } } }] };
    assert.deepEqual(of({ contents: [google, answer] }, 'gemini'), {
      ...{ provider: 'gemini', inBody: true, inLoop: true },
    });
    const open = JSON.stringify([...SEALED, RESULT]).replace('seal', '');
    assert.equal(of(open, 'qwen'), undefined, 'an empty seal is none');
    assert.equal(of({ messages: [{ role: 'user', content: '"signature":"x"' }] }, 'qwen'), undefined);
  });

  it('is not mistaken by tools that have fields of such names', () => {
    const tools = [{ name: 'f', input_schema: { properties: { call_id: { type: 'string' } } } }];
    assert.equal(of({ messages: [USER], tools }, 'qwen'), undefined);
    assert.equal(of('{"call_id":"', 'qwen'), undefined);
  });
});
