/** What a client may wish of the way of one call, by the fields of OpenRouter's API: which models, which providers. */

export const SORTS = ['price', 'throughput', 'latency'] as const;
export type Sort = (typeof SORTS)[number];

/** Dollars for a million tokens. */
export type MaxPrice = { readonly prompt?: number; readonly completion?: number };

/** Names are of providers or accounts, in small letters. */
export type ChannelWishes = {
  /** Tried first, in this order. */
  readonly order?: readonly string[];
  readonly only?: readonly string[];
  readonly ignore?: readonly string[];
  readonly sort?: Sort;
  readonly maxPrice?: MaxPrice;
  /** May others than those of `order` serve? */
  readonly allowFallbacks: boolean;
  /** Channels that are known not to take all that the call says are left out. */
  readonly requireParameters: boolean;
};

export type Wishes = {
  /** The models that may answer, in order; the asked one first. */
  readonly models?: readonly string[];
  readonly channels?: ChannelWishes;
  /** A report of usage shall end a stream. */
  readonly usage: boolean;
  /** Wishes that only OpenRouter itself could fulfil, by their names. */
  readonly unfulfilled: readonly string[];
};
