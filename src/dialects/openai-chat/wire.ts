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

/**
 * An error in the place of an answer: in OpenAI's envelope; flat, as Model Studio's own path says it; or under a 200 as
 * the status of MiniMax: https://platform.minimax.io/docs/api-reference/errorcode
 */
export const tellsError = (value: JsonObject): boolean =>
  (value['error'] !== undefined && value['error'] !== null) ||
  (typeof value['code'] === 'string' &&
    typeof value['message'] === 'string' &&
    value['choices'] === undefined) ||
  (value['base_resp'] !== undefined &&
    !Array.isArray(value['choices']) &&
    numberOf(objectOf(value['base_resp'])?.['status_code']) > 0);

/** What a delta or a message says: in one text, or, at Mistral, in parts: https://docs.mistral.ai/capabilities/reasoning/ */
export function saidIn(value: JsonObject): { readonly reasoning: string; readonly text: string } {
  const content = value['content'];
  const reasoning = textOf(value['reasoning_content']) || textOf(value['reasoning']);
  if (!Array.isArray(content)) return { reasoning, text: textOf(content) || textOf(value['refusal']) };
  const parts = content.filter(isJsonObject);
  return {
    reasoning: reasoning + parts.map(({ thinking }) => textsOf(thinking)).join(''),
    text: textsOf(parts),
  };
}

const textsOf = (parts: unknown): string =>
  Array.isArray(parts)
    ? parts.map((part: unknown) => textOf(objectOf(part)?.['text'])).join('')
    : textOf(parts);

/**
 * `prompt_tokens` includes cache reads and writes, `completion_tokens` includes reasoning; undefined when the object
 * holds no usage. Names of the cache amounts: OpenAI, Model Studio (`cache_creation_input_tokens`), DeepSeek
 * (`prompt_cache_hit_tokens`), Moonshot (`cached_tokens`). xAI, and relays of Gemini, tell reasoning beside the completion: then the total is larger
 * than its parts (https://docs.cloud.google.com/vertex-ai/generative-ai/docs/partner-models/grok/capabilities/reasoning,
 * mozilla-ai/any-llm#1290, router-for-me/CLIProxyAPI#5733).
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
    numberOf(promptDetails?.['cached_tokens']) ||
      numberOf(usage['prompt_cache_hit_tokens']) ||
      numberOf(usage['cached_tokens']),
  );
  const cacheWrite = Math.min(
    prompt - cacheRead,
    numberOf(promptDetails?.['cache_write_tokens']) ||
      numberOf(promptDetails?.['cache_creation_input_tokens']),
  );
  const details = objectOf(usage['completion_tokens_details']);
  const told = numberOf(details?.['reasoning_tokens']);
  const more = numberOf(usage['total_tokens']) - prompt - completion;
  const isBeside = more > 0 && (more === told || details === undefined);
  const reasoning = isBeside ? more : Math.min(completion, told);
  return {
    input: prompt - cacheRead - cacheWrite,
    cacheRead,
    cacheWrite,
    output: isBeside ? completion : completion - reasoning,
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

/**
 * `insufficient_system_resource`: https://api-docs.deepseek.com/api/create-chat-completion. `error`: OpenRouter, and ours.
 * `sensitive`, `network_error`, `model_context_window_exceeded`: https://docs.z.ai/api-reference/llm/chat-completion.
 * `model_length`: https://docs.mistral.ai/api/
 */
const FINISH_REASONS: ReadonlyMap<string, FinishReason> = new Map([
  ['stop', 'stop'],
  ['length', 'length'],
  ['tool_calls', 'tool_calls'],
  ['function_call', 'tool_calls'],
  ['content_filter', 'content_filter'],
  ['sensitive', 'content_filter'],
  ['model_length', 'length'],
  ['model_context_window_exceeded', 'length'],
  ['error', 'error'],
  ['network_error', 'error'],
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
