/**
 * What a call costs and what is charged for it, out of memory alone: the list price and the own price of its channel,
 * the factor of who asks, each computed exactly and rounded once. What was used for the sum is frozen into the entry.
 * Rows of the database come in by `load`; the file's settings are asked for, for they may be reloaded.
 */

import type { ClientKey } from '../domain/call.ts';
import { exactCostOf, nanoOf, roundedNano, tierOf } from '../domain/cost.ts';
import type { EntryMoney } from '../domain/entry.ts';
import type { Currency, PriceTier } from '../domain/model-facts.ts';
import type { FactorScope, MoneySettings, OwnPrice, PriceFactor } from '../domain/money.ts';
import { DEFAULT_TENANT } from '../domain/tenancy.ts';
import { inputTotal, type Usage } from '../domain/usage.ts';
import { createFactors, type FactorInForce, type Factors } from './factors.ts';
import type { CostAsk } from './ledger.ts';
import {
  createPriceList,
  type Priced,
  type PriceInForce,
  type PriceList,
  pricesOfDay,
  regionOf,
} from './price-list.ts';
import { dearestCost } from './quote.ts';

/** What the database says. */
export type MoneyRows = { readonly prices: readonly OwnPrice[]; readonly factors: readonly PriceFactor[] };

export type Payer = Pick<ClientKey, 'id' | 'tenant' | 'project'>;

export type QuoteAsk = {
  readonly key: Payer;
  /** The name of the model that would serve. */
  readonly model: string;
  readonly channel: Priced;
  /** The most of either, tokens. */
  readonly inputTokens: number;
  readonly outputTokens: number;
};

/** All that decides what a call is charged, for people to see. */
export type Explained = {
  readonly list: PriceInForce | undefined;
  /** Undefined: the account's share of the list price. */
  readonly own: PriceInForce | undefined;
  readonly costFactor: string;
  readonly factor: FactorInForce;
};

/** What decides the price of a call. */
export type PricedCall = {
  readonly key: Payer;
  /** The name of the model that serves. */
  readonly served: string;
  readonly channel: Priced;
};

export type Pricing = {
  costOf(ask: PricedCall & Pick<CostAsk, 'usage' | 'free'>): EntryMoney;
  /** Of a call that reached no channel. */
  readonly nothing: EntryMoney;
  /**
   * The most that a call may be charged: by the dearest tier that its input may reach, without any cache, with thoughts.
   * Where there is no price, by the ceiling if policy has one; else null.
   */
  quote(ask: QuoteAsk): bigint | null;
  explain(call: PricedCall): Explained;
  settings(): MoneySettings;
  rates(): Rates;
  /** Puts other rows of the database in force. */
  load(rows: MoneyRows): void;
};

export type Rates = Partial<Readonly<Record<Currency, string>>>;

export type PricingOptions = {
  readonly now: () => number;
  readonly settings: () => MoneySettings;
  /** Dollars for a unit of another currency, where the settings say nothing. */
  readonly usualRates: Rates;
};

type Prepared = {
  readonly settings: MoneySettings;
  readonly rows: MoneyRows;
  readonly prices: PriceList;
  readonly factors: Factors;
  readonly rates: Rates;
  /** By channel, what was frozen last. */
  readonly frozen: Map<string, Frozen>;
};

/** The text of a price row, and all that it was made of. */
type Frozen = {
  readonly list: PriceInForce['id'] | undefined;
  readonly listTier: PriceTier | undefined;
  readonly own: PriceInForce['id'] | undefined;
  readonly ownTier: PriceTier | undefined;
  readonly factorRow: string | null;
  readonly region: string | undefined;
  readonly text: string;
};

const NOTHING: EntryMoney = {
  price: null,
  priceRow: null,
  factor: '1',
  listNano: 0n,
  upstreamNano: 0n,
  chargedNano: 0n,
};

