import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readSseEvent, SseSplitter } from '../../base/sse.ts';
import type { ChatEvent } from '../../domain/chat.ts';
import { Failure } from '../../domain/failure.ts';
import { anthropicMessages } from './anthropic-messages.ts';

const HEAD = { id: 'msg_1', model: 'm', created: 0 };

function written(events: readonly ChatEvent[], { wantsUsage = true, ends = true } = {}) {
  const writer = anthropicMessages.streamWriter(HEAD, { wantsUsage });
  const bytes = [...events.map((event) => writer.write(event)), ...(ends ? [writer.end()] : [])];
  return new SseSplitter().push(Buffer.concat(bytes)).map((frame) => {
    const { name, data = '' } = readSseEvent(frame);
    const value = JSON.parse(data);
    assert.equal(value.type, name, 'the name and the type agree');
    return value;
  });
}

/** Like `1+a 1-`: block opened, said, closed. */
const outline = (events: readonly ChatEvent[]): string =>
  written(events)
    .map((value) => {
      if (value.type === 'content_block_start') return `${value.index}(`;
      if (value.type === 'content_block_stop') return `)${value.index}`;
      if (value.type !== 'content_block_delta') return '';
      const { text, thinking, signature, partial_json: json } = value.delta;
      return `${value.index}${text ?? thinking ?? signature ?? json}`;
    })
    .filter((each) => each !== '')
    .join(' ');

const text = (said: string): ChatEvent => ({ type: 'text', text: said });
const call = (index: number, piece: string, id?: string): ChatEvent => ({
  ...{ type: 'tool-call', index, arguments: piece },
  ...(id === undefined ? {} : { id, name: 'f' }),
});
const FINISH: ChatEvent = { type: 'finish', reason: 'stop' };

const usage = (input: number, output: number): ChatEvent => ({
  type: 'usage',
  usage: { input, cacheRead: 7, cacheWrite: 2, output, reasoning: 5, source: 'upstream' },
});

describe('a written stream of messages', () => {
  it('tells the reason and the whole usage at its end, whichever came first', () => {
    for (const events of [
      [text('a'), FINISH, usage(3, 10)],
      [usage(3, 10), text('a'), FINISH],
    ]) {
      const [last, over] = written(events).slice(-2);
      assert.deepEqual(last, {
        type: 'message_delta',
        delta: { stop_reason: 'end_turn', stop_sequence: null },
        usage: {
          ...{ input_tokens: 3, cache_creation_input_tokens: 2, cache_read_input_tokens: 7 },
          ...{ output_tokens: 15, output_tokens_details: { thinking_tokens: 5 } },
        },
      });
      assert.equal(over.type, 'message_stop');
    }
  });

  it('opens a block for each kind of saying, one after the other', () => {
    assert.equal(
      outline([
        { type: 'reasoning', text: 'hm' },
        { type: 'reasoning', text: '', signature: 'seal' },
        { type: 'reasoning', text: 'again' },
        text('a'),
        text('b'),
        call(0, '', 'c0'),
        call(0, '{}'),
        FINISH,
      ]),
      '0( 0hm 0seal )0 1( 1again )1 2( 2a 2b )2 3( 3{} )3',
    );
  });

  it('writes parallel calls one behind the other, also when their arguments come in turns', () => {
    const [a, a2] = [call(0, '{"a":', 'c0'), call(0, '1}')];
    const [b, b2] = [call(1, '{"b":', 'c1'), call(1, '2}')];
    for (const order of [
      [a, a2, b, b2],
      [a, b, a2, b2],
      [a, b, b2, a2],
    ])
      assert.equal(outline([...order, FINISH]), '0( 0{"a": 01} )0 1( 1{"b": 12} )1');
  });

  it('holds a call back no longer than the one before it takes', () => {
    const events = [call(0, '{"a":', 'c0'), call(1, '{}', 'c1'), call(0, '1}')];
    assert.equal(outline(events), '0( 0{"a": 01} )0 1( 1{}');
  });

  it('writes a long call piece by piece without reading the whole of it each time', () => {
    const piece: ChatEvent = { type: 'tool-call', index: 0, arguments: 'a file of many words, ' };
    const pieces = Array<ChatEvent>(20_000).fill(piece);
    const before = process.cpuUsage();
    written([{ type: 'tool-call', index: 0, id: 'c', name: 'write', arguments: '{"text":"' }, ...pieces]);
    const { user, system } = process.cpuUsage(before);
    // Read again for each piece it takes some seven seconds.
    assert.ok(user + system < 2_000_000, `${(user + system) / 1_000} ms`);
  });

  it('leaves open what nobody closed, and makes no reason up', () => {
    const frames = written([call(0, '{"a', 'c0')], { ends: false });
    assert.deepEqual(
      frames.map(({ type }) => type),
      ['message_start', 'content_block_start', 'content_block_delta'],
    );
    const ended = written([text('a')]);
    assert.equal(ended.at(-1).type, 'message_stop');
    assert.ok(ended.every(({ type }) => type !== 'message_delta' && type !== 'content_block_stop'));
  });

  it('has an error and no end where the provider said that it broke off', () => {
    const frames = written([text('a'), { type: 'finish', reason: 'error' }]);
    assert.equal(frames.at(-1).type, 'error');
    assert.ok(frames.every(({ type }) => type !== 'message_stop' && type !== 'message_delta'));
  });

  it('keeps the first of several choices', () => {
    const second: ChatEvent = { type: 'text', text: 'other', choice: 1 };
    assert.equal(outline([text('a'), second, text('b'), FINISH]), '0( 0a 0b )0');
  });
});

