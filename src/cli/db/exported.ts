/**
 * What of a table goes out to other programs: all but hashes and sealed secrets, with money as decimal dollars and times
 * as dates. Tables that hold nothing else are not here.
 */

import { parseJson } from '../../base/json.ts';
import { decimalOf } from '../../domain/cost.ts';
import type { Tables } from '../../storage/tables.ts';
import type { SqlValue } from '../../storage/values.ts';

type Exported<Table extends keyof Tables> = {
  /** By which a range of time is meant. */
  readonly time?: keyof Tables[Table] & string;
  /** Never shown. */
  readonly without?: readonly (keyof Tables[Table] & string)[];
};

const TABLES = {
  entries: { time: 'arrived_ms' },
  stories: { time: 'arrived_ms' },
  rollups: { time: 'from_ms' },
  dimensions: {},
  purses: {},
  holds: {},
  wallet_entries: { time: 'at_ms' },
  tenants: {},
  projects: {},
  client_keys: {},
  key_hashes: { without: ['hash'] },
  accounts: {},
  account_secrets: { without: ['sealed'] },
  models: {},
  channels: {},
  prices: { time: 'from_ms' },
  factors: { time: 'from_ms' },
  admins: { without: ['hash'] },
  audit: { time: 'at_ms' },
} as const satisfies { readonly [Table in keyof Tables]?: Exported<Table> };

export type ExportedTable = keyof typeof TABLES;

type Told = { readonly time?: string; readonly without?: readonly string[] };
export const EXPORTED: { readonly [Table in ExportedTable]: Told } = TABLES;

export const isExported = (table: string): table is ExportedTable => Object.hasOwn(EXPORTED, table);

/** Moments: other columns that end in `_ms` are durations. */
const MOMENTS = new Set([
  ...['arrived_ms', 'ended_ms', 'at_ms', 'from_ms', 'until_ms', 'ends_ms'],
  ...['created_ms', 'updated_ms', 'expires_ms'],
]);

/** Columns with JSON in them. */
const SHAPED = new Set(['settings', 'tags', 'story', 'price', 'times', 'before', 'after']);

export type ExportedValue = string | number | null;

export function exportedRow(
  table: ExportedTable,
  row: Readonly<Record<string, SqlValue>>,
): readonly (readonly [string, ExportedValue])[] {
  const { without = [] } = EXPORTED[table];
  return Object.entries(row)
    .filter(([column]) => !without.includes(column))
    .map(([column, value]) => [nameOf(column), exportedValue(column, value)] as const);
}

function nameOf(column: string): string {
  if (column === 'at_ms') return 'at';
  if (MOMENTS.has(column)) return column.replace(/_ms$/, '_at');
  return column.replace(/_nano$/, '_usd');
}

function exportedValue(column: string, value: SqlValue): ExportedValue {
  if (typeof value === 'bigint') return decimalOf(value);
  if (typeof value === 'number' && MOMENTS.has(column)) return new Date(value).toISOString();
  return value as ExportedValue;
}

/** As one line of JSON: what has a shape inside has it there, too. */
export function jsonLine(row: readonly (readonly [string, ExportedValue])[]): string {
  const shown = row.map(([name, value]) => [
    name,
    SHAPED.has(name) && typeof value === 'string' ? (parseJson(value) ?? value) : value,
  ]);
  return `${JSON.stringify(Object.fromEntries(shown))}\n`;
}
