import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createLiteralReader } from './literal.ts';

const read = (text: string): unknown => createLiteralReader(text).read(0)?.value;

describe('a literal in a log', () => {
  it('is JSON, whatever the JSON', () => {
    fc.assert(
      fc.property(fc.oneof(fc.dictionary(fc.string(), fc.jsonValue()), fc.array(fc.jsonValue())), (value) => {
        const text = JSON.stringify(value);
        // A key named like the prototype is no field of a literal either way.
        fc.pre(!text.includes('__proto__'));
        const found = createLiteralReader(`${text} rest`).read(0);
        assert.deepEqual(found?.value, JSON.parse(text));
        assert.equal(found?.end, text.length);
      }),
    );
  });

  it('may be in Python’s way', () => {
    assert.deepEqual(
      read(`{'a': None, 'b': True, 'c': "it's", 'd': 'it\\'s \\x41', 'e': (1, 2,), 'f': b'x'}`),
      {
        a: null,
        b: true,
        c: "it's",
        d: "it's A",
        e: [1, 2],
        f: 'x',
      },
    );
  });

  it('may be in the console’s way', () => {
    assert.deepEqual(
      read("{\n  status: 429,\n  headers: Headers { 'x-a': '1' },\n  b: [Object],\n  c: undefined,\n}"),
      {
        status: 429,
        headers: { 'x-a': '1' },
        b: ['Object'],
        c: null,
      },
    );
  });

  it('is nothing where the text breaks off or is none, and never throws', () => {
    for (const text of [
      '',
      '{',
      '{"a"',
      '{"a":',
      '{"a":"b',
      '{"a":1]',
      '{a b}',
      '[1 2]',
      '"a"',
      'x',
      '{'.repeat(1e5),
    ])
      assert.equal(read(text), undefined, text.slice(0, 20));
    assert.equal(read('{"a":['.repeat(1_000)), undefined);
    fc.assert(fc.property(fc.string(), (text) => void read(`{${text}`)));
  });
});
