import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { familyFor } from './index.ts';
import { invalidParam } from './invalid-param.suite.ts';
import { dashscopeRerank, rerank } from './rerank.ts';

const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const jsonOf = (body: Uint8Array): Record<string, unknown> => JSON.parse(Buffer.from(body).toString());
const usage = { input: 9, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: 0, source: 'upstream' } as const;
const told = { id: 'req_1', model: 'm', usage };

describe('a question for an order', () => {
  it('needs a query and documents, in both languages', () => {
    assert.equal(rerank.readHead(bytes({ model: 'm', query: 'q', documents: ['d'] })).model, 'm');
    const own = { model: 'm', input: { query: 'q', documents: ['d'] } };
    assert.equal(dashscopeRerank.readHead(bytes(own)).model, 'm');
    for (const [body, param] of [
      [{ documents: ['d'] }, 'query'],
      [{ query: 'q' }, 'documents'],
      [{ query: 'q', documents: [] }, 'documents'],
      [{ query: 'q', documents: 'd' }, 'documents'],
    ] as const) {
      assert.equal(
        invalidParam(() => rerank.readHead(bytes({ model: 'm', ...body }))),
        param,
      );
      assert.equal(
        invalidParam(() => dashscopeRerank.readHead(bytes({ model: 'm', input: body }))),
        param,
      );
    }
    assert.equal(
      invalidParam(() => dashscopeRerank.readHead(bytes({ model: 'm', query: 'q' }))),
      'input',
    );
  });

  it("of Cohere's is asked of Model Studio in its own places, and what has none there is named", () => {
    const crossing = familyFor('rerank')?.cross(
      bytes({
        model: 'm',
        query: 'q',
        documents: [{ text: 'a' }, 'b', { image: 'u' }],
        top_n: 2,
        return_documents: true,
        max_chunks_per_doc: 3,
      }),
      { from: 'rerank', to: 'dashscope-rerank', upstreamModel: 'gte-rerank-v2' },
    );
    assert.deepEqual(jsonOf(crossing?.body ?? Buffer.alloc(0)), {
      model: 'gte-rerank-v2',
      input: { query: 'q', documents: ['a', 'b', { image: 'u' }] },
      parameters: { top_n: 2, return_documents: true },
    });
    assert.deepEqual(crossing?.dropped, ['max_chunks_per_doc']);
    const answer = {
      output: { results: [{ index: 1, relevance_score: 0.9, document: { text: 'b' } }] },
      usage: { total_tokens: 9 },
      request_id: 'r',
    };
    assert.deepEqual(jsonOf(crossing?.answer(bytes(answer), told) ?? Buffer.alloc(0)), {
      id: 'r',
      model: 'm',
      results: answer.output.results,
      usage: { prompt_tokens: 9, total_tokens: 9 },
      meta: { tokens: { input_tokens: 9, output_tokens: 0 } },
    });
  });

  it('and its answer mean the same after a way there and back', () => {
    const results = fc.array(
      fc.record({ index: fc.nat(), relevance_score: fc.double({ min: 0.1, max: 1, noNaN: true }) }),
    );
    fc.assert(
      fc.property(
        fc.string(),
        fc.array(fc.string(), { minLength: 1 }),
        results,
        (query, documents, given) => {
          const body = bytes({ model: 'm', query, documents, top_n: 3 });
          const family = familyFor('rerank');
          const out = family?.cross(body, { from: 'rerank', to: 'dashscope-rerank', upstreamModel: 'm' });
          const back = family?.cross(out?.body ?? Buffer.alloc(0), {
            from: 'dashscope-rerank',
            to: 'rerank',
            upstreamModel: 'm',
          });
          assert.deepEqual(jsonOf(back?.body ?? Buffer.alloc(0)), jsonOf(body));
          const native = back?.answer(bytes({ results: given }), told) ?? Buffer.alloc(0);
          const results = jsonOf(out?.answer(native, told) ?? Buffer.alloc(0))['results'];
          assert.equal(JSON.stringify(results), JSON.stringify(given));
        },
      ),
    );
  });
});

describe('an order', () => {
  it('is passed on, with the usage wherever it is told', () => {
    for (const answer of [
      { results: [], usage: { total_tokens: 9 } },
      { results: [], meta: { tokens: { input_tokens: 9 } } },
      { data: [], usage: { total_tokens: 9 } },
    ]) {
      const chunk = rerank.glanceReply(bytes(answer));
      assert.partialDeepStrictEqual(chunk.events, [{ type: 'usage', usage: { input: 9 } }]);
      assert.deepEqual(jsonOf(rerank.forwardReply(chunk, { model: 'm', wantsUsage: true })), answer);
    }
    assert.partialDeepStrictEqual(
      dashscopeRerank.glanceReply(bytes({ output: { results: [] }, usage: { total_tokens: 9 } })).events,
      [{ type: 'usage' }],
    );
  });

  it('that is none is malformed, and a refusal is one', () => {
    assert.throws(() => rerank.glanceReply(bytes({ choices: [] })), { kind: 'malformed' });
    for (const reply of [{}, { results: [{}] }, { results: [{ index: 0 }] }])
      assert.throws(() => rerank.readAnswer(bytes(reply)), { kind: 'malformed' });
    const refusal = {
      code: 'Throttling.RateQuota',
      message: 'Requests rate limit exceeded',
      request_id: 'r',
    };
    assert.equal(dashscopeRerank.glanceReply(bytes(refusal)).events[0]?.type, 'error');
  });
});
