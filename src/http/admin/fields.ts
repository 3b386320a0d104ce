/** The kinds of value that bodies and queries of the admin API are made of, so that all routes read them alike. */

import { z } from 'zod';
import { decimalOf, nanoOf } from '../../domain/cost.ts';

/** Beyond it no 64-bit column could take the sum of a few. */
const MOST_NANO = 1_000_000_000n * 1_000_000_000n;
const MONEY = /^-?\d{1,10}(\.\d{1,9})?$/;

/** Dollars as decimal text, read into billionths. `signed`: may be less than nothing. */
export const money = ({ signed = false }: { readonly signed?: boolean } = {}) =>
  z
    .string()
    .regex(signed ? MONEY : /^\d{1,10}(\.\d{1,9})?$/, 'expected dollars as decimal text, such as "12.50"')
    .transform((text, context): bigint => {
      const nano = nanoOf(text.replace('-', ''));
      if (nano > MOST_NANO) {
        context.issues.push({
          code: 'custom',
          input: text,
          message: `expected at most ${decimalOf(MOST_NANO)}`,
        });
        return z.NEVER;
      }
      return text.startsWith('-') ? -nano : nano;
    });

/** Money in an answer: a `bigint` that is written as decimal text. */
export const moneyAnswer = () =>
  z.string().meta({ description: 'Dollars as decimal text.', examples: ['12.5'] });

/** The id of a thing: part of channel names and metric labels. */
export const idText = () =>
  z
    .string()
    .max(100)
    .regex(/^[A-Za-z0-9][\w.-]*$/, 'expected a name of letters, digits, ".", "_" and "-"');

/** One line for people to read. */
export const line = (max = 200) =>
  z
    .string()
    .min(1)
    .max(max)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be in it
    .regex(/^[^\u0000-\u001f\u007f]+$/, 'expected one line of text');

/** What stands in an address or a query to ask for a thing by: any text of a name's length. */
export const reference = (max = 300) => z.string().min(1).max(max);

/** A moment as ISO 8601 text, read into clock time in ms. */
export const moment = () =>
  z.iso
    .datetime({ offset: true, error: 'expected a moment such as 2026-01-31T00:00:00Z' })
    .transform((text) => Date.parse(text));

/** `true` or `false` in a query. */
export const queryFlag = () => z.enum(['true', 'false']).transform((text) => text === 'true');

/** A moment in an answer. */
export const momentAnswer = () => z.string().meta({ format: 'date-time' });

export const momentText = (ms: number): string => new Date(ms).toISOString();
export const momentTextOrNull = (ms: number | null): string | null => (ms === null ? null : momentText(ms));
