/**
 * The fields by which OpenRouter's clients say who may answer a call. They are for a relay and not for a provider: read
 * with the head, and taken out of the body before it goes on. A call without them pays nothing.
 * Source: https://openrouter.ai/docs/guides/routing/provider-selection
 */

import { asBuffer } from '../../base/fetch.ts';
import { isJsonObject, type JsonObject, topLevelFields } from '../../base/json.ts';
import { Failure } from '../../domain/failure.ts';
import { type ChannelWishes, type MaxPrice, SORTS, type Sort, type Wishes } from '../../domain/wishes.ts';

export const WISH_FIELDS = ['models', 'provider', 'route', 'transforms', 'plugins', 'usage'] as const;

const MOST_MODELS = 20;
const MOST_NAMES = 100;

const invalid = (param: string, message: string): Failure =>
  new Failure('invalid_request', { message: `${param}: ${message}`, param });

/** Undefined where the call wishes nothing. Throws `invalid_request` naming the field. */
export function readWishes(fields: JsonObject): Wishes | undefined {
  // One look each: this is asked for every call.
  if (
    fields['models'] === undefined &&
    fields['provider'] === undefined &&
    fields['usage'] === undefined &&
    fields['plugins'] === undefined &&
    fields['transforms'] === undefined &&
    fields['route'] === undefined
  )
    return undefined;
  const models = fields['models'] == null ? undefined : namesOf('models', fields['models'], MOST_MODELS);
  const usage = isJsonObject(fields['usage']) && fields['usage']['include'] === true;
  const { provider } = fields;
  if (provider != null && !isJsonObject(provider))
    throw invalid('provider', 'expected an object such as {"order": ["qwen"]}');
  const unfulfilled = ['transforms', 'plugins'].filter((name) => fields[name] != null);
  // `fallback` is what `models` means anyway.
  if (fields['route'] != null && fields['route'] !== 'fallback') unfulfilled.push('route');
  if (provider == null) return { ...(models && { models }), usage, unfulfilled };
  const unknown = Object.keys(provider).filter((name) => !KNOWN.has(name) && provider[name] != null);
  return {
    ...(models && { models }),
    channels: channelWishes(provider),
    usage,
    unfulfilled: [...unfulfilled, ...unknown.map((name) => `provider.${name}`)],
  };
}

const KNOWN = new Set([
  'order',
  'only',
  'ignore',
  'sort',
  'max_price',
  'allow_fallbacks',
  'require_parameters',
]);

function channelWishes(provider: JsonObject): ChannelWishes {
  const list = (name: 'order' | 'only' | 'ignore') =>
    provider[name] == null
      ? {}
      : { [name]: namesOf(`provider.${name}`, provider[name], MOST_NAMES).map((each) => each.toLowerCase()) };
  const sort = sortOf(provider['sort']);
  const maxPrice = maxPriceOf(provider['max_price']);
  return {
    ...list('order'),
    ...list('only'),
    ...list('ignore'),
    ...(sort && { sort }),
    ...(maxPrice && { maxPrice }),
    allowFallbacks: flagOf('provider.allow_fallbacks', provider['allow_fallbacks'], true),
    requireParameters: flagOf('provider.require_parameters', provider['require_parameters'], false),
  };
}

function namesOf(param: string, value: unknown, most: number): string[] {
  if (!Array.isArray(value)) throw invalid(param, 'expected an array of names');
  if (value.length > most) throw invalid(param, `expected at most ${most} names`);
  return value.map((name: unknown, i) => {
    if (typeof name !== 'string' || name === '')
      throw invalid(`${param}[${i}]`, 'expected a non-empty string');
    return name;
  });
}

function flagOf(param: string, value: unknown, usual: boolean): boolean {
  if (value == null) return usual;
  if (typeof value !== 'boolean') throw invalid(param, 'expected true or false');
  return value;
}

/** A word, or an object that says it in `by`. */
function sortOf(value: unknown): Sort | undefined {
  const word = isJsonObject(value) ? value['by'] : value;
  if (word == null) return undefined;
  const sort = SORTS.find((each) => each === word);
  if (sort === undefined) throw invalid('provider.sort', `expected one of ${SORTS.join(', ')}`);
  return sort;
}

function maxPriceOf(value: unknown): MaxPrice | undefined {
  if (value == null) return undefined;
  if (!isJsonObject(value)) throw invalid('provider.max_price', 'expected an object such as {"prompt": 1}');
  const most: { prompt?: number; completion?: number } = {};
  for (const name of ['prompt', 'completion'] as const) {
    const each = value[name];
    if (each == null) continue;
    const price = typeof each === 'string' && each.trim() !== '' ? Number(each) : each;
    if (typeof price !== 'number' || !(price >= 0))
      throw invalid(`provider.max_price.${name}`, 'expected dollars per million tokens');
    most[name] = price;
  }
  return most;
}

/** The body with some top-level fields left out and others set, the rest as it was, byte for byte. */
export function withFields(
  body: Uint8Array,
  {
    without,
    values,
  }: { readonly without: readonly string[]; readonly values: Readonly<Record<string, unknown>> },
): Buffer {
  const bytes = asBuffer(body);
  const pieces: Buffer[] = [];
  const add = (key: string, value: Buffer): void => {
    pieces.push(Buffer.from(`${pieces.length === 0 ? '{' : ','}${JSON.stringify(key)}:`), value);
  };
  for (const [key, value] of Object.entries(values)) add(key, Buffer.from(JSON.stringify(value)));
  for (const [key, { start, end }] of topLevelFields(bytes) ?? [])
    if (!without.includes(key) && !Object.hasOwn(values, key)) add(key, bytes.subarray(start, end));
  pieces.push(Buffer.from(pieces.length === 0 ? '{}' : '}'));
  return Buffer.concat(pieces);
}
