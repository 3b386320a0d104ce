import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Departure } from '../base/departure.ts';
import { dialectOf } from '../dialects/index.ts';
import type { Call, DialectId } from '../domain/call.ts';
import type { Channel } from '../domain/channel.ts';
import { Failure } from '../domain/failure.ts';
import { providerOf } from '../providers/index.ts';
import { outgoingOf } from './outgoing.ts';

function callOf(dialect: DialectId, fields: object): Call {
  const messages = [{ role: 'user', content: 'Hi' }];
  const body = Buffer.from(JSON.stringify({ model: 'asked', max_tokens: 50, messages, ...fields }));
  return {
    ...{ id: 'req_1', dialect, body, headers: {}, arrivedAtMs: 0, departure: new Departure() },
    head: dialectOf(dialect).readHead(body),
    key: { id: 'k', limits: {}, onLimit: 'queue', priority: 'normal', weight: 1, fallback: true },
    options: { onLimit: 'queue', priority: 'normal', fallback: true },
  };
}

function askedAt(providerId: string, call: Call, baseUrl?: string) {
  const provider = providerOf(providerId) ?? assert.fail(providerId);
  const account = {
    id: 'a',
    provider: providerId,
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
