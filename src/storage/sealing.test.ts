import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createSealing, formerKeys, type Opened } from './sealing.ts';

const MASTER = 'Zk3vQ8tR1xWb7mNcP5yD';
const OTHER = 'hT6wL2pXe9Ru4sVa8KjB';
const CANARY = 'sk-canary-4f9a1c7e';

const problemOf = (opened: Opened): string =>
  'problem' in opened ? opened.problem : assert.fail('it opened');

describe('a sealed secret', () => {
  it('opens by the key and in the context that it was sealed with', () => {
    const sealed = createSealing(MASTER).seal(CANARY, 'account a');
    assert.deepEqual(createSealing(MASTER).open(sealed, 'account a'), { text: CANARY, old: false });
  });

  it('shows neither the secret nor the key', () => {
    const sealing = createSealing(MASTER);
    const sealed = sealing.seal(CANARY, 'account a');
    assert.ok(!sealed.includes('canary') && !sealed.includes(MASTER));
    assert.ok(
      !Buffer.from(sealed.split('.')[2] ?? '', 'base64url')
        .toString('latin1')
        .includes('canary'),
    );
    assert.match(sealing.keyId, /^[0-9a-f]{8}$/);
    assert.equal(sealed.split('.')[1], sealing.keyId);
  });

  it('does not open for another account', () => {
    const sealing = createSealing(MASTER);
    assert.match(problemOf(sealing.open(sealing.seal(CANARY, 'account a'), 'account b')), /another account/);
  });

  it('says which key it wants, where that is not the present one', () => {
    const { keyId } = createSealing(MASTER);
    const opened = createSealing(OTHER).open(createSealing(MASTER).seal(CANARY, 'a'), 'a');
    assert.match(problemOf(opened), new RegExp(`another master key \\(${keyId}; .*SLUICE_MASTER_KEY_OLD`));
  });

  it('opens by a former key, is told to be old, and is the same once it is sealed anew', () => {
    const sealed = createSealing(MASTER).seal(CANARY, 'a');
    const rotated = createSealing(OTHER, [MASTER]);
    assert.deepEqual(rotated.open(sealed, 'a'), { text: CANARY, old: true });
    const anew = rotated.seal(CANARY, 'a');
    assert.deepEqual(createSealing(OTHER).open(anew, 'a'), { text: CANARY, old: false });
  });

  it('is told from a damaged one, and from what never was one', () => {
    const sealing = createSealing(MASTER);
    const sealed = sealing.seal(CANARY, 'a');
    const at = sealed.length - 5;
    const changed = sealed.slice(0, at) + (sealed[at] === 'A' ? 'B' : 'A') + sealed.slice(at + 1);
    assert.match(problemOf(sealing.open(changed, 'a')), /damaged/);
    for (const text of ['', CANARY, 's2.00000000.abc', 's1.nothex.abc'])
      assert.match(problemOf(sealing.open(text, 'a')), /form/, text);
  });
});

describe('former keys', () => {
  it('are read from one variable, apart by commas or spaces', () => {
    assert.deepEqual(formerKeys(undefined), []);
    assert.deepEqual(formerKeys('  '), []);
    assert.deepEqual(formerKeys('one'), ['one']);
    assert.deepEqual(formerKeys('one, two three').slice(1), ['one', 'two', 'three']);
  });

  it('may have such a sign inside', () => {
    const awkward = 'a key, with signs';
    const sealed = createSealing(awkward).seal(CANARY, 'a');
    assert.deepEqual(createSealing(MASTER, formerKeys(awkward)).open(sealed, 'a'), {
      text: CANARY,
      old: true,
    });
  });
});
