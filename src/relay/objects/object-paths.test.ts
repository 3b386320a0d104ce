import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isBelow, isContent, objectPathOf } from './object-paths.ts';

test('words of the API are kept, everything else is an id', () => {
  const routes: Readonly<Record<string, string>> = {
    '/files': '/files',
    '/files/file-1': '/files/*',
    '/files/file-1.sl_abcdef_0123456789abcdef/content': '/files/*/content',
    '/fine_tuning/jobs/ftjob-1/events': '/fine_tuning/jobs/*/events',
    '/vector_stores/vs_1/file_batches/b_1/files': '/vector_stores/*/file_batches/*/files',
    '/messages/batches/msgbatch_1/results': '/messages/batches/*/results',
    '/evals/e/runs/r/output_items/o': '/evals/*/runs/*/output_items/*',
  };
  for (const [path, route] of Object.entries(routes)) {
    assert.equal(objectPathOf(path)?.route, route);
    assert.equal(objectPathOf(path)?.hasId, route.includes('*'));
  }
  assert.ok(isContent('/files/*/content'));
  assert.ok(!isContent('/files/*'));
});

test('a segment that hides something is no path', () => {
  for (const path of [
    '/files/',
    '/files//x',
    '/files/..',
    '/files/%2e%2e',
    '/files/a%2Fb',
    '/files/%',
    '/files/a b',
    '/files/a%00',
    '/files/content'.repeat(5),
  ])
    assert.equal(objectPathOf(path), undefined, path);
  assert.equal(objectPathOf('/files/a%2Db')?.segments[1], 'a-b');
});

test('a prefix passes itself and what is below it, and no longer word', () => {
  assert.ok(isBelow('/files', ['/files']));
  assert.ok(isBelow('/files/x', ['/batches', '/files']));
  assert.ok(!isBelow('/filesystem', ['/files']));
  assert.ok(!isBelow('/files', []));
});
