/**
 * Requests of Gemini's wire format, read and written, with the model and the stream in front of the body (`address.ts`).
 * Both spellings of names are read, one is written.
 */

import { isJsonObject, type JsonObject } from '../../base/json.ts';
import type { RequestHead } from '../../domain/call.ts';
import type { ChatMessage, ChatRequest } from '../../domain/chat.ts';
import { Failure } from '../../domain/failure.ts';
import { headFields, invalid, parseBody, severalOf } from '../openai-chat/request.ts';
import { objectOf } from '../openai-chat/wire.ts';
import { readContents, readInstruction, wireParts, writeContents } from './contents.ts';
import {
  arePlainTools,
  isPlainChoice,
  readToolChoice,
  readTools,
  writeToolChoice,
  writeTools,
} from './tools.ts';
import { camelFields, camelOf, fieldOf } from './wire.ts';

const HEAD_FIELDS = ['model', 'stream', 'generationConfig', 'generation_config'] as const;

export function readHead(body: Uint8Array): RequestHead {
  const fields = headFields(body, HEAD_FIELDS, 'contents');
  const { model, stream, contents } = fields;
  if (typeof model !== 'string' || model === '') throw invalid('model', 'the address must name one');
  if (!Array.isArray(contents)) throw invalid('contents', 'expected an array of contents');
  if (contents.length === 0) throw invalid('contents', 'expected at least one content');
  contents.forEach((content, i) => {
    if (!isJsonObject(content)) throw invalid(`contents[${i}]`, 'expected an object with role and parts');
  });
  if (stream !== undefined && typeof stream !== 'boolean') throw invalid('stream', 'expected true or false');
  const config = fieldOf(fields, 'generationConfig') ?? {};
  if (!isJsonObject(config)) throw invalid('generationConfig', 'expected an object');
  // Every stream tells its usage.
  const answers = countIn(config, 'candidateCount') ?? 1;
  return {
    ...{ model, stream: stream === true, wantsUsage: stream === true },
    maxOutputTokens: (countIn(config, 'maxOutputTokens') ?? Infinity) * answers,
    ...severalOf(answers),
  };
}

const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1;

function countIn(config: JsonObject, name: string): number | undefined {
  const value = fieldOf(config, name) ?? undefined;
  if (value === undefined || isCount(value)) return value;
  throw invalid(`generationConfig.${name}`, 'expected a whole number of at least 1');
}

const CARRIED = new Set(['model', 'stream', 'contents', 'systemInstruction', 'generationConfig']);

export function readRequest(body: Uint8Array): ChatRequest {
  const fields = parseBody(body);
  const { model, stream, wantsUsage } = readHead(body);
  if (!isJsonObject(fields))
    throw new Failure('invalid_request', { message: 'The body must be a JSON object.' });
  const contents = Array.isArray(fields['contents']) ? fields['contents'] : [];
  const tools = readTools(fields['tools']);
  const toolConfig = fieldOf(fields, 'toolConfig');
  const toolChoice = readToolChoice(toolConfig);
  const { maxOutputTokens, ...config } = camelFields(objectOf(fieldOf(fields, 'generationConfig')));
  const responseFormat = formatOf(config);
  if (responseFormat === 'json_object' || responseFormat === 'text') delete config['responseMimeType'];
  const keeps = (name: string): boolean => {
    if (name === 'tools') return !arePlainTools(fields['tools']);
    return name === 'toolConfig' ? !isPlainChoice(toolConfig) : !CARRIED.has(name);
  };
  return {
    model,
    messages: [...readInstruction(fieldOf(fields, 'systemInstruction')), ...readContents(contents)],
    stream,
    wantsUsage,
    ...(isCount(maxOutputTokens) ? { maxOutputTokens } : {}),
    ...(tools === undefined ? {} : { tools }),
    ...(toolChoice === undefined ? {} : { toolChoice }),
    ...(responseFormat === undefined ? {} : { responseFormat }),
    extra: {
      ...(Object.keys(config).length === 0 ? {} : { generationConfig: config }),
      // What the neutral form would lose travels along as the whole field.
      ...Object.fromEntries(Object.entries(fields).filter(([name]) => keeps(camelOf(name)))),
    },
  };
}

export const schemaIn = (config: JsonObject): unknown =>
  config['responseJsonSchema'] ?? config['responseSchema'] ?? undefined;

function formatOf(config: JsonObject): ChatRequest['responseFormat'] {
  switch (config['responseMimeType']) {
    case 'application/json':
      return schemaIn(config) === undefined ? 'json_object' : 'json_schema';
    case 'text/plain':
      return 'text';
    default:
      return undefined;
  }
}

export function writeRequest(request: ChatRequest): Buffer {
  const { model, stream, messages, tools, toolChoice } = request;
  const { generationConfig, ...extra } = request.extra;
  const [first] = messages;
  const system = first?.role === 'system' && messages.length > 1 ? first : undefined;
  const config = {
    ...objectOf(generationConfig),
    ...(request.maxOutputTokens === undefined ? {} : { maxOutputTokens: request.maxOutputTokens }),
    ...mimeTypeOf(request.responseFormat),
  };
  const fields = {
    ...{ model, stream },
    ...(system === undefined ? {} : { systemInstruction: { parts: wireParts(system) } }),
    contents: writeContents(turnsOf(messages, system)),
    ...(tools === undefined ? {} : { tools: writeTools(tools) }),
    ...(toolChoice === undefined ? {} : { toolConfig: writeToolChoice(toolChoice) }),
    ...(Object.keys(config).length === 0 ? {} : { generationConfig: config }),
    ...extra,
  };
  return Buffer.from(JSON.stringify(fields));
}

const turnsOf = (
  messages: readonly ChatMessage[],
  system: ChatMessage | undefined,
): readonly ChatMessage[] => (system === undefined ? messages : messages.slice(1));

const mimeTypeOf = (format: ChatRequest['responseFormat']): JsonObject =>
  format === 'json_object'
    ? { responseMimeType: 'application/json' }
    : format === 'text'
      ? { responseMimeType: 'text/plain' }
      : {};
