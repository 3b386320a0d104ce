import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { groq } from './groq.ts';
import { openai } from './openai.ts';
import { openaiCompatible } from './openai-compatible.ts';
import { toldBy, toldPerDay } from './told.ts';

const NOW_MS = Date.parse('2026-10-01T00:00:00Z');

describe('what a provider tells of the arrival', () => {
  it('is its own clock, in DashScope words', () => {
    const headers = { 'req-arrive-time': '1791244800123', 'req-cost-time': '842' };
    assert.deepEqual(toldBy(headers, NOW_MS), { arrivedAtMs: 1_791_244_800_123 });
  });

  it('follows from start and cost where the arrival is missing', () => {
    const started = { 'resp-start-time': '1791244800965' };
    assert.deepEqual(toldBy({ ...started, 'req-cost-time': '842' }, NOW_MS), {
      arrivedAtMs: 1_791_244_800_123,
    });
    for (const cost of [{}, { 'req-cost-time': 'long' }, { 'req-cost-time': '1791244800965' }])
      assert.deepEqual(toldBy({ ...started, ...cost }, NOW_MS), {});
  });

  it('is passed over when it is no time', () => {
    for (const wrong of ['', 'now', '-1', '1.5', '12345678901234567890'])
      assert.deepEqual(toldBy({ 'req-arrive-time': wrong }, NOW_MS), {}, wrong);
  });
});

