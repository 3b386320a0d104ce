import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type RefusalFacts, readRefusal } from './refusal.ts';
import { plainName, redact } from './refusal-text.ts';

const read = (body: unknown, status = 429): RefusalFacts =>
  readRefusal({
    status,
    headers: {},
    body: typeof body === 'string' ? body : JSON.stringify(body),
    phase: 'head',
    nowMs: 1_000_000,
  });

const brief = ({ code, message }: RefusalFacts): [string, string] => [code, message];

describe('reading a refusal', () => {
  it('finds code and message in every envelope', () => {
    const error = { code: 'limit_requests', message: 'Slow' };
    const expected = ['limit_requests', 'Slow'];
    assert.deepEqual(brief(read({ error, request_id: 'r' })), expected);
    assert.deepEqual(brief(read({ request_id: 'r', ...error })), expected);
    assert.deepEqual(brief(read([{ error }])), expected);
    assert.deepEqual(brief(read({ error: { error } })), expected);
    assert.deepEqual(brief(read({ error: JSON.stringify(error) })), expected);
    assert.deepEqual(brief(read({ error: JSON.stringify({ error }) })), expected);
    assert.deepEqual(
      brief(read(`id:1\nevent:error\n:HTTP_STATUS/429\ndata:${JSON.stringify(error)}\n\n`)),
      expected,
    );
    assert.deepEqual(brief(read({ error: 'Slow' })), ['', 'Slow']);
    assert.deepEqual(brief(read({ detail: [{ loc: ['body'], msg: 'Slow' }] })), ['', 'Slow']);
    assert.deepEqual(brief(read('<html><h1>Slow</h1>\n down</html>')), ['', 'Slow down']);
    assert.deepEqual(brief(read('')), ['', '']);
    for (const odd of ['null', '[]', '42', '{"error":null}', '{"error":{}}', '{"error":[1]}'])
      assert.equal(read(odd).code, '', odd);
  });

  it('puts words before numbers, and knows all names in lower case', () => {
    const facts = read({ error: { code: 429, status: 'RESOURCE_EXHAUSTED', message: 'm' } });
    assert.equal(facts.code, 'RESOURCE_EXHAUSTED');
    assert.deepEqual([...facts.names].sort(), ['429', 'resource_exhausted']);
    assert.equal(read({ type: 'error', error: { type: 'overloaded_error' } }).code, 'overloaded_error');
  });

  it('believes the HTTP status, and inside a stream the body', () => {
    assert.equal(read({ error: { code: 429 } }, 503).status, 503);
    assert.equal(read({ error: { code: 429 } }, 200).status, 429);
    assert.equal(read(':HTTP_STATUS/503\ndata:{"code":"x"}', 0).status, 503);
    assert.equal(read({ error: { code: '1302' } }, 0).status, 0);
    assert.equal(read({ error: { code: 'x' } }, 200).status, 0);
  });
});

describe('text for clients', () => {
  it('loses secrets, organisations and addresses, and keeps documentation', () => {
    assert.equal(
      redact('key sk-proj-abcdefgh1234 and AIzaSyA1234567890abc'),
      'key [redacted] and [redacted]',
    );
    assert.equal(
      redact('Your account org-0123456789<ak-0123456789> is'),
      'Your account [redacted]<[redacted]> is',
    );
    assert.equal(redact('api_key=abcdef123456, token: xyz98765'), '[redacted], [redacted]');
    assert.equal(
      redact('see https://platform.openai.com/docs and https://evil.example/x'),
      'see https://platform.openai.com/docs and [address]',
    );
    assert.equal(redact('https://help.aliyun.com@evil.example/x'), '[address]');
    assert.equal(redact('https://help.aliyun.com:8443@evil.example/x'), '[address]');
    assert.equal(redact('dial tcp 10.0.0.3:8080, pod gw-1.prod.svc'), 'dial tcp [address], pod [address]');
    assert.equal(
      redact('max_tokens must be at most 8192 in messages[0].content'),
      'max_tokens must be at most 8192 in messages[0].content',
    );
    assert.ok(redact('x '.repeat(10_000)).length <= 2_000);
  });

  it('keeps a name only when it is nothing but a name', () => {
    assert.equal(plainName('Throttling.RateQuota'), 'Throttling.RateQuota');
    assert.equal(plainName('messages[0].content'), 'messages[0].content');
    for (const odd of [undefined, '', 'two words', 'sk-abcdef0123456789', '<b>', 'x'.repeat(200)])
      assert.equal(plainName(odd), undefined);
  });
});
