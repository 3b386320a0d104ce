/**
 * The client key's own limits, counted by the same windows as the pool's and held before the call stands in any
 * model's line: a busy key waits alone. A call that fails before it is sent spends nothing of its key.
 */

import type { Permit } from '../admission/permit.ts';
import type { ClientKey } from '../domain/call.ts';
import { Failure } from '../domain/failure.ts';
import { exceededBy, isBlocked } from '../state/windows.ts';
import type { Journey } from './journey.ts';

export const hasLimits = (key: ClientKey): boolean => Object.keys(key.limits).length > 0;

/** Throws `key_limit`, or `exceeds_limits` when the call alone is too large. */
export async function holdAllowance(journey: Journey): Promise<Permit> {
  const { call, rooms } = journey;
  const { key } = call;
  const quota = { id: `key ${key.id}`, limits: key.limits };
  const estimate = rooms.calibration.estimate(
    journey.model.name,
    journey.rawInputTokens,
    call.head.maxOutputTokens,
  );
  const exceeded = exceededBy(key.limits, estimate);
  if (exceeded !== undefined)
    throw new Failure('exceeds_limits', {
      message: `The input is about ${estimate.inputTokens} tokens, more than the key's ${exceeded.limit} limit (${exceeded.capacity}).`,
      limitOwner: 'key',
    });
  try {
    return await journey.stand<Permit>({
      line: quota.id,
      arrivedAtMs: call.arrivedAtMs,
      deadlineMs: journey.deadlineMs(rooms.clock.now()),
      signal: call.departure.signal,
      holdsLine: true,
      mayWait: key.onLimit === 'queue' && call.options.onLimit === 'queue',
      hasAlternative: false,
      tryStart: (nowMs) => {
        const result = rooms.limiter.reserve(quota, estimate, nowMs);
        return isBlocked(result) ? result : { granted: result };
      },
    });
  } catch (error) {
    throw asKeyLimit(Failure.from(error), key.id);
  }
}

function asKeyLimit(failure: Failure, keyId: string): Failure {
  if (failure.kind === 'client_gone' || failure.kind === 'internal') return failure;
  const { retryAfterMs, resetAtMs } = failure.options;
  return new Failure('key_limit', {
    message: `The key '${keyId}' has reached its own limit at this relay; the upstream was not asked.`,
    limitOwner: 'key',
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(resetAtMs === undefined ? {} : { resetAtMs }),
  });
}
