/**
 * What has to be kept between turns, and what Claude Code asks for, with the official packages over real sockets: sealed
 * thoughts in loops of tools, in the client's own dialect and out of another, counting, betas, turns of the system.
 */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type Anthropic from '@anthropic-ai/sdk';
import type OpenAI from 'openai';
import { startRelay, type TestRelay } from './relay.ts';

const accountOf = (id: string): string => `
  - id: ${id}
    provider: simulator
    base_url: http://simulator.internal/only/${id}
    secrets: [secret-of-${id}]
    limits: { rpm: 60000, tpm: 60000000 }
    models:
      claude-sonnet-4-5: { name: claude-by-${id} }
      claude-opus-4-7: { name: newest-by-${id} }
      qwen3-max: { name: qwen-by-${id} }`;

const CONFIG = `
accounts:${['anthropic-messages', 'openai-chat'].map(accountOf).join('')}
simulator: { ttft: 1ms, tokens_per_second: 5000, output_tokens: 30 }
`;

const SCHEMA = { type: 'object' as const, properties: { city: { type: 'string' } }, required: ['city'] };
const QUESTION = 'Use get_weather please';

describe('sealed thoughts', () => {
  let relay: TestRelay;
  before(async () => {
    relay = await startRelay(CONFIG);
  });
  after(() => relay.close());

  /** Names of what was left out of the last call. */
  const dropped = (): unknown => relay.log.findLast(({ msg }) => msg === 'call')?.['dropped'];

  describe('of a model that is asked in OpenAI chat', () => {
    const tools: OpenAI.ChatCompletionTool[] = [
      { type: 'function', function: { name: 'get_weather', parameters: SCHEMA } },
    ];
    const question = { role: 'user' as const, content: QUESTION };
    const asked = (messages: OpenAI.ChatCompletionMessageParam[]) => ({
      ...{ model: 'claude-by-anthropic-messages', messages, tools },
      ...{ reasoning_effort: 'low' as const, max_completion_tokens: 6_000 },
    });
    const withoutThoughts = ({ content, tool_calls }: OpenAI.ChatCompletionMessage) => ({
      ...{ role: 'assistant' as const, content },
      ...(tool_calls === undefined ? {} : { tool_calls }),
    });

    it('are put back in the next turn of a loop, though the client drops what it was shown', async () => {
      const openai = relay.openai();
      const first = await openai.chat.completions.create(asked([question]));
      const { message } = first.choices[0] ?? assert.fail();
      assert.match(String((message as { reasoning_content?: string }).reasoning_content), /^Let me think/);
      const [call] = message.tool_calls ?? assert.fail('no call');
      const result = { role: 'tool' as const, tool_call_id: call?.id ?? '', content: 'sunny' };
      // The simulated model refuses a budget without its thought, or with another seal.
      const next = await openai.chat.completions.create(asked([question, withoutThoughts(message), result]));
      assert.equal(next.choices[0]?.finish_reason, 'stop');
      assert.ok((next.usage?.completion_tokens_details?.reasoning_tokens ?? 0) > 0, 'it goes on thinking');
      assert.equal(dropped(), undefined);
    });

    it('are put back after a stream, too', async () => {
      const openai = relay.openai();
      const stream = openai.chat.completions.stream(asked([question]));
      const { choices } = await stream.finalChatCompletion();
      const { message } = choices[0] ?? assert.fail();
      const [call] = message.tool_calls ?? assert.fail('no call');
      const result = { role: 'tool' as const, tool_call_id: call?.id ?? '', content: 'sunny' };
      const next = await openai.chat.completions
        .stream({
          ...asked([question, withoutThoughts(message), result]),
          stream_options: { include_usage: true },
        })
        .finalChatCompletion();
      assert.ok((next.usage?.completion_tokens_details?.reasoning_tokens ?? 0) > 0);
    });

    it('of which nothing is kept are done without, and that is said', async () => {
      const tool_calls = [
        {
          ...{ id: 'call_of_nobody_at_all', type: 'function' as const },
          function: { name: 'get_weather', arguments: '{"city":"x"}' },
        },
      ];
      const next = await relay
        .openai()
        .chat.completions.create(
          asked([
            question,
            { role: 'assistant', content: null, tool_calls },
            { role: 'tool', tool_call_id: 'call_of_nobody_at_all', content: 'sunny' },
          ]),
        )
        .withResponse();
      assert.equal(next.response.headers.get('x-sluice-dropped'), 'reasoning_effort');
      assert.equal(next.data.usage?.completion_tokens_details?.reasoning_tokens, 0);
    });

    it('are wished for in the words of the newest models', async () => {
      const { data, response } = await relay
        .openai()
        .chat.completions.create({ ...asked([question]), model: 'newest-by-anthropic-messages' })
        .withResponse();
      assert.ok((data.usage?.completion_tokens_details?.reasoning_tokens ?? 0) > 0);
      assert.equal(response.headers.get('x-sluice-dropped'), null);
    });
  });

  for (const upstream of ['anthropic-messages', 'openai-chat'] as const)
    describe(`for the client of messages at an account that speaks ${upstream}`, () => {
      const tools: Anthropic.Tool[] = [{ name: 'get_weather', input_schema: SCHEMA }];
      const asked = (messages: Anthropic.MessageParam[]) => ({
        ...{ model: `qwen-by-${upstream}`, max_tokens: 6_000, messages, tools },
        thinking: { type: 'enabled' as const, budget_tokens: 2_000 },
      });

      it('are shown, and given back with the calls that followed them', async () => {
        const anthropic = relay.anthropic();
        const question = { role: 'user' as const, content: QUESTION };
        const first = await anthropic.messages.stream(asked([question])).finalMessage();
        const kinds = first.content.map(({ type }) => type);
        assert.deepEqual([kinds[0], kinds.at(-1)], ['thinking', 'tool_use']);
        assert.equal(first.stop_reason, 'tool_use');
        const call = first.content.find((block) => block.type === 'tool_use') ?? assert.fail();
        assert.equal(typeof (call.input as { city: unknown }).city, 'string');
        const result = { type: 'tool_result' as const, tool_use_id: call.id, content: 'sunny' };
        const next = await anthropic.messages.create(
          asked([
            question,
            { role: 'assistant', content: first.content },
            { role: 'user', content: [result] },
          ]),
        );
        assert.equal(next.stop_reason, 'end_turn');
        assert.equal(next.content[0]?.type, 'thinking');
        assert.equal(dropped(), undefined);
      });

      it('of a sealed model hold in a loop of tools', async () => {
        if (upstream === 'openai-chat') return;
        const anthropic = relay.anthropic();
        const question = { role: 'user' as const, content: QUESTION };
        const more = { model: `claude-by-${upstream}` };
        const first = await anthropic.messages.create({ ...asked([question]), ...more });
        const [thought] = first.content;
        assert.ok(thought?.type === 'thinking' && thought.signature !== '');
        const call = first.content.find((block) => block.type === 'tool_use') ?? assert.fail();
        const result = { type: 'tool_result' as const, tool_use_id: call.id, content: 'sunny' };
        const turns: Anthropic.MessageParam[] = [
          question,
          { role: 'assistant', content: first.content },
          { role: 'user', content: [result] },
        ];
        const next = await anthropic.messages.create({ ...asked(turns), ...more });
        assert.equal(next.stop_reason, 'end_turn');
      });

      it('are not lost on a request as Claude Code sends it', async () => {
        const { data, response } = await relay
          .anthropic({ defaultHeaders: { 'x-claude-code-session-id': 'session-1' } })
          .beta.messages.create(claudeCode(`qwen-by-${upstream}`), { timeout: 60_000 })
          .withResponse();
        assert.equal(data.content[0]?.type, 'thinking');
        assert.match(response.headers.get('request-id') ?? '', /^req_/);
        const lost = (response.headers.get('x-sluice-dropped') ?? '').split(', ').toSorted();
        if (upstream === 'openai-chat')
          assert.deepEqual(lost, [
            ...['anthropic-beta', 'context_management', 'defer_loading', 'web_search_20250305'],
          ]);
        else assert.deepEqual(lost, ['anthropic-beta']);
      });
    });
});

