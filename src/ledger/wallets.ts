/**
 * Wallets of tenants: what is paid in, granted or corrected is an entry that nobody changes, booked together with its
 * purse. The balance is the sum of these entries less what calls were charged; the purse only keeps that sum at hand,
 * and `verifyWallets` compares the two.
 */

import { sql, type Transaction } from 'kysely';
import type { WalletEntry, WalletEntryKind } from '../domain/entry.ts';
import type { Queries } from '../storage/database.ts';
import type { Tables, WalletEntryRow } from '../storage/tables.ts';
import { isWallet, tenantOfWallet, walletOf } from './purse-ids.ts';
import { changePurse, lockPurses } from './purse-rows.ts';

/** What people may book. */
export const BOOKED_KINDS = ['top_up', 'grant', 'adjustment'] as const satisfies readonly WalletEntryKind[];
export type BookedKind = (typeof BOOKED_KINDS)[number];

export type Booking = WalletEntry & { readonly kind: BookedKind };

export type BookingOptions = {
  /** How far below zero the wallet may go. */
  readonly limitNano: bigint;
  /** It may go further all the same. */
  readonly forced: boolean;
};

/**
 * `known`: it was booked before, and nothing happened. `other`: its id was used for something else. `short`: the wallet
 * has less that is free than is to be taken.
 */
export type Booked =
  | { readonly outcome: 'booked' | 'other' }
  | { readonly outcome: 'known'; readonly entry: WalletEntry }
  | { readonly outcome: 'short'; readonly leftNano: bigint };

export async function bookWalletEntry(
  transaction: Transaction<Tables>,
  booking: Booking,
  { limitNano, forced }: BookingOptions,
): Promise<Booked> {
  const { id, tenant, atMs, kind, amountNano } = booking;
  const purse = walletOf(tenant);
  const { spentNano = 0n, heldNano = 0n } = (await lockPurses(transaction, [purse], atMs)).get(purse) ?? {};
  const known = await transaction
    .selectFrom('wallet_entries')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst();
  if (known !== undefined) {
    const isSame = known.tenant === tenant && known.kind === kind && known.amount_nano === amountNano;
    return isSame ? { outcome: 'known', entry: entryIn(known) } : { outcome: 'other' };
  }
  const leftNano = limitNano - spentNano - heldNano;
  if (amountNano < 0n && !forced && leftNano + amountNano < 0n) return { outcome: 'short', leftNano };
  await transaction.insertInto('wallet_entries').values(rowOf(booking)).execute();
  await changePurse(transaction, { purse, spentNano: -amountNano, heldNano: 0n, nowMs: atMs });
  return { outcome: 'booked' };
}

const rowOf = ({ id, tenant, atMs, kind, amountNano, call, note, actor }: WalletEntry) => ({
  ...{ id, tenant, kind, call, note, actor },
  at_ms: Math.floor(atMs),
  amount_nano: amountNano,
});

export type Balance = {
  readonly balanceNano: bigint;
  /** Of it, what instances hold for calls under way. */
  readonly heldNano: bigint;
};

export async function balanceOf(queries: Queries, tenant: string): Promise<Balance> {
  const row = await queries
    .selectFrom('purses')
    .select(['spent_nano', 'held_nano'])
    .where('id', '=', walletOf(tenant))
    .executeTakeFirst();
  return { balanceNano: -(row?.spent_nano ?? 0n), heldNano: row?.held_nano ?? 0n };
}

/** Where a page of entries begins: behind this one. */
export type EntryPlace = { readonly atMs: number; readonly id: string };

/** The newest first. */
export async function walletEntries(
  queries: Queries,
  tenant: string,
  { after, limit }: { readonly after?: EntryPlace | undefined; readonly limit: number },
): Promise<readonly WalletEntry[]> {
  let query = queries.selectFrom('wallet_entries').selectAll().where('tenant', '=', tenant);
  if (after !== undefined) {
    const { atMs, id } = after;
    query = query.where((eb) =>
      eb.or([eb('at_ms', '<', atMs), eb.and([eb('at_ms', '=', atMs), eb('id', '<', id)])]),
    );
  }
  const rows = await query.orderBy('at_ms', 'desc').orderBy('id', 'desc').limit(limit).execute();
  return rows.map(entryIn);
}

const entryIn = ({ at_ms, amount_nano, kind, ...row }: WalletEntryRow): WalletEntry => ({
  ...row,
  atMs: at_ms,
  amountNano: amount_nano,
  kind: kind as WalletEntryKind,
});

/** A wallet whose purse does not say what its entries say. */
export type WalletDifference = {
  readonly tenant: string;
  /** By its entries less its calls. */
  readonly balanceNano: bigint;
  /** By its purse. */
  readonly purseNano: bigint;
};

/** Empty where all is well. A purse whose holds are not the sum of its rows of holds is named, too. */
export async function verifyWallets(queries: Queries): Promise<{
  readonly balances: readonly WalletDifference[];
  readonly holds: readonly { readonly purse: string; readonly heldNano: bigint; readonly sumNano: bigint }[];
}> {
  const paid = await queries
    .selectFrom('wallet_entries')
    .select(['tenant', sql<bigint>`cast(sum(amount_nano) as bigint)`.as('sum_nano')])
    .groupBy('tenant')
    .execute();
  const charged = await queries
    .selectFrom('entries')
    .select(['tenant', sql<bigint>`cast(coalesce(sum(charged_nano), 0) as bigint)`.as('sum_nano')])
    .where('in_wallet', '=', 1)
    .groupBy('tenant')
    .execute();
  const purses = await queries.selectFrom('purses').select(['id', 'spent_nano', 'held_nano']).execute();
  const rows = await queries
    .selectFrom('holds')
    .select(['purse', sql<bigint>`cast(sum(amount_nano) as bigint)`.as('sum_nano')])
    .groupBy('purse')
    .execute();

  const byEntries = new Map<string, bigint>();
  const add = (tenant: string, nano: bigint): void => {
    byEntries.set(tenant, (byEntries.get(tenant) ?? 0n) + nano);
  };
  for (const { tenant, sum_nano } of paid) add(tenant, sum_nano);
  for (const { tenant, sum_nano } of charged) add(tenant, -sum_nano);
  const byPurse = new Map<string, bigint>();
  for (const { id, spent_nano } of purses) if (isWallet(id)) byPurse.set(tenantOfWallet(id), -spent_nano);
  const balances = [...new Set([...byEntries.keys(), ...byPurse.keys()])].flatMap((tenant) => {
    const [balanceNano, purseNano] = [byEntries.get(tenant) ?? 0n, byPurse.get(tenant) ?? 0n];
    return balanceNano === purseNano ? [] : [{ tenant, balanceNano, purseNano }];
  });
  const sums = new Map(rows.map(({ purse, sum_nano }) => [purse, sum_nano]));
  const holds = purses.flatMap(({ id, held_nano }) => {
    const sumNano = sums.get(id) ?? 0n;
    return held_nano === sumNano ? [] : [{ purse: id, heldNano: held_nano, sumNano }];
  });
  return { balances, holds };
}
