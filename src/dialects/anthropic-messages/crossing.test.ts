import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { ChatRequest } from '../../domain/chat.ts';
import { chatRequests } from '../neutral-chat.suite.ts';
import { openaiChat } from '../openai-chat/openai-chat.ts';
import { fitCrossing } from './crossing-in.ts';
import { readCrossing } from './crossing-out.ts';
import { writeRequest } from './request.ts';

/** The request that an upstream of OpenAI chat gets, and what was left out. */
function out(fields: object) {
  const body = { model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'hi' }], ...fields };
  const { request, dropped } = readCrossing(Buffer.from(JSON.stringify(body)));
  return { body: JSON.parse(openaiChat.writeRequest(request).toString()), dropped };
}

/** The request that an upstream of messages gets, and what was left out. */
function into(fields: object) {
  const body = { model: 'm', messages: [{ role: 'user', content: 'hi' }], ...fields };
  const { request, dropped } = fitCrossing(openaiChat.readRequest(Buffer.from(JSON.stringify(body))));
  return { body: JSON.parse(writeRequest(request).toString()), dropped };
}

describe('a request for messages on its way to OpenAI chat', () => {
  it('takes its names along', () => {
    const { body, dropped } = out({
      system: 'Be brief.',
      ...{ temperature: 0.3, top_p: 0.9, stop_sequences: ['END'] },
      tools: [{ name: 'f', description: 'does', input_schema: { type: 'object' } }],
      tool_choice: { type: 'tool', name: 'f', disable_parallel_tool_use: true },
      output_config: { format: { type: 'json_schema', schema: { type: 'object' } } },
    });
    assert.deepEqual(body, {
      model: 'm',
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'hi' },
      ],
      max_tokens: 9,
      tools: [
        { type: 'function', function: { name: 'f', description: 'does', parameters: { type: 'object' } } },
      ],
      tool_choice: { type: 'function', function: { name: 'f' } },
      ...{ temperature: 0.3, top_p: 0.9, stop: ['END'], parallel_tool_calls: false },
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'answer', strict: true, schema: { type: 'object' } },
      },
    });
    assert.deepEqual(dropped, []);
  });

  it('names each thing that has no place there, once', () => {
    const cache_control = { type: 'ephemeral' };
    const { body, dropped } = out({
      system: [
        { type: 'text', text: 'x-anthropic-billing-header: cc_version=2.1;' },
        { type: 'text', text: 'You are.', cache_control },
      ],
      messages: [
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'hm', signature: 'seal' },
            { type: 'redacted_thinking', data: 'x' },
            { type: 'text', text: 'Yes.', cache_control },
          ],
        },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: 'no', is_error: true }] },
      ],
      tools: [
        { name: 'f', input_schema: {}, defer_loading: true },
        { type: 'web_search_20250305', name: 'web_search' },
      ],
      ...{
        context_management: { edits: [{ type: 'clear_thinking_20251015' }] },
        container: 'c',
        mcp_servers: [{ url: 'https://example.com' }],
        output_config: { task_budget: {} },
        metadata: { user_id: 'u', team: 't' },
      },
    });
    assert.deepEqual(dropped.toSorted(), [
      ...['container', 'context_management', 'defer_loading', 'mcp_servers', 'metadata.team'],
      ...['output_config.task_budget', 'redacted_thinking', 'thinking', 'web_search_20250305'],
    ]);
    assert.deepEqual(body.messages, [
      { role: 'system', content: [{ type: 'text', text: 'You are.', cache_control }] },
      { role: 'assistant', content: [{ type: 'text', text: 'Yes.', cache_control }] },
      { role: 'tool', content: 'Error: no', tool_call_id: 't' },
    ]);
    assert.deepEqual(Object.keys(body).toSorted(), ['max_tokens', 'messages', 'model', 'tools', 'user']);
    assert.equal(body.tools.length, 1);
  });

  it('says how it is to think in the words of those who speak OpenAI chat', () => {
    const wishOf = (fields: object): object => {
      const { body, dropped } = out(fields);
      assert.deepEqual(dropped, []);
      const { model: _model, messages: _messages, max_tokens: _bound, ...rest } = body;
      return rest;
    };
    assert.deepEqual(wishOf({ thinking: { type: 'enabled', budget_tokens: 2_000, display: 'omitted' } }), {
      ...{ enable_thinking: true, thinking_budget: 2_000 },
    });
    assert.deepEqual(
      wishOf({ thinking: { type: 'adaptive', display: 'updates' }, output_config: { effort: 'max' } }),
      { enable_thinking: true, reasoning_effort: 'max' },
    );
    assert.deepEqual(wishOf({ thinking: { type: 'disabled' } }), { enable_thinking: false });
    assert.deepEqual(wishOf({ top_k: 3 }), { top_k: 3 });
  });

  it('names the user, a long name by its hash', () => {
    assert.equal(out({ metadata: { user_id: 'u' } }).body.user, 'u');
    const long = JSON.stringify({ device_id: 'd'.repeat(64), session_id: 's' });
    const { user } = out({ metadata: { user_id: long } }).body;
    assert.match(user, /^[0-9a-f]{64}$/);
    assert.notEqual(user, out({ metadata: { user_id: `${long} ` } }).body.user);
    assert.equal(out({ metadata: { user_id: null } }).body.user, undefined);
  });

  it('keeps instructions in the middle where they stand', () => {
    const { body, dropped } = out({
      system: 'You are.',
      messages: [
        { role: 'user', content: 'hi' },
        { role: 'system', content: [{ type: 'text', text: 'Tools: none.' }] },
        { role: 'assistant', content: 'Yes?' },
        { role: 'user', content: 'go' },
      ],
    });
    assert.deepEqual(body.messages, [
      { role: 'system', content: 'You are.' },
      { role: 'user', content: 'hi' },
      { role: 'system', content: 'Tools: none.' },
      { role: 'assistant', content: 'Yes?' },
      { role: 'user', content: 'go' },
    ]);
    assert.deepEqual(dropped, []);
  });

  it('says of a tool that it failed, and marks the end of what is cached', () => {
    const cache_control = { type: 'ephemeral' };
    const image = { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } };
    const failed = (content: unknown) => ({ type: 'tool_result', tool_use_id: 't', content, is_error: true });
    const said = (content: unknown): unknown =>
      out({ messages: [{ role: 'user', content: [failed(content)] }] }).body.messages[0].content;
    assert.equal(said('no such file'), 'Error: no such file');
    assert.equal(said('<error>no such file</error>'), '<error>no such file</error>');
    assert.equal(said(undefined), 'Error.');
    assert.equal(said([image]), 'Error.');
    const result = { ...failed('x'), is_error: false, cache_control };
    const { body, dropped } = out({ messages: [{ role: 'user', content: [result] }] });
    assert.deepEqual(body.messages[0].content, [{ type: 'text', text: 'x', cache_control }]);
    assert.deepEqual(dropped, []);
  });

  it('says what documents and findings say in text, and names those that are none', () => {
    const source = { type: 'text', media_type: 'text/plain', data: 'It rains.' };
    const parts = [{ type: 'text', text: 'It is dry.' }];
    const picture = { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } };
    const { body, dropped } = out({
      messages: [
        {
          role: 'user',
          content: [
            { type: 'document', source, title: 'Weather' },
            { type: 'search_result', source: 'https://example.com', title: 'Found', content: parts },
            { type: 'document', source: { type: 'content', content: parts } },
            { type: 'document', source: { type: 'content', content: [...parts, picture] } },
            { type: 'document', source: { type: 'url', url: 'https://example.com/a.pdf' } },
          ],
        },
      ],
    });
    assert.deepEqual(
      body.messages[0].content.map(({ text }: { text: string }) => text),
      ['Weather\n\nIt rains.', 'Found\n\nhttps://example.com\n\nIt is dry.', 'It is dry.'],
    );
    assert.deepEqual(dropped, ['document']);
  });

  it('gives a thought without a seal back to where it came from', () => {
    const content = [
      { type: 'thinking', thinking: 'hm', signature: '' },
      { type: 'text', text: 'Yes.' },
    ];
    const { body, dropped } = out({ messages: [{ role: 'assistant', content }] });
    assert.equal(body.messages[0].reasoning_content, 'hm');
    assert.deepEqual(dropped, []);
  });

  it('shows what a tool shows behind the results of all tools', () => {
    const image = { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } };
    const result = (id: string, content: unknown) => ({ type: 'tool_result', tool_use_id: id, content });
    const { body, dropped } = out({
      messages: [
        {
          role: 'user',
          content: [result('a', [image]), result('b', 'text'), { type: 'text', text: 'See?' }],
        },
        { role: 'assistant', content: 'No.' },
        { role: 'user', content: [result('c', [image])] },
      ],
    });
    const shown = { type: 'image_url', image_url: { url: 'https://example.com/a.png' } };
    assert.deepEqual(body.messages, [
      { role: 'tool', content: '', tool_call_id: 'a' },
      { role: 'tool', content: 'text', tool_call_id: 'b' },
      { role: 'user', content: [shown, { type: 'text', text: 'See?' }] },
      { role: 'assistant', content: 'No.' },
      { role: 'tool', content: '', tool_call_id: 'c' },
      { role: 'user', content: [shown] },
    ]);
    assert.deepEqual(dropped, []);
  });
});

