/**
 * A request of the Responses format for an upstream of another dialect: what OpenAI chat has under another name is
 * renamed, and what it has no place for is left out and named. The upstream keeps no answers: what the input only refers
 * to is not there.
 */

import type { JsonObject } from '../../base/json.ts';
import type { ChatMessage, ChatPart } from '../../domain/chat.ts';
import type { Crossing } from '../dialect.ts';
import { invalid, parseBody } from '../openai-chat/request.ts';
import { objectOf, textOf } from '../openai-chat/wire.ts';
import { picturesOfTools } from '../tool-pictures.ts';
import { readHead, requestOf } from './request.ts';
import { portableTools } from './tools-out.ts';
import { partsOf } from './wire.ts';

export function readCrossing(body: Uint8Array): Crossing {
  const fields = objectOf(parseBody(body)) ?? {};
  const dropped = new Set<string>();
  const { tools, toolChoice, textTools } = portableTools(fields, dropped);
  const input = portableItems(fields['input'], dropped);
  const request = requestOf(readHead(body), { ...fields, input, tools, tool_choice: toolChoice });
  const messages = request.messages.flatMap((message) => portable(message, dropped));
  if (messages.length === 0)
    throw invalid('input', 'the provider of this model keeps no responses: send the whole input');
  const extra = renamedExtra(fields, dropped);
  if (tools === undefined) delete extra['parallel_tool_calls'];
  return {
    request: { ...request, messages: picturesOfTools(instructionsFirst(messages)), extra },
    dropped: [...dropped],
    ...(textTools.length === 0 ? {} : { textTools }),
  };
}

/** Carried by `requestOf`, or by what goes before it. */
const CARRIED = new Set([
  ...['model', 'input', 'instructions', 'stream', 'max_output_tokens', 'tools', 'tool_choice'],
]);

/** The same in OpenAI chat, or of those who speak it. */
const SHARED = new Set([
  ...['temperature', 'top_p', 'top_k', 'parallel_tool_calls', 'metadata', 'user', 'service_tier'],
  ...['prompt_cache_key', 'prompt_cache_retention', 'safety_identifier'],
  ...['stop', 'seed', 'frequency_penalty', 'presence_penalty', 'enable_thinking', 'thinking_budget'],
]);

function renamedExtra(fields: JsonObject, dropped: Set<string>): Record<string, unknown> {
  const renamed: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (value === null || value === undefined || CARRIED.has(name)) continue;
    if (SHARED.has(name)) renamed[name] = value;
    else if (name !== 'reasoning' && name !== 'text') dropped.add(name);
  }
  for (const [name, value] of fieldsOf(fields['reasoning'])) {
    if (name === 'effort') renamed['reasoning_effort'] = value;
    else dropped.add(`reasoning.${name}`);
  }
  for (const [name, value] of fieldsOf(fields['text'])) {
    if (name === 'verbosity') renamed['verbosity'] = value;
    else if (name === 'format') Object.assign(renamed, formatOf(objectOf(value) ?? {}, dropped));
    else dropped.add(`text.${name}`);
  }
  return renamed;
}

const fieldsOf = (value: unknown): [string, unknown][] =>
  Object.entries(objectOf(value) ?? {}).filter(([, each]) => each !== null && each !== undefined);

/** A schema; formats without one have a neutral form. */
function formatOf({ type, ...schema }: JsonObject, dropped: Set<string>): JsonObject {
  if (type === 'json_schema') return { response_format: { type, json_schema: schema } };
  if (type !== 'text' && type !== 'json_object') dropped.add('text.format');
  return {};
}

const PORTABLE_ITEMS: ReadonlySet<unknown> = new Set([
  ...[undefined, 'message', 'reasoning', 'function_call', 'function_call_output'],
  ...['custom_tool_call', 'custom_tool_call_output'],
]);

/** The items that have a meaning elsewhere. Thoughts keep what of them can be read. */
function portableItems(input: unknown, dropped: Set<string>): unknown {
  if (!Array.isArray(input)) return input;
  return partsOf(input).filter((item) => {
    if (textOf(item['encrypted_content']) !== '') dropped.add('encrypted_content');
    if (PORTABLE_ITEMS.has(item['type'])) return true;
    dropped.add(textOf(item['type']));
    return false;
  });
}

function portable(message: ChatMessage, dropped: Set<string>): ChatMessage[] {
  const { role, toolCalls } = message;
  const parts = message.parts.filter((part) => isPortable(part, dropped));
  if (parts.length === 0 && !toolCalls?.length && role !== 'tool') {
    // A thought of which nothing came is no turn elsewhere.
    if (message.reasoning !== undefined) dropped.add('reasoning');
    return [];
  }
  // Many who speak OpenAI chat do not know the role.
  return [{ ...message, parts, role: role === 'developer' ? 'system' : role }];
}

function isPortable(part: ChatPart, dropped: Set<string>): boolean {
  if (part.type === 'text') return true;
  const value = objectOf(part.value);
  const file = objectOf(value?.['file']);
  if (value?.['type'] === 'image_url' || value?.['type'] === 'input_audio') return true;
  if (typeof file?.['file_data'] === 'string') return true;
  dropped.add(file === undefined ? textOf(value?.['type']) || 'content' : 'input_file');
  return false;
}

/** Some want one system prompt and no second one behind it. */
function instructionsFirst(messages: readonly ChatMessage[]): readonly ChatMessage[] {
  const turns = messages.findIndex(({ role }) => role !== 'system');
  const instructions = turns < 0 ? messages : messages.slice(0, turns);
  const parts = instructions.flatMap((message) => message.parts);
  if (parts.length < 2 || parts.some(({ type }) => type !== 'text')) return messages;
  const text = parts.map((part) => (part.type === 'text' ? part.text : '')).join('\n\n');
  return [{ role: 'system', parts: [{ type: 'text', text }] }, ...messages.slice(instructions.length)];
}
