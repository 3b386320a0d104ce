/**
 * A request that another dialect's client made, as far as the Responses format can say it: its extras are known by the
 * names of OpenAI chat. What there is no word for is left out and named.
 */

import type { JsonObject } from '../../base/json.ts';
import type { ChatMessage, ChatPart, ChatRequest } from '../../domain/chat.ts';
import type { Crossing } from '../dialect.ts';
import { objectOf, textOf } from '../openai-chat/wire.ts';

export function fitCrossing(request: ChatRequest): Crossing {
  const dropped = new Set<string>();
  const { messages, tools, responseFormat, maxOutputTokens, extra, ...rest } = request;
  const fitted = fittedExtra(extra, dropped);
  // A schema is in its field; without one its name says nothing.
  const format = responseFormat === 'json_schema' ? undefined : responseFormat;
  const text =
    format === undefined ? fitted['text'] : { ...objectOf(fitted['text']), format: { type: format } };
  return {
    request: {
      ...rest,
      ...(maxOutputTokens === undefined ? {} : { maxOutputTokens: boundOf(maxOutputTokens, dropped) }),
      messages: messages.flatMap((message) => fittedMessage(message, dropped)),
      ...(tools === undefined ? {} : { tools: tools.map((tool) => ({ parameters: NONE, ...tool })) }),
      // Here answers are kept unless told otherwise, and nobody could ask for this one again.
      extra: { store: false, ...fitted, ...(text === undefined ? {} : { text }) },
    },
    dropped: [...dropped],
  };
}

/** Less is refused: https://platform.openai.com/docs/api-reference/responses/create */
const LEAST_OUTPUT_TOKENS = 16;

function boundOf(wished: number, dropped: Set<string>): number {
  if (wished < LEAST_OUTPUT_TOKENS) dropped.add('max_tokens');
  return Math.max(LEAST_OUTPUT_TOKENS, wished);
}

/** Parameters are demanded. */
const NONE = { type: 'object', properties: {} } as const;

const SHARED = new Set([
  ...['temperature', 'top_p', 'parallel_tool_calls', 'metadata', 'user', 'service_tier', 'store'],
  ...['prompt_cache_key', 'prompt_cache_retention', 'safety_identifier'],
]);

function fittedExtra(extra: JsonObject, dropped: Set<string>): Record<string, unknown> {
  const fitted: Record<string, unknown> = {};
  const schema = objectOf(objectOf(extra['response_format'])?.['json_schema']);
  const text = {
    ...(schema === undefined ? {} : { format: { type: 'json_schema', ...schema } }),
    ...(typeof extra['verbosity'] === 'string' ? { verbosity: extra['verbosity'] } : {}),
  };
  if (Object.keys(text).length > 0) fitted['text'] = text;
  for (const [name, value] of Object.entries(extra)) {
    if (value === null || value === undefined || Object.hasOwn(text, name)) continue;
    if (SHARED.has(name)) fitted[name] = value;
    else if (name === 'reasoning_effort') fitted['reasoning'] = { effort: value };
    else if (name === 'response_format' && schema !== undefined) continue;
    else if (name !== 'n' || value !== 1) dropped.add(name);
  }
  return fitted;
}

function fittedMessage(message: ChatMessage, dropped: Set<string>): ChatMessage[] {
  const { name, reasoning, reasoningSignature: _seal, ...rest } = message;
  if (name !== undefined) dropped.add('name');
  // The provider knows only thoughts of its own.
  if (reasoning !== undefined) dropped.add('reasoning_content');
  const parts = message.parts.filter((part) => isSayable(part, { role: message.role, dropped }));
  const isEmpty = parts.length === 0 && message.role !== 'tool' && !message.toolCalls?.length;
  return isEmpty ? [] : [{ ...rest, parts }];
}

function isSayable(
  part: ChatPart,
  { role, dropped }: { readonly role: ChatMessage['role']; readonly dropped: Set<string> },
): boolean {
  if (part.type === 'text') return true;
  const type = textOf(objectOf(part.value)?.['type']);
  if (role !== 'assistant' && (type === 'image_url' || type === 'file')) return true;
  dropped.add(type === '' ? 'content' : type);
  return false;
}
