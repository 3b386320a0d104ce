/**
 * From "I want to start" to a permit on a channel: at once where one is free and nobody waits, else from the model's
 * line, or not at all where a fallback model would be quicker.
 */

import type { Ask } from '../admission/queue.ts';
import { wireOf } from '../dialects/index.ts';
import type { Call } from '../domain/call.ts';
import { type Channel, lineOf, type Model } from '../domain/channel.ts';
import { Failure } from '../domain/failure.ts';
import type { Estimate } from '../domain/limits.ts';
import { type Exceeded, exceededBy } from '../state/windows.ts';
import { ableFor } from './able.ts';
import { costOn } from './capacity.ts';
import { prefersFallback } from './foresee.ts';
import type { Journey } from './journey.ts';
import { ownFault } from './own-fault.ts';
import { type Granted, Pool } from './pool.ts';

export type Start = Granted & {
  readonly queueMs: number;
  /** Share of the line's minute that it paid for; undefined: there was no line, and nothing to pay. */
  readonly cost: number | undefined;
};

/**
 * A start, at once when one can be had at once; undefined: the call moved to a fallback model and asks again. Throws
 * the queue's failures, or `exceeds_limits` when no channel could ever take the call.
 */
export function acquire(journey: Journey): Start | Promise<Start> | undefined {
  const { rooms, model } = journey;
  const pool = poolOf(journey, model);
  refuseImpossible(pool, journey.call);
  // The usual case, for which nothing is made that only waiting needs.
  if (!journey.returns && rooms.queue.isEmpty(lineOf(model))) {
    const turn = pool.tryStart(rooms.clock.now());
    if ('granted' in turn) return { ...turn.granted, queueMs: 0, cost: undefined };
  }
  if (prefersFallback(journey, (other) => (other === model ? pool : poolOf(journey, other))))
    return undefined;
  return wait(journey, askOf(journey, pool), rooms.clock.now());
}

function askOf(journey: Journey, first: Pool): Ask<Granted> {
  const { call, rooms, model } = journey;
  const follow = poolFollowing(journey, first);
  return {
    line: lineOf(model),
    tenant: call.key.id,
    weight: call.key.weight,
    priority: call.options.priority,
    cost: costOn(model.channels, first.estimates[0] as Estimate),
    bytes: call.body.length,
    orderMs: call.arrivedAtMs + journey.maxWaitMs,
    deadlineMs: journey.deadlineMs(rooms.clock.now()),
    departure: call.departure,
    mayWait: call.options.onLimit === 'queue',
    returns: journey.returns,
    ownWait: call.options.maxWaitMs !== undefined,
    tryStart: (atMs) => {
      if (journey.returns) {
        const own = ownFault(journey);
        if (own !== undefined) throw own;
        if (journey.notBeforeMs > atMs) return { atMs: journey.notBeforeMs, byChoice: true };
      }
      const turn = follow().tryStart(atMs);
      // Others may have more channels left, or be sent for the first time: it does not hold them up.
      return 'granted' in turn || !(journey.returns || isPartial(journey, follow()))
        ? turn
        : { ...turn, byChoice: true };
    },
    hold: (atMs) => follow().hold(atMs),
    release: () => follow().release(),
    speed: (atMs) => follow().speed(atMs),
  };
}

async function wait(journey: Journey, ask: Ask<Granted>, enteredAtMs: number): Promise<Start> {
  let charged = false;
  const granted = await journey.stand(ask, () => {
    charged = true;
  });
  return {
    ...granted,
    queueMs: granted.permit.grantedAtMs - enteredAtMs,
    cost: charged ? ask.cost : undefined,
  };
}

/** A configuration that changes while the call waits changes where it may start. */
function poolFollowing(journey: Journey, first: Pool): () => Pool {
  const { model, rooms } = journey;
  let { catalog } = rooms.snapshot();
  let pool = first;
  return () => {
    const latest = rooms.snapshot().catalog;
    if (latest !== catalog) {
      catalog = latest;
      pool.release();
      pool = poolOf(journey, model);
    }
    return pool;
  };
}

/** The model's channels as they are configured now; as the call knew them where there are none any more. */
function channelsNow(journey: Journey, model: Model): readonly Channel[] {
  const { call, rooms } = journey;
  const latest = rooms.snapshot().catalog.resolve(model.name);
  const able = latest && ableFor(call, latest, rooms).channels;
  const channels = able === undefined || able.length === 0 ? model.channels : able;
  if (call.wishes === undefined) return channels;
  const wished = journey.channelsOf(channels);
  return wished.length === 0 ? journey.channelsOf(model.channels) : wished;
}

function poolOf(journey: Journey, model: Model): Pool {
  const { call, rooms } = journey;
  const channels = channelsFor(journey, model);
  const nowMs = rooms.clock.now();
  return new Pool({
    rooms,
    strategy: model.strategy,
    channels,
    estimates: channels.map((channel) => estimateOn(journey, channel)),
    warmChannel: journey.warmChannel(model),
    boundTo: journey.boundTo(channels),
    mayTryAt: journey.wasSent ? (channel, atMs) => journey.mayTryAt(channel, atMs) : undefined,
    maxWaitMs: call.options.onLimit === 'queue' ? journey.deadlineMs(nowMs) - nowMs : 0,
  });
}

const isPartial = (journey: Journey, { channels }: Pool): boolean =>
  journey.left.size > 0 && channels.length < channelsNow(journey, journey.model).length;

/** Those that have not failed this call; when every one has, all that can do what it asks. */
function channelsFor(journey: Journey, model: Model): readonly Channel[] {
  const channels = channelsNow(journey, model);
  if (journey.left.size === 0) return channels;
  const { left, barred } = journey;
  const fresh = channels.filter(({ id }) => !left.has(id));
  if (fresh.length > 0) return fresh;
  const able = channels.filter(({ id }) => !barred.has(id));
  return able.length > 0 ? able : channels;
}

const estimateOn = (journey: Journey, channel: Channel): Estimate =>
  journey.rooms.calibration.estimate(channel.upstreamModel, {
    key: journey.call.key.id,
    rawInputTokens: journey.rawInputTokens,
    maxOutputTokens: journey.call.head.maxOutputTokens,
  });

function refuseImpossible({ channels, estimates }: Pool, { dialect }: Call): void {
  let widest: (Exceeded & { readonly input: number }) | undefined;
  for (let i = 0; i < channels.length; i++) {
    const estimate = estimates[i] as Estimate;
    const exceeded = exceededBy((channels[i] as Channel).limits, estimate);
    if (exceeded === undefined) return;
    if (widest === undefined || exceeded.capacity > widest.capacity)
      widest = { ...exceeded, input: estimate.inputTokens };
  }
  if (widest === undefined) return;
  const { limit, capacity, tokens, input } = widest;
  const what =
    tokens > input
      ? `input and max_tokens are about ${tokens} tokens together`
      : `input is about ${tokens} tokens`;
  throw new Failure('exceeds_limits', {
    message:
      `The ${what}, more than the largest ${limit} limit of any channel (${capacity}): no waiting can help. ` +
      'Send less, or use a model with a larger limit.',
    // What else is asked for than a chat stands in a field of its own.
    ...(wireOf(dialect).task === undefined ? { param: tokens > input ? 'max_tokens' : 'messages' } : {}),
  });
}
