/**
 * Prices and factors in the database. Neither is ever changed: a new price is a new row, and so is one that takes the
 * last one back; a factor is only ended. What a row says is looked at before it is believed, for it is used on every
 * call's way.
 */

import { z } from 'zod';
import { CURRENCIES, type PriceTerms } from '../domain/model-facts.ts';
import { factorScopeOf, isFactor, type OwnPrice, PRICE_SCOPES, type PriceFactor } from '../domain/money.ts';
import type { Queries } from '../storage/database.ts';
import type { FactorRow, PriceRow } from '../storage/tables.ts';
import type { MoneyRows } from './pricing.ts';

const amount = z
  .string()
  .regex(/^\d{1,12}(\.\d{1,9})?$/)
  .optional();
const tier = z.strictObject({
  above: z.int().min(1).optional(),
  ...{ input: amount, output: amount, thinkingOutput: amount },
  ...{ cacheRead: amount, cacheWrite: amount, cacheWrite1h: amount },
});
const terms = z.strictObject({ currency: z.enum(CURRENCIES), tiers: z.array(tier).min(1) }).nullable();

export type ReadRows = MoneyRows & {
  /** Ids of rows that say nothing that can be understood: they are passed over. */
  readonly broken: readonly string[];
};

/** All that hold or will hold. Times of the clock have fractions, those of rows have none. */
export async function readMoneyRows(queries: Queries, nowMs: number): Promise<ReadRows> {
  const prices = await queries.selectFrom('prices').selectAll().execute();
  const factors = await queries
    .selectFrom('factors')
    .selectAll()
    .where((where) => where.or([where('until_ms', 'is', null), where('until_ms', '>', Math.floor(nowMs))]))
    .execute();
  const readPrices = prices.map((row) => ownPriceOf(row) ?? row.id);
  const readFactors = factors.map((row) => factorOf(row) ?? row.id);
  return {
    prices: readPrices.filter((read) => typeof read !== 'string'),
    factors: readFactors.filter((read) => typeof read !== 'string'),
    broken: [...readPrices, ...readFactors].filter((read) => typeof read === 'string'),
  };
}

/** Undefined: it cannot be understood. */
export function ownPriceOf({
  id,
  scope,
  scope_kind,
  region,
  price,
  from_ms,
}: PriceRow): OwnPrice | undefined {
  const kind = PRICE_SCOPES.find((each) => each === scope_kind);
  const read = terms.safeParse(jsonOf(price));
  if (kind === undefined || !read.success) return undefined;
  const place = region === null ? {} : { region };
  return { id, kind, scope, ...place, price: read.data as PriceTerms | null, fromMs: from_ms };
}

export function factorOf({ id, factor, from_ms, until_ms, ...row }: FactorRow): PriceFactor | undefined {
  if (!isFactor(factor)) return undefined;
  const scope = factorScopeOf(row);
  if (Object.keys(scope).length === 0) return undefined;
  const end = until_ms === null ? {} : { untilMs: until_ms };
  return { ...scope, id, factor, fromMs: from_ms, ...end };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

type Made = { readonly actor: string; readonly nowMs: number };

export async function addPrice(queries: Queries, price: OwnPrice, { actor, nowMs }: Made): Promise<void> {
  const row: PriceRow = {
    ...{ id: price.id, scope: price.scope, scope_kind: price.kind, region: price.region ?? null },
    ...{
      price: JSON.stringify(price.price),
      from_ms: Math.floor(price.fromMs),
      created_ms: Math.floor(nowMs),
      actor,
    },
  };
  await queries.insertInto('prices').values(row).execute();
}

export async function addFactor(
  queries: Queries,
  factor: PriceFactor,
  { actor, nowMs }: Made,
): Promise<void> {
  const { tenant = null, project = null, key = null, model = null, account = null } = factor;
  const row: FactorRow = {
    ...{ id: factor.id, tenant, project, key, model, account, factor: factor.factor },
    ...{ from_ms: Math.floor(factor.fromMs), until_ms: factor.untilMs ?? null },
    ...{ created_ms: Math.floor(nowMs), actor },
  };
  await queries.insertInto('factors').values(row).execute();
}

/** From then on it holds no longer. False: there is none of that id, or it has ended already. */
export async function endFactor(queries: Queries, id: string, endMs: number): Promise<boolean> {
  const until = Math.floor(endMs);
  const { numUpdatedRows } = await queries
    .updateTable('factors')
    .set({ until_ms: until })
    .where('id', '=', id)
    .where((where) => where.or([where('until_ms', 'is', null), where('until_ms', '>', until)]))
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}
