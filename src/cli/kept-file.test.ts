import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import fc from 'fast-check';
import { z } from 'zod';
import { keptFile } from './kept-file.ts';

type Words = { readonly words: readonly string[] };

const schema: z.ZodType<Words> = z.object({ words: z.array(z.string()) });

let folder = '';
let warnings: string[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-kept-'));
  warnings = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const file = (name = 'words.json') =>
  keptFile(join(folder, name), {
    schema,
    empty: { words: [] },
    lost: 'words are found anew',
    warn: (reason) => warnings.push(reason),
  });

test('whatever is saved is loaded by the next run', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' })), (words) => {
      file().save({ words });
      assert.deepEqual(file().load(), JSON.parse(JSON.stringify({ words })));
    }),
    { numRuns: 50 },
  );
  assert.deepEqual(warnings, []);
});

test('the folder is made, and holds nothing but the file', () => {
  file('deep/down/words.json').save({ words: ['a'] });
  assert.deepEqual(readdirSync(join(folder, 'deep/down')), ['words.json']);
});

test('only its owner reads the file', () => {
  file().save({ words: ['a'] });
  assert.equal(statSync(join(folder, 'words.json')).mode & 0o777, 0o600);
});

test('no file is nothing kept, without a word', () => {
  assert.deepEqual(file().load(), { words: [] });
  assert.deepEqual(file('no/such/folder.json').load(), { words: [] });
  assert.deepEqual(warnings, []);
});

test('a damaged file costs a warning that says what follows, and can be written again', () => {
  const { save, load } = file();
  save({ words: ['one', 'two'] });
  const good = readFileSync(join(folder, 'words.json'), 'utf8');
  const damaged = ['', '\0\0\0', 'null', '[]', '{"words":[1]}', good.slice(0, -1)];
  for (const text of damaged) {
    writeFileSync(join(folder, 'words.json'), text);
    assert.deepEqual(load(), { words: [] }, JSON.stringify(text));
  }
  assert.equal(warnings.length, damaged.length);
  for (const warning of warnings)
    assert.match(warning, /words\.json is not what this version wrote: words are found anew$/);
  save({ words: ['three'] });
  assert.deepEqual(load(), { words: ['three'] });
});

test('what is there and cannot be read is not taken for missing', () => {
  mkdirSync(join(folder, 'words.json'));
  assert.deepEqual(file().load(), { words: [] });
  assert.match(warnings[0] ?? '', /words\.json could not be read: EISDIR/);
});

test('a place that cannot be written costs a warning and leaves the older file whole', () => {
  writeFileSync(join(folder, 'taken'), '');
  file('taken/words.json').save({ words: ['a'] });
  assert.match(warnings[0] ?? '', /could not be written: E(EXIST|NOTDIR)/);

  file().save({ words: ['older'] });
  // Where the new one is written first, there is a folder in the way.
  mkdirSync(join(folder, 'words.json.new'));
  file().save({ words: ['newer'] });
  assert.match(warnings[1] ?? '', /words\.json could not be written: EISDIR/);
  assert.deepEqual(file().load(), { words: ['older'] });
});

test('what a process left half written is never read, and is written over', () => {
  const { save, load } = file();
  save({ words: ['whole'] });
  writeFileSync(join(folder, 'words.json.new'), '{"words":["ha');
  assert.deepEqual(load(), { words: ['whole'] });
  save({ words: ['next'] });
  assert.deepEqual(load(), { words: ['next'] });
  assert.deepEqual(readdirSync(folder), ['words.json']);
  assert.deepEqual(warnings, []);
});
