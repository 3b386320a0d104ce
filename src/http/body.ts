/** Reads a request's body into one buffer, within a bound. */

import type { IncomingMessage } from 'node:http';
import { Failure } from '../domain/failure.ts';

/** Throws `request_too_large` as soon as that is certain, or `client_gone` when the body stops short. */
export function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > limitBytes) return Promise.reject(tooLarge(limitBytes));
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let size = 0;
    request.on('data', (piece: Buffer) => {
      size += piece.length;
      if (size > limitBytes) reject(tooLarge(limitBytes));
      else pieces.push(piece);
    });
    request.on('end', () =>
      resolve(pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces, size)),
    );
    const onCut = (): void => {
      // Also called after the end, for every request: an error is only made when it is one.
      if (!request.complete)
        reject(new Failure('client_gone', { message: 'The client left within its request.' }));
    };
    request.on('error', onCut);
    request.on('close', onCut);
  });
}

const tooLarge = (limitBytes: number): Failure =>
  new Failure('request_too_large', {
    message: `The body is over the limit of ${limitBytes} bytes (server.body_limit).`,
  });
