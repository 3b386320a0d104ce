/** The month of a tenant over the admin API: as JSON, as CSV for books and spreadsheets, as a page to print. */

import { z } from 'zod';
import { DEFAULT_TENANT } from '../../domain/tenancy.ts';
import { knownCost } from '../../ledger/known-cost.ts';
import { type Statement, type StatementTenant, statementOf, type Used } from '../../ledger/statement.ts';
import { statementPage } from '../../ledger/statement-page.ts';
import { statementCsv } from '../../ledger/statement-table.ts';
import { noSuch } from './edits.ts';
import { momentText, moneyAnswer, reference } from './fields.ts';
import { requireOwn } from './own-tenant.ts';
import { costAnswer, tokensAnswer, told } from './report-fields.ts';
import { ADMIN_ROLES, type AdminRoute, adminRoute } from './route.ts';
import type { ReportDoors } from './usage-routes.ts';

export type StatementDoors = ReportDoors & {
  /** One that the configuration file names. */
  fileTenant(id: string): StatementTenant | undefined;
};

const usedFields = {
  calls: z.int(),
  tokens: tokensAnswer,
  unpriced: z.int(),
  list: costAnswer(),
  charged: costAnswer(),
};

const answer = z.object({
  tenant: z.object({ id: z.string(), name: z.string(), wallet: z.string() }),
  month: z.string(),
  from: z.string().meta({ format: 'date-time' }),
  to: z.string().meta({ format: 'date-time' }),
  prepared_at: z.string().meta({ format: 'date-time' }),
  preliminary: z.boolean().meta({ description: 'The month is not over.' }),
  balance: z
    .object({
      opening: moneyAnswer(),
      paid: moneyAnswer(),
      charged: moneyAnswer(),
      closing: moneyAnswer(),
    })
    .nullable()
    .meta({ description: 'Null: there never was a wallet.' }),
  movements: z.array(
    z.object({
      at: z.string().meta({ format: 'date-time' }),
      kind: z.string(),
      amount: moneyAnswer(),
      note: z.string().nullable(),
    }),
  ),
  usage: z.array(
    z.object({
      project: z.string().nullable(),
      key: z.string(),
      model: z.string(),
      factor: z.string(),
      in_wallet: z.boolean(),
      ...usedFields,
    }),
  ),
  total: z.object(usedFields),
});

export const statementRoutes = ({ database, fileTenant }: StatementDoors): AdminRoute[] => [
  adminRoute({
    method: 'GET',
    path: '/tenants/{tenant}/statement',
    id: 'getStatement',
    summary: 'What a tenant used in a month, what was charged, and what became of its balance',
    tag: 'Usage',
    roles: ADMIN_ROLES,
    params: z.object({ tenant: reference() }),
    query: z.object({
      month: z
        .string()
        .regex(/^20\d\d-(0[1-9]|1[0-2])$/, 'expected a year and a month such as 2026-11')
        .optional()
        .meta({ description: 'Default: this month.' }),
      format: z.enum(['json', 'csv', 'html']).default('json'),
    }),
    answer,
    async handle({ asker, params, query: { month, format }, nowMs }) {
      requireOwn(asker, params.tenant, { kind: 'tenant', id: params.tenant });
      const tenant = fileTenant(params.tenant) ?? (await storedTenant(database, params.tenant));
      if (tenant === undefined) throw noSuch('tenant', params.tenant);
      const asked = month ?? momentText(nowMs).slice(0, 7);
      const statement = await told(() => statementOf(database, { tenant, month: asked }, nowMs));
      if (format === 'json') return { body: shown(statement) };
      const filename = `statement-${tenant.id}-${asked}.${format}`;
      return {
        text:
          format === 'csv'
            ? { contentType: 'text/csv; charset=utf-8', body: statementCsv(statement), filename }
            : { contentType: 'text/html; charset=utf-8', body: statementPage(statement), filename },
      };
    },
  }),
];

/** Of one that is no longer there, and of which there are calls, the id is still known. */
async function storedTenant(
  { query }: ReportDoors['database'],
  id: string,
): Promise<StatementTenant | undefined> {
  const row = await query
    .selectFrom('tenants')
    .select(['name', 'wallet'])
    .where('id', '=', id)
    .executeTakeFirst();
  if (row !== undefined) return { id, name: row.name, wallet: row.wallet };
  const called = await query
    .selectFrom('dimensions')
    .select('tenant')
    .where('tenant', '=', id)
    .limit(1)
    .executeTakeFirst();
  return called === undefined && id !== DEFAULT_TENANT ? undefined : { id, name: id, wallet: 'none' };
}

const shown = (statement: Statement): object => ({
  tenant: statement.tenant,
  month: statement.month,
  from: momentText(statement.fromMs),
  to: momentText(statement.toMs),
  prepared_at: momentText(statement.preparedAtMs),
  preliminary: statement.preliminary,
  balance: statement.balance && {
    opening: statement.balance.openingNano,
    paid: statement.balance.paidNano,
    charged: statement.balance.chargedNano,
    closing: statement.balance.closingNano,
  },
  movements: statement.movements.map(({ atMs, kind, amountNano, note }) => ({
    at: momentText(atMs),
    kind,
    amount: amountNano,
    note,
  })),
  usage: statement.lines.map((line) => ({
    project: line.project === '' ? null : line.project,
    key: line.key,
    model: line.model,
    factor: line.factor,
    in_wallet: line.inWallet,
    ...used(line),
  })),
  total: used(statement.total),
});

const used = (line: Used): object => ({
  calls: line.calls,
  tokens: {
    input: line.input,
    cache_read: line.cacheRead,
    cache_write: line.cacheWrite,
    output: line.output,
    reasoning: line.reasoning,
  },
  unpriced: line.unpriced,
  list: knownCost(line.listNano, line.unpriced),
  charged: knownCost(line.chargedNano, line.unpriced),
});
