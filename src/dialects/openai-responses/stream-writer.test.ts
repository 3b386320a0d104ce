import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { JsonObject } from '../../base/json.ts';
import { readSseEvent, SseSplitter } from '../../base/sse.ts';
import type { ChatEvent } from '../../domain/chat.ts';
import { responsesSayings } from './sayings.suite.ts';
import { ResponsesStreamWriter } from './stream-writer.ts';

const HEAD = { id: 'resp_1', model: 'm', created: 1_762_000_000 };

type Frame = JsonObject & {
  readonly type: string;
  readonly response?: JsonObject;
  readonly item?: JsonObject;
};

function framesOf(bytes: Buffer): Frame[] {
  return new SseSplitter().push(bytes).map((frame) => {
    const { name, data } = readSseEvent(frame);
    const value = JSON.parse(data ?? '') as Frame;
    assert.equal(value.type, name, 'the name of the event is its type');
    return value;
  });
}

function written(events: readonly ChatEvent[], ends = true): Frame[] {
  const writer = new ResponsesStreamWriter(HEAD, { wantsUsage: true });
  const frames = events.map((event) => writer.write(event));
  return framesOf(Buffer.concat(ends ? [...frames, writer.end()] : frames));
}

const typesOf = (frames: readonly Frame[]): string[] =>
  frames.map(({ type }) => type.slice('response.'.length));

describe('a stream of responses', () => {
  it('is numbered without a gap, each item is opened once and closed once, and the end holds them all', () => {
    fc.assert(
      fc.property(responsesSayings.events, (events) => {
        const frames = written(events);
        assert.deepEqual(
          frames.map((frame) => frame['sequence_number']),
          frames.map((_, i) => i),
        );
        const ids = (type: string) =>
          frames.filter((frame) => frame.type === type).map(({ item }) => item?.['id']);
        const opened = ids('response.output_item.added');
        const closed = ids('response.output_item.done');
        assert.equal(new Set(opened).size, opened.length);
        assert.equal(new Set(closed).size, closed.length);
        const output = frames.at(-1)?.response?.['output'] as readonly JsonObject[];
        assert.deepEqual(
          output.map(({ id }) => id),
          opened,
        );
        const open = output.filter(({ id }) => !closed.includes(id));
        for (const item of open) {
          assert.equal(item, output.at(-1), 'only the last may be cut off');
          assert.deepEqual([item['type'], item['status']], ['function_call', 'incomplete']);
        }
      }),
    );
  });

  it('without its end tells no item as done that may still go on', () => {
    const frames = written(
      [
        { type: 'reasoning', text: 'a' },
        { type: 'text', text: 'b' },
        { type: 'tool-call', index: 0, id: 'c', name: 'f', arguments: '{' },
        { type: 'tool-call', index: 1, id: 'd', name: 'f', arguments: '{}' },
        { type: 'finish', reason: 'tool_calls' },
      ],
      false,
    );
    const done = frames.filter(({ type }) => type === 'response.output_item.done');
    assert.deepEqual(
      done.map(({ item }) => item?.['type']),
      ['reasoning', 'message'],
    );
    assert.equal(
      typesOf(frames).some((type) => /arguments\.done|completed|incomplete/.test(type)),
      false,
    );
  });

  it('ends as its answer ended', () => {
    const endOf = (reason: Extract<ChatEvent, { type: 'finish' }>['reason']) => {
      const frames = written([
        { type: 'text', text: 'a' },
        { type: 'finish', reason },
      ]);
      const response = frames.at(-1)?.response;
      return [frames.at(-1)?.type, response?.['status'], response?.['incomplete_details']];
    };
    assert.deepEqual(endOf('stop'), ['response.completed', 'completed', null]);
    assert.deepEqual(endOf('tool_calls'), ['response.completed', 'completed', null]);
    const limit = { reason: 'max_output_tokens' };
    assert.deepEqual(endOf('length'), ['response.incomplete', 'incomplete', limit]);
    const filter = { reason: 'content_filter' };
    assert.deepEqual(endOf('content_filter'), ['response.incomplete', 'incomplete', filter]);
    assert.deepEqual(endOf('error'), ['response.failed', 'failed', null]);
  });

  it('that failed closes nothing and says no more', () => {
    const failed = written([
      { type: 'text', text: 'a' },
      { type: 'error', status: 500, body: 'secret words of the provider' },
      { type: 'text', text: 'b' },
      { type: 'finish', reason: 'stop' },
    ]);
    assert.deepEqual(typesOf(failed), [
      'created',
      'in_progress',
      'output_item.added',
      'content_part.added',
      'output_text.delta',
      'failed',
    ]);
    assert.equal(JSON.stringify(failed).includes('secret words'), false);
  });

  it('opens once, however often its start is told, and says nothing for what it only keeps', () => {
    const writer = new ResponsesStreamWriter(HEAD, { wantsUsage: true });
    const usage = {
      input: 1,
      cacheRead: 0,
      cacheWrite: 0,
      output: 1,
      reasoning: 0,
      source: 'upstream',
    } as const;
    assert.equal(writer.write({ type: 'usage', usage }).length, 0);
    assert.equal(writer.write({ type: 'finish', reason: 'stop' }).length, 0);
    assert.equal(writer.write({ type: 'text', text: 'other', choice: 1 }).length, 0, 'it has one answer');
    assert.deepEqual(typesOf(framesOf(writer.write({ type: 'start', ...HEAD }))), ['created', 'in_progress']);
    assert.equal(writer.write({ type: 'start', ...HEAD }).length, 0);
    assert.deepEqual(typesOf(framesOf(writer.end())), ['completed']);
    assert.equal(writer.end().length, 0);
  });

  it('gives a call an id where the provider gave none', () => {
    const frames = written([{ type: 'tool-call', index: 0, name: 'f', arguments: '{}' }]);
    const output = frames.at(-1)?.response?.['output'] as readonly JsonObject[];
    assert.equal(output[0]?.['call_id'], 'call_1_0');
  });
});
