/**
 * Reranking: documents in the order in which they fit a query. There is no one language of it, but that of Cohere and Jina
 * is spoken by most (SiliconFlow, vLLM, Model Studio beside its own); Model Studio's own says the same in other places.
 * Sources: https://docs.cohere.com/reference/rerank , https://api.jina.ai/redoc ,
 * https://www.alibabacloud.com/help/en/model-studio/text-rerank-api
 */

import type { JsonObject } from '../../base/json.ts';
import { isJsonObject } from '../../base/json.ts';
import { Failure } from '../../domain/failure.ts';
import { inputTotal, totalTokens } from '../../domain/usage.ts';
import { invalid, parseBody } from '../openai-chat/request.ts';
import { objectOf, textOf } from '../openai-chat/wire.ts';
import { parseReply } from '../plain-reply.ts';
import type { AnswerHead, Carried, Kin } from './family.ts';
import { createTask, readTaskHead } from './task-dialect.ts';

export type RerankQuestion = {
  readonly model: string;
  readonly query: unknown;
  readonly documents: readonly unknown[];
  /** `top_n`, `return_documents`, and what else there is, by the names of Cohere. */
  readonly options: JsonObject;
};

type Ranked = { readonly index: number; readonly score: number; readonly document?: unknown };
export type RerankAnswer = { readonly id: string; readonly results: readonly Ranked[] };

const ASKED = { needs: { query: 'text', documents: 'list' }, maxOutputTokens: 0 } as const;

export const rerank: Kin<RerankQuestion, RerankAnswer> = {
  ...createTask({
    ...ASKED,
    id: 'rerank',
    task: 'rerank',
    path: '/rerank',
    alsoAt: ['/v2/rerank', '/v1/reranks', '/rerank'],
    // `data`: Voyage.
    answers: ['results', 'data'],
  }),
  readQuestion(body) {
    const { model, query, documents, ...options } = questionIn(body);
    return asked({ model, query, documents, options });
  },
  writeQuestion: ({ query, documents, options }, model) => ({
    value: Buffer.from(JSON.stringify({ model, query, documents, ...options })),
    dropped: [],
  }),
  readAnswer: (body) => readAnswer(parseReply(body).reply),
  writeAnswer: ({ id, results }, told) =>
    Buffer.from(
      JSON.stringify({
        id: id === '' ? told.id : id,
        model: told.model,
        results: results.map(written),
        // In both of the places where clients look.
        usage: { prompt_tokens: inputTotal(told.usage), total_tokens: totalTokens(told.usage) },
        meta: { tokens: { input_tokens: inputTotal(told.usage), output_tokens: 0 } },
      }),
    ),
};

/** What the language of Model Studio knows of the options. */
const PARAMETERS: ReadonlySet<string> = new Set(['top_n', 'return_documents', 'instruct', 'fps']);

export const dashscopeRerank: Kin<RerankQuestion, RerankAnswer> = {
  ...createTask({
    id: 'dashscope-rerank',
    task: 'rerank',
    path: '/services/rerank/text-rerank/text-rerank',
    needs: {},
    answers: ['output'],
    maxOutputTokens: 0,
  }),
  readHead(body) {
    const head = readTaskHead(body, { needs: {}, maxOutputTokens: 0 });
    readOwn(body);
    return head;
  },
  readQuestion: readOwn,
  writeQuestion({ query, documents, options }, model) {
    const known = Object.entries(options).filter(([name]) => PARAMETERS.has(name));
    const parameters = Object.fromEntries(known);
    return {
      value: Buffer.from(
        JSON.stringify({
          model,
          input: { query: plain(query), documents: documents.map(plain) },
          parameters,
        }),
      ),
      dropped: Object.keys(options).filter((name) => !PARAMETERS.has(name)),
    };
  },
  readAnswer(body) {
    const { reply } = parseReply(body);
    return readAnswer({ ...objectOf(reply['output']), id: reply['request_id'] });
  },
  writeAnswer: ({ id, results }, { id: own, usage }: AnswerHead) =>
    Buffer.from(
      JSON.stringify({
        output: { results: results.map(written) },
        usage: { total_tokens: totalTokens(usage) },
        request_id: id === '' ? own : id,
      }),
    ),
};

function readOwn(body: Uint8Array): Carried<RerankQuestion> {
  const { model, input, parameters } = questionIn(body);
  if (!isJsonObject(input)) throw invalid('input', 'expected an object with query and documents');
  const { query, documents } = input;
  return asked({ model, query, documents, options: objectOf(parameters) ?? {} });
}

function questionIn(body: Uint8Array): JsonObject {
  const value = parseBody(body);
  if (!isJsonObject(value))
    throw new Failure('invalid_request', { message: 'The body must be a JSON object.' });
  return value;
}

function asked({
  model,
  query,
  documents,
  options,
}: {
  readonly model: unknown;
  readonly query: unknown;
  readonly documents: unknown;
  readonly options: JsonObject;
}): Carried<RerankQuestion> {
  if (query === undefined || query === null) throw invalid('query', 'expected a string');
  if (!Array.isArray(documents) || documents.length === 0)
    throw invalid('documents', 'expected an array with at least one document');
  return { value: { model: textOf(model), query, documents, options }, dropped: [] };
}

/** A document of text alone is a text where it is asked for, whatever it was wrapped in. */
function plain(value: unknown): unknown {
  const object = objectOf(value);
  const text = object?.['text'];
  return typeof text === 'string' && Object.keys(object ?? {}).length === 1 ? text : value;
}

function readAnswer(reply: JsonObject): RerankAnswer {
  const list = reply['results'] ?? reply['data'];
  if (!Array.isArray(list))
    throw new Failure('malformed', { message: 'The provider ranked without results.' });
  const results = list.map((value: unknown): Ranked => {
    const result = objectOf(value) ?? {};
    const { index, relevance_score: score, document } = result;
    if (typeof index !== 'number' || typeof score !== 'number')
      throw new Failure('malformed', { message: 'The provider ranked without an index and a score.' });
    return { index, score, ...(document === undefined || document === null ? {} : { document }) };
  });
  return { id: textOf(reply['id']), results };
}

const written = ({ index, score, document }: Ranked): JsonObject => ({
  index,
  relevance_score: score,
  ...(document === undefined ? {} : { document }),
});
