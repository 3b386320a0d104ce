/**
 * The parts of OpenAI's chat wire format that more than one direction needs: usage and finish reasons. Usage comes
 * in many shapes from compatible providers; here they become the five disjoint amounts.
 */

import { isJsonObject, type JsonObject } from '../../base/json.ts';
import type { FinishReason } from '../../domain/chat.ts';
import type { Failure } from '../../domain/failure.ts';
import { inputTotal, outputTotal, type Usage } from '../../domain/usage.ts';

export const numberOf = (value: unknown): number =>
  typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : 0;

export const objectOf = (value: unknown): JsonObject | undefined => (isJsonObject(value) ? value : undefined);

export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** An error in the place of an answer: in OpenAI's envelope, or flat, as Model Studio's own path says it. */
export const tellsError = (value: JsonObject): boolean =>
  (value['error'] !== undefined && value['error'] !== null) ||
  (typeof value['code'] === 'string' &&
    typeof value['message'] === 'string' &&
    value['choices'] === undefined);

/**
 * `prompt_tokens` includes cache reads and writes, `completion_tokens` includes reasoning; undefined when the object
 * holds no usage. Names of the cache amounts: OpenAI, Model Studio (`cache_creation_input_tokens`), DeepSeek
 * (`prompt_cache_hit_tokens`).
 */
export function readUsage(value: unknown): Usage | undefined {
  const usage = objectOf(value);
  if (usage === undefined) return undefined;
  const prompt = numberOf(usage['prompt_tokens']);
  const completion = numberOf(usage['completion_tokens']);
  if (prompt === 0 && completion === 0 && numberOf(usage['total_tokens']) === 0) return undefined;
  const promptDetails = objectOf(usage['prompt_tokens_details']);
  const cacheRead = Math.min(
    prompt,
    numberOf(promptDetails?.['cached_tokens']) || numberOf(usage['prompt_cache_hit_tokens']),
  );
  const cacheWrite = Math.min(
    prompt - cacheRead,
    numberOf(promptDetails?.['cache_write_tokens']) ||
      numberOf(promptDetails?.['cache_creation_input_tokens']),
  );
  const reasoning = Math.min(
    completion,
    numberOf(objectOf(usage['completion_tokens_details'])?.['reasoning_tokens']),
  );
  return {
    input: prompt - cacheRead - cacheWrite,
    cacheRead,
    cacheWrite,
    output: completion - reasoning,
    reasoning,
    source: 'upstream',
  };
}

export function writeUsage(usage: Usage): JsonObject {
  const prompt = inputTotal(usage);
  const completion = outputTotal(usage);
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: {
      cached_tokens: usage.cacheRead,
      ...(usage.cacheWrite > 0 ? { cache_write_tokens: usage.cacheWrite } : {}),
    },
    completion_tokens_details: { reasoning_tokens: usage.reasoning },
  };
}

/** `insufficient_system_resource`: https://api-docs.deepseek.com/api/create-chat-completion. `error`: OpenRouter, and ours. */
const FINISH_REASONS: ReadonlyMap<string, FinishReason> = new Map([
  ['stop', 'stop'],
  ['length', 'length'],
  ['tool_calls', 'tool_calls'],
  ['function_call', 'tool_calls'],
  ['content_filter', 'content_filter'],
  ['error', 'error'],
  ['insufficient_system_resource', 'error'],
]);

/** Unknown words count as `stop`; null and the string "null" (native Model Studio) as not finished. */
export function readFinishReason(value: unknown): FinishReason | undefined {
  if (typeof value !== 'string' || value === '' || value === 'null') return undefined;
  return FINISH_REASONS.get(value) ?? 'stop';
}

/** The status that an error body tells as a number; 0: none. */
export function errorStatusOf(value: unknown): number {
  const error = objectOf(objectOf(value)?.['error']);
  for (const field of [error?.['status'], error?.['code'], error?.['status_code']])
    if (typeof field === 'number' && field >= 400 && field < 600) return field;
  return 0;
}

export function writeErrorBody(failure: Failure, requestId: string): string {
  const { type, code } = failure.rule;
  const error = { message: failure.message, type, param: failure.options.param ?? null, code };
  return JSON.stringify({ error, request_id: requestId });
}

export const STREAM_OBJECT = 'chat.completion.chunk';
export const REPLY_OBJECT = 'chat.completion';
