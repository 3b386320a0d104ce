import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findEvidence } from './evidence.ts';
import { statusToldIn } from './status-told.ts';

const ERROR = { message: 'Slow', type: 'limit_requests', code: 'limit_requests' };

/** Status and body of everything found. */
const found = (text: string): unknown[] =>
  findEvidence(text).evidence.map(({ status, body }) => [
    status,
    body.startsWith('{') ? JSON.parse(body) : body,
  ]);

describe('evidence', () => {
  it('is found however deep a logger has put the error', () => {
    const expected = [[429, { error: ERROR }]];
    const answer = { status: 429, headers: { 'Retry-After': '7' }, data: { error: ERROR } };
    for (const line of [
      { level: 'error', err: { message: 'Request failed with status code 400', response: answer } },
      { level: 'error', error: { message: 'Request failed', response: answer } },
      { level: 'error', msg: `Error code: 429 - ${JSON.stringify({ error: ERROR })}` },
      { level: 'error', upstream_status: 429, body: JSON.stringify({ error: ERROR }) },
    ])
      assert.deepEqual(found(JSON.stringify(line)), expected, JSON.stringify(line));
    const [first] = findEvidence(JSON.stringify({ err: { response: answer } })).evidence;
    assert.deepEqual(first?.headers, { 'retry-after': '7' });
  });

  it('is a bare body, as it came, or an answer in one of the flat shapes', () => {
    const body = ` ${JSON.stringify({ error: { error: ERROR } })}\n`;
    assert.deepEqual(findEvidence(body).evidence[0]?.body, body);
    assert.deepEqual(found(JSON.stringify({ status_code: 429, ...ERROR })), [
      [429, { status_code: 429, ...ERROR }],
    ]);
    assert.deepEqual(found('{"detail":"x"}'), [[undefined, { detail: 'x' }]]);
  });

  it('is found on every line, with the status of its own line', () => {
    const line = (status: number): string =>
      `ERROR Error code: ${status} - {'error': {'message': 'm${status}'}}`;
    assert.deepEqual(found(`${line(429)}\nINFO {"fine": true}\n${line(401)}`), [
      [429, { error: { message: 'm429' } }],
      [401, { error: { message: 'm401' } }],
    ]);
  });

  it('is what follows the status where there are only words', () => {
    assert.deepEqual(found('RateLimitError: 429 You exceeded it\n  at x'), [[429, 'You exceeded it']]);
    assert.deepEqual(found('429 Too Many Requests'), [[429, '']]);
    assert.deepEqual(found('nothing here'), [[undefined, 'nothing here']]);
    assert.deepEqual(found('<html>502 Bad Gateway</html>'), [[502, '<html>502 Bad Gateway</html>']]);
  });

  it('is the refusal among several answers, also one inside a stream that began well', () => {
    const event = 'event:error\n:HTTP_STATUS/429\ndata:{"code":"x","message":"y"}';
    assert.deepEqual(found('HTTP/1.1 302 Found\n\nHTTP/1.1 429 No\n\nslow'), [[429, 'slow']]);
    assert.deepEqual(found('HTTP/1.1 302 Found\n\n'), [[302, '']]);
    assert.deepEqual(found(`HTTP/2 200\nx: y\n\ndata:{"choices":[]}\n\n${event}\n\n`), [[undefined, event]]);
    assert.equal(findEvidence('HTTP/2 200\n\n{"choices":[]}').served, 200);
  });
});

describe('the status that words tell', () => {
  it('is the nearest number, else the name of an SDK’s error', () => {
    for (const [text, status] of [
      ['openai.RateLimitError: Error code: 429 - ', 429],
      ['status: 401, "statusCode": 403', 403],
      ['HTTP/1.1 503', 503],
      ['answered 502 Bad Gateway', 502],
      ['anthropic.AuthenticationError: no', 401],
      ['took 429 ms, line 404, id 500', undefined],
    ] as const)
      assert.equal(statusToldIn(text)?.status, status, text);
  });
});
