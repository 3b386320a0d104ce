/**
 * The end of a stream that broke off, in words that make clients of the Responses format do the right thing. Codex
 * gives up at once on an overloaded server, a wrong prompt or a context that is too long, waits as told for a rate limit,
 * and tries again after any other fault; a bare `error` event it does not hear.
 */

import { asBuffer } from '../../base/fetch.ts';
import { parseJson } from '../../base/json.ts';
import { readSseEvent, SseSplitter } from '../../base/sse.ts';
import type { Failure } from '../../domain/failure.ts';
import type { ReplyHead, SentSoFar } from '../dialect.ts';
import { objectOf } from '../openai-chat/wire.ts';
import { writeFailed, writeResponse } from './answer.ts';
import { writeEvent } from './stream-writer.ts';

export function writeStreamFailure(failure: Failure, requestId: string, sent?: SentSoFar): Buffer {
  const head: ReplyHead = sent?.head ?? { id: requestId, model: '', created: 0 };
  const error = { code: codeOf(failure), message: messageOf(failure), param: failure.options.param ?? null };
  const response = writeFailed(head, error);
  const failed = (sequence: number): Buffer =>
    writeEvent('response.failed', sequence, { response, request_id: requestId });
  if (sent === undefined) return failed(0);
  if (sent.last !== undefined) return failed(lastSequence(sent.last) + 1);
  // Readers that keep the response as it grows begin with this.
  const opening = writeEvent('response.created', 0, {
    response: writeResponse(head, { status: 'in_progress' }),
  });
  return Buffer.concat([opening, failed(1)]);
}

const TOO_LONG = 'context_length_exceeded';

function codeOf({ kind, rule, options }: Failure): string {
  if (kind === 'key_limit') return 'rate_limit_exceeded';
  if (rule.code === TOO_LONG || codeIn(options.clientBody) === TOO_LONG) return TOO_LONG;
  if (rule.blame === 'client') return 'invalid_prompt';
  const isBusy = kind === 'pool_limit' || (rule.status === 503 && kind !== 'draining');
  return isBusy ? 'server_is_overloaded' : 'server_error';
}

/** The code by which the provider called the request wrong. */
function codeIn(clientBody: Uint8Array | undefined): unknown {
  const body = clientBody === undefined ? undefined : parseJson(asBuffer(clientBody).toString('utf8'));
  return objectOf(objectOf(body)?.['error'])?.['code'];
}

/** Codex takes the time to wait from the words. */
function messageOf({ kind, message, options: { retryAfterMs } }: Failure): string {
  if (kind !== 'key_limit' || retryAfterMs === undefined) return message;
  return `${message} Please try again in ${(Math.max(0, retryAfterMs) / 1_000).toFixed(1)}s.`;
}

/** Of the events in these bytes; -1 where none has a number. */
function lastSequence(bytes: Buffer): number {
  let last = -1;
  for (const frame of new SseSplitter().push(bytes)) {
    const number = objectOf(parseJson(readSseEvent(frame).data ?? ''))?.['sequence_number'];
    if (typeof number === 'number' && number > last) last = number;
  }
  return last;
}
