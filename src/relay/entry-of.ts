/**
 * The entry of a call that is over: its story, what it used, and what that costs. A call that failed before anything of an
 * answer reached the client is free; one whose client left pays for what was asked and delivered.
 */

import type { Call } from '../domain/call.ts';
import type { Channel, Model } from '../domain/channel.ts';
import type { CallEntry, EntryMoney, Held } from '../domain/entry.ts';
import type { Story } from '../domain/story.ts';
import { DEFAULT_TENANT } from '../domain/tenancy.ts';
import type { Usage } from '../domain/usage.ts';
import type { Hold, Ledger } from '../ledger/ledger.ts';
import type { Snapshot } from './rooms.ts';

/** A call that is over: a journey. */
export type Travelled = {
  readonly call: Call;
  readonly story: Story;
  /** The one that it came to last. */
  readonly model: Model;
  readonly snapshot: Snapshot;
  readonly hold: Hold | undefined;
};

export type Ending = { readonly ledger: Ledger; readonly free: boolean; readonly endedAtMs: number };

/** Once for a call: the money that it held has ended with it. */
export function entryOf(journey: Travelled, { ledger, free, endedAtMs }: Ending): CallEntry {
  const { call, story } = journey;
  const { key } = call;
  const channel = channelOf(journey);
  const usage = story.usage === undefined ? null : wholeOf(story.usage);
  const served = story.servedModel ?? journey.model.name;
  const money =
    channel === undefined || usage === null
      ? ledger.nothing
      : ledger.costOf({ key, model: call.head.model, served, channel, usage, free });
  return {
    id: call.id,
    instance: ledger.instance,
    arrivedAtMs: story.arrivedAtMs,
    endedAtMs,
    tenant: key.tenant ?? DEFAULT_TENANT,
    project: key.project ?? null,
    key: key.id,
    dialect: call.dialect,
    stream: story.stream,
    model: story.model,
    served: story.servedModel ?? null,
    channel: channel?.id ?? story.attempts.at(-1)?.channel ?? null,
    account: channel?.account.id ?? null,
    provider: channel?.account.provider ?? null,
    status: story.status,
    end: story.end ?? 'failed',
    failure: story.failure ?? null,
    attempts: story.attempts.length,
    queueMs: story.queueMs,
    overheadMs: story.overheadMs,
    firstContentMs: story.firstContentMs ?? null,
    durationMs: story.durationMs,
    usage,
    money,
    held: heldOf(journey, money),
    tags: call.options.tags ?? NONE,
    story: whyOf(story),
  };
}

const NONE: readonly string[] = [];

/** The channel that served, else the last that was tried. */
function channelOf({ story, model, snapshot }: Travelled): Channel | undefined {
  const id = story.servedChannel ?? story.attempts.at(-1)?.channel;
  if (id === undefined) return undefined;
  const isIt = (channel: Channel): boolean => channel.id === id;
  return model.channels.find(isIt) ?? snapshot.catalog.channels.find(isIt);
}

/** What is not charged is given back at once: nobody has to settle it. */
function heldOf({ hold }: Travelled, { chargedNano }: EntryMoney): readonly Held[] {
  if (hold === undefined) return [];
  if (chargedNano !== null && chargedNano > 0n) return hold.held;
  hold.release();
  return [];
}

/** What is counted and paid for are whole tokens, whatever a provider tells. */
function wholeOf(usage: Usage): Usage {
  const { input, cacheRead, cacheWrite, output, reasoning } = usage;
  const isWhole =
    isAmount(input) && isAmount(cacheRead) && isAmount(cacheWrite) && isAmount(output) && isAmount(reasoning);
  if (isWhole) return usage;
  return {
    ...usage,
    input: amountOf(input),
    cacheRead: amountOf(cacheRead),
    cacheWrite: amountOf(cacheWrite),
    output: amountOf(output),
    reasoning: amountOf(reasoning),
  };
}

const isAmount = (tokens: number): boolean => Number.isSafeInteger(tokens) && tokens >= 0;

const amountOf = (tokens: number): number =>
  tokens > 0 ? Math.min(Number.MAX_SAFE_INTEGER, Math.ceil(tokens)) : 0;

const whyOf = ({ attempts, fallbacks, resumed, dropped }: Story): CallEntry['story'] => ({
  attempts,
  fallbacks,
  ...(resumed === undefined ? {} : { resumed }),
  ...(dropped === undefined || dropped.length === 0 ? {} : { dropped }),
});
