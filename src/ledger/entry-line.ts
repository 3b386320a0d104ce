/**
 * An entry as one line of text: JSON of its row in the table, with what the row has no column for beside it. The journal
 * keeps lines and the database is given lines, so that an entry is written down once, whichever way it goes.
 */

import type { DialectId } from '../domain/call.ts';
import type { CallEntry, Held } from '../domain/entry.ts';
import type { FailureKind } from '../domain/failure.ts';
import type { EndReason } from '../domain/story.ts';
import type { Usage } from '../domain/usage.ts';
import type { EntryRow } from '../storage/tables.ts';

/** JSON knows no `bigint`: money is text, which both databases take for a whole number. */
type AsText<T> = T extends bigint ? string : T;

type Line = { readonly [Column in keyof EntryRow]: AsText<EntryRow[Column]> } & {
  /** JSON. */
  readonly story: string;
  readonly held: readonly (readonly [purse: string, amount: string])[];
};

/** The beginning of the purses that are wallets. */
const WALLET = 'wallet:';

/** Without an end of line. */
export function lineOf(entry: CallEntry): string {
  const { usage, money, held } = entry;
  return JSON.stringify({
    id: entry.id,
    instance: entry.instance,
    arrived_ms: Math.round(entry.arrivedAtMs),
    ended_ms: Math.round(entry.endedAtMs),
    tenant: entry.tenant,
    project: entry.project,
    key: entry.key,
    dialect: entry.dialect,
    stream: entry.stream ? 1 : 0,
    model: entry.model,
    served: entry.served,
    channel: entry.channel,
    account: entry.account,
    provider: entry.provider,
    status: entry.status,
    end_reason: entry.end,
    failure: entry.failure,
    attempts: entry.attempts,
    queue_ms: micro(entry.queueMs),
    overhead_ms: micro(entry.overheadMs),
    first_content_ms: entry.firstContentMs === null ? null : micro(entry.firstContentMs),
    duration_ms: micro(entry.durationMs),
    input: usage === null ? null : usage.input,
    cache_read: usage === null ? null : usage.cacheRead,
    cache_write: usage === null ? null : usage.cacheWrite,
    output: usage === null ? null : usage.output,
    reasoning: usage === null ? null : usage.reasoning,
    usage_source: usage === null ? null : usage.source,
    price: money.price,
    price_row: money.priceRow,
    factor: money.factor,
    list_nano: textOf(money.listNano),
    upstream_nano: textOf(money.upstreamNano),
    charged_nano: textOf(money.chargedNano),
    in_wallet: isInWallet(held) ? 1 : 0,
    tags: entry.tags.length === 0 ? '[]' : JSON.stringify(entry.tags),
    story: JSON.stringify(entry.story),
    held: held.map(({ purse, amountNano }) => [purse, String(amountNano)]),
  } satisfies Line);
}

/** Throws on anything that is not the line of an entry, such as half of one. */
export function entryOfLine(text: string): CallEntry {
  const line: unknown = JSON.parse(text);
  if (!isLine(line)) throw new SyntaxError('not the line of an entry');
  return {
    id: line.id,
    instance: line.instance,
    arrivedAtMs: line.arrived_ms,
    endedAtMs: line.ended_ms,
    tenant: line.tenant,
    project: line.project,
    key: line.key,
    dialect: line.dialect as DialectId,
    stream: line.stream === 1,
    model: line.model,
    served: line.served,
    channel: line.channel,
    account: line.account,
    provider: line.provider,
    status: line.status,
    end: line.end_reason as EndReason,
    failure: line.failure as FailureKind | null,
    attempts: line.attempts,
    queueMs: line.queue_ms,
    overheadMs: line.overhead_ms,
    firstContentMs: line.first_content_ms,
    durationMs: line.duration_ms,
    usage: usageOf(line),
    money: {
      price: line.price,
      priceRow: line.price_row,
      factor: line.factor,
      listNano: nanoOf(line.list_nano),
      upstreamNano: nanoOf(line.upstream_nano),
      chargedNano: nanoOf(line.charged_nano),
    },
    held: line.held.map(([purse, amount]) => ({ purse, amountNano: BigInt(amount) })),
    tags: JSON.parse(line.tags) as string[],
    story: JSON.parse(line.story) as CallEntry['story'],
  };
}

/** What only we write is whole where its last field is. */
const isLine = (value: unknown): value is Line =>
  typeof value === 'object' &&
  value !== null &&
  'id' in value &&
  typeof value.id === 'string' &&
  'held' in value &&
  Array.isArray(value.held);

function usageOf(line: Line): Usage | null {
  if (line.usage_source === null) return null;
  return {
    input: line.input ?? 0,
    cacheRead: line.cache_read ?? 0,
    cacheWrite: line.cache_write ?? 0,
    output: line.output ?? 0,
    reasoning: line.reasoning ?? 0,
    source: line.usage_source as Usage['source'],
  };
}

const isInWallet = (held: readonly Held[]): boolean => held.some(({ purse }) => purse.startsWith(WALLET));

const textOf = (nano: bigint | null): string | null => (nano === null ? null : String(nano));
const nanoOf = (text: string | null): bigint | null => (text === null ? null : BigInt(text));

/** More places than a microsecond has say nothing. */
export const micro = (ms: number): number => Math.round(ms * 1_000) / 1_000;
