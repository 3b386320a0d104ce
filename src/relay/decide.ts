/** After a failed attempt: move to another channel, wait, fall back to another model, or stop. */

import { ConnectionError } from '../base/fetch.ts';
import type { Failure } from '../domain/failure.ts';
import type { Start } from './acquire.ts';
import type { Journey } from './journey.ts';

/** A refusal only sends the call back into its line, where the deadline bounds it; this bounds a storm. */
const MAX_REFUSALS = 40;

/** Returns when the call may try again; throws what the client shall see when it may not. */
export function decide(journey: Journey, start: Start, failure: Failure): void {
  journey.lastFailure = failure;
  journey.payInstead(0);
  journey.returns = true;
  const { settings } = journey.snapshot;
  if (failure.rule.next === 'stop' || isUnknownOutcome(journey, failure, settings.retryUnknown))
    throw failure;
  if (journey.story.attempts.length >= MAX_REFUSALS) throw failure;
  if (failure.rule.next !== 'next') return;
  journey.left.add(start.channel.id);
  journey.failuresOnModel += 1;
  if (journey.failuresOnModel >= settings.maxAttempts && !journey.fallBack(failure)) throw failure;
}

/**
 * A hang-up this soon after the call was sent was no answer under way: a listener that drops its clients, or a kept-alive
 * connection that the provider closed at the same moment.
 */
const AT_ONCE_MS = 500;

/** Accepted, thought about and then dropped without a byte: it may have been generated, and would be paid twice. */
function isUnknownOutcome({ story, rooms }: Journey, failure: Failure, retryUnknown: boolean): boolean {
  if (failure.kind !== 'connection' || !(failure.cause instanceof ConnectionError)) return false;
  const startedAtMs = story.attempts.at(-1)?.startedAtMs ?? 0;
  return failure.cause.sent && !retryUnknown && rooms.clock.now() - startedAtMs > AT_ONCE_MS;
}

/**
 * The line let the call go without a permit. Another model may still serve it; otherwise the client learns what stood
 * in the way: the last refusal of an upstream that is unusable, else the line's own word.
 */
export function afterWait(journey: Journey, failure: Failure): void {
  const mayFallBack =
    failure.kind === 'pool_exhausted' || failure.kind === 'wait_over' || failure.kind === 'queue_full';
  if (mayFallBack && journey.fallBack(failure)) return;
  const last = journey.lastFailure;
  throw failure.kind === 'pool_exhausted' && last?.rule.next === 'next' ? last : failure;
}
