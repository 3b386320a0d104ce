/**
 * What a tenant used in a month (UTC), what was charged for it, and what became of its balance. The balance at the
 * beginning is counted backwards from the one that is kept, in one statement of the database, so that it is right for
 * every month whose days are known; what follows is opening balance plus lines, to the last unit.
 */

import { type SqlBool, sql } from 'kysely';
import type { Database } from '../storage/database.ts';
import { walletOf } from './purse-ids.ts';
import { ReportRefused } from './usage-ask.ts';
import { usedAndCharged } from './usage-parts.ts';

/** `wallet`: which kind it has now. */
export type StatementTenant = { readonly id: string; readonly name: string; readonly wallet: string };

/** Paid in, given, corrected: positive is more in the wallet. */
export type Movement = {
  readonly atMs: number;
  readonly kind: string;
  readonly amountNano: bigint;
  readonly note: string | null;
};

export type Used = {
  readonly calls: number;
  readonly input: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly output: number;
  readonly reasoning: number;
  /** Calls with no known price: what they cost is in neither sum. */
  readonly unpriced: number;
  readonly listNano: bigint;
  readonly chargedNano: bigint;
};

export type UsedLine = Used & {
  /** '' is none. */
  readonly project: string;
  readonly key: string;
  /** The one that served, or was asked for where none did. */
  readonly model: string;
  readonly factor: string;
  /** Taken from the balance; false: only counted. */
  readonly inWallet: boolean;
};

export type Statement = {
  readonly tenant: StatementTenant;
  readonly month: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly preparedAtMs: number;
  /** The month is not over, or was only just: calls may still be added. */
  readonly preliminary: boolean;
  /** Null where there never was a wallet. */
  readonly balance: {
    readonly openingNano: bigint;
    readonly paidNano: bigint;
    readonly chargedNano: bigint;
    readonly closingNano: bigint;
  } | null;
  readonly movements: readonly Movement[];
  readonly lines: readonly UsedLine[];
  readonly total: Used;
};

/** Calls of a month's last minutes may end, and be written, after it. */
const LATE_MS = 3_600_000;

export async function statementOf(
  database: Pick<Database, 'query' | 'kind'>,
  { tenant, month }: { readonly tenant: StatementTenant; readonly month: string },
  nowMs: number,
): Promise<Statement> {
  const { fromMs, toMs } = monthOf(month);
  if (fromMs > nowMs) throw new ReportRefused(`month: ${month} has not begun`);
  const openingNano = await balanceAt(database, tenant.id, fromMs);
  const movements = await readMovements(database, tenant.id, { fromMs, toMs });
  const lines = await readLines(database, tenant.id, { fromMs, toMs });
  const paidNano = movements.reduce((sum, { amountNano }) => sum + amountNano, 0n);
  const chargedNano = lines.reduce((sum, line) => (line.inWallet ? sum + line.chargedNano : sum), 0n);
  return {
    ...{ tenant, month, fromMs, toMs, movements, lines },
    preparedAtMs: nowMs,
    preliminary: nowMs < toMs + LATE_MS,
    balance:
      openingNano === undefined
        ? null
        : { openingNano, paidNano, chargedNano, closingNano: openingNano + paidNano - chargedNano },
    total: lines.reduce(added, NOTHING),
  };
}

/** Of `2026-11`, in UTC. */
export function monthOf(month: string): { readonly fromMs: number; readonly toMs: number } {
  const [, year, number] = /^(20\d\d)-(0[1-9]|1[0-2])$/.exec(month) ?? [];
  if (year === undefined || number === undefined)
    throw new ReportRefused('month: expected a year and a month such as 2026-11');
  return {
    fromMs: Date.UTC(Number(year), Number(number) - 1),
    toMs: Date.UTC(Number(year), Number(number)),
  };
}

type Range = { readonly fromMs: number; readonly toMs: number };

