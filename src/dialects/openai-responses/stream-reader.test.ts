import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../base/json.ts';
import { writeSseEvent } from '../../base/sse.ts';
import type { ChatEvent } from '../../domain/chat.ts';
import { Failure } from '../../domain/failure.ts';
import { forward, ResponsesStreamReader } from './stream-reader.ts';

const fixture = (name: string): Buffer =>
  readFileSync(new URL(`../fixtures/openai-responses/${name}`, import.meta.url));

function read(bytes: Buffer | string) {
  const reader = new ResponsesStreamReader();
  const chunks = [...reader.push(Buffer.from(bytes)), ...reader.finish()];
  const events = chunks.flatMap((chunk) => chunk.events);
  const find = <T extends ChatEvent['type']>(type: T) =>
    events.filter((event): event is Extract<ChatEvent, { type: T }> => event.type === type);
  const textOf = (type: 'text' | 'reasoning'): string =>
    find(type)
      .map(({ text }) => text)
      .join('');
  return { chunks, events, find, textOf, ended: reader.ended };
}

const event = (type: string, rest: JsonObject = {}): Buffer =>
  writeSseEvent(JSON.stringify({ type, ...rest }), type);
const lifecycle = (type: string, rest: JsonObject = {}): Buffer =>
  event(type, { response: { id: 'r', model: 'm', created_at: 1, output: [], ...rest } });