/** The shape and size of a real one: eighty-seven kilobytes, tools that are loaded late, a word of the system within. */
function claudeCode(model: string): Anthropic.Beta.MessageCreateParamsNonStreaming {
  const cache_control = { type: 'ephemeral' as const };
  const tools = Array.from({ length: 24 }, (_, i) => ({
    name: `Tool${i}`,
    description: 'Reads what nobody else would read, line after line. '.repeat(60),
    input_schema: { type: 'object' as const, properties: { path: { type: 'string' } } },
    ...(i > 12 ? { defer_loading: true } : {}),
  }));
  const system = { role: 'system', content: [{ type: 'text', text: 'Skills: none.' }] };
  const body = {
    ...{ model, max_tokens: 32_000, betas: ['claude-code-20250219', 'effort-2025-11-24'] },
    system: [
      { type: 'text', text: 'x-anthropic-billing-header: cc_version=2.1.330; cc_entrypoint=cli;' },
      { type: 'text', text: 'You are of help. '.repeat(300), cache_control },
    ],
    messages: [{ role: 'user', content: [{ type: 'text', text: 'Say hello.', cache_control }] }, system],
    tools: [...tools, { type: 'web_search_20250305', name: 'web_search' }],
    ...{ thinking: { type: 'adaptive', display: 'updates' }, output_config: { effort: 'high' } },
    context_management: { edits: [{ type: 'clear_thinking_20251015', keep: 'all' }] },
    metadata: { user_id: JSON.stringify({ device_id: 'd'.repeat(64), session_id: 'session-1' }) },
  };
  const size = JSON.stringify(body).length;
  assert.ok(size > 80_000 && size < 100_000, `${size}`);
  return body as unknown as Anthropic.Beta.MessageCreateParamsNonStreaming;
}

