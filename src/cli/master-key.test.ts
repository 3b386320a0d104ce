import assert from 'node:assert/strict';
import { test } from 'node:test';
import { masterSealing } from './master-key.ts';

const MASTER = 'Zk3vQ8tR1xWb7mNcP5yD';
const NEXT = 'hT6wL2pXe9Ru4sVa8KjB';

test('without a master key nothing is sealed; an empty one is none', () => {
  assert.equal(masterSealing({}), undefined);
  assert.equal(masterSealing({ SLUICE_MASTER_KEY: '' }), undefined);
});

test('what one key has sealed the next one opens, where it is told of it', () => {
  const sealed = masterSealing({ SLUICE_MASTER_KEY: MASTER })?.seal('text', 'a') ?? assert.fail();
  const env = { SLUICE_MASTER_KEY: NEXT, SLUICE_MASTER_KEY_OLD: `some-other-key ${MASTER}` };
  assert.deepEqual(masterSealing(env)?.open(sealed, 'a'), { text: 'text', old: true });
  const opened = masterSealing({ SLUICE_MASTER_KEY: NEXT })?.open(sealed, 'a') ?? assert.fail();
  assert.ok('problem' in opened);
});

test('a key that could be guessed ends the start, and is not shown', () => {
  for (const key of ['changeme', 'sluice-master-key-123', 'aaaaaaaaaaaaaaaaaaaaaaaa'])
    assert.throws(
      () => masterSealing({ SLUICE_MASTER_KEY: key }),
      (error: Error) =>
        /^SLUICE_MASTER_KEY is too easily guessed/.test(error.message) && !error.message.includes(key),
    );
});
