import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure, type FailureKind } from '../../domain/failure.ts';
import { anthropicMessages } from './anthropic-messages.ts';
import { errorTypeOf } from './wire.ts';

const errorOf = (failure: Failure) =>
  JSON.parse(anthropicMessages.writeFailure(failure, 'req_1').body.toString());

test('each status has the type that clients know it by', () => {
  const types: Readonly<Record<number, string>> = {
    ...{ 400: 'invalid_request_error', 401: 'authentication_error', 402: 'billing_error' },
    ...{ 403: 'permission_error', 404: 'not_found_error', 409: 'conflict_error', 413: 'request_too_large' },
    ...{ 415: 'invalid_request_error', 422: 'invalid_request_error', 429: 'rate_limit_error' },
    ...{
      500: 'api_error',
      502: 'api_error',
      503: 'overloaded_error',
      504: 'timeout_error',
      529: 'overloaded_error',
    },
  };
  for (const [status, type] of Object.entries(types)) assert.equal(errorTypeOf(Number(status)), type, status);
});

test('a failure has the shape, the status and the id', () => {
  const failure = new Failure('model_not_found', {
    message: "The model 'x' does not exist here.",
    param: 'model',
  });
  assert.deepEqual(errorOf(failure), {
    type: 'error',
    error: { type: 'not_found_error', message: "The model 'x' does not exist here." },
    request_id: 'req_1',
  });
  assert.equal(anthropicMessages.writeFailure(failure, 'req_1').status, 404);
  assert.equal(
    anthropicMessages.writeStreamFailure(failure, 'req_1').toString(),
    `event: error\ndata: ${JSON.stringify(errorOf(failure))}\n\n`,
  );
});

test('a call that is too large is called so in the words that agents shorten their conversation for', () => {
  for (const kind of ['exceeds_limits', 'too_large'] satisfies FailureKind[]) {
    const plain = errorOf(new Failure(kind, { message: 'Too many.' }));
    assert.equal(plain.error.message, 'prompt is too long: Too many.');
    const told = new Failure(kind, { message: 'prompt is too long: 3 tokens > 2 maximum' });
    assert.equal(errorOf(told).error.message, 'prompt is too long: 3 tokens > 2 maximum');
  }
});

test("what the provider says of the client's own mistake is shown in this shape", () => {
  const shown = (text: string): string =>
    errorOf(new Failure('upstream_rejected', { message: 'ours', status: 422, clientBody: Buffer.from(text) }))
      .error.message;
  assert.equal(shown('{"error":{"message":"theirs","type":"invalid_request_error","code":null}}'), 'theirs');
  assert.equal(shown('<html>'), 'ours');
  assert.equal(shown('{"error":"text"}'), 'ours');
});

test('a heartbeat is a ping with its words before it', () => {
  assert.equal(
    anthropicMessages.heartbeat('queued\nposition=3').toString(),
    ': queued position=3\nevent: ping\ndata: {"type": "ping"}\n\n',
  );
});
