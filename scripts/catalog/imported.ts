/**
 * Public lists of models and prices, each read into the same plain form. Only the package can be read by itself; the
 * others are files that somebody has fetched. What a list does not say is absent.
 */

import { type ModelPrice, type Provider, waitForUpdate } from '@pydantic/genai-prices';
import type { CatalogueInput } from '../../src/catalog/schema.ts';

type CatalogueModel = CatalogueInput['models'][number];
type ImportedPrice = Omit<NonNullable<CatalogueModel['prices']>[number], 'source' | 'regions' | 'batch'>;
type Tier = ImportedPrice['tiers'][number];

export type ImportedModel = {
  readonly id: string;
  readonly context?: number;
  readonly maxOutput?: number;
  readonly prices: readonly ImportedPrice[];
  /** Does the list mean this model by that id? */
  readonly means: (id: string) => boolean;
};

export type ImportedList = {
  readonly importer: string;
  /** Of the catalogue. */
  readonly provider: string;
  readonly region?: string;
  readonly models: readonly ImportedModel[];
};

/** Numbers of a list as decimal text, without the noise of binary fractions. */
export function decimal(value: number): string {
  const text = Number(value.toPrecision(12)).toFixed(9);
  return text.replace(/\.?0+$/, '') || '0';
}

/** Whose list it is in the catalogue, and for which region. */
type Place = { readonly provider: string; readonly region?: string };

const GENAI_PROVIDERS: Readonly<Record<string, Place>> = {
  openai: { provider: 'openai' },
  anthropic: { provider: 'anthropic' },
  google: { provider: 'gemini' },
  deepseek: { provider: 'deepseek' },
  moonshotai: { provider: 'moonshot', region: 'international' },
  minimax: { provider: 'minimax', region: 'international' },
  cerebras: { provider: 'cerebras' },
  cohere: { provider: 'cohere' },
  'x-ai': { provider: 'xai' },
  mistral: { provider: 'mistral' },
  groq: { provider: 'groq' },
  together: { provider: 'together' },
  fireworks: { provider: 'fireworks', region: 'global' },
  zai: { provider: 'zhipu', region: 'international' },
  zhipuai: { provider: 'zhipu', region: 'china' },
};

const GENAI_PRICES = {
  input_mtok: 'input',
  output_mtok: 'output',
  cache_read_mtok: 'cacheRead',
  cache_write_mtok: 'cacheWrite',
  cache_write_1h_mtok: 'cacheWrite1h',
  input_audio_mtok: 'audioInput',
  output_audio_mtok: 'audioOutput',
  input_image_mtok: 'imageInput',
  output_image_mtok: 'imageOutput',
} as const satisfies Record<string, keyof Tier>;

export async function genaiPrices(): Promise<ImportedList[]> {
  const providers = (await waitForUpdate()) ?? [];
  return providers.flatMap((list) => {
    const place = GENAI_PROVIDERS[list.id];
    if (place === undefined) return [];
    return [
      {
        importer: 'genai-prices',
        ...place,
        models: list.models.map((model) => ({
          id: model.id,
          ...(model.context_window === undefined ? {} : { context: model.context_window }),
          prices: genaiPricesOf(model),
          means: (id: string) => matches(model.match, id.toLowerCase()),
        })),
      },
    ];
  });
}

type GenaiModel = Provider['models'][number];

function genaiPricesOf({ prices }: GenaiModel): ImportedPrice[] {
  const all = Array.isArray(prices) ? prices : [{ prices }];
  return all.flatMap((each) => {
    const tiers = genaiTiers(each.prices);
    if (Object.keys(tiers[0] ?? {}).length === 0) return [];
    const constraint = 'constraint' in each ? each.constraint : undefined;
    if (constraint?.type === 'start_date') return [{ from: constraint.start_date, tiers }];
    if (constraint?.type === 'time_of_date') {
      const hours = { from: constraint.start_time.slice(0, 5), to: constraint.end_time.slice(0, 5) };
      return [{ hours, tiers }];
    }
    return [{ tiers }];
  });
}

