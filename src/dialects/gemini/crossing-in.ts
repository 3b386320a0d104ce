/**
 * A request that another dialect's client made, as far as Gemini's wire format can say it: its extras are known by the
 * names of OpenAI chat. Instructions go to the front, what there is no word for is left out and named.
 */

import type { JsonObject } from '../../base/json.ts';
import type { ChatMessage, ChatPart, ChatRequest, ToolCall } from '../../domain/chat.ts';
import type { Crossing } from '../dialect.ts';
import { objectOf, textOf } from '../openai-chat/wire.ts';
import { nameDetail } from '../picture-detail.ts';
import { takeThinking } from '../thinking.ts';
import { picturesOfTools } from '../tool-pictures.ts';
import { wirePartOf } from './parts.ts';
import { thinkingConfigOf } from './thinking.ts';

/**
 * Google's own word for a call that its model did not make, or whose seal is lost: without one, newer models refuse the
 * whole conversation. https://ai.google.dev/gemini-api/docs/thought-signatures#faqs
 */
export const UNSEALED = 'skip_thought_signature_validator';

export function fitCrossing(request: ChatRequest): Crossing {
  const dropped = new Set<string>();
  const { messages, extra, ...rest } = request;
  return {
    request: {
      ...rest,
      messages: fittedMessages(messages, dropped),
      extra: fittedExtra(extra, request.model, dropped),
    },
    dropped: [...dropped],
  };
}

/** Undefined: not sayable. */
type Fit = (value: unknown) => JsonObject | undefined;

const renamed =
  (name: string): Fit =>
  (value) => ({ [name]: value });

const FITS: ReadonlyMap<string, Fit> = new Map<string, Fit>([
  ['temperature', renamed('temperature')],
  ['top_p', renamed('topP')],
  ['top_k', renamed('topK')],
  ['n', renamed('candidateCount')],
  ['seed', renamed('seed')],
  ['presence_penalty', renamed('presencePenalty')],
  ['frequency_penalty', renamed('frequencyPenalty')],
  ['stop', (value) => ({ stopSequences: Array.isArray(value) ? value : [value] })],
  [
    'response_format',
    (value) => {
      const schema = objectOf(objectOf(value)?.['json_schema'])?.['schema'];
      return schema === undefined
        ? undefined
        : { responseMimeType: 'application/json', responseJsonSchema: schema };
    },
  ],
]);

/** `model` is the provider's own name: how hard it may think is said in its own words. */
function fittedExtra(extra: JsonObject, model: string, dropped: Set<string>): JsonObject {
  const { thinking, names, rest } = takeThinking(extra);
  const thinkingConfig = thinking === undefined ? undefined : thinkingConfigOf(thinking, model);
  if (thinkingConfig === undefined) for (const name of names) dropped.add(name);
  const generationConfig: Record<string, unknown> = thinkingConfig === undefined ? {} : { thinkingConfig };
  for (const [name, value] of Object.entries(rest)) {
    if (value === null || value === undefined) continue;
    // Tools may always be called in parallel here.
    if (name === 'parallel_tool_calls' && value === true) continue;
    const fit = FITS.get(name)?.(value);
    if (fit === undefined) dropped.add(name);
    else Object.assign(generationConfig, fit);
  }
  return Object.keys(generationConfig).length === 0 ? {} : { generationConfig };
}

function fittedMessages(messages: readonly ChatMessage[], dropped: Set<string>): ChatMessage[] {
  const fitted = picturesOfTools(messages.map((message) => fittedMessage(message, dropped)));
  const instructions = fitted.filter(({ role }) => role === 'system').flatMap(({ parts }) => parts);
  const turns = joinedTurns(fitted.filter((message) => message.role !== 'system' && !isEmpty(message)));
  if (instructions.length === 0) return turns;
  // Instructions alone are what the user says.
  if (turns.length === 0) return [{ role: 'user', parts: instructions }];
  return [{ role: 'system', parts: instructions }, ...turns];
}

/**
 * A call that follows on a turn of the model's is refused, for it must be the answer to somebody: both are one turn
 * (router-for-me/CLIProxyAPI#4959). Of several seals on what was said the last one is enough.
 */
function joinedTurns(messages: readonly ChatMessage[]): ChatMessage[] {
  const turns: ChatMessage[] = [];
  for (const message of messages) {
    const last = turns.at(-1);
    if (message.role === 'assistant' && last?.role === 'assistant')
      turns[turns.length - 1] = joinedTurn(last, message);
    else turns.push(message);
  }
  return turns;
}

function joinedTurn(first: ChatMessage, then: ChatMessage): ChatMessage {
  const toolCalls = [...(first.toolCalls ?? []), ...(then.toolCalls ?? [])];
  const thoughts = [...(first.thoughts ?? []), ...(then.thoughts ?? [])];
  return {
    ...first,
    ...then,
    parts: [...first.parts, ...then.parts],
    ...(first.reasoning === undefined ? {} : { reasoning: first.reasoning + (then.reasoning ?? '') }),
    ...(toolCalls.length === 0 ? {} : { toolCalls }),
    ...(thoughts.length === 0 ? {} : { thoughts }),
  };
}

const isEmpty = ({ role, parts, toolCalls }: ChatMessage): boolean =>
  role !== 'tool' && parts.length === 0 && !toolCalls?.length;

function fittedMessage(message: ChatMessage, dropped: Set<string>): ChatMessage {
  const { name, reasoning, toolCalls, role, ...rest } = message;
  if (name !== undefined) dropped.add('name');
  // A thought without a seal means nothing to the model.
  const isSealed = message.reasoningSignature !== undefined || message.thoughts !== undefined;
  if (reasoning !== undefined && !isSealed) dropped.add('reasoning_content');
  return {
    ...rest,
    role: role === 'developer' ? 'system' : role,
    parts: message.parts.filter((part) => isSayable(part, dropped)).map((part) => unmarked(part, dropped)),
    ...(reasoning !== undefined && isSealed ? { reasoning } : {}),
    ...(toolCalls === undefined ? {} : { toolCalls: sealed(toolCalls) }),
  };
}

/** Of calls made at once the first one carries the seal of all. */
const sealed = ([first, ...others]: readonly ToolCall[]): ToolCall[] =>
  first === undefined ? [] : [{ ...first, signature: first.signature ?? UNSEALED }, ...others];

function isSayable(part: ChatPart, dropped: Set<string>): boolean {
  if (part.type === 'text') return part.text !== '';
  nameDetail(part.value, dropped);
  const type = textOf(objectOf(part.value)?.['type']);
  if (type !== '' && wirePartOf(part) !== undefined) return true;
  dropped.add(type === '' ? 'content' : type);
  return false;
}

/** Google decides itself what it keeps. */
function unmarked(part: ChatPart, dropped: Set<string>): ChatPart {
  if (part.type !== 'text' || part.cacheControl === undefined) return part;
  dropped.add('cache_control');
  return { type: 'text', text: part.text };
}
