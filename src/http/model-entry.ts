/**
 * A model as OpenAI's and OpenRouter's clients want it, in one object that both accept. Prices are dollars for one token
 * as text; a price that is unknown is `-1`, as OpenRouter says it of its own router, and never zero.
 */

import { perToken } from '../domain/cost.ts';
import type { Ability, ModelKind, Price, TokenPrices } from '../domain/model-facts.ts';
import type { OfferedModel } from './offered-model.ts';

/** The list has no birthdays of models; clients only need a number. */
export const CREATED = 1_700_000_000;

const UNKNOWN = '-1';

const OUTPUT_OF: Readonly<Partial<Record<ModelKind, readonly string[]>>> = {
  embedding: ['embeddings'],
  rerank: ['rerank'],
  speech: ['speech'],
  transcription: ['transcription'],
  image: ['image'],
  video: ['video'],
  moderation: ['decisions'],
};

const PARAMETERS: Readonly<Partial<Record<Ability, readonly string[]>>> = {
  tools: ['tools', 'tool_choice'],
  thinking: ['reasoning', 'include_reasoning'],
  'json-object': ['response_format'],
  'json-schema': ['response_format', 'structured_outputs'],
};

export function modelEntry(model: OfferedModel) {
  const outputs = OUTPUT_OF[model.kind] ?? model.output;
  const parameters = model.abilities.flatMap((ability) => PARAMETERS[ability] ?? []);
  return {
    id: model.id,
    object: 'model',
    created: CREATED,
    owned_by: model.providers.join(', '),
    canonical_slug: model.id,
    name: model.name,
    context_length: model.context ?? model.maxInput ?? null,
    architecture: {
      modality: `${model.input.join('+')}->${outputs.join('+')}`,
      input_modalities: model.input,
      output_modalities: outputs,
      instruct_type: null,
    },
    pricing: pricingOf(model.price),
    top_provider: {
      is_moderated: false,
      context_length: model.context ?? model.maxInput ?? null,
      max_completion_tokens: model.maxOutput ?? null,
    },
    per_request_limits: null,
    supported_parameters: [...new Set(model.kind === 'chat' ? ['max_tokens', ...parameters] : parameters)],
    default_parameters: null,
    supported_voices: null,
    links: { details: `/v1/models/${model.id}` },
  };
}

function pricingOf(price: Price | undefined) {
  const [first, ...more] = price?.tiers ?? [];
  if (first?.input === undefined) return { prompt: UNKNOWN, completion: UNKNOWN };
  return {
    prompt: perToken(first.input),
    // Where a model gives no tokens, there is nothing to pay for them.
    completion: first.output === undefined ? '0' : perToken(first.output),
    ...cacheAndMore(first),
    ...(more.length === 0 ? {} : { overrides: more.flatMap(overrideOf) }),
  };
}

const NAMES = {
  thinkingOutput: 'internal_reasoning',
  cacheRead: 'input_cache_read',
  cacheWrite: 'input_cache_write',
  cacheWrite1h: 'input_cache_write_1h',
  audioInput: 'audio',
  audioOutput: 'audio_output',
  imageOutput: 'image_output',
} as const satisfies Partial<Record<keyof TokenPrices, string>>;

function cacheAndMore(prices: TokenPrices): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [ours, theirs] of Object.entries(NAMES)) {
    const price = prices[ours as keyof typeof NAMES];
    if (price !== undefined) found[theirs] = perToken(price);
  }
  return found;
}

function overrideOf({ above, ...prices }: TokenPrices & { readonly above?: number }) {
  if (above === undefined) return [];
  if (prices.input === undefined)
    return [{ min_prompt_tokens: above + 1, prompt: UNKNOWN, completion: UNKNOWN }];
  const {
    audio_output: _audio,
    image_output: _image,
    internal_reasoning: _reasoning,
    ...rest
  } = cacheAndMore(prices);
  return [
    {
      min_prompt_tokens: above + 1,
      prompt: perToken(prices.input),
      ...(prices.output === undefined ? {} : { completion: perToken(prices.output) }),
      ...rest,
    },
  ];
}
