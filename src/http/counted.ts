/**
 * What an input would weigh, for the routes on which clients only ask that: from our own estimate, so that it costs nobody a
 * request, a token or a turn in line. Each dialect has its own route and its own words around the number.
 */

import type { FastifyRequest } from 'fastify';
import { asBuffer } from '../base/fetch.ts';
import type { ClientKey } from '../domain/call.ts';
import { Failure } from '../domain/failure.ts';
import { decodedBody } from './decoded-body.ts';
import type { Front } from './front.ts';

/** The bytes as the client meant them. Throws like `decodedBody`. */
export async function sentBody(
  front: Front,
  { headers, body }: Pick<FastifyRequest, 'headers' | 'body'>,
): Promise<Buffer> {
  const bytes = asBuffer((body as Uint8Array | undefined) ?? Buffer.alloc(0));
  const encoding = headers['content-encoding'];
  return encoding === undefined ? bytes : decodedBody(bytes, encoding, front.settings().bodyLimitBytes);
}

export type Counted = {
  readonly key: ClientKey;
  /** By its own name, and by the one that the client used. */
  readonly model: string;
  readonly asked?: string;
  readonly body: Uint8Array;
};

/** Throws `model_not_found`. */
export function countedTokens(front: Front, { key, model, asked = model, body }: Counted): number {
  const tokens = front.countTokens(model, { key: key.id, body });
  if (tokens === undefined)
    throw new Failure('model_not_found', {
      message: `The model '${asked}' does not exist here. GET /v1/models lists those that do.`,
      param: 'model',
    });
  return tokens;
}
