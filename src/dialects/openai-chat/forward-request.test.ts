import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forwardAsStream, forwardRequest } from './forward-request.ts';
import { readHead } from './request.ts';

const MESSAGES = [{ role: 'user', content: 'Hello' }];
const body = (fields: object = {}): Buffer =>
  Buffer.from(JSON.stringify({ model: 'm', messages: MESSAGES, ...fields }));

test('a body that needs no change is forwarded as the very same bytes', () => {
  for (const each of [body(), body({ stream: true, stream_options: { include_usage: true } })])
    assert.equal(forwardRequest(each, readHead(each), 'm'), each);
});

test('usage is asked for wherever the option stands and whatever it held', () => {
  const forwarded = (text: string): unknown => {
    const each = Buffer.from(text);
    return JSON.parse(Buffer.from(forwardRequest(each, readHead(each), 'up')).toString());
  };
  const rest = { messages: MESSAGES, stream: true, model: 'up' };
  const asked = { ...rest, stream_options: { include_usage: true } };
  const messages = `"messages":${JSON.stringify(MESSAGES)},"stream":true`;
  assert.deepEqual(forwarded(`{"model":"m",${messages}}`), asked);
  assert.deepEqual(forwarded(`{${messages},"model" : "m" }`), asked);
  assert.deepEqual(forwarded(`{"stream_options":null,"model":"m",${messages}}`), asked);
  assert.deepEqual(forwarded(`{"model":"m","stream_options":{"include_usage":false},${messages}}`), asked);
  assert.deepEqual(forwarded(`{${messages},"stream_options":{"x":1},"model":"m"}`), {
    ...rest,
    stream_options: { x: 1, include_usage: true },
  });
});

/** As a stream for the model `up`; undefined when the body is not for streams. */
function turned(text: string, upstreamModel = 'up'): string | undefined {
  const each = Buffer.from(text);
  const bytes = forwardAsStream(each, readHead(each), upstreamModel);
  return bytes === undefined ? undefined : Buffer.from(bytes).toString();
}

test('a plain body becomes one for a stream with usage, and not one other byte changes', () => {
  const odd =
    '\n{ "n" : 1.0,\t"messages":[{"content":"\\u6c34 水 \\"stream\\":false 🌊","role":"user"}],"model" :"m","seed":12345678901234567890, "x":{"stream":false}}  \n';
  const asked = ',"stream":true,"stream_options":{"include_usage":true}';
  assert.equal(turned(odd, 'm'), odd.replace('"model" :"m"', `"model" :"m"${asked}`));
  assert.equal(turned(odd), odd.replace('"model" :"m"', `"model" :"up"${asked}`));
});

test('where the fields of the stream stand already, their values change in place', () => {
  const messages = `"messages":${JSON.stringify(MESSAGES)}`;
  for (const stream of ['false', 'null', ' false '])
    assert.equal(
      turned(`{"stream" :${stream},"model":"m",${messages}}`),
      `{"stream" :${stream.replace(/\w+/, 'true')},"model":"up","stream_options":{"include_usage":true},${messages}}`,
    );
  assert.equal(
    turned(`{${messages},"stream_options":{"include_usage":false,"x":[1]},"model":"m","stream":false}`),
    `{${messages},"stream_options":{"include_usage":true,"x":[1]},"model":"up","stream":true}`,
  );
  assert.equal(
    turned(`{"stream_options":null,${messages},"model":"m"}`, 'm'),
    `{"stream_options":{"include_usage":true},${messages},"model":"m","stream":true}`,
  );
});

test('what streams tell whole is turned: tools, schemas, choices, logprobs, thoughts', () => {
  for (const fields of [
    { tools: [{ type: 'function', function: { name: 'f' } }], tool_choice: 'auto' },
    { response_format: { type: 'json_schema', json_schema: { name: 'a', schema: {} } } },
    { n: 3, logprobs: true, top_logprobs: 5 },
    { enable_thinking: true },
    { modalities: ['text'], audio: null },
  ])
    assert.notEqual(turned(body(fields).toString()), undefined, JSON.stringify(fields));
});

test('sound is not turned, nor a model whose stream repeats itself', () => {
  assert.equal(turned(body({ modalities: ['text', 'audio'] }).toString()), undefined);
  assert.equal(turned(body({ audio: { voice: 'Cherry', format: 'wav' } }).toString()), undefined);
  for (const model of ['qwen-mt-plus', 'qwen-mt-turbo', 'qwen-mt-turbo-2025-01-01'])
    assert.equal(turned(body().toString(), model), undefined, model);
  for (const model of ['qwen-mt-flash', 'qwen-mt-lite', 'qwen-max', 'my-qwen-mt-plus'])
    assert.notEqual(turned(body().toString(), model), undefined, model);
});

test('a body in which a field stands twice is not turned: as a plain one it is refused in words', () => {
  const head = readHead(body());
  const twice = Buffer.from(`{"model":"m","model":"n","messages":${JSON.stringify(MESSAGES)}}`);
  assert.equal(forwardAsStream(twice, head, 'up'), undefined);
  assert.throws(() => forwardRequest(twice, head, 'up'), /twice/);
});
