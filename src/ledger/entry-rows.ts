/**
 * Puts the lines of entries into their tables. A batch is one parameter, a JSON list that the database takes apart: its
 * cost to the process is that of a string, however many entries there are, where a value for each column of each row
 * would cost more than the rest of a call.
 */

import { type RawBuilder, sql, type Transaction } from 'kysely';
import type { DatabaseKind } from '../storage/database.ts';
import type { EntryRow, StoryRow, Tables } from '../storage/tables.ts';

type ColumnType = 'text' | 'integer' | 'bigint' | 'double precision';

const ENTRY = {
  id: 'text',
  instance: 'text',
  arrived_ms: 'bigint',
  ended_ms: 'bigint',
  tenant: 'text',
  project: 'text',
  key: 'text',
  dialect: 'text',
  stream: 'integer',
  model: 'text',
  served: 'text',
  channel: 'text',
  account: 'text',
  provider: 'text',
  status: 'integer',
  end_reason: 'text',
  failure: 'text',
  attempts: 'integer',
  queue_ms: 'double precision',
  overhead_ms: 'double precision',
  first_content_ms: 'double precision',
  duration_ms: 'double precision',
  input: 'bigint',
  cache_read: 'bigint',
  cache_write: 'bigint',
  output: 'bigint',
  reasoning: 'bigint',
  usage_source: 'text',
  price: 'text',
  price_row: 'text',
  factor: 'text',
  list_nano: 'bigint',
  upstream_nano: 'bigint',
  charged_nano: 'bigint',
  in_wallet: 'integer',
  tags: 'text',
} as const satisfies Record<keyof EntryRow, ColumnType>;

/** By the names that they have in the line. */
const STORY = { id: 'text', arrived_ms: 'bigint', story: 'text' } as const;
const STORY_COLUMNS = ['call', 'arrived_ms', 'story'] as const satisfies readonly (keyof StoryRow)[];

/** Writes those that are not there yet; resolves with their ids. */
export async function insertEntries(
  transaction: Transaction<Tables>,
  kind: DatabaseKind,
  lines: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = rowsOf(kind, ENTRY, lines);
  const { rows: fresh } = await sql<{ id: string }>`
    insert into ${sql.table('entries')} (${columns(Object.keys(ENTRY))}) ${rows} on conflict (id) do nothing returning id
  `.execute(transaction);
  const stories = rowsOf(kind, STORY, lines);
  await sql`
    insert into ${sql.table('stories')} (${columns(STORY_COLUMNS)}) ${stories} on conflict (call) do nothing
  `.execute(transaction);
  return new Set(fresh.map(({ id }) => id));
}

function rowsOf(
  kind: DatabaseKind,
  types: Readonly<Record<string, ColumnType>>,
  lines: readonly string[],
): RawBuilder<unknown> {
  const names = Object.keys(types);
  const list = `[${lines.join(',')}]`;
  if (kind === 'sqlite') {
    const values = sql.join(names.map((name) => sql`value ->> ${sql.lit(name)}`));
    // Without a condition SQLite would take `on conflict` for that of a join.
    return sql`select ${values} from json_each(${list}) where true`;
  }
  const typed = sql.join(Object.entries(types).map(([name, type]) => sql`${sql.ref(name)} ${sql.raw(type)}`));
  return sql`select ${columns(names)} from json_to_recordset(${list}::json) as line (${typed})`;
}

const columns = (names: readonly string[]): RawBuilder<unknown> =>
  sql.join(names.map((name) => sql.ref(name)));
