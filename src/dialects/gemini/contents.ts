/**
 * The turns of Gemini's wire format, read and written. Results of tools stand there in a turn of the user's, and are told
 * by name where calls have no ids: here each is a turn of its own, and every call has an id that stays the same as turns
 * are appended.
 */

import { isJsonObject, type JsonObject, parseJson } from '../../base/json.ts';
import type { ChatMessage, ChatPart, ToolCall } from '../../domain/chat.ts';
import { toolInputOf } from '../anthropic-messages/wire.ts';
import { invalid } from '../openai-chat/request.ts';
import { objectOf, textOf } from '../openai-chat/wire.ts';
import { partOf, wirePartOf } from './parts.ts';
import { fieldOf, listOf } from './wire.ts';

/** Calls by name that wait for a result, the first first. */
type Waiting = Map<string, string[]>;

type Conversation = { readonly waiting: Waiting; calls: number };

export function readContents(contents: readonly unknown[]): ChatMessage[] {
  const conversation: Conversation = { waiting: new Map(), calls: 0 };
  return contents.flatMap((value, i) => {
    const content = objectOf(value) ?? {};
    const parts = partsIn(content, `contents[${i}].parts`);
    switch (content['role'] ?? 'user') {
      case 'model':
        return [readAnswer(parts, conversation)];
      case 'system':
        return [{ role: 'system', parts: parts.map(partOf) }];
      case 'user':
      case 'function':
      case 'tool':
        return readUser(parts, conversation);
      default:
        throw invalid(`contents[${i}].role`, 'expected one of user, model');
    }
  });
}

export function readInstruction(value: unknown): ChatMessage[] {
  if (value === undefined || value === null) return [];
  if (typeof value === 'string') return [{ role: 'system', parts: [{ type: 'text', text: value }] }];
  return [{ role: 'system', parts: partsIn(objectOf(value) ?? {}, 'systemInstruction.parts').map(partOf) }];
}

function partsIn(content: JsonObject, place: string): JsonObject[] {
  const parts = content['parts'] ?? [];
  if (!Array.isArray(parts)) throw invalid(place, 'expected an array of parts');
  return parts.map((part: unknown, i): JsonObject => {
    if (!isJsonObject(part)) throw invalid(`${place}[${i}]`, 'expected an object, e.g. {"text": "Hello"}');
    return part;
  });
}

export const callIn = (part: JsonObject): JsonObject | undefined => objectOf(fieldOf(part, 'functionCall'));
const resultIn = (part: JsonObject): JsonObject | undefined => objectOf(fieldOf(part, 'functionResponse'));
export const sealIn = (part: JsonObject): string => textOf(fieldOf(part, 'thoughtSignature'));

function readAnswer(parts: readonly JsonObject[], conversation: Conversation): ChatMessage {
  const said: ChatPart[] = [];
  const thoughts: string[] = [];
  const toolCalls: ToolCall[] = [];
  let seal = '';
  for (const part of parts) {
    const call = callIn(part);
    if (call !== undefined) {
      toolCalls.push(readCall(call, sealIn(part), conversation));
      continue;
    }
    seal = sealIn(part) || seal;
    const text = textOf(part['text']);
    if (part['thought'] === true) thoughts.push(text);
    // What has no text carries the seal alone.
    else if (text !== '' || sealIn(part) === '') said.push(partOf(part));
  }
  return {
    role: 'assistant',
    parts: said,
    ...(thoughts.length === 0 ? {} : { reasoning: thoughts.join('') }),
    ...(seal === '' ? {} : { reasoningSignature: seal }),
    ...(toolCalls.length === 0 ? {} : { toolCalls }),
  };
}

function readCall(call: JsonObject, seal: string, conversation: Conversation): ToolCall {
  const name = textOf(call['name']);
  conversation.calls += 1;
  const id = textOf(call['id']) || `call_${conversation.calls}`;
  const waiting = conversation.waiting.get(name) ?? [];
  waiting.push(id);
  conversation.waiting.set(name, waiting);
  const text = JSON.stringify(objectOf(call['args']) ?? {});
  return { id, name, arguments: text, ...(seal === '' ? {} : { signature: seal }) };
}

