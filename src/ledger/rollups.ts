/**
 * Keeps the roll-ups: what a batch of entries adds is added to their rows in the transaction that writes the entries,
 * so that both are there or neither. Rows go to the database as one JSON parameter of one unchanging statement: building
 * a statement with a thousand parameters would cost the main thread more than the sums.
 */

import { type RawBuilder, sql, type Transaction } from 'kysely';
import type { CallEntry } from '../domain/entry.ts';
import type { Database, DatabaseKind } from '../storage/database.ts';
import type { DimensionsRow, Tables } from '../storage/tables.ts';
import {
  COUNTED_COLUMNS,
  type Counted,
  countedOf,
  countedRow,
  DAY_MS,
  SPANS,
  type Span,
  startOf,
  type Tally,
  type TallyRow,
  tallyOf,
} from './tally.ts';

/** More different tags of one tenant on one day, and they are counted under this name. */
export const OTHER_TAGS = '(other)';
const TAGS_A_DAY = 500;
/** Sets of dimensions whose numbers are remembered. */
const REMEMBERED = 50_000;
const ROWS_AT_ONCE = 2_000;

export type Rollups = {
  /**
   * Within the transaction that writes the entries, of which none was counted before. What it resolves with is called
   * when the transaction is committed.
   */
  post(transaction: Transaction<Tables>, entries: readonly CallEntry[]): Promise<() => void>;
};

export function createRollups(kind: DatabaseKind, tagsADay = TAGS_A_DAY): Rollups {
  const ids = new Map<string, number>();
  /** Those that are in the database for certain. */
  const there = new Set<number>();
  const tagsOf = boundedTags(tagsADay);
  return {
    async post(transaction, entries) {
      if (ids.size > REMEMBERED) {
        ids.clear();
        there.clear();
      }
      const { rows, dimensions } = tallyOf(entries.map(countedOf), { spans: ['day', 'minute'], tagsOf, ids });
      const fresh = dimensions.filter(({ id }) => !there.has(id));
      await add({ rows, dimensions: fresh }, { transaction, kind });
      return () => {
        for (const { id } of fresh) there.add(id);
      };
    },
  };
}

/** Tags are the clients' own words: without a bound one of them could fill the tables. */
export function boundedTags(perDay: number): (entry: Counted) => readonly string[] {
  let day = 0;
  const seen = new Map<string, Set<string>>();
  return ({ tags, tenant, arrived_ms }) => {
    if (tags.length === 0) return tags;
    const today = startOf(arrived_ms, DAY_MS);
    if (today > day) {
      day = today;
      seen.clear();
    }
    const known = seen.get(tenant) ?? new Set();
    seen.set(tenant, known);
    const counted = new Set<string>();
    for (const tag of tags) {
      if (tag === '') continue;
      if (known.size < perDay) known.add(tag);
      counted.add(known.has(tag) ? tag : OTHER_TAGS);
    }
    return [...counted];
  };
}

type To = { readonly transaction: Transaction<Tables>; readonly kind: DatabaseKind };

async function add({ rows, dimensions }: Tally, to: To): Promise<void> {
  for (const part of parts(dimensions)) await addDimensions(part, to);
  for (const part of parts(rows)) await addRows(part, to);
}

function* parts<Item>(items: readonly Item[]): Generator<readonly Item[]> {
  for (let at = 0; at < items.length; at += ROWS_AT_ONCE) yield items.slice(at, at + ROWS_AT_ONCE);
}

/** The elements of a JSON array, as rows of the one column `value`. */
const elementsOf = (json: string, kind: DatabaseKind): RawBuilder<unknown> =>
  kind === 'sqlite'
    ? sql`json_each(${json}) as elements`
    : sql`jsonb_array_elements(cast(${json} as jsonb)) as elements(value)`;

async function addDimensions(rows: readonly DimensionsRow[], { transaction, kind }: To): Promise<void> {
  const json = JSON.stringify(
    rows.map((row) => [
      row.id,
      row.tenant,
      row.project,
      row.key,
      row.model,
      row.served,
      row.channel,
      row.account,
      row.provider,
      row.failure,
      row.tag,
      row.factor,
      row.in_wallet,
    ]),
  );
  await sql`insert into dimensions (id, tenant, project, key, model, served, channel, account, provider, failure, tag,
      factor, in_wallet)
    select cast(value ->> 0 as bigint), value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6,
      value ->> 7, value ->> 8, value ->> 9, value ->> 10, value ->> 11, cast(value ->> 12 as integer)
    from ${elementsOf(json, kind)} where true
    on conflict (id) do nothing`.execute(transaction);
}

