import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import fc from 'fast-check';
import { arrayItems, isJsonObject, type JsonObject, parseJson, splice, topLevelFields } from './json.ts';

/** Every field as `JSON.parse` sees the bytes of its span. */
function fieldsOf(text: string, from = 0): Record<string, unknown> | undefined {
  const bytes = Buffer.from(text);
  const spans = topLevelFields(bytes, from);
  if (spans === undefined) return undefined;
  return Object.fromEntries(
    [...spans].map(([key, { start, end }]) => [
      key,
      JSON.parse(bytes.toString('utf8', start, end)) as unknown,
    ]),
  );
}

const key = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('model', '__proto__', 'a"b', 'a\\', '\\"', '{', '}', '你好', '\u0000', '\u2028', '🎉'),
);
const object = fc.dictionary(key, fc.jsonValue({ maxDepth: 3 }), { maxKeys: 8 });
const layout = fc.constantFrom<string | number | undefined>(undefined, 1, 3, '\t', '\r\n'.slice(1));

test('the span of each field parses to what was written there, for any object and layout', () => {
  fc.assert(
    fc.property(object, layout, (value, indent) => {
      const text = JSON.stringify(value, undefined, indent);
      // Not what JSON.parse makes of the whole: once in 200,000 texts this Node gives an escaped key another name.
      const expected = Object.entries(value).map(
        ([name, each]) => [name, JSON.parse(JSON.stringify(each))] as const,
      );
      const found = fieldsOf(text);
      assert.ok(found !== undefined);
      assert.deepEqual(new Map(Object.entries(found)), new Map(expected));
    }),
    { numRuns: 500 },
  );
});

test('a cut object gives nothing, at whichever byte it is cut', () => {
  fc.assert(
    fc.property(object, layout, (value, indent) => {
      const bytes = Buffer.from(JSON.stringify(value, undefined, indent));
      for (let end = 0; end < bytes.length; end++)
        assert.equal(topLevelFields(bytes.subarray(0, end)), undefined, `cut at ${end}`);
    }),
    { numRuns: 60 },
  );
});

test('escapes in keys count as what they mean', () => {
  assert.deepEqual(fieldsOf('{"mod\\u0065l":"a","x\\"y":1,"b\\\\":2}'), { model: 'a', 'x"y': 1, 'b\\': 2 });
});

test('braces, quotes and backslashes inside strings end nothing', () => {
  const value = { a: '}{][,:"', b: ['\\', '\\"', '"'], c: { d: '{"model":"no"}' }, model: 'yes' };
  assert.deepEqual(fieldsOf(JSON.stringify(value)), value);
});

test('spaces of every kind are skipped, before the object too', () => {
  assert.deepEqual(fieldsOf(' \t\r\n{ \n"a" \t:\r 1 \n, "b":\n[ 1 , { } ]\r\n} '), { a: 1, b: [1, {}] });
  assert.deepEqual(fieldsOf('{ }'), {});
});

test('an object is found from where it is said to begin, and spans count from the start', () => {
  const bytes = Buffer.from('data: {"a":{"b":1}}\n\n');
  const span = topLevelFields(bytes, 6)?.get('a');
  assert.deepEqual(span, { start: 11, end: 18 });
  assert.equal(bytes.toString('utf8', span?.start, span?.end), '{"b":1}');
});

test('a key that stands twice, escaped or not, gives nothing', () => {
  assert.equal(fieldsOf('{"model":"a","x":1,"model":"b"}'), undefined);
  assert.equal(fieldsOf('{"model":"a","mod\\u0065l":"b"}'), undefined);
  assert.deepEqual(
    fieldsOf('{"a":{"model":1},"model":"b"}'),
    { a: { model: 1 }, model: 'b' },
    'deeper is another',
  );
});

