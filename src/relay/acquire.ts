/**
 * From "I want to start" to a permit on a channel: stands in the model's line, ranks the channels each time its turn
 * comes, reserves the first that fits, or says when one will.
 */

import type { Permit } from '../admission/permit.ts';
import type { Ask, Turn } from '../admission/queue.ts';
import type { Channel } from '../domain/channel.ts';
import { Failure } from '../domain/failure.ts';
import type { Estimate } from '../domain/limits.ts';
import { rank } from '../routing/rank.ts';
import { strategyOf } from '../routing/strategies/index.ts';
import type { Candidate } from '../routing/strategy.ts';
import { type Blocked, exceededBy, isBlocked } from '../state/windows.ts';
import type { Journey } from './journey.ts';

export type Start = {
  readonly channel: Channel;
  readonly permit: Permit;
  readonly secret: number;
  readonly queueMs: number;
  readonly heldBy?: string;
};

type Granted = Omit<Start, 'queueMs'>;

/**
 * A start, at once when one can be had at once. Throws the queue's failures, or `exceeds_limits` when no channel could
 * ever take the call.
 */
export function acquire(journey: Journey): Start | Promise<Start> {
  const { call, rooms, model } = journey;
  const channels = channelsFor(journey);
  const estimates = channels.map((channel) => estimateOn(journey, channel));
  refuseImpossible(channels, estimates);
  const nowMs = rooms.clock.now();
  const ask: Ask<Granted> = {
    line: model.name,
    arrivedAtMs: call.arrivedAtMs,
    deadlineMs: journey.deadlineMs(nowMs),
    get signal() {
      return call.departure.signal;
    },
    holdsLine: channels.length === model.channels.length,
    mayWait: call.options.onLimit === 'queue',
    hasAlternative: journey.mayFallBack,
    tryStart: startOn(journey, channels, estimates),
  };
  const granted = rooms.queue.startNow(ask);
  return granted === undefined ? wait(journey, ask, nowMs) : { ...granted, queueMs: 0 };
}

async function wait(journey: Journey, ask: Ask<Granted>, enteredAtMs: number): Promise<Start> {
  const granted = await journey.stand(ask);
  return { ...granted, queueMs: granted.permit.grantedAtMs - enteredAtMs };
}

/** Reserves the best channel that can take the call now, or tells when one can. */
function startOn(
  { rooms, model }: Journey,
  channels: readonly Channel[],
  estimates: readonly Estimate[],
): (nowMs: number) => Turn<Granted> {
  let heldBy: string | undefined;

  const reserve = (i: number, nowMs: number): Granted | Blocked => {
    const channel = channels[i] as Channel;
    const permit = rooms.limiter.reserve(channel, estimates[i] as Estimate, nowMs);
    if (isBlocked(permit)) return permit;
    const secret = rooms.health.secretOf(channel.account, nowMs);
    rooms.health.started(channel, secret, nowMs);
    return { channel, permit, secret, ...(heldBy === undefined ? {} : { heldBy }) };
  };

  /** When this channel is free, as far as can be told without reserving. */
  const startsAt = (i: number, nowMs: number): number => {
    const channel = channels[i] as Channel;
    const blocked = rooms.limiter.check(channel, estimates[i] as Estimate, nowMs);
    return Math.max(rooms.health.freeAt(channel, nowMs), blocked?.atMs ?? nowMs);
  };

  /** Waiting for this channel: remembers for the story what holds the call back. */
  const waitFor = (i: number, nowMs: number): void => {
    const channel = channels[i] as Channel;
    heldBy =
      rooms.health.benchOf(channel, nowMs)?.kind ??
      rooms.limiter.check(channel, estimates[i] as Estimate, nowMs)?.limit ??
      'trial';
  };

  const only = (nowMs: number): Turn<Granted> => {
    const channel = channels[0] as Channel;
    if (rooms.health.freeAt(channel, nowMs) <= nowMs) {
      const start = reserve(0, nowMs);
      if (!isBlocked(start)) return { granted: start };
    }
    waitFor(0, nowMs);
    return { atMs: startsAt(0, nowMs) };
  };

  const best = (nowMs: number): Turn<Granted> => {
    const candidates = channels.map((channel, i): Candidate => {
      const startsAtMs = startsAt(i, nowMs);
      return { channel, startsAtMs, load: startsAtMs > nowMs ? 1 : rooms.limiter.load(channel, nowMs) };
    });
    const ranked = rank(candidates, { strategy: strategyOf(model.strategy), nowMs, random: rooms.random });
    for (const { channel, startsAtMs } of ranked) {
      if (startsAtMs > nowMs) {
        // Those that cannot start now come last, the soonest first.
        waitFor(channels.indexOf(channel), nowMs);
        return { atMs: startsAtMs };
      }
      const start = reserve(channels.indexOf(channel), nowMs);
      if (!isBlocked(start)) return { granted: start };
    }
    return { atMs: nowMs + 1 };
  };

  return channels.length === 1 ? only : best;
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

function refuseImpossible(channels: readonly Channel[], estimates: readonly Estimate[]): void {
  let widest: { limit: string; capacity: number; tokens: number } | undefined;
  for (let i = 0; i < channels.length; i++) {
    const estimate = estimates[i] as Estimate;
    const exceeded = exceededBy((channels[i] as Channel).limits, estimate);
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
