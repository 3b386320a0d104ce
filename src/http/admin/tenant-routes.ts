/**
 * Tenants over the admin API: who pays, by which kind of wallet and with which budgets. What is in a wallet is told by the
 * routes of wallets. A tenant whose keys, projects or money are on record is not deleted but made inactive.
 */

import { z } from 'zod';
import { ownerSettingsOf, tenantOf } from '../../access/people-rows.ts';
import { writeBudgets } from '../../domain/budgets.ts';
import { DEFAULT_TENANT, type Tenant } from '../../domain/tenancy.ts';
import type { Queries } from '../../storage/database.ts';
import { bump } from '../../storage/revisions.ts';
import type { TenantRow } from '../../storage/tables.ts';
import { noSuch, staleVersion } from './edits.ts';
import { idText, line, momentText, money, moneyAnswer, reference } from './fields.ts';
import { requireOwn, tenantShown } from './own-tenant.ts';
import { newestPage, pageOf, pageQuery } from './page.ts';
import {
  budgets,
  budgetsAnswer,
  inFile,
  isTaken,
  merged,
  metadata,
  type PeopleDoors,
  source,
  written,
  wrong,
} from './people-fields.ts';
import { AdminProblem, type AdminRoute, adminRoute } from './route.ts';

const tag = 'Tenants';
const LOOK = ['owner', 'operator', 'viewer', 'tenant-admin'] as const;
const CHANGE = ['owner', 'operator'] as const;
const params = z.object({ tenant: reference() });
const wallet = z.enum(['none', 'prepaid', 'postpaid']);

const tenantAnswer = z
  .object({
    id: z.string(),
    name: z.string(),
    active: z.boolean(),
    source,
    shadowed: z
      .boolean()
      .meta({ description: 'Not in force: the configuration file has a tenant of this id.' }),
    wallet,
    credit_limit: moneyAnswer(),
    budgets: budgetsAnswer,
    metadata: z.record(z.string(), z.unknown()),
    version: z.number().int().nullable(),
    created_at: z.string().meta({ format: 'date-time' }).nullable(),
    updated_at: z.string().meta({ format: 'date-time' }).nullable(),
  })
  .meta({ id: 'Tenant' });

const fields = {
  active: z.boolean().optional().meta({ description: 'While it is not, its keys are refused.' }),
  wallet: wallet.optional(),
  credit_limit: money().optional().meta({ description: 'How far below zero a postpaid wallet may go.' }),
  budgets: budgets().nullable().optional(),
  metadata: metadata().nullable().optional(),
};

export const tenantRoutes = (doors: PeopleDoors): AdminRoute[] => [
  listTenants(doors),
  createTenant(doors),
  getTenant(doors),
  editTenant(doors),
  deleteTenant(doors),
];

const listTenants = (doors: PeopleDoors): AdminRoute =>
  adminRoute({
    ...{ method: 'GET', path: '/tenants', id: 'listTenants', tag, roles: LOOK },
    summary: 'Tenants: those of the database, the newest first, and with the last of them those of the file',
    query: z.object(pageQuery),
    answer: pageOf(tenantAnswer),
    async handle({ query: { limit, cursor }, asker }) {
      const own = tenantShown(asker, undefined);
      let rows = doors.database.query.selectFrom('tenants').selectAll();
      if (own !== undefined) rows = rows.where('id', '=', own);
      const page = await newestPage(rows, { limit, cursor }, (row) => viewOfRow(doors, row));
      const others = page.next === null ? doors.file().tenants.map((tenant) => viewOf(tenant, 'file')) : [];
      return {
        body: {
          data: [...page.data, ...others.filter(({ id }) => own === undefined || id === own)],
          next: page.next,
        },
      };
    },
  });

