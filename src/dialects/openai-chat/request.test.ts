import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Failure } from '../../domain/failure.ts';
import { readHead, readRequest, writeRequest } from './request.ts';

const MESSAGES = [{ role: 'user', content: 'Hello' }];
const bytes = (fields: object): Buffer => Buffer.from(JSON.stringify(fields));
const body = (fields: object = {}): Buffer => bytes({ model: 'm', messages: MESSAGES, ...fields });
/** Big enough to be scanned instead of parsed. */
const huge = (fields: object = {}): Buffer =>
  body({ ...fields, messages: [{ role: 'user', content: 'x"{}[],:\\'.repeat(30_000) }] });

function outcome(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    assert.ok(error instanceof Failure, String(error));
    assert.equal(error.kind, 'invalid_request');
    return error.options.param ?? error.message;
  }
}

test('a wrong field is named with its place', () => {
  const param = (fields: object): unknown => outcome(() => readHead(bytes(fields)));
  assert.equal(param({ messages: MESSAGES }), 'model');
  assert.equal(param({ model: '', messages: MESSAGES }), 'model');
  assert.equal(param({ model: 5, messages: MESSAGES }), 'model');
  assert.equal(param({ model: 'm' }), 'messages');
  assert.equal(param({ model: 'm', messages: 'Hello' }), 'messages');
  assert.equal(param({ model: 'm', messages: [] }), 'messages');
  assert.equal(param({ model: 'm', messages: [MESSAGES[0], 'Hello'] }), 'messages[1]');
  assert.equal(param({ model: 'm', messages: [{ content: 'Hello' }] }), 'messages[0].role');
  assert.equal(
    outcome(() => readHead(body({ stream: 'yes' }))),
    'stream',
  );
  for (const wrong of [0, -1, 1.5, '100']) {
    assert.equal(
      outcome(() => readHead(body({ max_tokens: wrong }))),
      'max_tokens',
    );
    assert.equal(
      outcome(() => readHead(body({ max_completion_tokens: wrong }))),
      'max_completion_tokens',
    );
  }
  assert.equal(
    outcome(() => readRequest(bytes({ model: 'm', messages: [{ role: 'god' }] }))),
    'messages[0].role',
  );
  assert.equal(
    outcome(() => readRequest(bytes({ model: 'm', messages: [{ role: 'user', content: 5 }] }))),
    'messages[0].content',
  );
});

test('what is no JSON object is refused in words', () => {
  for (const text of ['', '{', 'null', '[]', '"a"', '5', '\uFEFF{}'])
    assert.match(String(outcome(() => readHead(Buffer.from(text)))), /^The body/, text);
});

test('null means not set', () => {
  const head = readHead(body({ stream: null, stream_options: null, max_tokens: null, n: null }));
  assert.deepEqual(head, { model: 'm', stream: false, wantsUsage: false, maxOutputTokens: Infinity });
});

test('the greater of both bounds counts, for every choice', () => {
  const bound = (fields: object): number => readHead(body(fields)).maxOutputTokens;
  assert.equal(bound({ max_tokens: 10 }), 10);
  assert.equal(bound({ max_tokens: 10, max_completion_tokens: 500 }), 500);
  assert.equal(bound({ max_tokens: 500, max_completion_tokens: 10 }), 500);
  assert.equal(bound({ max_tokens: 10, n: 3 }), 30);
  assert.equal(bound({ n: 3 }), Infinity);
  const request = readRequest(body({ max_tokens: 10, n: 3 }));
  assert.equal(request.maxOutputTokens, 10, 'the wire says it per choice');
  assert.deepEqual(readRequest(writeRequest(request)), request);
});

test('a huge body is scanned to the same head as it would be parsed', () => {
  const fields = fc.record(
    {
      stream: fc.constantFrom(true, false, null, 'yes'),
      stream_options: fc.constantFrom({ include_usage: true }, { include_usage: false }, {}, null, 'x'),
      max_tokens: fc.constantFrom(1, 100, 0, null),
      max_completion_tokens: fc.constantFrom(50, 2.5, null),
      n: fc.constantFrom(1, 2, null),
      model: fc.constantFrom('a', '公开', '', 5),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fields, (some) => {
      assert.deepEqual(
        outcome(() => readHead(huge(some))),
        outcome(() => readHead(body(some))),
      );
    }),
    { numRuns: 60 },
  );
  const padding = 'x'.repeat(300_000);
  for (const messages of [[], 'no', {}, null])
    assert.equal(
      outcome(() => readHead(bytes({ model: 'm', padding, messages }))),
      'messages',
    );
  const spaced = Buffer.from(`{"model":"m","padding":"${padding}","messages":[ \n ]}`);
  assert.equal(
    outcome(() => readHead(spaced)),
    'messages',
  );
});

test('a field that stands twice is refused, in a small body and in a huge one', () => {
  for (const each of [body(), huge()]) {
    const twice = Buffer.from(each.toString().replace('{', '{"mod\\u0065l":"other",'));
    assert.match(String(outcome(() => readHead(twice))), /twice/);
  }
});

test('reading the head of a huge body takes milliseconds', () => {
  const big = body({ messages: [{ role: 'user', content: 'x'.repeat(20_000_000) }] });
  const beganMs = performance.now();
  readHead(big);
  assert.ok(performance.now() - beganMs < 250);
});

test('what has no neutral form travels along untouched', () => {
  const extra = {
    response_format: { type: 'json_schema', json_schema: { name: 'a', schema: {} } },
    tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [] } },
    enable_thinking: true,
    seed: 7,
  };
  const request = readRequest(body(extra));
  assert.deepEqual(request.extra, extra);
  const written = JSON.parse(writeRequest(request).toString()) as object;
  assert.deepEqual(written, { model: 'm', messages: MESSAGES, ...extra });
});

test('the number of answers is told where there are several, bounded or not', () => {
  const ask = { model: 'm', messages: MESSAGES };
  const headOf = (more: object) => readHead(Buffer.from(JSON.stringify({ ...ask, ...more })));
  assert.deepEqual([headOf({ n: 3 }).answers, headOf({ n: 3 }).maxOutputTokens], [3, Infinity]);
  assert.deepEqual(
    [headOf({ n: 3, max_tokens: 5 }).answers, headOf({ n: 3, max_tokens: 5 }).maxOutputTokens],
    [3, 15],
  );
  assert.equal('answers' in headOf({ n: 1 }), false);
});
