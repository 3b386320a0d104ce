import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Failure } from '../../domain/failure.ts';
import { readHead, readRequest, writeRequest } from './request.ts';

const bytes = (fields: object): Buffer =>
  Buffer.from(
    JSON.stringify({ model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'hi' }], ...fields }),
  );
const messagesOf = (...messages: readonly object[]) => readRequest(bytes({ messages })).messages;

describe('a request for messages', () => {
  it('has its results of tools as turns of their own, before what the user says', () => {
    const results = [
      { type: 'text', text: 'look' },
      { type: 'tool_result', tool_use_id: 't1', content: 'sunny' },
      {
        type: 'tool_result',
        tool_use_id: 't2',
        content: [{ type: 'text', text: 'Error: late' }],
        is_error: true,
      },
    ];
    assert.deepEqual(messagesOf({ role: 'user', content: results }), [
      { role: 'tool', parts: [{ type: 'text', text: 'sunny' }], toolCallId: 't1' },
      { role: 'tool', parts: [{ type: 'text', text: 'Error: late' }], toolCallId: 't2' },
      { role: 'user', parts: [{ type: 'text', text: 'look' }] },
    ]);
  });

  it('has thoughts with their seal, and calls, in a turn of the assistant', () => {
    const content = [
      { type: 'thinking', thinking: 'hm', signature: 'seal' },
      { type: 'text', text: 'I look.' },
      { type: 'tool_use', id: 't1', name: 'f', input: { a: 1 } },
    ];
    assert.deepEqual(messagesOf({ role: 'assistant', content }), [
      {
        role: 'assistant',
        parts: [{ type: 'text', text: 'I look.' }],
        reasoning: 'hm',
        reasoningSignature: 'seal',
        toolCalls: [{ id: 't1', name: 'f', arguments: '{"a":1}' }],
      },
    ]);
    const request = readRequest(bytes({ messages: [{ role: 'assistant', content }] }));
    assert.deepEqual(JSON.parse(writeRequest(request).toString()).messages, [{ role: 'assistant', content }]);
  });

  it('has the system prompt as a first turn, and those inside the messages where they stand', () => {
    const blocks = [{ type: 'text', text: 'Be brief.' }];
    const inside = { role: 'system', content: 'Now be long.' };
    const { messages } = readRequest(
      bytes({ system: blocks, messages: [{ role: 'user', content: 'hi' }, inside] }),
    );
    assert.deepEqual(
      messages.map(({ role }) => role),
      ['system', 'user', 'system'],
    );
    assert.deepEqual(messages[0]?.parts, blocks);
  });

  it('has pictures and documents in the form of OpenAI chat, and back', () => {
    const content = [
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBO' } },
      { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } },
      {
        type: 'document',
        source: { type: 'base64', media_type: 'application/pdf', data: 'JVBE' },
        title: 'a.pdf',
      },
      { type: 'search_result', source: 'https://example.com', title: 'new', content: [] },
    ];
    const request = readRequest(bytes({ messages: [{ role: 'user', content }] }));
    assert.deepEqual(
      request.messages[0]?.parts.map((part) => (part.type === 'media' ? part.value : undefined)),
      [
        { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBO' } },
        { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
        { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBE' } },
        content[3],
      ],
    );
    assert.deepEqual(JSON.parse(writeRequest(request).toString()).messages[0].content, content);
  });

  it('keeps whole what the neutral form of tools would lose', () => {
    const tools = [
      { name: 'f', input_schema: { type: 'object' }, cache_control: { type: 'ephemeral' } },
      { type: 'web_search_20250305', name: 'web_search' },
    ];
    const tool_choice = { type: 'any', disable_parallel_tool_use: true };
    const request = readRequest(bytes({ tools, tool_choice, top_k: 3 }));
    assert.deepEqual(request.tools, [{ name: 'f', parameters: { type: 'object' } }]);
    assert.equal(request.toolChoice, 'required');
    assert.deepEqual(request.extra, { tools, tool_choice, top_k: 3 });
    assert.partialDeepStrictEqual(JSON.parse(writeRequest(request).toString()), {
      tools,
      tool_choice,
      top_k: 3,
    });
    assert.deepEqual(readRequest(bytes({ tools: [], tool_choice: { type: 'none' } })).extra, {});
  });

  it('writes arguments of a tool that are no object as what was said', () => {
    const inputs = ['', '{"a": 1}', '{"a', '[1]'].map((text) => {
      const toolCalls = [{ id: 't', name: 'f', arguments: text }];
      const request = readRequest(bytes({}));
      const body = writeRequest({ ...request, messages: [{ role: 'assistant', parts: [], toolCalls }] });
      return JSON.parse(body.toString()).messages[0].content[0].input;
    });
    assert.deepEqual(inputs, [{}, { a: 1 }, { arguments: '{"a' }, { arguments: '[1]' }]);
  });
});

describe('the head of a request for messages', () => {
  it('is found in a body of any size', () => {
    const content = 'x'.repeat(300_000);
    for (const fields of [{}, { messages: [{ role: 'user', content }] }])
      assert.deepEqual(readHead(bytes({ ...fields, stream: true })), {
        ...{ model: 'm', stream: true, wantsUsage: true, maxOutputTokens: 9 },
      });
  });

  it('may have no bound, or one of nothing', () => {
    assert.equal(readHead(bytes({ max_tokens: null })).maxOutputTokens, Infinity);
    assert.equal(readHead(bytes({ max_tokens: 0 })).maxOutputTokens, 1);
  });

  const WRONG: readonly (readonly [string, object])[] = [
    ['model', { model: '' }],
    ['model', { model: undefined }],
    ['messages', { messages: [] }],
    ['messages', { messages: 'hi' }],
    ['messages[0]', { messages: [3] }],
    ['messages[0].role', { messages: [{}] }],
    ['stream', { stream: 'yes' }],
    ['max_tokens', { max_tokens: 1.5 }],
  ];
  for (const [param, fields] of WRONG)
    it(`names ${param} in ${JSON.stringify(fields)}`, () => {
      assert.throws(
        () => readHead(bytes(fields)),
        (error) => error instanceof Failure && error.options.param === param,
      );
    });

  it('is followed by a meaning, or by a word on what is wrong', () => {
    for (const [param, fields] of [
      ['messages[0].role', { messages: [{ role: 'wizard', content: 'hi' }] }],
      ['messages[0].content', { messages: [{ role: 'user', content: 3 }] }],
      ['system', { system: 3 }],
    ] as const)
      assert.throws(
        () => readRequest(bytes(fields)),
        (error) => error instanceof Failure && error.options.param === param,
      );
  });
});
