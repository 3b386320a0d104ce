/** Keys, tenants and projects of the configuration file as the rest of the house gets to know them. */

import { readBudgets } from '../domain/budgets.ts';
import type { ClientKey } from '../domain/call.ts';
import { nanoOf } from '../domain/cost.ts';
import type { Limits } from '../domain/limits.ts';
import { DEFAULT_TENANT, type Project, type Tenant } from '../domain/tenancy.ts';
import { given } from './given.ts';
import type { KeyValues, ProjectValues, TenantValues } from './people-schema.ts';

export type KeyConfig = ClientKey & {
  readonly key: string;
  /** For people. */
  readonly label?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
};
export type TenantConfig = Tenant;
export type ProjectConfig = Project;

export const keyOf = (key: KeyValues): KeyConfig => ({
  ...given({
    label: key.label,
    tenant: key.tenant,
    project: key.project,
    endsAtMs: key.expires,
    models: key.models,
    endpoints: key.endpoints,
    addresses: key.addresses,
    objects: key.objects,
    fallbacks: key.fallbacks,
    budgets: Object.keys(key.budgets).length > 0 ? readBudgets(key.budgets) : undefined,
    metadata: key.metadata,
  }),
  id: key.id,
  key: key.key,
  limits: withoutOff(key.limits),
  onLimit: key.on_limit,
  priority: key.priority,
  weight: key.weight,
  fallback: key.fallback,
});

export const tenantOf = (tenant: TenantValues): TenantConfig => ({
  id: tenant.id,
  name: tenant.name ?? tenant.id,
  active: tenant.active,
  wallet: tenant.wallet,
  creditLimit: nanoOf(tenant.credit_limit),
  budgets: readBudgets(tenant.budgets),
});

export const projectOf = (project: ProjectValues): ProjectConfig => ({
  id: project.id,
  tenant: project.tenant ?? DEFAULT_TENANT,
  name: project.name ?? project.id,
  budgets: readBudgets(project.budgets),
});

/** A key has no published limits that could be off: it simply has none. */
const withoutOff = (limits: KeyValues['limits']): Limits =>
  Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined && value !== 'off'));
