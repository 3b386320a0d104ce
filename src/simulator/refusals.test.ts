import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSeededRandom } from '../base/seeded-random.ts';
import type { RefusalKind } from './refusal-kind.ts';
import { planRefusal, writeRefusal, writeStreamRefusal } from './refusals.ts';

const plain = (seed = 1, oddShare = 0) => ({
  requestId: '70acdc21-0000-4000-a000-000000000000',
  envelope: 'compatible' as const,
  random: createSeededRandom(seed),
  oddShare,
});

const bodyOf = (kind: RefusalKind, seed = 1) =>
  JSON.parse(writeRefusal(kind, plain(seed)).body.toString('utf8')) as {
    error: { message: string; type: string; param: null; code: string };
    request_id: string;
  };

test('every refusal has the status and the code of the published table', () => {
  const expected: Partial<Record<RefusalKind, readonly [number, string]>> = {
    rpm: [429, 'limit_requests'],
    rps: [429, 'limit_requests'],
    tpm: [429, 'insufficient_quota'],
    tps: [429, 'insufficient_quota'],
    burst: [429, 'limit_burst_rate'],
    arrears: [400, 'Arrearage'],
    overdue: [429, 'PostpaidBillOverdue'],
    'free-tier': [403, 'AllocationQuota.FreeTierOnly'],
    'free-allocated': [429, 'insufficient_quota'],
    plan: [429, 'insufficient_quota'],
    'bad-secret': [401, 'invalid_api_key'],
    'wrong-region': [401, 'invalid_api_key'],
    overload: [503, 'ModelServingError'],
    'no-model': [404, 'model_not_found'],
    parameter: [400, 'invalid_parameter_error'],
  };
  for (const [name, [status, code]] of Object.entries(expected)) {
    const kind = name as RefusalKind;
    assert.equal(writeRefusal(kind, plain()).status, status, kind);
    assert.equal(bodyOf(kind).error.code, code, kind);
  }
});

test('the compatible envelope holds the error and the request id, and type equals code but for bad secrets', () => {
  const { error, request_id } = bodyOf('rpm');
  assert.deepEqual(Object.keys(error), ['message', 'type', 'param', 'code']);
  assert.equal(error.type, error.code);
  assert.equal(request_id, plain().requestId);
  assert.equal(bodyOf('bad-secret').error.type, 'invalid_request_error');
});

test('the native envelope is flat', () => {
  const { body } = writeRefusal('tpm', { ...plain(), envelope: 'flat' });
  const flat = JSON.parse(body.toString('utf8'));
  assert.deepEqual(Object.keys(flat), ['code', 'message', 'request_id']);
  assert.equal(flat.code, 'Throttling.AllocationQuota');
});

test('the wording changes from call to call, with and without a pointer to the vendor page', () => {
  const random = createSeededRandom(5);
  const messages = new Set<string>();
  for (let call = 0; call < 200; call += 1) {
    const { body } = writeRefusal('tpm', { ...plain(), random });
    messages.add(JSON.parse(body.toString('utf8')).error.message);
  }
  const all = [...messages];
  assert.equal(all.length, 6);
  assert.ok(
    all.some((message) => message.endsWith('help.aliyun.com/zh/model-studio/error-code#token-limit')),
  );
  assert.ok(all.some((message) => message.includes('www.alibabacloud.com/help/en')));
  assert.ok(all.includes('Allocated quota exceeded, please increase your quota limit.'));
});

test('now and then the shape is odd: other order, no request id, an error that is a string', () => {
  const random = createSeededRandom(9);
  const shapes = new Set<string>();
  for (let call = 0; call < 200; call += 1) {
    const body = JSON.parse(writeRefusal('rpm', { ...plain(), random, oddShare: 0.5 }).body.toString('utf8'));
    shapes.add(`${Object.keys(body).join()}:${typeof body.error}`);
  }
  assert.deepEqual([...shapes].sort(), [
    'error,request_id:object',
    'error,request_id:string',
    'error:object',
    'request_id,error:object',
  ]);
});

test('no refusal but an exhausted plan carries a hint in its headers', () => {
  for (const kind of ['rpm', 'tpm', 'burst', 'concurrency', 'overload'] as const) {
    const names = Object.keys(writeRefusal(kind, plain()).headers);
    assert.deepEqual(names, ['content-type'], kind);
  }
});

test('an exhausted plan prints the time of its reset and the seconds until then', () => {
  const nowMs = Date.UTC(2026, 8, 24, 6, 18, 25);
  const { message, headers } = planRefusal(Date.UTC(2026, 9, 15, 16, 0, 0), nowMs);
  assert.equal(
    message,
    'Your token-plan 1-month quota has been exhausted. The quota will reset at 10-15 16:00:00 UTC.',
  );
  assert.equal(headers['retry-after'], '1849295');
  assert.match(planRefusal(nowMs + 3_600_000, nowMs).message, /1-week/);
});

test('inside a stream a refusal is a native frame with its status as a comment', () => {
  const frame = writeStreamRefusal('tpm', { ...plain(), position: 3 }).toString('utf8');
  const [id, event, status, data = '', ...rest] = frame.split('\n');
  assert.deepEqual([id, event, status, rest], ['id:3', 'event:error', ':HTTP_STATUS/429', ['', '']]);
  assert.ok(data.startsWith('data:{"request_id":"70acdc21-'), data);
  assert.equal(JSON.parse(data.slice('data:'.length)).code, 'Throttling.AllocationQuota');
});

test('a message told with the refusal replaces the wording', () => {
  const { body } = writeRefusal('parameter', { ...plain(), message: 'Range of n should be [1, 4]' });
  assert.equal(JSON.parse(body.toString('utf8')).error.message, 'Range of n should be [1, 4]');
});
