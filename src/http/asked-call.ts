/**
 * What a call asks for, once names and wishes are understood: which model in the end, which others after it, who of the
 * channels, and the body as providers may see it. A call that names a model of the house and wishes nothing is as it was.
 */

import { asBuffer } from '../base/fetch.ts';
import { isJsonObject, topLevelFields, valueAt } from '../base/json.ts';
import type { Wire } from '../dialects/dialect.ts';
import { WISH_FIELDS, withFields } from '../dialects/openai-chat/openrouter-fields.ts';
import type { Call, ClientKey, RequestHead } from '../domain/call.ts';
import type { ChannelWishes, Wishes } from '../domain/wishes.ts';
import type { Front } from './front.ts';
import { askedModel } from './model-name.ts';

export type AskedCall = Pick<Call, 'head' | 'body'> &
  Partial<Pick<Call, 'models' | 'wishes' | 'dropped' | 'openrouterBody'>>;

export type Sent = {
  readonly dialect: Wire;
  readonly key: ClientKey;
  readonly head: RequestHead;
  readonly body: Uint8Array;
};

/** Throws `model_forbidden`. A model that does not exist is left for the relay to refuse. */
export function askedCall(front: Front, sent: Sent): AskedCall {
  const { key, head, body } = sent;
  const { catalog } = front.snapshot();
  if (head.wishes === undefined && catalog.resolve(head.model) !== undefined) {
    front.access().allow(key, head.model);
    return { head, body };
  }
  return head.wishes === undefined ? renamed(front, sent) : wished(front, sent, head.wishes);
}

/** Under another name than its own. */
function renamed(front: Front, { dialect, key, head, body }: Sent): AskedCall {
  const asked = lookUp(front, head.model);
  front.access().allow(key, asked?.model.name ?? head.model);
  if (asked === undefined) return { head, body };
  const { name } = asked.model;
  return {
    head: { ...head, model: name },
    body: hasModel(body) ? withFields(body, { without: [], values: { model: name } }) : body,
    ...wishesOf(asked.ending, undefined),
    ...(dialect.id === 'openai-chat' && asked.ending === 'online' ? { dropped: ['model:online'] } : {}),
  };
}

function wished(front: Front, { key, head, body }: Sent, wishes: Wishes): AskedCall {
  const names = wishes.models === undefined ? [head.model] : [...new Set([head.model, ...wishes.models])];
  const found = names.map((name) => lookUp(front, name));
  const first = found.find((asked) => asked !== undefined);
  const others = found.flatMap((asked) => (asked === undefined || asked === first ? [] : [asked.model.name]));
  const model = first?.model.name ?? head.model;
  for (const name of [model, ...others]) front.access().allow(key, name);
  const missing = wishes.models?.flatMap((name, i) =>
    lookUp(front, name) === undefined ? [`models[${i}]`] : [],
  );
  const values = { model, ...usageOption(body, head, wishes.usage) };
  return {
    head: { ...head, model, wantsUsage: head.wantsUsage || wishes.usage },
    body: withFields(body, { without: WISH_FIELDS, values }),
    ...(wishes.models === undefined ? {} : { models: others }),
    ...wishesOf(first?.ending, wishes.channels),
    dropped: [...(missing ?? []), ...wishes.unfulfilled],
    openrouterBody: withFields(body, {
      without: ['models'],
      values: { ...values, ...providerBelow(front, body) },
    }),
  };
}

const lookUp = (front: Front, name: string) =>
  askedModel(name, { catalog: front.snapshot().catalog, claudeAliases: front.settings().claudeAliases });

/** The name of the house for a model that is written in another way; what is not known stays as it is. */
export const ownName = (front: Front, written: string): string =>
  lookUp(front, written)?.model.name ?? written;

const hasModel = (body: Uint8Array): boolean => topLevelFields(asBuffer(body))?.has('model') === true;

const NO_WISHES: ChannelWishes = { allowFallbacks: true, requireParameters: false };

/** An ending of the name is a wish too, unless the call says otherwise itself. */
function wishesOf(
  ending: string | undefined,
  told: ChannelWishes | undefined,
): { readonly wishes?: ChannelWishes } {
  const base = told ?? NO_WISHES;
  if (ending === 'nitro' && base.sort === undefined) return { wishes: { ...base, sort: 'throughput' } };
  if (ending === 'floor' && base.sort === undefined) return { wishes: { ...base, sort: 'price' } };
  // Nobody who asks for what is free shall pay.
  if (ending === 'free') return { wishes: { ...base, maxPrice: { prompt: 0, completion: 0 } } };
  return told === undefined ? {} : { wishes: told };
}

function usageOption(body: Uint8Array, head: RequestHead, wanted: boolean): Record<string, unknown> {
  if (!wanted || !head.stream) return {};
  const options = fieldOf(body, 'stream_options');
  return { stream_options: { ...(isJsonObject(options) ? options : {}), include_usage: true } };
}

/** What OpenRouter shall know of the providers wished for: names of this house mean nothing to it. */
function providerBelow(front: Front, body: Uint8Array): Record<string, unknown> {
  const provider = fieldOf(body, 'provider');
  if (!isJsonObject(provider)) return {};
  const ours = new Set(['openrouter', ...front.snapshot().catalog.channels.map(({ account }) => account.id)]);
  const theirs = Object.entries(provider).flatMap(([name, value]) => {
    if (!Array.isArray(value) || !['order', 'only', 'ignore'].includes(name)) return [[name, value] as const];
    const left = value.filter((each) => !ours.has(String(each).toLowerCase()));
    return left.length === 0 ? [] : [[name, left] as const];
  });
  return { provider: Object.fromEntries(theirs) };
}

function fieldOf(body: Uint8Array, name: string): unknown {
  const bytes = asBuffer(body);
  return valueAt(bytes, topLevelFields(bytes)?.get(name));
}
