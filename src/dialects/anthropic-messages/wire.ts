/**
 * The parts of Anthropic's wire format that more than one direction needs: usage, stop reasons, and what its errors are
 * called. Source: https://docs.claude.com/en/api/messages
 */

import type { JsonObject } from '../../base/json.ts';
import type { FinishReason } from '../../domain/chat.ts';
import type { Usage } from '../../domain/usage.ts';
import { numberOf, objectOf, textOf } from '../openai-chat/wire.ts';

/** `input_tokens` holds nothing of the cache; thoughts are part of `output_tokens`. Undefined when all is nothing. */
export function readUsage(value: unknown): Usage | undefined {
  const usage = objectOf(value);
  if (usage === undefined) return undefined;
  const input = numberOf(usage['input_tokens']);
  const cacheRead = numberOf(usage['cache_read_input_tokens']);
  const cacheWrite = numberOf(usage['cache_creation_input_tokens']);
  const all = numberOf(usage['output_tokens']);
  if (input + cacheRead + cacheWrite + all === 0) return undefined;
  const told = numberOf(objectOf(usage['output_tokens_details'])?.['thinking_tokens']);
  const reasoning = Math.min(all, told);
  // Written for an hour it is dearer: https://docs.claude.com/en/build-with-claude/prompt-caching
  const forHour = numberOf(objectOf(usage['cache_creation'])?.['ephemeral_1h_input_tokens']);
  const cacheWrite1h = Math.min(cacheWrite, forHour);
  return {
    ...{ input, cacheRead, cacheWrite, output: all - reasoning, reasoning, source: 'upstream' },
    ...(cacheWrite1h > 0 ? { cacheWrite1h } : {}),
  };
}

/** Clients add to these numbers: where nothing is known they are 0, and never missing. */
export function writeUsage(usage: Usage | undefined): JsonObject {
  const { cacheWrite = 0, cacheWrite1h = 0 } = usage ?? {};
  return {
    input_tokens: usage?.input ?? 0,
    cache_creation_input_tokens: cacheWrite,
    ...(cacheWrite1h === 0
      ? {}
      : {
          cache_creation: {
            ephemeral_5m_input_tokens: cacheWrite - cacheWrite1h,
            ephemeral_1h_input_tokens: cacheWrite1h,
          },
        }),
    cache_read_input_tokens: usage?.cacheRead ?? 0,
    output_tokens: (usage?.output ?? 0) + (usage?.reasoning ?? 0),
    ...(usage === undefined || usage.reasoning === 0
      ? {}
      : { output_tokens_details: { thinking_tokens: usage.reasoning } }),
  };
}

/** A stream tells its usage twice, the second time in totals: what is told later wins where it says something. */
export function laterUsage(old: JsonObject | undefined, told: JsonObject | undefined): JsonObject {
  const merged: Record<string, unknown> = { ...old };
  for (const [name, value] of Object.entries(told ?? {})) if (value || !merged[name]) merged[name] = value;
  return merged;
}

const STOP_REASONS: ReadonlyMap<string, FinishReason> = new Map([
  ['end_turn', 'stop'],
  ['stop_sequence', 'stop'],
  ['pause_turn', 'stop'],
  ['max_tokens', 'length'],
  ['model_context_window_exceeded', 'length'],
  ['tool_use', 'tool_calls'],
  ['refusal', 'content_filter'],
]);

/** Unknown words count as `stop`, none as not finished. */
export function readStopReason(value: unknown): FinishReason | undefined {
  const word = textOf(value);
  return word === '' ? undefined : (STOP_REASONS.get(word) ?? 'stop');
}

/** Null: there is no word for an answer that its provider broke off. */
export const STOP_WORDS = {
  stop: 'end_turn',
  length: 'max_tokens',
  tool_calls: 'tool_use',
  content_filter: 'refusal',
  error: null,
} as const satisfies Record<FinishReason, string | null>;

/** Source: https://docs.claude.com/en/api/errors */
const ERROR_STATUS: ReadonlyMap<string, number> = new Map([
  ['invalid_request_error', 400],
  ['authentication_error', 401],
  ['billing_error', 402],
  ['permission_error', 403],
  ['not_found_error', 404],
  ['conflict_error', 409],
  ['request_too_large', 413],
  ['rate_limit_error', 429],
  ['api_error', 500],
  ['timeout_error', 504],
  ['overloaded_error', 529],
]);

const ERROR_TYPES: ReadonlyMap<number, string> = new Map(
  [...ERROR_STATUS]
    .map(([type, status]): [number, string] => [status, type])
    .concat([[503, 'overloaded_error']]),
);

export const errorTypeOf = (status: number): string =>
  ERROR_TYPES.get(status) ?? (status < 500 ? 'invalid_request_error' : 'api_error');

/** The status that an error's type stands for; 0: none. */
export const errorStatusOf = (value: unknown): number =>
  ERROR_STATUS.get(textOf(objectOf(objectOf(value)?.['error'])?.['type'])) ?? 0;

/** The input of a tool from the text that the model wrote: what is no object is kept as it was said. */
export function toolInputOf(text: string): JsonObject {
  if (text === '') return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { arguments: text };
  }
  return objectOf(value) ?? { arguments: text };
}
