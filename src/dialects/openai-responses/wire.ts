/**
 * The parts of OpenAI's Responses wire format that more than one direction needs: usage, how an answer ended, and
 * what its items say. Names: https://platform.openai.com/docs/api-reference/responses
 */

import type { JsonObject } from '../../base/json.ts';
import type { ChatEvent, FinishReason } from '../../domain/chat.ts';
import { inputTotal, outputTotal, type Usage } from '../../domain/usage.ts';
import { errorStatusOf, numberOf, objectOf, textOf } from '../openai-chat/wire.ts';

/** `input_tokens` includes cache reads and writes, `output_tokens` includes reasoning; undefined where nothing is told. */
export function readUsage(value: unknown): Usage | undefined {
  const usage = objectOf(value);
  if (usage === undefined) return undefined;
  const input = numberOf(usage['input_tokens']);
  const output = numberOf(usage['output_tokens']);
  if (input === 0 && output === 0 && numberOf(usage['total_tokens']) === 0) return undefined;
  const details = objectOf(usage['input_tokens_details']);
  const cacheRead = Math.min(input, numberOf(details?.['cached_tokens']));
  const cacheWrite = Math.min(input - cacheRead, numberOf(details?.['cache_write_tokens']));
  const reasoning = Math.min(
    output,
    numberOf(objectOf(usage['output_tokens_details'])?.['reasoning_tokens']),
  );
  return {
    input: input - cacheRead - cacheWrite,
    cacheRead,
    cacheWrite,
    output: output - reasoning,
    reasoning,
    source: 'upstream',
  };
}

export function writeUsage(usage: Usage): JsonObject {
  const input = inputTotal(usage);
  const output = outputTotal(usage);
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: usage.cacheRead, cache_write_tokens: usage.cacheWrite },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: usage.reasoning },
    total_tokens: input + output,
  };
}

const INCOMPLETE: ReadonlyMap<unknown, FinishReason> = new Map([['content_filter', 'content_filter']]);

/** How a response ended; undefined while it runs, and where it ended badly. */
export function readEnd(response: JsonObject, calls: number): FinishReason | undefined {
  switch (response['status']) {
    case 'completed':
      return calls > 0 ? 'tool_calls' : 'stop';
    case 'incomplete':
      return INCOMPLETE.get(objectOf(response['incomplete_details'])?.['reason']) ?? 'length';
    default:
      return undefined;
  }
}

export const REFUSED: ReadonlySet<unknown> = new Set(['failed', 'cancelled']);

/** A response that ended badly, in the envelope that every reader of refusals knows. */
export function errorOf(response: JsonObject): ChatEvent {
  const error = objectOf(response['error']) ?? {
    message: `The response ended as '${textOf(response['status'])}'.`,
  };
  const body = { error };
  return { type: 'error', status: errorStatusOf(body), body: JSON.stringify(body) };
}

export const isCall = (item: JsonObject): boolean =>
  item['type'] === 'function_call' || item['type'] === 'custom_tool_call';

/** The arguments of a function, or the plain input of a custom tool. */
export const argumentsOf = (item: JsonObject): string => textOf(item['arguments']) || textOf(item['input']);

/** What a whole output says, each thing once; things of one kind that follow each other are one. */
export function readOutput(output: readonly unknown[]): ChatEvent[] {
  const events: ChatEvent[] = [];
  let calls = 0;
  const say = (type: 'text' | 'reasoning', text: string): void => {
    const last = events.at(-1);
    if (text === '') return;
    if (last?.type === type) events[events.length - 1] = { ...last, text: last.text + text };
    else events.push({ type, text, choice: 0 });
  };
  for (const value of output) {
    const item = objectOf(value) ?? {};
    if (item['type'] === 'message')
      for (const part of partsOf(item['content'])) say('text', textOfPart(part));
    else if (item['type'] === 'reasoning') say('reasoning', reasoningOf(item));
    else if (isCall(item)) {
      const [id, name] = [textOf(item['call_id']), textOf(item['name'])];
      events.push({ type: 'tool-call', index: calls, id, name, arguments: argumentsOf(item), choice: 0 });
      calls += 1;
    }
  }
  return events;
}

export const partsOf = (content: unknown): readonly JsonObject[] =>
  Array.isArray(content) ? content.map((part: unknown) => objectOf(part) ?? {}) : [];

const textOfPart = (part: JsonObject): string => textOf(part['text']) || textOf(part['refusal']);

/** Between two parts of a summary. */
export const PART_GAP = '\n\n';

const joined = (parts: unknown, gap: string): string => partsOf(parts).map(textOfPart).join(gap);

/** The chain of thought where it is open, and its summary. */
export const reasoningOf = (item: JsonObject): string =>
  joined(item['content'], '') + joined(item['summary'], PART_GAP);
