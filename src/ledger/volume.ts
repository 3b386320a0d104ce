/**
 * What a month of the ledger was made of, summed up as far as prices allow: by channel, by whether there were thoughts,
 * and by the stretch between two edges of tiers that the whole input fell in, for each call is charged at its own tier.
 */

import { sql } from 'kysely';
import type { Queries } from '../storage/database.ts';

export type MonthRow = {
  readonly model: string;
  readonly channel: string;
  readonly provider: string;
  readonly account: string;
  readonly calls: number;
  /** More than this many tokens of input, and no more than the next edge. */
  readonly above: number;
  readonly input: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly output: number;
  readonly reasoning: number;
  readonly unpriced: number;
  readonly listNano: bigint;
  readonly upstreamNano: bigint;
  readonly chargedNano: bigint;
};

export type MonthAsk = {
  readonly fromMs: number;
  readonly untilMs: number;
  /** Of all prices that will be looked at, in tokens. */
  readonly edges: readonly number[];
  readonly tenant?: string;
};

/** Calls that used nothing are left out. */
export async function monthVolume(
  queries: Queries,
  { fromMs, untilMs, edges, tenant }: MonthAsk,
): Promise<readonly MonthRow[]> {
  const whole = sql<number>`(input + cache_read + cache_write)`;
  const falling = [...new Set(edges)].sort((a, b) => b - a);
  const cases = falling.map((edge) => sql`when ${whole} > ${edge} then cast(${edge} as bigint)`);
  const above =
    falling.length === 0 ? sql<number>`0` : sql<number>`case ${sql.join(cases, sql` `)} else 0 end`;
  const sumOf = <T>(column: string) => sql<T>`cast(coalesce(sum(${sql.ref(column)}), 0) as bigint)`;
  let rows = queries
    .selectFrom('entries')
    .where('arrived_ms', '>=', fromMs)
    .where('arrived_ms', '<', untilMs)
    .where('input', 'is not', null)
    .where('channel', 'is not', null);
  if (tenant !== undefined) rows = rows.where('tenant', '=', tenant);
  const found = await rows
    .select(({ ref }) => [
      'channel',
      'account',
      'provider',
      'served',
      above.as('above'),
      sql<number>`case when ${ref('reasoning')} > 0 then 1 else 0 end`.as('thought'),
      sql<number>`cast(count(*) as bigint)`.as('calls'),
      sumOf<number>('input').as('input'),
      sumOf<number>('cache_read').as('cache_read'),
      sumOf<number>('cache_write').as('cache_write'),
      sumOf<number>('output').as('output'),
      sumOf<number>('reasoning').as('reasoning'),
      sql<number>`cast(sum(case when charged_nano is null then 1 else 0 end) as bigint)`.as('unpriced'),
      sumOf<bigint>('list_nano').as('list_nano'),
      sumOf<bigint>('upstream_nano').as('upstream_nano'),
      sumOf<bigint>('charged_nano').as('charged_nano'),
    ])
    .groupBy(['channel', 'account', 'provider', 'served', sql`above`, sql`thought`])
    .orderBy('channel')
    .execute();
  return found.map((row) => ({
    ...{ model: row.served ?? row.channel ?? '', channel: row.channel ?? '', account: row.account ?? '' },
    ...{ provider: row.provider ?? '', calls: row.calls, above: row.above },
    ...{ input: row.input, cacheRead: row.cache_read, cacheWrite: row.cache_write },
    ...{ output: row.output, reasoning: row.reasoning, unpriced: row.unpriced },
    ...{ listNano: row.list_nano, upstreamNano: row.upstream_nano, chargedNano: row.charged_nano },
  }));
}
