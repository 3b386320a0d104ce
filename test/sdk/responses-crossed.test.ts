/**
 * The official `openai` package asks for responses, and a client with the habits of Codex, through a whole Sluice on
 * accounts that only speak OpenAI chat: the simulator's, and a stub that shows what it was sent.
 */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import OpenAI, { APIError } from 'openai';
import type {
  FunctionTool,
  ResponseCreateParams,
  ResponseInput,
  ResponseStreamEvent,
} from 'openai/resources/responses/responses';
import { caught, startRelay, type TestRelay } from './relay.ts';
import {
  chunkOf,
  FINISH,
  type StubUpstream,
  startStub,
  streamAnswer,
  streamOf,
  stubConfig,
  USAGE,
} from './stub-upstream.ts';

const WEATHER: FunctionTool = {
  type: 'function',
  name: 'get_weather',
  description: 'The weather of a city',
  parameters: {
    type: 'object',
    properties: { city: { type: 'string' }, days: { type: 'integer' } },
    required: ['city'],
  },
  strict: false,
};

const ask = (input: string | ResponseInput) => ({ model: 'qwen3-max', input });

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

const lastOf = (told: readonly ResponseStreamEvent[]): ResponseStreamEvent => {
  assert.deepEqual(
    told.map(({ sequence_number }) => sequence_number),
    told.map((_, i) => i),
  );
  return told.at(-1) ?? assert.fail('nothing was told');
};

describe('the openai package asks for responses where only chat is spoken', () => {
  let relay: TestRelay;
  let openai: OpenAI;
  before(async () => {
    relay = await startRelay();
    openai = relay.openai();
  });
  after(() => relay.close());

  it('gets a plain answer with usage and the story of the call', async () => {
    const { data, response } = await openai.responses.create(ask('你好, who are you?')).withResponse();
    assert.deepEqual([data.object, data.status, data.model], ['response', 'completed', 'qwen3-max']);
    assert.match(data.output_text, /你好, who are you\?/);
    assert.ok(data.usage && data.usage.input_tokens > 0 && data.usage.output_tokens > 0);
    assert.equal(response.headers.get('x-sluice-attempts'), '1');
    assert.equal(response.headers.get('x-sluice-dropped'), null);
  });

  it('gets a stream whose pieces make the whole, with the usage at its end', async () => {
    const told = await all(await openai.responses.create({ ...ask('tell 🌊'), stream: true }));
    const last = lastOf(told);
    assert.ok(last.type === 'response.completed');
    const text = told.map((event) => (event.type === 'response.output_text.delta' ? event.delta : ''));
    assert.ok(text.length > 10);
    const [message] = last.response.output;
    assert.ok(message?.type === 'message' && message.content[0]?.type === 'output_text');
    assert.equal(message.content[0].text, text.join(''));
    assert.ok(last.response.usage && last.response.usage.output_tokens > 0);
  });

  it('is cut where it asked to be', async () => {
    const stream = openai.responses.stream({ ...ask('tell'), max_output_tokens: 16 });
    const { status, incomplete_details } = await stream.finalResponse();
    assert.deepEqual([status, incomplete_details], ['incomplete', { reason: 'max_output_tokens' }]);
    assert.equal(
      (await openai.responses.create({ ...ask('x'), max_output_tokens: 16 })).status,
      'incomplete',
    );
  });

  it('sees the thoughts of a thinking model as a summary before the text', async () => {
    const thinking = { ...ask('why?'), enable_thinking: true, stream: true } as const;
    const last = lastOf(await all(await openai.responses.create(thinking)));
    assert.ok(last.type === 'response.completed');
    const [thought, message] = last.response.output;
    assert.ok(thought?.type === 'reasoning' && message?.type === 'message');
    assert.match(thought.summary[0]?.text ?? '', /^Let me think 🤔/);
    assert.ok((last.response.usage?.output_tokens_details.reasoning_tokens ?? 0) > 0);
  });

  for (const way of ['plain', 'streamed'] as const)
    it(`runs a whole tool loop, ${way}`, async () => {
      const answer = (input: ResponseInput) => {
        const params = { ...ask(input), tools: [WEATHER] };
        return way === 'plain'
          ? openai.responses.create(params)
          : openai.responses.stream(params).finalResponse();
      };
      const input: ResponseInput = [{ role: 'user', content: 'get_weather please' }];
      const { output } = await answer(input);
      const [call] = output;
      assert.ok(call?.type === 'function_call');
      assert.equal(call.name, 'get_weather');
      assert.equal(typeof JSON.parse(call.arguments).city, 'string');
      input.push(
        call,
        { type: 'function_call_output', call_id: call.call_id, output: '{"sky":"☀️"}' },
        { role: 'user', content: 'And now?' },
      );
      assert.match(JSON.stringify((await answer(input)).output), /And now\?/);
    });

  it('never learns that the first account failed', async () => {
    const failing = relay.app.simulator()?.account('a');
    failing?.set({ state: 'overload' });
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, i) => openai.responses.stream(ask(`call ${i}`)).finalResponse()),
    );
    const plain = await openai.responses.create(ask('plain'));
    failing?.set({ state: 'ok' });
    for (const { status } of [...answers, plain]) assert.equal(status, 'completed');
    assert.notDeepEqual(relay.app.simulator()?.stats('a').refused, {}, 'somebody met it');
  });

  it('is told within a second that its stream died, and raises where its answer is plain', async () => {
    const accounts = relay.app.simulator()?.accounts ?? [];
    for (const account of accounts) account.set({ fault: { kind: 'cut', afterChunks: 5 } });
    const startedMs = performance.now();
    const last = lastOf(await all(await openai.responses.create({ ...ask('die'), stream: true })));
    assert.ok(performance.now() - startedMs < 1_000);
    assert.ok(last.type === 'response.failed');
    assert.equal(last.response.error?.code, 'server_error');
    assert.equal(relay.log.at(-1)?.['end'], 'stream_died');
    const whole = await openai.responses.stream(ask('die')).finalResponse();
    assert.equal(whole.status, 'failed');
    const error = await caught(openai.responses.create(ask('die')));
    for (const account of accounts) account.set({ fault: null });
    assert.ok(error instanceof APIError && error.status === 502, String(error));
    await relay.settled();
  });

  it('is refused in its own words where nothing of its input is there', async () => {
    const bare = { model: 'qwen3-max', input: [{ type: 'item_reference' as const, id: 'rs_1' }] };
    const error = await caught(openai.responses.create(bare));
    assert.ok(error instanceof OpenAI.BadRequestError, String(error));
    assert.equal(error.param, 'input');
    assert.match(error.message, /send the whole input/);
  });
});