/** Undefined: there is no wallet. */
async function balanceAt(
  { query }: Pick<Database, 'query'>,
  tenant: string,
  atMs: number,
): Promise<bigint | undefined> {
  const { spent_nano, paid_nano, charged_nano } = await query
    .selectNoFrom(({ selectFrom }) => [
      selectFrom('purses').select('spent_nano').where('id', '=', walletOf(tenant)).as('spent_nano'),
      selectFrom('wallet_entries')
        .select(({ fn }) => fn.sum<bigint>('amount_nano').as('paid_nano'))
        .where('tenant', '=', tenant)
        // What was carried over from entries that are no longer kept is still in the roll-ups.
        .where('kind', '!=', 'carried')
        .where('at_ms', '>=', atMs)
        .as('paid_nano'),
      selectFrom('rollups')
        .crossJoin('dimensions')
        .select(({ fn }) => fn.sum<bigint>('charged_nano').as('charged_nano'))
        .whereRef('dimensions.id', '=', 'rollups.dimensions')
        .where(sql<SqlBool>`span = 'day'`)
        .where('from_ms', '>=', atMs)
        .where('dimensions.tenant', '=', tenant)
        .where('tag', '=', '')
        .where('in_wallet', '=', 1)
        .as('charged_nano'),
    ])
    .executeTakeFirstOrThrow();
  if (spent_nano === null) return undefined;
  return -spent_nano - (paid_nano ?? 0n) + (charged_nano ?? 0n);
}

async function readMovements(
  { query }: Pick<Database, 'query'>,
  tenant: string,
  range: Range,
): Promise<Movement[]> {
  const rows = await query
    .selectFrom('wallet_entries')
    .select(['at_ms', 'kind', 'amount_nano', 'note'])
    .where('tenant', '=', tenant)
    .where('kind', '!=', 'carried')
    .where('at_ms', '>=', range.fromMs)
    .where('at_ms', '<', range.toMs)
    .orderBy('at_ms')
    .orderBy('id')
    .execute();
  return rows.map((row) => ({
    atMs: row.at_ms,
    kind: row.kind,
    amountNano: row.amount_nano,
    note: row.note,
  }));
}

const LINE_COLUMNS = ['project', 'key', 'served', 'model', 'factor', 'in_wallet'] as const;

async function readLines(
  { query }: Pick<Database, 'query'>,
  tenant: string,
  range: Range,
): Promise<UsedLine[]> {
  const rows = await query
    .selectFrom('rollups')
    .crossJoin('dimensions')
    .whereRef('dimensions.id', '=', 'rollups.dimensions')
    .where('span', '=', 'day')
    .where('from_ms', '>=', range.fromMs)
    .where('from_ms', '<', range.toMs)
    .where('tenant', '=', tenant)
    .where('tag', '=', '')
    .select(LINE_COLUMNS)
    .select(usedAndCharged)
    .groupBy(LINE_COLUMNS)
    .execute();
  const lines = new Map<string, UsedLine>();
  for (const row of rows) {
    const line: UsedLine = {
      ...{ project: row.project, key: row.key, factor: row.factor, inWallet: row.in_wallet === 1 },
      model: row.served === '' ? row.model : row.served,
      ...{ calls: row.calls, input: row.input, output: row.output, reasoning: row.reasoning },
      ...{ cacheRead: row.cache_read, cacheWrite: row.cache_write, unpriced: row.unpriced },
      ...{ listNano: row.list_nano, chargedNano: row.charged_nano },
    };
    const name = JSON.stringify([line.project, line.key, line.model, line.factor, line.inWallet]);
    lines.set(name, { ...line, ...added(lines.get(name) ?? NOTHING, line) });
  }
  const order = ({ project, key, model, factor, inWallet }: UsedLine): string =>
    [project, key, model, factor, inWallet ? 0 : 1].join('\n');
  return [...lines.values()].sort((a, b) => (order(a) < order(b) ? -1 : 1));
}

export const NOTHING: Used = {
  calls: 0,
  input: 0,
  cacheRead: 0,
  cacheWrite: 0,
  output: 0,
  reasoning: 0,
  unpriced: 0,
  listNano: 0n,
  chargedNano: 0n,
};

export const added = (a: Used, b: Used): Used => ({
  calls: a.calls + b.calls,
  input: a.input + b.input,
  cacheRead: a.cacheRead + b.cacheRead,
  cacheWrite: a.cacheWrite + b.cacheWrite,
  output: a.output + b.output,
  reasoning: a.reasoning + b.reasoning,
  unpriced: a.unpriced + b.unpriced,
  listNano: a.listNano + b.listNano,
  chargedNano: a.chargedNano + b.chargedNano,
});
