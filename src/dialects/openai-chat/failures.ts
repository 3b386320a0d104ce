/** Failures in OpenAI's shape, which the tasks and the old completions share with the chats. */

import { writeSseEvent } from '../../base/sse.ts';
import type { Failure } from '../../domain/failure.ts';
import type { WrittenFailure } from '../dialect.ts';
import { writeErrorBody } from './wire.ts';

export const writeFailure = (failure: Failure, requestId: string): WrittenFailure => ({
  status: failure.status,
  body: Buffer.from(failure.options.clientBody ?? writeErrorBody(failure, requestId)),
});

export const writeStreamFailure = (failure: Failure, requestId: string): Buffer =>
  writeSseEvent(writeErrorBody(failure, requestId));
