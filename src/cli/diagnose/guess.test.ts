import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { providers } from '../../providers/index.ts';
import { guessProviders } from './guess.ts';

const sure = (text: string, body = '', headers = {}): string[] =>
  guessProviders(text, body, headers).flatMap((guess) => (guess.sure ? [guess.provider] : []));

describe('whose refusal it is', () => {
  it('is told by the address of every provider that has one', () => {
    for (const provider of providers) {
      const url = provider.baseUrl();
      if (url === undefined || provider.id === 'simulator') continue;
      for (const region of [undefined, ...provider.regions])
        assert.deepEqual([...new Set(sure(`POST ${provider.baseUrl(region)}/x`))], [provider.id]);
    }
    assert.deepEqual(sure('> Host: mine.openai.azure.com'), ['openai-compatible']);
  });

  it('is told by a header, an envelope or a code of its own', () => {
    assert.deepEqual(sure('', '', { 'anthropic-ratelimit-tokens-reset': 'x' }), ['anthropic']);
    assert.deepEqual(sure('', '', { 'x-dashscope-timeout': '180' }), ['qwen']);
    assert.deepEqual(sure('', '{"type":"error","error":{"type":"overloaded_error"}}'), ['anthropic']);
    assert.deepEqual(sure('', '{"error":{"code":"limit_burst_rate"}}'), ['qwen']);
    assert.deepEqual(sure('', '{"error":{"code":"1302"}}'), ['zhipu']);
    assert.deepEqual(sure('', '{"error":{"type":"exceeded_current_quota_error"}}'), ['moonshot']);
    assert.deepEqual(sure('', '{"error":{"details":[{"@type":"type.googleapis.com/x"}]}}'), ['gemini']);
  });

  it('is only likely by the name of a model, and unknown without any sign', () => {
    assert.deepEqual(guessProviders('model=qwen3-max', '{}', {}), [
      { provider: 'qwen', sure: false, why: 'a Qwen model' },
    ]);
    assert.deepEqual(guessProviders('Error code: 429', '{"error":{"code":"insufficient_quota"}}', {}), []);
  });
});
