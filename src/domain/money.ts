/**
 * What the house says of money, in the file or in the database, in the same words: prices of its own, factors by which
 * clients are charged, and what happens where there is no price. Which of several holds is decided in `ledger/`.
 */

import { nanoOf } from './cost.ts';
import type { Currency, PriceTerms, TokenPrices } from './model-facts.ts';

/**
 * `model`: list price of a name that clients ask for. `provider`: list price of `provider/model`, wherever it is served.
 * `channel`: what is paid for `account/model`.
 */
export const PRICE_SCOPES = ['model', 'provider', 'channel'] as const;
export type PriceScope = (typeof PRICE_SCOPES)[number];

export type OwnPrice = {
  readonly id: string;
  readonly kind: PriceScope;
  readonly scope: string;
  /** Only there; undefined: wherever no other row names the region. */
  readonly region?: string;
  /** Null: what was said before holds no longer, and what stands below it does. */
  readonly price: PriceTerms | null;
  /** From when it holds; those of the file hold from ever. */
  readonly fromMs: number;
};

/** Whom and what a factor is for; what is not named may be anybody's. */
export const FACTOR_NAMES = ['tenant', 'project', 'key', 'model', 'account'] as const;
export type FactorName = (typeof FACTOR_NAMES)[number];
export type FactorScope = { readonly [Name in FactorName]?: string };

/** Without the names that are not given. */
export const factorScopeOf = (
  names: {
    readonly [Name in FactorName]?: string | null | undefined;
  },
): FactorScope =>
  Object.fromEntries(FACTOR_NAMES.flatMap((name) => (names[name] == null ? [] : [[name, names[name]]])));

export type PriceFactor = FactorScope & {
  readonly id: string;
  /** Decimal text. */
  readonly factor: string;
  readonly fromMs: number;
  readonly untilMs?: number;
};

/** `allow`: served, costs null, and refused where a purse pays. `ceiling`: a purse holds it at the ceiling's price. */
export const UNPRICED = ['allow', 'refuse', 'ceiling'] as const;
export type Unpriced = (typeof UNPRICED)[number];

export type MoneySettings = {
  /** Where no other one is for a call. */
  readonly priceFactor: string;
  readonly factors: readonly PriceFactor[];
  readonly prices: readonly OwnPrice[];
  /** Share of the list price that the owner of an account pays, by account; not named: all of it. */
  readonly costFactors: Readonly<Record<string, string>>;
  /** Dollars for one unit of another currency, over the usual ones. */
  readonly rates: Partial<Readonly<Record<Currency, string>>>;
  readonly unpriced: Unpriced;
  /** In dollars for a million tokens. */
  readonly ceiling?: TokenPrices;
  /** Tokens that are held for an answer that neither client nor model bounds. */
  readonly assumedOutput: number;
};

export const USUAL_MONEY: MoneySettings = {
  priceFactor: '1',
  factors: [],
  prices: [],
  costFactors: {},
  rates: {},
  unpriced: 'allow',
  assumedOutput: 4_096,
};

const HIGHEST_FACTOR = nanoOf('1000');

/** Of a price factor: decimal text above 0, at most 1000, of at most nine places. */
export function isFactor(text: string): boolean {
  if (!/^\d{1,4}(\.\d{1,9})?$/.test(text)) return false;
  const nano = nanoOf(text);
  return nano > 0n && nano <= HIGHEST_FACTOR;
}
