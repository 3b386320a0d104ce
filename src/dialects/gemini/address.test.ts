import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { topLevelFields } from '../../base/json.ts';
import { Failure } from '../../domain/failure.ts';
import { addressFor, aimOf, enter, leave } from './address.ts';

const PLAIN = '/v1beta/models/m:generateContent';

const layouts = fc
  .tuple(
    fc.dictionary(
      fc.string({ unit: 'grapheme' }).filter((name) => !['model', 'stream', '__proto__'].includes(name)),
      fc.jsonValue({ maxDepth: 2 }),
      { maxKeys: 4 },
    ),
    fc.constantFrom('', ' ', '\n\t'),
    fc.integer({ min: 0, max: 3 }),
  )
  .map(([fields, space, indent]) => Buffer.from(space + JSON.stringify(fields, undefined, indent) + space));

describe('an address of Gemini', () => {
  it('says which model is asked, with slashes and colons in its name, and whether for a stream', () => {
    for (const [target, model, stream] of [
      [PLAIN, 'm', false],
      ['/v1/models/m:streamGenerateContent?alt=sse', 'm', true],
      ['/v1beta/models/org/llama3:8b:streamGenerateContent', 'org/llama3:8b', true],
      ['/v1beta/models/org%2Fllama3%3A8b:generateContent?x=a:b', 'org/llama3:8b', false],
      ['/v1beta/models/%E5%85%AC%E5%BC%80:generateContent', '公开', false],
    ] as const)
      assert.deepEqual(aimOf(target), { model, stream }, target);
  });

  it('without a model, or with a broken escape, is a wrong request', () => {
    for (const target of ['/v1beta/models/', '/v1beta/models/m', '/v1beta/models/%E5:generateContent', ''])
      assert.throws(
        () => aimOf(target),
        (error) => error instanceof Failure && error.kind === 'invalid_request',
      );
  });

  it('is written for the provider so that it reads back as it was', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', minLength: 1 }).filter((name) => !/^models\/|^[./]+$/.test(name)),
        fc.boolean(),
        (model, stream) => {
          const url = addressFor('https://host.example/v1beta/models', { model, stream });
          assert.deepEqual(aimOf(url.slice('https://host.example'.length)), { model, stream });
          assert.equal(url.endsWith('?alt=sse'), stream);
        },
      ),
    );
    assert.equal(addressFor('/models', { model: 'models/x', stream: false }), '/models/x:generateContent');
  });
});

describe('a body with what its address says', () => {
  it('has it in front, and is byte for byte the client’s again without', () => {
    fc.assert(
      fc.property(
        layouts,
        fc.string({ unit: 'grapheme', minLength: 1 }),
        fc.boolean(),
        (body, model, stream) => {
          const inner = enter(body, addressFor('/models', { model: `x${model}`, stream }));
          const read = JSON.parse(inner.toString());
          assert.deepEqual(read, { model: `x${model}`, stream, ...JSON.parse(body.toString()) });
          assert.deepEqual(Object.keys(read).includes('model'), true);
          assert.deepEqual(Buffer.from(leave(inner)), body);
        },
      ),
    );
  });

  it('does not keep a model or a stream of its own, wherever they stand', () => {
    for (const [body, left] of [
      ['{"model":"other","contents":[]}', '{"contents":[]}'],
      ['{ "contents": [1] , "model" : "other" }', '{ "contents": [1] }'],
      ['{"a":1,"stream":true,"model":"x","b":2}', '{"a":1,"b":2}'],
      ['{"model":"x","stream":false}', '{}'],
      ['{"stream":[{}],"a":{"model":"kept"}}', '{"a":{"model":"kept"}}'],
    ] as const) {
      const inner = enter(Buffer.from(body), PLAIN);
      assert.equal(topLevelFields(inner)?.size, new Set(Object.keys(JSON.parse(inner.toString()))).size);
      assert.equal(JSON.parse(inner.toString()).model, 'm', body);
      assert.equal(Buffer.from(leave(inner)).toString(), left);
    }
  });

  it('is taken apart wherever the two stand', () => {
    const body = Buffer.from('{"contents": [1], "stream": true, "x": "y" ,"model":"m"}');
    assert.equal(Buffer.from(leave(body)).toString(), '{"contents": [1], "x": "y"}');
  });

  it('is left as it is where it is no object, and refused where a field stands twice', () => {
    for (const body of ['', '[]', '"{}"', 'nonsense'])
      assert.equal(enter(Buffer.from(body), PLAIN).toString(), body);
    const twice = enter(Buffer.from('{"model":"a","model":"b"}'), PLAIN);
    assert.equal(topLevelFields(twice), undefined, 'its reader sees that');
    assert.throws(() => leave(Buffer.from('{"a":1,"a":2,"model":"m"}')), Failure);
  });
});
