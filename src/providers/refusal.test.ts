import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type RefusalFacts, readRefusal } from './refusal.ts';
import { plainName, redact, sampleOf } from './refusal-text.ts';

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
  it('reads a frame with a blank in its comment, and data over several lines', () => {
    const { status, code } = readRefusal({
      ...{ status: 200, headers: {}, phase: 'stream', nowMs: 0 },
      body: 'event:error\r\n: HTTP_STATUS/429\r\ndata: {"code":"Throttling.RateQuota",\r\ndata: "message":"Slow"}\r\n\r\n',
    });
    assert.deepEqual([status, code], [429, 'Throttling.RateQuota']);
  });

  it('reads the beginning of an object that was cut for its length, and no word within its texts', () => {
    const long = JSON.stringify({
      code: 'Throttling.RateQuota',
      message: 'Slow "code":"Arrearage"',
      echo: 'x'.repeat(70_000),
    });
    assert.deepEqual(brief(read(long.slice(0, 65_536))), ['Throttling.RateQuota', 'Slow "code":"Arrearage"']);
    const nested = JSON.stringify({
      error: { message: 'm', code: 'limit_requests', echo: 'y'.repeat(70_000) },
    });
    assert.equal(read(nested.slice(0, 65_536)).code, 'limit_requests');
    const only = JSON.stringify({ echo: `"code":"Arrearage" ${'z'.repeat(70_000)}` });
    assert.equal(read(only.slice(0, 65_536)).code, '');
  });

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
    assert.deepEqual(brief(read({ error: 'limit_requests: Slow' })), expected);
    assert.deepEqual(brief(read({ error: 'limit_requests' })), ['limit_requests', 'limit_requests']);
    assert.deepEqual(brief(read('\uFEFF \n{"code":"limit_requests","message":"Slow"}')), expected);
    assert.deepEqual(brief(read(`<html><pre>${JSON.stringify({ error })}</pre></html>`)), expected);
    assert.deepEqual(
      brief(
        read('<pre>{&quot;code&quot;:&quot;limit_requests&quot;,&#34;message&#34;:&#34;Slow&#34;}</pre>'),
      ),
      expected,
    );
    assert.deepEqual(
      brief(read({ Response: { Error: { Code: 'limit_requests', Message: 'Slow' } } })),
      expected,
    );
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

describe('reading what a relay wrapped', () => {
  const inner = { error: { code: 'limit_requests', message: 'Slow', type: 'limit_requests' } };
  const wrap = (body: unknown): unknown => ({ error: { message: JSON.stringify(body), code: 'theirs' } });

  it('finds the provider’s own answer, through a few of them', () => {
    assert.equal(read(wrap(inner)).code, 'limit_requests');
    assert.equal(read(wrap(wrap([inner]))).code, 'limit_requests');
    assert.equal(read(wrap({ code: 'Throttling', message: 'm' })).code, 'Throttling');
    assert.ok(!read(wrap(inner)).names.has('theirs'));
    let deep: unknown = inner;
    for (let i = 0; i < 9; i++) deep = wrap(deep);
    assert.equal(read(deep).code, 'theirs');
  });

  it('takes JSON inside a sentence for the words it is', () => {
    const text = 'Invalid value: {"error":{"code":"Arrearage"}}';
    assert.deepEqual(brief(read({ error: { code: 'theirs', message: text } })), ['theirs', text]);
    assert.equal(read({ error: { code: 'theirs', message: '{"a":1}' } }).code, 'theirs');
  });

  it('believes its status where HTTP told none', () => {
    const wrapped = { error: { message: JSON.stringify({ error: { code: 'x', message: 'm' } }), code: 429 } };
    assert.equal(read(wrapped, 0).status, 429);
  });
});

