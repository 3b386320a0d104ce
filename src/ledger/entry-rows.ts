/**
 * Puts the lines of entries into their tables. A batch is one parameter, a JSON list that the database takes apart: its
 * cost to the process is that of a string, however many entries there are, where a value for each column of each row
 * would cost more than the rest of a call.
 */

import { type CompiledQuery, type Kysely, type RawBuilder, sql, type Transaction } from 'kysely';
import type { DatabaseKind } from '../storage/database.ts';
import type { StoryRow, Tables } from '../storage/tables.ts';
import { type ColumnType, ENTRY_COLUMNS, STORY_AT } from './entry-columns.ts';

/** Writes those of a list of lines that are not there yet; resolves with their ids. `storied`: those that have a story. */
export type InsertEntries = (
  transaction: Transaction<Tables>,
  lines: readonly string[],
  storied: readonly string[],
) => Promise<ReadonlySet<string>>;

type Place = { readonly type: ColumnType; readonly at: number };

const ENTRY = Object.entries(ENTRY_COLUMNS).map(([name, type], at) => ({ name, type, at }));
const atOf = (name: keyof typeof ENTRY_COLUMNS): number => ENTRY.findIndex((column) => column.name === name);

const STORY: Readonly<Record<keyof StoryRow, Place>> = {
  call: { type: 'text', at: atOf('id') },
  arrived_ms: { type: 'bigint', at: atOf('arrived_ms') },
  story: { type: 'text', at: STORY_AT },
};

/** Either statement is compiled once: only its list is another. */
export function entryInsert(kind: DatabaseKind, compiler: Kysely<Tables>): InsertEntries {
  const entries = sql`
    insert into ${sql.table('entries')} (${columns(ENTRY.map(({ name }) => name))})
    ${selection(kind, ENTRY, 0)} on conflict (id) do nothing returning id
  `.compile(compiler);
  const stories = sql`
    insert into ${sql.table('stories')} (${columns(Object.keys(STORY))})
    ${selection(kind, Object.values(STORY), STORY_AT)} on conflict (call) do nothing
  `.compile(compiler);
  return async (transaction, lines, storied) => {
    const { rows } = await transaction.executeQuery(withList(entries, lines));
    if (storied.length > 0) await transaction.executeQuery(withList(stories, storied));
    return new Set(rows.map((row) => (row as { readonly id: string }).id));
  };
}

/** The same for once. */
export const insertEntries = (
  transaction: Transaction<Tables>,
  kind: DatabaseKind,
  lines: readonly string[],
): Promise<ReadonlySet<string>> => entryInsert(kind, transaction)(transaction, lines, lines);

const withList = (query: CompiledQuery, lines: readonly string[]): CompiledQuery => ({
  ...query,
  parameters: [`[${lines.join(',')}]`],
});

/** Of the lines that have a value at `needed`. */
function selection(kind: DatabaseKind, places: readonly Place[], needed: number): RawBuilder<unknown> {
  const from = kind === 'sqlite' ? sql`value` : sql`line`;
  const valueAt = (at: number): RawBuilder<unknown> => sql`(${from} ->> ${sql.lit(at)})`;
  const values = places.map(({ type, at }) =>
    kind === 'sqlite' ? valueAt(at) : sql`${valueAt(at)}::${sql.raw(type)}`,
  );
  // Binary: as text a line would be read anew for each of its values.
  const list =
    kind === 'sqlite' ? sql`jsonb_each(${''})` : sql`jsonb_array_elements(${''}::jsonb) as elements (line)`;
  return sql`select ${sql.join(values)} from ${list} where ${valueAt(needed)} is not null`;
}

const columns = (names: readonly string[]): RawBuilder<unknown> =>
  sql.join(names.map((name) => sql.ref(name)));
