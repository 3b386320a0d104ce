/**
 * How much a model's channels can start in a minute, together: what a call costs of it (of requests or of tokens,
 * whichever is the greater share), and how fast it is worked off as the channels are now.
 */

import type { Channel } from '../domain/channel.ts';
import type { Estimate, Limits } from '../domain/limits.ts';
import type { Rooms } from './rooms.ts';

/** A channel that is out for longer than this does not count. */
const OUT_MS = 5_000;
const MINUTE_MS = 60_000;

/** Share of the channels' minute that a call takes; 1 where nothing is limited by time. */
export function costOn(
  channels: readonly Channel[],
  { inputTokens, outputTokens }: Pick<Estimate, 'inputTokens' | 'outputTokens'>,
): number {
  return share(minuteOf(channels), inputTokens + outputTokens);
}

/** The same of one quota alone. */
export const costWithin = (limits: Limits, { inputTokens, outputTokens }: Estimate): number =>
  share({ requests: requestsOf(limits), tokens: limits.tpm ?? Infinity }, inputTokens + outputTokens);

/** How fast one quota alone is worked off, in shares per ms; undefined where no limit is of a time. */
export const speedWithin = (limits: Limits): number | undefined =>
  limits.tpm === undefined && requestsOf(limits) === Infinity ? undefined : 1 / MINUTE_MS;

type Minute = { readonly requests: number; readonly tokens: number };

const share = ({ requests, tokens }: Minute, callTokens: number): number =>
  requests === Infinity && tokens === Infinity ? 1 : Math.max(1 / requests, callTokens / tokens);

/** Shares per ms, as benched, ramping and cut as the channels are now; undefined where no limit tells. */
export function speedOf(
  channels: readonly Channel[],
  { limiter, health }: Pick<Rooms, 'limiter' | 'health'>,
  nowMs: number,
): number | undefined {
  const { requests, tokens } = minuteOf(channels);
  if (requests === Infinity && tokens === Infinity) return undefined;
  let live = 0;
  let out = 0;
  for (const channel of channels) {
    const part =
      requests === Infinity ? (channel.limits.tpm ?? 0) / tokens : requestsOf(channel.limits) / requests;
    const speed = part * limiter.lane(channel).liveShare(nowMs);
    if (health.freeAt(channel, nowMs) > nowMs + OUT_MS) out += speed;
    else live += speed;
  }
  // Where all are out, what counts is how fast they are once they are back.
  return (live > 0 ? live : out) / MINUTE_MS;
}

function minuteOf(channels: readonly Channel[]): Minute {
  let requests = 0;
  let tokens = 0;
  for (const { limits } of channels) {
    requests += requestsOf(limits);
    tokens += limits.tpm ?? Infinity;
  }
  return { requests, tokens };
}

/** Requests a minute, whichever limit says so. */
function requestsOf({ rpm, rps }: Limits): number {
  return Math.min(rpm ?? Infinity, rps === undefined ? Infinity : rps * 60);
}