function genaiTiers(prices: ModelPrice): Tier[] {
  const named = Object.entries(GENAI_PRICES).flatMap(([theirs, ours]) => {
    const price = prices[theirs];
    return price === undefined ? [] : [[ours, price] as const];
  });
  const starts = new Set([0]);
  for (const [, price] of named)
    if (typeof price === 'object') for (const { start } of price.tiers) starts.add(start);
  return [...starts]
    .sort((a, b) => a - b)
    .map((start) => {
      const at = named.map(([ours, price]) => {
        if (typeof price === 'number') return [ours, decimal(price)];
        return [ours, decimal(price.tiers.findLast((tier) => tier.start <= start)?.price ?? price.base)];
      });
      return { ...(start === 0 ? {} : { above: start }), ...Object.fromEntries(at) } as Tier;
    });
}

function matches(match: GenaiModel['match'], id: string): boolean {
  if ('or' in match) return match.or.some((each) => matches(each, id));
  if ('and' in match) return match.and.every((each) => matches(each, id));
  if ('equals' in match) return id === match.equals.toLowerCase();
  if ('starts_with' in match) return id.startsWith(match.starts_with.toLowerCase());
  if ('ends_with' in match) return id.endsWith(match.ends_with.toLowerCase());
  if ('contains' in match) return id.includes(match.contains.toLowerCase());
  return new RegExp(match.regex).test(id);
}

type Json = { readonly [key: string]: unknown };
const objectOf = (value: unknown): Json =>
  typeof value === 'object' && value !== null ? (value as Json) : {};
const numberOf = (value: unknown): number | undefined => {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) && number >= 0 ? number : undefined;
};

const NAMES = ['input', 'output', 'cacheRead', 'cacheWrite'] as const;

/** A tier of fields by our names; a cache that costs nothing is one that is not told. */
function tierOf(fields: readonly [unknown, unknown, unknown, unknown], scale: number, above?: number): Tier {
  const told = fields.flatMap((value, i) => {
    const number = numberOf(value);
    return number === undefined || (i > 1 && number === 0) ? [] : [[NAMES[i], decimal(number * scale)]];
  });
  return { ...(above === undefined ? {} : { above }), ...Object.fromEntries(told) } as Tier;
}

function modelOf(
  id: string,
  {
    context,
    maxOutput,
    tiers,
  }: { readonly context: unknown; readonly maxOutput: unknown; readonly tiers: Tier[] },
): ImportedModel {
  const [room, most] = [numberOf(context), numberOf(maxOutput)];
  const isPriced = tiers[0]?.input !== undefined && (Number(tiers[0].input) > 0 || id.endsWith(':free'));
  return {
    id,
    ...(room === undefined || room === 0 ? {} : { context: room }),
    ...(most === undefined || most === 0 ? {} : { maxOutput: most }),
    prices: isPriced ? [{ tiers }] : [],
    means: (other) => other.toLowerCase() === id.toLowerCase(),
  };
}

/** The answer of https://openrouter.ai/api/v1/models */
export function openrouterModels(json: unknown): ImportedList[] {
  const { data } = objectOf(json);
  const models = (Array.isArray(data) ? data : []).map(objectOf).map((model) => {
    const pricing = objectOf(model['pricing']);
    const fields = (from: Json): [unknown, unknown, unknown, unknown] => [
      from['prompt'],
      from['completion'],
      from['input_cache_read'],
      from['input_cache_write'],
    ];
    const overrides = Array.isArray(pricing['overrides']) ? pricing['overrides'].map(objectOf) : [];
    const tiers = overrides.flatMap((each) => {
      const least = numberOf(each['min_prompt_tokens']);
      return least === undefined ? [] : [tierOf(fields({ ...pricing, ...each }), 1e6, least - 1)];
    });
    return modelOf(String(model['id']), {
      context: model['context_length'],
      maxOutput: objectOf(model['top_provider'])['max_completion_tokens'],
      tiers: [tierOf(fields(pricing), 1e6), ...tiers],
    });
  });
  return [{ importer: 'openrouter', provider: 'openrouter', models }];
}

