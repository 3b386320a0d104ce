/**
 * Requests of OpenAI's Responses wire format: the cheap head for the way of a call, and the whole meaning for those who
 * speak another language to the upstream. What has no neutral meaning travels along in `extra`, or stays behind.
 */

import type { JsonObject } from '../../base/json.ts';
import { isJsonObject } from '../../base/json.ts';
import type { RequestHead } from '../../domain/call.ts';
import type { ChatRequest, ChatTool } from '../../domain/chat.ts';
import { headFields, invalid, parseBody } from '../openai-chat/request.ts';
import { objectOf, textOf } from '../openai-chat/wire.ts';
import { readInput, writeInput } from './input-items.ts';

const HEAD_FIELDS = [
  'model',
  'stream',
  'max_output_tokens',
  'prompt',
  'previous_response_id',
  'conversation',
] as const;

/** What may stand for the input. */
const OTHER_INPUTS = ['prompt', 'previous_response_id', 'conversation'] as const;

export function readHead(body: Uint8Array): RequestHead {
  const fields = headFields(body, HEAD_FIELDS, 'input');
  const { model, stream, input } = fields;
  if (model === undefined) throw invalid('model', 'you must provide a model, e.g. "qwen3-max"');
  if (typeof model !== 'string' || model === '') throw invalid('model', 'expected a non-empty string');
  checkInput(input, fields);
  if (stream !== undefined && stream !== null && typeof stream !== 'boolean')
    throw invalid('stream', 'expected true or false');
  return {
    model,
    stream: stream === true,
    // A stream of this dialect always tells its use.
    wantsUsage: stream === true,
    maxOutputTokens: maxOutputOf(fields),
  };
}

function checkInput(input: unknown, fields: JsonObject): void {
  if (input === undefined || input === null) {
    if (OTHER_INPUTS.some((name) => fields[name] !== undefined && fields[name] !== null)) return;
    throw invalid('input', 'you must provide an input: a text or an array of items');
  }
  if (typeof input === 'string') return;
  if (!Array.isArray(input)) throw invalid('input', 'expected a text or an array of items');
  input.forEach((item, i) => {
    if (!isJsonObject(item)) throw invalid(`input[${i}]`, 'expected an object, e.g. with role and content');
    if (item['type'] === undefined && typeof item['role'] !== 'string')
      throw invalid(`input[${i}]`, 'expected a type, or a role such as "user"');
  });
}

function maxOutputOf(fields: JsonObject): number {
  const value = fields['max_output_tokens'];
  if (value === undefined || value === null) return Infinity;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1)
    throw invalid('max_output_tokens', 'expected a whole number of at least 1');
  return value;
}

const KNOWN_FIELDS = new Set([
  'model',
  'input',
  'instructions',
  'stream',
  'max_output_tokens',
  'tools',
  'tool_choice',
  'text',
]);

export const readRequest = (body: Uint8Array): ChatRequest =>
  requestOf(readHead(body), objectOf(parseBody(body)) ?? {});

/** The meaning of fields of which the head has been read. */
export function requestOf(head: RequestHead, fields: JsonObject): ChatRequest {
  const { instructions } = fields;
  const tools = readTools(fields['tools']);
  const toolChoice = readToolChoice(fields['tool_choice']);
  const format = objectOf(objectOf(fields['text'])?.['format'])?.['type'];
  const isKnown = format === 'text' || format === 'json_object' || format === 'json_schema';
  return {
    model: head.model,
    messages: [
      ...(typeof instructions === 'string' && instructions !== ''
        ? [{ role: 'system' as const, parts: [{ type: 'text' as const, text: instructions }] }]
        : []),
      ...readInput(fields['input']),
    ],
    stream: head.stream,
    wantsUsage: head.wantsUsage,
    ...(head.maxOutputTokens === Infinity ? {} : { maxOutputTokens: head.maxOutputTokens }),
    ...(tools === undefined ? {} : { tools }),
    ...(toolChoice === undefined ? {} : { toolChoice }),
    ...(isKnown ? { responseFormat: format } : {}),
    extra: Object.fromEntries(
      Object.entries(fields).filter(
        // What has no neutral form, such as a schema or a tool of the provider's own, travels along as the whole field.
        ([name, value]) =>
          !KNOWN_FIELDS.has(name) ||
          (name === 'text' && !saysOnlyFormat(value)) ||
          (name === 'tools' && hasOtherTools(value)) ||
          (name === 'tool_choice' && toolChoice === undefined),
      ),
    ),
  };
}

/** True where the kind of format is all that is said: no schema, no verbosity. */
function saysOnlyFormat(text: unknown): boolean {
  const { format, ...rest } = objectOf(text) ?? {};
  const { type, ...details } = objectOf(format) ?? {};
  return type !== 'json_schema' && Object.keys(rest).length === 0 && Object.keys(details).length === 0;
}

const isFunction = (tool: unknown): tool is JsonObject =>
  isJsonObject(tool) && tool['type'] === 'function' && typeof tool['name'] === 'string';

const hasOtherTools = (tools: unknown): boolean => Array.isArray(tools) && !tools.every(isFunction);

function readTools(tools: unknown): ChatTool[] | undefined {
  if (!Array.isArray(tools)) return undefined;
  return tools.filter(isFunction).map(({ name, description, parameters }) => ({
    name: textOf(name),
    ...(typeof description === 'string' ? { description } : {}),
    ...(parameters === undefined || parameters === null ? {} : { parameters }),
  }));
}

function readToolChoice(value: unknown): ChatRequest['toolChoice'] {
  if (value === 'auto' || value === 'none' || value === 'required') return value;
  const choice = objectOf(value);
  return choice?.['type'] === 'function' && typeof choice['name'] === 'string'
    ? { name: choice['name'] }
    : undefined;
}

export function writeRequest(request: ChatRequest): Buffer {
  const { toolChoice } = request;
  const fields = {
    model: request.model,
    input: writeInput(request.messages),
    ...(request.stream ? { stream: true } : {}),
    ...(request.maxOutputTokens === undefined ? {} : { max_output_tokens: request.maxOutputTokens }),
    ...(request.tools === undefined ? {} : { tools: request.tools.map(writeTool) }),
    ...(toolChoice === undefined
      ? {}
      : { tool_choice: typeof toolChoice === 'string' ? toolChoice : { type: 'function', ...toolChoice } }),
    ...(request.responseFormat === undefined ? {} : { text: { format: { type: request.responseFormat } } }),
    ...request.extra,
  };
  return Buffer.from(JSON.stringify(fields));
}

/** Strict unless told otherwise, unlike in the chat format: a schema that was not written for it would be refused. */
const writeTool = (tool: ChatTool): JsonObject => ({ type: 'function', ...tool, strict: false });
