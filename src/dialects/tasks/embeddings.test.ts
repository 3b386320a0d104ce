import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { fromBase64, toBase64 } from './base64-floats.ts';
import { askingFloats, openaiEmbeddings } from './embeddings.ts';
import { invalidParam } from './invalid-param.suite.ts';

const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const floats = fc.array(
  fc.float({ noNaN: true, noDefaultInfinity: true }).map((each) => each + 0),
  {
    minLength: 1,
  },
);

describe('base64 of floats', () => {
  it('is read as it was written, also as OpenAI writes it', () => {
    fc.assert(fc.property(floats, (vector) => assert.deepEqual(fromBase64(toBase64(vector)), vector)));
    // 0.5 and -1: the lowest byte first.
    assert.equal(toBase64([0.5, -1]), 'AAAAPwAAgL8=');
  });

  it('that holds no floats is none', () => {
    for (const text of ['', 'AAA=', '!']) assert.equal(fromBase64(text), undefined);
  });
});

describe('a question for embeddings', () => {
  it('needs a text or a list, of tokens too, and takes no tokens for its answer', () => {
    for (const input of ['x', ['x', 'y'], [1, 2], [[1], [2]]])
      assert.equal(openaiEmbeddings.readHead(bytes({ model: 'm', input })).maxOutputTokens, 0);
    for (const input of [undefined, [], '', {}])
      if (input !== '')
        assert.equal(
          invalidParam(() => openaiEmbeddings.readHead(bytes({ model: 'm', input }))),
          'input',
        );
  });

  it('is read and written: what it asks for stays what it was', () => {
    const inputs = fc.oneof(
      fc.array(fc.string(), { minLength: 1 }),
      fc.array(fc.array(fc.nat(), { minLength: 1 }), { minLength: 1 }),
    );
    fc.assert(
      fc.property(inputs, fc.option(fc.nat(), { nil: undefined }), (given, dimensions) => {
        const fields = {
          model: 'm',
          input: given,
          ...(dimensions === undefined ? {} : { dimensions }),
          user: 'u',
        };
        const { value, dropped } = openaiEmbeddings.readQuestion(bytes(fields));
        assert.deepEqual(value.inputs, given);
        assert.deepEqual([value.base64, value.dimensions, value.extra], [false, dimensions, { user: 'u' }]);
        const written = openaiEmbeddings.writeQuestion(value, 'up');
        const again = openaiEmbeddings.readQuestion(written.value);
        assert.deepEqual(again.value, { ...value, model: 'up' });
        assert.deepEqual([...dropped, ...written.dropped], []);
      }),
    );
  });

  it('of a list of tokens is one question', () => {
    assert.deepEqual(openaiEmbeddings.readQuestion(bytes({ model: 'm', input: [1, 2] })).value.inputs, [
      [1, 2],
    ]);
  });

  it('asks for floats where the provider refuses base64, and else not a byte is changed', () => {
    const body = Buffer.from('{"input":"x", "encoding_format" : "base64","model":"m"}');
    assert.equal(
      Buffer.from(askingFloats(body)).toString(),
      '{"input":"x", "encoding_format" : "float","model":"m"}',
    );
    for (const text of ['{"input":"base64"}', '{"encoding_format":"float"}', 'nothing']) {
      const other = Buffer.from(text);
      assert.equal(askingFloats(other), other);
    }
  });
});

describe('an answer of embeddings', () => {
  const answerOf = (vectors: readonly unknown[], more: object = {}) =>
    bytes({
      object: 'list',
      data: vectors.map((embedding, index) => ({ object: 'embedding', index, embedding })),
      model: 'up',
      usage: { prompt_tokens: 3, total_tokens: 3 },
      ...more,
    });
  const forwarded = (body: Buffer, encoding?: unknown): Buffer =>
    openaiEmbeddings.forwardReply(openaiEmbeddings.glanceReply(body), {
      model: 'up',
      wantsUsage: true,
      request: bytes({
        model: 'm',
        input: 'x',
        ...(encoding === undefined ? {} : { encoding_format: encoding }),
      }),
    });
  const vectorsIn = (body: Buffer): unknown[] =>
    (JSON.parse(body.toString()) as { data: { embedding: unknown }[] }).data.map(
      ({ embedding }) => embedding,
    );

  it('in the form that was asked for is passed on byte for byte', () => {
    const numbers = answerOf([[0.5, -1]]);
    const base64 = answerOf(['AAAAPwAAgL8=']);
    for (const [body, encoding] of [
      [numbers, undefined],
      [numbers, 'float'],
      [numbers, null],
      [base64, 'base64'],
      [answerOf([]), 'base64'],
    ] as const)
      assert.equal(forwarded(body, encoding), body);
  });

  it('in the other form is brought into it, with everything that stands beside', () => {
    const more = { id: 'x', usage: { prompt_tokens: 9, total_tokens: 9 } };
    const made = forwarded(answerOf([[0.5, -1], [0.25]], more), 'base64');
    assert.deepEqual(vectorsIn(made), ['AAAAPwAAgL8=', toBase64([0.25])]);
    assert.partialDeepStrictEqual(JSON.parse(made.toString()), { ...more, model: 'up', object: 'list' });
    assert.deepEqual(vectorsIn(forwarded(answerOf(['AAAAPwAAgL8=']))), [[0.5, -1]]);
  });

  it('is told by its form wherever its list stands', () => {
    const data = [{ embedding: [0.5, -1] }];
    for (const body of [{ data }, { note: 'x'.repeat(2_000), data }, { data, note: 'x'.repeat(2_000) }])
      assert.deepEqual(vectorsIn(forwarded(bytes(body), 'base64')), ['AAAAPwAAgL8=']);
  });

  it('with something else than a vector is malformed', () => {
    for (const vector of ['AAA=', ['a']])
      assert.throws(() => forwarded(answerOf([vector]), vector === 'AAA=' ? 'float' : 'base64'), {
        kind: 'malformed',
      });
    for (const body of [bytes({}), bytes({ data: 1 }), answerOf([null])])
      assert.throws(() => openaiEmbeddings.readAnswer(body), { kind: 'malformed' });
  });

  it('is read in the order of the questions, and written with its usage', () => {
    const { vectors } = openaiEmbeddings.readAnswer(
      bytes({
        data: [
          { index: 1, embedding: [2] },
          { index: 0, embedding: toBase64([1]) },
        ],
      }),
    );
    assert.deepEqual(vectors, [[1], [2]]);
    const usage = {
      input: 4,
      cacheRead: 0,
      cacheWrite: 0,
      output: 0,
      reasoning: 0,
      source: 'upstream',
    } as const;
    const written = openaiEmbeddings.writeAnswer({ vectors }, { id: 'i', model: 'm', usage });
    assert.deepEqual(openaiEmbeddings.readAnswer(written), { vectors });
    assert.partialDeepStrictEqual(openaiEmbeddings.glanceReply(written).events, [{ usage: { input: 4 } }]);
  });
});
