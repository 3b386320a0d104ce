import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { DURATION_PATTERN, durationText, readDuration } from './duration.ts';
import { readSize, SIZE_PATTERN, sizeText } from './size.ts';

describe('a duration', () => {
  it('is read in every unit, and in seconds without one', () => {
    const cases: readonly (readonly [unknown, number])[] = [
      ['50s', 50_000],
      ['300ms', 300],
      ['5m', 300_000],
      ['1h', 3_600_000],
      ['30d', 2_592_000_000],
      ['1.5s', 1_500],
      [' 5 m ', 300_000],
      ['10S', 10_000],
      ['12', 12_000],
      [12, 12_000],
      [0, 0],
      [0.25, 250],
    ];
    for (const [value, durationMs] of cases) assert.equal(readDuration(value), durationMs, String(value));
  });

  it('is nothing else', () => {
    for (const value of [
      '',
      's',
      '5 days',
      '-5s',
      -1,
      '1e3s',
      '5s5m',
      'soon',
      null,
      undefined,
      true,
      {},
      Infinity,
      Number.NaN,
    ]) {
      assert.equal(readDuration(value), undefined, String(value));
    }
  });

  it('is the same after being written and read', () => {
    fc.assert(
      fc.property(fc.nat(), (durationMs) => {
        const text = durationText(durationMs);
        assert.equal(readDuration(text), durationMs);
        assert.match(text, new RegExp(`^${DURATION_PATTERN}$`));
      }),
    );
  });

  it('is written short', () => {
    assert.deepEqual([300_000, 90_000, 1_500, 3_600_000, 0, 0.5].map(durationText), [
      '5m',
      '90s',
      '1500ms',
      '1h',
      '0s',
      '0.5ms',
    ]);
  });
});

describe('a size', () => {
  it('is read in every unit, and in bytes without one', () => {
    assert.equal(readSize('32mb'), 33_554_432);
    assert.equal(readSize('512 KB'), 524_288);
    assert.equal(readSize('1gb'), 1_073_741_824);
    assert.equal(readSize('1.5kb'), 1_536);
    assert.equal(readSize('100'), 100);
    assert.equal(readSize(100), 100);
    assert.equal(readSize('7b'), 7);
  });

  it('is nothing else: no part of a byte, not nothing at all', () => {
    for (const value of [
      '0',
      0,
      '1.5b',
      1.5,
      '-1mb',
      '1tb',
      'big',
      '',
      null,
      undefined,
      [],
      '9999999999gb',
    ]) {
      assert.equal(readSize(value), undefined, String(value));
    }
  });

  it('is the same after being written and read', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1 }), (bytes) => {
        assert.equal(readSize(sizeText(bytes)), bytes);
        assert.match(sizeText(bytes), new RegExp(`^${SIZE_PATTERN}$`));
      }),
    );
  });
});
