import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Departure } from '../base/departure.ts';
import { openaiResponses } from '../dialects/openai-responses/openai-responses.ts';
import type { Call } from '../domain/call.ts';
import { createShelf } from '../state/shelf.ts';
import { answersOf, asItems, keepAnswer } from './kept-answers.ts';

function callOf(fields: object, key = 'k'): Call {
  const limits = { limits: {}, onLimit: 'queue', priority: 'normal', weight: 1, fallback: true } as const;
  return {
    ...{ id: 'req_1', dialect: 'openai-responses', headers: {}, arrivedAtMs: 0, departure: new Departure() },
    key: { id: key, ...limits },
    head: { model: 'm', stream: false, wantsUsage: false, maxOutputTokens: 10 },
    body: Buffer.from(JSON.stringify({ model: 'm', ...fields })),
    options: { onLimit: 'queue', priority: 'normal', fallback: true },
  };
}

const HEAD = { id: 'resp_1', model: 'm', created: 1 };
const reply = openaiResponses.writeReply(HEAD, [
  { type: 'text', text: '水' },
  { type: 'finish', reason: 'stop' },
]);

function kept(bytes: Uint8Array, fields: object = { input: 'Hi "you"' }, maxBytes = 1e6) {
  const shelf = createShelf({ now: () => 0, settings: () => ({ maxBytes, ttlMs: 1_000 }) });
  keepAnswer(shelf, { call: callOf(fields), account: 'a', isNative: false, bytes });
  return { shelf, answers: answersOf(shelf, 'k') };
}

describe('an answer that is kept', () => {
  it('is found by its id and by those of its items, for its key alone', () => {
    const { shelf, answers } = kept(reply);
    const found = answers.answer('resp_1');
    assert.deepEqual(found?.response, JSON.parse(reply.toString()));
    assert.deepEqual(found?.input, [{ type: 'message', role: 'user', content: 'Hi "you"' }]);
    assert.deepEqual([found?.account, found?.native], ['a', false]);
    assert.equal(answers.item('msg_1_0')?.item['type'], 'message');
    const other = answersOf(shelf, 'other');
    assert.deepEqual(
      [other.answer('resp_1'), other.item('msg_1_0'), other.remove('resp_1')],
      [undefined, undefined, false],
    );
  });

  it('is the one that a stream ended with, in whichever of its last bytes', () => {
    for (const reason of ['stop', 'length'] as const) {
      const writer = openaiResponses.streamWriter(HEAD, { wantsUsage: true });
      const text = writer.write({ type: 'text', text: 'response.completed' });
      const end = Buffer.concat([writer.write({ type: 'finish', reason }), writer.end()]);
      assert.equal(kept(text).answers.answer('resp_1'), undefined);
      for (const bytes of [end, Buffer.concat([text, end])]) {
        const found = kept(bytes).answers.answer('resp_1');
        assert.equal(found?.response['status'], reason === 'stop' ? 'completed' : 'incomplete');
      }
    }
  });

  it('is gone with all its items when it is removed, or when there is no room', () => {
    const { shelf, answers } = kept(reply);
    assert.equal(answers.remove('resp_1'), true);
    assert.deepEqual([answers.remove('resp_1'), answers.item('msg_1_0'), shelf.bytes], [false, undefined, 0]);
    assert.equal(kept(reply, {}, 10).answers.answer('resp_1'), undefined);
  });

  it('is none where it is not to be stored, did not end well, or is no answer', () => {
    assert.equal(kept(reply, { input: 'Hi', store: false }).shelf.bytes, 0);
    assert.ok(kept(reply, { input: 'Hi', store: null }).shelf.bytes > 0);
    for (const bytes of [
      openaiResponses.writeReply(HEAD, [{ type: 'finish', reason: 'error' }]),
      Buffer.from('{"id":"resp_1","status":"queued"}'),
      Buffer.from('{"status":"completed"}'),
      Buffer.from('{"id":'),
      Buffer.from('event: response.completed\ndata: {"type":"response.completed"\n\n'),
    ])
      assert.equal(kept(bytes).shelf.bytes, 0, bytes.toString());
  });

  it('has of its input what are items', () => {
    const { answers } = kept(reply, { input: [null, 'x', { role: 'user', content: 'Hi' }] });
    assert.deepEqual(answers.answer('resp_1')?.input, [{ role: 'user', content: 'Hi' }]);
  });

  it('has its input as a list', () => {
    assert.equal(asItems(undefined), '[]');
    assert.equal(asItems('null'), '[]');
    assert.equal(asItems('[1]'), '[1]');
    assert.deepEqual(JSON.parse(asItems('"a"')), [{ type: 'message', role: 'user', content: 'a' }]);
  });
});
