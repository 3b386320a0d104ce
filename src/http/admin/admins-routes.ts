/**
 * Admins of the database, who beside the admin key may use this API: made, changed, given a new key, deactivated. A key is
 * shown once. Whoever is deactivated or has another key has no session any more. The admin key itself is always an owner,
 * so that nobody can lock everybody out.
 */

import { randomBytes } from 'node:crypto';
import type { Transaction } from 'kysely';
import { z } from 'zod';
import { hashOfKey } from '../../access/hash-of-key.ts';
import { newAdminId } from '../../base/ids.ts';
import type { Database } from '../../storage/database.ts';
import type { AdminRow, Tables } from '../../storage/tables.ts';
import { noSuch, staleVersion } from './edits.ts';
import { idText, line, momentAnswer, momentText, queryFlag, reference } from './fields.ts';
import { newestPage, pageOf, pageQuery } from './page.ts';
import { type PeopleDoors, requireTenant } from './people-fields.ts';
import { ADMIN_ROLES, AdminProblem, type AdminRoute, adminRoute } from './route.ts';

const KEY_PREFIX = 'sluice-admin-';
/** Of a key, for people to know it by. */
const SHOWN = KEY_PREFIX.length + 4;

const admin = z
  .object({
    id: z.string(),
    name: z.string(),
    role: z.enum(ADMIN_ROLES),
    tenant: z.string().nullable(),
    prefix: z.string().meta({ description: 'The beginning of its key.' }),
    active: z.boolean(),
    version: z.number().int(),
    created_at: momentAnswer(),
    updated_at: momentAnswer(),
  })
  .meta({ id: 'Admin' });

const withKey = admin
  .extend({ key: z.string().nullable().meta({ description: 'Shown this once.' }) })
  .meta({ id: 'AdminWithKey' });

const params = z.object({ admin: reference() });
const roles = ['owner'] as const;

