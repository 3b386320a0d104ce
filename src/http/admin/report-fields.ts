/**
 * What the routes of usage, calls and statements ask and answer alike. A tenant's admin sees the own calls with what was
 * charged for them; accounts, channels, providers and what is paid for them are the house's business.
 */

import { z } from 'zod';
import { knownCost } from '../../ledger/known-cost.ts';
import { FILTERS, type FilterName, type Filters, ReportRefused } from '../../ledger/usage-ask.ts';
import { tenantShown } from './own-tenant.ts';
import { AdminProblem, type Asker } from './route.ts';

/** Not for the admin of a tenant: neither to see nor to ask by. */
export const HOUSE_NAMES = ['channel', 'account', 'provider'] as const satisfies readonly FilterName[];

export const isOfHouse = ({ role }: Asker): boolean => role !== 'tenant-admin';

const value = z.string().max(300);
const values = z
  .union([value.transform((one) => [one]), z.array(value).min(1).max(100)])
  .optional()
  .meta({ description: 'May be given several times; empty: calls that have none.' });

/** For the query of a route: one field for each filter. */
export const filterQuery: Record<FilterName, typeof values> = {
  tenant: values,
  project: values,
  key: values,
  model: values,
  served: values,
  channel: values,
  account: values,
  provider: values,
  failure: values,
  tag: values,
};

/** A moment, or a day, which begins at midnight UTC. */
export const momentOrDay = () =>
  z
    .union([z.iso.datetime({ offset: true }), z.iso.date()], {
      error: 'expected a day or a moment such as 2026-11-26 or 2026-11-26T14:00:00Z',
    })
    .transform((text) => Date.parse(text));

/** Throws 403 and 404 on what is not the asker's. */
export function filtersOf(asker: Asker, asked: Partial<Record<FilterName, string[] | undefined>>): Filters {
  const filters: { [Name in FilterName]?: readonly string[] } = {};
  for (const name of FILTERS) {
    const given = asked[name];
    if (given === undefined) continue;
    requireHouse(asker, name);
    filters[name] = [...new Set(given)];
  }
  if (isOfHouse(asker)) return filters;
  for (const tenant of filters.tenant ?? []) tenantShown(asker, tenant);
  const own = tenantShown(asker, undefined);
  return own === undefined ? filters : { ...filters, tenant: [own] };
}

export function requireHouse(asker: Asker, name: string): void {
  if (!isOfHouse(asker) && (HOUSE_NAMES as readonly string[]).includes(name))
    throw new AdminProblem(403, `${name}: only the admins of the house may ask by it.`);
}

/** Answers what a report cannot tell as a problem with what was asked. */
export async function told<Result>(report: () => Promise<Result>): Promise<Result> {
  try {
    return await report();
  } catch (error) {
    if (error instanceof ReportRefused) throw new AdminProblem(422, `${error.message}.`);
    throw error;
  }
}

/** Null: not known. */
export const costAnswer = () =>
  z
    .string()
    .nullable()
    .meta({ description: 'Dollars as decimal text; null: not known.', examples: ['12.5', null] });

export const tokensAnswer = z.object({
  input: z.int(),
  cache_read: z.int(),
  cache_write: z.int(),
  output: z.int(),
  reasoning: z.int(),
});

export type Costs = {
  readonly listNano: bigint;
  readonly upstreamNano: bigint;
  readonly chargedNano: bigint;
  readonly unpriced: number;
};

/** What is charged, and for the house what it pays and keeps. */
export function costsOf(
  { listNano, upstreamNano, chargedNano, unpriced }: Costs,
  asker: Asker,
): Record<string, bigint | null> {
  const [list, upstream, charged] = [listNano, upstreamNano, chargedNano].map((nano) =>
    knownCost(nano, unpriced),
  );
  const shown = { list: list ?? null, charged: charged ?? null };
  if (!isOfHouse(asker)) return shown;
  const isKnown = upstream !== null && upstream !== undefined && charged !== null && charged !== undefined;
  return { ...shown, upstream: upstream ?? null, margin: isKnown ? charged - upstream : null };
}
