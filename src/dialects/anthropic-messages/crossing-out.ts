/**
 * A request of Anthropic's wire format for an upstream of another dialect: what both have under other names is renamed,
 * and what the other has no place for is left out and named.
 */

import { hash } from 'node:crypto';
import { isJsonObject, type JsonObject } from '../../base/json.ts';
import type { ChatMessage, ChatPart, ChatRequest } from '../../domain/chat.ts';
import type { Crossing } from '../dialect.ts';
import { parseBody } from '../openai-chat/request.ts';
import { objectOf, textOf } from '../openai-chat/wire.ts';
import { picturesOfTools } from '../tool-pictures.ts';
import { readContent } from './blocks.ts';
import { isOwnTool, readRequest } from './request.ts';

export function readCrossing(body: Uint8Array): Crossing {
  const request = readRequest(body);
  const fields = parseBody(body);
  const dropped = new Set(isJsonObject(fields) ? lostFields(fields) : []);
  const messages = request.messages.map((message, i) => portable(message, { i, dropped }));
  return {
    request: {
      ...request,
      messages: picturesOfTools(messages).filter(({ role, parts }) => role !== 'system' || parts.length > 0),
      extra: renamedExtra(request, dropped),
      ...(schemaOf(request) === undefined ? {} : { responseFormat: 'json_schema' as const }),
    },
    dropped: [...dropped],
  };
}

const SHARED = new Set(['temperature', 'top_p', 'top_k']);

function renamedExtra({ extra }: ChatRequest, dropped: Set<string>): JsonObject {
  const renamed: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(extra)) {
    if (saysNothing(value) || name === 'tools') continue;
    if (SHARED.has(name)) renamed[name] = value;
    else if (name === 'stop_sequences') renamed['stop'] = value;
    else if (name === 'metadata') Object.assign(renamed, userOf(value, dropped));
    else if (name === 'thinking') Object.assign(renamed, thinkingOf(objectOf(value) ?? {}));
    else if (name === 'tool_choice') {
      if (objectOf(value)?.['disable_parallel_tool_use'] === true) renamed['parallel_tool_calls'] = false;
    } else if (name === 'output_config') {
      const { format, effort, ...rest } = objectOf(value) ?? {};
      if (typeof effort === 'string') renamed['reasoning_effort'] = effort;
      const schema = objectOf(format)?.['schema'];
      if (schema !== undefined)
        renamed['response_format'] = {
          type: 'json_schema',
          json_schema: { name: 'answer', strict: true, schema },
        };
      for (const each of Object.keys(rest)) dropped.add(`output_config.${each}`);
    } else dropped.add(name);
  }
  return renamed;
}

/** An empty list of words to stop at is refused elsewhere. */
const saysNothing = (value: unknown): boolean =>
  value === null || value === undefined || (Array.isArray(value) && value.length === 0);

/** How much is shown of it is the client's affair, and no part of the wish. */
function thinkingOf({ type, budget_tokens: budget }: JsonObject): JsonObject {
  if (typeof type !== 'string') return {};
  return {
    enable_thinking: type !== 'disabled',
    ...(type === 'enabled' && typeof budget === 'number' ? { thinking_budget: budget } : {}),
  };
}

/** Longer ones are refused: https://platform.openai.com/docs/api-reference/chat/create */
const LONGEST_USER = 64;

function userOf(metadata: unknown, dropped: Set<string>): JsonObject {
  const { user_id: user, ...rest } = objectOf(metadata) ?? {};
  for (const name of Object.keys(rest)) dropped.add(`metadata.${name}`);
  if (typeof user !== 'string' || user === '') return {};
  return { user: user.length > LONGEST_USER ? hash('sha256', user, 'hex') : user };
}

const schemaOf = ({ extra }: ChatRequest): unknown =>
  objectOf(objectOf(extra['output_config'])?.['format'])?.['schema'];

