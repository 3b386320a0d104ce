/**
 * The input of a response, a list of items, as messages and back. What an assistant said, thought and called stands in
 * several items and is one message. References to items that the provider keeps, and items of its own tools, mean
 * nothing elsewhere: they are left out, never refused.
 */

import type { JsonObject } from '../../base/json.ts';
import type { ChatMessage, ChatPart, ChatRole, ToolCall } from '../../domain/chat.ts';
import { objectOf, textOf } from '../openai-chat/wire.ts';
import { PART_GAP, reasoningOf } from './wire.ts';

/** An assistant's turn, as long as its items follow each other. */
type Turn = {
  readonly parts: ChatPart[];
  readonly calls: ToolCall[];
  readonly seals: string[];
  reasoning: string;
};

export function readInput(input: unknown): ChatMessage[] {
  if (typeof input === 'string') return [{ role: 'user', parts: [{ type: 'text', text: input }] }];
  const messages: ChatMessage[] = [];
  let turn: Turn | undefined;
  const close = (): void => {
    if (turn !== undefined) messages.push(messageOf(turn));
    turn = undefined;
  };
  /** What follows a call belongs to its turn: between calls and their results nothing may stand. */
  const turnFor = (isSpeech: boolean): Turn => {
    if (isSpeech && turn !== undefined && turn.calls.length === 0 && turn.parts.length > 0) close();
    turn ??= { parts: [], calls: [], seals: [], reasoning: '' };
    return turn;
  };
  for (const value of Array.isArray(input) ? (input as unknown[]) : []) {
    const item = objectOf(value) ?? {};
    switch (item['type']) {
      case undefined:
      case 'message':
        if (item['role'] === 'assistant') turnFor(true).parts.push(...readParts(item['content']));
        else {
          close();
          messages.push({ role: roleOf(item['role']), parts: readParts(item['content']) });
        }
        break;
      case 'reasoning': {
        const text = reasoningOf(item);
        const seal = textOf(item['encrypted_content']);
        if (text === '' && seal === '') break;
        const into = turnFor(true);
        if (seal !== '') into.seals.push(seal);
        into.reasoning += into.reasoning === '' || text === '' ? text : PART_GAP + text;
        break;
      }
      case 'function_call':
      case 'custom_tool_call':
        turnFor(false).calls.push(readCall(item));
        break;
      case 'function_call_output':
      case 'custom_tool_call_output':
        close();
        messages.push({
          role: 'tool',
          parts: readParts(item['output']),
          toolCallId: textOf(item['call_id']),
        });
    }
  }
  close();
  return messages;
}

const messageOf = ({ parts, calls, seals, reasoning }: Turn): ChatMessage => ({
  role: 'assistant',
  parts,
  ...(calls.length === 0 ? {} : { toolCalls: calls }),
  ...(reasoning === '' ? {} : { reasoning }),
  ...(seals.length === 0 ? {} : { seals }),
});

const ROLES: ReadonlySet<unknown> = new Set<ChatRole>(['system', 'developer', 'user']);

/** Roles of another provider's own speak like the user. */
const roleOf = (value: unknown): ChatRole => (ROLES.has(value) ? (value as ChatRole) : 'user');

/** The plain input of a custom tool becomes JSON, which arguments must be elsewhere. */
function readCall(item: JsonObject): ToolCall {
  const said =
    item['type'] === 'function_call' ? textOf(item['arguments']) : JSON.stringify({ input: item['input'] });
  return { id: textOf(item['call_id']), name: textOf(item['name']), arguments: said };
}

function readParts(content: unknown): ChatPart[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  return Array.isArray(content) ? content.map(readPart) : [];
}

function readPart(value: unknown): ChatPart {
  const part = objectOf(value) ?? {};
  switch (part['type']) {
    case 'input_text':
    case 'output_text':
    case 'text':
      return { type: 'text', text: textOf(part['text']) };
    case 'refusal':
      return { type: 'text', text: textOf(part['refusal']) };
    case 'input_image':
      if (typeof part['image_url'] !== 'string') return { type: 'media', value };
      return {
        type: 'media',
        value: {
          type: 'image_url',
          image_url: {
            url: part['image_url'],
            ...(typeof part['detail'] === 'string' ? { detail: part['detail'] } : {}),
          },
        },
      };
    case 'input_file': {
      const { type: _, ...file } = part;
      return { type: 'media', value: { type: 'file', file } };
    }
    default:
      return { type: 'media', value };
  }
}

/**
 * Thoughts are not written: of a stranger's the provider knows neither the item nor its encrypted content, and it
 * refuses what it does not know.
 */
export const writeInput = (messages: readonly ChatMessage[]): JsonObject[] => messages.flatMap(writeMessage);

function writeMessage(message: ChatMessage): JsonObject[] {
  const { role, parts, toolCalls = [] } = message;
  if (role === 'tool')
    return [
      {
        type: 'function_call_output',
        call_id: message.toolCallId ?? '',
        output: writeParts(parts, 'input_text'),
      },
    ];
  const calls = toolCalls.map(({ id, name, arguments: said }) => ({
    type: 'function_call',
    call_id: id,
    name,
    arguments: said,
  }));
  if (parts.length === 0 && calls.length > 0) return calls;
  const content = writeParts(parts, role === 'assistant' ? 'output_text' : 'input_text');
  return [{ type: 'message', role, content }, ...calls];
}

function writeParts(parts: readonly ChatPart[], textType: string): unknown {
  const [only] = parts;
  if (parts.length === 1 && only?.type === 'text') return only.text;
  return parts.map((part) =>
    part.type === 'text' ? { type: textType, text: part.text } : writeMedia(part.value),
  );
}

/** Pictures and files from the form of the chat format, the only one that travels between dialects. */
function writeMedia(value: unknown): unknown {
  const part = objectOf(value);
  const picture = objectOf(part?.['image_url']);
  if (part?.['type'] === 'image_url' && picture !== undefined) {
    const { url, ...rest } = picture;
    return { type: 'input_image', image_url: url, ...rest };
  }
  const file = objectOf(part?.['file']);
  return part?.['type'] === 'file' && file !== undefined ? { type: 'input_file', ...file } : value;
}
