import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Departure } from '../base/departure.ts';
import { dialectOf } from '../dialects/index.ts';
import type { Call, ChatDialectId } from '../domain/call.ts';
import type { Channel } from '../domain/channel.ts';
import { Failure } from '../domain/failure.ts';
import { providerOf } from '../providers/index.ts';
import type { Provider } from '../providers/provider.ts';
import { outgoingOf } from './outgoing.ts';

function callOf(dialect: ChatDialectId, fields: object): Call {
  const messages = [{ role: 'user', content: 'Hi' }];
  const body = Buffer.from(JSON.stringify({ model: 'asked', max_tokens: 50, messages, ...fields }));
  return {
    ...{ id: 'req_1', dialect, body, headers: {}, arrivedAtMs: 0, departure: new Departure() },
    head: dialectOf(dialect).readHead(body),
    key: { id: 'k', limits: {}, onLimit: 'queue', priority: 'normal', weight: 1, fallback: true },
    options: { onLimit: 'queue', priority: 'normal', fallback: true },
  };
}

function askedAt(named: string | Provider, call: Call, baseUrl?: string) {
  const provider = typeof named === 'string' ? (providerOf(named) ?? assert.fail(named)) : named;
  const account = {
    id: 'a',
    provider: provider.id,
    baseUrl: baseUrl ?? provider.baseUrl() ?? '',
    secrets: [],
  };
  const channel: Channel = { id: 'a/up', account, upstreamModel: 'up', limits: {}, tier: 0, weight: 1 };
  const outgoing = outgoingOf(call, provider, channel);
  return { ...outgoing, json: JSON.parse(Buffer.from(outgoing.body).toString()) };
}

describe('a call on its way out', () => {
  it('keeps its own bytes where the provider speaks its dialect', () => {
    for (const [dialect, url] of [
      ['openai-chat', 'https://api.anthropic.com/v1/chat/completions'],
      ['anthropic-messages', 'https://api.anthropic.com/v1/messages'],
    ] as const) {
      const call = callOf(dialect, { stream: true });
      const outgoing = askedAt('anthropic', call);
      assert.equal(outgoing.body, call.body);
      assert.equal(outgoing.head, call.head);
      assert.deepEqual([outgoing.dialect.id, outgoing.url], [dialect, url]);
      assert.equal(outgoing.translation, undefined);
    }
  });

  it('is written anew in a dialect that both know, under the name of the model there', () => {
    const call = callOf('anthropic-messages', { system: 'Be brief.', stream: true, top_k: 3 });
    const { dialect, url, json, head, translation } = askedAt('moonshot', call);
    assert.deepEqual([dialect.id, url], ['openai-chat', 'https://api.moonshot.cn/v1/chat/completions']);
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
    assert.deepEqual(translation?.dropped, ['web_search', 'max_tokens', 'store']);
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
    const custom = askedAt('qwen', call, 'https://proxy.example.com/compatible-mode/v1');
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
