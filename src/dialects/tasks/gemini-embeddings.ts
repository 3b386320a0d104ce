/**
 * Embeddings as Gemini has them, of one content or of several. The address says which model is asked; the bodies say it
 * again, each content for itself, under the name of the resource.
 * Source: https://ai.google.dev/api/embeddings
 */

import { asBuffer } from '../../base/fetch.ts';
import { isJsonObject, type JsonEdit, type JsonObject, splice, topLevelFields } from '../../base/json.ts';
import type { RequestHead } from '../../domain/call.ts';
import { Failure } from '../../domain/failure.ts';
import { inputTotal, totalTokens, type Usage } from '../../domain/usage.ts';
import { escapedModel, unescapedModel } from '../gemini/address.ts';
import { writeFailure, writeStreamFailure } from '../gemini/failures.ts';
import { camelOf, fieldOf } from '../gemini/wire.ts';
import { invalid, parseBody, TWICE } from '../openai-chat/request.ts';
import { objectOf, textOf } from '../openai-chat/wire.ts';
import { parseReply } from '../plain-reply.ts';
import type { EmbeddingsKin, EmbeddingsQuestion } from './embeddings.ts';
import type { Carried } from './family.ts';
import { createTask, readTaskHead } from './task-dialect.ts';

const ONE = {
  id: 'gemini-embeddings',
  task: 'embeddings',
  path: '/models/{model}:embedContent',
  needs: {},
  answers: ['embedding'],
  maxOutputTokens: 0,
} as const;

const MANY = {
  ...ONE,
  id: 'gemini-batch-embeddings',
  path: '/models/{model}:batchEmbedContents',
  needs: { requests: 'list' },
  answers: ['embeddings'],
} as const;

export const geminiEmbeddings: EmbeddingsKin = {
  ...createTask(ONE),
  writeFailure,
  writeStreamFailure,
  enter,
  address: (url, { model }) => `${url}/${escapedModel(model)}:embedContent`,
  readHead(body) {
    const head = readTaskHead(body, ONE);
    if (asBuffer(body).includes('"content"')) return head;
    throw invalid('content', 'expected an object with parts');
  },
  forwardRequest: (body, _head, upstreamModel) => named(body, upstreamModel),
  readQuestion(body) {
    const { content, model } = questionIn(body);
    return asked(textOf(model), [textIn(content, 'content')], [questionIn(body)]);
  },
  writeQuestion({ inputs, dimensions, extra }, model) {
    if (inputs.length > 1) throw invalid('input', 'expected one text: this provider takes one at a time');
    return {
      value: Buffer.from(JSON.stringify(contentOf(inputs[0], { model, dimensions, i: 0 }))),
      dropped: Object.keys(extra),
    };
  },
  readAnswer: (body) => ({ vectors: [valuesOf(parseReply(body).reply['embedding'])] }),
  writeAnswer: ({ vectors }, { usage }) =>
    Buffer.from(
      JSON.stringify({ embedding: { values: vectors[0] ?? [] }, usageMetadata: metadataOf(usage) }),
    ),
};

export const geminiBatchEmbeddings: EmbeddingsKin = {
  ...createTask(MANY),
  writeFailure,
  writeStreamFailure,
  enter,
  address: (url, { model }) => `${url}/${escapedModel(model)}:batchEmbedContents`,
  forwardRequest: (body, head, upstreamModel) => forwardMany(body, head, upstreamModel),
  readQuestion(body) {
    const { requests, model } = questionIn(body);
    const list = (Array.isArray(requests) ? requests : []).map((value: unknown) => objectOf(value) ?? {});
    const texts = list.map(({ content }, i) => textIn(content, `requests[${i}].content`));
    return asked(textOf(model), texts, list);
  },
  writeQuestion: ({ inputs, dimensions, extra }, model) => ({
    value: Buffer.from(
      JSON.stringify({
        model,
        requests: inputs.map((input, i) => contentOf(input, { model, dimensions, i })),
      }),
    ),
    dropped: Object.keys(extra),
  }),
  readAnswer(body) {
    const list = parseReply(body).reply['embeddings'];
    if (!Array.isArray(list)) throw malformed();
    return { vectors: list.map(valuesOf) };
  },
  writeAnswer: ({ vectors }, { usage }) =>
    Buffer.from(
      JSON.stringify({ embeddings: vectors.map((values) => ({ values })), usageMetadata: metadataOf(usage) }),
    ),
};

const metadataOf = (usage: Usage): JsonObject => ({
  promptTokenCount: inputTotal(usage),
  totalTokenCount: totalTokens(usage),
});

const malformed = (): Failure =>
  new Failure('malformed', { message: 'The provider answered without vectors.' });

function valuesOf(value: unknown): readonly number[] {
  const values = objectOf(value)?.['values'];
  if (Array.isArray(values) && values.every((each): each is number => typeof each === 'number'))
    return values;
  throw malformed();
}

function questionIn(body: Uint8Array): JsonObject {
  const value = parseBody(body);
  if (!isJsonObject(value))
    throw new Failure('invalid_request', { message: 'The body must be a JSON object.' });
  return value;
}

