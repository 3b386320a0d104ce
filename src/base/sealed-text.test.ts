import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { keyFor, openText, sealText } from './sealed-text.ts';

const key = keyFor('a secret of the house', 'tests');

describe('a sealed text', () => {
  it('comes back whole where it belongs', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (text, context) => {
        assert.equal(openText(key, sealText(key, text, context), context), text);
      }),
    );
  });

  it('is another one each time, and shows nothing of what is in it', () => {
    const one = sealText(key, 'sk-canary-0123456789', 'account');
    assert.notEqual(one, sealText(key, 'sk-canary-0123456789', 'account'));
    assert.ok(!Buffer.from(one, 'base64url').toString('latin1').includes('canary'));
  });

  it('is nothing in another context, and nothing to another key or another purpose of the same secret', () => {
    const sealed = sealText(key, 'text', 'a');
    assert.equal(openText(key, sealed, 'b'), undefined);
    assert.equal(openText(keyFor('another secret', 'tests'), sealed, 'a'), undefined);
    assert.equal(openText(keyFor('a secret of the house', 'else'), sealed, 'a'), undefined);
  });

  it('is nothing any more once a single bit of it was changed', () => {
    const bytes = Buffer.from(sealText(key, 'text', 'a'), 'base64url');
    for (let i = 0; i < bytes.length; i++) {
      const changed = Buffer.from(bytes);
      changed[i] = (changed[i] ?? 0) ^ 1;
      assert.equal(openText(key, changed.toString('base64url'), 'a'), undefined, `byte ${i}`);
    }
    for (const nothing of ['', 'x', bytes.subarray(0, 20).toString('base64url')])
      assert.equal(openText(key, nothing, 'a'), undefined);
  });
});
