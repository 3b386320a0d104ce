/**
 * Which price holds for a channel: the list price from the database, the file or the catalogue, the first of them that
 * says one; and the own price of the channel, where its account's owner pays another one. A row for the region wins over
 * one for all regions, and of several the newest that has begun.
 */

import type { Channel } from '../domain/channel.ts';
import { holdsAt, type ModelFacts, type PriceTerms, priceOf, type Source } from '../domain/model-facts.ts';
import type { OwnPrice } from '../domain/money.ts';

export type PriceOrigin = 'database' | 'file' | 'catalogue';

export type PriceInForce = {
  /** Of the row; `file:…` or `catalogue:provider/model@date` where there is none. */
  readonly id: string;
  readonly origin: PriceOrigin;
  readonly terms: PriceTerms;
  /** Absent: it holds in all regions. */
  readonly region?: string;
  /** Whose word it is, of the catalogue's. */
  readonly source?: Source;
};

export type Priced = Pick<Channel, 'id' | 'upstreamModel' | 'facts'> & {
  readonly account: Pick<Channel['account'], 'id' | 'provider' | 'region'>;
};

export type PriceList = {
  /** `served`: the name of the model that serves. Undefined: there is no price. */
  list(channel: Priced, served: string, nowMs: number): PriceInForce | undefined;
  /** What the channel itself costs its owner, where that is no share of the list price. */
  own(channel: Priced, nowMs: number): PriceInForce | undefined;
};

type Rows = ReadonlyMap<string, readonly OwnPrice[]>;

export function createPriceList(database: readonly OwnPrice[], file: readonly OwnPrice[]): PriceList {
  const origins = [
    ['database', rowsOf(database)],
    ['file', rowsOf(file)],
  ] as const;
  const first = (
    places: readonly string[],
    region: string | undefined,
    nowMs: number,
  ): PriceInForce | undefined => {
    for (const [origin, rows] of origins)
      for (const place of places) {
        const row = rowAt(rows.get(place), region, nowMs);
        // One that was taken back says nothing.
        if (row === undefined || row.price === null) continue;
        const { id, price: terms, region: own } = row;
        return { id, origin, terms, ...(own === undefined ? {} : { region: own }) };
      }
    return undefined;
  };
  return {
    list(channel, served, nowMs) {
      const { account, upstreamModel, facts } = channel;
      const places = [`model:${served}`, `provider:${account.provider}/${upstreamModel}`];
      return first(places, regionOf(channel), nowMs) ?? (facts && fromCatalogue(facts, nowMs));
    },
    own(channel, nowMs) {
      return first([`channel:${channel.id}`], regionOf(channel), nowMs);
    },
  };
}

export const regionOf = ({ facts, account }: Priced): string | undefined => account.region ?? facts?.region;

export function fromCatalogue(facts: ModelFacts, nowMs: number): PriceInForce | undefined {
  const price = priceOf(facts, { nowMs });
  if (price === undefined) return undefined;
  const { source, ...terms } = price;
  const id = `catalogue:${facts.provider}/${facts.id}@${source.date}`;
  return {
    id,
    origin: 'catalogue',
    terms,
    source,
    ...(facts.region === undefined ? {} : { region: facts.region }),
  };
}

/** A price of the catalogue may be another one by the time that a call ends: DeepSeek's is one of the hour. */
export function pricesOfDay({ facts }: Priced, nowMs: number): readonly PriceTerms[] {
  const hourly = facts?.prices.filter(({ hours }) => hours !== undefined) ?? [];
  if (hourly.length === 0) return [];
  const usual = facts?.prices.findLast((price) => price.hours === undefined && holdsAt(price, nowMs));
  return usual === undefined ? hourly : [usual, ...hourly];
}

function rowsOf(prices: readonly OwnPrice[]): Rows {
  const rows = new Map<string, OwnPrice[]>();
  for (const price of prices) {
    const place = `${price.kind}:${price.scope}`;
    const there = rows.get(place);
    if (there === undefined) rows.set(place, [price]);
    else there.push(price);
  }
  for (const there of rows.values())
    there.sort((a, b) => b.fromMs - a.fromMs || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0));
  return rows;
}

/** The newest that has begun and is good at this hour, of the region before all regions. */
function rowAt(
  rows: readonly OwnPrice[] | undefined,
  region: string | undefined,
  nowMs: number,
): OwnPrice | undefined {
  if (rows === undefined) return undefined;
  const holds = ({ fromMs, price }: OwnPrice): boolean =>
    fromMs <= nowMs && (price === null || holdsAt(price, nowMs));
  const own = region === undefined ? undefined : rows.find((row) => row.region === region && holds(row));
  return own?.price ? own : rows.find((row) => row.region === undefined && holds(row));
}
