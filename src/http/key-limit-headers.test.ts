import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { toldBy } from '../providers/told.ts';
import { type KeyWindow, keyLimitHeaders } from './key-limit-headers.ts';

const NOW_MS = Date.parse('2026-10-01T00:00:00Z');
const window = (resetMs: number): KeyWindow => ({ limit: 120, remaining: 119, resetAtMs: NOW_MS + resetMs });

describe('the limits of a key', () => {
  it('are told in the words of OpenAI', () => {
    const tokens = { limit: 50_000, remaining: 48_211.7, resetAtMs: NOW_MS + 360_000 };
    assert.deepEqual(keyLimitHeaders('openai', { requests: window(12), tokens }, NOW_MS), {
      'x-ratelimit-limit-requests': '120',
      'x-ratelimit-remaining-requests': '119',
      'x-ratelimit-reset-requests': '12ms',
      'x-ratelimit-limit-tokens': '50000',
      'x-ratelimit-remaining-tokens': '48211',
      'x-ratelimit-reset-tokens': '6m0s',
    });
  });

  it('are told in the words of Anthropic', () => {
    assert.deepEqual(keyLimitHeaders('anthropic', { requests: window(20_000) }, NOW_MS), {
      'anthropic-ratelimit-requests-limit': '120',
      'anthropic-ratelimit-requests-remaining': '119',
      'anthropic-ratelimit-requests-reset': '2026-10-01T00:00:20Z',
    });
    const { 'anthropic-ratelimit-tokens-reset': reset } = keyLimitHeaders(
      'anthropic',
      { tokens: window(1) },
      NOW_MS,
    );
    assert.equal(reset, '2026-10-01T00:00:01Z', 'rounded up: earlier it is not whole');
  });

  it('are not mentioned where the key has none', () => {
    assert.deepEqual(keyLimitHeaders('openai', {}, NOW_MS), {});
    assert.deepEqual(keyLimitHeaders('anthropic', {}, NOW_MS), {});
    assert.equal(Object.keys(keyLimitHeaders('openai', { tokens: window(1) }, NOW_MS)).length, 3);
  });

  it('are whole again after a duration as Go prints it', () => {
    const printed = (ms: number): string | undefined =>
      keyLimitHeaders('openai', { requests: window(ms) }, NOW_MS)['x-ratelimit-reset-requests'];
    const table = [0, -5, 0.2, 999, 1_000, 7_660, 59_999.5, 61_001, 3_600_000, 3_723_500].map(printed);
    const expected = ['0s', '0s', '1ms', '999ms', '1s', '7.66s', '1m0s', '1m1.001s', '1h0m0s', '1h2m3.5s'];
    assert.deepEqual(table, expected);
  });

  it('are never below nothing', () => {
    const overdrawn = { limit: 2.5, remaining: -3, resetAtMs: NOW_MS };
    const headers = keyLimitHeaders('openai', { requests: overdrawn }, NOW_MS);
    assert.equal(headers['x-ratelimit-limit-requests'], '2');
    assert.equal(headers['x-ratelimit-remaining-requests'], '0');
  });

  it('are understood by whoever reads such headers of a provider', () => {
    const given = fc.record({
      limit: fc.integer({ min: 1, max: 1_000_000 }),
      remaining: fc.nat({ max: 1_000_000 }),
      resetAtMs: fc.integer({ min: 1, max: 86_400_000 }).map((ms) => NOW_MS + ms),
    });
    fc.assert(
      fc.property(given, (requests) => {
        const read = (dialect: 'openai' | 'anthropic'): Partial<KeyWindow> =>
          toldBy(keyLimitHeaders(dialect, { requests }, NOW_MS), NOW_MS).requests ?? {};
        const { limit, remaining, resetAtMs = 0 } = read('openai');
        assert.deepEqual([limit, remaining], [requests.limit, requests.remaining]);
        // Seconds with a fraction are no exact numbers: the reader rounds up.
        assert.ok([0, 1].includes(resetAtMs - requests.resetAtMs), String(resetAtMs));
        assert.equal(read('anthropic').resetAtMs, Math.ceil(requests.resetAtMs / 1_000) * 1_000);
      }),
    );
  });
});