describe('a stream of messages that is read', () => {
  const events = (...values: readonly object[]): ChatEvent[] => {
    const reader = anthropicMessages.streamReader();
    const bytes = values.map((value) => `data: ${JSON.stringify(value)}\n\n`).join('');
    return reader.push(Buffer.from(bytes)).flatMap((chunk) => [...chunk.events]);
  };
  const start = (told: object) => ({ type: 'message_start', message: { id: 'i', model: 'm', usage: told } });
  const end = (told: object | undefined, reason: string | null = 'end_turn') => ({
    ...{ type: 'message_delta', delta: { stop_reason: reason } },
    ...(told === undefined ? {} : { usage: told }),
  });
  const usages = (...values: readonly object[]) =>
    events(...values).flatMap((event) => (event.type === 'usage' ? [event.usage] : []));

  it('has the usage of its beginning and of its end in five disjoint amounts', () => {
    const told = {
      input_tokens: 4,
      cache_creation_input_tokens: 12,
      cache_read_input_tokens: 83,
      output_tokens: 1,
    };
    const common = { input: 4, cacheRead: 83, cacheWrite: 12, source: 'upstream' };
    assert.deepEqual(
      usages(start(told), end({ output_tokens: 60, output_tokens_details: { thinking_tokens: 44 } })),
      [
        { ...common, output: 1, reasoning: 0 },
        { ...common, output: 16, reasoning: 44 },
      ],
    );
    assert.deepEqual(
      usages(start({ input_tokens: 0, output_tokens: 0 }), end({ input_tokens: 12, output_tokens: 3 })),
      [{ input: 12, cacheRead: 0, cacheWrite: 0, output: 3, reasoning: 0, source: 'upstream' }],
    );
    assert.equal(usages(start(told), end({ input_tokens: 0, output_tokens: 9 })).at(-1)?.input, 4);
  });

  it('has ended with a stop reason, or with its terminal, and with nothing else', () => {
    const endedBy = (...values: readonly object[]): boolean => {
      const reader = anthropicMessages.streamReader();
      for (const value of values) reader.push(Buffer.from(`data: ${JSON.stringify(value)}\n\n`));
      return reader.ended;
    };
    assert.equal(endedBy(start({}), { type: 'content_block_stop', index: 0 }), false);
    assert.equal(endedBy(end({ output_tokens: 3 }, null)), false);
    assert.equal(endedBy(end(undefined)), true);
    assert.equal(endedBy({ type: 'message_stop' }), true);
    assert.equal(endedBy({ type: 'error', error: { type: 'api_error' } }), false);
  });

  it('knows the status that an error stands for', () => {
    const statusOf = (bytes: string): number | undefined => {
      const [event] = anthropicMessages.streamReader().push(Buffer.from(bytes))[0]?.events ?? [];
      return event?.type === 'error' ? event.status : undefined;
    };
    const error = (type: string): string =>
      `event: error\ndata: {"type":"error","error":{"type":"${type}"}}\n\n`;
    assert.equal(statusOf(error('overloaded_error')), 529);
    assert.equal(statusOf(error('rate_limit_error')), 429);
    assert.equal(statusOf(error('something_new')), 0);
    assert.equal(statusOf('event:error\n:HTTP_STATUS/503\ndata:{"code":"ModelServingError"}\n\n'), 503);
    assert.equal(statusOf('data: {"type":"error","error":{"type":"api_error"}}\n\n'), 500);
  });

  it('means nothing where it holds something new, and is malformed where it holds no object', () => {
    assert.deepEqual(events({ type: 'something_new', text: 'a' }), []);
    assert.deepEqual(
      events({ type: 'content_block_delta', index: 0, delta: { type: 'new_delta', text: 'a' } }),
      [],
    );
    for (const wrong of ['data: {oops\n\n', 'data: 3\n\n'])
      assert.throws(
        () => anthropicMessages.streamReader().push(Buffer.from(wrong)),
        (error) => error instanceof Failure && error.kind === 'malformed',
      );
  });

  it('takes a tool of the provider for none of the client', () => {
    const own = { type: 'server_tool_use', id: 's', name: 'web_search', input: {} };
    const piece = { type: 'input_json_delta', partial_json: '{"q":1}' };
    assert.deepEqual(
      events(
        { type: 'content_block_start', index: 0, content_block: own },
        { type: 'content_block_delta', index: 0, delta: piece },
      ),
      [],
    );
  });
});
