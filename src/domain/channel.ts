/** Who can answer: accounts own quota, channels are account x upstream model, models are what clients ask for. */

import type { BodyRules } from './body-rules.ts';
import type { Limits } from './limits.ts';
import type { ModelFacts } from './model-facts.ts';

export type Account = {
  readonly id: string;
  /** Id of a provider, e.g. `qwen`. */
  readonly provider: string;
  /** The provider's region, where it has regions. */
  readonly region?: string;
  /** Tells one installation of the provider from another: the region, or the host of an address of its own. */
  readonly place?: string;
  /** Without a trailing slash. */
  readonly baseUrl: string;
  /** Several secrets of one account share its limits. */
  readonly secrets: readonly string[];
  /** For how long the provider may keep a call in a line of its own, where it has one, ms. */
  readonly waitTimeoutMs?: number;
  /** How long an answer is read on after its client left, ms; 0 or absent: not at all. */
  readonly drainMs?: number;
  /** Are plain calls asked for as streams? Undefined: the provider's way. */
  readonly streamUpstream?: 'on' | 'off';
  /** Paths that are passed through to it; undefined: what its provider is known to have. */
  readonly passes?: readonly string[];
  /** What is changed in every body, after the provider's own rules. */
  readonly bodyRules?: BodyRules;
};

/** Set by hand. `paused` and `draining`: no attempt begins; what runs goes on to its end. */
export const CHANNEL_STATES = ['active', 'paused', 'draining'] as const;
export type ChannelState = (typeof CHANNEL_STATES)[number];

export type Channel = {
  /** `account/upstream-model`, safe to show. */
  readonly id: string;
  readonly account: Account;
  /** The provider's own name of the model. */
  readonly upstreamModel: string;
  /** Shared by the channels of one provider, place and model: `qwen/beijing/qwen3-max`. */
  readonly family?: string;
  readonly limits: Limits;
  /** Lower is tried first. */
  readonly tier: number;
  /** Share of traffic among channels of one tier under `weighted`. */
  readonly weight: number;
  /** What is known of the model there; its prices are those of the account's region. */
  readonly facts?: ModelFacts;
  /** Absent: it takes calls. */
  readonly state?: Exclude<ChannelState, 'active'>;
};

export type Model = {
  /** What clients ask for. */
  readonly name: string;
  readonly channels: readonly Channel[];
  /** Models with the same channels share one line, or one of them would starve the other. Default: its own. */
  readonly line?: string;
  /** Id of a strategy in `routing/strategies`. */
  readonly strategy: string;
  /** Models tried in this order when no channel of this one can serve within the deadline. */
  readonly fallbacks: readonly string[];
  /** A call moves to a fallback that is quicker when its wait would be longer than this, ms. */
  readonly fallbackAfterMs?: number;
  /** Calls of one conversation prefer the channel that served it last. */
  readonly affinity: boolean;
  /** A text that breaks off is continued on another channel. */
  readonly resume?: boolean;
};

export const lineOf = ({ line, name }: Model): string => line ?? name;

export const channelId = (accountId: string, upstreamModel: string): string =>
  `${accountId}/${upstreamModel}`;
