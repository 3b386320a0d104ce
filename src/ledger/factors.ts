/**
 * Price factors: the one that names most holds, a key counting for more than its project, a project for more than its
 * tenant, then the model that served and the account; of two that name the same, the newest. Found by one look-up for
 * each combination of names in use, however many factors there are.
 */

import { decimalOf, nanoOf } from '../domain/cost.ts';
import { FACTOR_NAMES, type FactorName, type FactorScope, type PriceFactor } from '../domain/money.ts';

/** Each is more than all after it together. */
const WEIGHTS: Readonly<Record<FactorName, number>> = {
  key: 16,
  project: 8,
  tenant: 4,
  model: 2,
  account: 1,
};

export type FactorInForce = {
  /** Null: the usual one of the configuration. */
  readonly id: string | null;
  /** Decimal text without needless zeros. */
  readonly text: string;
  readonly nano: bigint;
};

export type Factors = {
  /** Of a call of these names. Weaker ones are only looked at where no stronger one holds at this moment. */
  of(call: FactorScope, nowMs: number): FactorInForce;
};

type Dated = FactorInForce & { readonly fromMs: number; readonly untilMs: number };
type Group = {
  readonly names: readonly FactorName[];
  /** The newest first. */
  readonly byValues: Map<string, Dated[]>;
};

export function createFactors(factors: readonly PriceFactor[], usual: string): Factors {
  const groups = new Map<number, Group>();
  for (const factor of factors) {
    const names = FACTOR_NAMES.filter((name) => factor[name] !== undefined);
    const weight = names.reduce((sum, name) => sum + WEIGHTS[name], 0);
    const group = groups.get(weight) ?? { names, byValues: new Map() };
    groups.set(weight, group);
    const values = valuesOf(factor, names) ?? '';
    const { id, fromMs, untilMs = Infinity } = factor;
    const dated = { ...valued(factor.factor), id, fromMs, untilMs };
    group.byValues.set(values, [...(group.byValues.get(values) ?? []), dated]);
  }
  const heaviestFirst = [...groups].sort(([a], [b]) => b - a).map(([, group]) => group);
  for (const { byValues } of heaviestFirst)
    for (const dated of byValues.values())
      dated.sort((a, b) => b.fromMs - a.fromMs || (`${a.id}` < `${b.id}` ? 1 : -1));
  const otherwise: FactorInForce = { ...valued(usual), id: null };
  return {
    of(call, nowMs) {
      for (const { names, byValues } of heaviestFirst) {
        const values = valuesOf(call, names);
        const found =
          values === undefined
            ? undefined
            : byValues.get(values)?.find(({ fromMs, untilMs }) => fromMs <= nowMs && nowMs < untilMs);
        if (found !== undefined) return found;
      }
      return otherwise;
    },
  };
}

const valued = (factor: string): Pick<FactorInForce, 'text' | 'nano'> => {
  const nano = nanoOf(factor);
  return { nano, text: decimalOf(nano) };
};

/** Undefined: one of the names is missing. A name has no line break. */
function valuesOf(scope: FactorScope, names: readonly FactorName[]): string | undefined {
  let values = '';
  for (const name of names) {
    const value = scope[name];
    if (value === undefined) return undefined;
    values += `${value}\n`;
  }
  return values;
}
