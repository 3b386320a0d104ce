import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Channel, Model } from '../domain/channel.ts';
import type { ModelFacts, Price } from '../domain/model-facts.ts';
import { factsOf, SOURCE } from '../testing/model-facts.ts';
import { modelEntry } from './model-entry.ts';
import { offered } from './offered-model.ts';

const price = (input: string, rest: Partial<Price> = {}): Price => ({
  ...{ currency: 'USD', tiers: [{ input, output: input }], source: SOURCE },
  ...rest,
});
const channel = (id: string, tier: number, known?: ModelFacts): Channel => ({
  ...{ id, account: { id, provider: id, baseUrl: '', secrets: [] }, upstreamModel: 'm', limits: {} },
  ...{ tier, weight: 1 },
  ...(known && { facts: known }),
});
const of = (...channels: Channel[]) => {
  const model: Model = { name: 'mine', channels, strategy: 'weighted', fallbacks: [], affinity: true };
  return offered(model, 0);
};

describe('an offered model', () => {
  it('has the least of what its channels take, and only what all of them can', () => {
    const big = factsOf({ context: 100, maxOutput: 10, abilities: ['tools', 'thinking'] });
    const small = factsOf({ context: 50, abilities: ['tools'] });
    const model = of(channel('a', 0, big), channel('b', 1, small));
    assert.equal(model.context, 50);
    assert.equal(model.maxOutput, 10);
    assert.deepEqual(model.abilities, ['tools']);
    assert.deepEqual(model.providers, ['a', 'b']);
    assert.deepEqual(of(channel('a', 0, big), channel('b', 0)).abilities, [], 'nobody knows what b can do');
  });

  it('costs what it costs where it is tried first, in dollars', () => {
    const dear = factsOf({ prices: [price('9')] });
    const cheap = factsOf({ prices: [price('1')] });
    const foreign = factsOf({ prices: [price('10', { currency: 'CNY' })] });
    assert.equal(of(channel('a', 1, cheap), channel('b', 0, dear)).price?.tiers[0]?.input, '9');
    assert.equal(of(channel('a', 0), channel('b', 1, cheap)).price?.tiers[0]?.input, '1');
    assert.equal(of(channel('a', 0, foreign)).price?.tiers[0]?.input, '1.436');
    assert.equal(of(channel('a', 0, factsOf({}))).price, undefined);
  });

  it('is deprecated when it is so everywhere', () => {
    const old = factsOf({ deprecated: true });
    assert.equal(of(channel('a', 0, old)).deprecated, true);
    assert.equal(of(channel('a', 0, old), channel('b', 0, factsOf({}))).deprecated, false);
    assert.equal(of(channel('a', 0)).deprecated, false);
  });
});

describe('its entry in a list', () => {
  it('says that what is unknown is unknown, and what is free is free', () => {
    const unknown = modelEntry(of(channel('a', 0)));
    assert.deepEqual(unknown.pricing, { prompt: '-1', completion: '-1' });
    assert.equal(unknown.context_length, null);
    const free = modelEntry(of(channel('a', 0, factsOf({ prices: [price('0')] }))));
    assert.deepEqual(free.pricing, { prompt: '0', completion: '0' });
  });

  it('has the dearer tiers, unknown ones as unknown', () => {
    const tiers = [
      { input: '1', output: '2', cacheRead: '0.1' },
      { above: 32_000 },
      { above: 64_000, input: '3' },
    ];
    const { pricing } = modelEntry(of(channel('a', 0, factsOf({ prices: [price('1', { tiers })] }))));
    assert.deepEqual(pricing, {
      prompt: '0.000001',
      completion: '0.000002',
      input_cache_read: '0.0000001',
      overrides: [
        { min_prompt_tokens: 32_001, prompt: '-1', completion: '-1' },
        { min_prompt_tokens: 64_001, prompt: '0.000003' },
      ],
    });
  });

  it('tells by the kind what comes out of it', () => {
    const embedding = modelEntry(
      of(channel('a', 0, factsOf({ kind: 'embedding', input: ['text', 'image'] }))),
    );
    assert.equal(embedding.architecture.modality, 'text+image->embeddings');
    assert.deepEqual(embedding.supported_parameters, []);
    const able = factsOf({ abilities: ['tools', 'json-object', 'json-schema'] });
    assert.deepEqual(modelEntry(of(channel('a', 0, able))).supported_parameters, [
      'max_tokens',
      'tools',
      'tool_choice',
      'response_format',
      'structured_outputs',
    ]);
  });
});
