/**
 * The channels that may serve a call whose client has wishes, in the order that it wishes: an order becomes tiers, so
 * that everything else (what is free, benches, waiting) goes its usual way.
 */

import { DOLLARS_FOR } from '../catalog/rates.ts';
import type { Channel } from '../domain/channel.ts';
import { costOf, nanoOf } from '../domain/cost.ts';
import { type Needs, type Price, priceOf, shortfallOf } from '../domain/model-facts.ts';
import type { ChannelWishes, MaxPrice } from '../domain/wishes.ts';
import type { Pace } from '../routing/pace.ts';

/** Names that OpenRouter gives to providers that have another one here: https://openrouter.ai/docs/features/provider-routing */
const SLUGS: ReadonlyMap<string, string> = new Map([
  ['alibaba', 'qwen'],
  ['google', 'gemini'],
  ['google-ai-studio', 'gemini'],
  ['google-vertex', 'vertex'],
  ['moonshotai', 'moonshot'],
  ['z-ai', 'zhipu'],
  ['x-ai', 'xai'],
  ['mistralai', 'mistral'],
  ['seed', 'volcengine'],
  ['bytedance', 'volcengine'],
  ['baidu', 'qianfan'],
  ['tencent', 'hunyuan'],
]);

/** It is a relay of its own, and is told what the client wishes of the providers behind it. */
export const UNDERSTANDS_WISHES = 'openrouter';

export type WishedOn = {
  readonly wishes: ChannelWishes;
  readonly pace: Pick<Pace, 'latencyMs' | 'tokensPerSecond'>;
  readonly needs: () => Needs;
  /** Infinity: the client set no bound. */
  readonly maxOutputTokens: number;
  readonly nowMs: number;
};

/** None: the client's wishes leave no channel. */
export function wishedChannels(channels: readonly Channel[], on: WishedOn): readonly Channel[] {
  const { order, allowFallbacks, sort } = on.wishes;
  const allowed = channels.filter((channel) => isAllowed(channel, on));
  if (order === undefined && sort === undefined) return allowed;
  const ranks = sort === undefined ? allowed.map(({ tier }) => tier) : ranksOf(allowed, on);
  const named = (channel: Channel): number => order?.findIndex((name) => isNamed(channel, name)) ?? -1;
  return allowed.flatMap((channel, i) => {
    const place = named(channel);
    if (place >= 0) return [{ ...channel, tier: place }];
    if (order !== undefined && !allowFallbacks && !isRelay(channel)) return [];
    return [{ ...channel, tier: (order?.length ?? 0) + (ranks[i] ?? 0) }];
  });
}

const isRelay = ({ account }: Channel): boolean => account.provider === UNDERSTANDS_WISHES;

function isAllowed(channel: Channel, { wishes, needs, nowMs }: WishedOn): boolean {
  const { only, ignore, maxPrice, requireParameters } = wishes;
  const isOneOf = (names: readonly string[]): boolean => names.some((name) => isNamed(channel, name));
  if (only !== undefined && !isOneOf(only) && !isRelay(channel)) return false;
  if (ignore !== undefined && isOneOf(ignore)) return false;
  if (maxPrice !== undefined && !isRelay(channel) && !isWithin(priceAt(channel, nowMs), maxPrice))
    return false;
  return (
    !requireParameters || channel.facts === undefined || shortfallOf(channel.facts, needs()) === undefined
  );
}

/** By the account, the provider, or the provider in one region: `qwen`, `alibaba`, `qwen/singapore`. */
function isNamed({ account }: Channel, name: string): boolean {
  if (account.id.toLowerCase() === name) return true;
  const [provider = '', ...place] = name.split('/');
  if ((SLUGS.get(provider) ?? provider) !== account.provider) return false;
  return place.length === 0 || place.join('/') === account.place;
}

const priceAt = ({ facts }: Channel, nowMs: number): Price | undefined => facts && priceOf(facts, { nowMs });

/** What has no known price is within no bound. */
function isWithin(price: Price | undefined, { prompt = Infinity, completion = Infinity }: MaxPrice): boolean {
  const rate = price?.currency === 'USD' ? '1' : price && DOLLARS_FOR[price.currency];
  const tier = price?.tiers[0];
  if (rate === undefined || tier?.input === undefined) return false;
  const dollars = (each: string): number => Number(each) * Number(rate);
  return dollars(tier.input) <= prompt && dollars(tier.output ?? '0') <= completion;
}

/** Of an answer that the client does not bound, for the sake of comparison. */
const USUAL_OUTPUT = 1_000;
/** Channels that differ by less are as good as each other. */
const LIKENESS = 1.25;

/** The best is 0; what is unknown comes last by price, and first where only trying it makes it known. */
function ranksOf(channels: readonly Channel[], on: WishedOn): readonly number[] {
  const { sort } = on.wishes;
  if (sort === 'price') {
    const costs = channels.map((channel) => costOn(channel, on));
    const ascending = [...new Set(costs)].sort((a, b) => (a < b ? -1 : 1));
    return costs.map((cost) => ascending.indexOf(cost));
  }
  const times = channels.map(({ id }) => {
    const pace =
      sort === 'latency' ? on.pace.latencyMs(id) : 1_000 / (on.pace.tokensPerSecond(id) ?? Infinity);
    return pace === undefined || pace <= 0 ? undefined : pace;
  });
  const best = Math.min(...times.flatMap((time) => time ?? []));
  return times.map((time) =>
    time === undefined ? 0 : Math.floor(Math.log(Math.max(1, time / best)) / Math.log(LIKENESS)),
  );
}

/** Dearer than anything that has a price. */
const UNPRICED = nanoOf('1000000');

function costOn(channel: Channel, { needs, maxOutputTokens, nowMs }: WishedOn): bigint {
  const price = priceAt(channel, nowMs);
  if (price === undefined) return UNPRICED;
  const output = maxOutputTokens === Infinity ? USUAL_OUTPUT : maxOutputTokens;
  const usage = { input: needs().inputTokens, cacheRead: 0, cacheWrite: 0, output, reasoning: 0 };
  return costOf(price, usage, { rates: DOLLARS_FOR }) ?? UNPRICED;
}