const createTenant = (doors: PeopleDoors): AdminRoute =>
  adminRoute({
    ...{ method: 'POST', path: '/tenants', id: 'createTenant', tag, roles: CHANGE, creates: true },
    summary: 'A new tenant',
    body: z.strictObject({ id: idText(), name: line().optional(), ...fields }),
    answer: tenantAnswer,
    async handle({ body, nowMs, note }) {
      const { id, name = id } = body;
      if (doors.file().tenants.some((tenant) => tenant.id === id)) throw isTaken('tenant', id);
      const set = columnsOf(body, { active: 1, wallet: 'none', credit_limit_nano: 0n, settings: '{}' });
      const view = await doors.database.write(async (transaction) => {
        const revision = await bump(transaction, 'keys');
        const times = { version: 1, revision, created_ms: nowMs, updated_ms: nowMs };
        const row: TenantRow = { id, name, ...set, ...times };
        const made = await transaction
          .insertInto('tenants')
          .values(row)
          .onConflict((conflict) => conflict.column('id').doNothing())
          .executeTakeFirst();
        if (Number(made.numInsertedOrUpdatedRows ?? 0) === 0) throw isTaken('tenant', id);
        const after = viewOfRow(doors, row);
        await note(transaction, { action: 'create', kind: 'tenant', object: id, tenant: id, after });
        return after;
      });
      await doors.changed();
      return { status: 201, body: view, version: 1 };
    },
  });

const getTenant = (doors: PeopleDoors): AdminRoute =>
  adminRoute({
    ...{ method: 'GET', path: '/tenants/{tenant}', id: 'getTenant', tag, roles: LOOK, params },
    summary: 'One tenant',
    answer: tenantAnswer,
    async handle({ params: { tenant: id }, asker }) {
      requireOwn(asker, id, { kind: 'tenant', id });
      const row = await rowIn(doors.database.query, id);
      if (row !== undefined) return { body: viewOfRow(doors, row), version: row.version };
      const own = doors.file().tenants.find((tenant) => tenant.id === id);
      if (own !== undefined) return { body: viewOf(own, 'file') };
      if (id !== DEFAULT_TENANT) throw noSuch('tenant', id);
      return { body: viewOf(usual, 'built-in') };
    },
  });

const editTenant = (doors: PeopleDoors): AdminRoute =>
  adminRoute({
    ...{
      method: 'PATCH',
      path: '/tenants/{tenant}',
      id: 'editTenant',
      tag,
      roles: CHANGE,
      edits: true,
      params,
    },
    summary: 'Change, activate or deactivate a tenant; null takes a setting away',
    body: z.strictObject({ name: line().optional(), ...fields }),
    answer: tenantAnswer,
    async handle({ params: { tenant: id }, body, ifMatch, nowMs, note }) {
      const after = await doors.database.write(async (transaction) => {
        const revision = await bump(transaction, 'keys');
        const before = await rowIn(transaction, id);
        if (before === undefined) throw notInDatabase(doors, id);
        if (ifMatch !== undefined && before.version !== ifMatch) throw staleVersion(`The tenant '${id}'`);
        const row = await transaction
          .updateTable('tenants')
          .set({
            ...columnsOf(body, before),
            ...(body.name === undefined ? {} : { name: body.name }),
            ...{ version: before.version + 1, revision, updated_ms: nowMs },
          })
          .where('id', '=', id)
          .where('version', '=', before.version)
          .returningAll()
          .executeTakeFirst();
        if (row === undefined) throw staleVersion(`The tenant '${id}'`);
        await note(transaction, {
          ...{ action: 'update', kind: 'tenant', object: id, tenant: id },
          ...{ before: viewOfRow(doors, before), after: viewOfRow(doors, row) },
        });
        return row;
      });
      await doors.changed();
      return { body: viewOfRow(doors, after), version: after.version };
    },
  });

const deleteTenant = (doors: PeopleDoors): AdminRoute =>
  adminRoute({
    ...{ method: 'DELETE', path: '/tenants/{tenant}', id: 'deleteTenant', tag, roles: CHANGE, params },
    summary: 'Delete a tenant of which nothing is on record: no keys, projects, calls or money',
    async handle({ params: { tenant: id }, ifMatch, note }) {
      await doors.database.write(async (transaction) => {
        await bump(transaction, 'keys');
        const before = await rowIn(transaction, id);
        if (before === undefined) throw notInDatabase(doors, id);
        if (ifMatch !== undefined && before.version !== ifMatch) throw staleVersion(`The tenant '${id}'`);
        // In the statement itself: somebody may pay into its wallet at this very moment.
        const gone = await transaction
          .deleteFrom('tenants')
          .where('id', '=', id)
          .where('version', '=', before.version)
          .where(({ not, exists, selectFrom }) => {
            const none = (table: 'client_keys' | 'projects' | 'wallet_entries' | 'entries') =>
              not(exists(selectFrom(table).select('id').where('tenant', '=', id)));
            return none('client_keys').and(none('projects')).and(none('wallet_entries')).and(none('entries'));
          })
          .executeTakeFirst();
        if (Number(gone.numDeletedRows) === 0) throw await hasMore(transaction, id);
        await note(transaction, {
          ...{ action: 'delete', kind: 'tenant', object: id, tenant: id, before: viewOfRow(doors, before) },
        });
      });
      await doors.changed();
      return { status: 204 };
    },
  });

