import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Failure } from '../../domain/failure.ts';
import { taskDialects } from './index.ts';
import { invalidParam } from './invalid-param.suite.ts';
import { openaiImages, openaiModerations, openaiSpeech } from './media.ts';
import { createTask } from './task-dialect.ts';

const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const RENAMED = { model: 'größer "x"', wantsUsage: true };

describe('every dialect of a task', () => {
  it('is found by its own id, says its task and has a path of its own', () => {
    const all = Object.entries(taskDialects);
    for (const [id, dialect] of all) {
      assert.equal(dialect.id, id);
      assert.ok(dialect.task !== undefined && dialect.path.startsWith('/'));
    }
    assert.equal(new Set(all.map(([, { path }]) => path)).size, all.length);
  });

  it('tells a failure with its status, its message and the id of the call', () => {
    const failure = new Failure('invalid_request', { message: 'input: expected a string', param: 'input' });
    for (const dialect of Object.values(taskDialects)) {
      const { status, body } = dialect.writeFailure(failure, 'req_1');
      assert.equal(status, 400);
      assert.match(body.toString(), /input: expected a string/);
      assert.match(body.toString(), /req_1/);
      assert.match(dialect.writeStreamFailure(failure, 'req_1').toString(), /^data: \{"error".*\n\n$/);
      assert.match(dialect.heartbeat('queued').toString(), /^: queued\n\n$/);
    }
  });
});

describe('the head of a question', () => {
  it('is the model, and whether events are wanted, by the word of each task', () => {
    const picture = { model: 'm', prompt: 'a gate' };
    assert.deepEqual(openaiImages.readHead(bytes(picture)), {
      model: 'm',
      stream: false,
      wantsUsage: false,
      maxOutputTokens: Infinity,
    });
    assert.equal(openaiImages.readHead(bytes({ ...picture, stream: true })).stream, true);
    assert.equal(openaiImages.readHead(bytes({ ...picture, stream: null })).stream, false);
    assert.equal(openaiImages.readHead(bytes({ ...picture, n: 4 })).answers, 4);
    const saying = { model: 'm', input: 'water' };
    assert.equal(openaiSpeech.readHead(bytes({ ...saying, stream: true })).stream, false);
    assert.equal(openaiSpeech.readHead(bytes({ ...saying, stream_format: 'audio' })).stream, false);
    assert.equal(openaiSpeech.readHead(bytes({ ...saying, stream_format: 'sse' })).stream, true);
    const moderated = openaiModerations.readHead(bytes({ ...saying, stream: true, n: 4 }));
    assert.deepEqual([moderated.maxOutputTokens, moderated.answers], [0, undefined]);
  });

  it('names the field that is missing or wrong', () => {
    for (const [body, param] of [
      [{ prompt: 'x' }, 'model'],
      [{ model: '', prompt: 'x' }, 'model'],
      [{ model: 3, prompt: 'x' }, 'model'],
      [{ model: 'm' }, 'prompt'],
      [{ model: 'm', prompt: null }, 'prompt'],
      [{ model: 'm', prompt: ['x'] }, 'prompt'],
      [{ model: 'm', prompt: { text: 'x' } }, 'prompt'],
    ] as const)
      assert.equal(
        invalidParam(() => openaiImages.readHead(bytes(body))),
        param,
      );
    for (const input of [[], {}, 3, null])
      assert.equal(
        invalidParam(() => openaiModerations.readHead(bytes({ model: 'm', input }))),
        'input',
      );
  });

  it('is refused with its reason where the body is none', () => {
    for (const [body, reason] of [
      ['', /is empty/],
      ['{"model":', /not valid JSON/],
      ['[1]', /must be a JSON object/],
      ['"x"', /must be a JSON object/],
      ['{"model":"a","model":"b","prompt":"x"}', /stands twice/],
    ] as const)
      assert.throws(() => openaiImages.readHead(Buffer.from(body)), {
        kind: 'invalid_request',
        message: reason,
      });
  });

  it('is forwarded with another model and not a byte besides', () => {
    const body = Buffer.from('{ "prompt" : "ü" ,\n"model":"m", "x":[1,{"model":"m"}] }');
    const sent = openaiImages.forwardRequest(body, openaiImages.readHead(body), 'up');
    assert.equal(Buffer.from(sent).toString(), body.toString().replace('"model":"m", ', '"model":"up", '));
    assert.equal(openaiImages.forwardRequest(body, openaiImages.readHead(body), 'm'), body);
  });

  it('can be had of any object with these fields, whatever else it holds', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.string({ minLength: 1 }), (rest, model) => {
        const body = bytes({ ...rest, model, prompt: 'x' });
        const head = openaiImages.readHead(body);
        assert.equal(head.model, model);
        const sent = JSON.parse(Buffer.from(openaiImages.forwardRequest(body, head, 'up')).toString());
        assert.deepEqual(sent, { ...JSON.parse(body.toString()), model: 'up' });
      }),
    );
  });
});

