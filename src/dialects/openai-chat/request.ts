/**
 * Requests of OpenAI's chat wire format: the cheap head for the way of a call, and the whole meaning for those who
 * need it, read and written.
 */

import { asBuffer } from '../../base/fetch.ts';
import { isJsonObject, type JsonObject, topLevelFields } from '../../base/json.ts';
import type { RequestHead } from '../../domain/call.ts';
import type { ChatMessage, ChatPart, ChatRequest, ChatRole, ChatTool, ToolCall } from '../../domain/chat.ts';
import { Failure } from '../../domain/failure.ts';
import { readWishes, WISH_FIELDS } from './openrouter-fields.ts';
import { objectOf, textOf } from './wire.ts';

/** Above this the head is read by scanning, so that a huge body does not hold up the event loop. */
const PARSE_LIMIT_BYTES = 256 * 1024;

const HEAD_FIELDS = [
  'model',
  'stream',
  'stream_options',
  'max_tokens',
  'max_completion_tokens',
  'n',
  ...WISH_FIELDS,
] as const;

export const invalid = (param: string, message: string): Failure =>
  new Failure('invalid_request', { message: `${param}: ${message}`, param });

export function readHead(body: Uint8Array): RequestHead {
  const fields = headFields(body, HEAD_FIELDS, 'messages');
  const wishes = readWishes(fields);
  const named = fields['model'] === undefined && wishes?.models?.[0];
  const { model, stream } = checkedTurns(named ? { ...fields, model: named } : fields);
  const head = {
    model,
    stream,
    wantsUsage: objectOf(fields['stream_options'])?.['include_usage'] === true,
    maxOutputTokens: maxOutputOf(fields),
    ...severalOf(answersOf(fields)),
  };
  return wishes === undefined ? head : { ...head, wishes };
}

/** What every request in turns must have. Throws `invalid_request` naming the field. */
export function checkedTurns(fields: JsonObject): { readonly model: string; readonly stream: boolean } {
  const { model, stream, messages } = fields;
  if (model === undefined) throw invalid('model', 'you must provide a model, e.g. "qwen3-max"');
  if (typeof model !== 'string' || model === '') throw invalid('model', 'expected a non-empty string');
  if (!Array.isArray(messages)) throw invalid('messages', 'expected an array of messages');
  if (messages.length === 0) throw invalid('messages', 'expected at least one message');
  messages.forEach((message, i) => {
    if (!isJsonObject(message)) throw invalid(`messages[${i}]`, 'expected an object with role and content');
    if (typeof message['role'] !== 'string')
      throw invalid(`messages[${i}].role`, 'expected a string, e.g. "user"');
  });
  if (stream !== undefined && stream !== null && typeof stream !== 'boolean')
    throw invalid('stream', 'expected true or false');
  return { model, stream: stream === true };
}

/** The fields of a head; where the body is big, the small ones by name, and of the turns only whether there are any. */
export function headFields(body: Uint8Array, names: readonly string[], turns: string): JsonObject {
  const bytes = asBuffer(body);
  const fields = bytes.length <= PARSE_LIMIT_BYTES ? parseOnce(bytes) : scanBody(bytes, names, turns);
  if (!isJsonObject(fields))
    throw new Failure('invalid_request', { message: 'The body must be a JSON object.' });
  return fields;
}

export function parseBody(body: Uint8Array): unknown {
  if (body.length === 0)
    throw new Failure('invalid_request', { message: 'The body is empty: expected a JSON object.' });
  try {
    return JSON.parse(asBuffer(body).toString('utf8')) as unknown;
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'not JSON';
    throw new Failure('invalid_request', { message: `The body is not valid JSON: ${reason}` });
  }
}

/** Of a field that stands twice two readers may see two values: one checks the model, the other runs it. */
export const TWICE = 'A field of the body stands twice: send each field once.';

function parseOnce(body: Buffer): unknown {
  const value = parseBody(body);
  if (isJsonObject(value) && topLevelFields(body) === undefined)
    throw new Failure('invalid_request', { message: TWICE });
  return value;
}

