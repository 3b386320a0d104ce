/**
 * A statement as one table for spreadsheets and books: the sum of the column `balance_change` is the closing balance.
 * Amounts are exact, in dollars; what is not known is empty, never 0.
 */

import { type CsvCell, csvOf } from '../base/csv.ts';
import { decimalOf } from '../domain/cost.ts';
import { knownCost } from './known-cost.ts';
import type { Statement, UsedLine } from './statement.ts';

const COLUMNS = [
  'tenant',
  'month',
  'state',
  'line',
  'date',
  'note',
  'project',
  'key',
  'model',
  'factor',
  'calls',
  'input_tokens',
  'cache_read_tokens',
  'cache_write_tokens',
  'output_tokens',
  'reasoning_tokens',
  'unpriced_calls',
  'list_usd',
  'charged_usd',
  'balance_change_usd',
] as const;
type Row = Partial<Readonly<Record<(typeof COLUMNS)[number], CsvCell>>>;

export function statementCsv(statement: Statement): string {
  const { tenant, month, preliminary, balance, movements, lines } = statement;
  const rows: Row[] = [];
  if (balance !== null)
    rows.push({
      line: 'opening_balance',
      date: dayText(statement.fromMs),
      balance_change_usd: decimalOf(balance.openingNano),
    });
  for (const { kind, atMs, amountNano, note } of movements)
    rows.push({
      line: kind,
      date: new Date(atMs).toISOString(),
      note,
      balance_change_usd: decimalOf(amountNano),
    });
  for (const line of lines) rows.push(usageRow(line));
  const head = { tenant: tenant.id, month, state: preliminary ? 'preliminary' : 'final' };
  return csvOf([COLUMNS, ...rows.map((row) => COLUMNS.map((name) => ({ ...head, ...row })[name] ?? null))]);
}

const usageRow = (line: UsedLine): Row => ({
  line: 'usage',
  project: line.project,
  key: line.key,
  model: line.model,
  factor: line.factor,
  calls: line.calls,
  input_tokens: line.input,
  cache_read_tokens: line.cacheRead,
  cache_write_tokens: line.cacheWrite,
  output_tokens: line.output,
  reasoning_tokens: line.reasoning,
  unpriced_calls: line.unpriced,
  list_usd: decimalOrNull(knownCost(line.listNano, line.unpriced)),
  charged_usd: decimalOrNull(knownCost(line.chargedNano, line.unpriced)),
  balance_change_usd: line.inWallet ? decimalOf(-line.chargedNano) : null,
});

const decimalOrNull = (nano: bigint | null): string | null => (nano === null ? null : decimalOf(nano));

export const dayText = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
