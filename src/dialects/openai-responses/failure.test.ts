import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../base/json.ts';
import { readSseEvent, SseSplitter, writeSseEvent } from '../../base/sse.ts';
import { FAILURES, Failure, type FailureKind, type FailureOptions } from '../../domain/failure.ts';
import type { SentSoFar } from '../dialect.ts';
import { writeStreamFailure } from './failure.ts';

const HEAD = { id: 'resp_1', model: 'm', created: 1_762_000_000 };

type Told = {
  readonly name: string;
  readonly type: string;
  readonly sequence_number: number;
  readonly response: JsonObject & { readonly error: JsonObject };
};

function told(kind: FailureKind, options: Partial<FailureOptions> = {}, sent?: SentSoFar): Told[] {
  const bytes = writeStreamFailure(new Failure(kind, { message: 'It broke.', ...options }), 'req_1', sent);
  return new SseSplitter().push(bytes).map((frame) => {
    const { name, data } = readSseEvent(frame);
    return { name, ...(JSON.parse(data ?? '') as Omit<Told, 'name'>) };
  });
}

const codeOf = (kind: FailureKind, options: Partial<FailureOptions> = {}): unknown =>
  told(kind, options)[0]?.response.error['code'];

describe('the code of a response that failed', () => {
  it('is that of a rate limit for a limit of the key alone', () => {
    const kinds = (Object.keys(FAILURES) as FailureKind[]).filter(
      (kind) => codeOf(kind) === 'rate_limit_exceeded',
    );
    assert.deepEqual(kinds, ['key_limit']);
  });

  it('is that of an overloaded server where the pool or the provider is busy', () => {
    for (const kind of ['pool_limit', 'wait_over', 'queue_full', 'pool_exhausted', 'rpm', 'tpm'] as const)
      assert.equal(codeOf(kind), 'server_is_overloaded', kind);
    for (const kind of ['burst', 'concurrency', 'day', 'plan', 'overload'] as const)
      assert.equal(codeOf(kind), 'server_is_overloaded', kind);
  });

  it('is a fault of the server for what another try may mend', () => {
    for (const kind of ['stream_died', 'connection', 'timeout', 'upstream_error', 'malformed'] as const)
      assert.equal(codeOf(kind), 'server_error', kind);
    for (const kind of ['internal', 'draining', 'auth'] as const)
      assert.equal(codeOf(kind), 'server_error', kind);
  });

  it('is one that no client tries again where the request is at fault', () => {
    assert.equal(codeOf('exceeds_limits'), 'context_length_exceeded');
    assert.equal(codeOf('upstream_rejected'), 'invalid_prompt');
    assert.equal(codeOf('content_refused'), 'invalid_prompt');
    const clientBody = Buffer.from('{"error":{"message":"m","code":"context_length_exceeded"}}');
    assert.equal(codeOf('upstream_rejected', { clientBody }), 'context_length_exceeded');
    const other = Buffer.from('{"error":{"message":"m","code":"invalid_value"}}');
    assert.equal(codeOf('upstream_rejected', { clientBody: other }), 'invalid_prompt');
    assert.equal(codeOf('upstream_rejected', { clientBody: Buffer.from('<html>') }), 'invalid_prompt');
  });
});

describe('a response that failed', () => {
  it('tells the time to wait in the words that Codex reads, for a limit of the key', () => {
    const message = (kind: FailureKind, retryAfterMs?: number): unknown =>
      told(kind, retryAfterMs === undefined ? {} : { retryAfterMs })[0]?.response.error['message'];
    assert.equal(message('key_limit', 1_500), 'It broke. Please try again in 1.5s.');
    assert.equal(message('key_limit'), 'It broke.');
    assert.equal(message('rpm', 1_500), 'It broke.');
  });

  it('goes on from the last number that was sent, under the same id, and keeps nothing of the output', () => {
    const last = Buffer.concat([
      writeSseEvent(
        '{"type":"response.output_text.delta","sequence_number":41,"delta":"\\"sequence_number\\":99"}',
      ),
      writeSseEvent('{"type":"response.output_text.delta","sequence_number":42,"delta":"a"}'),
    ]);
    const [only, ...rest] = told('stream_died', {}, { head: HEAD, last });
    assert.deepEqual(rest, []);
    assert.equal(only?.name, 'response.failed');
    assert.equal(only.type, 'response.failed');
    assert.equal(only.sequence_number, 43);
    const { id, model, created_at, status, output } = only.response;
    assert.deepEqual({ id, model, created: created_at }, HEAD);
    assert.equal(status, 'failed');
    assert.deepEqual(output, []);
  });

  it('numbers from nought where the upstream did not number', () => {
    const last = writeSseEvent('{"type":"response.output_text.delta","delta":"a"}');
    assert.equal(told('stream_died', {}, { head: HEAD, last })[0]?.sequence_number, 0);
  });

  it('is opened first where nothing was sent, and stands alone where that is not known', () => {
    const opened = told('wait_over', {}, { head: HEAD });
    assert.deepEqual(
      opened.map(({ name, sequence_number, response }) => [name, sequence_number, response['id']]),
      [
        ['response.created', 0, 'resp_1'],
        ['response.failed', 1, 'resp_1'],
      ],
    );
    const alone = told('wait_over');
    assert.deepEqual(
      alone.map(({ name, response }) => [name, response['id']]),
      [['response.failed', 'req_1']],
    );
  });
});
