import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Failure } from '../../domain/failure.ts';
import type { EmbeddingsKin } from './embeddings.ts';
import { openaiEmbeddings } from './embeddings.ts';
import { geminiBatchEmbeddings, geminiEmbeddings } from './gemini-embeddings.ts';
import { familyFor } from './index.ts';
import { invalidParam } from './invalid-param.suite.ts';

const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const contentOf = (text: string) => ({ parts: [{ text }] });
const jsonOf = (body: Uint8Array): Record<string, unknown> => JSON.parse(Buffer.from(body).toString());

const TARGETS = [
  [geminiEmbeddings, '/v1beta/models/m%20x:embedContent'],
  [geminiBatchEmbeddings, '/v1beta/models/m%20x:batchEmbedContents?key=none'],
] as const;

const sent = (kin: EmbeddingsKin, target: string, body: Buffer): Record<string, unknown> => {
  const entered = kin.enter?.(body, target) ?? body;
  return jsonOf(kin.forwardRequest(entered, kin.readHead(entered), 'up'));
};

describe('a question in an address', () => {
  it('has the model of the address, whatever the body says', () => {
    for (const [kin, target] of TARGETS) {
      const questions = { content: contentOf('x'), requests: [{ content: contentOf('x') }] };
      for (const more of [{}, { model: 'models/other' }]) {
        const entered = kin.enter?.(bytes({ ...questions, ...more }), target) ?? Buffer.alloc(0);
        assert.equal(kin.readHead(entered).model, 'm x');
      }
    }
  });

  it('that names no model, or no content, is refused', () => {
    for (const [kin] of TARGETS) {
      assert.throws(() => kin.enter?.(bytes({}), '/v1beta/models'), { kind: 'invalid_request' });
      assert.throws(() => kin.enter?.(bytes({}), '/v1beta/models/%ff:embedContent'), {
        kind: 'invalid_request',
      });
    }
    assert.equal(
      invalidParam(() => geminiEmbeddings.readHead(bytes({ model: 'm' }))),
      'content',
    );
    assert.equal(
      invalidParam(() => geminiBatchEmbeddings.readHead(bytes({ model: 'm' }))),
      'requests',
    );
  });

  it('goes to Gemini under the name of the resource, with all that stands in it', () => {
    const one = { content: contentOf('ü'), taskType: 'RETRIEVAL_QUERY', outputDimensionality: 8 };
    assert.deepEqual(sent(...TARGETS[0], bytes(one)), { model: 'models/up', ...one });
    const requests = [{ model: 'models/x', ...one }, one, { content: { parts: [{ text: '{"model":"}' }] } }];
    assert.deepEqual(sent(...TARGETS[1], bytes({ requests })), {
      requests: requests.map((request) => ({ ...request, model: 'models/up' })),
    });
    assert.deepEqual(Object.keys(sent(...TARGETS[1], bytes({ requests, model: 'models/x', more: 1 }))), [
      'requests',
      'more',
    ]);
    assert.equal(
      geminiEmbeddings.address?.('https://g/models', { model: 'models/a/b c', stream: false }),
      'https://g/models/a/b%20c:embedContent',
    );
    assert.equal(
      geminiBatchEmbeddings.address?.('u', { model: 'm', stream: false }),
      'u/m:batchEmbedContents',
    );
  });

  it('is forwarded whole, whatever its texts hold and wherever the model stands', () => {
    const request = fc.record(
      { content: fc.string().map(contentOf), title: fc.string() },
      { requiredKeys: ['content'] },
    );
    fc.assert(
      fc.property(
        fc.array(request, { minLength: 1, maxLength: 4 }),
        fc.constantFrom(0, 1, '\t'),
        (requests, space) => {
          for (const fields of [
            { requests },
            { requests, model: 'models/x' },
            { model: 'models/x', requests },
          ]) {
            const forwarded = sent(...TARGETS[1], Buffer.from(JSON.stringify(fields, null, space)));
            assert.deepEqual(forwarded, {
              requests: requests.map((each) => ({ ...each, model: 'models/up' })),
            });
          }
        },
      ),
    );
  });
});