test('what is no object gives nothing', () => {
  for (const text of [
    '',
    ' ',
    '[]',
    '[{"a":1}]',
    '"a"',
    '1',
    'null',
    '{',
    '}',
    '{,}',
    '{"a"}',
    '{"a":}',
    '{"a":1,}',
  ])
    assert.equal(fieldsOf(text), undefined, text);
  for (const text of [
    '{a:1}',
    '{"a" 1}',
    '{"a":1 "b":2}',
    '{"a":1;"b":2}',
    '{"a":"x}',
    '{"a":[1,2}',
    '\uFEFF{"a":1}',
  ])
    assert.equal(fieldsOf(text), undefined, text);
});

test('a long run of backslashes is read in linear time', () => {
  const text = JSON.stringify({ a: '\\'.repeat(200_000), b: '"'.repeat(200_000) });
  const before = performance.now();
  assert.equal(topLevelFields(Buffer.from(text))?.size, 2);
  assert.ok(performance.now() - before < 500);
});

test('splicing a field changes it and not one other byte', () => {
  fc.assert(
    fc.property(object, layout, fc.jsonValue({ maxDepth: 1 }), (value, indent, fresh) => {
      const bytes = Buffer.from(JSON.stringify(value, undefined, indent));
      const text = JSON.stringify(fresh);
      for (const [name, { start, end }] of topLevelFields(bytes) ?? []) {
        const result = splice(bytes, [{ start, end, text }]);
        assert.deepEqual(
          new Map(Object.entries(JSON.parse(result.toString()) as JsonObject)),
          new Map([...Object.entries(JSON.parse(bytes.toString()) as JsonObject), [name, JSON.parse(text)]]),
        );
        assert.ok(result.subarray(0, start).equals(bytes.subarray(0, start)));
        const tail = bytes.subarray(end);
        assert.ok(result.subarray(result.length - tail.length).equals(tail));
      }
    }),
    { numRuns: 200 },
  );
});

test('edits may come in any order, be empty, and hold any characters', () => {
  const bytes = Buffer.from('abcdef');
  const edits = [
    { start: 4, end: 5, text: '你' },
    { start: 0, end: 1, text: '' },
    { start: 2, end: 2, text: '+' },
  ];
  assert.equal(splice(bytes, edits).toString(), 'b+cd你f');
  assert.equal(splice(bytes, edits.toReversed()).toString(), 'b+cd你f');
  assert.equal(splice(bytes, []).toString(), 'abcdef');
  assert.equal(bytes.toString(), 'abcdef', 'the original stays');
});

test('parsing text of strangers gives undefined instead of throwing', () => {
  assert.deepEqual(parseJson('{"a":1}'), { a: 1 });
  assert.equal(parseJson('{"a":'), undefined);
  assert.equal(parseJson(''), undefined);
});

test('only plain objects count as objects', () => {
  assert.equal(isJsonObject({}), true);
  for (const value of [[], null, undefined, 'a', 1, true]) assert.equal(isJsonObject(value), false);
});

describe('the items of an array', () => {
  const texts = (text: string, start = 0): string[] | undefined => {
    const bytes = Buffer.from(text);
    return arrayItems(bytes, start)?.map((span) => bytes.toString('utf8', span.start, span.end));
  };

  it('are found where they stand, whatever they hold', () => {
    assert.deepEqual(texts('[]'), []);
    assert.deepEqual(texts('x[ 1 ,"]", {"a":[2]},[ ] ] rest', 1), ['1', '"]"', '{"a":[2]}', '[ ]']);
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), (items) => {
        assert.deepEqual(
          texts(JSON.stringify(items, null, 1))?.map((text) => JSON.parse(text)),
          // Which knows no -0.
          JSON.parse(JSON.stringify(items)),
        );
      }),
    );
  });

  it('are none of another value, or of one that is cut', () => {
    for (const text of ['{}', '1', '', '[', '[1', '[1,', '[1 2]', '["]'])
      assert.equal(texts(text), undefined, text);
  });
});
