import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { isJsonObject, type JsonObject } from '../../base/json.ts';
import { Failure } from '../../domain/failure.ts';
import { totalTokens } from '../../domain/usage.ts';
import { fixturesOf } from '../dialect.suite.ts';
import { openaiResponses } from './openai-responses.ts';
import { glanceReply, readReply, writeReply } from './reply.ts';
import { readUsage, writeUsage } from './wire.ts';

const HEAD = { id: 'resp_1', model: 'm', created: 1 };
const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

describe('a plain response', () => {
  it('says what it says, once each, with the reason of its end', () => {
    const fixture = (name: string) =>
      readReply(readFileSync(new URL(`../fixtures/openai-responses/${name}`, import.meta.url))).events.slice(
        1,
      );
    assert.deepEqual(fixture('reasoning.json').slice(0, 3), [
      { type: 'reasoning', text: '**Comparing**\n\n**Deciding**', choice: 0 },
      { type: 'text', text: 'Yes.', choice: 0 },
      { type: 'finish', reason: 'stop', choice: 0 },
    ]);
    assert.deepEqual(
      fixture('function-calls.json').map((event) =>
        event.type === 'tool-call' ? [event.index, event.id, event.arguments] : event.type,
      ),
      [[0, 'call_a', '{"city":"Oslo"}'], [1, 'call_b', '{"city":"北京"}'], 'finish', 'usage'],
    );
    assert.deepEqual(fixture('incomplete.json')[1], { type: 'finish', reason: 'length', choice: 0 });
  });

  it('that is still worked on has no end', () => {
    const { events } = readReply(bytes({ id: 'r', model: 'm', status: 'queued', error: null, output: [] }));
    assert.deepEqual(
      events.map(({ type }) => type),
      ['start'],
    );
  });

  it('that failed is an error, and so is an error without a response', () => {
    const error = { code: 'server_error', message: 'x' };
    for (const reply of [
      { status: 'failed', error, output: [] },
      { error },
      { status: 'cancelled', output: [] },
    ])
      for (const read of [readReply, glanceReply])
        assert.deepEqual(
          read(bytes(reply)).events.map(({ type }) => type),
          ['error'],
        );
    assert.deepEqual(
      readReply(writeReply(HEAD, [{ type: 'finish', reason: 'error' }])).events.map(({ type }) => type),
      ['error'],
    );
  });

  it('that is none is a fault of the provider', () => {
    for (const body of ['<html>', '[]', '{"choices":[]}', '{"output":"x"}'])
      for (const read of [readReply, glanceReply])
        assert.throws(
          () => read(Buffer.from(body)),
          (error) => error instanceof Failure && error.kind === 'malformed',
          body,
        );
  });

  it('is glanced at for its model and usage alone', () => {
    for (const { name, bytes: body } of fixturesOf(openaiResponses, '.json')) {
      const whole = readReply(body);
      const glance = glanceReply(body);
      assert.equal(glance.model, whole.model, name);
      assert.deepEqual(
        glance.events,
        whole.events.filter(({ type }) => type === 'usage'),
        name,
      );
    }
  });

  it('has every field that clients take for granted', () => {
    const reply: unknown = JSON.parse(writeReply(HEAD, [{ type: 'text', text: 'a' }]).toString());
    assert.ok(isJsonObject(reply));
    for (const name of [
      'id',
      'object',
      'created_at',
      'status',
      'error',
      'incomplete_details',
      'instructions',
    ])
      assert.ok(name in reply, name);
    for (const name of ['metadata', 'model', 'output', 'parallel_tool_calls', 'temperature', 'text', 'top_p'])
      assert.ok(name in reply, name);
    for (const name of [
      'tool_choice',
      'tools',
      'usage',
      'reasoning',
      'store',
      'truncation',
      'previous_response_id',
    ])
      assert.ok(name in reply, name);
    const [message] = reply['output'] as readonly JsonObject[];
    assert.deepEqual(message?.['content'], [
      { type: 'output_text', annotations: [], logprobs: [], text: 'a' },
    ]);
  });
});

describe('the usage of a response', () => {
  it('becomes amounts that do not overlap, and reads back as it was written', () => {
    const usage = readUsage({
      input_tokens: 100,
      input_tokens_details: { cached_tokens: 60, cache_write_tokens: 30 },
      output_tokens: 20,
      output_tokens_details: { reasoning_tokens: 15 },
      total_tokens: 120,
    });
    assert.deepEqual(usage, {
      input: 10,
      cacheRead: 60,
      cacheWrite: 30,
      output: 5,
      reasoning: 15,
      source: 'upstream',
    });
    assert.equal(totalTokens(usage), 120);
    assert.deepEqual(readUsage(writeUsage(usage)), usage);
  });

  it('is none where nothing is told, and never negative', () => {
    for (const value of [undefined, null, 'x', {}, { input_tokens: 0, output_tokens: 0 }])
      assert.equal(readUsage(value), undefined);
    const usage = readUsage({
      input_tokens: 5,
      input_tokens_details: { cached_tokens: 9, cache_write_tokens: 9 },
      output_tokens: 1,
      output_tokens_details: { reasoning_tokens: 9 },
    });
    assert.deepEqual([usage?.input, usage?.cacheRead, usage?.cacheWrite, usage?.output], [0, 5, 0, 0]);
  });
});