/** Behind a call of tools nothing may come before their results. */
function readUser(parts: readonly JsonObject[], { waiting }: Conversation): ChatMessage[] {
  const results: ChatMessage[] = [];
  const rest: ChatPart[] = [];
  for (const part of parts) {
    const result = resultIn(part);
    if (result === undefined) rest.push(partOf(part));
    else results.push(readResult(result, waiting));
  }
  return rest.length === 0 && results.length > 0 ? results : [...results, { role: 'user', parts: rest }];
}

function readResult(result: JsonObject, waiting: Waiting): ChatMessage {
  const name = textOf(result['name']);
  const ids = waiting.get(name) ?? [];
  const told = textOf(result['id']);
  const place = told === '' ? 0 : ids.indexOf(told);
  const [id] = place < 0 ? [] : ids.splice(place, 1);
  const shown = listOf(result['parts']).map(partOf);
  return {
    role: 'tool',
    parts: [{ type: 'text', text: resultText(result['response']) }, ...shown],
    toolCallId: told === '' ? (id ?? name) : told,
  };
}

/** The key that a result has where it is no object: https://ai.google.dev/api/caching#FunctionResponse */
const OUTPUT = 'output';

function resultText(response: unknown): string {
  const fields = objectOf(response) ?? {};
  const output = fields[OUTPUT];
  if (typeof output === 'string' && Object.keys(fields).length === 1) return output;
  return JSON.stringify(fields);
}

function responseOf(text: string): JsonObject {
  const value = parseJson(text);
  const isPlain = isJsonObject(value) && !(OUTPUT in value) && JSON.stringify(value) === text;
  return isPlain ? value : { [OUTPUT]: text };
}

/** Results that follow one on another answer one turn of the model's, and stand in one turn. */
export function writeContents(messages: readonly ChatMessage[]): JsonObject[] {
  const names = new Map(
    messages.flatMap(({ toolCalls = [] }) => toolCalls.map(({ id, name }): [string, string] => [id, name])),
  );
  const written: { readonly role: string; readonly parts: JsonObject[] }[] = [];
  let results: JsonObject[] | undefined;
  for (const message of messages) {
    if (message.role !== 'tool') {
      results = undefined;
      const isOurs = message.role === 'assistant';
      written.push({
        role: isOurs ? 'model' : 'user',
        parts: isOurs ? answerParts(message) : wireParts(message),
      });
      continue;
    }
    if (results === undefined) {
      results = [];
      written.push({ role: 'user', parts: results });
    }
    results.push(resultOf(message, names));
  }
  return written;
}

export const wireParts = ({ parts }: ChatMessage): JsonObject[] =>
  parts.map(wirePartOf).filter((part) => part !== undefined);

function resultOf({ toolCallId = '', parts }: ChatMessage, names: ReadonlyMap<string, string>): JsonObject {
  const text = parts.map((part) => (part.type === 'text' ? part.text : '')).join('');
  const name = names.get(toolCallId) ?? toolCallId;
  return { functionResponse: { id: toolCallId, name, response: responseOf(text) } };
}

/** The seal stands on the last text, or alone: https://ai.google.dev/gemini-api/docs/thought-signatures */
function answerParts(message: ChatMessage): JsonObject[] {
  const { thoughts, toolCalls = [] } = message;
  const reasoning = thoughts?.map(({ text }) => text).join('') ?? message.reasoning;
  const seal = thoughts?.findLast(({ signature }) => signature)?.signature ?? message.reasoningSignature;
  const said = wireParts(message);
  if (seal !== undefined) {
    const last = said.at(-1);
    if (typeof last?.['text'] === 'string') said[said.length - 1] = { ...last, thoughtSignature: seal };
    else said.push({ text: '', thoughtSignature: seal });
  }
  return [
    ...(reasoning === undefined ? [] : [{ text: reasoning, thought: true }]),
    ...said,
    ...toolCalls.map(({ id, name, arguments: text, signature }) =>
      callPart({ id, name, args: toolInputOf(text) }, signature),
    ),
  ];
}

export const callPart = (functionCall: JsonObject, seal: string | undefined): JsonObject => ({
  functionCall,
  ...(seal === undefined ? {} : { thoughtSignature: seal }),
});
