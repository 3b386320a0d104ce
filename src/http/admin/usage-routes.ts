/** What was used and what it cost, over the admin API: grouped by one or two things, as JSON or as CSV. */

import { z } from 'zod';
import { type CsvCell, csvOf } from '../../base/csv.ts';
import { decimalOf } from '../../domain/cost.ts';
import { monthOf } from '../../ledger/statement.ts';
import { GROUPS, type Group } from '../../ledger/usage-ask.ts';
import { type Kept, type UsageReport, type UsageRow, usageReport } from '../../ledger/usage-report.ts';
import type { Database } from '../../storage/database.ts';
import { momentText } from './fields.ts';
import {
  costAnswer,
  costsOf,
  filterQuery,
  filtersOf,
  momentOrDay,
  requireHouse,
  tokensAnswer,
  told,
} from './report-fields.ts';
import { ADMIN_ROLES, type AdminRoute, type Asker, adminRoute } from './route.ts';

export type ReportDoors = {
  readonly database: Pick<Database, 'query' | 'kind'>;
  /** How far back minutes and entries are kept. */
  kept(): Kept;
};

const HOUR_MS = 3_600_000;

const query = z.object({
  from: momentOrDay().optional().meta({
    description: 'Default: the beginning of this month, UTC; a day ago by hour, an hour ago by minute.',
  }),
  to: momentOrDay().optional().meta({ description: 'Not included. Default: now.' }),
  by: z
    .string()
    .max(100)
    .default('model')
    .transform((text, context): Group[] => {
      const names = text.split(',').filter((name) => name !== '');
      const groups = names.filter((name): name is Group => (GROUPS as readonly string[]).includes(name));
      if (groups.length === names.length && groups.length <= 2) return groups;
      context.issues.push({
        code: 'custom',
        input: text,
        message: `expected at most two of ${GROUPS.join(', ')}`,
      });
      return z.NEVER;
    })
    .meta({
      description: `At most two of ${GROUPS.join(', ')}, with a comma between them; empty: all in one.`,
    }),
  format: z.enum(['json', 'csv']).default('json'),
  ...filterQuery,
});

const timesAnswer = z
  .object({ p50: z.number().nullable(), p99: z.number().nullable() })
  .meta({ description: 'Milliseconds, less than 15 % wrong; null: there were none.' });

const rowAnswer = z.object({
  group: z.record(z.string(), z.string()),
  calls: z.int(),
  errors: z.int(),
  failures: z.record(z.string(), z.int()).meta({ description: 'How many calls failed how.' }),
  tokens: tokensAnswer,
  unpriced: z
    .int()
    .meta({ description: 'Calls of which no price was known: what they cost is in none of the sums.' }),
  list: costAnswer(),
  charged: costAnswer(),
  upstream: costAnswer().optional(),
  margin: costAnswer().optional(),
  duration_ms: timesAnswer,
  first_content_ms: timesAnswer,
  queue_ms: timesAnswer,
});

const answer = z.object({
  from: z.string().meta({ format: 'date-time' }),
  to: z.string().meta({ format: 'date-time' }),
  by: z.array(z.string()),
  data: z.array(rowAnswer),
  total: rowAnswer,
});

export const usageRoutes = ({ database, kept }: ReportDoors): AdminRoute[] => [
  adminRoute({
    method: 'GET',
    path: '/usage',
    id: 'getUsage',
    summary: 'Calls, tokens, costs and times, by one or two of what calls can be told apart by',
    tag: 'Usage',
    roles: ADMIN_ROLES,
    query,
    answer,
    async handle({ asker, query: { from, to, by, format, ...filters }, nowMs }) {
      for (const group of by) requireHouse(asker, group);
      const ask = {
        fromMs: from ?? usualStart(by, nowMs),
        toMs: to ?? nowMs,
        by,
        filters: filtersOf(asker, filters),
      };
      const report = await told(() => usageReport(database, ask, { nowMs, kept: kept() }));
      if (format === 'csv')
        return {
          text: {
            contentType: 'text/csv; charset=utf-8',
            body: usageCsv(report, asker),
            filename: `usage-${momentText(report.fromMs).slice(0, 10)}.csv`,
          },
        };
      return {
        body: {
          from: momentText(report.fromMs),
          to: momentText(Math.min(report.toMs, Math.max(nowMs, report.fromMs))),
          by: report.by,
          data: report.rows.map((row) => shown(row, report.by, asker)),
          total: shown(report.total, [], asker),
        },
      };
    },
  }),
];

/** So much that it can be told in such small parts. */
function usualStart(by: readonly Group[], nowMs: number): number {
  if (by.includes('minute')) return nowMs - HOUR_MS;
  if (by.includes('hour')) return nowMs - 24 * HOUR_MS;
  return monthOf(momentText(nowMs).slice(0, 7)).fromMs;
}

const shown = (row: UsageRow, by: readonly Group[], asker: Asker): object => ({
  group: Object.fromEntries(by.map((name, index) => [name, row.group[index] ?? ''])),
  calls: row.calls,
  errors: row.errors,
  failures: row.failures,
  tokens: {
    input: row.input,
    cache_read: row.cacheRead,
    cache_write: row.cacheWrite,
    output: row.output,
    reasoning: row.reasoning,
  },
  unpriced: row.unpriced,
  ...costsOf(row, asker),
  duration_ms: times(row.duration),
  first_content_ms: times(row.firstContent),
  queue_ms: times(row.queue),
});

const times = ({ p50, p99 }: UsageRow['duration']): object => ({ p50: shortMs(p50), p99: shortMs(p99) });

/** More places than they are right. */
const shortMs = (ms: number | undefined): number | null =>
  ms === undefined ? null : Number(ms.toPrecision(3));

function usageCsv({ by, rows }: UsageReport, asker: Asker): string {
  const costs = rows.map((row) => costsOf(row, asker));
  const costNames = Object.keys(costs[0] ?? {});
  const head = [
    ...by,
    ...['calls', 'errors', 'input_tokens', 'cache_read_tokens', 'cache_write_tokens', 'output_tokens'],
    ...['reasoning_tokens', 'unpriced_calls', ...costNames.map((name) => `${name}_usd`)],
    ...['duration_p50_ms', 'duration_p99_ms', 'first_content_p50_ms', 'first_content_p99_ms'],
    ...['queue_p50_ms', 'queue_p99_ms', 'failures'],
  ];
  const lines = rows.map((row, index): CsvCell[] => [
    ...row.group,
    ...[
      row.calls,
      row.errors,
      row.input,
      row.cacheRead,
      row.cacheWrite,
      row.output,
      row.reasoning,
      row.unpriced,
    ],
    ...costNames.map((name) => {
      const nano = costs[index]?.[name];
      return nano === null || nano === undefined ? null : decimalOf(nano);
    }),
    ...[row.duration, row.firstContent, row.queue].flatMap(({ p50, p99 }) => [shortMs(p50), shortMs(p99)]),
    Object.entries(row.failures)
      .map(([kind, calls]) => `${kind} ${calls}`)
      .join('; '),
  ]);
  return csvOf([head, ...lines]);
}