describe('numbers of a limit', () => {
  it('are read in the ways they are written', () => {
    const asked = (message: string): unknown => read({ error: { message } }).asked;
    assert.deepEqual(asked('(TPM): Limit 30000, Requested 36055. The'), { limit: 30_000, requested: 36_055 });
    assert.deepEqual(asked('Limit 7000, Used 0, Requested ~12903.'), { limit: 7_000, requested: 12_903 });
    assert.deepEqual(asked('Limit: 3, Requested: 4'), { limit: 3, requested: 4 });
    for (const none of ['Limit 3.', 'Requested 4', 'Limit x, Requested 4', 'Limit 3. Used up. Requested 4'])
      assert.equal(asked(none), undefined, none);
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

  it('loses who pays: organisations, accounts, consumers, e-mail addresses', () => {
    for (const [text, clean] of [
      ['in organization org-VDAWofJASuLH0vVz8o9tiQZr on', 'in organization [redacted] on'],
      ['in organization `org_01kjh7p9n8f1qs6nz2bz77vy6b` service', 'in organization [redacted] service'],
      ['in organization acme-corp on tokens', 'in organization [redacted] on tokens'],
      ['your organization (c26fc127-ba09-49d3-a086-a2f26380d5e7) of', 'your organization [redacted] of'],
      ['This organization has been disabled.', 'This organization has been disabled.'],
      ['account org-e664b178c0f7<ak-f3t8pfk16fki>', 'account [redacted]<[redacted]>'],
      ['<ak-1> and <org-2>', '<[redacted]> and <[redacted]>'],
      ["Consumer 'api_key:AIzaSyA000000000' has been suspended", 'Consumer [redacted] has been suspended'],
      ['"consumer":"projects/895908428397"', '"consumer":"projects/[redacted]"'],
      ['Your account [2100334555] has reached', 'Your account [redacted] has reached'],
      ['"user_id":"user_35tI40u3gKTMEMGS061Ov1xsUTj"', '"user_id":"[redacted]"'],
      ['write to jane.doe+llm@mail.example.org now', 'write to [address] now'],
      ['{\\"api_key\\":\\"abcdef123456\\"}', '{\\"[redacted]\\"}'],
      ['max_tokens 8192 > 4096 for organization limits', 'max_tokens 8192 > 4096 for organization limits'],
    ] as const)
      assert.equal(redact(text), clean);
  });

  it('loses the hosts of others without a scheme, and no name of a field or a code', () => {
    for (const [text, clean] of [
      ['lookup vip.prod-cn.example.net on llm-7.intra.corp:8443.', 'lookup [address] on [address].'],
      ['dial redis://cache-1:6379/0 or localhost:11434', 'dial [address] or [address]'],
      ['at [2001:db8::1]:8443, fe80::1 and 2001:db8:0:0:0:0:0:1', 'at [address], [address] and [address]'],
      ['help.aliyun.com/zh or https://docs.z.ai/api', 'help.aliyun.com/zh or https://docs.z.ai/api'],
    ] as const)
      assert.equal(redact(text), clean);
    for (const kept of [
      'messages.0.content.1.image_url.url: Range of input length should be [1, 258048]',
      'qwen2.5-72b-instruct and gpt-4.1 at 12:30:45, ratio 1:2, std::vector, response_format.json_schema',
      'Throttling.RateQuota, InternalError.Algo, tools[0].function.parameters: e.g. {"type":"object"}',
      'Node.js 24.1.0; see section 4.2.1.',
    ])
      assert.equal(redact(kept), kept);
  });

  it('loses the access keys of clouds', () => {
    assert.equal(redact('key LTAI5tAbCdEfGhIjKlMnOpQr is'), 'key [redacted] is');
    assert.equal(redact('AKIAIOSFODNN7EXAMPLE'), '[redacted]');
    assert.equal(redact(`${'0a'.repeat(16)}.AbCdEfGh01234567`), '[redacted]');
  });

  it('does not leave half a secret where it is cut', () => {
    const secret = `sk-${'a1'.repeat(40)}`;
    for (let i = 3_900; i < 4_010; i++) assert.doesNotMatch(redact(`${'x '.repeat(i / 2)}${secret}`), /a1a1/);
  });

  it('samples a body on one short line without anything secret', () => {
    assert.equal(
      sampleOf(418, '\uFEFF{\n "error": "tea",\t"at": "10.0.0.3"\u0000}'),
      '418 { "error": "tea", "at": "[address]" }',
    );
    assert.equal(sampleOf(429, ''), '429');
    assert.ok(sampleOf(429, '\uD83D\uDE00'.repeat(9_999)).isWellFormed());
    assert.equal(sampleOf(429, 'word '.repeat(9_999)).length, 500);
  });

  it('keeps a name only when it is nothing but a name', () => {
    assert.equal(plainName('Throttling.RateQuota'), 'Throttling.RateQuota');
    assert.equal(plainName('messages[0].content'), 'messages[0].content');
    for (const odd of [undefined, '', 'two words', 'sk-abcdef0123456789', '<b>', 'x'.repeat(200)])
      assert.equal(plainName(odd), undefined);
  });
});
