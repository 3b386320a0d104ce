/** What people write behind the flags of `sluice cost`: amounts of tokens, shares, money, a month. All into exact text or numbers. */

import { decimalOf, nanoOf } from '../domain/cost.ts';
import { isFactor } from '../domain/money.ts';

const UNITS: Readonly<Record<string, bigint>> = { '': 1n, k: 1_000n, m: 1_000_000n, b: 1_000_000_000n };

/** `10M`, `1.5k`, `250_000`, `250,000`. Throws with the flag's name. */
export function tokensOf(flag: string, written: string): number {
  const match = /^(\d+(?:\.\d{1,9})?)([kmb]?)$/i.exec(written.replaceAll(/[_,](?=\d{3})/g, ''));
  const unit = UNITS[match?.[2]?.toLowerCase() ?? ''] ?? 1n;
  const nano = match?.[1] === undefined ? undefined : nanoOf(match[1]) * unit;
  if (nano === undefined || nano % NANO !== 0n || nano / NANO > BigInt(Number.MAX_SAFE_INTEGER))
    throw new Error(`${flag}: expected a number of tokens such as 10M, 250k or 1,000, got '${written}'`);
  return Number(nano / NANO);
}

const NANO = nanoOf('1');

/** `50%` or `0.5`, as decimal text from 0 to 1. */
export function shareOf(flag: string, written: string): string {
  const match = /^(\d{1,3}(?:\.\d{1,7})?)\s*(%?)$/.exec(written);
  const nano = match?.[1] === undefined ? undefined : nanoOf(match[1]) / (match[2] === '%' ? 100n : 1n);
  if (nano === undefined || nano > NANO)
    throw new Error(`${flag}: expected a share such as 50% or 0.5, got '${written}'`);
  return decimalOf(nano);
}

export function factorOf(flag: string, written: string): string {
  if (!isFactor(written))
    throw new Error(`${flag}: expected a factor above 0 and at most 1000 such as 0.88, got '${written}'`);
  return decimalOf(nanoOf(written));
}

export function dollarsOf(flag: string, written: string): string {
  if (!/^\$?\d{1,9}(\.\d{1,9})?$/.test(written))
    throw new Error(`${flag}: expected dollars such as 25 or 12.50, got '${written}'`);
  return decimalOf(nanoOf(written.replace('$', '')));
}

/** `1,3,10`. */
export function countsOf(flag: string, written: string): readonly number[] {
  const counts = written.split(',').map((each) => Number(each.trim()));
  if (counts.some((count) => !Number.isInteger(count) || count < 1 || count > 1_000))
    throw new Error(`${flag}: expected numbers of accounts such as 3,5,10, got '${written}'`);
  return counts;
}

export type Month = { readonly name: string; readonly fromMs: number; readonly untilMs: number };

/** `2026-11`, UTC; not given: the one of `nowMs`. */
export function monthOf(flag: string, written: string | undefined, nowMs: number): Month {
  const name = written ?? new Date(nowMs).toISOString().slice(0, 7);
  const match = /^(20\d{2})-(0[1-9]|1[0-2])$/.exec(name);
  if (match === null) throw new Error(`${flag}: expected a month such as 2026-11, got '${written}'`);
  const [year, month] = [Number(match[1]), Number(match[2])];
  return { name, fromMs: Date.UTC(year, month - 1), untilMs: Date.UTC(year, month) };
}
