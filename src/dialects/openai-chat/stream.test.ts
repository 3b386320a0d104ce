import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { writeSseEvent } from '../../base/sse.ts';
import type { ChatEvent } from '../../domain/chat.ts';
import { Failure } from '../../domain/failure.ts';
import { readReply, writeReply } from './reply.ts';
import { forward, OpenAIChatStreamReader, OpenAIChatStreamWriter } from './stream.ts';

const fixture = (name: string): Buffer =>
  readFileSync(new URL(`../fixtures/openai-chat/${name}`, import.meta.url));

function read(bytes: Buffer | string) {
  const reader = new OpenAIChatStreamReader();
  const chunks = [...reader.push(Buffer.from(bytes)), ...reader.finish()];
  const events = chunks.flatMap((chunk) => chunk.events);
  const textOf = (type: 'text' | 'reasoning', choice = 0): string =>
    events.map((event) => (event.type === type && event.choice === choice ? event.text : '')).join('');
  const find = <T extends ChatEvent['type']>(type: T) =>
    events.filter((event): event is Extract<ChatEvent, { type: T }> => event.type === type);
  return { chunks, events, ended: reader.ended, textOf, find };
}

const chunk = (choice: object, rest: object = {}): Buffer =>
  writeSseEvent(JSON.stringify({ id: 'x', created: 1, model: 'm', choices: [choice], ...rest }));

test('every recorded stream has the text, the end and the usage that it had', () => {
  const expected: Readonly<
    Record<string, [text: string, finish: string, input: number | undefined, ended: boolean]>
  > = {
    'dashscope.sse': ['你好，世界 🎉', 'stop', 22, true],
    'dashscope-thinking.sse': ['答案是 42', 'stop', 11, true],
    'openai-obfuscation.sse': ['Hello there', 'stop', 19, true],
    'azure-filter.sse': ['Fine.', 'stop', undefined, true],
    'deepseek-keep-alive.sse': ['Hi!', 'stop', 56, true],
    'moonshot-usage-in-choice.sse': ['月之暗面', 'stop', 8, true],
    'missing-choices.sse': ['a', 'stop', 3, true],
    'tool-calls-empty-ids.sse': ['', 'tool_calls', undefined, true],
    'no-done.sse': ['Short', 'length', undefined, true],
    'no-usage.sse': ['One two', 'stop', undefined, true],
    'dashscope-error-event.sse': ['半', '', undefined, false],
    'error-in-data.sse': ['Par', '', undefined, false],
    'crlf.sse': ['CRLF ok', 'stop', 5, true],
    'zhipu.sse': ['你好！🌊', 'stop', 7, true],
    'qianfan.sse': ['水位正常。', 'stop', 7, true],
    'nvidia.sse': ['The gate is open.', 'stop', 20, true],
    'lm-studio-tool-call.sse': ['', 'tool_calls', 133, true],
    'no-last-blank-line.sse': ['End', 'stop', undefined, true],
  };
  for (const [name, [text, finish, input, ended]] of Object.entries(expected)) {
    const stream = read(fixture(name));
    assert.equal(stream.textOf('text'), text, name);
    assert.equal(stream.find('finish')[0]?.reason ?? '', finish, name);
    assert.equal(stream.find('usage')[0]?.usage.input, input, name);
    assert.equal(stream.ended, ended, name);
    assert.equal(stream.find('start').length, 1, name);
  }
});

test('a written stream has no null where strict clients take none', () => {
  const writer = new OpenAIChatStreamWriter({ id: 'x', model: 'm', created: 1 }, { wantsUsage: true });
  const frames = [
    writer.write({ type: 'text', text: 'a' }),
    writer.write({ type: 'finish', reason: 'stop' }),
  ];
  for (const frame of frames) {
    const written = JSON.parse(frame.toString().slice('data: '.length));
    assert.deepEqual(Object.keys(written), ['id', 'object', 'created', 'model', 'choices']);
  }
});

test('reasoning is kept apart from the answer, under both of its names', () => {
  assert.equal(read(fixture('dashscope-thinking.sse')).textOf('reasoning'), '先想一想。');
  assert.equal(read(chunk({ index: 0, delta: { reasoning: 'hm' } })).textOf('reasoning'), 'hm');
  const plain = readReply(Buffer.from('{"id":"x","choices":[{"message":{"content":"a","reasoning":"hm"}}]}'));
  assert.ok(plain.events.some((event) => event.type === 'reasoning' && event.text === 'hm'));
});

