import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isObjectReference, withOpenedIds } from '../relay/objects/object-fields.ts';
import { mayName } from './named-objects.ts';

test('a body that names no object is not read', () => {
  for (const body of [
    {
      model: 'm',
      messages: [{ role: 'user', content: 'Which file, and whose id? See http and so on.\n"quoted"' }],
    },
    { messages: [{ role: 'tool', tool_call_id: 'call_1', content: 'file id, vector store' }], user_id: 'x' },
  ])
    assert.equal(mayName(Buffer.from(JSON.stringify(body)), 'openai-chat'), false);
});

/** A text as a JSON string, with some of its characters as escapes. */
const escaped = (text: string, which: readonly boolean[]): string =>
  [...text]
    .map((letter, i) =>
      which[i % Math.max(1, which.length)]
        ? letter === '/'
          ? '\\/'
          : `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`
        : letter,
    )
    .join('');

test('however a reference is written, the body is read', () => {
  const name = fc.constantFrom(
    ...['file_id', 'file_ids', 'vector_store_id', 'vector_store_ids', 'conversation', 'container'],
  );
  const which = fc.array(fc.boolean(), { maxLength: 9 });
  fc.assert(
    fc.property(name, which, fc.json(), (field, escapes, more) => {
      const body = Buffer.from(`{"more":${more},"${escaped(field, escapes)}":"file-1"}`);
      let found = '';
      withOpenedIds(body, {
        signed: () => undefined,
        raw: (id, key, path) => {
          if (isObjectReference(key, path) && id === 'file-1') found = key;
        },
      });
      assert.equal(found, field);
      assert.ok(mayName(body, 'openai-responses'));
    }),
  );
});

test('however a link to a file is written, the body is read', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 11 }), (escapes) => {
      const body = Buffer.from(`{"content":"${escaped('fileid://', escapes)}file-1"}`);
      const found: string[] = [];
      withOpenedIds(body, { signed: () => undefined, raw: (id) => found.push(id) });
      assert.deepEqual(found, ['file-1']);
      assert.ok(mayName(body, 'openai-responses'));
    }),
    { numRuns: 1_000 },
  );
});
