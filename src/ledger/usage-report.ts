/**
 * What was used and what it cost, by one or two of the dimensions of a call. Whole days come from the roll-ups of days,
 * the rest of a range from those of minutes, and where these are no longer kept, from the entries themselves. A range is
 * read in parts: each is a short query, and the event loop never has a large answer at once.
 */

import type { Database } from '../storage/database.ts';
import { DAY_MS, MINUTE_MS, noSums, type Sums, startOf } from './tally.ts';
import { addSteps, noSteps, quantileOf, type StepCounts } from './time-steps.ts';
import { type Group, ReportRefused, TIME_GROUPS, type TimeGroup, type UsageAsk } from './usage-ask.ts';
import { entryParts, type RollupPart, rollupParts } from './usage-parts.ts';

/** Times in ms; undefined where there were none. */
export type Quantiles = { readonly p50?: number; readonly p99?: number };

export type UsageRow = Readonly<Sums> & {
  /** One for each of `by`; a time as ISO text. */
  readonly group: readonly string[];
  readonly errors: number;
  /** How many calls failed how. */
  readonly failures: Readonly<Record<string, number>>;
  /** Of calls that did not fail, unless failed ones are asked for. */
  readonly duration: Quantiles;
  readonly firstContent: Quantiles;
  readonly queue: Quantiles;
};

export type UsageReport = {
  readonly fromMs: number;
  readonly toMs: number;
  readonly by: readonly Group[];
  readonly rows: readonly UsageRow[];
  readonly total: UsageRow;
};

/** How far back minutes and entries go; undefined: all. */
export type Kept = { readonly minutesMs?: number; readonly entriesMs?: number };

const MOST_ROWS = 10_000;
const MOST_DAYS = 4_000;
const FINEST: Readonly<Record<TimeGroup, number>> = { day: MOST_DAYS, hour: 8, minute: 1 };

export async function usageReport(
  database: Pick<Database, 'query' | 'kind'>,
  ask: UsageAsk,
  { nowMs, kept = {} }: { readonly nowMs: number; readonly kept?: Kept },
): Promise<UsageReport> {
  const by = [...new Set(ask.by)];
  const range = rangeOf({ ...ask, by }, nowMs);
  const groups = new Map<string, Pile>();
  const total = createPile([]);
  const failedToo = by.includes('failure') || ask.filters.failure !== undefined;
  const put = (part: RollupPart): void => {
    const values = groupOf(by, part);
    const name = JSON.stringify(values);
    const pile = groups.get(name) ?? createPile(values);
    if (groups.size >= MOST_ROWS && !groups.has(name))
      throw new ReportRefused(
        `more than ${MOST_ROWS} rows by ${by.join(' and ')}: filter, or take fewer groups`,
      );
    groups.set(name, pile);
    addPart(pile, part, failedToo);
    if (!by.includes('tag')) addPart(total, part, failedToo);
  };
  await readParts(database, { ...ask, ...range, by }, { nowMs, kept, put });
  // A call stands under each of its tags: what they are in all is another question.
  if (by.includes('tag'))
    await readParts(
      database,
      { ...ask, ...range, by: [] },
      { nowMs, kept, put: (part) => addPart(total, part, failedToo) },
    );
  return { ...range, by, rows: [...groups.values()].map(rowOf).sort(inOrder(by)), total: rowOf(total) };
}

type Range = { readonly fromMs: number; readonly toMs: number };

function rangeOf({ fromMs, toMs, by, filters }: UsageAsk, nowMs: number): Range {
  if (by.length > 2) throw new ReportRefused('by: expected at most two groups');
  if ((filters.tag?.length ?? 0) > 1 && !by.includes('tag'))
    throw new ReportRefused('tag: expected one: calls that have several would be counted more than once');
  const from = startOf(fromMs, MINUTE_MS);
  // Nothing arrives later than now, so that the whole of today's day is what there is of it.
  const to = toMs >= nowMs ? startOf(nowMs, DAY_MS) + DAY_MS : startOf(toMs, MINUTE_MS);
  if (!(from < to)) throw new ReportRefused('from: expected to be before to, and not to be in the future');
  for (const group of TIME_GROUPS)
    if (by.includes(group) && to - from > FINEST[group] * DAY_MS)
      throw new ReportRefused(`by ${group}: expected at most ${FINEST[group]} days`);
  if (to - from > MOST_DAYS * DAY_MS) throw new ReportRefused(`expected at most ${MOST_DAYS} days`);
  return { fromMs: from, toMs: to };
}

type Reading = { readonly nowMs: number; readonly kept: Kept; put(part: RollupPart): void };

