/**
 * Entries added up: per minute and per day, for each set of dimensions, once for all calls together (no tag) and once
 * more under each tag. The same sums whether they are made while entries are written, from old entries, or for a report.
 */

import { createHash } from 'node:crypto';
import type { CallEntry } from '../domain/entry.ts';
import type { DimensionsRow, EntryRow } from '../storage/tables.ts';
import { isInWallet, micro } from './entry-line.ts';
import { stepOf, TIME_KINDS } from './time-steps.ts';

export const MINUTE_MS = 60_000;
export const DAY_MS = 86_400_000;

export const SPANS = { minute: MINUTE_MS, day: DAY_MS } as const;
export type Span = keyof typeof SPANS;

export const startOf = (ms: number, spanMs: number): number => ms - (((ms % spanMs) + spanMs) % spanMs);

export const COUNTED_COLUMNS = [
  'arrived_ms',
  'tenant',
  'project',
  'key',
  'model',
  'served',
  'channel',
  'account',
  'provider',
  'failure',
  'factor',
  'in_wallet',
  'queue_ms',
  'first_content_ms',
  'duration_ms',
  'input',
  'cache_read',
  'cache_write',
  'output',
  'reasoning',
  'usage_source',
  'list_nano',
  'upstream_nano',
  'charged_nano',
  'tags',
] as const satisfies readonly (keyof EntryRow)[];

/** What is counted of an entry. */
export type Counted = Readonly<Pick<EntryRow, Exclude<(typeof COUNTED_COLUMNS)[number], 'tags'>>> & {
  readonly tags: readonly string[];
};

/** As the entry is stored, to the last digit. */
export const countedOf = ({ usage, money, held, ...entry }: CallEntry): Counted => ({
  arrived_ms: Math.round(entry.arrivedAtMs),
  tenant: entry.tenant,
  project: entry.project,
  key: entry.key,
  model: entry.model,
  served: entry.served,
  channel: entry.channel,
  account: entry.account,
  provider: entry.provider,
  failure: entry.failure,
  factor: money.factor,
  in_wallet: isInWallet(held) ? 1 : 0,
  queue_ms: micro(entry.queueMs),
  first_content_ms: entry.firstContentMs === null ? null : micro(entry.firstContentMs),
  duration_ms: micro(entry.durationMs),
  input: usage?.input ?? null,
  cache_read: usage?.cacheRead ?? null,
  cache_write: usage?.cacheWrite ?? null,
  output: usage?.output ?? null,
  reasoning: usage?.reasoning ?? null,
  usage_source: usage?.source ?? null,
  list_nano: money.listNano,
  upstream_nano: money.upstreamNano,
  charged_nano: money.chargedNano,
  tags: entry.tags,
});

export const countedRow = ({ tags, ...row }: Pick<EntryRow, (typeof COUNTED_COLUMNS)[number]>): Counted => ({
  ...row,
  tags: JSON.parse(tags) as string[],
});

export type Dimensions = Omit<DimensionsRow, 'id'>;

/** Tokens may have parts where they were estimated; sums are whole. */
export type Sums = {
  calls: number;
  input: number;
  cacheRead: number;
  cacheWrite: number;
  output: number;
  reasoning: number;
  unpriced: number;
  listNano: bigint;
  upstreamNano: bigint;
  chargedNano: bigint;
  queueMs: number;
  durationMs: number;
};

export const noSums = (): Sums => ({
  calls: 0,
  input: 0,
  cacheRead: 0,
  cacheWrite: 0,
  output: 0,
  reasoning: 0,
  unpriced: 0,
  listNano: 0n,
  upstreamNano: 0n,
  chargedNano: 0n,
  queueMs: 0,
  durationMs: 0,
});

export type TallyRow = {
  readonly span: Span;
  readonly fromMs: number;
  readonly id: number;
  readonly sums: Sums;
  /** Steps by letter and number, `d35`. */
  readonly times: Map<string, number>;
};

export type Tally = {
  /** In the order of their key, so that two instances never wait for each other in a circle. */
  readonly rows: readonly TallyRow[];
  readonly dimensions: readonly DimensionsRow[];
};

