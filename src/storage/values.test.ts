import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DatabaseError } from './database-error.ts';
import { plainNumber, sqlValues, wholeNumber } from './values.ts';

describe('values on their way in', () => {
  it('are what they are, but for the one character that a text cannot have', () => {
    const bytes = new Uint8Array([1]);
    assert.deepEqual(sqlValues(['a\0b', 1, 0.5, -1n, null, bytes]), ['a\ufffdb', 1, 0.5, -1n, null, bytes]);
    assert.deepEqual(sqlValues([Number.MAX_SAFE_INTEGER]), [Number.MAX_SAFE_INTEGER]);
  });

  it('are whole where they are moments, for the clock has fractions that no column has a place for', () => {
    assert.deepEqual(sqlValues([1.7e12 + 0.75, 99_999_999_999.5, -1.7e12 - 0.5]), [
      1.7e12,
      99_999_999_999.5,
      -1.7e12 - 0.5,
    ]);
  });

  it('are refused by their place and kind, not by what they hold', () => {
    assert.throws(
      () => sqlValues(['ok', { secret: 'hunter2' }]),
      (error) => error instanceof DatabaseError && /^parameter 2: .*got object$/.test(error.message),
    );
    assert.throws(() => sqlValues([2 ** 53]), /not exact/);
  });
});

describe('numbers on their way out', () => {
  it('are bigint by the name of their column, whatever the database made of them', () => {
    assert.equal(wholeNumber('spent_nano', 5n), 5n);
    assert.equal(wholeNumber('calls', 5n), 5);
    assert.equal(plainNumber('spent_nano', 5), 5n);
    assert.equal(plainNumber('duration_ms', 0.5), 0.5);
  });

  it('are refused rather than rounded', () => {
    assert.throws(() => wholeNumber('calls', 2n ** 53n), /column calls: .* too large/);
    assert.equal(wholeNumber('spent_nano', 2n ** 53n), 2n ** 53n);
    assert.throws(() => plainNumber('average_nano', 0.5), /column average_nano: expected a whole number/);
  });
});
