/** Projects over the admin API: parts of a tenant, with budgets of their own. One that has keys on record stays. */

import { z } from 'zod';
import { ownerSettingsOf, projectOf } from '../../access/people-rows.ts';
import { writeBudgets } from '../../domain/budgets.ts';
import { DEFAULT_TENANT, type Project } from '../../domain/tenancy.ts';
import type { Queries } from '../../storage/database.ts';
import { bump } from '../../storage/revisions.ts';
import type { ProjectRow } from '../../storage/tables.ts';
import { noSuch, staleVersion } from './edits.ts';
import { idText, line, momentText, reference } from './fields.ts';
import { isOwn, requireOwn, tenantShown } from './own-tenant.ts';
import { newestPage, pageOf, pageQuery } from './page.ts';
import {
  budgets,
  budgetsAnswer,
  inFile,
  isTaken,
  merged,
  metadata,
  type PeopleDoors,
  requireTenant,
  source,
  written,
  wrong,
} from './people-fields.ts';
import { type AdminAsk, AdminProblem, type AdminRoute, adminRoute } from './route.ts';

const tag = 'Projects';
const LOOK = ['owner', 'operator', 'viewer', 'tenant-admin'] as const;
const CHANGE = ['owner', 'operator', 'tenant-admin'] as const;
const params = z.object({ project: reference() });

const projectAnswer = z
  .object({
    id: z.string(),
    tenant: z.string(),
    name: z.string(),
    source,
    shadowed: z
      .boolean()
      .meta({ description: 'Not in force: the configuration file has a project of this id.' }),
    budgets: budgetsAnswer,
    metadata: z.record(z.string(), z.unknown()),
    version: z.number().int().nullable(),
    created_at: z.string().meta({ format: 'date-time' }).nullable(),
    updated_at: z.string().meta({ format: 'date-time' }).nullable(),
  })
  .meta({ id: 'Project' });

const fields = { budgets: budgets().nullable().optional(), metadata: metadata().nullable().optional() };

export const projectRoutes = (doors: PeopleDoors): AdminRoute[] => [
  listProjects(doors),
  createProject(doors),
  getProject(doors),
  editProject(doors),
  deleteProject(doors),
];

const listProjects = (doors: PeopleDoors): AdminRoute =>
  adminRoute({
    ...{ method: 'GET', path: '/projects', id: 'listProjects', tag, roles: LOOK },
    summary: 'Projects: those of the database, the newest first, and with the last of them those of the file',
    query: z.object({ ...pageQuery, tenant: reference().optional() }),
    answer: pageOf(projectAnswer),
    async handle({ query: { limit, cursor, tenant: asked }, asker }) {
      const tenant = tenantShown(asker, asked);
      let rows = doors.database.query.selectFrom('projects').selectAll();
      if (tenant !== undefined) rows = rows.where('tenant', '=', tenant);
      const page = await newestPage(rows, { limit, cursor }, (row) => viewOfRow(doors, row));
      const others = page.next === null ? doors.file().projects : [];
      const shown = others.filter((project) => tenant === undefined || project.tenant === tenant);
      return {
        body: { data: [...page.data, ...shown.map((each) => viewOf(each, 'file'))], next: page.next },
      };
    },
  });

const createProject = (doors: PeopleDoors): AdminRoute =>
  adminRoute({
    ...{ method: 'POST', path: '/projects', id: 'createProject', tag, roles: CHANGE, creates: true },
    summary: 'A new project',
    body: z.strictObject({
      id: idText().meta({ description: 'Unique among all tenants.' }),
      tenant: idText().optional().meta({ description: 'Not given: `default`, or the own one.' }),
      name: line().optional(),
      ...fields,
    }),
    answer: projectAnswer,
    async handle({ body, asker, nowMs, note }) {
      const { id, name = id } = body;
      const own = asker.role === 'tenant-admin' ? asker.tenant : undefined;
      const tenant = body.tenant ?? own ?? DEFAULT_TENANT;
      if (!isOwn(asker, tenant)) throw wrong('body.tenant', `expected a tenant: there is no '${tenant}'`);
      if (doors.file().projects.some((project) => project.id === id)) throw isTaken('project', id);
      const view = await doors.database.write(async (transaction) => {
        const revision = await bump(transaction, 'keys');
        await requireTenant(transaction, doors, tenant);
        const row: ProjectRow = {
          ...{ id, tenant, name, settings: settingsText(body, '{}') },
          ...{ version: 1, revision, created_ms: nowMs, updated_ms: nowMs },
        };
        const made = await transaction
          .insertInto('projects')
          .values(row)
          .onConflict((conflict) => conflict.column('id').doNothing())
          .executeTakeFirst();
        if (Number(made.numInsertedOrUpdatedRows ?? 0) === 0) throw isTaken('project', id);
        const after = viewOfRow(doors, row);
        await note(transaction, { action: 'create', kind: 'project', object: id, tenant, after });
        return after;
      });
      await doors.changed();
      return { status: 201, body: view, version: 1 };
    },
  });

