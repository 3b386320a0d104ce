import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { idSecretOf as secretOf } from './id-secret.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-secret-'));
after(() => rmSync(folder, { recursive: true }));

const idSecretOf = (...asked: Parameters<typeof secretOf>): Uint8Array => secretOf(...asked)();

const noWarning = (reason: string): never => assert.fail(reason);

test('the secret is made once, kept for its owner alone, and the same at the next start', () => {
  const dataDir = join(folder, 'data');
  secretOf(dataDir, {}, noWarning);
  assert.throws(() => statSync(dataDir), 'not before somebody needs it');
  const secret = idSecretOf(dataDir, {}, noWarning);
  assert.equal(secret.length, 32);
  assert.deepEqual(idSecretOf(dataDir, {}, noWarning), secret);
  assert.equal(statSync(join(dataDir, 'id-secret')).mode & 0o777, 0o600);
  assert.notDeepEqual(idSecretOf(join(folder, 'other'), {}, noWarning), secret);
});

test('a master key gives the same secret everywhere, is not the secret itself, and leaves no file', () => {
  const env = { SLUICE_MASTER_KEY: 'Zk3vQ8tR1xWb7mNc' };
  const secret = idSecretOf(join(folder, 'a'), env, noWarning);
  assert.deepEqual(idSecretOf(join(folder, 'b'), env, noWarning), secret);
  assert.notDeepEqual(
    idSecretOf(folder, { SLUICE_MASTER_KEY: `${env.SLUICE_MASTER_KEY}x` }, noWarning),
    secret,
  );
  assert.throws(() => statSync(join(folder, 'a')));
  assert.throws(
    () => idSecretOf(folder, { SLUICE_MASTER_KEY: 'short' }, noWarning),
    /SLUICE_MASTER_KEY is too easily guessed: .*fewer than 16/,
  );
});

test('a folder that cannot be written, and a file of something else, cost a warning', () => {
  const file = join(folder, 'id-secret');
  writeFileSync(file, 'something else');
  const warnings: string[] = [];
  assert.equal(idSecretOf(folder, {}, (reason) => warnings.push(reason)).length, 32);
  assert.match(warnings.join(), /id-secret could not be used/);
  assert.equal(readFileSync(file, 'utf8'), 'something else');
  idSecretOf(join(file, 'below'), {}, (reason) => warnings.push(reason));
  assert.equal(warnings.length, 2);
});
