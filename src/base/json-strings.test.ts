import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isJsonObject, splice } from './json.ts';
import { type JsonString, type Skip, visitStrings } from './json-strings.ts';

const NONE = (): boolean => false;

function found(text: string, skip: Skip = NONE): string[] | undefined {
  const values: JsonString[] = [];
  return visitStrings(Buffer.from(text), skip, (value) => values.push(value))
    ? values.map(({ key, text: value }) => `${key}=${value}`)
    : undefined;
}

test('strings are found with their names, in lists with the name of the list', () => {
  assert.deepEqual(
    found(' {"id": "a", "n": 1, "list": ["b", {"id":"c"}, "d", ["e"]], "deep": {"x": {"y" : "z"}}} '),
    ['id=a', 'list=b', 'id=c', 'list=d', 'list=e', 'y=z'],
  );
  assert.deepEqual(found('["a"]'), ['=a']);
  assert.deepEqual(found('"a"'), ['=a']);
});

test('escapes are undone in names and in values', () => {
  assert.deepEqual(found('{"f\\u0069le_id": "fi\\u006ce-1", "a\\"b": "c\\\\"}'), [
    'file_id=file-1',
    'a"b=c\\',
  ]);
});

test('what stands under a name to skip is left out, however deep, and what follows it is not', () => {
  const skip: Skip = (name) => name === 'metadata';
  assert.deepEqual(found('{"metadata":{"id":"a","x":[{"id":"b"}]},"id":"c"}', skip), ['id=c']);
  assert.deepEqual(found('{"data":[{"metadata":"a","id":"b"},{"metadata":["c"],"id":"d"}]}', skip), [
    'id=b',
    'id=d',
  ]);
});

test('what is to be left out can depend on what opens and on where it stands, and each string knows its place', () => {
  const objects: Skip = (name, path, opens) => name === 'a' && opens === 'object' && path.length > 1;
  assert.deepEqual(
    found('{"a":{"x":"top"},"b":{"a":["list"]},"c":[{"a":{"x":"deep"}},{"a":"text"}]}', objects),
    ['x=top', 'a=list', 'a=text'],
  );
  const places: string[] = [];
  visitStrings(Buffer.from('{"a":[{"b":{"id":"x"}}]}'), NONE, ({ path }) =>
    places.push(path.map(({ name, isList }) => `${name}${isList ? '[' : '{'}`).join(' ')),
  );
  assert.deepEqual(places, ['{ a[ a{ b{']);
});

test('what is cut, closed wrongly or without end deep is no JSON', () => {
  for (const text of ['{"a":"b', '{"a":["b"}', '{"a":"b"', '{"a":"\\x"}', '['.repeat(300) + ']'.repeat(300)])
    assert.equal(found(text), undefined, text.slice(0, 20));
});

/** The same by the slow way. */
function* stringsOf(value: unknown, key = ''): Generator<string> {
  if (typeof value === 'string') yield `${key}=${value}`;
  else if (Array.isArray(value)) for (const each of value) yield* stringsOf(each, key);
  else if (isJsonObject(value))
    for (const [name, each] of Object.entries(value)) yield* stringsOf(each, name);
}

test('in any JSON the same strings are found as by parsing it, and each can be replaced alone', () => {
  fc.assert(
    fc.property(fc.json({ depthSize: 'medium' }), fc.constantFrom(undefined, 1), (text, indent) => {
      const value: unknown = JSON.parse(text);
      const written = Buffer.from(JSON.stringify(value, null, indent));
      const values: JsonString[] = [];
      assert.ok(visitStrings(written, NONE, (each) => values.push(each)));
      const parsed = [...stringsOf(JSON.parse(written.toString()))];
      assert.deepEqual(
        values.map(({ key, text: said }) => `${key}=${said}`),
        parsed,
      );
      const last = values.at(-1);
      if (last === undefined) return;
      const changed = splice(written, [{ start: last.start, end: last.end, text: '"changed"' }]);
      assert.equal([...stringsOf(JSON.parse(changed.toString()))].at(-1), `${last.key}=changed`);
    }),
  );
});