describe('an answer in one piece, where events were asked for', () => {
  const eventsIn = (bytes: Buffer | undefined): unknown[] =>
    [...(bytes?.toString() ?? '').matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data ?? ''));

  it('is an event for every picture, and what they took stands in the last', () => {
    const usage = { input_tokens: 1, output_tokens: 2 };
    const answer = { created: 7, data: [{ b64_json: 'a' }, { b64_json: 'b' }], size: '1x1', usage };
    const type = 'image_generation.completed';
    assert.deepEqual(eventsIn(openaiImages.asEvents?.(bytes(answer))), [
      { type, size: '1x1', b64_json: 'a', created_at: 7 },
      { type, size: '1x1', b64_json: 'b', created_at: 7, usage },
    ]);
    assert.deepEqual(eventsIn(openaiImages.asEvents?.(bytes({ images: [{ url: 'u' }] }))), [
      { type, url: 'u' },
    ]);
  });

  it('is the sound and its end', () => {
    const events = openaiSpeech.asEvents?.(Buffer.from('RIFF'));
    assert.deepEqual(eventsIn(events), [
      { type: 'speech.audio.delta', audio: 'UklGRg==' },
      { type: 'speech.audio.done' },
    ]);
    const reader = openaiSpeech.streamReader();
    reader.push(events ?? Buffer.alloc(0));
    assert.ok(reader.ended);
  });
});

describe('an answer', () => {
  const answer = { created: 1, data: [{ b64_json: 'x' }], usage: { input_tokens: 5, output_tokens: 7 } };

  it('is passed on as it came; its usage and its model are seen', () => {
    const body = bytes({ ...answer, model: 'up' });
    const chunk = openaiImages.glanceReply(body);
    assert.equal(chunk.frame, body);
    assert.equal(chunk.model, 'up');
    assert.partialDeepStrictEqual(chunk.events, [{ type: 'usage', usage: { input: 5, output: 7 } }]);
    assert.equal(openaiImages.forwardReply(chunk, { ...RENAMED, model: 'up' }), body);
    const renamed = openaiImages.forwardReply(chunk, RENAMED).toString();
    assert.equal(renamed, body.toString().replace('"up"', JSON.stringify(RENAMED.model)));
  });

  it('needs neither usage nor model', () => {
    const body = bytes({ data: [] });
    const chunk = openaiImages.glanceReply(body);
    assert.deepEqual(chunk.events, []);
    assert.equal(openaiImages.forwardReply(chunk, RENAMED), body);
  });

  it('that is an error is told as one, with its status', () => {
    for (const [body, status] of [
      [{ error: { message: 'no', code: 429 } }, 429],
      [{ error: 'no' }, 0],
      [{ code: 'Throttling', message: 'no' }, 0],
    ] as const)
      assert.deepEqual(openaiImages.glanceReply(bytes(body)).events, [
        { type: 'error', status, body: JSON.stringify(body) },
      ]);
    assert.deepEqual(openaiImages.glanceReply(bytes({ ...answer, error: null })).events.length, 1);
    assert.deepEqual(openaiSpeech.glanceReply(bytes({ code: 'X', message: 'no' })).events[0]?.type, 'error');
  });

  it('that is none is malformed', () => {
    for (const body of ['<html>', '', '[1]', '{"data":', '{"choices":[]}'])
      assert.throws(() => openaiImages.glanceReply(Buffer.from(body)), { kind: 'malformed' });
  });

  it('may be anything where no field of it is known', () => {
    const any = createTask({
      id: 'openai-speech',
      task: 'speech',
      path: '/x',
      needs: {},
      answers: [],
      maxOutputTokens: 0,
    });
    assert.deepEqual(any.glanceReply(bytes({ audio: 'x' })).events, []);
    assert.equal(any.alsoAt, undefined);
  });

  it('of twenty megabytes is looked through in a moment', () => {
    const body = bytes({ data: [{ b64_json: 'A'.repeat(20 * 1024 * 1024) }], usage: { total_tokens: 3 } });
    const startMs = performance.now();
    const chunk = openaiImages.glanceReply(body);
    assert.equal(chunk.events.length, 1);
    assert.equal(openaiImages.forwardReply(chunk, RENAMED), body);
    // Some two milliseconds; to build it up takes ten times as long.
    assert.ok(performance.now() - startMs < 500);
  });
});