describe('a request for OpenAI chat on its way to messages', () => {
  it('takes its names along, and its instructions to the front', () => {
    const { body, dropped } = into({
      messages: [
        { role: 'developer', content: 'Be brief.' },
        { role: 'user', content: 'hi' },
        { role: 'system', content: 'Be kind.' },
      ],
      ...{ temperature: 1.4, stop: 'END', user: 'u', n: 1, seed: null },
      tools: [{ type: 'function', function: { name: 'f' } }],
      ...{ tool_choice: 'required', parallel_tool_calls: false },
      response_format: { type: 'json_schema', json_schema: { name: 'x', schema: { type: 'object' } } },
    });
    assert.deepEqual(body, {
      model: 'm',
      max_tokens: 8_192,
      system: [
        { type: 'text', text: 'Be brief.' },
        { type: 'text', text: 'Be kind.' },
      ],
      messages: [{ role: 'user', content: 'hi' }],
      tools: [{ name: 'f', input_schema: { type: 'object' } }],
      tool_choice: { type: 'any', disable_parallel_tool_use: true },
      ...{ temperature: 1, stop_sequences: ['END'], metadata: { user_id: 'u' } },
      output_config: { format: { type: 'json_schema', schema: { type: 'object' } } },
    });
    assert.deepEqual(dropped, ['temperature'], 'cut to 1');
  });

  it('names each thing that has no place there, once', () => {
    const { body, dropped } = into({
      messages: [
        { role: 'user', name: 'ann', content: [{ type: 'input_audio', input_audio: { data: 'x' } }] },
        { role: 'assistant', content: 'Yes.', reasoning_content: 'hm' },
      ],
      ...{ n: 2, seed: 3, logprobs: true, response_format: { type: 'json_object' }, enable_thinking: false },
    });
    assert.deepEqual(dropped.toSorted(), [
      ...['input_audio', 'logprobs', 'n', 'name', 'reasoning_content', 'response_format', 'seed'],
    ]);
    assert.deepEqual(Object.keys(body).toSorted(), ['max_tokens', 'messages', 'model']);
  });

  it('says nothing that is refused for saying nothing', () => {
    const { body } = into({
      messages: [
        { role: 'user', content: '' },
        { role: 'user', content: 'hi' },
        { role: 'assistant', content: '\n\n', tool_calls: [{ id: 'c', function: { name: 'f' } }] },
        { role: 'tool', tool_call_id: 'c', content: ' ' },
        { role: 'assistant', content: null },
      ],
    });
    assert.deepEqual(body.messages, [
      { role: 'user', content: 'hi' },
      { role: 'assistant', content: [{ type: 'tool_use', id: 'c', name: 'f', input: {} }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'c', content: ' ' }] },
    ]);
  });

  it('gives every schema of a tool its type, and no word of blanks to stop at', () => {
    const tools = [{}, { properties: {} }, null].map((parameters) => ({
      type: 'function',
      function: { name: 'f', parameters },
    }));
    const { body, dropped } = into({ tools, stop: ['\n\n', 'END'] });
    assert.deepEqual(
      body.tools.map((tool: { input_schema: object }) => tool.input_schema),
      [{ type: 'object' }, { type: 'object', properties: {} }, { type: 'object' }],
    );
    assert.deepEqual([body.stop_sequences, dropped], [['END'], ['stop']]);
    assert.equal(into({ stop: '\n' }).body.stop_sequences, undefined);
  });

  it('sends a file that is text as text, and names those that nobody here can read', () => {
    const file = (type: string, name: string) => ({
      type: 'file',
      file: { filename: name, file_data: `data:${type};base64,${Buffer.from('a,世').toString('base64')}` },
    });
    const picture = { type: 'image_url', image_url: { url: 'https://example.com/a.png', detail: 'high' } };
    const content = [file('text/csv', 'a.csv'), picture, file('application/zip', 'a.zip')];
    const { body, dropped } = into({ messages: [{ role: 'user', content }] });
    assert.deepEqual(body.messages[0].content, [
      { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'a,世' }, title: 'a.csv' },
      { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } },
    ]);
    assert.deepEqual(dropped, ['detail', 'file']);
  });

  it('is the same request again when it comes back, as far as both can say it', () => {
    fc.assert(
      fc.property(chatRequests, (random) => {
        const told = fitCrossing(random).request;
        if (told.messages.length === 0) return;
        const back = readCrossing(writeRequest({ ...told, wantsUsage: told.stream })).request;
        const texts = ({ messages }: ChatRequest): string =>
          messages
            .flatMap(({ parts }) => parts.map((part) => (part.type === 'text' ? part.text : '')))
            .join('');
        assert.equal(texts(back), texts(told));
        const calls = ({ messages }: ChatRequest) =>
          messages.flatMap(({ toolCalls = [] }) => toolCalls.map(({ id, name }) => [id, name]));
        assert.deepEqual(calls(back), calls({ ...told, messages: told.messages.filter(isAssistant) }));
        assert.deepEqual([back.model, back.stream], [random.model, random.stream]);
        assert.equal(back.maxOutputTokens, random.maxOutputTokens ?? 8_192);
      }),
    );
  });
});

const isAssistant = ({ role }: { readonly role: string }): boolean => role === 'assistant';
