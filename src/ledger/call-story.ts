/**
 * The whole story of one call in words: what was asked, why it waited and which limits held it, what was tried, how it
 * ended, and what it cost, with the arithmetic, out of what was frozen into its entry. For the admin of a tenant without
 * what is the house's own business: its accounts, and what it pays for them.
 */

import { isJsonObject, parseJson } from '../base/json.ts';
import { costParts, decimalOf, nanoOf } from '../domain/cost.ts';
import type { PriceTier } from '../domain/model-facts.ts';
import type { AttemptStory, ResumeStory } from '../domain/story.ts';
import type { Database } from '../storage/database.ts';
import type { EntryRow } from '../storage/tables.ts';

export type ToldStory = {
  readonly attempts: readonly AttemptStory[];
  readonly fallbacks: readonly { readonly from: string; readonly to: string; readonly reason: string }[];
  readonly resumed?: readonly ResumeStory[];
  readonly dropped?: readonly string[];
};

export type ToldCall = {
  readonly entry: EntryRow;
  /** Null: there was nothing to tell beyond the entry, or it is no longer kept. */
  readonly story: ToldStory | null;
};

export async function callStory(
  { query }: Pick<Database, 'query'>,
  id: string,
): Promise<ToldCall | undefined> {
  const entry = await query.selectFrom('entries').selectAll().where('id', '=', id).executeTakeFirst();
  if (entry === undefined) return undefined;
  const row = await query.selectFrom('stories').select('story').where('call', '=', id).executeTakeFirst();
  return { entry, story: row === undefined ? null : storyIn(row.story) };
}

function storyIn(text: string): ToldStory | null {
  const story = parseJson(text);
  if (!isJsonObject(story)) return null;
  const list = (name: string): unknown[] => (Array.isArray(story[name]) ? (story[name] as unknown[]) : []);
  return {
    attempts: list('attempts').filter(isJsonObject) as unknown as AttemptStory[],
    fallbacks: list('fallbacks').filter(isJsonObject) as unknown as ToldStory['fallbacks'],
    resumed: list('resumed').filter(isJsonObject) as unknown as ResumeStory[],
    dropped: list('dropped').filter((name) => typeof name === 'string'),
  };
}

/** Without the house's own business: channels have numbers in the place of names, and nobody's own words are told. */
export function forTenant({ entry, story }: ToldCall): ToldCall {
  const names = new Map<string, string>();
  const numbered = (channel: string): string => {
    const known = names.get(channel) ?? `channel ${names.size + 1}`;
    names.set(channel, known);
    return known;
  };
  const hidden = { channel: null, account: null, provider: null, upstream_nano: null };
  return {
    entry: { ...entry, ...hidden, instance: '', price_row: withoutOwn(entry.price_row) },
    story: story && {
      ...story,
      attempts: story.attempts.map(({ detail: _, channel, ...attempt }) => ({
        ...attempt,
        channel: numbered(channel),
      })),
      ...(story.resumed && {
        resumed: story.resumed.map((seam) => ({ ...seam, from: numbered(seam.from), to: numbered(seam.to) })),
      }),
    },
  };
}

/** The list price is published; what the account's owner pays is not. */
function withoutOwn(text: string | null): string | null {
  const row = text === null ? undefined : parseJson(text);
  if (!isJsonObject(row)) return null;
  const { own: _own, costFactor: _share, factorRow: _factor, ...list } = row;
  return JSON.stringify(list);
}

/** For people to read, one thought a line. */
export function storyLines({ entry, story }: ToldCall): string[] {
  return [
    ...askedLines(entry),
    ...(story === null ? waitLine(entry) : tryLines(entry, story)),
    ...endLines(entry),
    ...usedLines(entry),
    ...costLines(entry),
  ];
}

