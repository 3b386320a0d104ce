/**
 * Tools that are no plain functions, through accounts of another dialect: those of Codex in namespaces and in the input,
 * the patches of Copilot, the shell and the editor of OpenAI's agents library, functions of the oldest form. The provider
 * sees functions, and the client gets its own kind of call back.
 */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Agent, applyPatchTool, OpenAIResponsesModel, Runner, shellTool } from '@openai/agents';
import type OpenAI from 'openai';
import type {
  ResponseCreateParamsStreaming,
  ResponseStreamEvent,
} from 'openai/resources/responses/responses';
import { dialects } from '../../src/dialects/index.ts';
import type { ChatEvent } from '../../src/domain/chat.ts';
import { startRelay, type TestRelay } from './relay.ts';
import { type StubUpstream, startStub } from './stub-upstream.ts';

const messages = dialects['anthropic-messages'];
const END: ChatEvent = { type: 'finish', reason: 'tool_calls' };

describe('a tool of another form, over an account that speaks Anthropic', () => {
  let stub: StubUpstream;
  let relay: TestRelay;
  let openai: OpenAI;
  let events: readonly ChatEvent[] = [];
  before(async () => {
    stub = await startStub(({ body }, response) => {
      const head = { id: 'msg_1', model: 'up', created: 1 };
      if (!JSON.parse(body.toString()).stream) {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(messages.writeReply(head, events));
        return;
      }
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const writer = messages.streamWriter(head, { wantsUsage: true });
      response.write(writer.write({ type: 'start', ...head }));
      for (const event of events) response.write(writer.write(event));
      response.end(writer.end());
    });
    relay = await startRelay(`
accounts:
  - { id: a, provider: anthropic-compatible, base_url: ${stub.url}, secrets: [s], models: { m: {} } }
`);
    openai = relay.openai();
  });
  after(async () => {
    await relay.close();
    await stub.close();
  });
  const bodyOf = () => JSON.parse(stub.last().body.toString());
  const calls = (...names: readonly (readonly [string, unknown])[]): readonly ChatEvent[] => [
    ...names.flatMap(([name, said], index): ChatEvent[] => {
      const json = JSON.stringify(said);
      return [
        { type: 'tool-call', index, id: `toolu_${name}`, name, arguments: json.slice(0, 5) },
        { type: 'tool-call', index, arguments: json.slice(5) },
      ];
    }),
    END,
  ];

  it('of Codex comes back in its namespace, every event in order', async () => {
    events = calls(['mcp__files__read', { path: 'a' }], ['box__exec', { input: 'ls "水"' }]);
    const stream = await openai.responses.create({
      ...{ model: 'm', stream: true, store: false, tool_choice: 'auto', parallel_tool_calls: true },
      include: ['reasoning.encrypted_content'],
      input: [
        {
          ...{ type: 'additional_tools', role: 'developer' },
          tools: [
            {
              ...{ type: 'namespace', name: 'box', description: 'A box.' },
              tools: [
                {
                  type: 'custom',
                  name: 'exec',
                  format: { type: 'grammar', syntax: 'lark', definition: 'x' },
                },
              ],
            },
          ],
        },
        { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Look' }] },
      ],
      tools: [
        {
          ...{ type: 'namespace', name: 'mcp__files__', description: 'Files.' },
          tools: [{ type: 'function', name: 'read', parameters: { type: 'object' }, strict: false }],
        },
      ],
    } as unknown as ResponseCreateParamsStreaming);
    const told: ResponseStreamEvent[] = [];
    for await (const event of stream) told.push(event);
    assert.deepEqual(
      bodyOf().tools.map(({ name }: { name: string }) => name),
      ['mcp__files__read', 'box__exec'],
    );
    const last = told.at(-1);
    assert.ok(last?.type === 'response.completed');
    assert.partialDeepStrictEqual(last.response.output, [
      { type: 'function_call', namespace: 'mcp__files__', name: 'read', arguments: '{"path":"a"}' },
      { type: 'custom_tool_call', namespace: 'box', name: 'exec', input: 'ls "水"' },
    ]);
    assert.deepEqual(
      told.map(({ sequence_number }) => sequence_number),
      told.map((_, i) => i),
    );
    assert.deepEqual(
      told.map(({ type }) => type).filter((type, i, all) => !(type.endsWith('delta') && all[i - 1] === type)),
      [
        ...['response.created', 'response.in_progress', 'response.output_item.added'],
        ...['response.function_call_arguments.delta', 'response.output_item.added'],
        ...['response.function_call_arguments.done', 'response.output_item.done'],
        ...['response.custom_tool_call_input.delta', 'response.custom_tool_call_input.done'],
        ...['response.output_item.done', 'response.completed'],
      ],
    );
  });

  it('of Copilot comes back as a patch, plain and streamed', async () => {
    events = calls(['apply_patch', { input: '*** Begin\n+水' }]);
    const asked = {
      model: 'm',
      messages: [{ role: 'user' as const, content: 'Patch' }],
      tools: [
        {
          type: 'custom' as const,
          custom: {
            name: 'apply_patch',
            format: { type: 'grammar' as const, grammar: { syntax: 'lark' as const, definition: 'x' } },
          },
        },
      ],
    };
    const { choices } = await openai.chat.completions.create(asked);
    const [call] = choices[0]?.message.tool_calls ?? [];
    assert.deepEqual(call, {
      ...{
        id: 'toolu_apply_patch',
        type: 'custom',
        custom: { name: 'apply_patch', input: '*** Begin\n+水' },
      },
    });
    const deltas = [];
    for await (const chunk of await openai.chat.completions.create({ ...asked, stream: true }))
      for (const delta of chunk.choices[0]?.delta.tool_calls ?? []) deltas.push(delta);
    assert.deepEqual(deltas, [
      { index: 0, id: 'toolu_apply_patch', type: 'custom', custom: { name: 'apply_patch', input: '' } },
      { index: 0, custom: { input: '*** Begin\n+水' } },
    ]);
    await openai.chat.completions.create({
      ...asked,
      messages: [
        ...asked.messages,
        ...(choices[0] === undefined ? [] : [choices[0].message]),
        { role: 'tool', tool_call_id: 'toolu_apply_patch', content: 'Done' },
      ],
    });
    assert.deepEqual(bodyOf().messages[1].content, [
      { type: 'tool_use', id: 'toolu_apply_patch', name: 'apply_patch', input: { input: '*** Begin\n+水' } },
    ]);
  });

  it('of the oldest form is called and answered in it', async () => {
    events = calls(['f', { a: 1 }]);
    const asked = {
      model: 'm',
      messages: [{ role: 'user' as const, content: 'Go' }],
      functions: [{ name: 'f' }],
    };
    const { choices } = await openai.chat.completions.create(asked);
    assert.equal(choices[0]?.finish_reason, 'function_call');
    assert.deepEqual(choices[0]?.message.function_call, { name: 'f', arguments: '{"a":1}' });
    const whole = await openai.chat.completions.stream(asked).finalChatCompletion();
    assert.deepEqual(whole.choices[0]?.message.function_call, { name: 'f', arguments: '{"a":1}' });
    await openai.chat.completions.create({
      ...asked,
      messages: [...asked.messages, choices[0].message, { role: 'function', name: 'f', content: '2' }],
    });
    const [, assistant, user] = bodyOf().messages;
    assert.equal(assistant.content[0].id, user.content[0].tool_use_id);
    assert.equal(user.content[0].content, '2');
  });

  for (const streamed of [false, true])
    it(`of the agents library runs a command and mends a file, ${streamed ? 'streamed' : 'plainly'}`, async () => {
      const done: unknown[] = [];
      const agent = new Agent({
        name: 'Tester',
        model: new OpenAIResponsesModel(openai, 'm'),
        tools: [
          shellTool({
            shell: {
              run: async ({ commands }) => {
                done.push(commands);
                events = calls(['apply_patch', { type: 'delete_file', path: 'a.txt' }]);
                return { output: [{ stdout: 'a.txt', stderr: '', outcome: { type: 'exit', exitCode: 0 } }] };
              },
            },
          }),
          applyPatchTool({
            editor: {
              createFile: async () => undefined,
              updateFile: async () => undefined,
              deleteFile: async ({ path }) => {
                done.push(path);
                events = [
                  { type: 'text', text: 'All done.' },
                  { type: 'finish', reason: 'stop' },
                ];
                return { status: 'completed' };
              },
            },
          }),
        ],
      });
      events = calls(['shell', { commands: ['ls'] }]);
      const runner = new Runner({ tracingDisabled: true });
      if (streamed) {
        const result = await runner.run(agent, 'Go', { stream: true });
        await result.completed;
        assert.equal(result.finalOutput, 'All done.');
      } else assert.equal((await runner.run(agent, 'Go')).finalOutput, 'All done.');
      assert.deepEqual(done, [['ls'], 'a.txt']);
      const [, called, told] = bodyOf().messages;
      assert.deepEqual([called.content[0].name, called.content[0].input.commands], ['shell', ['ls']]);
      assert.match(JSON.stringify(told), /a\.txt/);
    });

  it('with a name that the provider would refuse comes back under its own', async () => {
    const name = 'files.read:all';
    events = [];
    const asked = openai.responses.create({
      ...{ model: 'm', input: 'Go' },
      tools: [{ type: 'function', name, parameters: { type: 'object' }, strict: false }],
    });
    await asked.catch(() => undefined);
    const [{ name: taken }] = bodyOf().tools;
    assert.match(taken, /^[\w-]{1,64}$/);
    events = calls([taken, { a: 1 }]);
    const { output } = await openai.responses.create({
      ...{ model: 'm', input: 'Go' },
      tools: [{ type: 'function', name, parameters: { type: 'object' }, strict: false }],
    });
    assert.partialDeepStrictEqual(output, [{ type: 'function_call', name, arguments: '{"a":1}' }]);
  });
});
