import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSeededRandom } from '../../base/seeded-random.ts';
import { publishedLimits } from '../../simulator/profiles.ts';
import { countTokens } from '../../simulator/token-count.ts';
import { CALLS_PER_SECOND, MODEL, planTraffic, QUOTA_PER_SECOND } from './traffic.ts';

const plan = (seconds: number, seed = 1) => planTraffic({ seconds, random: createSeededRandom(seed) });
const within = (times: readonly number[], fromMs: number, toMs: number): number =>
  times.filter((atMs) => atMs >= fromMs && atMs < toMs).length;

test('the quota is that of the published row', () => {
  assert.deepEqual(publishedLimits('singapore')[MODEL], { rpm: 60 * QUOTA_PER_SECOND, tpm: 100_000 });
});

test('exactly three times the quota of one account arrives, in order and in time', () => {
  for (const seconds of [1, 3, 45, 120])
    for (const seed of [1, 2, 3]) {
      const times = plan(seconds, seed).map(({ atMs }) => atMs);
      assert.equal(times.length, 3 * seconds);
      assert.deepEqual(
        times,
        times.toSorted((a, b) => a - b),
      );
      assert.ok(Math.min(...times) >= 0 && Math.max(...times) < seconds * 1_000);
    }
});

test('the rate holds over ten seconds and does not within one', () => {
  const times = plan(60).map(({ atMs }) => atMs);
  for (let second = 0; second < 60; second += 10) {
    const calls = within(times, second * 1_000, (second + 10) * 1_000);
    assert.ok(Math.abs(calls - 10 * CALLS_PER_SECOND) <= 6, `${calls} calls in the ten from ${second} s`);
  }
  const seconds = Array.from({ length: 60 }, (_, second) =>
    within(times, second * 1_000, (second + 1) * 1_000),
  );
  assert.ok(Math.max(...seconds) >= 5);
  assert.ok(Math.min(...seconds) <= 1);
});

test('prompts differ, and three accounts have the tokens for all of them', () => {
  const traffic = plan(60);
  assert.equal(new Set(traffic.map(({ prompt }) => prompt)).size, traffic.length);
  const longestAnswer = 90;
  const tokens = traffic.reduce((sum, { prompt }) => sum + countTokens(prompt) + longestAnswer, 0);
  assert.ok(tokens < 3 * 100_000, `${tokens} tokens a minute`);
});

test('the same seed sends the same calls, another one others', () => {
  assert.deepEqual(plan(5), plan(5));
  assert.notDeepEqual(plan(5, 1), plan(5, 2));
});