/** Sums are whole numbers of 64 bits, as text, for JSON's own end at 53. */
async function addRows(rows: readonly TallyRow[], { transaction, kind }: To): Promise<void> {
  const json = JSON.stringify(rows.map(jsonOf));
  await sql`insert into rollups (span, from_ms, dimensions, calls, input, cache_read, cache_write, output, reasoning,
      unpriced, list_nano, upstream_nano, charged_nano, queue_ms, duration_ms, times)
    select value ->> 0, cast(value ->> 1 as bigint), cast(value ->> 2 as bigint), cast(value ->> 3 as bigint),
      cast(value ->> 4 as bigint), cast(value ->> 5 as bigint), cast(value ->> 6 as bigint),
      cast(value ->> 7 as bigint), cast(value ->> 8 as bigint), cast(value ->> 9 as bigint),
      cast(value ->> 10 as bigint), cast(value ->> 11 as bigint), cast(value ->> 12 as bigint),
      cast(value ->> 13 as double precision), cast(value ->> 14 as double precision), value ->> 15
    from ${elementsOf(json, kind)} where true
    on conflict (span, from_ms, dimensions) do update set
      calls = rollups.calls + excluded.calls,
      input = rollups.input + excluded.input,
      cache_read = rollups.cache_read + excluded.cache_read,
      cache_write = rollups.cache_write + excluded.cache_write,
      output = rollups.output + excluded.output,
      reasoning = rollups.reasoning + excluded.reasoning,
      unpriced = rollups.unpriced + excluded.unpriced,
      list_nano = rollups.list_nano + excluded.list_nano,
      upstream_nano = rollups.upstream_nano + excluded.upstream_nano,
      charged_nano = rollups.charged_nano + excluded.charged_nano,
      queue_ms = rollups.queue_ms + excluded.queue_ms,
      duration_ms = rollups.duration_ms + excluded.duration_ms,
      times = (${kind === 'sqlite' ? SQLITE_TIMES : POSTGRES_TIMES})`.execute(transaction);
}

/** Two of them added up, step by step. */
const SQLITE_TIMES = sql`select json_group_object(key, calls) from (
  select key, sum(value) as calls from (
    select key, value from json_each(rollups.times) union all select key, value from json_each(excluded.times)
  ) as every group by key) as sums`;
const POSTGRES_TIMES = sql`select cast(coalesce(json_object_agg(key, calls), '{}') as text) from (
  select key, sum(cast(value as bigint)) as calls from (
    select key, value from json_each_text(cast(rollups.times as json))
    union all select key, value from json_each_text(cast(excluded.times as json))
  ) as every group by key) as sums`;

const jsonOf = ({ span, fromMs, id, sums, times }: TallyRow): unknown[] => [
  span,
  fromMs,
  id,
  sums.calls,
  sums.input,
  sums.cacheRead,
  sums.cacheWrite,
  sums.output,
  sums.reasoning,
  sums.unpriced,
  String(sums.listNano),
  String(sums.upstreamNano),
  String(sums.chargedNano),
  sums.queueMs,
  sums.durationMs,
  JSON.stringify(Object.fromEntries(times)),
];

const ENTRIES_AT_ONCE = 5_000;

/**
 * Makes the roll-ups of whole days anew from their entries, in one transaction: for days whose entries are all still
 * there. Not while calls of these days are still being written.
 */
export async function rebuildRollups(
  database: Database,
  { fromMs, toMs, span }: { readonly fromMs: number; readonly toMs: number; readonly span: Span },
): Promise<void> {
  const { kind } = database;
  const from = startOf(fromMs, SPANS[span]);
  await database.write(async (transaction) => {
    await transaction
      .deleteFrom('rollups')
      .where('span', '=', span)
      .where('from_ms', '>=', from)
      .where('from_ms', '<', toMs)
      .execute();
    const tagsOf = boundedTags(TAGS_A_DAY);
    const ids = new Map<string, number>();
    let after: { readonly ms: number; readonly id: string } = { ms: from, id: '' };
    for (;;) {
      const { ms, id } = after;
      const rows = await transaction
        .selectFrom('entries')
        .select(['id', ...COUNTED_COLUMNS])
        .where(({ eb, refTuple, tuple }) => eb(refTuple('arrived_ms', 'id'), '>', tuple(ms, id)))
        .where('arrived_ms', '<', toMs)
        .orderBy('arrived_ms')
        .orderBy('id')
        .limit(ENTRIES_AT_ONCE)
        .execute();
      await add(tallyOf(rows.map(countedRow), { spans: [span], tagsOf, ids }), { transaction, kind });
      const last = rows.at(-1);
      if (last === undefined || rows.length < ENTRIES_AT_ONCE) return;
      after = { ms: last.arrived_ms, id: last.id };
    }
  });
}
