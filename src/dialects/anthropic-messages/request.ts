/**
 * Requests of Anthropic's wire format, read and written. A user's turn there holds the results of tools, too: here each is
 * a turn of its own, before what the user says. The system prompt is a first turn.
 */

import { isJsonObject, type JsonObject } from '../../base/json.ts';
import type { RequestHead } from '../../domain/call.ts';
import type { ChatMessage, ChatRequest, ChatTool, Thought } from '../../domain/chat.ts';
import { Failure } from '../../domain/failure.ts';
import { checkedTurns, headFields, invalid, parseBody } from '../openai-chat/request.ts';
import { objectOf, textOf } from '../openai-chat/wire.ts';
import { blockOf, contentOf, partOf, readContent, resultParts } from './blocks.ts';
import { toolInputOf } from './wire.ts';

export function readHead(body: Uint8Array): RequestHead {
  const fields = headFields(body, ['model', 'stream', 'max_tokens'], 'messages');
  const { model, stream } = checkedTurns(fields);
  const bound = fields['max_tokens'];
  if (bound !== undefined && bound !== null && !isCount(bound))
    throw invalid('max_tokens', 'expected a whole number of at least 0');
  return {
    model,
    stream,
    // Every stream tells its usage.
    wantsUsage: stream,
    // 0 only warms the cache.
    maxOutputTokens: isCount(bound) ? Math.max(1, bound) : Infinity,
  };
}

const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0;

const KNOWN_FIELDS = new Set(['model', 'messages', 'system', 'stream', 'max_tokens', 'tools', 'tool_choice']);

export function readRequest(body: Uint8Array): ChatRequest {
  const fields = parseBody(body);
  const head = readHead(body);
  if (!isJsonObject(fields))
    throw new Failure('invalid_request', { message: 'The body must be a JSON object.' });
  const messages = Array.isArray(fields['messages']) ? fields['messages'] : [];
  const tools = Array.isArray(fields['tools']) ? fields['tools'] : undefined;
  const toolChoice = readToolChoice(fields['tool_choice']);
  const keepsTools = tools?.every(isPlainTool) === false;
  const keepsChoice = !isPlainChoice(fields['tool_choice']);
  return {
    model: head.model,
    messages: [...readSystem(fields['system']), ...messages.flatMap(readMessage)],
    stream: head.stream,
    wantsUsage: head.wantsUsage,
    ...(head.maxOutputTokens === Infinity ? {} : { maxOutputTokens: head.maxOutputTokens }),
    ...(tools === undefined ? {} : { tools: tools.flatMap(readTool) }),
    ...(toolChoice === undefined ? {} : { toolChoice }),
    extra: Object.fromEntries(
      Object.entries(fields).filter(
        // What the neutral form would lose travels along as the whole field.
        ([name]) =>
          !KNOWN_FIELDS.has(name) ||
          (name === 'tools' && keepsTools) ||
          (name === 'tool_choice' && keepsChoice),
      ),
    ),
  };
}

function readSystem(value: unknown): ChatMessage[] {
  if (value === undefined || value === null) return [];
  const blocks = readContent(value);
  if (blocks === undefined) throw invalid('system', 'expected a string or an array of blocks');
  return [{ role: 'system', parts: blocks.map(partOf) }];
}

function readMessage(value: unknown, i: number): ChatMessage[] {
  const message = objectOf(value) ?? {};
  const blocks = readContent(message['content']);
  if (blocks === undefined)
    throw invalid(`messages[${i}].content`, 'expected a string or an array of blocks');
  switch (message['role']) {
    case 'system':
      return [{ role: 'system', parts: blocks.map(partOf) }];
    case 'assistant':
      return [readAssistant(blocks)];
    case 'user':
      return readUser(blocks);
    default:
      throw invalid(`messages[${i}].role`, 'expected one of user, assistant, system');
  }
}

/** Behind a call of tools nothing may come before their results. */
function readUser(blocks: readonly JsonObject[]): ChatMessage[] {
  const results = blocks.filter(({ type }) => type === 'tool_result');
  const rest = blocks.filter(({ type }) => type !== 'tool_result');
  const user: ChatMessage = { role: 'user', parts: rest.map(partOf) };
  const told = results.map(
    (result): ChatMessage => ({
      role: 'tool',
      parts: resultParts(result),
      toolCallId: textOf(result['tool_use_id']),
    }),
  );
  return rest.length === 0 && told.length > 0 ? told : [...told, user];
}

function readAssistant(blocks: readonly JsonObject[]): ChatMessage {
  const thoughts = blocks.filter(({ type }) => type === 'thinking');
  const calls = blocks.filter(({ type }) => type === 'tool_use');
  const rest = blocks.filter(({ type }) => type !== 'thinking' && type !== 'tool_use');
  const signature = textOf(thoughts.at(-1)?.['signature']);
  return {
    role: 'assistant',
    parts: rest.map(partOf),
    ...(thoughts.length === 0
      ? {}
      : { reasoning: thoughts.map(({ thinking }) => textOf(thinking)).join('') }),
    ...(signature === '' ? {} : { reasoningSignature: signature }),
    ...(calls.length === 0
      ? {}
      : {
          toolCalls: calls.map(({ id, name, input }) => ({
            id: textOf(id),
            name: textOf(name),
            arguments: JSON.stringify(objectOf(input) ?? {}),
          })),
        }),
  };
}

