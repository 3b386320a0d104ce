/** The script that compares the catalogue with public lists, and brings it up to date from them. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { differences, priceText, updated } from '../scripts/catalog/compare.ts';
import {
  decimal,
  genaiPrices,
  type ImportedList,
  litellm,
  modelsDev,
  openrouterModels,
} from '../scripts/catalog/imported.ts';
import { printFile } from '../scripts/catalog/print-file.ts';
import { reportOf } from '../scripts/refresh-catalog.ts';
import { type CatalogueInput, parseFile } from '../src/catalog/schema.ts';
import { readShipped, shippedProviders } from '../src/catalog/shipped.ts';

const FILE: CatalogueInput = {
  provider: 'openrouter',
  sources: {
    list: { url: 'https://openrouter.ai/api/v1/models', date: '2026-01-01', importer: 'openrouter' },
    page: { url: 'https://example.com', date: '2026-01-01' },
  },
  leftOut: '^old/',
  models: [
    { id: 'a/same', source: 'list', prices: [{ tiers: [{ input: '1', output: '2' }], source: 'list' }] },
    { id: 'a/dearer', source: 'list', prices: [{ tiers: [{ input: '1', output: '2' }], source: 'list' }] },
    { id: 'a/by-hand', source: 'page', prices: [{ tiers: [{ input: '1', output: '2' }], source: 'page' }] },
    { id: 'a/gone', source: 'list', prices: [{ tiers: [{ input: '1' }], source: 'list' }] },
    { id: 'a/unpriced', source: 'page' },
  ],
};

const entry = (id: string, prompt: string, completion: string, more: object = {}) => ({
  ...{ id, context_length: 1_000, top_provider: { max_completion_tokens: 500 } },
  pricing: { prompt, completion, ...more },
});
const LIST = {
  data: [
    entry('a/same', '0.000001', '0.000002', { input_cache_read: '0' }),
    entry('a/dearer', '0.0000015', '0.000003', {
      overrides: [{ min_prompt_tokens: 32_001, prompt: '0.000003' }],
    }),
    entry('a/by-hand', '0.000009', '0.000009'),
    entry('a/unpriced', '0.000009', '0.000009'),
    entry('a/new', '0.000004', '0.000005'),
    entry('a/router', '-1', '-1'),
    entry('old/one', '0.000004', '0.000005'),
  ],
};

const [list] = openrouterModels(LIST) as [ImportedList];

describe('a comparison', () => {
  it('tells what is new, gone, dearer, and whose numbers they are', () => {
    assert.deepEqual(
      differences(FILE, list).map(({ id, what, theirs, applies }) => [id, what, theirs, applies]),
      [
        ['a/dearer', 'price', '1.5/3, >32000: 3/3', true],
        ['a/by-hand', 'price', '9/9', false],
        ['a/gone', 'gone', '', false],
        ['a/new', 'added', '4/5', false],
      ],
    );
    assert.match(reportOf(list, differences(FILE, list)), /openrouter by openrouter: 4\n {2}price /);
  });

  it('brings up to date what came from the list, and nothing else', () => {
    const { file, changed } = updated(FILE, list, '2026-11-26');
    assert.equal(changed, 1);
    assert.deepEqual(file.models[1]?.prices, [
      {
        tiers: [
          { input: '1.5', output: '3' },
          { above: 32_000, input: '3', output: '3' },
        ],
        source: 'list',
      },
    ]);
    assert.deepEqual(
      file.models.filter((_, i) => i !== 1),
      FILE.models.filter((_, i) => i !== 1),
    );
    assert.equal(file.sources['list']?.date, '2026-11-26');
    assert.equal(file.sources['page']?.date, '2026-01-01');
    assert.equal(updated(file, list, '2027-01-01').file, file, 'and then agrees');
  });
});

describe('a public list', () => {
  it('of models.dev is read with its tiers, and what costs nothing as unpriced', () => {
    const lists = modelsDev({
      alibaba: {
        models: {
          'qwen3-max': {
            id: 'qwen3-max',
            cost: {
              ...{ input: 1.2, output: 6, cache_read: 0.24, cache_write: 0 },
              tiers: [{ tier: { type: 'context', size: 32_000 }, input: 2.4, output: 12 }],
            },
            limit: { context: 262_144, output: 65_536 },
          },
          free: { id: 'free', cost: { input: 0, output: 0 } },
        },
      },
    });
    assert.equal(lists[0]?.provider, 'qwen');
    assert.equal(lists[0]?.region, 'singapore');
    const [max, free] = lists[0]?.models ?? [];
    assert.equal(priceText(max?.prices ?? []), '1.2/6 cacheRead 0.24, >32000: 2.4/12');
    assert.equal(max?.context, 262_144);
    assert.deepEqual(free?.prices, []);
  });

  it("of LiteLLM's is read by provider, without its prefix", () => {
    const lists = litellm({
      sample_spec: { litellm_provider: 'one of https://docs' },
      'dashscope/qwen-turbo': {
        ...{ litellm_provider: 'dashscope', max_input_tokens: 129_024, max_output_tokens: 16_384 },
        ...{ input_cost_per_token: 5e-8, output_cost_per_token: 2e-7 },
      },
    });
    assert.deepEqual(
      lists.map(({ provider, models }) => [provider, models[0]?.id, priceText(models[0]?.prices ?? [])]),
      [['qwen', 'qwen-turbo', '0.05/0.2']],
    );
  });

  it('that is no such list is an empty one', () => {
    for (const junk of [null, 7, [], { data: 'x' }, { openai: { models: 3 } }]) {
      assert.deepEqual(openrouterModels(junk)[0]?.models, []);
      assert.deepEqual(
        modelsDev(junk).flatMap(({ models }) => models),
        [],
      );
      assert.deepEqual(litellm(junk), []);
    }
  });

  it('has its numbers without the noise of binary fractions', () => {
    assert.equal(decimal(0.1 + 0.2), '0.3');
    assert.equal(decimal(1e-7), '0.0000001');
    assert.equal(decimal(3), '3');
  });
});

describe('the shipped catalogue', () => {
  it('is written as the script writes it', () => {
    for (const provider of shippedProviders()) {
      const text = readShipped(provider) ?? '';
      assert.equal(printFile(JSON.parse(text) as CatalogueInput), text, provider);
      assert.equal(parseFile(text, provider).provider, provider);
    }
  });

  it('agrees with the installed price package wherever its numbers came from there', async () => {
    for (const each of await genaiPrices()) {
      const file = JSON.parse(readShipped(each.provider) ?? '{}') as CatalogueInput;
      const open = differences(file, each).filter(({ what, applies }) => applies || what !== 'price');
      assert.deepEqual(open, [], each.provider);
    }
  });
});
