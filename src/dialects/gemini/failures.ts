/**
 * Failures in Gemini's shape: the status has a word, and the details say in Google's own types what failed, where, when to
 * come back, and under which id it can be asked for.
 * Source: https://cloud.google.com/apis/design/errors#error_details
 */

import { type JsonObject, parseJson } from '../../base/json.ts';
import { writeSseEvent } from '../../base/sse.ts';
import type { Failure } from '../../domain/failure.ts';
import type { WrittenFailure } from '../dialect.ts';
import { objectOf, textOf } from '../openai-chat/wire.ts';
import { statusWordOf } from './wire.ts';

export const writeFailure = (failure: Failure, requestId: string): WrittenFailure => ({
  status: failure.status,
  body: Buffer.from(errorBody(failure, requestId)),
});

export const writeStreamFailure = (failure: Failure, requestId: string): Buffer =>
  writeSseEvent(errorBody(failure, requestId));

/** Clients sleep for as long as they are told. */
const LONGEST_RETRY_MS = 60_000;

function errorBody(failure: Failure, requestId: string): string {
  const { param, retryAfterMs } = failure.options;
  const message = messageOf(failure);
  const details = [
    detail('ErrorInfo', { reason: reasonOf(failure), domain: 'sluice' }),
    detail('RequestInfo', { requestId }),
    ...(param === undefined
      ? []
      : [detail('BadRequest', { fieldViolations: [{ field: param, description: message }] })]),
    ...(retryAfterMs === undefined || !failure.retry
      ? []
      : [detail('RetryInfo', { retryDelay: `${secondsOf(retryAfterMs)}s` })]),
  ];
  const { status: code } = failure;
  return JSON.stringify({ error: { code, message, status: statusWordOf(code), details } });
}

const detail = (type: string, fields: JsonObject): JsonObject => ({
  '@type': `type.googleapis.com/google.rpc.${type}`,
  ...fields,
});

const secondsOf = (retryAfterMs: number): number =>
  Math.ceil(Math.min(LONGEST_RETRY_MS, Math.max(1, retryAfterMs))) / 1_000;

/** Clients know this one by Google's own word. */
const reasonOf = ({ kind, rule }: Failure): string =>
  kind === 'invalid_key' ? 'API_KEY_INVALID' : (rule.code ?? kind).toUpperCase();

function messageOf(failure: Failure): string {
  const { clientBody, param } = failure.options;
  const shown = clientBody === undefined ? undefined : parseJson(Buffer.from(clientBody).toString('utf8'));
  const theirs = textOf(objectOf(objectOf(shown)?.['error'])?.['message']);
  const said = theirs === '' ? failure.message : theirs;
  return param === undefined || said.includes(param) ? said : `${param}: ${said}`;
}
