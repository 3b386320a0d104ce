/** Budgets as people write them: dollars as decimal text by period. */

import { decimalOf, nanoOf } from './cost.ts';
import { BUDGET_PERIODS, type BudgetPeriod, type Budgets } from './tenancy.ts';

export type WrittenBudgets = { readonly [Period in BudgetPeriod]?: string | undefined };

/** Throws `RangeError` on what is no decimal. */
export const readBudgets = (written: WrittenBudgets): Budgets => each(written, nanoOf);

export const writeBudgets = (budgets: Budgets): WrittenBudgets => each(budgets, decimalOf);

function each<From, To>(
  values: { readonly [Period in BudgetPeriod]?: From | undefined },
  of: (value: From) => To,
): { readonly [Period in BudgetPeriod]?: To } {
  const entries = BUDGET_PERIODS.flatMap((period) => {
    const value = values[period];
    return value === undefined ? [] : [[period, of(value)] as const];
  });
  return Object.fromEntries(entries) as { readonly [Period in BudgetPeriod]?: To };
}