const TOOL_FIELDS = new Set(['name', 'description', 'input_schema']);

const isPlainTool = (tool: unknown): boolean =>
  isJsonObject(tool) && Object.keys(tool).every((name) => TOOL_FIELDS.has(name));

/** Tools of the provider's own have a type and no schema. */
export const isOwnTool = (tool: JsonObject): boolean =>
  typeof tool['name'] === 'string' && (tool['type'] ?? 'custom') === 'custom';

function readTool(value: unknown): ChatTool[] {
  const tool = objectOf(value);
  if (tool === undefined || !isOwnTool(tool)) return [];
  return [
    {
      name: textOf(tool['name']),
      ...(typeof tool['description'] === 'string' ? { description: tool['description'] } : {}),
      ...(tool['input_schema'] === undefined ? {} : { parameters: tool['input_schema'] }),
    },
  ];
}

function readToolChoice(value: unknown): ChatRequest['toolChoice'] {
  const choice = objectOf(value);
  switch (choice?.['type']) {
    case 'auto':
      return 'auto';
    case 'none':
      return 'none';
    case 'any':
      return 'required';
    case 'tool':
      return { name: textOf(choice['name']) };
    default:
      return undefined;
  }
}

const isPlainChoice = (value: unknown): boolean =>
  value === undefined ||
  (readToolChoice(value) !== undefined &&
    Object.keys(objectOf(value) ?? {}).every((name) => name === 'type' || name === 'name'));

export function writeRequest(request: ChatRequest): Buffer {
  const { messages, tools, toolChoice } = request;
  const [first] = messages;
  const system = first?.role === 'system' && messages.length > 1 ? first : undefined;
  const fields = {
    model: request.model,
    ...(request.maxOutputTokens === undefined ? {} : { max_tokens: request.maxOutputTokens }),
    ...(system === undefined ? {} : { system: contentOf(system.parts) }),
    messages: writeMessages(system === undefined ? messages : messages.slice(1)),
    ...(request.stream ? { stream: true } : {}),
    ...(tools === undefined ? {} : { tools: tools.map(writeTool) }),
    ...(toolChoice === undefined ? {} : { tool_choice: writeToolChoice(toolChoice) }),
    ...request.extra,
  };
  return Buffer.from(JSON.stringify(fields));
}

/** Results of tools stand in the turn of the user that follows them. */
function writeMessages(messages: readonly ChatMessage[]): JsonObject[] {
  const written: JsonObject[] = [];
  let results: JsonObject[] = [];
  const flush = (): void => {
    if (results.length > 0) written.push({ role: 'user', content: results });
    results = [];
  };
  for (const message of messages) {
    if (message.role === 'tool') results.push(resultOf(message));
    else if (message.role === 'user' && message.parts.length > 0 && results.length > 0) {
      results.push(...message.parts.map(blockOf));
      flush();
    } else {
      flush();
      written.push(writeMessage(message));
    }
  }
  flush();
  return written;
}

const resultOf = ({ toolCallId, parts }: ChatMessage): JsonObject => ({
  type: 'tool_result',
  tool_use_id: toolCallId ?? '',
  content: contentOf(parts),
});

function writeMessage({
  role,
  parts,
  reasoning,
  reasoningSignature,
  thoughts,
  toolCalls = [],
}: ChatMessage): JsonObject {
  if (role !== 'assistant') return { role: role === 'user' ? 'user' : 'system', content: contentOf(parts) };
  const thought =
    thoughts !== undefined
      ? thoughts.map(thoughtBlock)
      : reasoning === undefined
        ? []
        : [thoughtBlock({ text: reasoning, signature: reasoningSignature ?? '' })];
  if (thought.length === 0 && toolCalls.length === 0) return { role, content: contentOf(parts) };
  const calls = toolCalls.map(({ id, name, arguments: text }) => ({
    ...{ type: 'tool_use', id, name },
    input: toolInputOf(text),
  }));
  return { role, content: [...thought, ...parts.map(blockOf), ...calls] };
}

const thoughtBlock = ({ text, signature = '', redacted }: Thought): JsonObject =>
  redacted === true
    ? { type: 'redacted_thinking', data: signature }
    : { type: 'thinking', thinking: text, signature };

const writeTool = ({ name, description, parameters }: ChatTool): JsonObject => ({
  name,
  ...(description === undefined ? {} : { description }),
  ...(parameters === undefined ? {} : { input_schema: parameters }),
});

function writeToolChoice(choice: NonNullable<ChatRequest['toolChoice']>): JsonObject {
  if (typeof choice === 'object') return { type: 'tool', name: choice.name };
  return { type: choice === 'required' ? 'any' : choice };
}
