import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dialects } from '../index.ts';
import { readCrossing } from './crossing-out.ts';

const GRAMMAR = { type: 'grammar', grammar: { syntax: 'lark', definition: 'start: "x"' } };
const PATCH = { type: 'custom', custom: { name: 'apply_patch', description: 'Patches.', format: GRAMMAR } };
const f = (name: string) => ({ type: 'function', function: { name } });

function out(fields: object) {
  const body = { model: 'm', messages: [{ role: 'user', content: 'hi' }], ...fields };
  return readCrossing(Buffer.from(JSON.stringify(body)));
}

describe('a request of OpenAI chat on its way to another dialect', () => {
  it('takes along what every dialect has, and says nothing of a form of its own', () => {
    const { request, dropped, terms } = out({
      ...{ temperature: 0.5, tools: [f('a')], tool_choice: 'required', parallel_tool_calls: false },
      messages: [
        { role: 'user', content: 'hi' },
        { role: 'assistant', content: 'so', refusal: null, annotations: [], reasoning_content: 'hm' },
        { role: 'assistant', tool_calls: [{ id: 'c', function: { name: 'a', arguments: '' } }] },
      ],
    });
    assert.deepEqual(request.messages[2]?.toolCalls, [{ id: 'c', name: 'a', arguments: '{}' }]);
    assert.deepEqual([dropped, terms], [[], {}]);
    assert.deepEqual(request.tools, [{ name: 'a' }]);
    assert.equal(request.toolChoice, 'required');
    assert.deepEqual(request.extra, { temperature: 0.5, parallel_tool_calls: false });
    assert.equal(request.messages[1]?.reasoning, 'hm');
  });

  it('makes a function of a custom tool, calls of it among its history too', () => {
    const { request, dropped, terms } = out({
      tools: [PATCH],
      tool_choice: { type: 'custom', custom: { name: 'apply_patch' } },
      messages: [
        {
          role: 'assistant',
          tool_calls: [{ id: 'c', type: 'custom', custom: { name: 'apply_patch', input: '*** "x"' } }],
        },
        { role: 'tool', tool_call_id: 'c', content: 'ok' },
      ],
    });
    assert.deepEqual(dropped, []);
    assert.deepEqual(terms?.tools?.get('apply_patch'), { name: 'apply_patch', kind: 'custom' });
    assert.match(request.tools?.[0]?.description ?? '', /^Patches\.\n\nThe input follows this lark grammar/);
    assert.deepEqual(request.toolChoice, { name: 'apply_patch' });
    assert.deepEqual(request.messages[0]?.toolCalls, [
      { id: 'c', name: 'apply_patch', arguments: '{"input":"*** \\"x\\""}' },
    ]);
  });

  it('understands functions of the oldest form, each result with its call', () => {
    const called = (name: string) => ({
      role: 'assistant',
      content: null,
      function_call: { name, arguments: '{}' },
    });
    const { request, dropped, terms } = out({
      functions: [{ name: 'a', parameters: { type: 'object' } }, { name: 'b' }],
      function_call: { name: 'b' },
      messages: [
        ...[called('a'), { role: 'function', name: 'a', content: '1' }],
        ...[called('b'), { role: 'function', name: 'b', content: '2' }],
      ],
    });
    assert.deepEqual(dropped, []);
    assert.equal(terms?.oldFunctions, true);
    assert.deepEqual(
      request.tools?.map(({ name }) => name),
      ['a', 'b'],
    );
    assert.deepEqual(request.toolChoice, { name: 'b' });
    assert.equal(request.extra['parallel_tool_calls'], false);
    assert.deepEqual(
      request.messages.map(({ role, toolCallId, toolCalls }) => [role, toolCallId ?? toolCalls?.[0]?.id]),
      [
        ['assistant', 'call_1'],
        ['tool', 'call_1'],
        ['assistant', 'call_2'],
        ['tool', 'call_2'],
      ],
    );
  });

  it('shows only the tools that may be called', () => {
    const allowed = { mode: 'required', tools: [f('b')] };
    const { request, dropped } = out({
      tools: [f('a'), f('b')],
      tool_choice: { type: 'allowed_tools', allowed_tools: allowed },
    });
    assert.deepEqual([request.tools, request.toolChoice, dropped], [[{ name: 'b' }], 'required', []]);
  });

  it('says what a model refused with', () => {
    const { request } = out({
      messages: [
        { role: 'assistant', content: null, refusal: 'No.' },
        { role: 'assistant', content: [{ type: 'refusal', refusal: 'Never.' }] },
      ],
    });
    assert.deepEqual(
      request.messages.map(({ parts }) => parts),
      ['No.', 'Never.'].map((text) => [{ type: 'text', text }]),
    );
  });

  it('names each thing that no other has', () => {
    const { request, dropped } = out({
      tools: [
        { type: 'function', function: { name: 'a', strict: true } },
        { type: 'web_search' },
        { ...f('b'), cache_control: { type: 'ephemeral' } },
      ],
      messages: [
        { role: 'assistant', content: 'a', audio: { id: 'x' }, reasoning_details: [{}], annotations: [{}] },
        {
          role: 'assistant',
          tool_calls: [{ id: 'c', ...f('a'), extra_content: { google: { thought_signature: 's' } } }],
        },
      ],
    });
    assert.deepEqual(dropped.toSorted(), [
      ...[
        'annotations',
        'audio',
        'cache_control',
        'extra_content',
        'reasoning_details',
        'strict',
        'web_search',
      ],
    ]);
    assert.deepEqual(
      request.tools?.map(({ name }) => name),
      ['a', 'b'],
    );
    const none = out({ tools: [{ type: 'web_search' }], tool_choice: 'required', parallel_tool_calls: true });
    assert.deepEqual([none.request.tools, none.request.extra], [undefined, {}]);
    assert.deepEqual(none.dropped, ['web_search', 'tool_choice']);
  });

  it('has what a provider does not take named by that, sound and choices and probabilities among it', () => {
    const fields = {
      ...{ n: 2, logprobs: true, top_logprobs: 3, modalities: ['text', 'audio'], audio: { voice: 'x' } },
      ...{ prediction: { type: 'content', content: 'x' }, web_search_options: {}, logit_bias: { 1: 2 } },
    };
    for (const id of ['anthropic-messages', 'openai-responses'] as const)
      assert.deepEqual(
        dialects[id].fitCrossing?.(out(fields).request).dropped.toSorted(),
        Object.keys(fields).toSorted(),
        id,
      );
  });
});

