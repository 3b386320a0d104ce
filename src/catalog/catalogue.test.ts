import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { costOf } from '../domain/cost.ts';
import { priceOf } from '../domain/model-facts.ts';
import { createCatalogue } from './catalogue.ts';
import { parseFile } from './schema.ts';
import { readShipped, shippedProviders } from './shipped.ts';

const file = (rest: object, models: readonly object[]): string =>
  JSON.stringify({
    provider: 'p',
    sources: { page: { url: 'https://example.com/prices', date: '2026-11-01' } },
    ...rest,
    models: models.map((model) => ({ source: 'page', ...model })),
  });
const of = (files: Readonly<Record<string, string>>) =>
  createCatalogue((provider) => (Object.hasOwn(files, provider) ? files[provider] : undefined));

describe('a look-up', () => {
  const catalogue = of({
    p: file({ dated: '-\\d{4}-\\d{2}-\\d{2}$' }, [
      { id: 'Model-5', aliases: ['model-latest'], prices: [{ tiers: [{ input: '1' }], source: 'page' }] },
      { id: 'model-5-2025-01-01', prices: [{ tiers: [{ input: '9' }], source: 'page' }] },
    ]),
    relay: file({ provider: 'relay', makers: { maker: 'p' } }, [{ id: 'maker/model-5', context: 7 }]),
    plain: file({ provider: 'plain' }, [{ id: 'a' }]),
  });
  const idOf = (provider: string, model: string): string | undefined =>
    catalogue.factsOf(provider, model)?.id;

  it('finds an id in any case, an alias, and an id behind its date', () => {
    assert.equal(idOf('p', 'model-5'), 'Model-5');
    assert.equal(idOf('p', 'MODEL-LATEST'), 'Model-5');
    assert.equal(idOf('p', 'model-5-2025-08-07'), 'Model-5');
    assert.equal(idOf('p', 'model-5-2025-01-01'), 'model-5-2025-01-01');
  });

  it('finds nothing of what is not there, and dates only where the file says how they look', () => {
    for (const [provider, model] of [
      ['p', 'model-6'],
      ['p', '__proto__'],
      ['plain', 'a-2025-08-07'],
      ['nobody', 'model-5'],
    ] as const)
      assert.equal(idOf(provider, model), undefined, `${provider} ${model}`);
  });

  it("takes another maker's facts from its file, and never its prices", () => {
    assert.equal(catalogue.factsOf('relay', 'maker/model-5')?.context, 7);
    const borrowed = catalogue.factsOf('relay', 'maker/Model-5-2025-01-01');
    assert.equal(borrowed?.provider, 'relay');
    assert.equal(borrowed?.id, 'maker/Model-5-2025-01-01');
    assert.deepEqual(borrowed?.prices, []);
    assert.equal(idOf('relay', 'stranger/model-5'), undefined);
  });

  it('is total, whatever the names', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('p', 'relay', 'plain', '../p', 'constructor'),
        fc.oneof(fc.string(), fc.constantFrom('constructor/x', '__proto__/model-5', '/')),
        (provider, model) => {
          const facts = catalogue.factsOf(provider, model);
          assert.ok(facts === undefined || typeof facts.id === 'string');
        },
      ),
    );
  });

  it('reads a file once, and not before it is asked for', () => {
    let reads = 0;
    const counted = createCatalogue(() => {
      reads++;
      return undefined;
    });
    assert.equal(reads, 0);
    counted.factsOf('p', 'a');
    counted.factsOf('p', 'b');
    assert.equal(reads, 1);
  });

  it('of the simulator is that of the provider it stands for', () => {
    const both = of({ qwen: file({ provider: 'qwen' }, [{ id: 'qwen3-max', context: 262_144 }]) });
    assert.equal(both.factsOf('simulator', 'qwen3-max')?.context, 262_144);
  });
});

