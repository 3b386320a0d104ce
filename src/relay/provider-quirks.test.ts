/** What each provider gets of a body that holds all that OpenAI's clients say. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Channel } from '../domain/channel.ts';
import { providerOf, providers } from '../providers/index.ts';
import { dressed, rulesFor } from './body-rules.ts';

const FULL = {
  model: 'm',
  messages: [
    { role: 'developer', content: 'Be brief.' },
    { role: 'user', name: 'ann', content: 'developer "user"' },
    {
      role: 'assistant',
      content: null,
      reasoning_content: 'hm',
      tool_calls: [{ id: 'call_abc', type: 'function', function: { name: 'f', arguments: '{}' } }],
    },
    { role: 'tool', tool_call_id: 'call_abc', content: '1' },
  ],
  stream: true,
  stream_options: { include_usage: true },
  max_completion_tokens: 10,
  temperature: 0.5,
  top_p: 0.9,
  n: 1,
  stop: ['x'],
  presence_penalty: 0.1,
  frequency_penalty: 0.1,
  logit_bias: {},
  logprobs: true,
  top_logprobs: 2,
  seed: 7,
  user: 'u',
  store: false,
  reasoning_effort: 'low',
  response_format: { type: 'json_object' },
};

function askedOf(id: string, upstreamModel: string, given: object = FULL) {
  const provider = providerOf(id) ?? assert.fail(id);
  const account = { id: 'a', provider: id, baseUrl: '', secrets: [] };
  const channel: Channel = { id: 'a/m', account, upstreamModel, limits: {}, tier: 0, weight: 1 };
  const { body, dropped } = dressed(
    Buffer.from(JSON.stringify(given)),
    rulesFor(provider, channel, 'openai-chat'),
  );
  return { json: JSON.parse(Buffer.from(body).toString()), dropped: dropped.toSorted() };
}

const without = (...names: string[]): string[] => Object.keys(FULL).filter((name) => !names.includes(name));

describe('a full body', () => {
  it('reaches Groq without what it refuses', () => {
    const { json, dropped } = askedOf('groq', 'openai/gpt-oss-120b');
    assert.deepEqual(dropped, ['logit_bias', 'logprobs', 'messages[].name', 'top_logprobs']);
    assert.deepEqual(Object.keys(json), without('logit_bias', 'logprobs', 'top_logprobs'));
    assert.deepEqual(json.messages[1], { role: 'user', content: 'developer "user"' });
    assert.equal(json.messages[0].role, 'developer');
  });

  it('reaches Mistral in its own names, with ids that it takes, and for the system', () => {
    const { json, dropped } = askedOf('mistral', 'mistral-large-latest');
    assert.deepEqual(dropped, [
      ...['logit_bias', 'logprobs', 'messages[].name', 'messages[].reasoning_content'],
      ...['store', 'top_logprobs', 'user'],
    ]);
    assert.deepEqual([json.max_tokens, json.random_seed, json.stream_options], [10, 7, undefined]);
    assert.equal(json.messages[0].role, 'system');
    const [, , { tool_calls: calls }, result] = json.messages;
    assert.match(calls[0].id, /^[a-zA-Z0-9]{9}$/);
    assert.equal(result.tool_call_id, calls[0].id);
    assert.deepEqual(json.messages[1].content, 'developer "user"');
  });

  it('reaches Kimi without the numbers that it has fixed, and an older model of Moonshot with them', () => {
    const { json, dropped } = askedOf('moonshot', 'kimi-k2.6');
    assert.deepEqual(dropped, [
      'frequency_penalty',
      'n',
      'presence_penalty',
      'store',
      'temperature',
      'top_p',
    ]);
    assert.equal(json.max_tokens, 10);
    assert.deepEqual(askedOf('moonshot', 'moonshot-v1-8k').dropped, ['store']);
  });

  it('reaches a reasoning Grok without what it refuses, and another with it', () => {
    assert.deepEqual(askedOf('xai', 'grok-4-fast-reasoning').dropped, [
      ...['frequency_penalty', 'presence_penalty', 'reasoning_effort', 'stop'],
    ]);
    assert.deepEqual(askedOf('xai', 'grok-4.5').dropped, ['frequency_penalty', 'presence_penalty', 'stop']);
    assert.deepEqual(askedOf('xai', 'grok-4-fast-non-reasoning').dropped, ['reasoning_effort']);
    assert.deepEqual(askedOf('xai', 'grok-3').dropped, []);
  });

  it('reaches Qwen and DeepSeek with the role that they know, and with all else', () => {
    for (const id of ['qwen', 'deepseek']) {
      const { json, dropped } = askedOf(id, 'm');
      assert.deepEqual(dropped, []);
      assert.deepEqual(Object.keys(json), Object.keys(FULL));
      assert.equal(json.messages[0].role, 'system');
      assert.deepEqual(json.messages.slice(1), FULL.messages.slice(1));
    }
  });

  it('reaches OpenAI’s reasoning models with the bound where they look for it, and older ones as it was', () => {
    const old = { model: 'm', max_tokens: 5, messages: [] };
    for (const id of ['openai', 'azure']) {
      assert.deepEqual(askedOf(id, 'gpt-5-mini', old).json, {
        ...{ model: 'm', max_completion_tokens: 5, messages: [] },
      });
      assert.equal(askedOf(id, 'o3', old).json.max_completion_tokens, 5);
      assert.deepEqual(askedOf(id, 'gpt-4o', old).json, old);
      assert.deepEqual(askedOf(id, 'gpt-5', FULL), { json: FULL, dropped: [] });
    }
  });

  it('reaches the servers of one’s own, and whoever refuses nothing, as the bytes that came', () => {
    const body = Buffer.from(JSON.stringify(FULL));
    for (const id of [
      'ollama',
      'vllm',
      'lm-studio',
      'openai-compatible',
      'openrouter',
      'simulator',
      'zhipu',
    ]) {
      const provider = providers.find((each) => each.id === id) ?? assert.fail(id);
      const account = { id: 'a', provider: id, baseUrl: '', secrets: [] };
      const channel: Channel = { id: 'a/m', account, upstreamModel: 'm', limits: {}, tier: 0, weight: 1 };
      assert.equal(dressed(body, rulesFor(provider, channel, 'openai-chat')).body, body, id);
    }
  });
});
