import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createObjectIds, LONGEST_ID, looksSigned } from './object-ids.ts';

const ids = createObjectIds(() => Buffer.alloc(32, 7));
const accounts = ['openai-a', 'openai-b', 'qwen'];
const mine = { account: 'openai-b', key: 'team' };

test('an id comes back with its account, is still readable, and needs no escape in a URL', () => {
  const signed = ids.sign('file-abc', mine);
  assert.match(signed, /^file-abc\.sl_[\w-]{6}_[\w-]{16}$/);
  assert.equal(encodeURIComponent(signed), signed);
  assert.ok(looksSigned(signed));
  assert.deepEqual(ids.open(signed, { key: 'team', accounts }), { id: 'file-abc', account: 'openai-b' });
  assert.equal(signed, ids.sign('file-abc', mine), 'the same id every time');
  assert.doesNotMatch(signed, /openai|team/);
});

test('another key, an account that is gone and another secret open nothing', () => {
  const signed = ids.sign('file-abc', mine);
  assert.equal(ids.open(signed, { key: 'other', accounts }), undefined);
  assert.equal(ids.open(signed, { key: 'team', accounts: ['openai-a'] }), undefined);
  assert.equal(createObjectIds(() => Buffer.alloc(32, 8)).open(signed, { key: 'team', accounts }), undefined);
});

test('no change of a single character goes unnoticed', () => {
  const signed = ids.sign('file-abc', mine);
  for (let i = 0; i < signed.length; i++) {
    const changed = signed.slice(0, i) + (signed[i] === 'x' ? 'y' : 'x') + signed.slice(i + 1);
    assert.equal(ids.open(changed, { key: 'team', accounts }), undefined, changed);
  }
  for (const wrong of [
    '',
    'file-abc',
    '.sl_aaaaaa_bbbbbbbbbbbbbbbb',
    'file-abc.sl_',
    `${signed}x`,
    ` ${signed}`,
  ])
    assert.equal(ids.open(wrong, { key: 'team', accounts }), undefined, wrong);
});

test('any id of a provider survives, one that was signed by another relay too', () => {
  const own = fc.stringMatching(/^[A-Za-z0-9][\w.:~-]{0,80}$/);
  fc.assert(
    fc.property(own, fc.constantFrom(...accounts), (id, account) => {
      const owner = { account, key: 'team' };
      const twice = ids.sign(ids.sign(id, owner), owner);
      const once = ids.open(twice, { key: 'team', accounts });
      assert.deepEqual(ids.open(once?.id ?? '', { key: 'team', accounts }), { id, account });
    }),
  );
});

test('what is too long or no id stays as it is', () => {
  const longest = 'a'.repeat(173);
  assert.equal(ids.sign(longest, mine).length, LONGEST_ID);
  for (const id of [`${longest}a`, '', 'two words', 'https://example.com/file', 'ü'])
    assert.equal(ids.sign(id, mine), id);
});

test('the secret is asked for once, when the first id is signed or opened', () => {
  let asked = 0;
  const lazy = createObjectIds(() => {
    asked += 1;
    return Buffer.alloc(32, 7);
  });
  assert.equal(lazy.open('file-abc', { key: 'team', accounts }), undefined);
  assert.equal(asked, 0);
  assert.deepEqual(lazy.open(lazy.sign('file-abc', mine), { key: 'team', accounts })?.id, 'file-abc');
  assert.equal(asked, 1);
});