async function hasMore(query: Queries, id: string): Promise<AdminProblem> {
  const count = async (table: 'client_keys' | 'projects'): Promise<number> => {
    const row = await query
      .selectFrom(table)
      .select(({ fn }) => fn.countAll<number>().as('many'))
      .where('tenant', '=', id)
      .executeTakeFirst();
    return Number(row?.many ?? 0);
  };
  const [keys, projects] = [await count('client_keys'), await count('projects')];
  const has = [
    ...(keys > 0 ? [`${keys} keys (revoked ones included)`] : []),
    ...(projects > 0 ? [`${projects} projects`] : []),
  ];
  return new AdminProblem(
    409,
    `The tenant '${id}' has ${has.length > 0 ? has.join(' and ') : 'calls or money'} on record, which stay. Set active to ` +
      'false instead: its keys are refused then.',
  );
}

function notInDatabase({ file }: PeopleDoors, id: string): AdminProblem {
  if (file().tenants.some((tenant) => tenant.id === id)) return inFile('tenant', id);
  if (id !== DEFAULT_TENANT) return noSuch('tenant', id);
  return new AdminProblem(
    409,
    `The tenant '${id}' is built in and has no settings: make one of this id (POST /tenants) to give it some.`,
  );
}

type Said = z.output<z.ZodObject<typeof fields>>;

/** As they are to be, from what is said and what was. */
function columnsOf(
  said: Said,
  before: Pick<TenantRow, 'active' | 'wallet' | 'credit_limit_nano' | 'settings'>,
): Pick<TenantRow, 'active' | 'wallet' | 'credit_limit_nano' | 'settings'> {
  const columns = {
    active: said.active === undefined ? before.active : Number(said.active),
    wallet: said.wallet ?? before.wallet,
    credit_limit_nano: said.credit_limit ?? before.credit_limit_nano,
    settings: JSON.stringify(merged(ownerSettingsOf(before.settings), ownerSettings(said))),
  };
  if (columns.wallet !== 'postpaid' && columns.credit_limit_nano > 0n)
    throw wrong(
      'body.credit_limit',
      `expected 0: only a postpaid wallet has one, and this is '${columns.wallet}'`,
    );
  return columns;
}

const ownerSettings = (said: Pick<Said, 'budgets' | 'metadata'>) => ({
  metadata: said.metadata,
  budgets: said.budgets === null || said.budgets === undefined ? said.budgets : written(said.budgets),
});

const rowIn = (query: Queries, id: string): Promise<TenantRow | undefined> =>
  query.selectFrom('tenants').selectAll().where('id', '=', id).executeTakeFirst();

const viewOf = (tenant: Tenant, source: 'file' | 'database' | 'built-in') => ({
  ...{ id: tenant.id, name: tenant.name, active: tenant.active, source, shadowed: false },
  ...{ wallet: tenant.wallet, credit_limit: tenant.creditLimit, budgets: writeBudgets(tenant.budgets) },
  metadata: {},
  ...{ version: null, created_at: null, updated_at: null },
});

const viewOfRow = ({ file }: PeopleDoors, row: TenantRow) => ({
  ...viewOf(tenantOf(row), 'database'),
  shadowed: file().tenants.some(({ id }) => id === row.id),
  metadata: ownerSettingsOf(row.settings).metadata ?? {},
  version: row.version,
  created_at: momentText(row.created_ms),
  updated_at: momentText(row.updated_ms),
});

const usual: Tenant = {
  ...{ id: DEFAULT_TENANT, name: DEFAULT_TENANT, wallet: 'none', creditLimit: 0n, budgets: {}, active: true },
};
