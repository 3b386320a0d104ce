/** What one value alone cannot show of money: prices of nothing or of two things, tiers in disorder, factors said twice. */

import type { z } from 'zod';
import { FACTOR_NAMES, PRICE_SCOPES } from '../domain/money.ts';
import { priceFaults, type WrittenPrice } from '../domain/written-price.ts';
import type { Issue } from './issue.ts';
import { factorSchema, money, ownPriceSchema } from './money.ts';
import type { Path } from './place.ts';

/** `written`: the section as it stands in the file. What is wrong in itself was told already. */
export function moneyIssues(written: unknown): Issue[] {
  const lists = typeof written === 'object' && written !== null ? (written as Record<string, unknown>) : {};
  const whole = money.safeParse(written);
  return [
    ...entriesOf(lists['prices'], ownPriceSchema).flatMap(({ index, values }) => {
      const path = ['money', 'prices', index];
      return [...scopeIssues(path, values), ...priceIssues(path, values)];
    }),
    ...factorIssues(entriesOf(lists['factors'], factorSchema)),
    ...(whole.success ? ceilingIssues(whole.data) : []),
  ];
}

type Entry<T> = { readonly index: number; readonly values: T };

function entriesOf<T>(list: unknown, schema: z.ZodType<T>): Entry<T>[] {
  return (Array.isArray(list) ? list : []).flatMap((value: unknown, index) => {
    const read = schema.safeParse(value);
    return read.success ? [{ index, values: read.data }] : [];
  });
}

function scopeIssues(path: Path, values: z.output<typeof ownPriceSchema>): Issue[] {
  const named = PRICE_SCOPES.filter((name) => values[name] !== undefined);
  if (named.length === 1) return [];
  const expected = 'one of model, provider, channel';
  const found = named.length === 0 ? 'none of them' : named.join(' and ');
  return [{ path, at: 'value', expected, message: `a price is of ${expected}: found ${found}` }];
}

export const priceIssues = (path: Path, price: WrittenPrice): Issue[] =>
  priceFaults(price).map((fault) => ({
    ...{ path: [...path, ...fault.path], at: 'value', expected: fault.expected },
    ...(fault.path.length > 0 ? {} : { message: `expected ${fault.expected}` }),
  }));

function factorIssues(factors: readonly Entry<z.output<typeof factorSchema>>[]): Issue[] {
  const seen = new Set<string>();
  return factors.flatMap(({ index, values }) => {
    const named = FACTOR_NAMES.filter((name) => values[name] !== undefined);
    const path = ['money', 'factors', index];
    if (named.length === 0) {
      const expected = `at least one of ${FACTOR_NAMES.join(', ')}`;
      return [
        { path, at: 'value', expected, message: `expected ${expected}: price_factor is for everybody` },
      ];
    }
    const whom = named.map((name) => `${name} '${values[name]}'`).join(', ');
    if (seen.has(whom)) {
      const message = `there is already a factor for ${whom}`;
      return [{ path, at: 'value', expected: 'a factor for somebody else', message }];
    }
    seen.add(whom);
    return [];
  });
}

function ceilingIssues({ unpriced, ceiling }: z.output<typeof money>): Issue[] {
  const path = ['money', 'ceiling'];
  if (unpriced === 'ceiling' && (ceiling?.input === undefined || ceiling.output === undefined)) {
    const expected = 'input and output, because unpriced is ceiling';
    return [{ path, at: 'value', expected, message: `missing: expected ${expected}` }];
  }
  if (unpriced !== 'ceiling' && ceiling !== undefined) {
    const message = `only used with unpriced: ceiling, not with unpriced: ${unpriced}`;
    return [{ path, at: 'name', expected: 'no ceiling', message }];
  }
  return [];
}
