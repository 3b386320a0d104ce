/** The list of models as Anthropic's and Gemini's clients want it, a page at a time, each in its own way. */

import { Failure } from '../domain/failure.ts';
import { CREATED } from './model-entry.ts';
import { claudeAlias } from './model-name.ts';
import type { OfferedModel } from './offered-model.ts';

export type Query = Readonly<Record<string, string | string[] | undefined>>;

const invalid = (param: string, message: string): Failure =>
  new Failure('invalid_request', { message: `${param}: ${message}`, param });

export function textOf(query: Query, name: string): string | undefined {
  const value = query[name];
  const text = Array.isArray(value) ? value[0] : value;
  return text === undefined || text === '' ? undefined : text;
}

/** A whole number of the query within its bounds. */
export function sizeOf(
  query: Query,
  name: string,
  { usual, least = 1, most }: { readonly usual: number; readonly least?: number; readonly most: number },
): number {
  const text = textOf(query, name);
  if (text === undefined) return usual;
  if (!/^\d+$/.test(text) || Number(text) < least || Number(text) > most)
    throw invalid(name, `expected a whole number from ${least} to ${most}`);
  return Number(text);
}

const CREATED_AT = new Date(CREATED * 1_000).toISOString();

/** Source: https://docs.anthropic.com/en/api/models-list */
export const anthropicModel = (model: OfferedModel, id = model.id) => ({
  type: 'model',
  id,
  display_name: id === model.id ? model.name : `${model.name} (${model.id})`,
  created_at: CREATED_AT,
  capabilities: null,
  deprecated_at: null,
  lifecycle: model.deprecated ? 'deprecated' : 'active',
  line: null,
  max_input_tokens: model.maxInput ?? model.context ?? null,
  max_tokens: model.maxOutput ?? null,
  retires_at: null,
});

type AnthropicModel = ReturnType<typeof anthropicModel>;

/** `claudeAliases`: each model a second time, under the name that clients of Claude alone show. */
export function anthropicList(
  models: readonly OfferedModel[],
  { query, claudeAliases }: { readonly query: Query; readonly claudeAliases: boolean },
) {
  const all = models.flatMap((model): AnthropicModel[] => {
    const alias = claudeAliases ? claudeAlias(model.id) : undefined;
    return [anthropicModel(model), ...(alias === undefined ? [] : [anthropicModel(model, alias)])];
  });
  const limit = sizeOf(query, 'limit', { usual: 20, most: 1_000 });
  const [after, before] = [textOf(query, 'after_id'), textOf(query, 'before_id')];
  const indexOf = (param: string, id: string): number => {
    const index = all.findIndex((each) => each.id === id);
    if (index < 0) throw invalid(param, `no model '${id}' in this list`);
    return index;
  };
  const end = before === undefined ? all.length : indexOf('before_id', before);
  const start = after === undefined ? 0 : indexOf('after_id', after) + 1;
  const within = all.slice(start, end);
  const data = before !== undefined && after === undefined ? within.slice(-limit) : within.slice(0, limit);
  return {
    data,
    has_more: data.length < within.length,
    first_id: data.at(0)?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
  };
}

/** Source: https://ai.google.dev/api/models */
export function geminiModel(model: OfferedModel) {
  const input = model.maxInput ?? model.context;
  return {
    name: `models/${model.id}`,
    version: '001',
    displayName: model.name,
    ...(input === undefined ? {} : { inputTokenLimit: input }),
    ...(model.maxOutput === undefined ? {} : { outputTokenLimit: model.maxOutput }),
    supportedGenerationMethods:
      model.kind === 'embedding'
        ? ['embedContent', 'batchEmbedContents']
        : model.kind === 'chat'
          ? ['generateContent', 'streamGenerateContent', 'countTokens']
          : [],
  };
}

export function geminiList(models: readonly OfferedModel[], query: Query) {
  const size = sizeOf(query, 'pageSize', { usual: 50, least: 0, most: 1_000_000 });
  const token = textOf(query, 'pageToken');
  const start = token === undefined ? 0 : models.findIndex(({ id }) => tokenOf(id) === token);
  if (start < 0) throw invalid('pageToken', 'no page of this list');
  const end = start + Math.min(1_000, size === 0 ? 50 : size);
  const next = models[end];
  return {
    models: models.slice(start, end).map(geminiModel),
    ...(next === undefined ? {} : { nextPageToken: tokenOf(next.id) }),
  };
}

/** Where the next page begins. */
const tokenOf = (id: string): string => Buffer.from(id).toString('base64url');