/** Reads the small fields of a big body; of the turns it only sees that they are a text, or an array with something in it. */
function scanBody(body: Buffer, names: readonly string[], turns: string): JsonObject {
  const spans = topLevelFields(body);
  if (spans === undefined)
    throw new Failure('invalid_request', {
      message: 'The body is not a valid JSON object, or a field stands twice.',
    });
  const fields: Record<string, unknown> = {};
  for (const name of names) {
    const span = spans.get(name);
    if (span !== undefined) fields[name] = parseBody(body.subarray(span.start, span.end));
  }
  const span = spans.get(turns);
  if (span !== undefined && body[span.start] === 0x5b)
    fields[turns] = isEmptyArray(body, span.start) ? [] : [{ role: 'unread' }];
  else if (span !== undefined && body[span.start] === 0x22) fields[turns] = 'unread';
  return fields;
}

function isEmptyArray(body: Buffer, start: number): boolean {
  let i = start + 1;
  while ((body[i] ?? 0x5d) <= 0x20) i++;
  return body[i] === 0x5d;
}

/** The greater of the two fields, times the number of choices: a small one must not hide a big one. */
const maxOutputOf = (fields: JsonObject): number => maxPerChoiceOf(fields) * answersOf(fields);

function answersOf({ n }: JsonObject): number {
  return typeof n === 'number' && n >= 1 ? n : 1;
}

/** One answer is not worth a word. */
export const severalOf = (answers: number): { readonly answers?: number } => (answers > 1 ? { answers } : {});

function maxPerChoiceOf(fields: JsonObject): number {
  let bound = 0;
  for (const name of ['max_tokens', 'max_completion_tokens'] as const) {
    const value = fields[name];
    if (value === undefined || value === null) continue;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 1)
      throw invalid(name, 'expected a whole number of at least 1');
    bound = Math.max(bound, value);
  }
  return bound === 0 ? Infinity : bound;
}

const KNOWN_FIELDS = new Set([
  'model',
  'messages',
  'stream',
  'stream_options',
  'max_tokens',
  'max_completion_tokens',
  'tools',
  'tool_choice',
  'response_format',
]);

export function readRequest(body: Uint8Array): ChatRequest {
  const head = readHead(body);
  return requestOf(head, readFields(body));
}

export function readFields(body: Uint8Array): JsonObject {
  const fields = parseBody(body);
  if (!isJsonObject(fields))
    throw new Failure('invalid_request', { message: 'The body must be a JSON object.' });
  return fields;
}

/** The meaning of fields of which the head has been read. */
export function requestOf(head: RequestHead, fields: JsonObject): ChatRequest {
  const messages = Array.isArray(fields['messages']) ? fields['messages'] : [];
  const bound = maxPerChoiceOf(fields);
  const tools = readTools(fields['tools']);
  const toolChoice = readToolChoice(fields['tool_choice']);
  const format = objectOf(fields['response_format'])?.['type'];
  const isPlain = format === 'json_object' || format === 'text';
  return {
    model: head.model,
    messages: messages.map(readMessage),
    stream: head.stream,
    wantsUsage: head.wantsUsage,
    ...(bound === Infinity ? {} : { maxOutputTokens: bound }),
    ...(tools === undefined ? {} : { tools }),
    ...(toolChoice === undefined ? {} : { toolChoice }),
    ...(isPlain || format === 'json_schema' ? { responseFormat: format } : {}),
    extra: Object.fromEntries(
      Object.entries(fields).filter(
        // What has no neutral form, such as a schema, travels along as the whole field.
        ([name]) =>
          !KNOWN_FIELDS.has(name) ||
          (name === 'response_format' && !isPlain) ||
          (name === 'tool_choice' && toolChoice === undefined),
      ),
    ),
  };
}

const ROLES: ReadonlySet<string> = new Set<ChatRole>(['system', 'developer', 'user', 'assistant', 'tool']);