describe('a recorded stream of responses', () => {
  it('has the text, the end and the usage that it had', () => {
    const expected: Readonly<
      Record<string, [text: string, finish: string, input: number | undefined, ended: boolean]>
    > = {
      'text.sse': ['你好，世界 🎉!', 'stop', 22, true],
      'reasoning.sse': ['It is 42.', 'stop', 17, true],
      'function-call.sse': ['', 'tool_calls', 120, true],
      'parallel-calls.sse': ['Both at once.', 'tool_calls', 130, true],
      'incomplete-max-output.sse': ['Once upon a ti', 'length', 12, true],
      'refusal.sse': ["I can't help with that.", 'stop', 30, true],
      'obfuscation.sse': ['Hi there', 'stop', 9, true],
      'crlf.sse': ['CRLF ok', 'stop', 5, true],
      'open-reasoning-without-names.sse': ['Yes.', 'stop', 40, true],
      'custom-tool-call.sse': ['', 'tool_calls', 44, true],
      'web-search.sse': ['High at noon.', 'stop', 900, true],
      'empty-output-at-end.sse': ['Kept apart', 'stop', 50, true],
      'whole-at-end-no-last-blank-line.sse': ['All at once', 'stop', 4, true],
      'failed.sse': ['Half an ans', '', undefined, false],
      'error-event.sse': ['Half an ans', '', undefined, false],
      'error-event-flat.sse': ['', '', undefined, false],
      'cut-off.sse': ['Half an ans', '', undefined, false],
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

  it('keeps the thoughts apart, their summary in parts and their open form alike', () => {
    assert.equal(read(fixture('reasoning.sse')).textOf('reasoning'), '**Weighing** the units\n\n**Done**');
    assert.equal(read(fixture('open-reasoning-without-names.sse')).textOf('reasoning'), 'hm, yes');
  });

  it('numbers its calls as they come, wherever they stand in the output', () => {
    const calls = read(fixture('parallel-calls.sse')).find('tool-call');
    assert.deepEqual(
      calls.map(({ index, id, name, arguments: said }) => [index, id, name, said]),
      [
        [0, 'call_1', 'get_weather', ''],
        [0, undefined, undefined, '{"city":'],
        [0, undefined, undefined, '"Oslo"}'],
        [1, 'call_2', 'get_time', ''],
        [1, undefined, undefined, '{}'],
      ],
    );
  });
});

describe('the end of a stream of responses', () => {
  it('is one event, and good only by its own two words', () => {
    for (const type of ['response.completed', 'response.incomplete']) {
      const stream = read(lifecycle(type, { status: type.slice('response.'.length) }));
      assert.equal(stream.ended, true);
      assert.equal(stream.chunks[0]?.only, 'terminal');
      assert.equal(stream.find('finish').length, 1);
    }
    for (const type of ['response.created', 'response.in_progress', 'response.failed', 'response.cancelled'])
      assert.equal(read(lifecycle(type)).ended, false, type);
    const done = read(Buffer.concat([lifecycle('response.created'), writeSseEvent('[DONE]')]));
    assert.equal(done.ended, false, 'the end of the chat format ends nothing here');
    assert.deepEqual(done.find('finish'), []);
  });

  it('says why: a filter is not a limit', () => {
    const reasonOf = (reason: string) =>
      read(lifecycle('response.incomplete', { incomplete_details: { reason } })).find('finish')[0]?.reason;
    assert.equal(reasonOf('content_filter'), 'content_filter');
    assert.equal(reasonOf('max_output_tokens'), 'length');
    assert.equal(reasonOf('something new'), 'length');
  });

  it('by an error is told in an envelope that readers of refusals know, with its usage before it', () => {
    const error = { code: 'rate_limit_exceeded', message: 'Slow down.' };
    const usage = { input_tokens: 3, output_tokens: 1, total_tokens: 4 };
    const { events, ended } = read(lifecycle('response.failed', { status: 'failed', error, usage }));
    assert.deepEqual(
      events.map(({ type }) => type),
      ['usage', 'error'],
    );
    assert.ok(events[1]?.type === 'error');
    assert.deepEqual(JSON.parse(events[1].body), { error });
    assert.equal(ended, false);
    const status = read(event('error', { error: { code: 429, message: 'x' } })).find('error')[0]?.status;
    assert.equal(status, 429);
    assert.equal(read(writeSseEvent('{"error":{"message":"x"}}')).find('error').length, 1);
  });
});

describe('a provider that tells things whole', () => {
  const item = { type: 'function_call', call_id: 'c', name: 'f', arguments: '{"a":1}' };
  const call = { type: 'tool-call', index: 0, choice: 0 };

  it('is understood where it tells arguments or text only at their end, and nothing twice', () => {
    const late = [
      event('response.output_item.added', { output_index: 0, item: { ...item, arguments: '' } }),
      event('response.function_call_arguments.done', { output_index: 0, arguments: item.arguments }),
      event('response.output_item.done', { output_index: 0, item }),
    ];
    const opened = { ...call, id: 'c', name: 'f', arguments: '' };
    assert.deepEqual(read(Buffer.concat(late)).events, [opened, { ...call, arguments: item.arguments }]);
    const whole = { ...call, id: 'c', name: 'f', arguments: item.arguments };
    assert.deepEqual(read(event('response.output_item.done', { output_index: 0, item })).events, [whole]);
    assert.deepEqual(read(event('response.output_text.done', { output_index: 1, text: 'a' })).events, [
      { type: 'text', text: 'a', choice: 0 },
    ]);
    const twice = [
      event('response.output_text.delta', { output_index: 0, delta: 'a' }),
      event('response.output_text.done', { output_index: 0, text: 'a' }),
      lifecycle('response.completed', {
        status: 'completed',
        output: [{ type: 'message', content: [{ text: 'a' }] }],
      }),
    ];
    assert.equal(read(Buffer.concat(twice)).textOf('text'), 'a');
  });

  it('is understood where the last event alone tells the answer', () => {
    const { events } = read(lifecycle('response.completed', { status: 'completed', output: [item] }));
    assert.deepEqual(events.slice(1), [
      { ...call, id: 'c', name: 'f', arguments: item.arguments },
      { type: 'finish', reason: 'tool_calls', choice: 0 },
    ]);
  });
});

describe('a frame of responses', () => {
  it('that is no JSON object is a fault of the provider', () => {
    for (const data of ['oops', '[1]', '7'])
      assert.throws(
        () => read(writeSseEvent(data)),
        (error) => error instanceof Failure && error.kind === 'malformed',
      );
  });

  it('is renamed where the response stands, and nowhere else', () => {
    const frame = event('response.created', {
      model: 'up',
      response: { metadata: { model: 'up' }, model: 'up', id: 'r' },
    });
    const [chunk] = read(frame).chunks;
    assert.ok(chunk);
    assert.equal(
      forward(chunk, { model: 'public', wantsUsage: true }).toString(),
      frame.toString().replace('"model":"up","id"', '"model":"public","id"'),
    );
    const [delta] = read(event('response.output_text.delta', { delta: 'a', model: 'up' })).chunks;
    assert.ok(delta);
    assert.equal(forward(delta, { model: 'public', wantsUsage: true }), delta.frame);
  });

  it('is renamed also where its data spans lines', () => {
    const frame = Buffer.from(
      'event: response.created\ndata: {"type":"response.created",\ndata: "response":{"model":"up"}}\n\n',
    );
    const [chunk] = read(frame).chunks;
    assert.ok(chunk);
    const renamed = read(forward(chunk, { model: 'public', wantsUsage: true }));
    assert.equal(renamed.chunks[0]?.model, 'public');
  });
});