describe('a file', () => {
  it('that is wrong is refused with its place', () => {
    const wrong = (model: object): string => file({}, [{ id: 'a', ...model }]);
    assert.throws(() => parseFile(wrong({ prices: [{ tiers: [{ input: 1 }], source: 'page' }] }), 'p'), {
      message: /catalog\/p\.json: models\.0\.prices\.0\.tiers\.0\.input/,
    });
    assert.throws(() => parseFile(wrong({ contxt: 5 }), 'p'), /contxt/);
    assert.throws(() => parseFile(wrong({ source: 'elsewhere' }), 'p'), /no source 'elsewhere'/);
  });
});

describe('the shipped catalogue', () => {
  const shipped = createCatalogue(readShipped);
  const all = shippedProviders().flatMap((provider) => shipped.modelsOf(provider));

  it('knows at least three hundred models, each with a source and a day', () => {
    assert.ok(all.length >= 300, String(all.length));
    for (const { provider, id, source, prices } of all)
      for (const each of [source, ...prices.map((price) => price.source)]) {
        assert.match(each.url, /^https:\/\//, `${provider} ${id}`);
        assert.match(each.date, /^202\d-\d{2}-\d{2}$/, `${provider} ${id}`);
      }
  });

  it('names each model once, and no alias twice', () => {
    for (const provider of shippedProviders()) {
      const { models, provider: name } = parseFile(readShipped(provider) ?? '', provider);
      assert.equal(name, provider);
      const names = models.flatMap(({ id, aliases }) => [id, ...aliases]).map((id) => id.toLowerCase());
      assert.deepEqual(
        names.filter((id, i) => names.indexOf(id) < i),
        [],
        provider,
      );
    }
  });

  it('has tiers that ascend, and asks for money wherever it names a price but of what is free', () => {
    for (const { provider, id, prices } of all)
      for (const { tiers } of prices) {
        const bounds = tiers.map(({ above }) => above ?? 0);
        assert.deepEqual(
          bounds,
          bounds.toSorted((a, b) => a - b),
          `${provider} ${id}`,
        );
        assert.equal(new Set(bounds).size, bounds.length, `${provider} ${id}`);
        const isFree = /:free$|^openrouter\/free$|moderation/.test(id);
        if (!isFree) assert.notEqual(Number(tiers[0]?.input), 0, `${provider} ${id}`);
      }
  });

  it('has the numbers of the founding case', () => {
    const facts = shipped.factsOf('qwen', 'qwen3-max');
    assert.ok(facts !== undefined);
    assert.equal(facts.context, 262_144);
    assert.equal(facts.maxInput, 258_048);
    const cost = (region: string, input: number, output: number): bigint | undefined => {
      const price = priceOf(facts, { region, nowMs: 0 });
      const usage = { input, output, cacheRead: 0, cacheWrite: 0, reasoning: 0 };
      return price && costOf(price, usage);
    };
    assert.equal(cost('singapore', 1_000, 1_000), 7_200_000n);
    assert.equal(cost('singapore', 40_000, 1_000), 108_000_000n);
    assert.equal(cost('virginia', 1_000, 1_000), 1_793_000n);
    assert.equal(cost('beijing', 1_000, 1_000), undefined);
    assert.equal(priceOf(facts, { region: 'beijing', nowMs: 0 })?.currency, 'CNY');
  });

  it('knows models by the names that providers and aggregators give them', () => {
    for (const [provider, model, id] of [
      ['openai', 'gpt-5-2025-08-07', 'gpt-5'],
      ['anthropic', 'claude-sonnet-4-5-20250929', 'claude-sonnet-4-5'],
      ['siliconflow', 'deepseek-ai/DeepSeek-V3.2', 'deepseek-ai/DeepSeek-V3.2'],
      ['openrouter', 'openai/gpt-5', 'openai/gpt-5'],
      ['volcengine', 'doubao-seed-2-0-pro-260215', 'doubao-seed-2-0-pro'],
      ['simulator', 'qwen3-max-2025-09-23', 'qwen3-max-2025-09-23'],
    ] as const)
      assert.equal(shipped.factsOf(provider, model)?.id, id, model);
  });
});
