/**
 * `POST …/models/{model}:countTokens`: what a request would weigh, from our own estimate as the calls are admitted by it: it
 * costs nobody a request, a token or a turn in line. Both forms are understood, `{contents}` and
 * `{generateContentRequest: {…}}`.
 */

import type { FastifyInstance } from 'fastify';
import { topLevelFields } from '../base/json.ts';
import { aimOf, enter, leave } from '../dialects/gemini/address.ts';
import { gemini } from '../dialects/gemini/gemini.ts';
import { Failure } from '../domain/failure.ts';
import { ownName } from './asked-call.ts';
import { countedTokens, sentBody } from './counted.ts';
import { keyOf } from './door.ts';
import type { Front } from './front.ts';
import { actionAt } from './google-address.ts';

export function addGoogleCount(server: FastifyInstance, front: Front, prefix: string): void {
  server.post(`${prefix}/models/*`, async (sent) => {
    const [path = ''] = sent.url.split('?');
    if (actionAt(path) !== 'countTokens')
      throw new Failure('route_not_found', { message: `No such route: POST ${path}.` });
    const key = keyOf(front, sent.raw, gemini.id);
    const plain = await sentBody(front, sent);
    const model = ownName(front, aimOf(path).model);
    front.access().allow(key, model);
    // What it would be refused for, it is refused for here.
    const request = enter(requestIn(plain), path);
    gemini.readHead(request);
    const tokens = countedTokens(front, { key, model, body: leave(request) });
    return { totalTokens: tokens, promptTokensDetails: [{ modality: 'TEXT', tokenCount: tokens }] };
  });
}

const INNER = ['generateContentRequest', 'generate_content_request'] as const;

function requestIn(body: Buffer): Buffer {
  const fields = topLevelFields(body);
  const span = INNER.map((name) => fields?.get(name)).find((found) => found !== undefined);
  return span === undefined ? body : body.subarray(span.start, span.end);
}
