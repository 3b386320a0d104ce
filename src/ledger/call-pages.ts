/**
 * The calls themselves, newest first, a page at a time: a page begins after the last call of the one before, so that
 * none is missed or told twice while new ones arrive. Where no index finds what is asked for, the roll-ups of days say
 * on which days there is any of it.
 */

import { type ExpressionBuilder, type ExpressionWrapper, type SqlBool, sql } from 'kysely';
import type { Database } from '../storage/database.ts';
import type { EntryRow, Tables } from '../storage/tables.ts';
import { OTHER_TAGS } from './rollups.ts';
import { DAY_MS, startOf } from './tally.ts';
import type { Filters } from './usage-ask.ts';
import { entryMatches, matching } from './usage-parts.ts';

/** Where a page ended. */
export type CallPlace = { readonly ms: number; readonly id: string };

export type CallsAsk = {
  readonly filters: Filters;
  readonly limit: number;
  /** Only calls that are older than this place. */
  readonly before?: CallPlace | undefined;
  /** Arrived not before, and before. */
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
};

export type CallPage = {
  readonly calls: readonly EntryRow[];
  /** Null: there are no more. A page may be shorter than asked for and have a next one. */
  readonly next: CallPlace | null;
};

/** Days read through for one page: more, and the rest is left to the next. */
const DAYS_A_PAGE = 3;

export async function callPage(
  database: Pick<Database, 'query' | 'kind'>,
  ask: CallsAsk,
  nowMs: number,
): Promise<CallPage> {
  const { filters, limit, before, fromMs = 0 } = ask;
  // Arrival is told by the clocks of several machines: a minute's leave for those that are ahead.
  const toMs = Math.min(ask.toMs ?? Number.POSITIVE_INFINITY, (before?.ms ?? nowMs + 60_000) + 1);
  const range: Range = { fromMs, toMs, before };
  const { tenant, key, failure, ...rare } = filters;
  const indexed = [tenant, key, failure].some((values) => values?.length === 1 && values[0] !== '');
  if (indexed || Object.values(rare).every((values) => values === undefined))
    return pageOf(await callsQuery(database, { filters, limit: limit + 1 }, range).execute(), limit);
  const days = await daysWith(database, filters, range);
  const calls: EntryRow[] = [];
  for (const dayMs of days.slice(0, DAYS_A_PAGE)) {
    const day = { ...range, fromMs: Math.max(fromMs, dayMs), toMs: Math.min(toMs, dayMs + DAY_MS) };
    calls.push(...(await callsQuery(database, { filters, limit: limit + 1 - calls.length }, day).execute()));
    if (calls.length > limit) return pageOf(calls, limit);
  }
  const restMs = days[DAYS_A_PAGE];
  if (restMs === undefined) return pageOf(calls, limit);
  return { calls, next: { ms: restMs + DAY_MS, id: '' } };
}

function pageOf(rows: readonly EntryRow[], limit: number): CallPage {
  const calls = rows.slice(0, limit);
  const last = calls.at(-1);
  return {
    calls,
    next: rows.length > limit && last !== undefined ? { ms: last.arrived_ms, id: last.id } : null,
  };
}

type Range = { readonly fromMs: number; readonly toMs: number; readonly before: CallPlace | undefined };
type Wanted = { readonly filters: Filters; readonly limit: number };

/** One for each way in; the order of its rows is that of an index. */
export function callsQuery(
  { query, kind }: Pick<Database, 'query' | 'kind'>,
  { filters, limit }: Wanted,
  { fromMs, toMs, before }: Range,
) {
  const { tag, ...columns } = filters;
  return query
    .selectFrom('entries')
    .selectAll()
    .where('arrived_ms', '>=', fromMs)
    .where('arrived_ms', '<', toMs)
    .where((eb) => eb.and(entryMatches(eb, columns)))
    .$if(before !== undefined, (entries) =>
      entries.where(({ eb, refTuple, tuple }) =>
        eb(refTuple('arrived_ms', 'id'), '<', tuple(before?.ms ?? 0, before?.id ?? '')),
      ),
    )
    .$if(tag !== undefined, (entries) => entries.where((eb) => tagged(eb, tag ?? [], kind)))
    .orderBy('arrived_ms', 'desc')
    .orderBy('id', 'desc')
    .limit(limit);
}

type EntryScope = ExpressionBuilder<Pick<Tables, 'entries'>, 'entries'>;

function tagged(
  eb: EntryScope,
  tags: readonly string[],
  kind: Database['kind'],
): ExpressionWrapper<Pick<Tables, 'entries'>, 'entries', SqlBool> {
  const list = sql.join(tags);
  const any =
    kind === 'sqlite'
      ? sql<SqlBool>`exists (select 1 from json_each(entries.tags) as tag where tag.value in (${list}))`
      : sql<SqlBool>`exists (select 1 from json_array_elements_text(cast(entries.tags as json)) as tag(value) where tag.value in (${list}))`;
  return eb.and([eb('entries.tags', '!=', '[]'), any]);
}

/** The latest first. */
async function daysWith(
  { query }: Pick<Database, 'query'>,
  filters: Filters,
  { fromMs, toMs }: Range,
): Promise<number[]> {
  const { tag } = filters;
  // Tags beyond a day's bound were counted under another name.
  const counted = tag === undefined ? filters : { ...filters, tag: [...tag, OTHER_TAGS] };
  const rows = await query
    .selectFrom('rollups')
    .select('from_ms')
    .distinct()
    // As a literal: a parameter would hide the index of days.
    .where(sql<SqlBool>`span = 'day'`)
    .where('from_ms', '>=', startOf(fromMs, DAY_MS))
    .where('from_ms', '<', toMs)
    .where('dimensions', 'in', (dimensions) =>
      dimensions
        .selectFrom('dimensions')
        .select('dimensions.id')
        .where((eb) => matching(eb, counted)),
    )
    .orderBy('from_ms', 'desc')
    .limit(DAYS_A_PAGE + 1)
    .execute();
  return rows.map(({ from_ms }) => from_ms);
}
