import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dialectSuite, fixturesOf } from './dialect.suite.ts';
import { dialectOf, dialects } from './index.ts';

for (const dialect of Object.values(dialects)) dialectSuite(dialect);

test('every dialect is found by its own id and has a path of its own', () => {
  for (const [id, dialect] of Object.entries(dialects)) {
    assert.equal(dialect.id, id);
    assert.equal(dialectOf(dialect.id), dialect);
    assert.match(dialect.path, /^\/[a-z/-]+$/);
  }
  assert.equal(new Set(Object.values(dialects).map(({ path }) => path)).size, Object.keys(dialects).length);
});

test('every dialect has streams and answers as providers send them', () => {
  for (const dialect of Object.values(dialects)) {
    assert.ok(fixturesOf(dialect, '.sse').length >= 12);
    assert.ok(fixturesOf(dialect, '.json').length >= 3);
  }
});
