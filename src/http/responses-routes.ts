/**
 * What clients of the Responses dialect ask beside answers: for an answer that was kept, for the input that it was given,
 * to forget it, and what an input would weigh. Answered here, at no cost to any account, but for what is made in the
 * background; a key finds its own answers alone.
 */

import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { JsonObject } from '../base/json.ts';
import { openaiResponses } from '../dialects/openai-responses/openai-responses.ts';
import type { ClientKey } from '../domain/call.ts';
import { Failure } from '../domain/failure.ts';
import { type AnswerShelf, answersOf, type KeptAnswer, outputOf } from '../relay/kept-answers.ts';
import { isUnderWay } from '../relay/maker.ts';
import { recalledCall } from '../relay/recalled.ts';
import { countedTokens, sentBody } from './counted.ts';
import { keyOf } from './door.ts';
import type { Front } from './front.ts';

type OfAnswer = { Params: { id: string }; Querystring: Readonly<Record<string, string | undefined>> };

export function addResponses(server: FastifyInstance, front: Front, prefix: string): void {
  const path = prefix + openaiResponses.path;
  const asker = (request: FastifyRequest): ClientKey => keyOf(front, request.raw, openaiResponses.id);
  const kept = (request: FastifyRequest<OfAnswer>): { answers: AnswerShelf; answer: KeptAnswer } => {
    const answers = answersOf(front.shelf, asker(request).id);
    const answer = answers.answer(request.params.id);
    if (answer === undefined) throw notFound(request.params.id);
    return { answers, answer };
  };

  /** From its maker where it is still on its way. */
  const fresh = async (request: FastifyRequest<OfAnswer>, act: 'look' | 'cancel'): Promise<JsonObject> => {
    const { answers, answer } = kept(request);
    const response = await front.askMaker(answer, act);
    answers.renew(request.params.id, response);
    return response;
  };

  server.get<OfAnswer>(`${path}/:id`, (request) => {
    const { answer } = kept(request);
    if (request.query['stream'] === 'true')
      throw invalid('stream', 'an answer that has ended is told whole here: ask for it without stream');
    return isUnderWay(answer) ? fresh(request, 'look') : answer.response;
  });
  server.get<OfAnswer>(`${path}/:id/input_items`, (request) => {
    const { answers } = kept(request);
    return pageOf(inputItems(answers, request.params.id), request.query);
  });
  server.delete<OfAnswer>(`${path}/:id`, (request) => {
    const { id } = request.params;
    if (!answersOf(front.shelf, asker(request).id).remove(id)) throw notFound(id);
    return { id, object: 'response', deleted: true };
  });
  server.post<OfAnswer>(`${path}/:id/cancel`, (request) => {
    if (isUnderWay(kept(request).answer)) return fresh(request, 'cancel');
    throw new Failure('invalid_request', {
      message: 'This response has ended: only one that was asked for in the background can be cancelled.',
    });
  });
  server.post(`${path}/input_tokens`, async (request) => {
    const key = asker(request);
    const body = await sentBody(front, request);
    const { model } = openaiResponses.readHead(body);
    front.access().allow(key, model);
    const call = recalledCall({ dialect: openaiResponses.id, key, body }, front.shelf);
    const tokens = countedTokens(front, { key, model, body: call.body });
    return { object: 'response.input_tokens', input_tokens: tokens };
  });
  server.post(`${path}/compact`, (request) => {
    asker(request);
    throw new Failure('route_not_found', {
      message: 'Conversations are not compacted here: let the client make its own summary.',
    });
  });
}

/** All that the answer was given, what was said before it included; each has an id to ask on from. */
function inputItems(answers: AnswerShelf, id: string): JsonObject[] {
  const chain = answers.chain(id);
  return chain.flatMap((answer, turn) => {
    const isLast = turn === chain.length - 1;
    const input = answer.input.map((item, i) => ({
      id: `msg_${String(answer.response['id']).replace(/^resp_/, '')}_in${i}`,
      ...item,
      ...(typeof item['content'] === 'string'
        ? { type: 'message', content: [{ type: 'input_text', text: item['content'] }] }
        : {}),
    }));
    return isLast ? input : [...input, ...outputOf(answer)];
  });
}

/** https://platform.openai.com/docs/api-reference/responses/input-items */
const USUAL_LIMIT = 20;
const MOST = 100;

function pageOf(items: readonly JsonObject[], query: OfAnswer['Querystring']): JsonObject {
  const { order = 'desc', after, limit = String(USUAL_LIMIT) } = query;
  if (order !== 'asc' && order !== 'desc') throw invalid('order', "expected 'asc' or 'desc'");
  const most = Number(limit);
  if (!Number.isInteger(most) || most < 1 || most > MOST)
    throw invalid('limit', `expected a whole number from 1 to ${MOST}`);
  const ordered = order === 'asc' ? items : items.toReversed();
  const from = after === undefined ? 0 : ordered.findIndex(({ id }) => id === after) + 1;
  if (after !== undefined && from === 0) throw invalid('after', 'expected the id of an item of this input');
  const data = ordered.slice(from, from + most);
  return {
    object: 'list',
    data,
    first_id: data.at(0)?.['id'] ?? null,
    last_id: data.at(-1)?.['id'] ?? null,
    has_more: ordered.length > from + most,
  };
}

const invalid = (param: string, message: string): Failure =>
  new Failure('invalid_request', { message: `${param}: ${message}`, param });

const notFound = (id: string): Failure =>
  new Failure('response_not_found', {
    message: `Response with id '${id.slice(0, 100)}' not found: it was not stored, was given to another key, or is no longer kept.`,
  });
