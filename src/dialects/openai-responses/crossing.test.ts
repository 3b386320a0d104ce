import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { ChatRequest } from '../../domain/chat.ts';
import { Failure } from '../../domain/failure.ts';
import { chatRequests } from '../neutral-chat.suite.ts';
import { openaiChat } from '../openai-chat/openai-chat.ts';
import { fitCrossing } from './crossing-in.ts';
import { readCrossing } from './crossing-out.ts';
import { writeRequest } from './request.ts';

const bytes = (fields: object): Buffer => Buffer.from(JSON.stringify(fields));

/** The request that an upstream of OpenAI chat gets, and what was left out. */
function out(fields: object) {
  const { request, ...rest } = readCrossing(bytes({ model: 'm', input: 'hi', ...fields }));
  const { model: _, ...body } = JSON.parse(openaiChat.writeRequest(request).toString());
  return { body, ...rest };
}

/** The request that an upstream of Responses gets, and what was left out. */
function into(fields: object) {
  const body = { model: 'm', messages: [{ role: 'user', content: 'hi' }], ...fields };
  const { request, dropped } = fitCrossing(openaiChat.readRequest(bytes(body)));
  return { body: JSON.parse(writeRequest(request).toString()), dropped };
}

const SCHEMA = { name: 's', schema: { type: 'object' }, strict: true };
const HI = [{ role: 'user', content: 'hi' }];

