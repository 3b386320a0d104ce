/**
 * Reads a refusal once, whatever its shape, into the few facts that the rules of a provider ask for. Knows every
 * envelope seen in the field (OpenAI's, the flat native one of Model Studio, Google's with details, lists, a bare
 * string, an SSE frame, HTML) and judges nothing. Total: strange input gives empty facts, never an exception.
 */

import type { HeaderMap } from '../base/fetch.ts';
import { isJsonObject, type JsonObject } from '../base/json.ts';
import type { Refusal } from './provider.ts';
import { objectOf, openEnvelope } from './refusal-envelope.ts';
import { durationMs, headerHintMs, wordsHintMs } from './refusal-times.ts';

export type RefusalFacts = {
  /** The HTTP status; inside a stream that began with 200 the one told in the body, 0 when none was. */
  readonly status: number;
  /** Code, type, status word and reasons, in lower case: whatever a provider calls the refusal. */
  readonly names: ReadonlySet<string>;
  /** The most telling of the names as it was written; empty when there is none. */
  readonly code: string;
  readonly message: string;
  readonly param: string | undefined;
  /** Google's quota ids and values: `GenerateRequestsPerDayPerProjectPerModel-FreeTier=0`. */
  readonly quotas: readonly string[];
  /** `Limit 30000, Requested 36055`: the limit and what this call asked of it. */
  readonly asked: { readonly limit: number; readonly requested: number } | undefined;
  /** When to come back, by the provider's own word. */
  readonly hintMs: number | undefined;
  /** A machine-readable end of the refusal, as it was written. */
  readonly resetStamp: string | undefined;
  readonly headers: HeaderMap;
  readonly nowMs: number;
};

/** Rules look at no more than this of a text, so that no expression can be made to run long. */
const MESSAGE_LIMIT = 4_096;

export function readRefusal(refusal: Refusal): RefusalFacts {
  const { error, outer, wrapping, frameStatus, isText } = openEnvelope(refusal.body);
  const details = detailsOf(error);
  const text = messageOf(outer, error) ?? (isText ? plainText(refusal.body) : '');
  const message = text.slice(0, MESSAGE_LIMIT);
  const names = namesOf([error, ...details, outer]);
  const retryDelay = details.map((detail) => detail['retryDelay']).find((delay) => typeof delay === 'string');
  return {
    status: statusOf(refusal.status, frameStatus, [outer, error, ...wrapping]),
    names: new Set(names.map((name) => name.toLowerCase())),
    code: names[0] ?? '',
    message,
    param: typeof error['param'] === 'string' && error['param'] !== '' ? error['param'] : undefined,
    quotas: details.flatMap(quotasOf),
    asked: askedOf(message),
    hintMs: headerHintMs(refusal.headers, refusal.nowMs) ?? durationMs(retryDelay) ?? wordsHintMs(message),
    resetStamp: stampOf([
      error,
      ...details.flatMap((detail) => [detail['metadata'], detail['headers'], detail]),
    ]),
    headers: refusal.headers,
    nowMs: refusal.nowMs,
  };
}

/** Google's `details`, Anthropic's, OpenRouter's `metadata`, Azure's `innererror` (also as LiteLLM passes it on). */
function detailsOf(error: JsonObject): JsonObject[] {
  const details: unknown[] = Array.isArray(error['details'])
    ? error['details'].slice(0, 16)
    : [error['details']];
  const passedOn = objectOf(error['provider_specific_fields'])['innererror'];
  return [...details, error['metadata'], error['innererror'], passedOn].filter(isJsonObject);
}

const FIELDS_OF_NAMES = [
  'code',
  'error_code',
  'type',
  'status',
  'reason',
  'error_type',
  'raw_code',
  'limit_source',
] as const;

function namesOf(places: readonly unknown[]): string[] {
  const names: string[] = [];
  for (const field of FIELDS_OF_NAMES)
    for (const place of places) {
      const value = objectOf(place)[field];
      // Anthropic's envelope says `type: error`, which says nothing.
      if (typeof value === 'string' && value !== '' && value !== 'error') names.push(value.slice(0, 128));
      else if (typeof value === 'number') names.push(String(value));
    }
  // A word tells more than a repeated HTTP status.
  return names.sort((a, b) => Number(/^\d{3}$/.test(a)) - Number(/^\d{3}$/.test(b)));
}

function messageOf(outer: JsonObject, error: JsonObject): string | undefined {
  for (const place of [error, outer]) {
    for (const field of ['message', 'msg', 'error_msg', 'detail', 'error', 'code']) {
      const value = place[field];
      if (typeof value !== 'string' || value === '') continue;
      // OpenRouter hides the provider's own words one level down.
      const raw = objectOf(place['metadata'])['raw'];
      return typeof raw === 'string' ? `${value}: ${raw}` : value;
    }
    // FastAPI lists what was wrong.
    const detail = Array.isArray(place['detail']) ? objectOf(place['detail'][0])['msg'] : undefined;
    if (typeof detail === 'string') return detail;
  }
  return undefined;
}

function quotasOf(detail: JsonObject): string[] {
  if (!Array.isArray(detail['violations'])) return [];
  return detail['violations'].slice(0, 16).map((item) => {
    const { quotaId, quotaMetric, quotaValue } = objectOf(item);
    return `${textOf(quotaId ?? quotaMetric).slice(0, 256)}=${textOf(quotaValue).slice(0, 32)}`;
  });
}

/** Of a scalar only: strangers' objects may have a `toString` of their own. */
const textOf = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : '';

function askedOf(message: string): RefusalFacts['asked'] {
  const found = /\bLimit:? ~?(\d{1,12})\b[^.]{0,40}?\bRequested:? ~?(\d{1,12})\b/i.exec(message);
  return found === null ? undefined : { limit: Number(found[1]), requested: Number(found[2]) };
}

const FIELDS_OF_RESETS = [
  'quotaResetTimeStamp',
  'quota_reset_time',
  'resets_at',
  'reset_at',
  'X-RateLimit-Reset',
] as const;

function stampOf(places: readonly unknown[]): string | undefined {
  for (const place of places)
    for (const field of FIELDS_OF_RESETS) {
      const value = objectOf(place)[field];
      if (textOf(value) !== '') return textOf(value).slice(0, 64);
    }
  return undefined;
}

const STATUS_FIELDS = ['status', 'status_code', 'http_code', 'code'] as const;

/** Before the answer HTTP speaks; inside a stream only the body can. */
function statusOf(head: number, frame: number | undefined, places: readonly JsonObject[]): number {
  if (head >= 300 && head <= 599) return head;
  const told = [frame, ...places.flatMap((place) => STATUS_FIELDS.map((field) => place[field]))];
  return (
    told
      .map((value) => Number(textOf(value)))
      .find((status) => Number.isInteger(status) && status >= 400 && status <= 599) ?? 0
  );
}

/** HTML and the like: enough text for a rule that knows the words. */
const plainText = (body: string): string =>
  body
    .slice(0, 2 * MESSAGE_LIMIT)
    .replace(/<[^<>]{0,512}>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
