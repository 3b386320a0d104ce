/**
 * Which purses a key's calls are charged to: the wallet of its tenant where it has one, and the budgets of the key, its
 * project and its tenant in the periods of now. Most keys have none, and that must be found out at once.
 */

import type { ClientKey } from '../domain/call.ts';
import {
  BUDGET_PERIODS,
  type BudgetPeriod,
  DEFAULT_TENANT,
  type Project,
  type Tenant,
} from '../domain/tenancy.ts';
import { type BudgetOwner, budgetPurse, periodAt, walletOf } from './purse-ids.ts';
import type { PurseNeed } from './round.ts';

export type People = {
  tenant(id: string): Tenant | undefined;
  project(id: string): Project | undefined;
};

/** A purse with what is said of it to whoever is refused. */
export type Payer = PurseNeed &
  (
    | { readonly kind: 'wallet'; readonly tenant: string }
    | {
        readonly kind: 'budget';
        readonly of: BudgetOwner;
        readonly id: string;
        readonly period: BudgetPeriod;
        readonly endsAtMs: number | undefined;
      }
  );

/** How far below zero the wallet of a tenant may go; undefined: it has none that bounds it. */
export const creditOf = (tenant: Tenant | undefined): bigint | undefined =>
  tenant === undefined || tenant.wallet === 'none'
    ? undefined
    : tenant.wallet === 'postpaid'
      ? tenant.creditLimit
      : 0n;

type Known = {
  readonly tenant: Tenant | undefined;
  readonly project: Project | undefined;
  readonly payers: readonly Payer[];
  /** When a period ends, and with it a purse. */
  readonly untilMs: number;
};

export type Payers = { of(key: ClientKey, nowMs: number): readonly Payer[] };

export function createPayers(people: People): Payers {
  const known = new WeakMap<ClientKey, Known>();
  return {
    of(key, nowMs) {
      const tenant = people.tenant(key.tenant ?? DEFAULT_TENANT);
      const project = key.project === undefined ? undefined : people.project(key.project);
      const before = known.get(key);
      if (before?.tenant === tenant && before?.project === project && before && nowMs < before.untilMs)
        return before.payers;
      const payers = payersOf(key, { tenant, project, nowMs });
      const ends = payers.flatMap((payer) =>
        payer.kind === 'budget' && payer.endsAtMs !== undefined ? [payer.endsAtMs] : [],
      );
      known.set(key, { tenant, project, payers, untilMs: Math.min(Infinity, ...ends) });
      return payers;
    },
  };
}

type Moment = Pick<Known, 'tenant' | 'project'> & { readonly nowMs: number };

function payersOf(key: ClientKey, { tenant, project, nowMs }: Moment): readonly Payer[] {
  const owners = [
    { of: 'key', id: key.id, budgets: key.budgets ?? {} },
    ...(project === undefined ? [] : [{ of: 'project', id: project.id, budgets: project.budgets } as const]),
    ...(tenant === undefined ? [] : [{ of: 'tenant', id: tenant.id, budgets: tenant.budgets } as const]),
  ] as const;
  const payers: Payer[] = owners.flatMap(({ of, id, budgets }) =>
    BUDGET_PERIODS.flatMap((period): Payer[] => {
      const limitNano = budgets[period];
      if (limitNano === undefined) return [];
      const now = periodAt(period, nowMs);
      const purse = budgetPurse({ of, id }, period, now);
      return [{ kind: 'budget', purse, limitNano, of, id, period, endsAtMs: now.endsAtMs }];
    }),
  );
  const creditNano = creditOf(tenant);
  if (tenant === undefined || creditNano === undefined) return payers;
  return [
    ...payers,
    { kind: 'wallet', purse: walletOf(tenant.id), limitNano: creditNano, tenant: tenant.id },
  ];
}
