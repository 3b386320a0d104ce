/**
 * The parts of Gemini's wire format that more than one direction needs: names in both spellings, usage, the reasons to
 * have finished, and what statuses are called.
 * Source: https://ai.google.dev/api/generate-content
 */

import type { JsonObject } from '../../base/json.ts';
import type { FinishReason } from '../../domain/chat.ts';
import { inputTotal, totalTokens, type Usage } from '../../domain/usage.ts';
import { numberOf, objectOf, textOf } from '../openai-chat/wire.ts';

const snakeOf = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Requests may be spelt `likeThis` or `like_this`: https://protobuf.dev/programming-guides/json/ */
export const fieldOf = (object: JsonObject | undefined, name: string): unknown =>
  object?.[name] ?? object?.[snakeOf(name)];

export const camelOf = (name: string): string =>
  name.replace(/(?<=[a-z0-9])_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/** The fields under their usual spelling. */
export const camelFields = (object: JsonObject | undefined): Record<string, unknown> =>
  Object.fromEntries(Object.entries(object ?? {}).map(([name, value]) => [camelOf(name), value]));

export const listOf = (value: unknown): JsonObject[] =>
  Array.isArray(value) ? value.map((each: unknown) => objectOf(each) ?? {}) : [];

/**
 * `promptTokenCount` includes what came from a cache and not what tools of the provider's own read; thoughts are no part of
 * `candidatesTokenCount`. Undefined when all is nothing.
 */
export function readUsage(value: unknown): Usage | undefined {
  const usage = objectOf(value);
  if (usage === undefined) return undefined;
  const prompt = numberOf(usage['promptTokenCount']) + numberOf(usage['toolUsePromptTokenCount']);
  const output = numberOf(usage['candidatesTokenCount']);
  const reasoning = numberOf(usage['thoughtsTokenCount']);
  if (prompt + output + reasoning === 0) return undefined;
  const cacheRead = Math.min(prompt, numberOf(usage['cachedContentTokenCount']));
  return { input: prompt - cacheRead, cacheRead, cacheWrite: 0, output, reasoning, source: 'upstream' };
}

export function writeUsage(usage: Usage): JsonObject {
  return {
    promptTokenCount: inputTotal(usage),
    candidatesTokenCount: usage.output,
    totalTokenCount: totalTokens(usage),
    ...(usage.cacheRead > 0 ? { cachedContentTokenCount: usage.cacheRead } : {}),
    ...(usage.reasoning > 0 ? { thoughtsTokenCount: usage.reasoning } : {}),
  };
}

/** Says that there is no reason to tell. */
export const NO_REASON = 'FINISH_REASON_UNSPECIFIED';

/** Source: https://ai.google.dev/api/generate-content#FinishReason */
const FINISH_REASONS: ReadonlyMap<string, FinishReason> = new Map<string, FinishReason>([
  ['STOP', 'stop'],
  ['MAX_TOKENS', 'length'],
  ...['SAFETY', 'RECITATION', 'LANGUAGE', 'BLOCKLIST', 'PROHIBITED_CONTENT', 'SPII'].map(
    (word): [string, FinishReason] => [word, 'content_filter'],
  ),
  ...['IMAGE_SAFETY', 'IMAGE_PROHIBITED_CONTENT', 'IMAGE_RECITATION'].map((word): [string, FinishReason] => [
    word,
    'content_filter',
  ]),
  // The answer was no answer: nobody should take what there is of it for the whole.
  ...['OTHER', 'IMAGE_OTHER', 'NO_IMAGE', 'MALFORMED_FUNCTION_CALL', 'UNEXPECTED_TOOL_CALL'].map(
    (word): [string, FinishReason] => [word, 'error'],
  ),
  ...['TOO_MANY_TOOL_CALLS', 'MISSING_THOUGHT_SIGNATURE', 'MALFORMED_RESPONSE'].map(
    (word): [string, FinishReason] => [word, 'error'],
  ),
]);

/** Unknown words count as `stop`. Undefined: not finished, or finished without a reason (`NO_REASON`). */
export function readFinishReason(value: unknown): FinishReason | undefined {
  const word = textOf(value);
  return word === '' || word === NO_REASON ? undefined : (FINISH_REASONS.get(word) ?? 'stop');
}

export const FINISH_WORDS = {
  stop: 'STOP',
  length: 'MAX_TOKENS',
  tool_calls: 'STOP',
  content_filter: 'SAFETY',
  error: 'OTHER',
} as const satisfies Record<FinishReason, string>;

/** Source: https://cloud.google.com/apis/design/errors#handling_errors */
const STATUS_WORDS: ReadonlyMap<number, string> = new Map([
  [400, 'INVALID_ARGUMENT'],
  [401, 'UNAUTHENTICATED'],
  [402, 'FAILED_PRECONDITION'],
  [403, 'PERMISSION_DENIED'],
  [404, 'NOT_FOUND'],
  [409, 'ABORTED'],
  [429, 'RESOURCE_EXHAUSTED'],
  [499, 'CANCELLED'],
  [500, 'INTERNAL'],
  [501, 'UNIMPLEMENTED'],
  [502, 'UNAVAILABLE'],
  [503, 'UNAVAILABLE'],
  [504, 'DEADLINE_EXCEEDED'],
]);

export const statusWordOf = (status: number): string =>
  STATUS_WORDS.get(status) ?? (status < 500 ? 'INVALID_ARGUMENT' : 'INTERNAL');

/** An error in the place of an answer; some come in a list of one. */
export const errorIn = (value: unknown): JsonObject | undefined => {
  const told = objectOf(Array.isArray(value) ? value[0] : value);
  const error = told?.['error'];
  return error === undefined || error === null ? undefined : told;
};
