/** After a failed attempt: move to another channel, wait, fall back to another model, or stop. */

import { ConnectionError } from '../base/fetch.ts';
import type { Channel } from '../domain/channel.ts';
import { Failure } from '../domain/failure.ts';
import type { Start } from './acquire.ts';
import type { Journey } from './journey.ts';
import { ownFault } from './own-fault.ts';

/** A refusal only sends the call back into its line, where the deadline bounds it; this bounds a storm. */
const MAX_REFUSALS = 40;

/** Returns when the call may try again; throws what the client shall see when it may not. */
export function decide(journey: Journey, start: Start, failure: Failure): void {
  journey.lastFailure = failure;
  journey.payInstead(0);
  journey.returns = true;
  const { settings } = journey.snapshot;
  if (failure.kind === 'invalid_request' && failure.scope === 'channel') {
    lookElsewhere(journey, start.channel, failure);
    return;
  }
  if (failure.rule.next === 'stop') throw failure;
  if (failure.kind === 'too_large') {
    lookForLarger(journey, start.channel, failure);
    return;
  }
  if (isUnknownOutcome(journey, failure) && !settings.retryUnknown) throw definite(failure);
  journey.refusedBy(start.channel, failure, start.permit);
  const own = ownFault(journey);
  if (own !== undefined) throw own;
  if (journey.story.attempts.length >= MAX_REFUSALS) throw failure;
  if (failure.rule.next !== 'next') return;
  journey.left.add(start.channel.id);
  if (failure.scope === 'request') journey.barred.add(start.channel.id);
  journey.failuresOnModel += 1;
  if ((isHopeless(journey) || journey.failuresOnModel >= settings.maxAttempts) && !journey.fallBack(failure))
    throw failure;
}

/** What one has no place for another may take, whose dialect is the client's own. */
function lookElsewhere(journey: Journey, tried: Channel, failure: Failure): void {
  journey.left.add(tried.id);
  journey.barred.add(tried.id);
  if (isHopeless(journey) && !journey.fallBack(failure)) throw failure;
}

/** No channel of the model can do what is asked, at any time. */
const isHopeless = (journey: Journey): boolean =>
  journey.channelsOf(journey.model.channels).every(({ id }) => journey.barred.has(id));

/** Only a channel that takes more tokens could serve it; where no limit is known, one more is tried. */
function lookForLarger(journey: Journey, tried: Channel, failure: Failure): void {
  const least = tried.limits.tpm ?? 0;
  const channels = journey.channelsOf(journey.model.channels);
  for (const channel of channels)
    if (channel.id === tried.id || (channel.limits.tpm ?? 0) <= least) journey.left.add(channel.id);
  const isLarger = channels.some(({ id }) => !journey.left.has(id));
  if (!isLarger && !journey.fallBack(failure)) throw failure;
}

/**
 * Taken in and then dropped without a byte: it may have been generated, and would be paid twice. A head that was followed
 * by no content is a stream that died before it began.
 */
const isUnknownOutcome = ({ story }: Journey, { kind, cause }: Failure): boolean =>
  kind === 'connection' &&
  cause instanceof ConnectionError &&
  cause.sent &&
  story.attempts.at(-1)?.headMs === undefined;

/** Nor shall the client's SDK send it again by itself. */
const definite = ({ kind, options }: Failure): Failure =>
  new Failure(kind, {
    ...options,
    message: `${options.message} It may have been answered and billed, so it was not sent again (retry_unknown).`,
    retry: false,
  });

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
