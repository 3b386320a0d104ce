import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Failure } from '../../domain/failure.ts';
import { readWishes, WISH_FIELDS, withFields } from './openrouter-fields.ts';
import { readHead } from './request.ts';

const MESSAGES = [{ role: 'user', content: 'Hi' }];
const bodyOf = (fields: object): Buffer => Buffer.from(JSON.stringify({ messages: MESSAGES, ...fields }));

describe('wishes', () => {
  it('are none where nothing is wished', () => {
    assert.equal(readWishes({ model: 'm', temperature: 1 }), undefined);
    assert.ok(!('wishes' in readHead(bodyOf({ model: 'm' }))));
  });

  it('are read with the head, whatever the size of the body', () => {
    for (const content of ['Hi', 'x'.repeat(300_000)]) {
      const head = readHead(
        bodyOf({
          model: 'a',
          models: ['b', 'c'],
          provider: { order: ['Alibaba'], sort: 'price', max_price: { prompt: 1, completion: '2.5' } },
          usage: { include: true },
          messages: [{ role: 'user', content }],
        }),
      );
      assert.equal(head.model, 'a');
      assert.deepEqual(head.wishes, {
        models: ['b', 'c'],
        channels: {
          order: ['alibaba'],
          sort: 'price',
          maxPrice: { prompt: 1, completion: 2.5 },
          allowFallbacks: true,
          requireParameters: false,
        },
        usage: true,
        unfulfilled: [],
      });
    }
  });

  it('may name the model by the list alone', () => {
    assert.equal(readHead(bodyOf({ models: ['b', 'c'] })).model, 'b');
    assert.throws(() => readHead(bodyOf({ models: [] })), /you must provide a model/);
  });

  it('that only OpenRouter could fulfil are named', () => {
    const wishes = readWishes({
      route: 'fallback',
      transforms: ['middle-out'],
      plugins: [{ id: 'web' }],
      provider: { zdr: true, data_collection: 'deny', sort: { by: 'latency', partition: 'none' } },
    });
    assert.deepEqual(wishes?.unfulfilled, [
      'transforms',
      'plugins',
      'provider.zdr',
      'provider.data_collection',
    ]);
    assert.equal(wishes?.channels?.sort, 'latency');
  });

  it('that are wrong are refused with their place', () => {
    for (const [fields, param] of [
      [{ models: 'a' }, 'models'],
      [{ models: ['a', 7] }, 'models[1]'],
      [{ models: Array(50).fill('a') }, 'models'],
      [{ provider: 'qwen' }, 'provider'],
      [{ provider: { only: 'qwen' } }, 'provider.only'],
      [{ provider: { order: [''] } }, 'provider.order[0]'],
      [{ provider: { sort: 'beauty' } }, 'provider.sort'],
      [{ provider: { allow_fallbacks: 'no' } }, 'provider.allow_fallbacks'],
      [{ provider: { max_price: 1 } }, 'provider.max_price'],
      [{ provider: { max_price: { prompt: -1 } } }, 'provider.max_price.prompt'],
    ] as const)
      assert.throws(
        () => readHead(bodyOf({ model: 'a', ...fields })),
        (error: unknown) => error instanceof Failure && error.options.param === param,
        param,
      );
  });
});

describe('the body that goes on', () => {
  it('is as it was but for the fields taken out and set, byte for byte', () => {
    const body = Buffer.from('{ "models":["a"], "model" : "x" ,"é":1.50,"messages":[ {"role":"user"} ]}');
    const plain = withFields(body, { without: WISH_FIELDS, values: { model: 'y' } });
    assert.equal(plain.toString(), '{"model":"y","é":1.50,"messages":[ {"role":"user"} ]}');
    assert.equal(
      withFields(Buffer.from('{"models":[]}'), { without: WISH_FIELDS, values: {} }).toString(),
      '{}',
    );
  });

  it('means the same without them, whatever else it says', () => {
    const fields = fc.dictionary(fc.string(), fc.jsonValue());
    fc.assert(
      fc.property(fields, fc.dictionary(fc.constantFrom(...WISH_FIELDS), fc.jsonValue()), (rest, wishes) => {
        const plain = Object.fromEntries(
          Object.entries(rest).filter(([name]) => !(WISH_FIELDS as readonly string[]).includes(name)),
        );
        const body = Buffer.from(JSON.stringify({ ...wishes, ...plain }));
        const read: unknown = JSON.parse(withFields(body, { without: WISH_FIELDS, values: {} }).toString());
        assert.deepEqual(read, JSON.parse(JSON.stringify(plain)));
      }),
    );
  });
});