export type TallyOptions = {
  readonly spans: readonly Span[];
  /** Under which names a call is counted beside '': its tags, or fewer. */
  tagsOf(entry: Counted): readonly string[];
  /** Remembers what was hashed. */
  readonly ids: Map<string, number>;
};

export function tallyOf(entries: Iterable<Counted>, { spans, tagsOf, ids }: TallyOptions): Tally {
  const rows = new Map<string, TallyRow>();
  const dimensions = new Map<number, DimensionsRow>();
  for (const entry of entries)
    for (const tag of ['', ...tagsOf(entry)]) {
      const id = idOf(entry, tag, ids);
      if (!dimensions.has(id)) dimensions.set(id, { id, ...dimensionsOf(entry, tag) });
      for (const span of spans) {
        const fromMs = startOf(entry.arrived_ms, SPANS[span]);
        const key = `${span} ${fromMs} ${id}`;
        const row = rows.get(key) ?? { span, fromMs, id, sums: noSums(), times: new Map<string, number>() };
        rows.set(key, row);
        addEntry(row, entry);
      }
    }
  return {
    rows: [...rows.values()].sort(byKey),
    dimensions: [...dimensions.values()].sort((a, b) => a.id - b.id),
  };
}

const byKey = (a: TallyRow, b: TallyRow): number =>
  a.span === b.span ? a.fromMs - b.fromMs || a.id - b.id : a.span < b.span ? -1 : 1;

export const dimensionsOf = (entry: Counted, tag: string): Dimensions => ({
  tenant: entry.tenant,
  project: entry.project ?? '',
  key: entry.key,
  model: entry.model,
  served: entry.served ?? '',
  channel: entry.channel ?? '',
  account: entry.account ?? '',
  provider: entry.provider ?? '',
  failure: entry.failure ?? '',
  tag,
  factor: entry.factor,
  in_wallet: entry.in_wallet,
});

/** Of a million sets of dimensions, two have the same number with a chance of one in nine thousand. */
function idOf(entry: Counted, tag: string, ids: Map<string, number>): number {
  const { tenant, project, key, model, served, channel, account, provider, failure, factor, in_wallet } =
    entry;
  // Looked up for every call: joined, not written as JSON, by what none of the names may have in it.
  const name = `${tenant}\n${project}\n${key}\n${model}\n${served}\n${channel}\n${account}\n${provider}\n${failure}\n${tag}\n${factor}\n${in_wallet}`;
  const known = ids.get(name);
  if (known !== undefined) return known;
  const text = JSON.stringify(dimensionsOf(entry, tag));
  const id = Number.parseInt(createHash('sha256').update(text).digest('hex').slice(0, 13), 16);
  ids.set(name, id);
  return id;
}

function addEntry({ sums, times }: TallyRow, entry: Counted): void {
  sums.calls += 1;
  sums.input += Math.round(entry.input ?? 0);
  sums.cacheRead += Math.round(entry.cache_read ?? 0);
  sums.cacheWrite += Math.round(entry.cache_write ?? 0);
  sums.output += Math.round(entry.output ?? 0);
  sums.reasoning += Math.round(entry.reasoning ?? 0);
  if (isUnpriced(entry)) sums.unpriced += 1;
  sums.listNano += entry.list_nano ?? 0n;
  sums.upstreamNano += entry.upstream_nano ?? 0n;
  sums.chargedNano += entry.charged_nano ?? 0n;
  sums.queueMs += entry.queue_ms;
  sums.durationMs += entry.duration_ms;
  addTime(times, TIME_KINDS.duration, entry.duration_ms);
  addTime(times, TIME_KINDS.queue, entry.queue_ms);
  if (entry.first_content_ms !== null) addTime(times, TIME_KINDS.firstContent, entry.first_content_ms);
}

/** It used something, and what that costs is not known. */
const isUnpriced = ({ usage_source, list_nano, upstream_nano, charged_nano }: Counted): boolean =>
  usage_source !== null && (list_nano === null || upstream_nano === null || charged_nano === null);

function addTime(times: Map<string, number>, letter: string, ms: number): void {
  const name = letter + stepOf(ms);
  times.set(name, (times.get(name) ?? 0) + 1);
}