describe('a request for a response on its way to OpenAI chat', () => {
  it('takes its names along', () => {
    const parameters = { type: 'object' };
    const same = {
      ...{ temperature: 0.3, top_p: 0.9, parallel_tool_calls: false, user: 'u', prompt_cache_key: 'k' },
      ...{ metadata: { a: 'b' }, enable_thinking: true },
    };
    const { body, dropped } = out({
      ...same,
      ...{ instructions: 'Be brief.', stream: true, max_output_tokens: 9, top_logprobs: null },
      reasoning: { effort: 'high', summary: null },
      text: { format: { type: 'json_schema', ...SCHEMA }, verbosity: 'low' },
      tools: [{ type: 'function', name: 'f', description: 'does', parameters, strict: false }],
      tool_choice: { type: 'function', name: 'f' },
    });
    assert.deepEqual(body, {
      messages: [{ role: 'system', content: 'Be brief.' }, ...HI],
      ...{ stream: true, stream_options: { include_usage: true }, max_tokens: 9 },
      tools: [{ type: 'function', function: { name: 'f', description: 'does', parameters } }],
      tool_choice: { type: 'function', function: { name: 'f' } },
      ...same,
      ...{ reasoning_effort: 'high', verbosity: 'low' },
      response_format: { type: 'json_schema', json_schema: SCHEMA },
    });
    assert.deepEqual(dropped, []);
    assert.deepEqual(out({ text: { format: { type: 'json_object' } } }).body.response_format, {
      type: 'json_object',
    });
  });

  it('names each thing that has no place there, once', () => {
    const fields = {
      ...{ include: ['web_search_call.action.sources'], previous_response_id: 'resp_1' },
      ...{ truncation: 'auto', top_logprobs: 2, context_management: [] },
      ...{ prompt: { id: 'p' }, stream_options: {}, max_tool_calls: 3, of_tomorrow: 1 },
    };
    const { body, dropped } = out({
      ...fields,
      ...{ store: true, background: false, conversation: null },
      reasoning: { context: 'all_turns', summary: 'auto' },
      text: { format: { type: 'xml' }, of_tomorrow: 1 },
      tools: [
        { type: 'function', name: 'f', strict: true, defer_loading: true },
        { type: 'namespace', name: 'mcp__x', tools: [{ type: 'web_search' }] },
        { type: 'shell', environment: { type: 'container_auto' } },
        { type: 'web_search' },
        { type: 'web_search' },
      ],
      tool_choice: { type: 'web_search' },
    });
    assert.deepEqual(
      dropped.toSorted(),
      [
        ...Object.keys(fields),
        ...['defer_loading', 'reasoning.context', 'shell', 'strict', 'text.format', 'text.of_tomorrow'],
        ...['tool_choice', 'web_search'],
      ].toSorted(),
    );
    assert.deepEqual(body, { messages: HI, tools: [{ type: 'function', function: { name: 'f' } }] });
  });

  it('has no word about tools where none is left', () => {
    const { body, dropped } = out({
      ...{ tools: [{ type: 'image_generation' }], tool_choice: 'auto', parallel_tool_calls: true },
    });
    assert.deepEqual(body, { messages: HI });
    assert.deepEqual(dropped, ['image_generation']);
    assert.deepEqual(out({ tools: [], tool_choice: 'required' }).dropped, ['tool_choice']);
  });

  it('makes a function of a custom tool, and remembers that it takes a text', () => {
    const grammar = { type: 'grammar', syntax: 'lark', definition: 'start: "x"' };
    const { body, dropped, terms } = out({
      input: [
        { type: 'custom_tool_call', call_id: 'p', name: 'apply_patch', input: '*** "x"' },
        { type: 'custom_tool_call_output', call_id: 'p', output: 'ok' },
      ],
      tools: [
        { type: 'custom', name: 'apply_patch', description: 'Patches.', format: grammar },
        { type: 'custom', name: 'plain' },
        { type: 'function', name: 'f' },
      ],
      tool_choice: { type: 'custom', name: 'apply_patch' },
    });
    const [patch, plain] = body.tools;
    assert.equal(patch.function.description, 'Patches.\n\nThe input follows this lark grammar:\nstart: "x"');
    assert.deepEqual(plain.function, {
      name: 'plain',
      parameters: { type: 'object', properties: { input: { type: 'string' } }, required: ['input'] },
    });
    assert.deepEqual(body.tool_choice, { type: 'function', function: { name: 'apply_patch' } });
    assert.equal(body.messages[0].tool_calls[0].function.arguments, '{"input":"*** \\"x\\""}');
    assert.deepEqual(
      [...(terms?.tools ?? [])],
      ['apply_patch', 'plain'].map((name) => [name, { name, kind: 'custom' }]),
    );
    assert.deepEqual(dropped, []);
  });

  it('keeps of its history what can be read elsewhere', () => {
    const { body, dropped } = out({
      input: [
        { type: 'item_reference', id: 'rs_0' },
        { role: 'user', content: [{ type: 'input_text', text: 'hi' }] },
        { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gAAA' },
        { type: 'reasoning', id: 'rs_2', summary: [{ type: 'summary_text', text: 'Hm.' }] },
        { type: 'function_call', call_id: 'c', name: 'f', arguments: '' },
        { type: 'web_search_call', id: 'ws_1', status: 'completed' },
        { type: 'function_call_output', call_id: 'c', output: '1' },
        { type: 'reasoning', id: 'rs_3', summary: [{ type: 'summary_text', text: 'Left alone.' }] },
        { role: 'user', content: [{ type: 'input_file', file_id: 'file_1' }] },
      ],
    });
    assert.deepEqual(body.messages, [
      ...HI,
      {
        ...{ role: 'assistant', content: null, reasoning_content: 'Hm.' },
        tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }],
      },
      { role: 'tool', content: '1', tool_call_id: 'c' },
    ]);
    assert.deepEqual(dropped, [...['item_reference', 'web_search_call', 'reasoning', 'input_file']]);
  });

  it('brings along tools in namespaces and those of its input, under names of their own', () => {
    const exec = { type: 'custom', name: 'exec', format: { type: 'text' } };
    const { body, dropped, terms } = out({
      input: [
        {
          ...{ type: 'additional_tools', role: 'developer' },
          tools: [{ type: 'namespace', name: 'box', tools: [exec] }],
        },
        { role: 'user', content: 'hi' },
        { type: 'function_call', call_id: 'c', namespace: 'mcp__files__', name: 'read', arguments: '{}' },
        { type: 'custom_tool_call', call_id: 'd', namespace: 'box', name: 'exec', input: 'ls' },
      ],
      tools: [
        { type: 'namespace', name: 'mcp__files__', tools: [{ type: 'function', name: 'read' }] },
        { type: 'namespace', name: 'a very long name '.repeat(6), tools: [{ type: 'function', name: 'f' }] },
      ],
      tool_choice: { type: 'function', namespace: 'mcp__files__', name: 'read' },
    });
    const names = body.tools.map((tool: { function: { name: string } }) => tool.function.name);
    assert.deepEqual([names[0], names[2]], ['mcp__files__read', 'box__exec']);
    assert.match(names[1], /^[\w-]{64}$/);
    assert.deepEqual(body.tool_choice, { type: 'function', function: { name: 'mcp__files__read' } });
    assert.deepEqual(
      body.messages[1].tool_calls.map((call: { function: unknown }) => call.function),
      [
        { name: 'mcp__files__read', arguments: '{}' },
        { name: 'box__exec', arguments: '{"input":"ls"}' },
      ],
    );
    assert.deepEqual(dropped, []);
    assert.deepEqual(terms?.tools?.get('box__exec'), { name: 'exec', kind: 'custom', namespace: 'box' });
    assert.deepEqual(terms?.tools?.get(names[1])?.name, 'f');
  });

  it('shows the tools that the client runs as functions, and their calls and results as those of functions', () => {
    const { body, dropped, terms } = out({
      input: [
        { role: 'user', content: 'hi' },
        { type: 'local_shell_call', id: 'lsh_1', call_id: 'a', action: { type: 'exec', command: ['ls'] } },
        { type: 'local_shell_call_output', id: 'a', output: '{"output":"x"}' },
        { type: 'shell_call', call_id: 'b', action: { commands: ['ls'] } },
        { type: 'shell_call_output', call_id: 'b', output: [{ stdout: 'x', outcome: { type: 'timeout' } }] },
        { type: 'apply_patch_call', call_id: 'c', operation: { type: 'delete_file', path: 'x' } },
        { type: 'apply_patch_call_output', call_id: 'c', status: 'failed' },
      ],
      tools: [{ type: 'local_shell' }, { type: 'shell' }, { type: 'apply_patch' }],
      tool_choice: { type: 'apply_patch' },
    });
    assert.deepEqual(dropped, []);
    assert.deepEqual(
      [...(terms?.tools ?? [])].map(([name, { kind }]) => [name, kind]),
      [
        ...[
          ['local_shell', 'local_shell'],
          ['shell', 'shell'],
          ['apply_patch', 'apply_patch'],
        ],
      ],
    );
    assert.equal(body.tool_choice.function.name, 'apply_patch');
    const told = body.messages
      .slice(1)
      .map((each: { content: unknown; tool_calls?: [{ function: { arguments: string } }] }) =>
        each.tool_calls === undefined ? each.content : each.tool_calls[0].function.arguments,
      );
    assert.deepEqual(told, [
      ...['{"type":"exec","command":["ls"]}', '{"output":"x"}', '{"commands":["ls"]}'],
      '[{"stdout":"x","outcome":{"type":"timeout"}}]',
      ...['{"type":"delete_file","path":"x"}', 'failed'],
    ]);
  });

  it('shows no tools but those that may be called', () => {
    const f = (name: string) => ({ type: 'function', name });
    const { body, dropped } = out({
      tools: [f('a'), f('b')],
      tool_choice: { type: 'allowed_tools', mode: 'required', tools: [f('b')] },
    });
    assert.deepEqual(body.tools, [{ type: 'function', function: { name: 'b' } }]);
    assert.deepEqual([body.tool_choice, dropped], ['required', []]);
  });

  it('is refused where leaving something out would change what it asks for', () => {
    for (const fields of [{ background: true }, { conversation: 'conv_1' }, { conversation: { id: 'c' } }])
      assert.throws(
        () => out(fields),
        (error) =>
          error instanceof Failure &&
          error.kind === 'invalid_request' &&
          error.options.param === Object.keys(fields)[0],
      );
  });

  it('has repeated in its answer what it set', () => {
    const set = { instructions: 'Be brief.', metadata: { a: 'b' }, temperature: 0.5, store: false };
    assert.deepEqual(out({ ...set, top_p: null }).terms?.repeated, set);
    assert.equal(out({}).terms?.repeated?.['store'], true);
  });

  it('speaks in one system prompt before the first turn', () => {
    const { body } = out({
      instructions: 'Be brief.',
      input: [
        { type: 'message', role: 'developer', content: [{ type: 'input_text', text: 'Be kind.' }] },
        { role: 'user', content: 'hi' },
        { role: 'developer', content: 'Now be quick.' },
      ],
    });
    assert.deepEqual(body.messages, [
      { role: 'system', content: 'Be brief.\n\nBe kind.' },
      ...HI,
      { role: 'system', content: 'Now be quick.' },
    ]);
  });

  it('shows what a tool shows behind its result, and no picture that only its provider has', () => {
    const { body, dropped } = out({
      input: [
        { type: 'function_call', call_id: 'c', name: 'view', arguments: '{}' },
        {
          ...{ type: 'function_call_output', call_id: 'c' },
          output: [
            { type: 'input_image', image_url: 'data:image/png;base64,AA' },
            { type: 'input_image', file_id: 'file_1' },
          ],
        },
      ],
    });
    assert.deepEqual(body.messages.slice(1), [
      { role: 'tool', content: '', tool_call_id: 'c' },
      { role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AA' } }] },
    ]);
    assert.deepEqual(dropped, ['input_image']);
  });

  it('is refused where all of its input is kept elsewhere', () => {
    for (const input of [undefined, [], [{ type: 'item_reference', id: 'rs_0' }]])
      assert.throws(
        () => out({ input, previous_response_id: 'resp_1' }),
        (error) =>
          error instanceof Failure && error.kind === 'invalid_request' && error.options.param === 'input',
      );
  });
});

