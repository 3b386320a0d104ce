/**
 * Asks a channel to go on from the beginning of an answer that broke off: the request as it was, with what was said so
 * far as its last message. For plain text alone, without tools, formats or several choices.
 */

import { asBuffer } from '../base/fetch.ts';
import { isJsonObject, type JsonObject, parseJson } from '../base/json.ts';
import type { Continuation, Provider } from '../providers/provider.ts';
import { addressOf } from '../providers/provider.ts';
import type { Outgoing } from './outgoing.ts';

export type SoFar = {
  readonly text: string;
  /** About so many, of the answer. */
  readonly tokens: number;
};

const BOUNDS = ['max_tokens', 'max_completion_tokens'] as const;
const MORE_THAN_TEXT = ['tools', 'functions', 'audio', 'modalities', 'thinking', 'logprobs'] as const;

/** Undefined: this provider or this request cannot be continued. */
export function continued(
  outgoing: Outgoing,
  soFar: SoFar,
  at: { readonly provider: Provider; readonly baseUrl: string },
): Outgoing | undefined {
  const how = at.provider.continues?.[outgoing.dialect.id];
  const url = how === undefined ? undefined : urlOf(how, outgoing, at);
  const request = parseJson(asBuffer(outgoing.body).toString('utf8'));
  if (how === undefined || url === undefined || !isJsonObject(request) || !isPlainText(request))
    return undefined;
  return { ...outgoing, url, body: Buffer.from(JSON.stringify(goingOn(request, soFar, how))) };
}

function urlOf(
  { baseUrl }: Continuation,
  { dialect, url }: Outgoing,
  at: { readonly provider: Provider; readonly baseUrl: string },
): string | undefined {
  if (baseUrl === undefined) return url;
  const other = baseUrl(at.baseUrl);
  return other === undefined ? undefined : addressOf(at.provider, dialect.id, other);
}

function isPlainText(request: JsonObject): boolean {
  const format = request['response_format'];
  const isText = format === undefined || (isJsonObject(format) && format['type'] === 'text');
  return (
    isText &&
    (request['n'] ?? 1) === 1 &&
    request['enable_thinking'] !== true &&
    Array.isArray(request['messages']) &&
    MORE_THAN_TEXT.every((name) => request[name] === undefined)
  );
}

function goingOn(request: JsonObject, { text, tokens }: SoFar, { mark }: Continuation): JsonObject {
  const begun = { role: 'assistant', content: text, ...(mark === undefined ? {} : { [mark]: true }) };
  const left: Record<string, unknown> = {};
  for (const name of BOUNDS) {
    const bound = request[name];
    if (typeof bound === 'number') left[name] = Math.max(1, bound - Math.floor(tokens));
  }
  return { ...request, ...left, messages: [...(request['messages'] as unknown[]), begun] };
}