const getProject = (doors: PeopleDoors): AdminRoute =>
  adminRoute({
    ...{ method: 'GET', path: '/projects/{project}', id: 'getProject', tag, roles: LOOK, params },
    summary: 'One project',
    answer: projectAnswer,
    async handle({ params: { project: id }, asker }) {
      const row = await rowIn(doors.database.query, id, asker);
      if (row !== undefined) return { body: viewOfRow(doors, row), version: row.version };
      const own = doors.file().projects.find((project) => project.id === id);
      if (own === undefined || !isOwn(asker, own.tenant)) throw noSuch('project', id);
      return { body: viewOf(own, 'file') };
    },
  });

const editProject = (doors: PeopleDoors): AdminRoute =>
  adminRoute({
    ...{ method: 'PATCH', path: '/projects/{project}', id: 'editProject', tag, roles: CHANGE, edits: true },
    summary: 'Change a project; null takes a setting away',
    params,
    body: z.strictObject({ name: line().optional(), ...fields }),
    answer: projectAnswer,
    async handle({ params: { project: id }, body, asker, ifMatch, nowMs, note }) {
      const after = await doors.database.write(async (transaction) => {
        const revision = await bump(transaction, 'keys');
        const before = await required(doors, transaction, { id, asker, ifMatch });
        const row = await transaction
          .updateTable('projects')
          .set({
            ...(body.name === undefined ? {} : { name: body.name }),
            settings: settingsText(body, before.settings),
            ...{ version: before.version + 1, revision, updated_ms: nowMs },
          })
          .where('id', '=', id)
          .where('version', '=', before.version)
          .returningAll()
          .executeTakeFirst();
        if (row === undefined) throw staleVersion(`The project '${id}'`);
        await note(transaction, {
          ...{ action: 'update', kind: 'project', object: id, tenant: row.tenant },
          ...{ before: viewOfRow(doors, before), after: viewOfRow(doors, row) },
        });
        return row;
      });
      await doors.changed();
      return { body: viewOfRow(doors, after), version: after.version };
    },
  });

const deleteProject = (doors: PeopleDoors): AdminRoute =>
  adminRoute({
    ...{ method: 'DELETE', path: '/projects/{project}', id: 'deleteProject', tag, roles: CHANGE, params },
    summary: 'Delete a project of which nothing is on record: no keys and no calls',
    async handle({ params: { project: id }, asker, ifMatch, note }) {
      await doors.database.write(async (transaction) => {
        await bump(transaction, 'keys');
        const before = await required(doors, transaction, { id, asker, ifMatch });
        const gone = await transaction
          .deleteFrom('projects')
          .where('id', '=', id)
          .where('version', '=', before.version)
          .where(({ not, exists, selectFrom }) => {
            const none = (table: 'client_keys' | 'entries') =>
              not(
                exists(
                  selectFrom(table)
                    .select('id')
                    .where('project', '=', id)
                    .where('tenant', '=', before.tenant),
                ),
              );
            return none('client_keys').and(none('entries'));
          })
          .executeTakeFirst();
        if (Number(gone.numDeletedRows) === 0)
          throw new AdminProblem(
            409,
            `The project '${id}' has keys or calls on record, which stay. Revoke its keys, or move them to another project.`,
          );
        await note(transaction, {
          ...{ action: 'delete', kind: 'project', object: id, tenant: before.tenant },
          before: viewOfRow(doors, before),
        });
      });
      await doors.changed();
      return { status: 204 };
    },
  });

type Asker = AdminAsk['asker'];

/** Whose it is, is asked in the query itself. */
async function rowIn(query: Queries, id: string, asker: Asker): Promise<ProjectRow | undefined> {
  let rows = query.selectFrom('projects').selectAll().where('id', '=', id);
  if (asker.role === 'tenant-admin') rows = rows.where('tenant', '=', asker.tenant ?? '');
  return rows.executeTakeFirst();
}

async function required(
  { file }: PeopleDoors,
  query: Queries,
  {
    id,
    asker,
    ifMatch,
  }: { readonly id: string; readonly asker: Asker; readonly ifMatch?: number | undefined },
): Promise<ProjectRow> {
  const row = await rowIn(query, id, asker);
  if (row === undefined) {
    const own = file().projects.find((project) => project.id === id);
    requireOwn(asker, own?.tenant, { kind: 'project', id });
    throw own === undefined ? noSuch('project', id) : inFile('project', id);
  }
  if (ifMatch !== undefined && row.version !== ifMatch) throw staleVersion(`The project '${id}'`);
  return row;
}

function settingsText(said: z.output<z.ZodObject<typeof fields>>, before: string): string {
  const { budgets: sent, metadata: notes } = said;
  const change = { metadata: notes, budgets: sent === null || sent === undefined ? sent : written(sent) };
  return JSON.stringify(merged(ownerSettingsOf(before), change));
}

const viewOf = (project: Project, source: 'file' | 'database') => ({
  ...{ id: project.id, tenant: project.tenant, name: project.name, source, shadowed: false },
  ...{ budgets: writeBudgets(project.budgets), metadata: {} },
  ...{ version: null, created_at: null, updated_at: null },
});

const viewOfRow = ({ file }: PeopleDoors, row: ProjectRow) => ({
  ...viewOf(projectOf(row), 'database'),
  shadowed: file().projects.some(({ id }) => id === row.id),
  metadata: ownerSettingsOf(row.settings).metadata ?? {},
  version: row.version,
  created_at: momentText(row.created_ms),
  updated_at: momentText(row.updated_ms),
});
