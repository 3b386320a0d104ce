import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { barText, countText, moneyText, shareText, timeText } from './figures.ts';

describe('figures', () => {
  it('are money to the cent, and to two places that say something below a dollar', () => {
    const texts = ['0', '12.3456', '1234567.891', '0.5', '0.0123456', '0.000000001', '-3.1'].map((dollars) =>
      moneyText(dollars),
    );
    assert.deepEqual(texts, [
      '$0.00',
      '$12.35',
      '$1,234,567.89',
      '$0.50',
      '$0.012',
      '$0.000000001',
      '-$3.10',
    ]);
  });

  it('are money that is not known, or at least so much', () => {
    assert.equal(moneyText(null, 3), 'unknown');
    assert.equal(moneyText('2', 3), '≥$2.00');
  });

  it('are counts of three or four places, never a thousand of a smaller size', () => {
    const texts = [0, 7, 999, 1_000, 1_234, 12_345, 123_456, 999_600, 1_234_567, 2e9, 9_999].map(countText);
    assert.deepEqual(texts, [
      '0',
      '7',
      '999',
      '1.00k',
      '1.23k',
      '12.3k',
      '123k',
      '1.00M',
      '1.23M',
      '2.00G',
      '10.0k',
    ]);
    for (const text of texts) assert.ok(text.length <= 5);
  });

  it('are times from milliseconds to minutes', () => {
    const texts = [0, 0.4, 12.4, 999.4, 999.6, 1_234, 9_960, 59_900, 59_960, 61_000, 3_600_000].map(timeText);
    assert.deepEqual(texts, [
      '0ms',
      '<1ms',
      '12ms',
      '999ms',
      '1.0s',
      '1.2s',
      '10s',
      '60s',
      '1m00s',
      '1m01s',
      '60m00s',
    ]);
    assert.equal(timeText(null), '-');
  });

  it('are shares, of which a little is more than nothing', () => {
    assert.deepEqual(
      [shareText(0, 5), shareText(1, 10_000), shareText(1, 30), shareText(1, 3), shareText(0, 0)],
      ['0%', '<0.1%', '3.3%', '33%', '0%'],
    );
  });

  it('are bars as long as their share, of which a little is seen', () => {
    assert.equal(barText(10, 10, 6), '██████');
    assert.equal(barText(5, 10, 5), '██▌');
    assert.equal(barText(1, 100_000, 5), '▏');
    assert.equal(barText(0, 10, 5), '');
    assert.equal(barText(1, 0, 5), '');
  });
});
