/**
 * The form of a file in `catalog/`: one provider, its sources by a short name, its models. Strict, so that a slip of the
 * pen is an error of the tests and of `npm run catalog`, and not a price that nobody sees. A start does not check again.
 */

import { z } from 'zod';
import { ABILITIES, CURRENCIES, MODALITIES, MODEL_KINDS } from '../domain/model-facts.ts';

const decimal = z.string().regex(/^\d+(\.\d{1,9})?$/, 'expected decimal text such as "1.25"');
const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, 'expected a day such as "2026-11-10"');
const time = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'expected a time such as "01:00"');
const tokens = z.int().min(1);
const id = z.string().min(1);

const tier = z.strictObject({
  above: tokens.optional(),
  input: decimal.optional(),
  output: decimal.optional(),
  thinkingOutput: decimal.optional(),
  cacheRead: decimal.optional(),
  cacheWrite: decimal.optional(),
  cacheWrite1h: decimal.optional(),
  audioInput: decimal.optional(),
  audioOutput: decimal.optional(),
  imageInput: decimal.optional(),
  imageOutput: decimal.optional(),
});

const batch = z.strictObject({ share: decimal, cache: z.enum(['kept', 'lost']) });

const price = z.strictObject({
  currency: z.enum(CURRENCIES).default('USD'),
  regions: z.array(id).min(1).optional(),
  from: day.optional(),
  hours: z.strictObject({ from: time, to: time, weekdays: z.literal(true).optional() }).optional(),
  tiers: z.array(tier).min(1),
  batch: batch.optional(),
  source: id,
});

const modelSchema = z.strictObject({
  id,
  name: id.optional(),
  /** Other ids of the same model at the same price, dated ones included. */
  aliases: z.array(id).default([]),
  kind: z.enum(MODEL_KINDS).default('chat'),
  context: tokens.optional(),
  maxInput: tokens.optional(),
  maxOutput: tokens.optional(),
  input: z.array(z.enum(MODALITIES)).min(1).optional(),
  output: z.array(z.enum(MODALITIES)).min(1).optional(),
  abilities: z.array(z.enum(ABILITIES)).default([]),
  lacks: z.array(z.enum(ABILITIES)).default([]),
  deprecated: z.boolean().default(false),
  /** Whose word the facts are; each price names its own. */
  source: id,
  prices: z.array(price).default([]),
});

const fileSchema = z.strictObject({
  provider: id,
  sources: z.record(id, z.strictObject({ url: z.url(), date: day, importer: id.optional() })),
  /** What stands behind an id that is a dated snapshot, as a pattern: it is cut off where the whole id is unknown. */
  dated: z.string().optional(),
  /** Ids, as a pattern, that lists still have and this file leaves out: retired, or not served by the API. */
  leftOut: z.string().optional(),
  /** Of a provider of other makers' models: whose file knows what `maker/model` is, should this one not. */
  makers: z.record(id, id).optional(),
  /** Holds for every price of the file that says nothing of batches. */
  batch: batch.extend({ source: id }).optional(),
  models: z.array(modelSchema),
});

export type CatalogueFile = z.output<typeof fileSchema>;
export type CatalogueInput = z.input<typeof fileSchema>;

/** Throws an error that names the file and the place in it. */
export function parseFile(text: string, provider: string): CatalogueFile {
  const result = fileSchema.safeParse(JSON.parse(text));
  if (!result.success) {
    const [issue] = result.error.issues;
    throw new Error(`catalog/${provider}.json: ${issue?.path.join('.')}: ${issue?.message}`);
  }
  const { data } = result;
  const known = new Set(Object.keys(data.sources));
  const named = data.models.flatMap(({ source, prices }) => [source, ...prices.map((each) => each.source)]);
  const strange = named.find((name) => !known.has(name));
  if (strange !== undefined) throw new Error(`catalog/${provider}.json: no source '${strange}'`);
  return data;
}