describe('the answer to a client of OpenAI chat with tools of another form', () => {
  const { 'openai-chat': chat } = dialects;
  const head = { id: 'i', model: 'm', created: 1 };
  const call = (index: number, name: string, said: string) =>
    [
      { type: 'tool-call', index, id: `c${index}`, name, arguments: said.slice(0, 4) },
      { type: 'tool-call', index, arguments: said.slice(4) },
    ] as const;
  const END = { type: 'finish', reason: 'tool_calls' } as const;
  const custom = { tools: new Map([['patch', { name: 'patch', kind: 'custom' as const }]]) };

  const streamed = (
    events: readonly Parameters<ReturnType<typeof chat.streamWriter>['write']>[0][],
    terms: object,
  ) => {
    const writer = chat.streamWriter(head, { wantsUsage: false, terms });
    const text = events.map((event) => writer.write(event).toString()).join('');
    return text
      .split('\n\n')
      .filter((frame) => frame !== '')
      .map((frame) => JSON.parse(frame.slice('data: '.length)).choices[0])
      .map(
        ({ delta: { role: _role, content: _content, ...delta }, finish_reason }) => finish_reason ?? delta,
      );
  };

  it('calls a custom tool with its text, in a stream when it is whole', () => {
    const events = [...call(0, 'patch', '{"input":"*** \\"水\\""}'), ...call(1, 'f', '{"a":1}'), END];
    const reply = JSON.parse(chat.writeReply(head, events, custom).toString());
    const f1 = { id: 'c1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } };
    assert.deepEqual(reply.choices[0].message.tool_calls, [
      { id: 'c0', type: 'custom', custom: { name: 'patch', input: '*** "水"' } },
      f1,
    ]);
    const told = streamed(events, custom);
    assert.deepEqual(told[0], {
      tool_calls: [{ index: 0, id: 'c0', type: 'custom', custom: { name: 'patch', input: '' } }],
    });
    assert.deepEqual(told.slice(-2), [
      { tool_calls: [{ index: 0, custom: { input: '*** "水"' } }] },
      'tool_calls',
    ]);
    assert.equal(told.length, 5);
  });

  it('never tells half a text', () => {
    const told = streamed(
      [...call(0, 'patch', '{"input":"*** '), { type: 'finish', reason: 'length' }],
      custom,
    );
    assert.equal(told.length, 2);
    assert.equal(told.at(-1), 'length');
  });

  it('calls a function of the oldest form, the first alone', () => {
    const events = [...call(0, 'f', '{"a":1}'), ...call(1, 'g', '{}'), END];
    const reply = JSON.parse(chat.writeReply(head, events, { oldFunctions: true }).toString());
    assert.equal(reply.choices[0].finish_reason, 'function_call');
    assert.deepEqual(reply.choices[0].message.function_call, { name: 'f', arguments: '{"a":1}' });
    assert.equal(reply.choices[0].message.tool_calls, undefined);
    assert.deepEqual(streamed(events, { oldFunctions: true }), [
      { function_call: { name: 'f', arguments: '{"a"' } },
      { function_call: { arguments: ':1}' } },
      'function_call',
    ]);
  });
});
