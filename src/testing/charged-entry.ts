/** The entry of a call for tests of money, and a stand-in for the writer that commits such entries. */

import type { Transaction } from 'kysely';
import type { CallEntry, Held } from '../domain/entry.ts';
import type { Database } from '../storage/database.ts';
import type { EntryRow, Tables } from '../storage/tables.ts';

export type Charged = {
  readonly id: string;
  readonly instance: string;
  readonly tenant?: string;
  readonly held: readonly Held[];
  readonly chargedNano: bigint | null;
};

export const chargedEntry = ({ id, instance, tenant = 'acme', held, chargedNano }: Charged): CallEntry => ({
  ...{ id, instance, tenant, held, project: null, key: 'web', dialect: 'openai-chat', stream: false },
  ...{
    arrivedAtMs: 1_000,
    endedAtMs: 2_000,
    queueMs: 0,
    overheadMs: 0,
    firstContentMs: 500,
    durationMs: 1_000,
  },
  ...{ model: 'm', served: 'm', channel: 'a/m', account: 'a', provider: 'p' },
  ...{ status: 200, end: 'complete', failure: null, attempts: 1, tags: [] },
  usage: { input: 1, cacheRead: 0, cacheWrite: 0, output: 1, reasoning: 0, source: 'upstream' },
  money: {
    ...{ price: null, priceRow: null, factor: '1' },
    ...{ listNano: chargedNano, upstreamNano: chargedNano, chargedNano },
  },
  story: { attempts: [], fallbacks: [] },
});

type Post = (transaction: Transaction<Tables>, fresh: readonly CallEntry[]) => Promise<() => void>;

/** Those that were not there before are posted. */
export async function commitEntries(
  database: Database,
  entries: readonly CallEntry[],
  post: Post,
): Promise<void> {
  const after = await database.write(async (transaction) => {
    const rows = await transaction
      .insertInto('entries')
      .values(entries.map(rowOf))
      .onConflict((conflict) => conflict.column('id').doNothing())
      .returning('id')
      .execute();
    const ids = new Set(rows.map(({ id }) => id));
    return await post(
      transaction,
      entries.filter(({ id }) => ids.has(id)),
    );
  });
  after();
}

const rowOf = (entry: CallEntry): EntryRow => ({
  ...{ id: entry.id, instance: entry.instance, tenant: entry.tenant, project: null, key: entry.key },
  ...{ arrived_ms: 1_000, ended_ms: 2_000, dialect: 'openai-chat', stream: 0, model: 'm', served: 'm' },
  ...{ channel: 'a/m', account: 'a', provider: 'p', status: 200, end_reason: 'complete', failure: null },
  ...{ attempts: 1, queue_ms: 0, overhead_ms: 0, first_content_ms: 500, duration_ms: 1_000 },
  ...{ input: 1, cache_read: 0, cache_write: 0, output: 1, reasoning: 0, usage_source: 'upstream' },
  ...{ price: null, price_row: null, factor: '1', tags: '[]' },
  list_nano: entry.money.listNano,
  upstream_nano: entry.money.upstreamNano,
  charged_nano: entry.money.chargedNano,
  in_wallet: entry.held.some(({ purse }) => purse.startsWith('wallet:')) ? 1 : 0,
});
