/**
 * A request of Gemini's wire format for an upstream of another dialect: what OpenAI chat has under another name is renamed,
 * and what it has no place for is left out and named.
 */

import type { JsonObject } from '../../base/json.ts';
import type { ChatMessage, ChatPart } from '../../domain/chat.ts';
import type { Crossing } from '../dialect.ts';
import { parseBody } from '../openai-chat/request.ts';
import { objectOf, textOf } from '../openai-chat/wire.ts';
import { picturesOfTools } from '../tool-pictures.ts';
import { UNSEALED } from './crossing-in.ts';
import { readRequest, schemaIn } from './request.ts';
import { jsonSchemaOf } from './schema.ts';
import { wishOf } from './thinking.ts';
import { allowedIn, lostOfTools } from './tools.ts';
import { camelOf, fieldOf, listOf } from './wire.ts';

export function readCrossing(body: Uint8Array): Crossing {
  const { tools, ...request } = readRequest(body);
  const fields = objectOf(parseBody(body)) ?? {};
  const dropped = new Set([...lostOfTools(fields['tools']), ...lostOfParts(fields)]);
  for (const name of Object.keys(request.extra)) if (!RENAMED_FIELDS.has(camelOf(name))) dropped.add(name);
  const messages = request.messages
    .map((message) => portable(message, dropped))
    // Many refuse a turn in which nothing is said.
    .filter(({ role, parts, toolCalls }) => role === 'tool' || parts.length > 0 || toolCalls?.length);
  const allowed = request.toolChoice === 'required' ? allowedIn(fieldOf(fields, 'toolConfig')) : [];
  const left = tools?.filter(({ name }) => allowed.length === 0 || allowed.includes(name));
  return {
    request: {
      ...request,
      messages: picturesOfTools(messages),
      ...(left === undefined || left.length === 0 ? {} : { tools: left }),
      extra: renamedConfig(objectOf(request.extra['generationConfig']) ?? {}, dropped),
    },
    dropped: [...dropped],
  };
}

/** Carried by what was read, or by `renamedConfig`. */
const RENAMED_FIELDS = new Set(['generationConfig', 'tools', 'toolConfig']);

const NAMES: ReadonlyMap<string, string> = new Map([
  ['temperature', 'temperature'],
  ['topP', 'top_p'],
  ['topK', 'top_k'],
  ['stopSequences', 'stop'],
  ['candidateCount', 'n'],
  ['seed', 'seed'],
  ['presencePenalty', 'presence_penalty'],
  ['frequencyPenalty', 'frequency_penalty'],
]);

const SCHEMAS: ReadonlySet<string> = new Set(['responseSchema', 'responseJsonSchema']);

function renamedConfig(config: JsonObject, dropped: Set<string>): JsonObject {
  const renamed: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(config)) {
    const other = NAMES.get(name);
    if (value === null || value === undefined || SCHEMAS.has(name)) continue;
    // Refused elsewhere.
    if (Array.isArray(value) && value.length === 0) continue;
    if (other !== undefined) renamed[other] = value;
    else if (name === 'thinkingConfig') Object.assign(renamed, wishOf(value));
    else if (name !== 'responseMimeType' || value !== 'application/json') dropped.add(name);
  }
  const schema = jsonSchemaOf(schemaIn(config));
  // Schemas of Google's own kind say less than the strict ones must.
  const strict = config['responseJsonSchema'] === undefined ? {} : { strict: true };
  // Without its type it would be ignored at Google's, too.
  if (schema !== undefined && config['responseMimeType'] === 'application/json')
    renamed['response_format'] = { type: 'json_schema', json_schema: { name: 'answer', ...strict, schema } };
  return renamed;
}

function portable(message: ChatMessage, dropped: Set<string>): ChatMessage {
  const { reasoning, reasoningSignature, toolCalls, ...rest } = message;
  // A thought without a seal came from a provider of another dialect, which may want it back.
  const keeps = reasoning !== undefined && reasoning !== '' && reasoningSignature === undefined;
  if (isSeal(reasoningSignature) || toolCalls?.some(({ signature }) => isSeal(signature)))
    dropped.add('thoughtSignature');
  return {
    ...rest,
    parts: message.parts.filter((part) => isPortable(part, dropped)),
    ...(keeps ? { reasoning } : {}),
    ...(toolCalls === undefined ? {} : { toolCalls: toolCalls.map(({ signature: _seal, ...call }) => call) }),
  };
}

const isSeal = (seal: string | undefined): boolean => seal !== undefined && seal !== UNSEALED;

const PORTABLE_MEDIA: ReadonlySet<unknown> = new Set(['image_url', 'input_audio', 'file', 'video_url']);

function isPortable(part: ChatPart, dropped: Set<string>): boolean {
  if (part.type === 'text') return part.text !== '';
  const value = objectOf(part.value) ?? {};
  if (PORTABLE_MEDIA.has(value['type'])) return true;
  dropped.add(Object.keys(value).find((name) => name !== 'thoughtSignature') ?? 'parts');
  return false;
}

const LOST_FIELDS: ReadonlySet<string> = new Set(['videoMetadata', 'mediaResolution', 'partMetadata']);

/** What parts say beside what their neutral form holds. */
const lostOfParts = (fields: JsonObject): string[] =>
  listOf(fields['contents']).flatMap((content) =>
    listOf(content['parts']).flatMap((part) => [
      ...Object.keys(part).filter((name) => LOST_FIELDS.has(camelOf(name))),
      ...(textOf(objectOf(fieldOf(part, 'functionResponse'))?.['scheduling']) === '' ? [] : ['scheduling']),
    ]),
  );