describe('what a provider tells of its windows', () => {
  it('is read in the words of OpenAI', () => {
    const headers = {
      'x-ratelimit-limit-requests': '500',
      'x-ratelimit-remaining-requests': '499',
      'x-ratelimit-reset-requests': '120ms',
      'x-ratelimit-limit-tokens': '30000',
      'x-ratelimit-remaining-tokens': '28750',
      'x-ratelimit-reset-tokens': '6m0s',
    };
    assert.deepEqual(openai.readTold(headers, NOW_MS), {
      requests: { limit: 500, remaining: 499, resetAtMs: NOW_MS + 120 },
      tokens: { limit: 30_000, remaining: 28_750, resetAtMs: NOW_MS + 360_000 },
    });
  });

  it('has resets in durations, seconds and moments', () => {
    const resetOf = (reset: string): number | undefined => {
      const headers = { 'x-ratelimit-remaining-tokens': '5', 'x-ratelimit-reset-tokens': reset };
      const { resetAtMs } = toldBy(headers, NOW_MS).tokens ?? {};
      return resetAtMs === undefined ? undefined : resetAtMs - NOW_MS;
    };
    assert.equal(resetOf('1h2m3.5s'), 3_723_500);
    assert.equal(resetOf('7.66s'), 7_660);
    assert.equal(resetOf('59.7'), 59_700);
    assert.equal(resetOf(String(NOW_MS / 1_000 + 9)), 9_000);
    assert.equal(resetOf('2026-10-01T00:00:20Z'), 20_000);
    for (const wrong of ['', '0s', '-1s', 'soon', '2020-01-01T00:00:00Z'])
      assert.equal(resetOf(wrong), undefined, wrong);
  });

  it('is read in the words of Anthropic, input and output apart', () => {
    const of = (name: string, limit: number, remaining: number): Record<string, string> => ({
      [`anthropic-ratelimit-${name}-limit`]: String(limit),
      [`anthropic-ratelimit-${name}-remaining`]: String(remaining),
      [`anthropic-ratelimit-${name}-reset`]: '2026-10-01T00:00:20Z',
    });
    const headers = {
      ...of('requests', 50, 49),
      ...of('tokens', 40_000, 39_000),
      ...of('input-tokens', 32_000, 31_500),
      ...of('output-tokens', 8_000, 7_500),
    };
    const resetAtMs = NOW_MS + 20_000;
    assert.deepEqual(toldBy(headers, NOW_MS), {
      requests: { limit: 50, remaining: 49, resetAtMs },
      tokens: { limit: 40_000, remaining: 39_000, resetAtMs },
      inputTokens: { limit: 32_000, remaining: 31_500, resetAtMs },
      outputTokens: { limit: 8_000, remaining: 7_500, resetAtMs },
    });
  });

  it('is read in both ways of Mistral', () => {
    const bySize = {
      'x-ratelimitbysize-limit-minute': '500000',
      'x-ratelimitbysize-remaining-minute': '499969',
      'x-ratelimitbysize-limit-month': '1000000000',
      'x-ratelimitbysize-remaining-month': '999999969',
      'ratelimitbysize-reset': '41',
    };
    assert.deepEqual(toldBy(bySize, NOW_MS), {
      tokens: { limit: 500_000, remaining: 499_969, resetAtMs: NOW_MS + 41_000 },
    });
    const named = {
      'x-ratelimit-limit-req-minute': '50',
      'x-ratelimit-remaining-req-minute': '49',
      'x-ratelimit-limit-tokens-minute': '50000',
      'x-ratelimit-remaining-tokens-minute': '47300',
    };
    assert.deepEqual(toldBy(named, NOW_MS), {
      requests: { limit: 50, remaining: 49 },
      tokens: { limit: 50_000, remaining: 47_300 },
    });
  });

  it('has the requests of a day apart: by name, and where the provider means the day', () => {
    const named = {
      'x-ratelimit-limit-requests-day': '14400',
      'x-ratelimit-remaining-requests-day': '14399',
    };
    assert.deepEqual(toldBy(named, NOW_MS), { requestsPerDay: { limit: 14_400, remaining: 14_399 } });
    const headers = {
      'x-ratelimit-limit-requests': '14400',
      'x-ratelimit-remaining-requests': '14370',
      'x-ratelimit-reset-requests': '2m59.56s',
      'x-ratelimit-limit-tokens': '18000',
      'x-ratelimit-remaining-tokens': '17997',
      'x-ratelimit-reset-tokens': '7.66s',
    };
    assert.deepEqual(groq.readTold(headers, NOW_MS), {
      requestsPerDay: { limit: 14_400, remaining: 14_370, resetAtMs: NOW_MS + 179_560 },
      tokens: { limit: 18_000, remaining: 17_997, resetAtMs: NOW_MS + 7_660 },
    });
    assert.deepEqual(groq.readTold({}, NOW_MS), {});
    assert.ok('requests' in openaiCompatible.readTold(headers, NOW_MS));
  });

  it('has no limit where nobody says of which window', () => {
    const plain = { 'ratelimit-limit': '100, 100;w=60', 'ratelimit-remaining': '98', 'ratelimit-reset': '3' };
    assert.deepEqual(toldBy(plain, NOW_MS), { requests: { remaining: 98, resetAtMs: NOW_MS + 3_000 } });
    const older = {
      'x-ratelimit-limit': '20',
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': String(NOW_MS + 5_000),
    };
    assert.deepEqual(toldBy(older, NOW_MS), { requests: { remaining: 0, resetAtMs: NOW_MS + 5_000 } });
  });

  it('leaves out what means nothing: -1, a limit of 0, words', () => {
    const azure = { 'x-ratelimit-remaining-requests': '-1', 'x-ratelimit-limit-requests': '250' };
    assert.deepEqual(toldBy(azure, NOW_MS), { requests: { limit: 250 } });
    assert.deepEqual(toldBy({ ...azure, 'x-ratelimit-limit-requests': '-1' }, NOW_MS), {});
    const none = { 'x-ratelimit-remaining-req-minute': '0', 'x-ratelimit-limit-req-minute': '0' };
    assert.deepEqual(toldBy(none, NOW_MS), { requests: { remaining: 0 } });
    assert.deepEqual(toldBy({ 'x-ratelimit-remaining-tokens': 'many' }, NOW_MS), {});
  });

  it('is the same nothing for all answers that tell nothing', () => {
    const told = toldBy({ 'content-type': 'application/json' }, NOW_MS);
    assert.deepEqual(told, {});
    assert.equal(toldBy({}, 1), told);
    assert.ok(Object.isFrozen(told));
  });

  it('is finite and never negative, whatever the headers', () => {
    const families = ['x-ratelimit', 'anthropic-ratelimit', 'x-ratelimitbysize', 'ratelimit', 'req', 'resp'];
    const parts = [
      'limit',
      'remaining',
      'reset',
      'requests',
      'tokens',
      'input-tokens',
      'minute',
      'day',
      'time',
    ];
    const name = fc
      .tuple(fc.constantFrom(...families), fc.array(fc.constantFrom(...parts), { maxLength: 2 }))
      .map(([family, rest]) => [family, ...rest].join('-'));
    const values = [
      '-1',
      '0',
      '1e400',
      '6m0s',
      '99999999999999999999',
      '2026-10-01T00:00:20Z',
      'NaN',
      '1, 2',
    ];
    const value = fc.oneof(fc.string({ maxLength: 30 }), fc.constantFrom(...values), fc.nat().map(String));
    const arrival = fc.constantFrom('req-arrive-time', 'resp-start-time', 'req-cost-time', '__proto__');
    const headers = fc.dictionary(fc.oneof(name, arrival), value, { maxKeys: 8 });
    fc.assert(
      fc.property(headers, fc.integer({ min: 0, max: 4_000_000_000_000 }), (given, nowMs) => {
        for (const { arrivedAtMs, ...windows } of [toldBy(given, nowMs), toldPerDay(given, nowMs)]) {
          if (arrivedAtMs !== undefined) assert.ok(Number.isSafeInteger(arrivedAtMs) && arrivedAtMs >= 0);
          for (const { limit, remaining, resetAtMs } of Object.values(windows)) {
            assert.ok(limit !== undefined || remaining !== undefined);
            if (limit !== undefined) assert.ok(Number.isSafeInteger(limit) && limit > 0);
            if (remaining !== undefined) assert.ok(Number.isSafeInteger(remaining) && remaining >= 0);
            if (resetAtMs !== undefined) assert.ok(Number.isFinite(resetAtMs) && resetAtMs > nowMs);
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});