async function readParts(
  database: Pick<Database, 'query' | 'kind'>,
  ask: UsageAsk,
  { nowMs, kept, put }: Reading,
): Promise<void> {
  const { fromMs, toMs, by } = ask;
  const fine = by.includes('hour') || by.includes('minute');
  const firstDay = fine ? toMs : Math.min(startOf(fromMs + DAY_MS - 1, DAY_MS), toMs);
  const lastDay = Math.max(firstDay, startOf(toMs, DAY_MS));
  await readMinutes(database, { ...ask, toMs: firstDay }, { nowMs, kept, put });
  await rollupParts(database, { ...ask, fromMs: firstDay, toMs: lastDay, span: 'day' }, put);
  await readMinutes(database, { ...ask, fromMs: lastDay }, { nowMs, kept, put });
}

async function readMinutes(
  database: Pick<Database, 'query' | 'kind'>,
  ask: UsageAsk,
  { nowMs, kept, put }: Reading,
): Promise<void> {
  const { fromMs, toMs } = ask;
  if (fromMs >= toMs) return;
  // They are pruned by whole days: a day's margin, so that nothing is half there.
  const minutesFrom =
    kept.minutesMs === undefined ? 0 : Math.min(toMs, startOf(nowMs - kept.minutesMs, DAY_MS) + DAY_MS);
  const entriesFrom = kept.entriesMs === undefined ? 0 : startOf(nowMs - kept.entriesMs, DAY_MS) + DAY_MS;
  if (fromMs < minutesFrom) {
    if (fromMs < entriesFrom)
      throw new ReportRefused(
        `before ${new Date(entriesFrom).toISOString().slice(0, 10)} only whole days are still known: ask for whole days (UTC)`,
      );
    await entryParts(database, { ...ask, toMs: Math.min(toMs, minutesFrom) }, put);
  }
  await rollupParts(database, { ...ask, fromMs: Math.max(fromMs, minutesFrom), span: 'minute' }, put);
}

/** What is added up for one row. */
type Pile = {
  readonly group: readonly string[];
  readonly sums: Sums;
  readonly failures: Map<string, number>;
  readonly d: StepCounts;
  readonly f: StepCounts;
  readonly q: StepCounts;
};

const createPile = (group: readonly string[]): Pile => ({
  group,
  sums: noSums(),
  failures: new Map(),
  d: noSteps(),
  f: noSteps(),
  q: noSteps(),
});

function addPart({ sums, failures, d, f, q }: Pile, part: RollupPart, failedToo: boolean): void {
  sums.calls += part.calls;
  sums.input += part.input;
  sums.cacheRead += part.cacheRead;
  sums.cacheWrite += part.cacheWrite;
  sums.output += part.output;
  sums.reasoning += part.reasoning;
  sums.unpriced += part.unpriced;
  sums.listNano += part.listNano;
  sums.upstreamNano += part.upstreamNano;
  sums.chargedNano += part.chargedNano;
  sums.queueMs += part.queueMs;
  sums.durationMs += part.durationMs;
  if (part.failure !== '') failures.set(part.failure, (failures.get(part.failure) ?? 0) + part.calls);
  // How long failures took says nothing of how long answers take; how long they had waited does.
  addSteps(part.times, part.failure === '' || failedToo ? { d, f, q } : { q });
}

const SIZES: Readonly<Record<TimeGroup, number>> = { day: DAY_MS, hour: 3_600_000, minute: MINUTE_MS };

const isTime = (group: Group): group is TimeGroup => group in SIZES;

/** How much of an ISO time is told: `2026-11-26`, `2026-11-26T14:00Z`. */
function timeText(ms: number, group: TimeGroup): string {
  const text = new Date(startOf(ms, SIZES[group])).toISOString();
  return group === 'day' ? text.slice(0, 10) : `${text.slice(0, 16)}Z`;
}

const groupOf = (by: readonly Group[], { fromMs, values }: RollupPart): string[] =>
  by.map((group) => (isTime(group) ? timeText(fromMs, group) : (values[group] ?? '')));

function rowOf({ group, sums, failures, d, f, q }: Pile): UsageRow {
  const errors = [...failures.values()].reduce((sum, calls) => sum + calls, 0);
  return {
    group,
    ...sums,
    errors,
    failures: Object.fromEntries([...failures].sort(([, a], [, b]) => b - a)),
    duration: quantiles(d),
    firstContent: quantiles(f),
    queue: quantiles(q),
  };
}

function quantiles(counts: StepCounts): Quantiles {
  const [p50, p99] = [quantileOf(counts, 0.5), quantileOf(counts, 0.99)];
  return p50 === undefined || p99 === undefined ? {} : { p50, p99 };
}

/** Times ascend; within one, and where there is none, the dearest is first. */
const inOrder =
  (by: readonly Group[]) =>
  (a: UsageRow, b: UsageRow): number => {
    for (const [index, group] of by.entries()) {
      if (!isTime(group)) continue;
      const [mine = '', other = ''] = [a.group[index], b.group[index]];
      if (mine !== other) return mine < other ? -1 : 1;
    }
    if (a.listNano !== b.listNano) return a.listNano > b.listNano ? -1 : 1;
    return b.calls - a.calls || (a.group.join() < b.group.join() ? -1 : 1);
  };
