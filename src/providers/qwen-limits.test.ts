import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { QWEN_LIMIT_TABLE } from './qwen-limit-table.ts';
import { qwenLimits } from './qwen-limits.ts';

const pairOf = (model: string, region?: string): unknown => {
  const { rpm, tpm } = qwenLimits(model, region)?.limits ?? {};
  return [rpm, tpm];
};

describe('the limits of Model Studio', () => {
  it('differ by region, Singapore when none is named', () => {
    assert.deepEqual(pairOf('qwen3-max'), [600, 1_000_000]);
    assert.deepEqual(pairOf('qwen3-max', 'beijing'), [30_000, 5_000_000]);
    assert.deepEqual(pairOf('qwen3-max', 'virginia'), [600, 1_000_000]);
    assert.deepEqual(pairOf('qwen3-max', 'us'), pairOf('qwen3-max', 'virginia'));
    assert.equal(qwenLimits('qwen3-max', 'hong-kong'), undefined);
    assert.equal(qwenLimits('qwen3-max', 'constructor'), undefined);
  });

  it('are tight for dated snapshots: each id has its own', () => {
    for (const region of ['beijing', 'singapore', 'virginia'])
      assert.deepEqual(pairOf('qwen3-max-2025-09-23', region), [60, 100_000]);
    assert.equal(qwenLimits('qwen3-max-2099-01-01'), undefined);
  });

  it('take the later figure where the page changed', () => {
    assert.deepEqual(pairOf('qwen-max', 'singapore'), [600, 1_000_000]);
    assert.deepEqual(pairOf('qwen-turbo', 'singapore'), [600, 5_000_000]);
    assert.deepEqual(pairOf('qwen3.5-flash-2026-02-23', 'singapore'), [60, 1_000_000]);
  });

  it('hold per second too: a sixtieth, but no share of a request', () => {
    assert.deepEqual(qwenLimits('qwen3-max')?.limits, {
      rpm: 600,
      tpm: 1_000_000,
      rps: 10,
      tps: 1_000_000 / 60,
    });
    assert.equal(qwenLimits('qwen3-max-2025-09-23')?.limits.rps, 1);
    assert.deepEqual(qwenLimits('qwen-long-2025-01-25', 'beijing')?.limits, { rpm: 3, tpm: 7_500, tps: 125 });
    assert.deepEqual(qwenLimits('text-embedding-v4', 'beijing')?.limits, {
      rps: 30,
      tpm: 1_200_000,
      tps: 20_000,
    });
  });

  it('say so when another row stands in', () => {
    const published = qwenLimits('qwen-plus', 'singapore');
    assert.deepEqual([published?.limits.rpm, published?.limits.tpm], [600, 1_000_000]);
    assert.match(published?.source ?? '', /no row: that of qwen-plus-latest/);
    assert.deepEqual(pairOf('qwen-plus', 'beijing'), [30_000, 5_000_000]);
  });

  it('know families by their beginning, the longest first', () => {
    assert.deepEqual(pairOf('qwen3-235b-a22b-instruct-2507'), [600, 1_000_000]);
    assert.deepEqual(pairOf('qwen-omni-turbo-realtime-2025-05-08'), [60, 10_000]);
    assert.deepEqual(pairOf('qwen-omni-turbo'), [60, 100_000]);
  });

  it('are written as a table of three regions, each id once, each cell readable', () => {
    const rows = QWEN_LIMIT_TABLE.trim()
      .split(/\n+/)
      .map((line) => line.trim().split(/\s+/));
    for (const [model, ...cells] of rows) {
      assert.equal(cells.length, 3, model);
      for (const cell of cells) assert.match(cell, /^(-|\d+(k|rps)?\/\d+(\.\d+)?[kM]?)$/, model);
    }
    assert.equal(new Set(rows.map(([model]) => model)).size, rows.length);
  });
});
