import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dialectOf } from '../dialects/index.ts';
import type { Call, ChatDialectId } from '../domain/call.ts';
import { Failure } from '../domain/failure.ts';
import { providerOf } from '../providers/index.ts';
import type { Provider } from '../providers/provider.ts';
import { askedAt, callOf } from '../testing/asked-at.ts';
import { factsOf } from '../testing/model-facts.ts';

describe('a call on its way out', () => {
  it('keeps its own bytes where the provider speaks its dialect', () => {
    for (const [id, dialect, url] of [
      ['openai', 'openai-chat', 'https://api.openai.com/v1/chat/completions'],
      ['anthropic', 'anthropic-messages', 'https://api.anthropic.com/v1/messages'],
    ] as const) {
      const call = callOf(dialect, { stream: true });
      const outgoing = askedAt(id, call);
      assert.equal(outgoing.body, call.body);
      assert.equal(outgoing.head, call.head);
      assert.deepEqual([outgoing.dialect.id, outgoing.url], [dialect, url]);
      assert.equal(outgoing.translation, undefined);
    }
  });

  it('has its tools of texts written as functions where there are no others, and its calls come back as theirs', () => {
    const tool = { type: 'custom', custom: { name: 'apply_patch', description: 'Patches.' } };
    const outgoing = askedAt('qwen', callOf('openai-chat', { tools: [tool], enable_thinking: false }));
    assert.equal(outgoing.dialect.id, 'openai-chat');
    assert.equal(outgoing.json.enable_thinking, false);
    assert.partialDeepStrictEqual(outgoing.json.tools, [
      { type: 'function', function: { name: 'apply_patch', description: 'Patches.' } },
    ]);
    const call = {
      id: 'c',
      type: 'function',
      function: { name: 'apply_patch', arguments: '{"input":"*** a"}' },
    };
    const message = { role: 'assistant', content: null, tool_calls: [call] };
    const reply = { id: 'r', model: 'up', choices: [{ index: 0, message, finish_reason: 'tool_calls' }] };
    const usage = {
      input: 1,
      cacheRead: 0,
      cacheWrite: 0,
      output: 1,
      reasoning: 0,
      source: 'estimated' as const,
    };
    const told = outgoing.translation?.plain(
      { frame: Buffer.from(JSON.stringify(reply)), events: [] },
      { head: { id: 'r', model: 'asked', created: 1 }, usage: undefined, estimatedUsage: () => usage },
    );
    assert.partialDeepStrictEqual(JSON.parse(String(told)), {
      model: 'asked',
      choices: [
        { message: { tool_calls: [{ type: 'custom', custom: { name: 'apply_patch', input: '*** a' } }] } },
      ],
    });
  });

  it('asks a stranger for no more than its model can give, and says so', () => {
    const facts = factsOf({ maxOutput: 65_536 });
    for (const [dialect, fields, name] of [
      ['anthropic-messages', { max_tokens: 128_000 }, 'max_tokens'],
      ['openai-responses', { max_output_tokens: 128_000, input: 'hi' }, 'max_output_tokens'],
    ] as const) {
      const { json, dropped } = askedAt('groq', callOf(dialect, fields), { facts });
      assert.equal(json.max_tokens, 65_536);
      assert.ok(dropped.includes(name));
      const small = askedAt('groq', callOf(dialect, { ...fields, max_tokens: 9, max_output_tokens: 9 }), {
        facts,
      });
      assert.equal(small.json.max_tokens, 9);
      assert.ok(!small.dropped.includes(name));
    }
  });

  it('takes the betas of its client to those who know them, and names the others', () => {
    const betas = 'effort-2025-11-24,oauth-2025-04-20';
    const headersAt = (id: string): unknown => {
      const call = { ...callOf('anthropic-messages', {}), headers: { 'anthropic-beta': betas } };
      const { headers, dropped } = askedAt(id, call);
      return [headers, dropped];
    };
    const login = 'oauth-2025-04-20';
    assert.deepEqual(headersAt('anthropic'), [{ 'anthropic-beta': 'effort-2025-11-24' }, [login]]);
    assert.deepEqual(headersAt('qwen'), [{}, ['anthropic-beta']]);
    assert.deepEqual(headersAt('openai'), [{}, ['anthropic-beta']], 'they mean nothing in a crossing');
  });

  it('shows a model that seals its thoughts none that another had without a seal', () => {
    const thinking = { type: 'thinking', thinking: 'hm', signature: '' };
    const content = [thinking, { type: 'text', text: 'Hello.' }];
    const hi = { role: 'user', content: 'Hi' };
    const messages = [hi, { role: 'assistant', content }, hi];
    const call = callOf('anthropic-messages', { messages });
    const { json, dropped } = askedAt('anthropic', call, { upstreamModel: 'claude-sonnet-4-5' });
    assert.deepEqual(json.messages[1].content, content.slice(1));
    assert.deepEqual(dropped, ['thinking']);
    assert.equal(askedAt('deepseek', call).body, call.body, 'who seals nothing wants them back');
  });

  it('shows no provider of Responses what another one has encrypted', () => {
    const thought = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gAAA' };
    const input = [{ role: 'user', content: 'Hi' }, thought];
    const call = callOf('openai-responses', { input, messages: undefined });
    const { json, dropped } = askedAt('openai', call, { sealedBy: 'xai' });
    assert.deepEqual([json.input, dropped], [input.slice(0, 1), ['encrypted_content']]);
    for (const sealedBy of ['openai', undefined])
      assert.equal(askedAt('openai', call, sealedBy === undefined ? {} : { sealedBy }).body, call.body);
  });

  it('has turns of the system in the middle only where these are known', () => {
    const messages = [
      { role: 'user', content: 'Hi' },
      { role: 'system', content: 'Be brief.' },
    ];
    const call = callOf('anthropic-messages', { messages });
    assert.equal(askedAt('anthropic', call).body, call.body);
    const { json, dropped } = askedAt('qwen', call);
    assert.deepEqual(
      json.messages.map(({ role }: { role: string }) => role),
      ['user'],
    );
    assert.deepEqual([json.messages[0].content.length, dropped], [2, []]);
    assert.deepEqual(askedAt('openai', call).json.messages, messages);
    const plain = callOf('anthropic-messages', {});
    assert.equal(askedAt('qwen', plain).body, plain.body);
  });

  it('loses the thoughts that another provider has sealed, and only those', () => {
    const thought = { type: 'thinking', thinking: 'hm', signature: 's' };
    const messages = [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: [thought, { type: 'text', text: 'Yes.' }] },
    ];
    const call = callOf('anthropic-messages', { messages });
    assert.equal(askedAt('anthropic', call, { sealedBy: 'anthropic' }).body, call.body);
    assert.equal(askedAt('anthropic', call).body, call.body);
    const { json, dropped } = askedAt('anthropic', call, { sealedBy: 'qwen' });
    assert.deepEqual(json.messages[1].content, [{ type: 'text', text: 'Yes.' }]);
    assert.deepEqual(dropped, ['thought_signature']);
  });

  it('gets back what its provider thought in a turn of tools, which its client could not carry', () => {
    const first = askedAt('anthropic', callOf('openai-chat', { stream: true }));
    const head = { id: 'm', model: 'm', created: 0 };
    const id = 'toolu_0123456789abcdef';
    const frame = dialectOf('anthropic-messages').writeReply(head, [
      { type: 'reasoning', text: 'hm' },
      { type: 'reasoning', text: '', signature: 'seal' },
      { type: 'tool-call', index: 0, id, name: 'look', arguments: '{}' },
      { type: 'finish', reason: 'tool_calls' },
    ]);
    const usage = { ...{ input: 1, cacheRead: 0, cacheWrite: 0, output: 1, reasoning: 0 } };
    const estimatedUsage = () => ({ ...usage, source: 'estimated' as const });
    const answered = { head, usage: undefined, estimatedUsage };
    first.translation?.plain({ frame, events: [] }, answered);
    const tool_calls = [{ id, type: 'function', function: { name: 'look', arguments: '{}' } }];
    const messages = [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: null, tool_calls },
      { role: 'tool', content: 'sunny', tool_call_id: id },
    ];
    const next = askedAt('anthropic', callOf('openai-chat', { messages }));
    assert.deepEqual(next.json.messages[1].content, [
      { type: 'thinking', thinking: 'hm', signature: 'seal' },
      { type: 'tool_use', id, name: 'look', input: {} },
    ]);
    assert.deepEqual(next.dropped, []);
    const other = askedAt(
      { ...(providerOf('anthropic') ?? assert.fail()), id: 'other' },
      callOf('openai-chat', { messages }),
    );
    assert.deepEqual(other.json.messages[1].content.length, 1);
    assert.deepEqual(other.dropped, ['thought_signature']);
  });

  it('is written anew in a dialect that both know, under the name of the model there', () => {
    const call = callOf('anthropic-messages', { system: 'Be brief.', stream: true, top_k: 3 });
    const { dialect, url, json, head, translation } = askedAt('groq', call);
    assert.deepEqual([dialect.id, url], ['openai-chat', 'https://api.groq.com/openai/v1/chat/completions']);
    assert.deepEqual(json, {
      model: 'up',
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Hi' },
      ],
      ...{ stream: true, stream_options: { include_usage: true }, max_tokens: 50 },
    });
    assert.deepEqual([head.model, head.wantsUsage], ['up', true]);
    assert.deepEqual(translation?.dropped, ['top_k']);
  });

  it('has its bound where the provider looks for it', () => {
    const { json } = askedAt('openai', callOf('anthropic-messages', {}));
    assert.equal(json.max_completion_tokens, 50);
    assert.ok(!('max_tokens' in json));
  });

  it('goes by chat where its provider speaks that, then by messages, whatever else it speaks', () => {
    const asked = askedAt('openai', callOf('anthropic-messages', {}));
    assert.deepEqual(
      [asked.dialect.id, asked.url],
      ['openai-chat', 'https://api.openai.com/v1/chat/completions'],
    );
    const base = providerOf('openai') ?? assert.fail();
    const speaking = (call: Call, ...spoken: readonly ChatDialectId[]) => {
      const speaks = Object.fromEntries(spoken.map((id) => [id, `/${id}`]));
      return askedAt({ ...base, speaks }, call).dialect.id;
    };
    const chat = callOf('openai-chat', {});
    assert.equal(speaking(chat, 'openai-responses', 'anthropic-messages'), 'anthropic-messages');
    assert.equal(speaking(chat, 'openai-responses'), 'openai-responses');
    assert.throws(
      () => speaking(chat),
      (error) => error instanceof Failure && error.kind === 'no_access',
    );
  });

  it('goes by the dialect in which its provider serves the model', () => {
    const base = providerOf('bedrock') ?? assert.fail();
    const only = (spoken: ChatDialectId): Provider => ({ ...base, serves: (dialect) => dialect === spoken });
    for (const spoken of ['anthropic-messages', 'openai-chat'] as const)
      for (const asked of ['anthropic-messages', 'openai-chat'] as const) {
        const outgoing = askedAt(only(spoken), callOf(asked, {}));
        assert.equal(outgoing.dialect.id, spoken);
        assert.equal(outgoing.translation === undefined, asked === spoken);
      }
  });

  it('has in Responses its bound under the name of that dialect', () => {
    const base = providerOf('openai') ?? assert.fail();
    const { json } = askedAt(
      { ...base, speaks: { 'openai-responses': '/responses' } },
      callOf('openai-chat', {}),
    );
    assert.deepEqual(json, {
      model: 'up',
      input: [{ type: 'message', role: 'user', content: 'Hi' }],
      ...{ max_output_tokens: 50, store: false },
    });
  });

  it('of a Responses client is written anew, and its answer knows the custom tools', () => {
    const tools = [{ type: 'custom', name: 'patch' }, { type: 'web_search' }];
    const call = callOf('openai-responses', { input: 'Hi', messages: undefined, store: false, tools });
    const { dialect, json, translation } = askedAt('deepseek', call);
    assert.equal(dialect.id, 'openai-chat');
    assert.deepEqual(Object.keys(json).toSorted(), ['messages', 'model', 'tools']);
    assert.deepEqual(translation?.dropped, ['web_search', 'max_tokens']);
    const reply = { head: { id: 'i', model: 'm', created: 1 }, usage: undefined };
    const estimatedUsage = () => ({
      ...{ input: 1, cacheRead: 0, cacheWrite: 0, output: 1, reasoning: 0 },
      source: 'estimated' as const,
    });
    const frame = dialectOf('openai-chat').writeReply(reply.head, [
      { type: 'tool-call', index: 0, id: 'c', name: 'patch', arguments: '{"input":"x"}' },
      { type: 'finish', reason: 'tool_calls' },
    ]);
    const plain = translation?.plain({ frame, events: [] }, { ...reply, estimatedUsage });
    assert.partialDeepStrictEqual(JSON.parse(String(plain)).output, [
      { type: 'custom_tool_call', input: 'x' },
    ]);
  });

  it('crosses where a provider that speaks its dialect is asked at an address that is not its own', () => {
    const call = callOf('anthropic-messages', {});
    assert.equal(askedAt('qwen', call).translation, undefined);
    const custom = askedAt('qwen', call, { baseUrl: 'https://proxy.example.com/compatible-mode/v1' });
    assert.equal(custom.url, 'https://proxy.example.com/compatible-mode/v1/chat/completions');
    assert.ok(custom.translation);
  });

  it('is refused where it has no meaning that could be written anew', () => {
    const call = callOf('anthropic-messages', { messages: [{ role: 'wizard', content: 'Hi' }] });
    assert.equal(askedAt('anthropic', call).body, call.body);
    assert.throws(
      () => askedAt('openai', call),
      (error) => error instanceof Failure && error.kind === 'invalid_request',
    );
  });
});