const PORTABLE_MEDIA: ReadonlySet<unknown> = new Set(['image_url', 'file']);

/** It changes with every version of the client, and spoils the cache of a prompt that begins with it. */
const BILLING = 'x-anthropic-billing-header:';

function portable(
  message: ChatMessage,
  { i, dropped }: { readonly i: number; readonly dropped: Set<string> },
): ChatMessage {
  const { reasoningSignature, reasoning, ...rest } = message;
  // A thought without a seal came from a provider of another dialect, which may want it back.
  const keeps = reasoning !== undefined && reasoning !== '' && reasoningSignature === undefined;
  if (reasoningSignature !== undefined) dropped.add('thinking');
  const parts = message.parts.map(asText).filter((part) => {
    if (part.type === 'text')
      return part.text !== '' && !(i === 0 && message.role === 'system' && part.text.startsWith(BILLING));
    const type = objectOf(part.value)?.['type'];
    if (PORTABLE_MEDIA.has(type)) return true;
    dropped.add(textOf(type) === '' ? 'content' : textOf(type));
    return false;
  });
  return { ...rest, parts, ...(keeps ? { reasoning } : {}) };
}

/** Documents and findings that are text say it; others have no form for them. */
function asText(part: ChatPart): ChatPart {
  if (part.type === 'text') return part;
  const said = textsOf(objectOf(part.value) ?? {}).filter((each) => each !== '');
  return said.length === 0 ? part : { type: 'text', text: said.join('\n\n') };
}

function textsOf(block: JsonObject): readonly string[] {
  const title = textOf(block['title']);
  if (block['type'] === 'search_result')
    return [title, textOf(block['source']), ...textsIn(block['content'])];
  const source = objectOf(block['source']);
  if (block['type'] !== 'document' || source === undefined) return [];
  if (source['type'] === 'text') return [title, textOf(source['data'])];
  const texts = source['type'] === 'content' ? textsIn(source['content']) : [];
  return texts.length === 0 ? [] : [title, ...texts];
}

/** None where there is something else among them. */
function textsIn(content: unknown): readonly string[] {
  const blocks = readContent(content) ?? [];
  return blocks.every(({ type }) => type === 'text') ? blocks.map(({ text }) => textOf(text)) : [];
}

const BLOCK_FIELDS: ReadonlyMap<unknown, readonly string[]> = new Map([
  ['text', ['text', 'cache_control']],
  ['image', ['source']],
  ['document', ['source', 'title']],
  ['thinking', ['thinking', 'signature']],
  ['tool_use', ['id', 'name', 'input']],
  ['tool_result', ['tool_use_id', 'content', 'is_error', 'cache_control']],
]);
const TOOL_FIELDS = ['name', 'description', 'input_schema'];

/** What blocks and tools say beside what their neutral form holds. */
function lostFields(fields: JsonObject): string[] {
  const lost: string[] = [];
  const look = (value: JsonObject, known: readonly string[]): void => {
    for (const [name, each] of Object.entries(value))
      if (name !== 'type' && !known.includes(name) && each !== null && each !== false) lost.push(name);
  };
  const lookInto = (content: unknown): void => {
    if (typeof content === 'string') return;
    for (const block of readContent(content) ?? []) {
      look(block, BLOCK_FIELDS.get(block['type']) ?? Object.keys(block));
      if (block['type'] === 'tool_result') lookInto(block['content']);
    }
  };
  lookInto(fields['system']);
  for (const message of arrayOf(fields['messages'])) lookInto(message['content']);
  for (const tool of arrayOf(fields['tools'])) {
    if (isOwnTool(tool)) look(tool, TOOL_FIELDS);
    else lost.push(textOf(tool['type']) === '' ? 'tools' : textOf(tool['type']));
  }
  return lost;
}

const arrayOf = (value: unknown): JsonObject[] =>
  Array.isArray(value) ? value.map((each: unknown) => objectOf(each) ?? {}) : [];