function askedLines(entry: EntryRow): string[] {
  const whose = entry.project === null ? entry.tenant : `${entry.tenant}, project ${entry.project}`;
  const how = entry.stream === 1 ? 'as a stream' : 'in one piece';
  const tags = parseJson(entry.tags);
  const tagged = Array.isArray(tags) && tags.length > 0 ? `, tagged ${tags.join(', ')}` : '';
  return [
    `It came at ${timeText(entry.arrived_ms)} UTC with the key ${entry.key} (${whose})${tagged}.`,
    `It asked for ${entry.model} in the dialect ${entry.dialect}, ${how}.`,
  ];
}

/** Of a call that was served at once there never were any details. */
function waitLine({ queue_ms, attempts, failure, first_content_ms }: EntryRow): string[] {
  const wasServedAtOnce = attempts === 1 && (failure === null || first_content_ms !== null);
  if (queue_ms === 0 && attempts === 0) return ['It did not wait in line, and was sent to nobody.'];
  if (queue_ms === 0 && wasServedAtOnce) return ['It did not wait in line, and was sent once.'];
  return [
    `It waited ${duration(queue_ms)} in line in all, and was tried ${times(attempts)}; the details are no longer kept.`,
  ];
}

function tryLines(entry: EntryRow, { attempts, fallbacks, resumed = [], dropped = [] }: ToldStory): string[] {
  const lines: string[] = [];
  if (attempts.length === 0)
    lines.push(
      entry.queue_ms >= 1
        ? `It waited ${duration(entry.queue_ms)} in line and was never sent to anybody.`
        : 'It was never sent to anybody.',
    );
  for (const [index, attempt] of attempts.entries()) lines.push(attemptLine(attempt, index + 1));
  for (const { from, to, reason } of fallbacks) lines.push(`It fell back from ${from} to ${to}: ${reason}.`);
  for (const { from, to, reason } of resumed)
    lines.push(`Its answer broke off on ${from} (${reason}) and was continued on ${to}.`);
  if (dropped.length > 0)
    lines.push(`What the provider's dialect could not say was left out: ${dropped.join(', ')}.`);
  return lines;
}

function attemptLine(
  { channel, queueMs, heldBy, headMs, failure, status, detail }: AttemptStory,
  number: number,
): string {
  const held = heldBy === undefined ? '' : `, held longest by ${heldBy},`;
  const waited = queueMs >= 1 ? `after ${duration(queueMs)} in line${held}` : 'at once';
  const head = headMs === undefined ? '' : `, whose answer began after ${duration(headMs)}`;
  const left =
    failure === undefined
      ? ''
      : `; left for ${failure}${status === undefined ? '' : ` (status ${status})`}${detail === undefined ? '' : `: ${detail}`}`;
  return `Attempt ${number} went ${waited} to ${channel}${head}${left}.`;
}

const ENDS: Readonly<Record<string, string>> = {
  complete: 'It was answered completely',
  failed: 'It failed',
  client_gone: 'Its client went away before the end',
  stream_died: 'Its answer broke off',
};

function endLines(entry: EntryRow): string[] {
  const served =
    entry.served === null ? '' : ` by ${entry.served}${entry.channel === null ? '' : ` on ${entry.channel}`}`;
  const why = entry.failure === null ? '' : `: ${entry.failure}`;
  const first =
    entry.first_content_ms === null
      ? ''
      : `, its first content came after ${duration(entry.first_content_ms)}`;
  return [
    `${ENDS[entry.end_reason] ?? entry.end_reason}${served} with status ${entry.status}${why}.`,
    `It took ${duration(entry.duration_ms)} in all${first}; ${duration(entry.queue_ms)} of that was waiting in line, ${duration(entry.overhead_ms)} Sluice's own work.`,
  ];
}

const SOURCES: Readonly<Record<string, string>> = {
  upstream: 'as the provider told',
  partial: 'as the provider told before it broke off',
  estimated: 'by our own count, for the provider told nothing',
};

function usedLines(entry: EntryRow): string[] {
  if (entry.usage_source === null) return ['It used nothing.'];
  const { input, cacheRead, cacheWrite, output, reasoning } = usageOf(entry);
  const parts = [
    [input, 'of input'],
    [cacheRead, 'read from a cache'],
    [cacheWrite, 'written into a cache'],
    [output, 'of output'],
    [reasoning, 'of thinking'],
  ] as const;
  const used = parts.filter(([count]) => count > 0).map(([count, what]) => `${whole(count)} ${what}`);
  const list = used.length === 0 ? 'none' : used.join(', ');
  return [`Tokens: ${list}, ${SOURCES[entry.usage_source] ?? entry.usage_source}.`];
}

