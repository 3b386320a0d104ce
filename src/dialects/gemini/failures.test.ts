import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FAILURES, Failure, type FailureKind } from '../../domain/failure.ts';
import { gemini } from './gemini.ts';

function errorOf(failure: Failure) {
  const { body } = gemini.writeFailure(failure, 'req_1');
  const { error } = JSON.parse(body.toString());
  const detailOf = (type: string) =>
    error.details.find(
      (each: { '@type': string }) => each['@type'] === `type.googleapis.com/google.rpc.${type}`,
    );
  return { ...error, detailOf };
}

test('every failure has the code of its status and a word of Google’s for it', () => {
  for (const kind of Object.keys(FAILURES) as FailureKind[]) {
    const failure = new Failure(kind, { message: 'x' });
    const { code, status, detailOf } = errorOf(failure);
    assert.equal(code, failure.status);
    assert.match(status, /^[A-Z_]+$/);
    assert.deepEqual(detailOf('RequestInfo').requestId, 'req_1');
    assert.match(detailOf('ErrorInfo').reason, /^[A-Z_0-9]+$/);
  }
});

test('the words are those that clients look for', () => {
  for (const [kind, status, reason] of [
    ['invalid_key', 'UNAUTHENTICATED', 'API_KEY_INVALID'],
    ['invalid_request', 'INVALID_ARGUMENT', 'INVALID_REQUEST'],
    ['model_not_found', 'NOT_FOUND', 'MODEL_NOT_FOUND'],
    ['model_forbidden', 'PERMISSION_DENIED', 'MODEL_FORBIDDEN'],
    ['request_too_large', 'INVALID_ARGUMENT', 'REQUEST_TOO_LARGE'],
  ] as const) {
    const error = errorOf(new Failure(kind, { message: 'x' }));
    assert.equal(error.status, status, kind);
    assert.equal(error.detailOf('ErrorInfo').reason, reason);
  }
});

test('it says when to come back, never later than in a minute, and only where that helps', () => {
  const delay = (kind: FailureKind, retryAfterMs: number): string | undefined =>
    errorOf(new Failure(kind, { message: 'x', retryAfterMs })).detailOf('RetryInfo')?.retryDelay;
  assert.equal(delay('rpm', 1_234.5), '1.235s');
  assert.equal(delay('rpm', 3_600_000), '60s');
  assert.equal(delay('invalid_request', 1_000), undefined);
});

test('it names the field that is wrong', () => {
  const failure = new Failure('invalid_request', { message: 'expected a number', param: 'contents[0]' });
  const { message, detailOf } = errorOf(failure);
  assert.equal(message, 'contents[0]: expected a number');
  assert.deepEqual(detailOf('BadRequest').fieldViolations, [{ field: 'contents[0]', description: message }]);
});