/** What else is said of a content cannot be said to others. */
const SIZE = 'outputDimensionality';
const CARRIED: ReadonlySet<string> = new Set(['content', 'model', SIZE, 'requests']);

/** All have the size of the first: others know one for all. */
function asked(
  model: string,
  inputs: readonly string[],
  requests: readonly JsonObject[],
): Carried<EmbeddingsQuestion> {
  const [dimensions, ...others] = requests.map((request) => fieldOf(request, SIZE));
  const names = requests.flatMap((request) =>
    Object.keys(request).filter((name) => !CARRIED.has(camelOf(name))),
  );
  if (others.some((other) => other !== dimensions)) names.push(SIZE);
  return {
    value: {
      model,
      inputs,
      ...(typeof dimensions === 'number' ? { dimensions } : {}),
      base64: false,
      extra: {},
    },
    dropped: [...new Set(names)],
  };
}

function textIn(content: unknown, where: string): string {
  const parts = objectOf(content)?.['parts'];
  const list = Array.isArray(parts) ? parts : [parts];
  return list
    .map((part: unknown, i) => {
      const text = objectOf(part)?.['text'];
      if (typeof text !== 'string')
        throw invalid(`${where}.parts[${i}]`, 'expected a text: nothing else can be sent to this model');
      return text;
    })
    .join('');
}

function contentOf(
  input: unknown,
  {
    model,
    dimensions,
    i,
  }: { readonly model: string; readonly dimensions: number | undefined; readonly i: number },
): JsonObject {
  if (typeof input !== 'string')
    throw invalid(`input[${i}]`, 'expected a text: this model takes no tokens and nothing else');
  return {
    model: resource(model),
    content: { parts: [{ text: input }] },
    ...(dimensions === undefined ? {} : { outputDimensionality: dimensions }),
  };
}

const resource = (model: string): string => (model.startsWith('models/') ? model : `models/${model}`);

/** Ids may hold slashes and colons: what is asked stands behind the last of these. */
const TARGET = /\/models\/([^?]+):\w+(?:\?|$)/;

/** The model of the address, in the place of the body's own. What is no object is left to its reader. */
function enter(body: Uint8Array, target: string): Uint8Array {
  const model = TARGET.exec(target)?.[1];
  if (model === undefined)
    throw new Failure('invalid_request', { message: 'The address: expected …/models/{model}:embedContent.' });
  const bytes = asBuffer(body);
  const fields = topLevelFields(bytes);
  if (fields === undefined) return bytes;
  const text = JSON.stringify(unescapedModel(model));
  const own = fields.get('model');
  if (own !== undefined) return splice(bytes, [{ ...own, text }]);
  const start = bytes.indexOf('{') + 1;
  return splice(bytes, [{ start, end: start, text: `"model":${text}${fields.size === 0 ? '' : ','}` }]);
}

/** With the resource's name of the model. */
function named(body: Uint8Array, upstreamModel: string): Buffer {
  const bytes = asBuffer(body);
  const model = topLevelFields(bytes)?.get('model');
  if (model === undefined) throw new Failure('invalid_request', { message: TWICE });
  return splice(bytes, [{ ...model, text: JSON.stringify(resource(upstreamModel)) }]);
}

const COMMA = 0x2c;
const OPEN_BRACE = 0x7b;

/** Every one of the requests names the model, and nobody names it beside them. */
function forwardMany(body: Uint8Array, _head: RequestHead, upstreamModel: string): Buffer {
  const bytes = asBuffer(body);
  const fields = topLevelFields(bytes);
  const model = fields?.get('model');
  const requests = fields?.get('requests');
  if (fields === undefined || model === undefined || requests === undefined)
    throw new Failure('invalid_request', { message: TWICE });
  const text = JSON.stringify(resource(upstreamModel));
  const edits: JsonEdit[] = [fieldOut(bytes, model)];
  for (let at = bytes.indexOf(OPEN_BRACE, requests.start); at > 0 && at < requests.end; ) {
    const inner = topLevelFields(bytes, at);
    if (inner === undefined) throw new Failure('invalid_request', { message: TWICE });
    const own = inner.get('model');
    if (own !== undefined) edits.push({ ...own, text });
    else edits.push({ start: at + 1, end: at + 1, text: `"model":${text}${inner.size === 0 ? '' : ','}` });
    const end = Math.max(at + 1, ...[...inner.values()].map((span) => span.end));
    at = bytes.indexOf(OPEN_BRACE, end);
  }
  return splice(bytes, edits);
}

/** The whole field, with the comma behind it or, where it is the last, before it. */
function fieldOut(bytes: Buffer, { start, end }: { readonly start: number; readonly end: number }): JsonEdit {
  let from = bytes.lastIndexOf('"model"', start);
  let to = end;
  while ((bytes[to] ?? COMMA) <= 0x20) to++;
  if (bytes[to] === COMMA) return { start: from, end: to + 1, text: '' };
  while (from > 0 && bytes[from - 1] !== COMMA && bytes[from - 1] !== OPEN_BRACE) from--;
  if (bytes[from - 1] === COMMA) from--;
  return { start: from, end, text: '' };
}