describe('a request for OpenAI chat on its way to Responses', () => {
  it('takes its names along, and asks for nothing to be kept', () => {
    const { body, dropped } = into({
      ...{ max_tokens: 50, temperature: 0.3, user: 'u', n: 1, seed: null, reasoning_effort: 'low' },
      tools: [{ type: 'function', function: { name: 'f' } }],
      ...{ tool_choice: 'required', parallel_tool_calls: false, verbosity: 'low' },
      response_format: { type: 'json_schema', json_schema: SCHEMA },
    });
    assert.deepEqual(body, {
      model: 'm',
      input: [{ type: 'message', role: 'user', content: 'hi' }],
      max_output_tokens: 50,
      tools: [{ type: 'function', name: 'f', parameters: { type: 'object', properties: {} }, strict: false }],
      ...{ tool_choice: 'required', store: false, temperature: 0.3, user: 'u', reasoning: { effort: 'low' } },
      parallel_tool_calls: false,
      text: { format: { type: 'json_schema', ...SCHEMA }, verbosity: 'low' },
    });
    assert.deepEqual(dropped, []);
    const object = into({ response_format: { type: 'json_object' }, verbosity: 'low', store: true }).body;
    assert.deepEqual(object.text, { verbosity: 'low', format: { type: 'json_object' } });
    assert.equal(object.store, true);
  });

  it('names each thing that has no place there, once', () => {
    const picture = { type: 'image_url', image_url: { url: 'https://example.com/a.png' } };
    const { body, dropped } = into({
      messages: [
        {
          role: 'user',
          name: 'ann',
          content: [{ type: 'input_audio', input_audio: { data: 'x' } }, picture],
        },
        { role: 'assistant', content: [picture], reasoning_content: 'hm' },
      ],
      ...{ n: 2, stop: 'END', seed: 3, logprobs: true, response_format: { type: 'grammar' } },
    });
    assert.deepEqual(dropped.toSorted(), [
      ...['image_url', 'input_audio', 'logprobs', 'n', 'name', 'reasoning_content', 'response_format'],
      ...['seed', 'stop'],
    ]);
    assert.deepEqual(body, {
      model: 'm',
      input: [
        {
          ...{ type: 'message', role: 'user' },
          content: [{ type: 'input_image', image_url: 'https://example.com/a.png' }],
        },
      ],
      store: false,
    });
  });

  it('is the same request again when it comes back, as far as both can say it', () => {
    fc.assert(
      fc.property(chatRequests, (random) => {
        // Nobody else calls.
        const messages = random.messages.map(({ toolCalls, ...rest }) =>
          rest.role === 'assistant' && toolCalls ? { ...rest, toolCalls } : rest,
        );
        const told = fitCrossing({ ...random, messages }).request;
        if (told.messages.length === 0) return;
        const back = readCrossing(writeRequest(told)).request;
        const texts = (request: ChatRequest): string =>
          request.messages
            .flatMap(({ parts }) => parts.map((part) => (part.type === 'text' ? part.text : '')))
            .join('')
            .replaceAll('\n', '');
        assert.equal(texts(back), texts(told));
        const calls = (request: ChatRequest) => request.messages.flatMap(({ toolCalls = [] }) => toolCalls);
        assert.deepEqual(calls(back), calls(told));
        assert.deepEqual([back.model, back.stream], [random.model, random.stream]);
        const { maxOutputTokens: most } = random;
        assert.equal(back.maxOutputTokens, most && Math.max(16, most), 'less is refused');
      }),
    );
  });
});
