/**
 * Fallback by the wait foreseen: when a call would wait longer than its model allows and a fallback would be quicker,
 * it is served there. Between once and twice that wait chance decides, the more surely the longer the wait: a threshold
 * alone would send everybody over, find the line empty, and send everybody back.
 */

import { lineOf, type Model } from '../domain/channel.ts';
import { Failure } from '../domain/failure.ts';
import type { Journey } from './journey.ts';
import type { Pool } from './pool.ts';

/** A fallback must be quicker by this much: it is another model, after all. */
const PENALTY_MS = 500;

/** True when the call has moved to a fallback model. */
export function prefersFallback(journey: Journey, poolOf: (model: Model) => Pool): boolean {
  const { model, rooms } = journey;
  const { fallbackAfterMs } = model;
  const fallback = journey.nextFallback;
  if (fallbackAfterMs === undefined || fallback === undefined) return false;
  const nowMs = rooms.clock.now();
  const waitMs = foreseenWaitMs(journey, lineOf(model), poolOf(model).soonestMs(nowMs) - nowMs);
  const share = (waitMs - fallbackAfterMs) / Math.max(1, fallbackAfterMs);
  if (share <= 0 || rooms.random() >= share) return false;
  // A turn of tools goes on with whoever thought it.
  const bound = journey.boundTo([...model.channels, ...fallback.channels]);
  if (bound !== undefined && !fallback.channels.some(({ account }) => account.provider === bound))
    return false;
  const thereMs = foreseenWaitMs(journey, lineOf(fallback), poolOf(fallback).soonestMs(nowMs) - nowMs);
  if (thereMs + PENALTY_MS >= waitMs) return false;
  return journey.fallBack(
    new Failure('wait_over', {
      message: `The wait for ${model.name} would be ${(waitMs / 1_000).toFixed(1)} s.`,
      limitOwner: 'pool',
    }),
  );
}

/** The line's wait, or the first channel's where nobody waits. */
function foreseenWaitMs({ call, rooms, maxWaitMs }: Journey, line: string, firstMs: number): number {
  const inLineMs = rooms.queue.expectedWaitMs(line, {
    priority: call.options.priority,
    tenant: call.key.id,
    weight: call.key.weight,
    orderMs: call.arrivedAtMs + maxWaitMs,
  });
  // Nobody knows when a slot comes free.
  return Math.max(inLineMs ?? 0, firstMs === Infinity ? 0 : firstMs);
}
