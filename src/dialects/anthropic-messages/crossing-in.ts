/**
 * A request that another dialect's client made, as far as Anthropic's wire format can say it: its extras are known by the
 * names of OpenAI chat. Instructions go to the front, what there is no word for is left out and named.
 */

import type { JsonObject } from '../../base/json.ts';
import type { ChatMessage, ChatPart, ChatRequest, ChatTool } from '../../domain/chat.ts';
import type { Crossing } from '../dialect.ts';
import { objectOf, textOf } from '../openai-chat/wire.ts';
import { nameDetail } from '../picture-detail.ts';
import { takeThinking } from '../thinking.ts';
import { blockOf } from './blocks.ts';
import { fitThinking } from './thinking.ts';

export function fitCrossing(request: ChatRequest): Crossing {
  const dropped = new Set<string>();
  const { messages, tools, toolChoice, responseFormat, extra, ...rest } = request;
  if (responseFormat === 'json_object') dropped.add('response_format');
  const taken = takeThinking(extra);
  const turns = fittedMessages(messages, dropped);
  const { maxOutputTokens, extra: told } = fitThinking({ ...request, messages: turns }, taken, {
    extra: fittedExtra(taken.rest, dropped),
    dropped,
  });
  const noParallel = extra['parallel_tool_calls'] === false && tools !== undefined && toolChoice !== 'none';
  return {
    request: {
      ...rest,
      maxOutputTokens,
      messages: turns,
      ...(tools === undefined
        ? {}
        : { tools: tools.map((tool) => ({ ...tool, parameters: schemaOf(tool) })) }),
      ...(toolChoice === undefined ? {} : { toolChoice }),
      extra: noParallel
        ? { ...told, tool_choice: { ...choiceOf(toolChoice), disable_parallel_tool_use: true } }
        : told,
    },
    dropped: [...dropped],
  };
}

/** One without a type is refused. */
const schemaOf = ({ parameters }: ChatTool): JsonObject => ({ type: 'object', ...objectOf(parameters) });

function choiceOf(choice: ChatRequest['toolChoice'] = 'auto'): JsonObject {
  if (typeof choice === 'object') return { type: 'tool', name: choice.name };
  return { type: choice === 'required' ? 'any' : choice };
}

function fittedExtra(extra: JsonObject, dropped: Set<string>): JsonObject {
  const fitted: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(extra)) {
    if (value === null || value === undefined || name === 'parallel_tool_calls') continue;
    if (name === 'temperature' && typeof value === 'number' && value > 1) dropped.add(name);
    if (name === 'stop' && stopsOf(value).length < listOf(value).length) dropped.add(name);
    const fit = FITS.get(name)?.(value);
    if (fit !== undefined) Object.assign(fitted, fit);
    else if (name !== 'n' || value !== 1) dropped.add(name);
  }
  return fitted;
}

const listOf = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? (value as unknown[]) : [value];

/** Those of blanks alone are refused here. */
const stopsOf = (value: unknown): readonly unknown[] =>
  listOf(value).filter((stop) => typeof stop !== 'string' || stop.trim() !== '');

/** Undefined: not sayable. */
const FITS: ReadonlyMap<string, (value: unknown) => JsonObject | undefined> = new Map<
  string,
  (value: unknown) => JsonObject | undefined
>([
  // Here it ends at 1.
  ['temperature', (value) => (typeof value === 'number' ? { temperature: Math.min(1, value) } : undefined)],
  ['top_p', (value) => ({ top_p: value })],
  ['top_k', (value) => ({ top_k: value })],
  [
    'stop',
    (value) => {
      const stops = stopsOf(value);
      return stops.length === 0 ? {} : { stop_sequences: stops };
    },
  ],
  ['user', (value) => ({ metadata: { user_id: value } })],
  [
    'response_format',
    (value) => {
      const schema = objectOf(objectOf(value)?.['json_schema'])?.['schema'];
      return schema === undefined
        ? undefined
        : { output_config: { format: { type: 'json_schema', schema } } };
    },
  ],
]);

function fittedMessages(messages: readonly ChatMessage[], dropped: Set<string>): ChatMessage[] {
  const fitted = messages.map((message) => fittedMessage(message, dropped));
  const instructions = fitted.filter(({ role }) => role === 'system').flatMap(({ parts }) => parts);
  // One in which nothing is said is refused.
  const turns = fitted.filter((message) => message.role !== 'system' && !isEmpty(message));
  if (instructions.length === 0) return turns;
  // Instructions alone are what the user says.
  if (turns.length === 0) return [{ role: 'user', parts: instructions }];
  return [{ role: 'system', parts: instructions }, ...turns];
}

const isEmpty = ({ role, parts, toolCalls, thoughts, reasoning }: ChatMessage): boolean =>
  role !== 'tool' && parts.length === 0 && !toolCalls?.length && !thoughts && reasoning === undefined;

function fittedMessage(message: ChatMessage, dropped: Set<string>): ChatMessage {
  const { name, reasoning, reasoningSignature, thoughts, toolCalls, toolCallId, role, ...rest } = message;
  if (name !== undefined) dropped.add('name');
  const isSealed = reasoning !== undefined && reasoningSignature !== undefined;
  const sealed = thoughts?.filter(({ signature }) => signature !== undefined) ?? [];
  // A thought without a seal is refused.
  if (reasoning !== undefined && !isSealed && sealed.length === 0) dropped.add('reasoning_content');
  return {
    ...rest,
    ...(toolCalls === undefined
      ? {}
      : { toolCalls: toolCalls.map((call) => ({ ...call, id: idOf(call.id) })) }),
    ...(toolCallId === undefined ? {} : { toolCallId: idOf(toolCallId) }),
    role: role === 'developer' ? 'system' : role,
    parts: message.parts.filter((part) => isSayable(part, { role, dropped })),
    ...(sealed.length > 0 ? { thoughts: sealed } : isSealed ? { reasoning, reasoningSignature } : {}),
  };
}

/** Others have dots and colons in the ids of calls. */
const idOf = (id: string): string => id.replace(/[^A-Za-z0-9_-]/g, '_');

type Place = { readonly role: ChatMessage['role']; readonly dropped: Set<string> };

function isSayable(part: ChatPart, { role, dropped }: Place): boolean {
  // Blanks alone are refused, unless a tool tells them.
  if (part.type === 'text') return (role === 'tool' ? part.text : part.text.trim()) !== '';
  nameDetail(part.value, dropped);
  const type = blockOf(part)['type'];
  if (type === 'image' || type === 'document') return true;
  dropped.add(textOf(type) === '' ? 'content' : textOf(type));
  return false;
}
