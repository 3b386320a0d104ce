/** How prices and factors stand in the admin API: as they would stand in the file. */

import { z } from 'zod';
import { CURRENCIES, type PriceTerms } from '../../domain/model-facts.ts';
import { isFactor, PRICE_SCOPES, type PriceFactor } from '../../domain/money.ts';
import { priceFaults, type WrittenPrice, writtenPrice } from '../../domain/written-price.ts';
import type { PriceInForce } from '../../ledger/price-list.ts';
import { momentText, reference } from './fields.ts';

const amount = z
  .string()
  .regex(
    /^\d{1,12}(\.\d{1,9})?$/,
    'expected an amount as decimal text, such as "1.25", of at most nine places',
  );
const amounts = {
  input: amount.optional(),
  output: amount.optional(),
  thinking_output: amount.optional(),
  cache_read: amount.optional(),
  cache_write: amount.optional(),
  cache_write_1h: amount.optional(),
};
export const AMOUNTS = Object.keys(amounts) as readonly (keyof typeof amounts)[];

export const tokenPrices = z
  .object(amounts)
  .meta({ description: 'Money for a million tokens, as decimal text.' });

const tiers = z
  .array(z.strictObject({ above: z.int().min(1), ...amounts }))
  .max(20)
  .meta({ description: 'In force for the whole call when its whole input is longer than `above`.' });

/** Fields of a body that says a price. */
export const priceFields = {
  currency: z.enum(CURRENCIES).default('USD'),
  ...amounts,
  tiers: tiers.default([]),
};

/** In an answer. */
export const priceAnswer = z.object({ currency: z.enum(CURRENCIES), ...amounts, tiers });

export const faultsOf = (
  price: WrittenPrice,
): readonly { readonly path: string; readonly message: string }[] =>
  priceFaults(price).map(({ path, expected }) => ({
    path: ['body', ...path].join('.'),
    message: `expected ${expected}`,
  }));

export const factorText = z
  .string()
  .refine(
    isFactor,
    'expected a factor above 0 and at most 1000 as decimal text, such as "0.88", of at most nine places',
  );

export const factorNames = {
  tenant: reference().optional(),
  project: reference().optional(),
  key: reference().optional(),
  model: reference().optional(),
  account: reference().optional(),
};

export const priceInForce = z.object({
  id: z.string(),
  origin: z.enum(['database', 'file', 'catalogue']),
  region: z.string().nullable().meta({ description: 'Null: in all regions.' }),
  price: priceAnswer,
  source: z.object({ url: z.string(), date: z.string() }).nullable().meta({
    description: 'Whose word it is, of a price of the catalogue.',
  }),
});

export const shownInForce = ({ id, origin, region, terms, source }: PriceInForce) => ({
  ...{ id, origin, region: region ?? null, price: shownTerms(terms) },
  source: source === undefined ? null : { url: source.url, date: source.date },
});

export const shownTerms = (terms: PriceTerms): WrittenPrice => writtenPrice(terms);

export const factorAnswer = z.object({
  id: z.string(),
  ...{ tenant: z.string().nullable(), project: z.string().nullable(), key: z.string().nullable() },
  ...{ model: z.string().nullable(), account: z.string().nullable() },
  factor: z.string().meta({ description: 'Decimal text.' }),
  source: z.enum(['database', 'file']),
  from_at: z.string().nullable().meta({ description: 'Null: from ever, being one of the file.' }),
  until_at: z.string().nullable().meta({ description: 'Null: it has no end.' }),
  created_at: z.string().nullable(),
  actor: z.string().nullable(),
});

export const shownFactor = (
  { id, factor, fromMs, untilMs, ...names }: PriceFactor,
  made?: { readonly createdMs: number; readonly actor: string },
) => ({
  ...{ id, tenant: names.tenant ?? null, project: names.project ?? null, key: names.key ?? null },
  ...{ model: names.model ?? null, account: names.account ?? null, factor },
  source: made === undefined ? 'file' : 'database',
  from_at: made === undefined ? null : momentText(fromMs),
  until_at: untilMs === undefined ? null : momentText(untilMs),
  created_at: made === undefined ? null : momentText(made.createdMs),
  actor: made?.actor ?? null,
});

export const scopeNames = z.enum(PRICE_SCOPES);
