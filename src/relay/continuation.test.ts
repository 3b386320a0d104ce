import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dialectOf } from '../dialects/index.ts';
import type { ChatDialectId } from '../domain/call.ts';
import { providerOf } from '../providers/index.ts';
import { continued } from './continuation.ts';
import type { Outgoing } from './outgoing.ts';

const SO_FAR = { text: 'Once upon', tokens: 2.4 };

function going(
  provider: string,
  request: Readonly<Record<string, unknown>>,
  at: { baseUrl?: string; dialect?: ChatDialectId } = {},
) {
  const found = providerOf(provider) ?? assert.fail(provider);
  const baseUrl = at.baseUrl ?? found.baseUrl() ?? 'http://x.test/v1';
  const dialect = dialectOf(at.dialect ?? 'openai-chat');
  const body = Buffer.from(
    JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'Hi' }], ...request }),
  );
  const outgoing: Outgoing = {
    ...{ dialect, url: `${baseUrl}/usual`, head: dialect.readHead(body), body },
    ...{ headers: {}, dropped: [] },
  };
  const result = continued(outgoing, SO_FAR, { provider: found, baseUrl });
  return result && { url: result.url, body: JSON.parse(Buffer.from(result.body).toString()) };
}

test('the beginning is the last message, marked as the provider wants it, and nothing else changes', () => {
  const asked = going('qwen', { temperature: 0.5, stream: true, unknown_field: { a: 1 } });
  assert.deepEqual(asked?.body, {
    model: 'm',
    messages: [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Once upon', partial: true },
    ],
    temperature: 0.5,
    stream: true,
    unknown_field: { a: 1 },
  });
  assert.match(asked?.url ?? '', /\/usual$/);
});

test('DeepSeek is asked below another path, and only where that exists', () => {
  const asked = going('deepseek', {});
  assert.equal(asked?.url, 'https://api.deepseek.com/beta/chat/completions');
  assert.equal(asked?.body.messages[1].prefix, true);
  assert.equal(going('deepseek', {}, { baseUrl: 'https://elsewhere.test/v1' }), undefined);
});

test('Anthropic knows a beginning by its place alone', () => {
  const asked = going('anthropic', { max_tokens: 100 }, { dialect: 'anthropic-messages' });
  assert.deepEqual(asked?.body.messages[1], { role: 'assistant', content: 'Once upon' });
  assert.equal(asked?.body.max_tokens, 98);
});

test('a bound is lessened by what was said, and never below one', () => {
  assert.equal(going('qwen', { max_tokens: 10 })?.body.max_tokens, 8);
  assert.equal(going('qwen', { max_completion_tokens: 10 })?.body.max_completion_tokens, 8);
  assert.equal(going('qwen', { max_tokens: 1 })?.body.max_tokens, 1);
  assert.equal('max_tokens' in (going('qwen', {})?.body ?? {}), false);
});

test('only plain text is continued, and only by who can', () => {
  for (const more of [
    { tools: [] },
    { functions: [] },
    { n: 2 },
    { response_format: { type: 'json_object' } },
    { enable_thinking: true },
    { thinking: { type: 'enabled' } },
    { modalities: ['audio'] },
    { logprobs: true },
  ])
    assert.equal(going('qwen', more), undefined, JSON.stringify(more));
  assert.notEqual(going('qwen', { response_format: { type: 'text' }, n: 1 }), undefined);
  assert.equal(going('openai', {}), undefined);
  assert.equal(going('qwen', { max_tokens: 5 }, { dialect: 'anthropic-messages' }), undefined);
});
