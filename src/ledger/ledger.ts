/**
 * What the path of a call asks of the books: money set aside before it starts, the cost of what it used, and one entry
 * when it is over. Holding and costing touch memory alone but near the end of a purse; the entry is safe against the
 * death of the process before the client sees the end of its answer.
 */

import type { ClientKey } from '../domain/call.ts';
import type { Channel } from '../domain/channel.ts';
import type { CallEntry, EntryMoney, Held } from '../domain/entry.ts';
import type { Usage } from '../domain/usage.ts';

export type HoldAsk = {
  readonly call: string;
  /** All that may serve it, fallbacks included: the dearest is held for. */
  readonly offers: readonly HoldOffer[];
  /** Expected input; the hold takes more, for it must not be too little. */
  readonly inputTokens: number;
  /** The most that the client allows, times the answers it wants; Infinity when it set no bound. */
  readonly maxOutputTokens: number;
  /** How many answers it wants. */
  readonly answers: number;
};

/** A channel, and the name of the model that it would serve it under. */
export type HoldOffer = { readonly model: string; readonly channel: Channel };

/** Money set aside. Ends once: by the entry that carries `held`, or released. */
export type Hold = {
  readonly held: readonly Held[];
  /** The call is not charged. A second time, or after its entry was recorded, it does nothing. */
  release(): void;
};

export type CostAsk = {
  readonly key: ClientKey;
  /** The model's name as the client asked for it, and as it was served. */
  readonly model: string;
  readonly served: string;
  readonly channel: Channel;
  readonly usage: Usage;
  /** It failed before its first content: nothing is charged, whatever it cost us. */
  readonly free: boolean;
};

export type Ledger = {
  /** This process, as entries name it. */
  readonly instance: string;
  /**
   * Undefined where there is nothing to hold, and then the ask was not made. Throws `Failure`: `insufficient_funds` or `budget_spent` when too little is
   * left, `unpriced_model` where policy refuses it, `ledger_away` when the database cannot be asked and must be.
   */
  hold(key: ClientKey, ask: () => HoldAsk): Hold | Promise<Hold> | undefined;
  /** Would its calls have to be paid for, by a wallet or a budget? */
  isCharged(key: ClientKey): boolean;
  costOf(ask: CostAsk): EntryMoney;
  /** Of a call that reached no channel. */
  readonly nothing: EntryMoney;
  /** A promise has to be waited for before the client sees the end; it never rejects. */
  record(entry: CallEntry): Promise<void> | undefined;
};
