/** What a call costs by the catalogue and by somebody else's price list, for every model and price that both have. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { calcPrice } from '@pydantic/genai-prices';
import { type CostUsage, costOf } from '../domain/cost.ts';
import { type ModelFacts, priceOf } from '../domain/model-facts.ts';
import { inputTotal, outputTotal } from '../domain/usage.ts';
import { createCatalogue } from './catalogue.ts';
import { readShipped } from './shipped.ts';

/** Our provider and region, and their name of it. */
const BOTH: readonly (readonly [provider: string, theirs: string, region?: string])[] = [
  ['openai', 'openai'],
  ['anthropic', 'anthropic'],
  ['gemini', 'google'],
  ['deepseek', 'deepseek'],
  ['moonshot', 'moonshotai', 'international'],
  ['minimax', 'minimax', 'international'],
  ['cerebras', 'cerebras'],
  ['cohere', 'cohere'],
  ['xai', 'x-ai'],
  ['mistral', 'mistral'],
  ['groq', 'groq'],
  ['together', 'together'],
  ['fireworks', 'fireworks', 'global'],
  ['azure', 'azure'],
  ['zhipu', 'zai', 'international'],
  ['zhipu', 'zhipuai', 'china'],
];

/** Where the two differ, and why ours stays. */
const DIFFERENT: Readonly<Record<string, string>> = {
  'mistral/mistral-large-latest': 'their alias still means the model of 2024, ours that of December 2025',
  'mistral/mistral-small-latest': 'their alias still means a model of 2025, ours that of March 2026',
  'mistral/magistral-medium-latest': 'they have no price of its cache',
  'azure/o4-mini': 'the price of cached input, which they round to 0.28',
  'azure/deepseek-v4-pro': "they take the maker's price for Azure's",
  'groq/openai/gpt-oss-safeguard-20b': 'they count it as an alias of the 120b model',
};

const USAGES: Readonly<Record<string, CostUsage>> = {
  plain: { input: 1_234, cacheRead: 0, cacheWrite: 0, output: 567, reasoning: 0 },
  thinking: { input: 1_234, cacheRead: 0, cacheWrite: 0, output: 67, reasoning: 501 },
  cached: { input: 999, cacheRead: 60_001, cacheWrite: 10_003, output: 777, reasoning: 0 },
  'kept for an hour': {
    input: 5,
    cacheRead: 0,
    cacheWrite: 10_003,
    cacheWrite1h: 4_001,
    output: 1,
    reasoning: 0,
  },
  long: { input: 250_001, cacheRead: 30_000, cacheWrite: 0, output: 4_096, reasoning: 0 },
  longest: { input: 600_000, cacheRead: 0, cacheWrite: 0, output: 8_192, reasoning: 0 },
};
const MOMENTS = ['2026-11-26T02:30:00Z', '2026-11-26T12:00:00Z', '2027-02-01T18:00:00Z'].map((time) =>
  Date.parse(time),
);

const catalogue = createCatalogue(readShipped);

type Case = { readonly facts: ModelFacts; readonly theirs: string; readonly region: string | undefined };

function compared({ facts, theirs, region }: Case): { readonly count: number; readonly apart: string[] } {
  const apart: string[] = [];
  let count = 0;
  for (const nowMs of MOMENTS)
    for (const [name, usage] of Object.entries(USAGES)) {
      const price = priceOf(facts, { region, nowMs });
      const ours =
        price && costOf(price, facts.kind === 'embedding' ? { ...usage, output: 0, reasoning: 0 } : usage);
      const result = calcPrice(
        {
          input_tokens: inputTotal(usage),
          cache_read_tokens: usage.cacheRead,
          cache_write_tokens: usage.cacheWrite,
          ...(usage.cacheWrite1h === undefined ? {} : { cache_write_1h_tokens: usage.cacheWrite1h }),
          ...(facts.kind === 'embedding' ? {} : { output_tokens: outputTotal(usage) }),
        },
        facts.id,
        { providerId: theirs, timestamp: new Date(nowMs) },
      );
      if (ours === undefined || result === null) continue;
      count++;
      const nano = result.total_price * 1e9;
      if (Math.abs(Number(ours) - nano) > 0.501)
        apart.push(
          `${facts.provider}/${facts.id} ${name} at ${new Date(nowMs).toISOString()}: ${ours}, they ${nano}`,
        );
    }
  return { count, apart };
}

describe('costs', () => {
  const differing = new Set<string>();
  let models = 0;

  for (const [provider, theirs, region] of BOTH)
    it(`at ${provider}${region === undefined ? '' : ` in ${region}`} are those of genai-prices, to the last digit`, () => {
      for (const facts of catalogue.modelsOf(provider)) {
        const { count, apart } = compared({ facts, theirs, region });
        if (count > 0) models++;
        const name = `${provider}/${facts.id}`;
        if (apart.length > 0 && Object.hasOwn(DIFFERENT, name)) differing.add(name);
        else assert.deepEqual(apart, []);
      }
    });

  it('were compared for many models', () => {
    assert.ok(models >= 200, String(models));
  });

  it('differ wherever the list says so', () => {
    assert.deepEqual([...differing].sort(), Object.keys(DIFFERENT).sort());
  });
});