test('later pieces of a tool call have no id, and calls keep apart by their index', () => {
  const calls = read(fixture('tool-calls-empty-ids.sse')).find('tool-call');
  assert.deepEqual(
    calls.map(({ index, id, name }) => [index, id, name]),
    [
      [0, 'call_a1', 'get_weather'],
      [0, undefined, undefined],
      [0, undefined, undefined],
      [1, 'call_b2', 'get_time'],
    ],
  );
  const first = calls.filter(({ index }) => index === 0).map((call) => call.arguments);
  assert.deepEqual(JSON.parse(first.join('')), { city: '北京' });
});

test('an error inside a stream tells its status, from the comment or from the body', () => {
  const [event] = read(fixture('dashscope-error-event.sse')).find('error');
  assert.equal(event?.status, 429);
  assert.match(event?.body ?? '', /^\{"request_id".*AllocationQuota/);
  assert.equal(read(fixture('error-in-data.sse')).find('error')[0]?.status, 503);
  assert.match(read(fixture('flat-error-in-data.sse')).find('error')[0]?.body ?? '', /AllocationQuota/);
  assert.equal(read('data: {"error":{"code":"rate_limit_exceeded"}}\n\n').find('error')[0]?.status, 0);
  assert.equal(read('data: {"error":null,"choices":[]}\n\n').find('error').length, 0);
  assert.equal(read('event: error\ndata: busy\n\n').find('error')[0]?.body, 'busy');
  const [plain] = readReply(Buffer.from('{"error":{"code":429,"message":"m"}}')).events;
  assert.equal(plain?.type === 'error' && plain.status, 429);
});

test('an answer of several choices has ended when all of them have', () => {
  const frames = fixture('two-choices.sse')
    .toString()
    .split('\n\n')
    .slice(0, -1)
    .map((frame) => `${frame}\n\n`);
  const reader = new OpenAIChatStreamReader();
  const ended = frames.map((frame) => {
    reader.push(Buffer.from(frame));
    return reader.ended;
  });
  assert.deepEqual(ended, [false, false, false, false, true, true]);
});

test('an event that is no JSON object is malformed; a comment, a blank line and empty data are nothing', () => {
  for (const data of ['{"id":', 'busy', '[]', '5', 'null'])
    assert.throws(
      () => read(`data: ${data}\n\n`),
      (error) => error instanceof Failure && error.kind === 'malformed',
      data,
    );
  assert.deepEqual(read(': a\n\n\n\ndata:\n\nid: 5\n\n').events, []);
});

test('a stream cut inside an event has no such event, and a frame that only lacks its blank line gets one', () => {
  const cut = read('data: {"id":"x","choices":[{"delta":{"content":"a"}}]}\n\ndata: {"id":"x","cho');
  assert.equal(cut.chunks.length, 1);
  assert.equal(cut.ended, false);
  const whole = read('data: {"id":"x","choices":[{"delta":{"content":"a"}}]}');
  assert.equal(whole.textOf('text'), 'a');
  assert.match(whole.chunks[0]?.frame.toString() ?? '', /\n\n$/);
});

test('an event over the limit is the fault of the provider', () => {
  const reader = new OpenAIChatStreamReader();
  const piece = Buffer.alloc(1024 * 1024, 'x');
  assert.throws(
    () => {
      for (let i = 0; i < 20; i++) reader.push(piece);
    },
    (error) => error instanceof Failure && error.kind === 'malformed',
  );
});

test('the model is changed in the data alone: not in a comment, not deeper, and over several lines', () => {
  const renamed = (frame: string): string | undefined => {
    const [only] = new OpenAIChatStreamReader().push(Buffer.from(frame));
    assert.ok(only !== undefined);
    return forward(only, { model: 'public', wantsUsage: true })?.toString();
  };
  assert.equal(
    renamed(': {"model":"up"}\nevent: x\ndata: {"a":{"model":"up"},"model": "up"}\n\n'),
    ': {"model":"up"}\nevent: x\ndata: {"a":{"model":"up"},"model": "public"}\n\n',
  );
  assert.equal(renamed('data:{"model":"up"}\r\n\r\n'), 'data:{"model":"public"}\r\n\r\n');
  const lines = renamed('data: {"id":1,\ndata: "model":"up"}\n\n') ?? '';
  assert.equal(read(lines).chunks[0]?.model, 'public');
  assert.equal(renamed('data: [DONE]\n\n'), 'data: [DONE]\n\n');
});

test('choices and calls numbered with gaps are written without holes', () => {
  const head = { id: 'x', model: 'm', created: 1 };
  const reply = writeReply(head, [
    { type: 'text', text: 'c', choice: 2 },
    { type: 'tool-call', index: 3, id: 'i', name: 'n', arguments: '{}' },
  ]);
  const { choices } = JSON.parse(reply.toString()) as {
    choices: { index: number; message: { tool_calls?: unknown[] } }[];
  };
  assert.deepEqual(
    choices.map(({ index }) => index),
    [0, 2],
  );
  assert.equal(choices[0]?.message.tool_calls?.length, 1);
});