export function createPricing({ now, settings, usualRates }: PricingOptions): Pricing {
  let rows: MoneyRows = { prices: [], factors: [] };
  let prepared: Prepared | undefined;

  /** Anew where the settings or the rows are others than last time. */
  const inForce = (): Prepared => {
    const current = settings();
    if (prepared?.settings === current && prepared.rows === rows) return prepared;
    prepared = {
      settings: current,
      rows,
      prices: createPriceList(rows.prices, current.prices),
      factors: createFactors([...rows.factors, ...current.factors], current.priceFactor),
      rates: { ...usualRates, ...current.rates },
      frozen: new Map(),
    };
    return prepared;
  };

  const explain = ({ key, served, channel }: PricedCall): Explained => {
    const { prices, factors, settings: current } = inForce();
    const nowMs = now();
    return {
      list: prices.list(channel, served, nowMs),
      own: prices.own(channel, nowMs),
      costFactor: current.costFactors[channel.account.id] ?? '1',
      factor: factors.of(scopeOf(key, served, channel), nowMs),
    };
  };

  return {
    nothing: NOTHING,
    settings,
    rates: () => inForce().rates,
    load(next) {
      rows = next;
    },
    explain,
    costOf(ask) {
      return moneyOf(ask, explain(ask), inForce());
    },
    quote({ key, model, channel, inputTokens, outputTokens }) {
      const { prices, factors, rates, settings: current } = inForce();
      const nowMs = now();
      const amounts = { inputTokens, outputTokens };
      const price = prices.list(channel, model, nowMs);
      const ceiling =
        current.unpriced === 'ceiling' && current.ceiling !== undefined
          ? ({ currency: 'USD', tiers: [current.ceiling] } as const)
          : undefined;
      const terms = price?.terms ?? ceiling;
      if (terms === undefined) return null;
      const later = price?.origin === 'catalogue' ? pricesOfDay(channel, nowMs) : [];
      const costs = [terms, ...later].map((each) => dearestCost(each, amounts, rates));
      if (costs.includes(undefined))
        return ceiling === undefined ? null : charged(dearestCost(ceiling, amounts, rates));
      return charged(costs.reduce((most, cost) => ((cost ?? 0n) > (most ?? 0n) ? cost : most)));

      function charged(exact: bigint | undefined): bigint | null {
        const { nano } = factors.of(scopeOf(key, model, channel), nowMs);
        return exact === undefined ? null : roundedNano(exact, nano);
      }
    },
  };
}

/** A model that fell back is charged as what it became. */
const scopeOf = ({ id, tenant, project }: Payer, served: string, { account }: Priced): FactorScope => ({
  key: id,
  ...(project === undefined ? {} : { project }),
  tenant: tenant ?? DEFAULT_TENANT,
  model: served,
  account: account.id,
});

type Used = Pick<CostAsk, 'usage' | 'free'> & { readonly channel: Priced };

function moneyOf({ usage, channel, free }: Used, explained: Explained, prepared: Prepared): EntryMoney {
  const { rates } = prepared;
  const { list, own, costFactor, factor } = explained;
  const exact = list && exactCostOf(list.terms, usage, { rates });
  const share = nanoOf(costFactor);
  const ownExact = own && exactCostOf(own.terms, usage, { rates });
  const upstream = own === undefined ? exact && roundedNano(exact, share) : ownExact && roundedNano(ownExact);
  return {
    price: list?.id ?? null,
    priceRow:
      list === undefined && own === undefined ? null : frozenText(channel, explained, { usage, prepared }),
    factor: factor.text,
    listNano: exact === undefined ? null : roundedNano(exact),
    upstreamNano: upstream ?? null,
    chargedNano: free ? 0n : exact === undefined ? null : roundedNano(exact, factor.nano),
  };
}

/** The same for one call after the other, most of the time: it is made anew where something of it is another. */
function frozenText(
  channel: Priced,
  explained: Explained,
  { usage, prepared }: { readonly usage: Usage; readonly prepared: Prepared },
): string {
  const { list, own, factor } = explained;
  const { rates, frozen } = prepared;
  const input = inputTotal(usage);
  const listTier = list && tierOf(list.terms, input);
  const ownTier = own && tierOf(own.terms, input);
  const region = regionOf(channel);
  const last = frozen.get(channel.id);
  const isLast =
    last !== undefined &&
    usage.cacheWrite1h === undefined &&
    last.listTier === listTier &&
    last.ownTier === ownTier &&
    last.list === list?.id &&
    last.own === own?.id &&
    last.factorRow === factor.id &&
    last.region === region;
  if (isLast) return last.text;
  const text = JSON.stringify(frozenOf(channel, explained, { usage, rates }));
  if (usage.cacheWrite1h === undefined)
    frozen.set(channel.id, {
      ...{ list: list?.id, listTier, own: own?.id, ownTier },
      ...{ factorRow: factor.id, region, text },
    });
  return text;
}

/** What must be known to do the sum again when the rows, the catalogue and the rates have become others. */
function frozenOf(
  channel: Priced,
  { list, own, costFactor, factor }: Explained,
  { usage, rates }: { readonly usage: Usage; readonly rates: Rates },
): object {
  const region = regionOf(channel);
  const row = ({ id, origin, terms, source }: PriceInForce): object => ({
    id,
    origin,
    currency: terms.currency,
    ...(terms.currency === 'USD' ? {} : { rate: rates[terms.currency] }),
    tier: tierOf(terms, inputTotal(usage)),
    ...(terms.hours === undefined ? {} : { hours: terms.hours }),
    ...(source === undefined ? {} : { source: source.url, date: source.date }),
  });
  return {
    ...(list === undefined ? {} : row(list)),
    ...(region === undefined ? {} : { region }),
    ...(own === undefined ? { costFactor } : { own: row(own) }),
    ...(factor.id === null ? {} : { factorRow: factor.id }),
    ...(usage.cacheWrite1h === undefined ? {} : { cacheWrite1h: usage.cacheWrite1h }),
  };
}
