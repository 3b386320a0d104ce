/**
 * Rows as PostgreSQL sends them, with its large integers. A sum of `bigint` is a `numeric` there: without a fraction it
 * is a whole number like the others.
 */

import pg from 'pg';
import { isNano, plainNumber, wholeNumber } from '../values.ts';

const INT8 = 20;
const INT2 = 21;
const INT4 = 23;
const NUMERIC = 1700;
const FLOATS = new Set([700, 701]);
const WHOLE = new Set([INT8, INT2, INT4, NUMERIC]);

export const typeParsers = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    // Turned into numbers where the column's name is known.
    if (WHOLE.has(oid)) return (text: string) => text;
    return pg.types.getTypeParser(oid, format as 'text');
  },
};

export function rowsOf({ fields, rows }: pg.QueryResult<Record<string, unknown>>): Record<string, unknown>[] {
  const numbers = fields.filter(({ dataTypeID }) => WHOLE.has(dataTypeID) || FLOATS.has(dataTypeID));
  for (const { name } of numbers) {
    const nano = isNano(name);
    for (const row of rows) {
      const value = row[name];
      if (typeof value === 'string') row[name] = nano ? nanoOf(name, value) : numberOf(name, value);
      else if (typeof value === 'number') row[name] = plainNumber(name, value);
    }
  }
  return rows;
}

const nanoOf = (column: string, text: string): bigint | number =>
  text.includes('.') ? plainNumber(column, Number(text)) : BigInt(text);

function numberOf(column: string, text: string): bigint | number {
  const number = Number(text);
  return Math.abs(number) <= Number.MAX_SAFE_INTEGER ? number : wholeNumber(column, BigInt(text));
}
