/** A month's tokens out of the ledger: read only, each call at its own tier, priced as its channel is priced today. */

import { DOLLARS_FOR } from '../catalog/rates.ts';
import type { Config } from '../config/config.ts';
import { decimalOf } from '../domain/cost.ts';
import { factsIn } from '../domain/model-facts.ts';
import type { VolumePart } from '../ledger/comparison.ts';
import { readMoneyRows } from '../ledger/money-rows.ts';
import type { Priced } from '../ledger/price-list.ts';
import { createPricing } from '../ledger/pricing.ts';
import { type MonthRow, monthVolume } from '../ledger/volume.ts';
import { snapshotOf } from '../snapshot.ts';
import type { Database } from '../storage/database.ts';
import type { Month } from './cost-flags.ts';
import { type Bought, knownAt, type Models, type PricedModel } from './cost-models.ts';
import { grouped, moneyText } from './cost-text.ts';

export type LedgerDoors = {
  configOf(file: string | undefined): Config;
  /** Throws where there is none. */
  open(config: Config, database: string | undefined): Promise<Database>;
};

type Ask = {
  /** Undefined: those that the models have. */
  readonly fallbacks: readonly string[] | undefined;
  readonly month: Month;
  readonly tenant: string | undefined;
  readonly config: string | undefined;
  readonly database: string | undefined;
};

export async function ledgerVolume(
  { fallbacks, month, tenant, config: file, database: place }: Ask,
  { models, doors }: { readonly models: Models; readonly doors: LedgerDoors },
): Promise<Bought> {
  const config = doors.configOf(file);
  const database = await doors.open(config, place);
  try {
    const pricing = createPricing({
      now: () => models.nowMs,
      settings: () => config.money,
      usualRates: DOLLARS_FOR,
    });
    pricing.load(await readMoneyRows(database.query, models.nowMs));
    const channels = channelsOf(config, models);
    const ask = { fromMs: month.fromMs, untilMs: month.untilMs, ...(tenant === undefined ? {} : { tenant }) };
    const placeOf = (row: MonthRow): Place => {
      const { priced, ...rest } = channels(row);
      const list = pricing.explain({ key: { id: '' }, served: row.model, channel: priced }).list;
      return { ...rest, price: list?.terms, source: list?.source };
    };
    const edges = (await monthVolume(database.query, { ...ask, edges: [] })).flatMap((row) => {
      const here = placeOf(row);
      return [
        here,
        ...(fallbacks ?? others(config, row.model)).flatMap((name) => here.other(name) ?? []),
      ].flatMap(({ price }) => price?.tiers.flatMap(({ above }) => above ?? []) ?? []);
    });
    const rows = await monthVolume(database.query, { ...ask, edges });
    if (rows.length === 0)
      throw new Error(
        `the ledger has no calls of ${month.name}${tenant === undefined ? '' : ` of tenant '${tenant}'`}`,
      );
    return boughtOf({ rows, placeOf, month, config });
  } finally {
    await database.close();
  }
}

type Place = PricedModel & { other(model: string): PricedModel | undefined };

function others({ models }: Config, model: string): readonly string[] {
  return models.find(({ name }) => name === model)?.fallbacks ?? [];
}

/** As it is configured today; of one that is not any more, what the catalogue knows of it. */
function channelsOf(config: Config, models: Models) {
  const configured = new Map(
    snapshotOf(config, models.catalogue).catalog.channels.map((each) => [each.id, each]),
  );
  return (
    row: MonthRow,
  ): { readonly priced: Priced & { readonly account: { readonly id: string } } } & Omit<
    Place,
    'price' | 'source'
  > => {
    const channel = configured.get(row.channel);
    const upstreamModel = channel?.upstreamModel ?? row.channel.slice(row.channel.indexOf('/') + 1);
    const provider = models.providers.find(({ id }) => id === row.provider);
    const region = channel?.facts?.region ?? channel?.account.region ?? provider?.regions[0];
    const facts = channel?.facts ?? models.catalogue.factsOf(row.provider, upstreamModel);
    const account = { id: row.account, provider: row.provider, ...(region === undefined ? {} : { region }) };
    const priced = {
      id: row.channel,
      upstreamModel,
      account,
      ...(facts && { facts: factsIn(facts, region) }),
    };
    return {
      ...{ priced: channel ?? priced, model: row.model, provider: row.provider, region },
      limits: channel?.limits ?? provider?.limits(upstreamModel, region)?.limits,
      other: (model) => (provider === undefined ? undefined : knownAt(models, model, { provider, region })),
    };
  };
}

type Read = {
  readonly rows: readonly MonthRow[];
  readonly placeOf: (row: MonthRow) => Place;
  readonly month: Month;
  readonly config: Config;
};

function boughtOf({ rows, placeOf, month, config }: Read): Bought {
  const places = new Map<VolumePart, Place>();
  const without: MonthRow[] = [];
  for (const row of rows) {
    const place = placeOf(row);
    const { input, cacheRead, cacheWrite, output, reasoning } = row;
    const part: VolumePart = {
      ...{ model: row.model, price: place.price, calls: row.calls, inputPerCall: row.above + 1 },
      usage: { input, cacheRead, cacheWrite, output, reasoning },
    };
    if (place.price === undefined) without.push(row);
    else places.set(part, place);
  }
  if (places.size === 0)
    throw new Error(
      `no call of ${month.name} has a price: ${[...new Set(without.map(({ model }) => model))].join(', ')}`,
    );
  const sum = (of: (row: MonthRow) => number): number => rows.reduce((total, row) => total + of(row), 0);
  const money = (of: (row: MonthRow) => bigint): string =>
    moneyText(decimalOf(rows.reduce((total, row) => total + of(row), 0n)));
  const calls = sum((row) => row.calls);
  const unpriced = sum((row) => row.unpriced);
  const parts = [...places.keys()];
  return {
    ...{ parts, places, usualFactor: config.money.priceFactor },
    usualFallbacks: [...new Set(rows.flatMap((row) => others(config, row.model)))],
    head: [
      `${month.name}, from the ledger: ${grouped(calls)} calls,`,
      `${grouped(sum((row) => row.input + row.cacheRead + row.cacheWrite))} tokens of input and ${grouped(sum((row) => row.output + row.reasoning))} of output.`,
      `Then: ${money((row) => row.listNano)} at list price, ${money((row) => row.upstreamNano)} paid, ${money((row) => row.chargedNano)} charged${unpriced === 0 ? '' : `; calls without a price: ${grouped(unpriced)}`}.`,
    ],
    foot: [
      'Each call is counted at its own tier, at the prices of today.',
      ...(without.length === 0
        ? []
        : [`Left out, having no price: ${[...new Set(without.map(({ model }) => model))].join(', ')}.`]),
    ],
    priceOf: (model, part) => places.get(part)?.other(model),
  };
}