function readMessage(value: unknown, i: number): ChatMessage {
  const message = objectOf(value) ?? {};
  const role = textOf(message['role']);
  if (!ROLES.has(role)) throw invalid(`messages[${i}].role`, `expected one of ${[...ROLES].join(', ')}`);
  const toolCalls = Array.isArray(message['tool_calls'])
    ? message['tool_calls'].map(readToolCall)
    : undefined;
  return {
    role: role as ChatRole,
    parts: readParts(message['content'], i),
    ...(typeof message['name'] === 'string' ? { name: message['name'] } : {}),
    ...(toolCalls === undefined ? {} : { toolCalls }),
    ...(typeof message['tool_call_id'] === 'string' ? { toolCallId: message['tool_call_id'] } : {}),
    ...(typeof message['reasoning_content'] === 'string' ? { reasoning: message['reasoning_content'] } : {}),
  };
}

function readParts(content: unknown, i: number): ChatPart[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  if (content === null || content === undefined) return [];
  if (!Array.isArray(content))
    throw invalid(`messages[${i}].content`, 'expected a string or an array of parts');
  return content.map((value: unknown): ChatPart => {
    const part = objectOf(value);
    if (part?.['type'] !== 'text' || typeof part['text'] !== 'string') return { type: 'media', value };
    const cacheControl = objectOf(part['cache_control']);
    return { type: 'text', text: part['text'], ...(cacheControl && { cacheControl }) };
  });
}

function readToolCall(value: unknown): ToolCall {
  const call = objectOf(value) ?? {};
  const target = objectOf(call['function']) ?? {};
  return { id: textOf(call['id']), name: textOf(target['name']), arguments: textOf(target['arguments']) };
}

function readTools(value: unknown): ChatTool[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.flatMap((entry: unknown): ChatTool[] => {
    const target = objectOf(objectOf(entry)?.['function']);
    if (typeof target?.['name'] !== 'string') return [];
    return [
      {
        name: target['name'],
        ...(typeof target['description'] === 'string' ? { description: target['description'] } : {}),
        ...(target['parameters'] === undefined ? {} : { parameters: target['parameters'] }),
      },
    ];
  });
}

function readToolChoice(value: unknown): ChatRequest['toolChoice'] {
  if (value === 'auto' || value === 'none' || value === 'required') return value;
  const name = objectOf(objectOf(value)?.['function'])?.['name'];
  return typeof name === 'string' ? { name } : undefined;
}

export function writeRequest(request: ChatRequest): Buffer {
  const { toolChoice } = request;
  const fields = {
    model: request.model,
    messages: request.messages.map(writeMessage),
    ...(request.stream ? { stream: true } : {}),
    ...(request.stream && request.wantsUsage ? { stream_options: { include_usage: true } } : {}),
    ...(request.maxOutputTokens === undefined ? {} : { max_tokens: request.maxOutputTokens }),
    ...(request.tools === undefined
      ? {}
      : { tools: request.tools.map((tool) => ({ type: 'function', function: tool })) }),
    ...(toolChoice === undefined
      ? {}
      : {
          tool_choice:
            typeof toolChoice === 'string' ? toolChoice : { type: 'function', function: toolChoice },
        }),
    ...(request.responseFormat === undefined ? {} : { response_format: { type: request.responseFormat } }),
    ...request.extra,
  };
  return Buffer.from(JSON.stringify(fields));
}

const writePart = (part: ChatPart): unknown =>
  part.type === 'media'
    ? part.value
    : {
        type: 'text',
        text: part.text,
        ...(part.cacheControl === undefined ? {} : { cache_control: part.cacheControl }),
      };

function writeMessage(message: ChatMessage): JsonObject {
  const [only] = message.parts;
  const isPlain = message.parts.length === 1 && only?.type === 'text' && only.cacheControl === undefined;
  const plain = isPlain ? only.text : undefined;
  const content = plain ?? (message.parts.length === 0 ? null : message.parts.map(writePart));
  return {
    role: message.role,
    content,
    ...(message.name === undefined ? {} : { name: message.name }),
    ...(message.reasoning === undefined ? {} : { reasoning_content: message.reasoning }),
    ...(message.toolCalls === undefined
      ? {}
      : {
          tool_calls: message.toolCalls.map((call) => ({
            id: call.id,
            type: 'function',
            function: { name: call.name, arguments: call.arguments },
          })),
        }),
    ...(message.toolCallId === undefined ? {} : { tool_call_id: message.toolCallId }),
  };
}
