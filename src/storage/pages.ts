/** A whole table in pages, in the order of its key: however large it is, little of it is in memory at once. */

import { type RawBuilder, sql } from 'kysely';
import type { Queries } from './database.ts';
import { TABLE_KEYS } from './table-keys.ts';
import type { Tables } from './tables.ts';
import type { SqlValue } from './values.ts';

export type AnyRow = Readonly<Record<string, SqlValue>>;

/** So that no page keeps the event loop for long. */
const PAGE = 500;

/** `where` narrows it down. Consistent within a transaction that sees one moment. */
export async function* pagesOf(
  queries: Queries,
  table: keyof Tables,
  where: RawBuilder<unknown> = sql`1 = 1`,
): AsyncGenerator<readonly AnyRow[]> {
  const keys: readonly string[] = TABLE_KEYS[table];
  const key = sql.join(keys.map((each) => sql.ref(each)));
  let after = sql`1 = 1`;
  for (;;) {
    const { rows } =
      await sql<AnyRow>`select * from ${sql.table(table)} where ${where} and ${after} order by ${key} limit ${PAGE}`.execute(
        queries,
      );
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows;
    if (rows.length < PAGE) return;
    after = sql`(${key}) > (${sql.join(keys.map((each) => last[each]))})`;
  }
}
