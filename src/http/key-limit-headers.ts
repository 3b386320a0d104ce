/**
 * What is left of the client key's own limits, in the words of the dialect the client speaks: its library then knows
 * how to slow down. Only ever of the key: an account of the pool is no business of the client's.
 * Sources: https://platform.openai.com/docs/guides/rate-limits , https://docs.claude.com/en/api/rate-limits
 */

export type KeyWindow = {
  readonly limit: number;
  readonly remaining: number;
  /** Clock time at which the window is whole again, ms. */
  readonly resetAtMs: number;
};

export type KeyLimitState = { readonly requests?: KeyWindow; readonly tokens?: KeyWindow };

export type KeyLimitDialect = 'openai' | 'anthropic';

const FAMILIES = ['requests', 'tokens'] as const;

/** Empty where the key has no such limits. */
export function keyLimitHeaders(
  dialect: KeyLimitDialect,
  state: KeyLimitState,
  nowMs: number,
): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const family of FAMILIES) {
    const window = state[family];
    if (window === undefined) continue;
    const limit = String(Math.floor(window.limit));
    const remaining = String(Math.max(0, Math.floor(window.remaining)));
    // A time that has passed is now: the window is whole.
    const resetAtMs = Math.max(nowMs, window.resetAtMs);
    if (dialect === 'anthropic') {
      headers[`anthropic-ratelimit-${family}-limit`] = limit;
      headers[`anthropic-ratelimit-${family}-remaining`] = remaining;
      headers[`anthropic-ratelimit-${family}-reset`] = stampOf(resetAtMs);
    } else {
      headers[`x-ratelimit-limit-${family}`] = limit;
      headers[`x-ratelimit-remaining-${family}`] = remaining;
      headers[`x-ratelimit-reset-${family}`] = durationOf(resetAtMs - nowMs);
    }
  }
  return headers;
}

/** RFC 3339 in whole seconds, as Anthropic writes it; never before the window is whole. */
const stampOf = (atMs: number): string =>
  new Date(Math.ceil(atMs / 1_000) * 1_000).toISOString().replace('.000Z', 'Z');

/** As Go prints a duration, and OpenAI with it: `0s`, `12ms`, `1.5s`, `6m0s`, `1h0m0s`. */
function durationOf(ms: number): string {
  const whole = Math.ceil(ms);
  if (whole === 0) return '0s';
  if (whole < 1_000) return `${whole}ms`;
  const hours = Math.floor(whole / 3_600_000);
  const minutes = Math.floor((whole % 3_600_000) / 60_000);
  const seconds = `${(whole % 60_000) / 1_000}s`;
  if (hours > 0) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}
