/** Who can answer: accounts own quota, channels are account x upstream model, models are what clients ask for. */

import type { Limits } from './limits.ts';

export type Account = {
  readonly id: string;
  /** Id of a provider, e.g. `qwen`. */
  readonly provider: string;
  /** The provider's region, where it has regions. */
  readonly region?: string;
  /** Without a trailing slash. */
  readonly baseUrl: string;
  /** Several secrets of one account share its limits. */
  readonly secrets: readonly string[];
};

export type Channel = {
  /** `account/upstream-model`, safe to show. */
  readonly id: string;
  readonly account: Account;
  /** The provider's own name of the model. */
  readonly upstreamModel: string;
  readonly limits: Limits;
  /** Lower is tried first. */
  readonly tier: number;
  /** Share of traffic among channels of one tier under `weighted`. */
  readonly weight: number;
};

export type Model = {
  /** What clients ask for. */
  readonly name: string;
  readonly channels: readonly Channel[];
  /** Id of a strategy in `routing/strategies`. */
  readonly strategy: string;
  /** Models tried in this order when no channel of this one can serve within the deadline. */
  readonly fallbacks: readonly string[];
};

export const channelId = (accountId: string, upstreamModel: string): string =>
  `${accountId}/${upstreamModel}`;
