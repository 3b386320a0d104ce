/** Writes a table, or a range of time of it, as CSV or as lines of JSON: page by page, as fast as it is taken. */

import { sql } from 'kysely';
import { csvOf } from '../../base/csv.ts';
import type { Database } from '../../storage/database.ts';
import { pagesOf } from '../../storage/pages.ts';
import { EXPORTED, type ExportedTable, exportedRow, jsonLine } from './exported.ts';

export type ExportAsk = {
  readonly table: ExportedTable;
  readonly format: 'csv' | 'jsonl';
  /** Included; only for tables that have times. */
  readonly fromMs?: number | undefined;
  /** Not included. */
  readonly toMs?: number | undefined;
};

/** False: nobody takes any more. */
export type Take = (text: string) => Promise<boolean>;

/** Of one moment. Returns the number of rows. */
export function exportTable(database: Database, ask: ExportAsk, take: Take): Promise<number> {
  return database.query
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(async (transaction) => {
      let rows = 0;
      for await (const page of pagesOf(transaction, ask.table, rangeOf(ask))) {
        const shown = page.map((row) => exportedRow(ask.table, row));
        const cells = shown.map((row) => row.map(([, value]) => value));
        if (rows === 0 && ask.format === 'csv') cells.unshift((shown[0] ?? []).map(([name]) => name));
        const text = ask.format === 'csv' ? csvOf(cells) : shown.map(jsonLine).join('');
        rows += page.length;
        if (!(await take(text))) return rows;
      }
      return rows;
    });
}

function rangeOf({ table, fromMs, toMs }: ExportAsk) {
  const { time } = EXPORTED[table];
  if (fromMs === undefined && toMs === undefined) return undefined;
  if (time === undefined)
    throw new Error(`${table} has no times: --from and --to are for ${timedTables().join(', ')}`);
  const column = sql.ref(time);
  return sql`${column} >= ${fromMs ?? Number.MIN_SAFE_INTEGER} and ${column} < ${toMs ?? Number.MAX_SAFE_INTEGER}`;
}

const timedTables = (): string[] =>
  Object.entries(EXPORTED)
    .filter(([, { time }]) => time !== undefined)
    .map(([table]) => table);
