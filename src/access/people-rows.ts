/** Tenants, projects and keys as the database has them, read into what the house knows. */

import { readBudgets, type WrittenBudgets } from '../domain/budgets.ts';
import type { Project, Tenant, WalletKind } from '../domain/tenancy.ts';
import type { ClientKeyRow, KeyHashRow, ProjectRow, TenantRow } from '../storage/tables.ts';
import type { StoredKey } from './key-book.ts';

/** What a tenant or a project says beside its columns. */
export type OwnerSettings = {
  readonly budgets?: WrittenBudgets | undefined;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
};

const WALLETS: readonly WalletKind[] = ['none', 'prepaid', 'postpaid'];

export function tenantOf({ id, name, wallet, credit_limit_nano, settings, active }: TenantRow): Tenant {
  return {
    ...{ id, name },
    // What this version does not know is paid for beforehand rather than not at all.
    wallet: WALLETS.find((kind) => kind === wallet) ?? 'prepaid',
    creditLimit: credit_limit_nano,
    budgets: budgetsIn(settings),
    active: active === 1,
  };
}

export const projectOf = ({ id, tenant, name, settings }: ProjectRow): Project => ({
  ...{ id, tenant, name },
  budgets: budgetsIn(settings),
});

export const ownerSettingsOf = (settings: string): OwnerSettings => JSON.parse(settings) as OwnerSettings;

const budgetsIn = (settings: string) => readBudgets(ownerSettingsOf(settings).budgets ?? {});

export const storedKeyOf = (
  { id, tenant, project, state, expires_ms, settings }: ClientKeyRow,
  hashes: readonly Pick<KeyHashRow, 'hash' | 'ends_ms'>[],
): StoredKey => ({
  ...{ id, tenant, project, settings },
  active: state === 'active',
  expiresMs: expires_ms,
  hashes: hashes.map(({ hash, ends_ms }) => ({ hash, endsMs: ends_ms })),
});
