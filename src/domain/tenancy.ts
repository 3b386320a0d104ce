/**
 * Whom a call is for and who pays: tenants have projects, projects have client keys. Any of the three may have budgets;
 * the wallet is the tenant's. What stands in the configuration file and what stands in the database look the same here.
 */

export type BudgetPeriod = 'day' | 'week' | 'month' | 'total';

export const BUDGET_PERIODS = ['day', 'week', 'month', 'total'] as const satisfies readonly BudgetPeriod[];

/** The most that may be charged in a period (UTC days, weeks from Monday, calendar months), in billionths of a dollar. */
export type Budgets = { readonly [Period in BudgetPeriod]?: bigint };

/** `none`: charged, and never refused. `prepaid`: no more than was paid in. `postpaid`: no more than its limit below zero. */
export type WalletKind = 'none' | 'prepaid' | 'postpaid';

export type Tenant = {
  readonly id: string;
  readonly name: string;
  readonly wallet: WalletKind;
  /** How far below zero a postpaid wallet may go, in billionths of a dollar. */
  readonly creditLimit: bigint;
  readonly budgets: Budgets;
  /** Its keys are refused while it is not. */
  readonly active: boolean;
};

export type Project = {
  readonly id: string;
  readonly tenant: string;
  readonly name: string;
  readonly budgets: Budgets;
};

/** Whose keys are those that name no tenant. */
export const DEFAULT_TENANT = 'default';
