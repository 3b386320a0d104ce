import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { WholeObject } from './whole-object.ts';

const objects = fc
  .dictionary(fc.string({ unit: 'binary' }), fc.jsonValue())
  .map((value) => JSON.stringify(value));

test('an object is whole with its last brace and not before, however it is cut', () => {
  fc.assert(
    fc.property(objects, fc.array(fc.nat(), { maxLength: 5 }), (text, cuts) => {
      const object = new WholeObject();
      const edges = [...cuts.map((cut) => cut % text.length), text.length].sort((a, b) => a - b);
      let from = 0;
      for (const edge of edges) {
        object.add(text.slice(from, edge));
        from = edge;
        assert.equal(object.isWhole, edge === text.length, text.slice(0, edge));
      }
      assert.equal(object.text, text);
    }),
  );
});

test('braces within texts do not close it, nor do quotes behind a backslash', () => {
  const object = new WholeObject();
  for (const piece of ['{"a": "}', ' \\', '"} \\\\', '"', ', "b": [{}', ']']) {
    object.add(piece);
    assert.equal(object.isWhole, false, object.text);
  }
  object.add('}');
  assert.equal(object.isWhole, true);
});

test('what has not begun is not whole', () => {
  const object = new WholeObject();
  for (const piece of ['', ' ', 'null']) object.add(piece);
  assert.equal(object.isWhole, false);
});
