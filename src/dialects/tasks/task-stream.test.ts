import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { writeSseComment, writeSseEvent } from '../../base/sse.ts';
import type { Chunk } from '../dialect.ts';
import { BytesReader, TaskStreamReader } from './task-stream.ts';

const eventOf = (value: object, name?: string): Buffer => writeSseEvent(JSON.stringify(value), name);

const DELTA = eventOf({ type: 'speech.audio.delta', audio: 'UklG' });
const DONE = eventOf({ type: 'speech.audio.done', usage: { input_tokens: 4, output_tokens: 9 } });

function read(...pieces: readonly Buffer[]): { readonly chunks: Chunk[]; readonly ended: boolean } {
  const reader = new TaskStreamReader();
  const chunks = pieces.flatMap((piece) => reader.push(piece));
  return { chunks: [...chunks, ...reader.finish()], ended: reader.ended };
}

describe('events of a task', () => {
  it('are passed on as they came, cut wherever; of them the usage is seen', () => {
    const all = Buffer.concat([writeSseComment('hi'), DELTA, DONE]);
    for (let cut = 0; cut <= all.length; cut++) {
      const { chunks, ended } = read(all.subarray(0, cut), all.subarray(cut));
      assert.ok(ended);
      assert.deepEqual(Buffer.concat(chunks.map(({ frame }) => frame)), all);
      assert.deepEqual(
        chunks.map(({ untold }) => untold),
        [undefined, true, true],
      );
      assert.partialDeepStrictEqual(chunks[2]?.events, [{ type: 'usage', usage: { input: 4, output: 9 } }]);
    }
  });

  it('have ended with the last word of their language, and before it they have not', () => {
    assert.equal(read(DELTA).ended, false);
    assert.equal(read(eventOf({ type: 'image_generation.partial_image' })).ended, false);
    assert.equal(
      read(eventOf({ type: 'image_generation.completed' }, 'image_generation.completed')).ended,
      true,
    );
    const reader = new TaskStreamReader();
    reader.push(DONE);
    assert.equal(reader.ended, true);
  });

  it('without such a word end with the body, or with [DONE]', () => {
    const piece = eventOf({ data: [{ b64_json: 'x' }] });
    const reader = new TaskStreamReader();
    reader.push(piece);
    assert.equal(reader.ended, false);
    reader.finish();
    assert.equal(reader.ended, true);
    assert.equal(read(Buffer.from('data: [DONE]\n\n')).ended, true);
    assert.equal(read(writeSseComment('nothing')).ended, false);
  });

  it('that tell an error mean one', () => {
    const data = { type: 'error', error: { message: 'no', code: 503 } };
    const { chunks, ended } = read(eventOf(data, 'error'));
    assert.deepEqual(chunks[0]?.events, [{ type: 'error', status: 503, body: JSON.stringify(data) }]);
    assert.equal(ended, false);
  });

  it('that are no JSON are malformed', () => {
    assert.throws(() => read(Buffer.from('data: <html>\n\n')), { kind: 'malformed' });
  });

  it('may hold a picture of twenty megabytes', () => {
    const picture = 'A'.repeat(20 * 1024 * 1024);
    assert.equal(read(eventOf({ type: 'image_generation.completed', b64_json: picture })).ended, true);
  });
});

describe('bare bytes', () => {
  it('are what they are, and end with the body alone', () => {
    const reader = new BytesReader();
    const piece = Buffer.from([0, 255, 10]);
    assert.deepEqual(reader.push(piece), [{ frame: piece, untold: true, events: [] }]);
    assert.deepEqual(reader.push(Buffer.alloc(0)), []);
    assert.equal(reader.ended, false);
    assert.deepEqual(reader.finish(), []);
    assert.equal(reader.ended, true);
  });
});
