/** Failures in Anthropic's shape: the type follows from the status, and the field concerned is named in the message. */

import { parseJson } from '../../base/json.ts';
import { writeSseEvent } from '../../base/sse.ts';
import type { Failure } from '../../domain/failure.ts';
import type { WrittenFailure } from '../dialect.ts';
import { objectOf, textOf } from '../openai-chat/wire.ts';
import { errorTypeOf } from './wire.ts';

export const writeFailure = (failure: Failure, requestId: string): WrittenFailure => ({
  status: failure.status,
  body: Buffer.from(errorBody(failure, requestId)),
});

export const writeStreamFailure = (failure: Failure, requestId: string): Buffer =>
  writeSseEvent(errorBody(failure, requestId), 'error');

/** Codes that this API has too: its clients find them under `details`. */
const TOLD_CODES: ReadonlySet<string> = new Set([
  'request_body_encoding_unsupported',
  'request_body_encoding_invalid',
  'request_body_too_large_after_decoding',
]);

function errorBody(failure: Failure, requestId: string): string {
  const { code } = failure.rule;
  const details = code !== null && TOLD_CODES.has(code) ? { details: { error_code: code } } : {};
  const error = { type: errorTypeOf(failure.status), message: messageOf(failure), ...details };
  return JSON.stringify({ type: 'error', error, request_id: requestId });
}

/** Agents of this dialect shorten their conversation when they read these words, and give up on others. */
const TOO_LONG = 'prompt is too long: ';

function messageOf(failure: Failure): string {
  const { clientBody, param } = failure.options;
  const shown = clientBody === undefined ? undefined : parseJson(Buffer.from(clientBody).toString('utf8'));
  const theirs = textOf(objectOf(objectOf(shown)?.['error'])?.['message']);
  const said = theirs === '' ? failure.message : theirs;
  const message = param === undefined || said.includes(param) ? said : `${param}: ${said}`;
  const isTooLong = failure.rule.code === 'context_length_exceeded';
  return isTooLong && !message.startsWith(TOO_LONG) ? TOO_LONG + message : message;
}
