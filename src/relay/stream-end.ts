/** The bad ends of an answer under way. */

import { ConnectionError } from '../base/fetch.ts';
import { Failure } from '../domain/failure.ts';

export const died = (how: string): Failure =>
  new Failure('stream_died', { message: `The answer broke off: ${how}.` });

/** What a body threw while it was read. */
export function failureOfBody(error: unknown): Failure {
  if (error instanceof Failure) return error;
  return error instanceof ConnectionError
    ? died('the connection to the provider broke')
    : Failure.from(error);
}