describe('embeddings between OpenAI and Gemini', () => {
  const family = familyFor('embeddings');
  const usage = {
    input: 4,
    cacheRead: 0,
    cacheWrite: 0,
    output: 0,
    reasoning: 0,
    source: 'upstream',
  } as const;
  const told = { id: 'i', model: 'm', usage };

  it('ask for the same texts, in the same size, and come back as the same vectors', () => {
    const texts = fc.array(fc.string(), { minLength: 1, maxLength: 5 });
    const vectors = fc.array(
      fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }).map((each) => each + 0)),
      { minLength: 1 },
    );
    fc.assert(
      fc.property(
        texts,
        fc.option(fc.nat({ max: 3_072 }), { nil: undefined }),
        vectors,
        (given, dimensions, some) => {
          // One for each text, and no more.
          const answer = given.map((_, i) => some[i % some.length] ?? []);
          const requests = given.map((text) => ({
            content: contentOf(text),
            ...(dimensions === undefined ? {} : { outputDimensionality: dimensions }),
          }));
          const way = {
            from: 'gemini-batch-embeddings',
            to: 'openai-embeddings',
            upstreamModel: 'up',
          } as const;
          const out = family?.cross(bytes({ model: 'm', requests }), way);
          assert.ok(out);
          const question = openaiEmbeddings.readQuestion(out.body).value;
          assert.deepEqual([question.inputs, question.dimensions, question.model], [given, dimensions, 'up']);
          const written = out.answer(bytes({ data: answer.map((embedding) => ({ embedding })) }), told);
          assert.deepEqual(geminiBatchEmbeddings.readAnswer(written), { vectors: answer });

          const back = family?.cross(out.body, { from: way.to, to: way.from, upstreamModel: 'back' });
          assert.deepEqual(geminiBatchEmbeddings.readQuestion(back?.body ?? Buffer.alloc(0)).value, {
            ...question,
            model: 'back',
            extra: {},
          });
        },
      ),
    );
  });

  it('are no answer where a text has none, or one too many', () => {
    const body = bytes({ model: 'm', input: ['a', 'b'] });
    const ways = { from: 'openai-embeddings', to: 'gemini-batch-embeddings', upstreamModel: 'up' } as const;
    const answered = (count: number): unknown =>
      family
        ?.cross(body, ways)
        .answer(bytes({ embeddings: Array.from({ length: count }, () => ({ values: [1] })) }), told);
    assert.ok(answered(2) instanceof Buffer);
    for (const count of [0, 1, 3])
      assert.throws(
        () => answered(count),
        (error) => error instanceof Failure && error.kind === 'malformed',
        `${count}`,
      );
  });

  it('name what the other cannot say', () => {
    const one = { model: 'm', content: contentOf('x'), taskType: 'RETRIEVAL_QUERY', title: 't' };
    const crossing = family?.cross(bytes(one), {
      from: 'gemini-embeddings',
      to: 'openai-embeddings',
      upstreamModel: 'up',
    });
    assert.deepEqual(crossing?.dropped, ['taskType', 'title']);
    const sized = (...sizes: readonly object[]) => {
      const requests = sizes.map((size) => ({ content: contentOf('x'), ...size }));
      const body = bytes({ model: 'm', requests });
      const read = geminiBatchEmbeddings.readQuestion(body);
      return [read.value.dimensions, read.dropped];
    };
    assert.deepEqual(sized({ output_dimensionality: 8 }, { outputDimensionality: 8 }), [8, []]);
    assert.deepEqual(sized({ outputDimensionality: 8 }, {}), [8, ['outputDimensionality']]);
    assert.deepEqual(sized({}, { output_dimensionality: 8 }), [undefined, ['outputDimensionality']]);
    assert.deepEqual(jsonOf(crossing?.body ?? Buffer.alloc(0)), {
      model: 'up',
      input: 'x',
      encoding_format: 'float',
    });
    assert.deepEqual(
      jsonOf(crossing?.answer(bytes({ data: [{ embedding: [1] }] }), told) ?? Buffer.alloc(0)),
      {
        embedding: { values: [1] },
        usageMetadata: { promptTokenCount: 4, totalTokenCount: 4 },
      },
    );
    const user = family?.cross(bytes({ model: 'm', input: 'x', user: 'u' }), {
      from: 'openai-embeddings',
      to: 'gemini-batch-embeddings',
      upstreamModel: 'up',
    });
    assert.deepEqual(user?.dropped, ['user']);
  });

  it('refuse what the other cannot be asked', () => {
    const out = (body: object, from: 'openai-embeddings' | 'gemini-embeddings') =>
      invalidParam(() =>
        family?.cross(bytes({ model: 'm', ...body }), {
          from,
          to: from === 'openai-embeddings' ? 'gemini-batch-embeddings' : 'openai-embeddings',
          upstreamModel: 'up',
        }),
      );
    assert.equal(out({ input: ['x', [1, 2]] }, 'openai-embeddings'), 'input[1]');
    assert.equal(out({ input: [1, 2] }, 'openai-embeddings'), 'input[0]');
    const picture = { parts: [{ text: 'x' }, { inlineData: {} }] };
    assert.equal(out({ content: picture }, 'gemini-embeddings'), 'content.parts[1]');
    assert.equal(
      invalidParam(() =>
        geminiEmbeddings.writeQuestion({ model: 'm', inputs: ['x', 'y'], base64: false, extra: {} }, 'up'),
      ),
      'input',
    );
  });

  it('with an answer that is none are malformed', () => {
    for (const body of [bytes({}), bytes({ embedding: {} }), bytes({ embedding: { values: ['x'] } })])
      assert.throws(() => geminiEmbeddings.readAnswer(body), { kind: 'malformed' });
    assert.throws(() => geminiBatchEmbeddings.readAnswer(bytes({ embeddings: 1 })), { kind: 'malformed' });
  });
});
