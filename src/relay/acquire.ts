/**
 * From "I want to start" to a permit on a channel: stands in the model's line, ranks the channels each time its turn
 * comes, reserves the first that fits, or says when one will.
 */

import type { Permit } from '../admission/permit.ts';
import type { Turn } from '../admission/queue.ts';
import type { Channel } from '../domain/channel.ts';
import { Failure } from '../domain/failure.ts';
import type { Estimate } from '../domain/limits.ts';
import { rank } from '../routing/rank.ts';
import { strategyOf } from '../routing/strategies/index.ts';
import type { Candidate } from '../routing/strategy.ts';
import { exceededBy, isBlocked } from '../state/windows.ts';
import type { Journey } from './journey.ts';

export type Start = {
  readonly channel: Channel;
  readonly permit: Permit;
  readonly secret: number;
  readonly queueMs: number;
  readonly heldBy?: string;
};

/** Throws the queue's failures, or `exceeds_limits` when no channel could ever take the call. */
export async function acquire(journey: Journey): Promise<Start> {
  const { call, rooms, model, story } = journey;
  const { clock } = rooms;
  const channels = channelsFor(journey);
  const estimates = new Map(channels.map((channel) => [channel.id, estimateOn(journey, channel)]));
  refuseImpossible(channels, estimates);

  let heldBy: string | undefined;
  const tryStart = (nowMs: number): Turn<Omit<Start, 'queueMs'>> => {
    let soonestMs = Infinity;
    const candidates: Candidate[] = [];
    for (const channel of channels) {
      const estimate = estimates.get(channel.id) as Estimate;
      const blocked = rooms.limiter.check(channel, estimate, nowMs);
      const benchedUntilMs = rooms.health.freeAt(channel, nowMs);
      const startsAtMs = Math.max(benchedUntilMs, blocked?.atMs ?? nowMs);
      if (startsAtMs > nowMs && startsAtMs < soonestMs)
        heldBy =
          benchedUntilMs > nowMs ? (rooms.health.benchOf(channel, nowMs)?.kind ?? 'bench') : blocked?.limit;
      soonestMs = Math.min(soonestMs, startsAtMs);
      candidates.push({
        channel,
        startsAtMs,
        load: startsAtMs > nowMs ? 1 : rooms.limiter.load(channel, nowMs),
      });
    }
    if (soonestMs > nowMs) return { atMs: soonestMs };
    const strategy = strategyOf(model.strategy);
    for (const { channel, startsAtMs } of rank(candidates, { strategy, nowMs, random: rooms.random })) {
      if (startsAtMs > nowMs) break;
      const permit = rooms.limiter.reserve(channel, estimates.get(channel.id) as Estimate, nowMs);
      if (isBlocked(permit)) continue;
      const secret = rooms.health.secretOf(channel.account, nowMs);
      rooms.health.started(channel, secret, nowMs);
      return {
        granted: { channel, permit, secret, ...(heldBy === undefined ? {} : { heldBy }) },
      };
    }
    return { atMs: nowMs + 1 };
  };

  const enteredAtMs = clock.now();
  try {
    const start = await rooms.queue.enter({
      line: model.name,
      arrivedAtMs: call.arrivedAtMs,
      deadlineMs: journey.deadlineMs(enteredAtMs),
      signal: call.signal,
      holdsLine: channels.length === model.channels.length,
      mayWait: call.options.onLimit === 'queue',
      hasAlternative: journey.mayFallBack,
      tryStart,
      onWait: (place) => {
        journey.place = place;
      },
    });
    return { ...start, queueMs: start.permit.grantedAtMs - enteredAtMs };
  } finally {
    journey.place = undefined;
    story.queueMs += clock.now() - enteredAtMs;
  }
}

/** Those that have not failed this call; all of them when every one has. */
function channelsFor(journey: Journey): readonly Channel[] {
  const { channels } = journey.model;
  if (journey.left.size === 0) return channels;
  const fresh = channels.filter((channel) => !journey.left.has(channel.id));
  return fresh.length > 0 ? fresh : channels;
}

const estimateOn = (journey: Journey, channel: Channel): Estimate =>
  journey.rooms.calibration.estimate(
    channel.upstreamModel,
    journey.rawInputTokens,
    journey.call.head.maxOutputTokens,
  );

function refuseImpossible(channels: readonly Channel[], estimates: ReadonlyMap<string, Estimate>): void {
  let widest: { limit: string; capacity: number; tokens: number } | undefined;
  for (const channel of channels) {
    const estimate = estimates.get(channel.id) as Estimate;
    const exceeded = exceededBy(channel.limits, estimate);
    if (exceeded === undefined) return;
    if (widest === undefined || exceeded.capacity > widest.capacity)
      widest = { ...exceeded, tokens: estimate.inputTokens };
  }
  if (widest !== undefined)
    throw new Failure('exceeds_limits', {
      message:
        `The input is about ${widest.tokens} tokens, more than the largest ${widest.limit} limit of any channel ` +
        `(${widest.capacity}): no waiting can help. Send less, or use a model with a larger limit.`,
      param: 'messages',
    });
}
