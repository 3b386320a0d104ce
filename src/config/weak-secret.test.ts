import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';
import { requireStrong, weaknessOf } from './weak-secret.ts';

const WEAK = [
  ['', /fewer than 16/],
  ['short', /fewer than 16/],
  ['sk-1234', /fewer than 16/],
  ['changeme', /fewer than 16/],
  ['fifteen-charact', /fewer than 16/],
  ['aaaaaaaaaaaaaaaaaaaaaaaa', /a few characters/],
  ['0000000000000000', /a few characters/],
  ['abababababababababab', /a few characters/],
  ['abcdefgabcdefgabcdefgabcdefg', /repeats/],
  ['hunter7hunter7hunter7', /repeats/],
  ['changemechangeme', /repeats|words/],
  ['1234567890123456', /words and sequences/],
  ['0123456789abcdef', /words and sequences/],
  ['0123456789abcdef0123456789abcdef', /repeats|sequences/],
  ['abcdefghijklmnopqrstuvwxyz', /words and sequences/],
  ['zyxwvutsrqponmlkjihgfedcba', /words and sequences/],
  ['qwertyuiopasdfghjkl', /words and sequences/],
  ['please-change-me-now', /words and sequences/],
  ['CHANGE_ME_IN_PRODUCTION', /words and sequences/],
  ['change-this-to-a-strong-secret', /words and sequences/],
  ['your-secret-key-here', /words and sequences/],
  ['your-master-key-goes-here', /words and sequences/],
  ['my-super-secret-admin-key', /words and sequences/],
  ['sluice-master-key', /words and sequences/],
  ['sluice-admin-key-1234567890', /words and sequences/],
  ['master-key-0123456789', /words and sequences/],
  ['sk-litellm-master-key-1234', /words and sequences/],
  ['adminadmin-password123', /words and sequences/],
  ['test-key-0123456789abcdef', /words and sequences/],
  ['correct-horse-battery-staple', /words and sequences/],
  ['replace-with-a-random-value', /words and sequences/],
  ['Passw0rd!Passw0rd1', /words|repeats/],
] as const;

describe('a secret that could be guessed', () => {
  for (const [secret, why] of WEAK)
    it(`is told: ${secret === '' ? 'nothing' : secret}`, () => {
      assert.match(weaknessOf(secret) ?? 'strong', why);
    });

  it('is refused by the name of its variable, with what to do and without itself', () => {
    const secret = 'sluice-master-key-change-me';
    assert.throws(
      () => requireStrong('SLUICE_MASTER_KEY', secret),
      (error: Error) =>
        /^SLUICE_MASTER_KEY is too easily guessed: .*openssl rand/.test(error.message) &&
        !error.message.includes(secret),
    );
  });
});

describe('a secret that a machine drew', () => {
  it('is strong in every usual form, always', () => {
    for (let i = 0; i < 2_000; i++) {
      for (const secret of [
        randomBytes(32).toString('base64'),
        randomBytes(32).toString('hex'),
        randomBytes(16).toString('base64url'),
        `sk-sluice-${randomBytes(24).toString('base64url')}`,
        randomUUID(),
      ])
        assert.equal(weaknessOf(secret), undefined, secret);
    }
    assert.doesNotThrow(() => requireStrong('SLUICE_ADMIN_KEY', randomBytes(32).toString('base64')));
  });

  it('is strong at sixteen hexadecimal digits but for a rare one', () => {
    let weak = 0;
    for (let i = 0; i < 10_000; i++) if (weaknessOf(randomBytes(8).toString('hex')) !== undefined) weak++;
    assert.ok(weak < 50, `${weak} of 10000`);
  });
});
