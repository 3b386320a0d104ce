/**
 * Embeddings as OpenAI has them. The vectors go back in the form that was asked for, numbers or base64, also where the
 * provider knows only one of them: the clients' libraries ask for base64 by themselves and cannot read anything else.
 * Source: https://platform.openai.com/docs/api-reference/embeddings/create
 */

import { asBuffer } from '../../base/fetch.ts';
import { isJsonObject, type JsonObject, splice } from '../../base/json.ts';
import { Failure } from '../../domain/failure.ts';
import { inputTotal, totalTokens } from '../../domain/usage.ts';
import type { Chunk, ForwardOptions } from '../dialect.ts';
import { forwardReply } from '../openai-chat/reply.ts';
import { invalid, parseBody } from '../openai-chat/request.ts';
import { numberOf, objectOf, textOf } from '../openai-chat/wire.ts';
import { parseReply } from '../plain-reply.ts';
import { fromBase64, toBase64 } from './base64-floats.ts';
import type { Kin } from './family.ts';
import { fieldsOf } from './fields.ts';
import { createTask } from './task-dialect.ts';

export type EmbeddingsQuestion = {
  readonly model: string;
  /** Texts, lists of tokens, or what else the client sent. */
  readonly inputs: readonly unknown[];
  readonly dimensions?: number;
  readonly base64: boolean;
  /** By the names of OpenAI. */
  readonly extra: JsonObject;
};

export type EmbeddingsAnswer = { readonly vectors: readonly (readonly number[])[] };

export type EmbeddingsKin = Kin<EmbeddingsQuestion, EmbeddingsAnswer>;

const isBase64 = (format: unknown): boolean => format === 'base64';

export const openaiEmbeddings: EmbeddingsKin = {
  ...createTask({
    id: 'openai-embeddings',
    task: 'embeddings',
    path: '/embeddings',
    needs: { input: 'text or list' },
    answers: ['data'],
    maxOutputTokens: 0,
  }),
  forwardReply(chunk, options) {
    const asked =
      options.request === undefined ? undefined : fieldsOf(options.request)?.read('encoding_format');
    return reformed(chunk, options, isBase64(asked)) ?? forwardReply(chunk, options);
  },
  readQuestion(body) {
    const fields = parseBody(body);
    if (!isJsonObject(fields))
      throw new Failure('invalid_request', { message: 'The body must be a JSON object.' });
    const { model, input, dimensions, encoding_format: format, ...extra } = fields;
    return {
      value: {
        model: textOf(model),
        inputs: inputsOf(input),
        ...(typeof dimensions === 'number' ? { dimensions } : {}),
        base64: isBase64(format),
        extra,
      },
      dropped: [],
    };
  },
  writeQuestion: ({ inputs, dimensions, extra }, model) => ({
    value: Buffer.from(
      JSON.stringify({
        model,
        input: inputs.length === 1 ? inputs[0] : inputs,
        ...(dimensions === undefined ? {} : { dimensions }),
        encoding_format: 'float',
        ...extra,
      }),
    ),
    dropped: [],
  }),
  readAnswer(body) {
    const list = parseReply(body).reply['data'];
    if (!Array.isArray(list)) throw malformed();
    const items = list.map((value: unknown) => objectOf(value) ?? {});
    const inOrder = items.every(({ index }) => typeof index === 'number')
      ? items.toSorted((a, b) => numberOf(a['index']) - numberOf(b['index']))
      : items;
    return { vectors: inOrder.map(({ embedding }) => vectorOf(embedding)) };
  },
  writeAnswer: ({ vectors }, { model, usage }) =>
    Buffer.from(
      JSON.stringify({
        object: 'list',
        data: vectors.map((embedding, index) => ({ object: 'embedding', index, embedding })),
        model,
        usage: { prompt_tokens: inputTotal(usage), total_tokens: totalTokens(usage) },
      }),
    ),
};

const malformed = (): Failure =>
  new Failure('malformed', { message: 'The provider answered without vectors.' });

function vectorOf(value: unknown): readonly number[] {
  if (typeof value === 'string') {
    const vector = fromBase64(value);
    if (vector !== undefined) return vector;
  } else if (Array.isArray(value) && value.every((each): each is number => typeof each === 'number'))
    return value;
  throw malformed();
}

/** A list of tokens is one input, a list of anything else several. */
function inputsOf(input: unknown): readonly unknown[] {
  if (input === undefined || input === null) throw invalid('input', 'expected a string or an array');
  return Array.isArray(input) && typeof input[0] !== 'number' ? input : [input];
}

/** The answer with its vectors in the form that was asked for; undefined where they are already. */
function reformed(chunk: Chunk, { model }: ForwardOptions, base64: boolean): Buffer | undefined {
  if (!isOtherwise(chunk.frame, base64)) return undefined;
  const { reply } = parseReply(chunk.frame);
  const list = Array.isArray(reply['data']) ? reply['data'] : [];
  const data = list.map((value: unknown) => {
    const item = objectOf(value) ?? {};
    const vector = vectorOf(item['embedding']);
    return { ...item, embedding: base64 ? toBase64(vector) : vector };
  });
  return Buffer.from(JSON.stringify({ ...reply, data, ...(chunk.model === undefined ? {} : { model }) }));
}

const FIRST_VECTOR = /"embedding"\s*:\s*(["[])/;
/** The first item's other fields are small, and the form of its vector that of all. */
const GLANCE_BYTES = 512;

/** The form of the first vector that begins near here: a quote or a bracket. */
const formAt = (frame: Buffer, start: number): string | undefined =>
  FIRST_VECTOR.exec(frame.toString('latin1', start, start + GLANCE_BYTES))?.[1];

function isOtherwise(frame: Buffer, base64: boolean): boolean {
  let form = formAt(frame, 0);
  // Something large stands before the list: it is looked for where it begins.
  if (form === undefined) {
    const data = fieldsOf(frame)?.spans.get('data');
    form = data && formAt(frame, data.start);
  }
  return form !== undefined && (form === '"') !== base64;
}

/** The request of a client that wants base64, for a provider that knows numbers alone and refuses to be asked otherwise. */
export function askingFloats(body: Uint8Array): Uint8Array {
  const fields = fieldsOf(body);
  const format = fields?.spans.get('encoding_format');
  if (fields === undefined || format === undefined || !isBase64(fields.read('encoding_format'))) return body;
  return splice(asBuffer(body), [{ ...format, text: '"float"' }]);
}
