import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { providerOf, providers } from './index.ts';
import { providerSuite } from './provider.suite.ts';

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

  it('have their usual addresses', () => {
    assert.equal(providerOf('qwen')?.baseUrl(), 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1');
    assert.equal(providerOf('qwen')?.baseUrl('beijing'), 'https://dashscope.aliyuncs.com/compatible-mode/v1');
    assert.equal(providerOf('moonshot')?.baseUrl('international'), 'https://api.moonshot.ai/v1');
    assert.equal(providerOf('openai-compatible')?.baseUrl(), undefined);
  });
});
