/** What the queue says to a call that it does not let start, in the words of `domain/failure.ts`. */

import { Failure } from '../domain/failure.ts';

export const gone = (reason?: unknown): Failure =>
  reason instanceof Failure
    ? reason
    : new Failure('client_gone', { message: 'The client left while it waited.' });

const LONGEST_HINT_MS = 60_000;
const LEAST_HINT_MS = 1_000;

export const retryAfter = (atMs: number | undefined, nowMs: number): number =>
  Math.max(
    LEAST_HINT_MS,
    Math.min(LONGEST_HINT_MS, atMs === undefined || atMs === Infinity ? LEAST_HINT_MS : atMs - nowMs),
  );

export const hopeless = (atMs: number, nowMs: number): Failure =>
  new Failure('pool_exhausted', {
    message: `No channel can take this call before its deadline; the first is free again in ${lasting(atMs - nowMs)}.`,
    limitOwner: 'pool',
    resetAtMs: atMs,
    retryAfterMs: atMs - nowMs,
    // Out for the day is hopeless for an SDK; out for seconds is worth another try.
    retry: atMs - nowMs <= LONGEST_HINT_MS,
  });

export const waitOver = (atMs: number | undefined, nowMs: number): Failure =>
  new Failure('wait_over', {
    message: 'The longest wait for this call is over and no channel became free.',
    limitOwner: 'pool',
    retryAfterMs: retryAfter(atMs, nowMs),
  });

/** `chance` (0-1) spreads those who are turned away together, so that they do not come back together. */
export const tooLong = (waitMs: number, budgetMs: number, chance: number): Failure =>
  new Failure('wait_over', {
    message:
      `This call would have to wait for about ${lasting(Math.ceil(waitMs / 100) * 100)}, longer than the ` +
      `${lasting(Math.floor(Math.max(0, budgetMs) / 100) * 100)} that it may: ` +
      'try again later, or allow a longer wait (x-sluice-max-wait).',
    limitOwner: 'pool',
    retryAfterMs: Math.min(LONGEST_HINT_MS, (1 + 0.3 * chance) * Math.max(LEAST_HINT_MS, waitMs - budgetMs)),
  });

export const notWaiting = (atMs: number, nowMs: number): Failure =>
  new Failure('pool_limit', {
    message: 'Every channel is at its limit, and the call asked not to wait (x-sluice-on-limit: reject).',
    limitOwner: 'pool',
    retryAfterMs: retryAfter(atMs, nowMs),
  });

export const full = (what: string, atMs: number | undefined, nowMs: number): Failure =>
  new Failure('queue_full', {
    message: `${what}: try again later.`,
    limitOwner: 'pool',
    retryAfterMs: retryAfter(atMs, nowMs),
  });

/** In the unit that people would use: `4.2 s`, `12 min`, `21 days`. */
function lasting(ms: number): string {
  const minutes = ms / 60_000;
  if (minutes < 5) return `${(ms / 1_000).toFixed(1)} s`;
  if (minutes < 120) return `${Math.ceil(minutes)} min`;
  const hours = Math.ceil(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.ceil(hours / 24)} days`;
}