describe('a client with the habits of Codex where only chat is spoken', () => {
  let stub: StubUpstream;
  let relay: TestRelay;
  before(async () => {
    stub = await startStub();
    relay = await startRelay(stubConfig(stub.url));
  });
  after(async () => {
    await relay.close();
    await stub.close();
  });

  const says = (role: 'developer' | 'user', text: string) => ({
    type: 'message' as const,
    role,
    content: [{ type: 'input_text' as const, text }],
  });
  const patch = (input: string) => ({
    ...{ type: 'custom_tool_call' as const, call_id: 'call_0', name: 'apply_patch', input },
  });
  const CODEX = {
    model: 'up-model',
    instructions: 'You are a coding agent.',
    input: [
      says('developer', '<permissions>'),
      says('user', '<environment_context>'),
      says('user', 'Mend it.'),
      { ...{ type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'Hm.' }] } },
      patch('*** "Begin"'),
      { type: 'custom_tool_call_output', call_id: 'call_0', output: 'Done!' },
      { type: 'item_reference', id: 'rs_2' },
    ],
    tools: [
      { type: 'function', name: 'shell', parameters: { type: 'object' }, strict: false },
      {
        ...{ type: 'custom', name: 'apply_patch', description: 'Patches.' },
        format: { type: 'grammar', syntax: 'lark', definition: 'start: "***"' },
      },
      { type: 'web_search' },
    ],
    tool_choice: 'auto',
    parallel_tool_calls: true,
    reasoning: { effort: 'medium', summary: 'auto' },
    store: false,
    stream: true,
    include: ['reasoning.encrypted_content'],
    prompt_cache_key: 'thread-1',
  } as const;

  it('is served with what chat can say, told what was left behind, and gets its kinds of calls back', async () => {
    stub.answer = streamAnswer(
      streamOf(
        chunkOf({ role: 'assistant', content: '' }),
        chunkOf({ reasoning_content: 'First the patch.' }),
        chunkOf({ content: 'Both.' }),
        ...[
          [0, { id: 'call_1', function: { name: 'apply_patch', arguments: '{"input":"*** ' } }],
          [0, { function: { arguments: '\\"End\\""}' } }],
          [1, { id: 'call_2', function: { name: 'shell', arguments: '{"command":' } }],
          [1, { function: { arguments: '["ls"]}' } }],
        ].map(([index, rest]) => chunkOf({ tool_calls: [Object.assign({ index, type: 'function' }, rest)] })),
        chunkOf({}, { choices: [{ index: 0, delta: {}, finish_reason: 'tool_calls' }] }),
        USAGE,
        '[DONE]',
      ),
    );
    const { data, response } = await relay
      .openai()
      .responses.create(CODEX as unknown as ResponseCreateParams & { stream: true })
      .withResponse();
    const told = await all(data);
    assert.deepEqual(response.headers.get('x-sluice-dropped')?.split(', ').toSorted(), [
      ...['item_reference', 'web_search'],
    ]);

    const { messages, tools, ...sent } = JSON.parse(stub.last().body.toString());
    assert.equal(stub.last().url, '/v1/chat/completions');
    assert.deepEqual(sent, {
      ...{ model: 'up-model', stream: true, stream_options: { include_usage: true } },
      ...{ tool_choice: 'auto', parallel_tool_calls: true, reasoning_effort: 'medium' },
      prompt_cache_key: 'thread-1',
    });
    assert.deepEqual(
      messages.map(({ role }: { role: string }) => role),
      ['system', 'user', 'user', 'assistant', 'tool'],
    );
    assert.equal(messages[0].content, 'You are a coding agent.\n\n<permissions>');
    assert.equal(messages[3].reasoning_content, 'Hm.');
    assert.equal(messages[3].tool_calls[0].function.arguments, '{"input":"*** \\"Begin\\""}');
    assert.deepEqual(
      tools.map((tool: { function: { name: string } }) => tool.function.name),
      ['shell', 'apply_patch'],
    );

    const last = lastOf(told);
    assert.ok(last.type === 'response.completed');
    const [thought, message, custom, shell] = last.response.output;
    assert.ok(thought?.type === 'reasoning' && thought.summary[0]?.text === 'First the patch.');
    assert.ok(message?.type === 'message');
    assert.partialDeepStrictEqual(custom, { ...patch('*** "End"'), call_id: 'call_1' });
    assert.partialDeepStrictEqual(shell, {
      ...{ type: 'function_call', call_id: 'call_2', name: 'shell', arguments: '{"command":["ls"]}' },
    });
    assert.equal(last.response.usage?.total_tokens, 8);
    // Codex acts on what is told as done.
    assert.deepEqual(
      told.flatMap((event) => (event.type === 'response.output_item.done' ? [event.item.type] : [])),
      ['reasoning', 'message', 'custom_tool_call', 'function_call'],
    );
  });

  it('is never handed half a patch as done', async () => {
    const half = chunkOf({
      tool_calls: [
        { index: 0, id: 'call_1', function: { name: 'apply_patch', arguments: '{"input":"*** ' } },
      ],
    });
    for (const end of [
      '',
      `data: ${chunkOf({}, { choices: [{ index: 0, delta: {}, finish_reason: 'length' }] })}\n\ndata: [DONE]\n\n`,
    ]) {
      stub.answer = streamAnswer(streamOf(half), end);
      const told = await all(
        await relay.openai().responses.create(CODEX as unknown as ResponseCreateParams & { stream: true }),
      );
      assert.equal(lastOf(told).type, end === '' ? 'response.failed' : 'response.incomplete');
      assert.ok(told.every(({ type }) => !/done|custom_tool_call_input/.test(type)));
    }
    stub.answer = streamAnswer(streamOf(FINISH, '[DONE]'));
    await relay.settled();
  });
});
