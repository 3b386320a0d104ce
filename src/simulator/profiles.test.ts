import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_REGION, publishedLimits, REGIONS, regionOfHost } from './profiles.ts';

test('the default region holds the rows of the founding article', () => {
  const limits = publishedLimits(DEFAULT_REGION);
  assert.deepEqual(limits['qwen3-max'], { rpm: 600, tpm: 1_000_000 });
  assert.deepEqual(limits['qwen3-max-2025-09-23'], { rpm: 60, tpm: 100_000 });
  for (const model of ['qwen-plus', 'qwen-turbo', 'qwen-flash']) assert.ok(limits[model], model);
});

test('Beijing has its own figures for the same names', () => {
  assert.deepEqual(publishedLimits('beijing')['qwen3-max'], { rpm: 30_000, tpm: 5_000_000 });
  assert.deepEqual(publishedLimits('beijing')['qwen-long-2025-01-25'], { rpm: 3, tpm: 7_500 });
});

test('a model that a region does not list is absent there', () => {
  assert.equal(publishedLimits('singapore')['qwen-long'], undefined);
  assert.equal(publishedLimits('global')['qwen-max'], undefined);
  assert.equal(publishedLimits('beijing')['qwen-plus-us'], undefined);
});

test('every published row is a pair of positive whole numbers, and the tables are not shared', () => {
  for (const region of REGIONS) {
    for (const [model, { rpm, tpm }] of Object.entries(publishedLimits(region))) {
      assert.ok(Number.isInteger(rpm) && Number(rpm) > 0, model);
      assert.ok(Number.isInteger(tpm) && Number(tpm) > 0, model);
    }
    assert.notEqual(publishedLimits(region), publishedLimits(region));
  }
});

test('a host belongs to one region, the loopback address to none', () => {
  assert.equal(regionOfHost('dashscope-intl.aliyuncs.com'), 'singapore');
  assert.equal(regionOfHost('dashscope.aliyuncs.com'), 'beijing');
  assert.equal(regionOfHost('127.0.0.1'), undefined);
});
