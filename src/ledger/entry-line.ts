/**
 * An entry as one line of text: a JSON list of the values of its row, and of what has no column behind them. The journal
 * keeps lines and the database is given lines, so that an entry is written down once, whichever way it goes.
 */

import type { DialectId } from '../domain/call.ts';
import type { CallEntry, Held } from '../domain/entry.ts';
import type { FailureKind } from '../domain/failure.ts';
import type { EndReason } from '../domain/story.ts';
import type { Usage } from '../domain/usage.ts';
import type { EntryRow } from '../storage/tables.ts';
import { ENTRY_COLUMNS, HELD_AT, STORY_AT } from './entry-columns.ts';
import { isWallet } from './purse-ids.ts';

/** Without an end of line. */
export function lineOf(entry: CallEntry): string {
  const { usage, money, held } = entry;
  return JSON.stringify([
    entry.id,
    entry.instance,
    Math.round(entry.arrivedAtMs),
    Math.round(entry.endedAtMs),
    entry.tenant,
    entry.project,
    entry.key,
    entry.dialect,
    entry.stream ? 1 : 0,
    entry.model,
    entry.served,
    entry.channel,
    entry.account,
    entry.provider,
    entry.status,
    entry.end,
    entry.failure,
    entry.attempts,
    micro(entry.queueMs),
    micro(entry.overheadMs),
    entry.firstContentMs === null ? null : micro(entry.firstContentMs),
    micro(entry.durationMs),
    usage === null ? null : usage.input,
    usage === null ? null : usage.cacheRead,
    usage === null ? null : usage.cacheWrite,
    usage === null ? null : usage.output,
    usage === null ? null : usage.reasoning,
    usage === null ? null : usage.source,
    money.price,
    money.priceRow,
    money.factor,
    textOf(money.listNano),
    textOf(money.upstreamNano),
    textOf(money.chargedNano),
    isInWallet(held) ? 1 : 0,
    entry.tags.length === 0 ? '[]' : JSON.stringify(entry.tags),
    hasStory(entry) ? JSON.stringify(entry.story) : null,
    held.map(({ purse, amountNano }) => [purse, String(amountNano)]),
  ]);
}

/** Throws on anything that is not the line of an entry, such as half of one. */
export function entryOfLine(text: string): CallEntry {
  const values: unknown = JSON.parse(text);
  if (!isLine(values)) throw new SyntaxError('not the line of an entry');
  const row = Object.fromEntries(NAMES.map((name, at) => [name, values[at]])) as Row;
  return {
    id: row.id,
    instance: row.instance,
    arrivedAtMs: row.arrived_ms,
    endedAtMs: row.ended_ms,
    tenant: row.tenant,
    project: row.project,
    key: row.key,
    dialect: row.dialect as DialectId,
    stream: row.stream === 1,
    model: row.model,
    served: row.served,
    channel: row.channel,
    account: row.account,
    provider: row.provider,
    status: row.status,
    end: row.end_reason as EndReason,
    failure: row.failure as FailureKind | null,
    attempts: row.attempts,
    queueMs: row.queue_ms,
    overheadMs: row.overhead_ms,
    firstContentMs: row.first_content_ms,
    durationMs: row.duration_ms,
    usage: usageOf(row),
    money: {
      price: row.price,
      priceRow: row.price_row,
      factor: row.factor,
      listNano: nanoOf(row.list_nano),
      upstreamNano: nanoOf(row.upstream_nano),
      chargedNano: nanoOf(row.charged_nano),
    },
    held: (values[HELD_AT] as Purses).map(([purse, amount]) => ({ purse, amountNano: BigInt(amount) })),
    tags: JSON.parse(row.tags) as string[],
    story: storyIn(values[STORY_AT]),
  };
}

/** JSON knows no `bigint`: money is text, which both databases take for a whole number. */
type Row = { readonly [Column in keyof EntryRow]: EntryRow[Column] extends infer T ? AsText<T> : never };
type AsText<T> = T extends bigint ? string : T;

const NAMES = Object.keys(ENTRY_COLUMNS);

type Purses = readonly (readonly [purse: string, amount: string])[];

/** What only we write is whole where its last value is. */
const isLine = (values: unknown): values is readonly unknown[] =>
  Array.isArray(values) && typeof values[0] === 'string' && Array.isArray(values[HELD_AT]);

function usageOf(row: Row): Usage | null {
  if (row.usage_source === null) return null;
  return {
    input: row.input ?? 0,
    cacheRead: row.cache_read ?? 0,
    cacheWrite: row.cache_write ?? 0,
    output: row.output ?? 0,
    reasoning: row.reasoning ?? 0,
    source: row.usage_source as Usage['source'],
  };
}

/** One smooth attempt, at once, says nothing that the entry does not say. */
export function hasStory({ story, queueMs }: CallEntry): boolean {
  const { attempts, fallbacks, resumed, dropped } = story;
  return (
    queueMs > 0 ||
    attempts.length > 1 ||
    attempts[0]?.failure !== undefined ||
    fallbacks.length > 0 ||
    (resumed !== undefined && resumed.length > 0) ||
    (dropped !== undefined && dropped.length > 0)
  );
}

const storyIn = (text: unknown): CallEntry['story'] =>
  typeof text === 'string' ? (JSON.parse(text) as CallEntry['story']) : { attempts: [], fallbacks: [] };

/** Is it charged to a wallet? */
export const isInWallet = (held: readonly Held[]): boolean => held.some(({ purse }) => isWallet(purse));

const textOf = (nano: bigint | null): string | null => (nano === null ? null : String(nano));
const nanoOf = (text: string | null): bigint | null => (text === null ? null : BigInt(text));

/** More places than a microsecond has say nothing. */
export const micro = (ms: number): number => Math.round(ms * 1_000) / 1_000;
