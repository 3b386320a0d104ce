import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Config } from './config.ts';
import { known } from './fixtures/known.ts';
import { loadConfig } from './load.ts';

const load = (account: string, rest = ''): Config =>
  loadConfig({
    path: '/etc/sluice/sluice.yaml',
    env: {},
    known,
    readFile: () => `accounts:\n  - { id: a, provider: simulator${account} }\n${rest}`,
  });

test('the file says how often a failed call is sent again, and by when content must begin', () => {
  const config = load(
    '',
    `retries: { max_attempts: 3, share: 0.5 }
retry_unknown: true
timeouts: { first_token: 20s }
models: { sim-large: { resume: true } }
`,
  );
  assert.deepEqual(config.retries, { maxAttempts: 3, share: 0.5, unknown: true });
  assert.equal(config.timeouts.firstTokenMs, 20_000);
  assert.equal(config.models[0]?.resume, true);
});

test('an answer whose client has left is cancelled, or read on for a told time', () => {
  const drainOf = (value: string): number | undefined =>
    load(`, on_client_gone: "${value}"`).accounts[0]?.drainMs;
  assert.equal(drainOf('cancel'), 0);
  assert.equal(drainOf('drain(30s)'), 30_000);
  assert.equal(drainOf('drain( 2m )'), 120_000);
  assert.equal(load('').accounts[0]?.drainMs, 0);
  for (const wrong of ['drain', '30s', 'drain()', 'drain(soon)', '5'])
    assert.throws(
      () => drainOf(wrong),
      /accounts\[0\]\.on_client_gone[\s\S]*expected cancel, or a drain such as drain\(30s\)/,
    );
});

test('paths that are passed through begin with a slash and are plain', () => {
  const passesOf = (value: string): readonly string[] | undefined =>
    load(`, passes: [${value}]`).accounts[0]?.passes;
  assert.deepEqual(passesOf('/files, /v1/fine_tuning'), ['/files', '/v1/fine_tuning']);
  for (const wrong of [
    'files',
    '/',
    '/files/',
    '//files',
    '/../admin',
    '"/files?x=1"',
    '"https://host/files"',
  ])
    assert.throws(
      () => passesOf(wrong),
      /accounts\[0\]\.passes\[0\][\s\S]*below the base URL, as in \/files/,
      wrong,
    );
});
