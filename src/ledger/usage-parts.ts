/**
 * Reads a range for a report: roll-ups added up by the database in parts of a few days, or, where there are none for
 * it, the entries themselves, counted here as they would have been then.
 */

import { type ExpressionBuilder, type ExpressionWrapper, type SqlBool, sql } from 'kysely';
import type { Database } from '../storage/database.ts';
import type { Tables } from '../storage/tables.ts';
import {
  COUNTED_COLUMNS,
  type Counted,
  countedRow,
  DAY_MS,
  type Span,
  type Sums,
  startOf,
  tallyOf,
} from './tally.ts';
import { FILTERS, type FilterName, type Filters, ReportRefused, type UsageAsk } from './usage-ask.ts';

/** Calls that have the asked groups, their failure and their time in common. */
export type RollupPart = Sums & {
  /** Of the day or the minute; of the first of them where no time is asked for. */
  readonly fromMs: number;
  readonly failure: string;
  readonly values: Readonly<Partial<Record<FilterName, string>>>;
  readonly times: string;
};

type Put = (part: RollupPart) => void;

const MOST_PARTS = 32;

/** From and to are of whole spans. */
export async function rollupParts(
  database: Pick<Database, 'query' | 'kind'>,
  { span, ...ask }: UsageAsk & { readonly span: Span },
  put: Put,
): Promise<void> {
  const { fromMs, toMs } = ask;
  const step = DAY_MS * Math.max(1, Math.ceil((toMs - fromMs) / DAY_MS / MOST_PARTS));
  for (let from = fromMs; from < toMs; from = startOf(from, DAY_MS) + step)
    for (const part of await readRollups(database, {
      ...ask,
      span,
      fromMs: from,
      toMs: Math.min(toMs, startOf(from, DAY_MS) + step),
    }))
      put(part);
}

/** Of roll-ups: what a client may be shown of them. */
export const usedAndCharged = ({ fn }: ExpressionBuilder<Tables, 'rollups' | 'dimensions'>) => [
  fn.sum<number>('calls').as('calls'),
  fn.sum<number>('input').as('input'),
  fn.sum<number>('cache_read').as('cache_read'),
  fn.sum<number>('cache_write').as('cache_write'),
  fn.sum<number>('output').as('output'),
  fn.sum<number>('reasoning').as('reasoning'),
  fn.sum<number>('unpriced').as('unpriced'),
  fn.sum<bigint>('list_nano').as('list_nano'),
  fn.sum<bigint>('charged_nano').as('charged_nano'),
];

/** Begins with the range of the key, and looks each of its dimensions up. */
export function rollupsQuery(
  { query }: Pick<Database, 'query'>,
  { span, fromMs, toMs, by, filters }: UsageAsk & { readonly span: Span },
) {
  const names = FILTERS.filter((name) => by.includes(name) && name !== 'failure');
  const timed = by.some((group) => group === 'day' || group === 'hour' || group === 'minute');
  return (
    query
      .selectFrom('rollups')
      // Not a plain join: SQLite would sometimes begin with all dimensions that there ever were.
      .crossJoin('dimensions')
      .whereRef('dimensions.id', '=', 'rollups.dimensions')
      .where('span', '=', span)
      .where('from_ms', '>=', fromMs)
      .where('from_ms', '<', toMs)
      .where((eb) => matching(eb, filters, by.includes('tag')))
      .select(names.map((name) => `dimensions.${name}` as const))
      .select(['dimensions.failure'])
      .select(usedAndCharged)
      .select(({ fn }) => [
        fn.min<number>('from_ms').as('first_ms'),
        fn.sum<bigint>('upstream_nano').as('upstream_nano'),
        fn.sum<number>('queue_ms').as('queue_ms'),
        fn.sum<number>('duration_ms').as('duration_ms'),
        sql<string>`string_agg(times, '')`.as('times'),
      ])
      .groupBy([...names.map((name) => `dimensions.${name}` as const), 'dimensions.failure'])
      .$if(timed, (part) => part.groupBy('from_ms'))
  );
}

async function readRollups(
  database: Pick<Database, 'query'>,
  ask: UsageAsk & { readonly span: Span },
): Promise<RollupPart[]> {
  const rows = await rollupsQuery(database, ask).execute();
  return rows.map((row) => ({
    fromMs: row.first_ms,
    failure: row.failure,
    values: row,
    times: row.times,
    calls: row.calls,
    input: row.input,
    cacheRead: row.cache_read,
    cacheWrite: row.cache_write,
    output: row.output,
    reasoning: row.reasoning,
    unpriced: row.unpriced,
    listNano: row.list_nano,
    upstreamNano: row.upstream_nano,
    chargedNano: row.charged_nano,
    queueMs: row.queue_ms,
    durationMs: row.duration_ms,
  }));
}

