import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Failure } from '../domain/failure.ts';
import { anthropicList, geminiList, geminiModel } from './foreign-model-lists.ts';
import type { OfferedModel } from './offered-model.ts';

const model = (id: string, rest: Partial<OfferedModel> = {}): OfferedModel => ({
  ...{ id, name: id, providers: ['p'], kind: 'chat', input: ['text'], output: ['text'], abilities: [] },
  ...{ deprecated: false },
  ...rest,
});
const some = fc
  .uniqueArray(fc.stringMatching(/^[a-z]{1,4}$/), { maxLength: 12 })
  .map((ids) => ids.map((id) => model(id)));
const idsOf = (models: readonly OfferedModel[]): string[] => models.map(({ id }) => id);

describe("Anthropic's list", () => {
  it('read page by page, forwards or backwards, is the whole list', () => {
    fc.assert(
      fc.property(some, fc.integer({ min: 1, max: 5 }), (models, limit) => {
        for (const way of ['after_id', 'before_id'] as const) {
          const read: string[] = [];
          let cursor: string | null = null;
          // Backwards one begins behind a last one that is known.
          if (way === 'before_id') {
            const last = models.at(-1);
            if (last === undefined) continue;
            read.push(last.id);
            cursor = last.id;
          }
          for (;;) {
            const query = { limit: String(limit), ...(cursor === null ? {} : { [way]: cursor }) };
            const page = anthropicList(models, { query, claudeAliases: false });
            const ids = page.data.map(({ id }) => id);
            assert.ok(ids.length <= limit);
            if (way === 'after_id') read.push(...ids);
            else read.unshift(...ids);
            cursor = way === 'after_id' ? page.last_id : page.first_id;
            if (!page.has_more) break;
          }
          assert.deepEqual(read, idsOf(models));
        }
      }),
    );
  });

  it('offers each model a second time, but for those whose name is right already', () => {
    const models = [model('qwen3-max', { name: 'Qwen3-Max' }), model('anthropic/claude-5')];
    const { data } = anthropicList(models, { query: {}, claudeAliases: true });
    assert.deepEqual(
      data.map(({ id, display_name }) => [id, display_name]),
      [
        ['qwen3-max', 'Qwen3-Max'],
        ['claude-via-qwen3-max', 'Qwen3-Max (qwen3-max)'],
        ['anthropic/claude-5', 'anthropic/claude-5'],
      ],
    );
  });

  it('refuses what is no page', () => {
    for (const query of [{ limit: '0' }, { limit: '1001' }, { limit: 'x' }, { after_id: 'gone' }])
      assert.throws(
        () => anthropicList([model('a')], { query, claudeAliases: false }),
        (error: unknown) => error instanceof Failure && error.kind === 'invalid_request',
        JSON.stringify(query),
      );
  });
});

describe("Gemini's list", () => {
  it('read page by page is the whole list', () => {
    fc.assert(
      fc.property(some, fc.integer({ min: 1, max: 5 }), (models, size) => {
        const read: string[] = [];
        let token: string | undefined;
        do {
          const query = { pageSize: String(size), ...(token === undefined ? {} : { pageToken: token }) };
          const page = geminiList(models, query);
          read.push(...page.models.map(({ name }) => name.slice('models/'.length)));
          token = page.nextPageToken;
        } while (token !== undefined);
        assert.deepEqual(read, idsOf(models));
      }),
    );
  });

  it('says of each what it can be asked for, and no size that is unknown', () => {
    assert.deepEqual(geminiModel(model('e', { kind: 'embedding' })).supportedGenerationMethods, [
      'embedContent',
      'batchEmbedContents',
    ]);
    assert.ok(!('inputTokenLimit' in geminiModel(model('a'))));
    assert.equal(geminiModel(model('a', { context: 9, maxInput: 7 })).inputTokenLimit, 7);
    assert.throws(() => geminiList([], { pageToken: 'eA' }), Failure);
  });
});