const MODELS_DEV: Readonly<Record<string, Place>> = {
  ...{ openai: { provider: 'openai' }, anthropic: { provider: 'anthropic' }, google: { provider: 'gemini' } },
  ...{ deepseek: { provider: 'deepseek' }, xai: { provider: 'xai' }, mistral: { provider: 'mistral' } },
  ...{ groq: { provider: 'groq' }, togetherai: { provider: 'together' }, azure: { provider: 'azure' } },
  ...{ 'google-vertex': { provider: 'vertex' }, nvidia: { provider: 'nvidia' } },
  ...{ cerebras: { provider: 'cerebras' } },
  'fireworks-ai': { provider: 'fireworks', region: 'global' },
  moonshotai: { provider: 'moonshot', region: 'international' },
  minimax: { provider: 'minimax', region: 'international' },
  siliconflow: { provider: 'siliconflow', region: 'international' },
  zai: { provider: 'zhipu', region: 'international' },
  alibaba: { provider: 'qwen', region: 'singapore' },
};

/** https://models.dev/api.json */
export function modelsDev(json: unknown): ImportedList[] {
  return Object.entries(MODELS_DEV).flatMap(([id, place]) => {
    const found = objectOf(objectOf(objectOf(json)[id])['models']);
    const models = Object.values(found)
      .map(objectOf)
      .map((model) => {
        const cost = objectOf(model['cost']);
        const limit = objectOf(model['limit']);
        const fields = (from: Json): [unknown, unknown, unknown, unknown] => [
          from['input'],
          from['output'],
          from['cache_read'],
          from['cache_write'],
        ];
        const tiers = (Array.isArray(cost['tiers']) ? cost['tiers'] : []).map(objectOf).flatMap((tier) => {
          const size = numberOf(objectOf(tier['tier'])['size']);
          return size === undefined ? [] : [tierOf(fields(tier), 1, size)];
        });
        return modelOf(String(model['id']), {
          context: limit['context'],
          maxOutput: limit['output'],
          tiers: [tierOf(fields(cost), 1), ...tiers],
        });
      });
    return models.length === 0 ? [] : [{ importer: 'models.dev', ...place, models }];
  });
}

const LITELLM: Readonly<Record<string, Place>> = {
  ...{ openai: { provider: 'openai' }, anthropic: { provider: 'anthropic' }, gemini: { provider: 'gemini' } },
  ...{
    deepseek: { provider: 'deepseek' },
    moonshot: { provider: 'moonshot', region: 'international' },
    xai: { provider: 'xai' },
  },
  ...{
    minimax: { provider: 'minimax', region: 'international' },
    mistral: { provider: 'mistral' },
    groq: { provider: 'groq' },
  },
  ...{ together_ai: { provider: 'together' }, fireworks_ai: { provider: 'fireworks', region: 'global' } },
  ...{ openrouter: { provider: 'openrouter' }, dashscope: { provider: 'qwen', region: 'singapore' } },
  ...{ zai: { provider: 'zhipu', region: 'international' } },
};

/** LiteLLM's `model_prices_and_context_window.json`; of its tiers only the first. */
export function litellm(json: unknown): ImportedList[] {
  const byProvider = new Map<string, ImportedModel[]>();
  for (const [key, value] of Object.entries(objectOf(json))) {
    const model = objectOf(value);
    const provider = String(model['litellm_provider']);
    if (!Object.hasOwn(LITELLM, provider)) continue;
    const id = key.startsWith(`${provider}/`) ? key.slice(provider.length + 1) : key;
    const imported = modelOf(id, {
      context: model['max_input_tokens'],
      maxOutput: model['max_output_tokens'],
      tiers: [
        tierOf(
          [
            model['input_cost_per_token'],
            model['output_cost_per_token'],
            model['cache_read_input_token_cost'],
            model['cache_creation_input_token_cost'],
          ],
          1e6,
        ),
      ],
    });
    byProvider.set(provider, [...(byProvider.get(provider) ?? []), imported]);
  }
  return [...byProvider].flatMap(([provider, models]) => {
    const place = LITELLM[provider];
    return place === undefined ? [] : [{ importer: 'litellm', ...place, models }];
  });
}
