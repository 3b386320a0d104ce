import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { carriesSecret, isPlainReference, looksSecret, maskLine } from './mask.ts';

const none = { open: [], closed: [] };
const masked = (text: string): string => maskLine({ text, start: 0 }, none);

describe('a line of which nothing is known', () => {
  it('covers what could be a secret and keeps the rest', () => {
    assert.equal(masked('  port: [1, 2'), '  port: [1, 2');
    assert.equal(masked('  - abcdefgh12345678'), '  - ****************');
    assert.equal(masked('    max_wait_stream: 5s: x'), '    max_wait_stream: 5s: x');
    assert.equal(masked('  key: "abc'), '  key: "***');
    assert.equal(masked('  secrets: [abc, def]'), '  secrets: [***, ***]');
    assert.equal(masked('  api_token: x1'), '  api_token: **');
  });

  it('shows no long token, wherever it stands, and keeps its length', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[a-z]{0,5} ?$/),
        fc.stringMatching(/^[A-Za-z0-9_-]{12,40}$/),
        (before, token) => {
          const line = `${before}: ${token}`;
          const shown = masked(line);
          assert.equal(shown.length, line.length);
          assert.ok(!shown.includes(token));
        },
      ),
    );
  });
});

describe('a line whose parts are known', () => {
  const text = 'id: abcdefgh12345678, key: abc';
  const open = [{ start: 104, end: 120 }];

  it('shows what is open and covers what is closed', () => {
    const shown = maskLine({ text, start: 100 }, { open, closed: [{ start: 127, end: 130 }] });
    assert.equal(shown, 'id: abcdefgh12345678, key: ***');
  });

  it('covers what is both', () => {
    const shown = maskLine({ text, start: 100 }, { open, closed: open });
    assert.equal(shown, 'id: ****************, key: ***');
  });
});

describe('what looks like a secret', () => {
  it('is known by its form', () => {
    for (const name of ['sk-abc', 'SK_live', 'a1b2c3d4e5f6a7b8', 'x'.repeat(41)])
      assert.ok(looksSecret(name), name);
    for (const name of ['api_key', 'max_wait_streams', 'first_byte_streaming'])
      assert.ok(!looksSecret(name), name);
  });

  it('is not a mere reference, unless that brings a default along', () => {
    assert.ok(isPlainReference(`$${'{KEY}'}`));
    assert.ok(isPlainReference(`$${'{file:/run/secret}'}`));
    assert.ok(!isPlainReference(`$${'{KEY:-abc}'}`));
    assert.ok(!isPlainReference(`abc$${'{KEY}'}`));
  });

  it('can be part of an address', () => {
    assert.ok(carriesSecret('https://user:pass@host/v1'));
    assert.ok(carriesSecret('https://host/v1?key=abc'));
    assert.ok(!carriesSecret('https://host:8080/v1'));
  });
});