/** `people`: tells which tenants there are; not given: any. */
export function adminsRoutes({
  database,
  people,
}: {
  readonly database: Database;
  readonly people?: PeopleDoors;
}): AdminRoute[] {
  const rowOf = async (id: string): Promise<AdminRow> => {
    const row = await database.query.selectFrom('admins').selectAll().where('id', '=', id).executeTakeFirst();
    if (row === undefined) throw noSuch('admin', id);
    return row;
  };
  return [
    adminRoute({
      method: 'GET',
      path: '/admins',
      id: 'listAdmins',
      summary: 'Who may use this API beside the admin key',
      tag: 'Admins',
      roles,
      query: z.object({ ...pageQuery, active: queryFlag().optional() }),
      answer: pageOf(admin),
      async handle({ query: { limit, cursor, active } }) {
        let rows = database.query.selectFrom('admins').selectAll();
        if (active !== undefined) rows = rows.where('active', '=', active ? 1 : 0);
        return { body: await newestPage(rows, { limit, cursor }, shown) };
      },
    }),
    adminRoute({
      method: 'POST',
      path: '/admins',
      id: 'createAdmin',
      summary: 'A new admin; its key is shown in this answer alone',
      tag: 'Admins',
      roles,
      creates: true,
      body: z.strictObject({ name: line(), role: z.enum(ADMIN_ROLES), tenant: idText().optional() }),
      answer: withKey,
      async handle({ body, nowMs, note }) {
        if ((body.role === 'tenant-admin') !== (body.tenant !== undefined))
          throw new AdminProblem(400, 'tenant: a tenant-admin has one, and nobody else.', [
            { path: 'body.tenant', message: 'expected for the role tenant-admin, and for no other' },
          ]);
        const key = newKey();
        const row: AdminRow = {
          id: newAdminId(),
          name: body.name,
          role: body.role,
          tenant: body.tenant ?? null,
          ...hashed(key),
          active: 1,
          version: 1,
          created_ms: nowMs,
          updated_ms: nowMs,
        };
        await database.write(async (transaction) => {
          if (row.tenant !== null && people !== undefined)
            await requireTenant(transaction, people, row.tenant);
          await transaction.insertInto('admins').values(row).execute();
          await note(transaction, { ...changed(row), action: 'create', after: shown(row) });
        });
        return { status: 201, body: { ...shown(row), key }, once: ['key'], version: row.version };
      },
    }),
    adminRoute({
      method: 'GET',
      path: '/admins/{admin}',
      id: 'getAdmin',
      summary: 'One admin',
      tag: 'Admins',
      roles,
      params,
      answer: admin,
      async handle({ params: { admin: id } }) {
        const row = await rowOf(id);
        return { body: shown(row), version: row.version };
      },
    }),
    adminRoute({
      method: 'PATCH',
      path: '/admins/{admin}',
      id: 'editAdmin',
      summary: 'Rename, deactivate or activate an admin; its sessions end when it is deactivated',
      tag: 'Admins',
      roles,
      edits: true,
      params,
      body: z.strictObject({ name: line().optional(), active: z.boolean().optional() }),
      answer: admin,
      async handle({ params: { admin: id }, body, ifMatch, nowMs, note, asker }) {
        if (id === asker.id && body.active === false)
          throw new AdminProblem(
            409,
            'Nobody deactivates itself: let another owner do it, or the admin key.',
          );
        const before = await rowOf(id);
        const set = {
          ...(body.name === undefined ? {} : { name: body.name }),
          ...(body.active === undefined ? {} : { active: body.active ? 1 : 0 }),
        };
        const after = await database.write(async (transaction) => {
          const row = await changeIn(transaction, { id, ifMatch, nowMs, set });
          if (row.active === 0) await endSessions(transaction, id);
          await note(transaction, {
            ...changed(row),
            action: 'update',
            before: shown(before),
            after: shown(row),
          });
          return row;
        });
        return { body: shown(after), version: after.version };
      },
    }),
    adminRoute({
      method: 'POST',
      path: '/admins/{admin}/rotate',
      id: 'rotateAdminKey',
      summary: 'A new key for an admin: the old one and its sessions end at once',
      tag: 'Admins',
      roles,
      creates: true,
      params,
      answer: withKey,
      async handle({ params: { admin: id }, ifMatch, nowMs, note }) {
        const before = await rowOf(id);
        const key = newKey();
        const after = await database.write(async (transaction) => {
          const row = await changeIn(transaction, { id, ifMatch, nowMs, set: hashed(key) });
          await endSessions(transaction, id);
          await note(transaction, {
            ...changed(row),
            action: 'rotate',
            before: shown(before),
            after: shown(row),
          });
          return row;
        });
        return { status: 201, body: { ...shown(after), key }, once: ['key'], version: after.version };
      },
    }),
  ];
}

type Edit = {
  readonly id: string;
  readonly ifMatch: number | undefined;
  readonly nowMs: number;
  readonly set: Partial<Pick<AdminRow, 'name' | 'active' | 'hash' | 'prefix'>>;
};

async function changeIn(
  transaction: Transaction<Tables>,
  { id, ifMatch, nowMs, set }: Edit,
): Promise<AdminRow> {
  let update = transaction
    .updateTable('admins')
    .set(({ eb }) => ({ ...set, version: eb('version', '+', 1), updated_ms: nowMs }))
    .where('id', '=', id);
  if (ifMatch !== undefined) update = update.where('version', '=', ifMatch);
  const row = await update.returningAll().executeTakeFirst();
  if (row === undefined) throw staleVersion(`The admin '${id}'`);
  return row;
}

async function endSessions(transaction: Transaction<Tables>, admin: string): Promise<void> {
  await transaction.deleteFrom('sessions').where('admin', '=', admin).execute();
}

const newKey = (): string => `${KEY_PREFIX}${randomBytes(32).toString('base64url')}`;

const hashed = (key: string): Pick<AdminRow, 'hash' | 'prefix'> => ({
  hash: hashOfKey(key),
  prefix: key.slice(0, SHOWN),
});

const changed = ({ id, tenant }: AdminRow) => ({
  kind: 'admin',
  object: id,
  ...(tenant === null ? {} : { tenant }),
});

const shown = ({ id, name, role, tenant, prefix, active, version, created_ms, updated_ms }: AdminRow) => ({
  id,
  name,
  role,
  tenant,
  prefix,
  active: active === 1,
  version,
  created_at: momentText(created_ms),
  updated_at: momentText(updated_ms),
});
