/**
 * Reads a refusal once, whatever its shape, into the few facts that the rules of a provider ask for. Knows every
 * envelope seen in the field (OpenAI's, the flat native one of Model Studio, Google's with details, lists, a bare
 * string, an SSE frame, HTML) and judges nothing. Total: strange input gives empty facts, never an exception.
 */

import type { HeaderMap } from '../base/fetch.ts';
import { isJsonObject, type JsonObject, parseJson } from '../base/json.ts';
import type { Refusal } from './provider.ts';
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
  const frame = frameOf(refusal.body);
  const { outer, error } = envelopeOf(frame.data);
  const details = detailsOf(error);
  const text = messageOf(outer, error) ?? (frame.data === undefined ? plainText(refusal.body) : '');
  const message = text.slice(0, MESSAGE_LIMIT);
  const names = namesOf([error, ...details, outer]);
  const retryDelay = details.map((detail) => detail['retryDelay']).find((delay) => typeof delay === 'string');
  return {
    status: statusOf(refusal.status, frame.status, [outer, error]),
    names: new Set(names.map((name) => name.toLowerCase())),
    code: names[0] ?? '',
    message,
    param: typeof error['param'] === 'string' && error['param'] !== '' ? error['param'] : undefined,
    quotas: details.flatMap(quotasOf),
    hintMs: headerHintMs(refusal.headers, refusal.nowMs) ?? durationMs(retryDelay) ?? wordsHintMs(message),
    resetStamp: stampOf([error, ...details.map((detail) => detail['metadata']), ...details]),
    headers: refusal.headers,
    nowMs: refusal.nowMs,
  };
}

type Frame = { readonly data: unknown; readonly status: number | undefined };

/** Most bodies are JSON; a frame of a stream has it after `data:`, and Model Studio tells the status in a comment. */
function frameOf(body: string): Frame {
  const whole = parseJson(body);
  if (whole !== undefined) return { data: whole, status: undefined };
  let data: unknown;
  let status: number | undefined;
  for (const line of body.split('\n', 32)) {
    if (line.startsWith('data:')) data ??= parseJson(line.slice(5));
    const told = /^:HTTP_STATUS\/(\d{3})/.exec(line);
    if (told !== null) status = Number(told[1]);
  }
  return { data, status };
}

const EMPTY: JsonObject = {};
const objectOf = (value: unknown): JsonObject => (isJsonObject(value) ? value : EMPTY);

/** The object that names the error, and the one around it. */
function envelopeOf(data: unknown): { outer: JsonObject; error: JsonObject } {
  const first: unknown = Array.isArray(data) ? data[0] : data;
  if (typeof first === 'string') return { outer: EMPTY, error: { message: first } };
  const outer = objectOf(first);
  const inner = typeof outer['error'] === 'string' ? embedded(outer['error']) : outer['error'];
  const error = objectOf(inner);
  // A relay in front may have wrapped the provider's envelope once more.
  const deeper = objectOf(error['error']);
  return { outer, error: deeper === EMPTY ? (error === EMPTY ? outer : error) : deeper };
}

/** `error` as a string: the text itself, or JSON written as one. */
function embedded(text: string): JsonObject {
  const value = parseJson(text);
  if (!isJsonObject(value)) return { message: text };
  return isJsonObject(value['error']) ? value['error'] : value;
}

/** Google's `details`, and OpenRouter's `metadata`. */
function detailsOf(error: JsonObject): JsonObject[] {
  const details = Array.isArray(error['details']) ? error['details'] : [];
  return [...details.slice(0, 16), error['metadata']].filter(isJsonObject);
}

function namesOf(places: readonly unknown[]): string[] {
  const names: string[] = [];
  for (const field of ['code', 'type', 'status', 'reason', 'error_type', 'raw_code'])
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
    return `${String(quotaId ?? quotaMetric ?? '').slice(0, 256)}=${String(quotaValue ?? '').slice(0, 32)}`;
  });
}

function stampOf(places: readonly unknown[]): string | undefined {
  for (const place of places)
    for (const field of ['quotaResetTimeStamp', 'quota_reset_time', 'resets_at', 'reset_at']) {
      const value = objectOf(place)[field];
      if (typeof value === 'string' || typeof value === 'number') return String(value).slice(0, 64);
    }
  return undefined;
}

/** Before the answer HTTP speaks; inside a stream only the body can. */
function statusOf(head: number, frame: number | undefined, places: readonly JsonObject[]): number {
  if (head >= 300 && head <= 599) return head;
  const told = [
    frame,
    ...places.flatMap((place) => [place['status'], place['status_code'], place['code']]),
  ].map(Number);
  return told.find((status) => Number.isInteger(status) && status >= 400 && status <= 599) ?? 0;
}

/** HTML and the like: enough text for a rule that knows the words. */
const plainText = (body: string): string =>
  body
    .slice(0, 2 * MESSAGE_LIMIT)
    .replace(/<[^<>]{0,512}>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
