import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createSeals, SEAL_MARK } from './seals.ts';

describe('a sealed text', () => {
  const seals = createSeals(() => Buffer.alloc(32, 7));

  it('is opened for whom it was sealed, whatever it says, and says nothing itself', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const sealed = seals.seal(text, 'key-1');
        assert.match(sealed, /^slr1_[\w-]+$/);
        assert.equal(seals.open(sealed, 'key-1'), text);
        assert.equal(createSeals(() => Buffer.alloc(32, 7)).open(sealed, 'key-1'), text);
      }),
    );
    assert.notEqual(seals.seal('a', 'key-1'), seals.seal('a', 'key-1'));
    assert.ok(!Buffer.from(seals.seal('a thought', 'k').slice(5), 'base64url').includes('thought'));
  });

  it('is opened for nobody else, nor by another secret, nor once a letter of it has changed', () => {
    const sealed = seals.seal('a thought', 'key-1');
    assert.equal(seals.open(sealed, 'key-2'), undefined);
    assert.equal(createSeals().open(sealed, 'key-1'), undefined);
    for (let i = SEAL_MARK.length; i < sealed.length - 1; i++) {
      const changed = sealed.slice(0, i) + (sealed[i] === 'A' ? 'B' : 'A') + sealed.slice(i + 1);
      assert.equal(seals.open(changed, 'key-1'), undefined, `at ${i}`);
    }
  });

  it('is nothing that a provider made', () => {
    for (const other of ['', 'gAAAAABo', SEAL_MARK, `${SEAL_MARK}AAAA`, `${SEAL_MARK}${'A'.repeat(60)}`])
      assert.equal(seals.open(other, 'key-1'), undefined);
  });
});