describe('counting the tokens of a message', () => {
  let relay: TestRelay;
  before(async () => {
    relay = await startRelay(CONFIG);
  });
  after(() => relay.close());

  it('is answered in a burst, within milliseconds and without a call', async () => {
    const anthropic = relay.anthropic();
    const { betas, max_tokens: _bound, metadata: _user, ...counted } = claudeCode('qwen-by-openai-chat');
    const startMs = performance.now();
    const counts = await Promise.all(
      Array.from({ length: 25 }, () =>
        anthropic.beta.messages.countTokens({
          ...(counted as Anthropic.Beta.MessageCountTokensParams),
          ...(betas && { betas }),
        }),
      ),
    );
    const tookMs = performance.now() - startMs;
    for (const { input_tokens } of counts) assert.ok(input_tokens > 15_000 && input_tokens < 30_000);
    // A few milliseconds each; the machine that runs this may be busy.
    assert.ok(tookMs < 2_500, `${tookMs} ms`);
    assert.equal(relay.app.simulator()?.stats().requests, 0);
    const plain = await anthropic.messages.countTokens({
      ...{ model: 'qwen-by-openai-chat', messages: [{ role: 'user', content: 'Hi' }] },
    });
    assert.ok(plain.input_tokens > 3 && plain.input_tokens < 40);
  });

  it('comes near to what the call then costs', async () => {
    const anthropic = relay.anthropic();
    const messages: Anthropic.MessageParam[] = [{ role: 'user', content: 'water runs evenly '.repeat(800) }];
    const { input_tokens } = await anthropic.messages.countTokens({ model: 'qwen-by-openai-chat', messages });
    const { usage } = await anthropic.messages.create({
      ...{ model: 'qwen-by-openai-chat', max_tokens: 10, messages },
    });
    assert.ok(
      Math.abs(input_tokens / usage.input_tokens - 1) < 0.5,
      `${input_tokens} for ${usage.input_tokens}`,
    );
  });
});