const usageOf = (entry: EntryRow) => ({
  input: entry.input ?? 0,
  cacheRead: entry.cache_read ?? 0,
  cacheWrite: entry.cache_write ?? 0,
  output: entry.output ?? 0,
  reasoning: entry.reasoning ?? 0,
});

const PARTS = {
  input: 'input',
  cacheRead: 'read from a cache',
  cacheWrite: 'written into a cache',
  cacheWrite1h: 'written into a cache for an hour',
  output: 'output',
} as const;

function costLines(entry: EntryRow): string[] {
  if (entry.usage_source === null && entry.charged_nano === 0n) return ['It cost nothing.'];
  if (entry.list_nano === null)
    return [
      'What it cost is not known: its model had no price.',
      ...(entry.charged_nano === null ? [] : [`Charged: ${dollars(entry.charged_nano)}.`]),
    ];
  return [...arithmetic(entry), ...chargedLines(entry)];
}

function arithmetic(entry: EntryRow): string[] {
  const row = entry.price_row === null ? undefined : parseJson(entry.price_row);
  const total = `List price: ${dollars(entry.list_nano ?? 0n)}`;
  if (!isJsonObject(row) || !isJsonObject(row['tier']))
    return [`${total}, by the price ${entry.price ?? 'of nobody'}.`];
  const tier = row['tier'] as unknown as PriceTier;
  const currency = row['currency'] === 'CNY' ? '¥' : '$';
  const hourly = typeof row['cacheWrite1h'] === 'number' ? { cacheWrite1h: row['cacheWrite1h'] } : {};
  const region = typeof row['region'] === 'string' ? `, region ${row['region']}` : '';
  const above = tier.above === undefined ? '' : `, tier above ${whole(tier.above)} tokens of input`;
  const lines = costParts(tier, { ...usageOf(entry), ...hourly }).map(
    ({ what, tokens, each }) =>
      `  ${whole(tokens)} ${PARTS[what]} x ${each === undefined ? 'no known price' : `${currency}${each} a million = ${currency}${decimalOf((BigInt(Math.round(tokens)) * nanoOf(each)) / 1_000_000n)}`}`,
  );
  const rate = typeof row['rate'] === 'string' ? `, ¥1 being $${row['rate']}` : '';
  return [`Price: ${entry.price ?? 'unnamed'}${region}${above}.`, ...lines, `${total}${rate}.`];
}

function chargedLines(entry: EntryRow): string[] {
  const purse = entry.in_wallet === 1 ? ' to the wallet' : '';
  const free = entry.charged_nano === 0n && entry.list_nano !== 0n;
  const lines = [
    entry.charged_nano === null
      ? 'Charged: not known.'
      : free
        ? 'Charged: nothing, for it failed before its first content.'
        : `Charged${purse}: ${dollars(entry.charged_nano)}, the list price x ${entry.factor}.`,
  ];
  if (entry.upstream_nano !== null && entry.charged_nano !== null)
    lines.push(
      `Paid to the provider: ${dollars(entry.upstream_nano)}; margin ${dollars(entry.charged_nano - entry.upstream_nano)}.`,
    );
  return lines;
}

const dollars = (nano: bigint): string => `${nano < 0n ? '-' : ''}$${decimalOf(nano < 0n ? -nano : nano)}`;
const whole = (value: number): string => Math.round(value).toLocaleString('en-US');
const times = (count: number): string => (count === 1 ? 'once' : `${count} times`);
const timeText = (ms: number): string => new Date(ms).toISOString().replace('T', ' ').slice(0, 23);

/** `3 ms`, `1.25 s`, `4 min 10 s`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${ms < 10 && ms > 0 ? ms.toFixed(1) : Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(ms < 10_000 ? 2 : 1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1_000)} s`;
}