type DimensionsScope = ExpressionBuilder<Pick<Tables, 'dimensions'>, 'dimensions'>;

/** Rows of all calls together, or those under tags; with the values that are asked for. */
export function matching(
  eb: DimensionsScope,
  filters: Filters,
  byTag = false,
): ExpressionWrapper<Pick<Tables, 'dimensions'>, 'dimensions', SqlBool> {
  const all = FILTERS.flatMap((name) => {
    const values = filters[name];
    return values === undefined ? [] : [eb(`dimensions.${name}`, 'in', values)];
  });
  if (filters.tag === undefined) all.push(eb('dimensions.tag', byTag ? '!=' : '=', ''));
  return eb.and(all);
}

/** More would keep the event loop busy for too long. */
const ENTRIES_AT_ONCE = 500;
const MOST_ENTRIES = 300_000;

export async function entryParts({ query }: Pick<Database, 'query'>, ask: UsageAsk, put: Put): Promise<void> {
  const { fromMs, toMs, filters, by } = ask;
  const ids = new Map<string, number>();
  const { tag: tags, ...columns } = filters;
  const tagsOf = (entry: Counted): readonly string[] => {
    const own = [...new Set(entry.tags)].filter((tag) => tag !== '');
    return tags === undefined ? own : own.filter((tag) => tags.includes(tag));
  };
  const tagged = tags !== undefined || by.includes('tag');
  let after = { ms: fromMs, id: '' };
  for (let read = 0; read < MOST_ENTRIES; read += ENTRIES_AT_ONCE) {
    const { ms, id } = after;
    const rows = await query
      .selectFrom('entries')
      .select(['id', ...COUNTED_COLUMNS])
      .where('arrived_ms', '>=', ms)
      .where('arrived_ms', '<', toMs)
      .where(({ eb, refTuple, tuple }) => eb(refTuple('arrived_ms', 'id'), '>', tuple(ms, id)))
      .where((eb) => eb.and(entryMatches(eb, columns)))
      .orderBy('arrived_ms')
      .orderBy('id')
      .limit(ENTRIES_AT_ONCE)
      .execute();
    putEntries(rows.map(countedRow), { tagsOf, ids, tagged }, put);
    const last = rows.at(-1);
    if (last === undefined || rows.length < ENTRIES_AT_ONCE) return;
    after = { ms: last.arrived_ms, id: last.id };
  }
  throw new ReportRefused(
    'too many calls in a part of a day of which minutes are no longer kept: ask for whole days (UTC)',
  );
}

function putEntries(
  entries: readonly Counted[],
  {
    tagsOf,
    ids,
    tagged,
  }: {
    readonly ids: Map<string, number>;
    tagsOf(entry: Counted): readonly string[];
    readonly tagged: boolean;
  },
  put: Put,
): void {
  const { rows, dimensions } = tallyOf(entries, { spans: ['minute'], tagsOf, ids });
  const byId = new Map(dimensions.map((row) => [row.id, row]));
  for (const { id, fromMs, sums, times } of rows) {
    const values = byId.get(id);
    if (values === undefined || (values.tag !== '') !== tagged) continue;
    put({
      ...sums,
      fromMs,
      failure: values.failure,
      values,
      times: JSON.stringify(Object.fromEntries(times)),
    });
  }
}

type EntryScope = ExpressionBuilder<Pick<Tables, 'entries'>, 'entries'>;

/** Of entries: null is what is '' in a roll-up. */
export const entryMatches = (
  eb: EntryScope,
  filters: Omit<Filters, 'tag'>,
): ExpressionWrapper<Pick<Tables, 'entries'>, 'entries', SqlBool>[] =>
  FILTERS.flatMap((name) => {
    if (name === 'tag') return [];
    const values = filters[name];
    if (values === undefined) return [];
    const named = values.filter((value) => value !== '');
    const some = named.length > 0 ? [eb(`entries.${name}`, 'in', named)] : [];
    return [eb.or(named.length < values.length ? [...some, eb(`entries.${name}`, 'is', null)] : some)];
  });
