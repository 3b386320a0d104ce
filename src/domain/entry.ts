/**
 * The account of one call: who asked, who served, what was used and what it cost, written once when the call is over
 * and never changed. Money is in billionths of a dollar; null where the model has no known price, never zero.
 */

import type { DialectId } from './call.ts';
import type { FailureKind } from './failure.ts';
import type { EndReason, Story } from './story.ts';
import type { Usage } from './usage.ts';

/** What was paid and charged, and by which price and factor: both are frozen here. */
export type EntryMoney = {
  /** The price row that was used: its id in the database, or `catalogue:provider/model@date`. Null: there was none. */
  readonly price: string | null;
  /** What the price was, as JSON, so that the sum can be checked without the row. */
  readonly priceRow: string | null;
  /** As decimal text, `0.88`. */
  readonly factor: string;
  /** The published price times the usage. */
  readonly listNano: bigint | null;
  /** What the account's owner pays its provider. */
  readonly upstreamNano: bigint | null;
  /** What the client is charged: list cost times the factor. Zero for a call that failed before its first content. */
  readonly chargedNano: bigint | null;
};

/** What a call holds of one purse until it is settled. */
export type Held = { readonly purse: string; readonly amountNano: bigint };

export type CallEntry = {
  /** The call's id, `req_…`: unique, so that an entry that is told twice counts once. */
  readonly id: string;
  /** Of the process that wrote it. */
  readonly instance: string;
  /** Arrival, and end of the answer, clock time in ms. */
  readonly arrivedAtMs: number;
  readonly endedAtMs: number;
  readonly tenant: string;
  readonly project: string | null;
  readonly key: string;
  readonly dialect: DialectId;
  readonly stream: boolean;
  /** Asked for, and the one that served. */
  readonly model: string;
  readonly served: string | null;
  readonly channel: string | null;
  readonly account: string | null;
  readonly provider: string | null;
  readonly status: number;
  readonly end: EndReason;
  readonly failure: FailureKind | null;
  readonly attempts: number;
  readonly queueMs: number;
  readonly overheadMs: number;
  readonly firstContentMs: number | null;
  readonly durationMs: number;
  /** Null where the call never reached a provider. */
  readonly usage: Usage | null;
  readonly money: EntryMoney;
  /** Which purses it is charged to (`wallet:acme`, `budget:key:web:day:2026-11-26` …), and what it held of each. */
  readonly held: readonly Held[];
  /** By the client, `x-sluice-tags`. */
  readonly tags: readonly string[];
  /** For the question why: attempts, waits, fallbacks. */
  readonly story: Pick<Story, 'attempts' | 'fallbacks' | 'resumed' | 'dropped'>;
};

/** Entries of a wallet that are not calls. Entries are never changed: what was wrong is corrected by another one. */
export const WALLET_ENTRY_KINDS = ['top_up', 'grant', 'adjustment', 'write_off', 'carried'] as const;
export type WalletEntryKind = (typeof WALLET_ENTRY_KINDS)[number];

export type WalletEntry = {
  readonly id: string;
  readonly tenant: string;
  readonly atMs: number;
  readonly kind: WalletEntryKind;
  /** Positive: more in the wallet. */
  readonly amountNano: bigint;
  /** The call that it is about, where it is about one. */
  readonly call: string | null;
  readonly note: string | null;
  /** Who made it; `sluice` for what happens by itself. */
  readonly actor: string;
};
