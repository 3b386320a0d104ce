/**
 * What goes into a database and what comes out, the same for both. In: text, finite numbers, `bigint`, bytes, null.
 * Out: whole numbers are numbers, but for columns whose name ends in `_nano`, which are `bigint`.
 */

import { DatabaseError } from './database-error.ts';

export type SqlValue = string | number | bigint | Uint8Array | null;

/** Throws on what would be stored as something else than it is. */
export function sqlValues(parameters: readonly unknown[]): SqlValue[] {
  return parameters.map((value, index) => {
    // PostgreSQL has no place for this one character in a text: where it stands is kept, what it was is not worth a row.
    if (typeof value === 'string') return value.includes('\0') ? value.replaceAll('\0', '\ufffd') : value;
    if (value === null || typeof value === 'bigint' || value instanceof Uint8Array) return value;
    if (typeof value === 'number' && isExact(value)) return value >= MOMENT ? Math.floor(value) : value;
    throw new DatabaseError(
      'wrong',
      `parameter ${index + 1}: expected text, a finite number, a bigint, bytes or null, got ${described(value)}`,
    );
  });
}

/**
 * From here on a number is a moment, in milliseconds since 1970. The clock's have fractions, and columns of moments are
 * whole: PostgreSQL would refuse the statement, SQLite would keep the fraction.
 */
const MOMENT = 1e11;

const isExact = (value: number): boolean =>
  Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));

const described = (value: unknown): string =>
  typeof value === 'number' ? `a number that is not exact (${value})` : typeof value;

export const isNano = (column: string): boolean => column.endsWith('_nano');

/** Of a whole number as the database has it. */
export function wholeNumber(column: string, value: bigint): bigint | number {
  if (isNano(column)) return value;
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  throw new DatabaseError(
    'wrong',
    `column ${column}: ${value} is too large for a number; only columns that end in _nano are bigint`,
  );
}

/** Of a number that need not be whole. */
export function plainNumber(column: string, value: number): bigint | number {
  if (!isNano(column)) return value;
  if (Number.isSafeInteger(value)) return BigInt(value);
  throw new DatabaseError('wrong', `column ${column}: expected a whole number, got ${value}`);
}
