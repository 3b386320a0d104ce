import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { providerOf, providers } from './index.ts';
import { providerSuite } from './provider.suite.ts';
import { addressOf } from './provider.ts';

for (const provider of providers) providerSuite(provider);

describe('providers', () => {
  it('are found by their id, and only so', () => {
    for (const provider of providers) assert.equal(providerOf(provider.id), provider);
    assert.equal(new Set(providers.map(({ id }) => id)).size, providers.length);
    assert.equal(providerOf('nobody'), undefined);
    assert.equal(providerOf('constructor'), undefined);
  });

  it('are asked for plain answers as they are, but for Model Studio and what stands in its place', () => {
    const streaming = providers.filter(({ streamsPlain }) => streamsPlain).map(({ id }) => id);
    assert.deepEqual(streaming.toSorted(), ['qwen', 'simulator']);
  });

  it('speak messages where they do, and only at an address of their own', () => {
    const speaking = providers.filter(({ speaks }) => 'anthropic-messages' in speaks).map(({ id }) => id);
    assert.deepEqual(speaking.toSorted(), ['anthropic', 'qwen', 'simulator']);
    const addressAt = (id: string, baseUrl?: string): string | undefined => {
      const provider = providerOf(id) ?? assert.fail(id);
      return addressOf(provider, 'anthropic-messages', baseUrl ?? provider.baseUrl() ?? '');
    };
    assert.equal(addressAt('anthropic'), 'https://api.anthropic.com/v1/messages');
    assert.equal(addressAt('qwen'), 'https://dashscope-intl.aliyuncs.com/apps/anthropic/v1/messages');
    const workspace = 'https://ws-1.ap-southeast-1.maas.aliyuncs.com';
    assert.equal(
      addressAt('qwen', `${workspace}/compatible-mode/v1`),
      `${workspace}/apps/anthropic/v1/messages`,
    );
    for (const custom of [
      'http://127.0.0.1:4100/compatible-mode/v1',
      'https://proxy.example.com/compatible-mode/v1',
      'https://evil.example/.aliyuncs.com/compatible-mode/v1',
      'https://coding.dashscope.aliyuncs.com/v1',
    ])
      assert.equal(addressAt('qwen', custom), undefined, custom);
    assert.equal(addressAt('openai'), undefined);
  });

  it("ask for Anthropic's own dialect with its own headers", () => {
    const anthropic = providerOf('anthropic') ?? assert.fail();
    const headers: Record<string, string> = {};
    anthropic.authorize(headers, 's', 'anthropic-messages');
    assert.deepEqual(headers, { 'x-api-key': 's', 'anthropic-version': '2023-06-01' });
    const told: Record<string, string> = { 'anthropic-version': '2026-10-21' };
    anthropic.authorize(told, 's', 'anthropic-messages');
    assert.equal(told['anthropic-version'], '2026-10-21');
    assert.deepEqual(anthropic.forwardHeaders, ['anthropic-version']);
    assert.deepEqual(Object.keys(anthropic.speaks), ['anthropic-messages'], 'and in no other');
  });

  it('have their usual addresses', () => {
    assert.equal(providerOf('qwen')?.baseUrl(), 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1');
    assert.equal(providerOf('qwen')?.baseUrl('beijing'), 'https://dashscope.aliyuncs.com/compatible-mode/v1');
    assert.equal(providerOf('moonshot')?.baseUrl('international'), 'https://api.moonshot.ai/v1');
    assert.equal(providerOf('openai-compatible')?.baseUrl(), undefined);
  });
});
