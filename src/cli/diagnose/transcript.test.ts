import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dataOf, eventsOf, isEventStream, namesError, shownAnswers } from './transcript.ts';

describe('what a terminal shows of an exchange', () => {
  it('has every answer in order, with headers by lower-case name', () => {
    const text =
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/2 429 \r\nRetry-After: 7\r\nX-A: 1\r\nX-A: 2\r\n\r\n{"a":1}\r\n';
    assert.deepEqual(shownAnswers(text), [
      { status: 100, headers: {}, body: '' },
      { status: 429, headers: { 'retry-after': '7', 'x-a': '1, 2' }, body: '{"a":1}' },
    ]);
  });

  it('is freed of the request and of curl’s remarks', () => {
    const text = [
      '* Connected to api.example (1.2.3.4) port 443',
      '  % Total    % Received % Xferd',
      '> POST /v1 HTTP/2',
      '> authorization: Bearer sk-secret',
      '>',
      '< HTTP/2 401',
      '< x-request-id: r',
      '<',
      '{ [20 bytes data]',
      '<html>no</html>* Connection #0 to host api.example left intact',
    ].join('\n');
    assert.deepEqual(shownAnswers(text), [
      { status: 401, headers: { 'x-request-id': 'r' }, body: '<html>no</html>' },
    ]);
  });

  it('is none where no status line is', () => {
    assert.deepEqual(shownAnswers('{"error":"HTTP/1.1 429"}\nsee HTTP/1.1 429'), []);
  });
});

describe('an event stream', () => {
  const text =
    'id:1\nevent:result\n:HTTP_STATUS/200\ndata:{}\n\n\nevent: error\r\ndata: {"a":\r\ndata: 1}\r\n\r\n';

  it('is known by its lines and cut into its events', () => {
    assert.ok(isEventStream(text) && !isEventStream('data about events: none'));
    const events = eventsOf(text);
    assert.equal(events.length, 2);
    assert.deepEqual(events.map(namesError), [false, true]);
    assert.equal(dataOf(events[1] ?? ''), '{"a":\n1}');
  });

  it('tells an error by its status as well', () => {
    assert.ok(namesError(':HTTP_STATUS/503\ndata:{}') && !namesError(':HTTP_STATUS/200\ndata:{}'));
  });
});
