import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  beijingMidnightMs,
  durationMs,
  headerHintMs,
  pacificMidnightMs,
  printedMs,
  resetHeaderMs,
  stampMs,
  wordsHintMs,
} from './refusal-times.ts';

const at = (iso: string): number => Date.parse(iso);
const NOW_MS = at('2026-10-01T00:00:00Z');

describe('times in refusals', () => {
  it('reads durations', () => {
    assert.equal(durationMs('120ms'), 120);
    assert.equal(durationMs('6.379s'), 6_379);
    assert.equal(durationMs('6m0s'), 360_000);
    assert.equal(durationMs('1d2h'), 93_600_000);
    for (const wrong of ['', '6', '6x', 's6', '0s', '-1s', undefined, 7])
      assert.equal(durationMs(wrong), undefined);
  });

  it('reads the time told in a sentence', () => {
    assert.equal(wordsHintMs('Limit 3. Please try again in 6.379s. Visit'), 6_379);
    assert.equal(wordsHintMs('Please retry after 22 seconds. Please contact'), 22_000);
    assert.equal(wordsHintMs('please try again after 1 seconds'), 1_000);
    assert.equal(wordsHintMs('Please try again in 7m12s.'), 432_000);
    assert.equal(wordsHintMs('try again in 2 minutes 5 seconds'), 125_000);
    assert.equal(wordsHintMs('try again in 500 milliseconds'), 500);
    assert.equal(wordsHintMs('try again later'), undefined);
  });

  it('reads retry headers, the finer one first', () => {
    assert.equal(headerHintMs({ 'retry-after-ms': '150', 'retry-after': '1' }, NOW_MS), 150);
    assert.equal(headerHintMs({ 'retry-after': '1849295' }, NOW_MS), 1_849_295_000);
    assert.equal(headerHintMs({ 'retry-after': 'Thu, 01 Oct 2026 00:00:30 GMT' }, NOW_MS), 30_000);
    for (const wrong of ['', '0', '-5', 'soon', 'Thu, 01 Oct 2020 00:00:30 GMT', '99999999999999'])
      assert.equal(headerHintMs({ 'retry-after': wrong }, NOW_MS), undefined, wrong);
  });

  it('reads reset headers of the family that was hit', () => {
    const openai = { 'x-ratelimit-reset-requests': '120ms', 'x-ratelimit-reset-tokens': '6m0s' };
    assert.equal(resetHeaderMs(openai, 'requests', NOW_MS), 120);
    assert.equal(resetHeaderMs(openai, 'tokens', NOW_MS), 360_000);
    const anthropic = { 'anthropic-ratelimit-input-tokens-reset': '2026-10-01T00:00:20Z' };
    assert.equal(resetHeaderMs(anthropic, 'tokens', NOW_MS), 20_000);
    assert.equal(resetHeaderMs(anthropic, 'requests', NOW_MS), undefined);
    assert.equal(resetHeaderMs({ 'x-ratelimit-reset': String(NOW_MS + 5_000) }, 'requests', NOW_MS), 5_000);
    assert.equal(resetHeaderMs({ 'x-ratelimit-reset': '17' }, 'requests', NOW_MS), 17_000);
  });

  it('reads stamps in any machine form', () => {
    assert.equal(stampMs('1791244800'), 1_791_244_800_000);
    assert.equal(stampMs('1791244800000'), 1_791_244_800_000);
    assert.equal(stampMs('2026-10-01T05:30:00Z'), at('2026-10-01T05:30:00Z'));
    for (const wrong of [undefined, '', '12', 'tomorrow', '2026-99-99Tx'])
      assert.equal(stampMs(wrong), undefined);
  });

  it('reads printed dates, with and without year and zone', () => {
    const utc = { nowMs: NOW_MS, zoneHours: 0 };
    assert.equal(printedMs('will reset at 10-15 16:00:00 UTC.', utc), at('2026-10-15T16:00:00Z'));
    assert.equal(printedMs('will reset at 01-02 16:00:00 UTC.', utc), at('2027-01-02T16:00:00Z'));
    assert.equal(
      printedMs('将在 2026-10-06 08:00:00 重置', { nowMs: NOW_MS, zoneHours: 8 }),
      at('2026-10-06T00:00:00Z'),
    );
    assert.equal(printedMs('at 2026-10-06T08:00:00-07:00', utc), at('2026-10-06T15:00:00Z'));
    assert.equal(printedMs('at 2020-10-06 08:00:00', utc), undefined);
    assert.equal(printedMs('no date', utc), undefined);
  });

  it('knows the midnights of providers, on the days the clocks change too', () => {
    assert.equal(pacificMidnightMs(NOW_MS), at('2026-10-01T07:00:00Z'));
    assert.equal(pacificMidnightMs(at('2026-01-15T12:34:56.789Z')), at('2026-01-16T08:00:00Z'));
    assert.equal(pacificMidnightMs(at('2026-03-08T09:00:00Z')), at('2026-03-09T07:00:00Z'));
    assert.equal(pacificMidnightMs(at('2026-11-01T08:00:00Z')), at('2026-11-02T08:00:00Z'));
    assert.equal(beijingMidnightMs(NOW_MS), at('2026-10-01T16:00:00Z'));
    assert.equal(beijingMidnightMs(at('2026-10-01T16:00:00Z')), at('2026-10-02T16:00:00Z'));
  });
});
