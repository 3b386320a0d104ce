/**
 * The client key's own limits, counted by the same windows as the pool's and held before the call stands in any
 * model's line: a busy key waits alone. A call that fails before it is sent spends nothing of its key.
 */

import type { Quota } from '../admission/limiter.ts';
import type { Permit } from '../admission/permit.ts';
import type { ClientKey } from '../domain/call.ts';
import { Failure } from '../domain/failure.ts';
import type { LimitName } from '../domain/limits.ts';
import { exceededBy, isBlocked } from '../state/windows.ts';
import { costWithin, speedWithin } from './capacity.ts';
import type { Journey } from './journey.ts';

export const quotaOfKey = (key: ClientKey): Quota => ({
  id: `key ${key.id}`,
  limits: key.limits,
  ours: true,
});

export const hasLimits = (key: ClientKey): boolean => Object.keys(key.limits).length > 0;

/** Throws `key_limit`, or `exceeds_limits` when the call alone is too large. */
export async function holdAllowance(journey: Journey): Promise<Permit> {
  const { call, rooms } = journey;
  const { key } = call;
  const quota = quotaOfKey(key);
  const estimate = rooms.calibration.estimate(
    journey.model.channels[0]?.upstreamModel ?? journey.model.name,
    {
      key: key.id,
      rawInputTokens: journey.rawInputTokens,
      maxOutputTokens: call.head.maxOutputTokens,
    },
  );
  const exceeded = exceededBy(key.limits, estimate);
  if (exceeded !== undefined)
    throw new Failure('exceeds_limits', {
      message: `The input is about ${exceeded.tokens} tokens, more than the key's ${exceeded.limit} limit (${exceeded.capacity}).`,
      limitOwner: 'key',
    });
  let limit: LimitName | undefined;
  try {
    return await journey.stand<Permit>({
      line: quota.id,
      tenant: key.id,
      weight: 1,
      priority: call.options.priority,
      cost: costWithin(key.limits, estimate),
      bytes: call.body.length,
      orderMs: call.arrivedAtMs + journey.maxWaitMs,
      deadlineMs: journey.deadlineMs(rooms.clock.now()),
      departure: call.departure,
      mayWait: key.onLimit === 'queue' && call.options.onLimit === 'queue',
      returns: false,
      ownWait: call.options.maxWaitMs !== undefined,
      tryStart: (nowMs) => {
        const result = rooms.limiter.reserve(quota, estimate, { nowMs });
        if (!isBlocked(result)) return { granted: result };
        limit = result.limit;
        return result;
      },
      speed: () => speedWithin(key.limits),
    });
  } catch (error) {
    throw asKeyLimit(Failure.from(error), key, limit);
  }
}

function asKeyLimit(failure: Failure, { id, limits }: ClientKey, limit: LimitName | undefined): Failure {
  if (failure.kind === 'client_gone' || failure.kind === 'internal') return failure;
  const { retryAfterMs, resetAtMs } = failure.options;
  const which = limit === undefined || limit === 'ramp' ? '' : ` (${limit}: ${limits[limit]})`;
  return new Failure('key_limit', {
    message: `The key '${id}' has reached its own limit${which} at this relay; the upstream was not asked.`,
    limitOwner: 'key',
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(resetAtMs === undefined ? {} : { resetAtMs }),
  });
}
