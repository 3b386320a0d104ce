/**
 * Names of purses: a wallet is its tenant's, a budget is its owner's in one period of UTC time. A new period is a new
 * purse, so that a budget begins anew without anybody doing anything.
 */

import type { BudgetPeriod } from '../domain/tenancy.ts';

export type BudgetOwner = 'key' | 'project' | 'tenant';

const DAY_MS = 86_400_000;
const WALLET = 'wallet:';

export const walletOf = (tenant: string): string => `${WALLET}${tenant}`;

export const isWallet = (purse: string): boolean => purse.startsWith(WALLET);

/** Of a wallet's name. */
export const tenantOfWallet = (purse: string): string => purse.slice(WALLET.length);

/** A budget in one of its periods. */
export type PeriodNow = {
  /** `2026-11-26`, `2026-W48`, `2026-11`, `all`. */
  readonly name: string;
  /** When the next one begins; undefined: never. */
  readonly endsAtMs: number | undefined;
};

export function periodAt(period: BudgetPeriod, nowMs: number): PeriodNow {
  const day = Math.floor(nowMs / DAY_MS);
  const date = new Date(nowMs);
  if (period === 'total') return { name: 'all', endsAtMs: undefined };
  if (period === 'day') return { name: date.toISOString().slice(0, 10), endsAtMs: (day + 1) * DAY_MS };
  if (period === 'month')
    return {
      name: date.toISOString().slice(0, 7),
      endsAtMs: Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1),
    };
  return weekAt(day);
}

/** ISO 8601: weeks begin on Monday, and belong to the year of their Thursday. The epoch was a Thursday. */
function weekAt(day: number): PeriodNow {
  const monday = day - ((((day + 3) % 7) + 7) % 7);
  const thursday = new Date((monday + 3) * DAY_MS);
  const year = thursday.getUTCFullYear();
  const week = 1 + Math.floor((thursday.getTime() - Date.UTC(year, 0)) / DAY_MS / 7);
  return { name: `${year}-W${String(week).padStart(2, '0')}`, endsAtMs: (monday + 7) * DAY_MS };
}

export const budgetPurse = (
  owner: { readonly of: BudgetOwner; readonly id: string },
  period: BudgetPeriod,
  { name }: PeriodNow,
): string => `budget:${owner.of}:${owner.id}:${period}:${name}`;
