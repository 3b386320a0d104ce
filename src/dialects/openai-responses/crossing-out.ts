/**
 * A request of the Responses format for an upstream of another dialect: what OpenAI chat has under another name is
 * renamed, and what it has no place for is left out and named. The upstream keeps no answers: what the input only refers
 * to must have been put in its place before.
 */

import type { JsonObject } from '../../base/json.ts';
import type { ChatMessage, ChatPart } from '../../domain/chat.ts';
import type { Crossing } from '../dialect.ts';
import { invalid, parseBody } from '../openai-chat/request.ts';
import { textArguments } from '../openai-chat/text-tools.ts';
import { objectOf, textOf } from '../openai-chat/wire.ts';
import { picturesOfTools } from '../tool-pictures.ts';
import { flatName } from './flat-name.ts';
import { readHead, requestOf } from './request.ts';
import { asFunctionItem } from './run-tools.ts';
import { namespaceOf, portableTools } from './tools-out.ts';
import { partsOf } from './wire.ts';

export function readCrossing(body: Uint8Array): Crossing {
  const fields = objectOf(parseBody(body)) ?? {};
  const dropped = new Set<string>();
  refuseUnportable(fields);
  const { tools, toolChoice, forms } = portableTools(fields, dropped);
  const input = portableItems(fields['input'], dropped);
  const request = requestOf(readHead(body), { ...fields, input, tools, tool_choice: toolChoice });
  const messages = request.messages.flatMap((message) => portable(message, dropped));
  if (messages.length === 0)
    throw invalid(
      'input',
      'nothing of it means anything to the provider of this model: send the whole input',
    );
  const extra = renamedExtra(fields, dropped);
  if (tools === undefined) delete extra['parallel_tool_calls'];
  return {
    request: { ...request, messages: picturesOfTools(instructionsFirst(messages)), extra },
    dropped: [...dropped],
    terms: {
      ...(forms.size === 0 ? {} : { tools: forms }),
      ...(includesOf(fields).includes(SEALED) ? { wantsSeals: true } : {}),
      repeated: repeatedOf(fields),
    },
  };
}

/** What changes the meaning of the whole call must not be left out. */
function refuseUnportable(fields: JsonObject): void {
  const elsewhere = 'the provider of this model';
  if (fields['background'] === true)
    throw invalid('background', `${elsewhere} answers only while it is listened to: leave it out`);
  if (fields['conversation'] !== undefined && fields['conversation'] !== null)
    throw invalid(
      'conversation',
      `${elsewhere} keeps no conversations: go on with previous_response_id, or send the whole input`,
    );
}

const SEALED = 'reasoning.encrypted_content';

const includesOf = ({ include }: JsonObject): readonly unknown[] =>
  Array.isArray(include) ? (include as unknown[]) : [];

/** As OpenAI repeats it: https://platform.openai.com/docs/api-reference/responses/object */
const REPEATED = [
  ...['instructions', 'max_output_tokens', 'max_tool_calls', 'metadata', 'parallel_tool_calls', 'text'],
  ...['prompt_cache_key', 'reasoning', 'safety_identifier', 'service_tier', 'temperature', 'tool_choice'],
  ...['tools', 'top_logprobs', 'top_p', 'truncation', 'user'],
] as const;

const repeatedOf = (fields: JsonObject): JsonObject => ({
  store: fields['store'] !== false,
  ...Object.fromEntries(
    REPEATED.flatMap((name) =>
      fields[name] === undefined || fields[name] === null ? [] : [[name, fields[name]]],
    ),
  ),
});

/** Carried by `requestOf`, or by what goes before it. */
const CARRIED = new Set([
  ...['model', 'input', 'instructions', 'stream', 'max_output_tokens', 'tools', 'tool_choice'],
  // Kept by Sluice itself.
  ...['store', 'background', 'conversation'],
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
    else if (name === 'include') {
      if (includesOf(fields).some((each) => each !== SEALED)) dropped.add(name);
    } else if (isAsEver(name, value)) continue;
    else if (name !== 'reasoning' && name !== 'text') dropped.add(name);
  }
  for (const [name, value] of fieldsOf(fields['reasoning'])) {
    if (name === 'effort') renamed['reasoning_effort'] = value;
    // What there is of thoughts is told as a summary, wished for or not.
    else if (name !== 'summary' && name !== 'generate_summary') dropped.add(`reasoning.${name}`);
  }
  for (const [name, value] of fieldsOf(fields['text'])) {
    if (name === 'verbosity') renamed['verbosity'] = value;
    else if (name === 'format') Object.assign(renamed, formatOf(objectOf(value) ?? {}, dropped));
    else dropped.add(`text.${name}`);
  }
  return renamed;
}

/** What would happen without it, too. */
const isAsEver = (name: string, value: unknown): boolean =>
  (name === 'truncation' && value === 'disabled') || (name === 'top_logprobs' && value === 0);

const fieldsOf = (value: unknown): [string, unknown][] =>
  Object.entries(objectOf(value) ?? {}).filter(([, each]) => each !== null && each !== undefined);

/** A schema; formats without one have a neutral form. */
function formatOf({ type, ...schema }: JsonObject, dropped: Set<string>): JsonObject {
  if (type === 'json_schema') return { response_format: { type, json_schema: schema } };
  if (type !== 'text' && type !== 'json_object') dropped.add('text.format');
  return {};
}

const PORTABLE_ITEMS: ReadonlySet<unknown> = new Set([
  ...[undefined, 'message', 'reasoning', 'function_call_output', 'custom_tool_call_output'],
]);

/** The items that have a meaning elsewhere. */
function portableItems(input: unknown, dropped: Set<string>): unknown {
  if (!Array.isArray(input)) return input;
  return partsOf(input).flatMap((item) => {
    const type = textOf(item['type']);
    if (PORTABLE_ITEMS.has(item['type'])) return [item];
    if (type === 'function_call' || type === 'custom_tool_call')
      return [
        {
          ...item,
          type: 'function_call',
          name: flatName(textOf(item['name']), namespaceOf(item)),
          // Others read JSON, and nothing is none.
          arguments:
            type === 'custom_tool_call' ? textArguments(item['input']) : textOf(item['arguments']) || '{}',
        },
      ];
    // Their tools are among those of the request.
    if (type === 'additional_tools') return [];
    const portable = asFunctionItem(item);
    if (portable === undefined) dropped.add(type);
    return portable ?? [];
  });
}

function portable(message: ChatMessage, dropped: Set<string>): ChatMessage[] {
  const { role, toolCalls } = message;
  const parts = message.parts.filter((part) => isPortable(part, dropped));
  if (parts.length === 0 && !toolCalls?.length && role !== 'tool') {
    // A thought of which nothing came is no turn elsewhere.
    if (message.reasoning !== undefined || message.seals !== undefined) dropped.add('reasoning');
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
