/**
 * Client keys over the admin API: listed, made, changed, rotated, revoked. What a client sends is told once, when it is made;
 * what stands in the configuration file is listed beside the others and can only be changed there.
 */

import { z } from 'zod';
import { createKey, editKey, rotateKey } from '../../access/key-rows.ts';
import type { KeySettings } from '../../access/key-settings.ts';
import { hashesOf } from '../../access/people-loader.ts';
import { newKeyId } from '../../base/ids.ts';
import { DEFAULT_TENANT } from '../../domain/tenancy.ts';
import type { Queries } from '../../storage/database.ts';
import { bump } from '../../storage/revisions.ts';
import type { ClientKeyRow } from '../../storage/tables.ts';
import { noSuch, staleVersion } from './edits.ts';
import { idText, momentText, reference } from './fields.ts';
import { keyFields, requireModest, settingsIn } from './key-fields.ts';
import { KEYS, LOOK, listKeys } from './key-list.ts';
import { type KeyView, keyAnswer, viewOfFile, viewOfRow } from './key-view.ts';
import { isOwn, requireOwn } from './own-tenant.ts';
import {
  inFile,
  isTaken,
  merged,
  type PeopleDoors,
  requireProject,
  requireTenant,
  wrong,
} from './people-fields.ts';
import { type AdminAsk, AdminProblem, type AdminRoute, adminRoute } from './route.ts';

const CHANGE = ['owner', 'operator', 'tenant-admin'] as const;
const params = z.object({ key: reference() });

const DAY_S = 86_400;
const LONGEST_OVERLAP_S = 90 * DAY_S;

const withWords = keyAnswer
  .extend({ key: z.string().nullable().meta({ description: 'What clients send. Shown this once.' }) })
  .meta({ id: 'KeyWithWords' });

export const keyRoutes = (doors: PeopleDoors): AdminRoute[] => [
  listKeys(doors),
  createRoute(doors),
  getKey(doors),
  editRoute(doors),
  rotateRoute(doors),
  revokeKey(doors),
];

const createRoute = (doors: PeopleDoors): AdminRoute =>
  adminRoute({
    ...{ method: 'POST', path: '/keys', id: 'createKey', tag: KEYS, roles: CHANGE, creates: true },
    summary: 'A new client key; what clients send is in this answer alone',
    body: z.strictObject({
      id: idText().optional().meta({ description: 'Its name in logs and reports. Not given: one is made.' }),
      tenant: idText().optional().meta({ description: 'Whose it is. Not given: `default`, or the own one.' }),
      ...keyFields,
    }),
    answer: withWords,
    async handle({ body, asker, nowMs, note }) {
      const { id = newKeyId(), label = '', project = null, expires_at: expiresMs = null } = body;
      const own = asker.role === 'tenant-admin' ? asker.tenant : undefined;
      const tenant = body.tenant ?? own ?? DEFAULT_TENANT;
      if (!isOwn(asker, tenant)) throw wrong('body.tenant', `expected a tenant: there is no '${tenant}'`);
      requireModest(asker, body);
      requireFuture(expiresMs, nowMs);
      if (doors.file().keys.some((key) => key.id === id)) throw isTaken('key', id);
      const settings = merged({}, settingsIn(body)) as KeySettings;
      const made = await doors.database.write(async (transaction) => {
        const revision = await bump(transaction, 'keys');
        await requireTenant(transaction, doors, tenant);
        if (project !== null) await requireProject(transaction, doors, { id: project, tenant });
        const key = { id, tenant, project, label, expiresMs, settings };
        const created = await createKey(transaction, key, { revision, nowMs });
        if (created === undefined) throw isTaken('key', id);
        const after = viewOfRow(created.row, created.hashes, { nowMs, hidden: doors.hidden() });
        await note(transaction, { action: 'create', kind: 'key', object: id, tenant, after: noted(after) });
        return { after, words: created.words };
      });
      await doors.changed();
      return { status: 201, body: { ...made.after, key: made.words }, once: ['key'], version: 1 };
    },
  });

const getKey = (doors: PeopleDoors): AdminRoute =>
  adminRoute({
    ...{ method: 'GET', path: '/keys/{key}', id: 'getKey', tag: KEYS, roles: LOOK, params },
    summary: 'One client key',
    answer: keyAnswer,
    async handle({ params: { key: id }, asker, nowMs }) {
      const found = await find(doors.database.query, { id, asker });
      if (found === undefined) {
        const own = doors.file().keys.find((key) => key.id === id);
        if (own === undefined || !isOwn(asker, own.tenant ?? DEFAULT_TENANT)) throw noSuch('key', id);
        return { body: viewOfFile(own, nowMs) };
      }
      const view = await viewIn(doors, doors.database.query, { row: found, nowMs });
      return { body: view, version: found.version };
    },
  });

const editRoute = (doors: PeopleDoors): AdminRoute =>
  adminRoute({
    ...{ method: 'PATCH', path: '/keys/{key}', id: 'editKey', tag: KEYS, roles: CHANGE, edits: true, params },
    summary: 'Change what a client key may do; null takes a setting away',
    body: z.strictObject(keyFields),
    answer: keyAnswer,
    async handle(ask) {
      const { body, asker, nowMs } = ask;
      requireModest(asker, body);
      requireFuture(body.expires_at ?? null, nowMs);
      return changed(doors, ask, {
        action: 'update',
        set: async (transaction, before) => {
          const { project, label, expires_at: expiresMs } = body;
          if (typeof project === 'string')
            await requireProject(transaction, doors, { id: project, tenant: before.tenant });
          return {
            ...(project === undefined ? {} : { project }),
            ...(label === undefined ? {} : { label }),
            ...(expiresMs === undefined ? {} : { expires_ms: expiresMs }),
            settings: JSON.stringify(merged(JSON.parse(before.settings) as object, settingsIn(body))),
          };
        },
      });
    },
  });

const rotateRoute = (doors: PeopleDoors): AdminRoute =>
  adminRoute({
    ...{
      method: 'POST',
      path: '/keys/{key}/rotate',
      id: 'rotateKey',
      tag: KEYS,
      roles: CHANGE,
      creates: true,
      params,
    },
    summary: 'New words for a client key, in this answer alone; the old ones are good for a while longer',
    body: z.strictObject({
      overlap_seconds: z
        .number()
        .int()
        .min(0)
        .max(LONGEST_OVERLAP_S)
        .default(DAY_S)
        .meta({ description: 'How long the old ones stay good; 0: they end at once.' }),
    }),
    answer: withWords,
    async handle(ask) {
      let words = '';
      const answer = await changed(doors, ask, {
        action: 'rotate',
        set: async (transaction, { id }) => {
          const { nowMs, body } = ask;
          ({ words } = await rotateKey(transaction, id, {
            oldEndMs: nowMs + body.overlap_seconds * 1_000,
            nowMs,
          }));
          return {};
        },
      });
      return { ...answer, status: 201, body: { ...(answer.body as KeyView), key: words }, once: ['key'] };
    },
  });

const revokeKey = (doors: PeopleDoors): AdminRoute =>
  adminRoute({
    ...{ method: 'DELETE', path: '/keys/{key}', id: 'revokeKey', tag: KEYS, roles: CHANGE, params },
    summary: 'Revoke a client key for good; it stays on record',
    answer: keyAnswer,
    handle: (ask) => changed(doors, ask, { action: 'revoke', set: async () => ({ state: 'revoked' }) }),
  });

type Asked = Pick<AdminAsk<{ readonly key: string }>, 'params' | 'asker' | 'ifMatch' | 'nowMs' | 'note'>;
type Transaction = Parameters<Parameters<PeopleDoors['database']['write']>[0]>[0];

/** A change of one key of the database, in one transaction with its audit and its revision. */
async function changed(
  doors: PeopleDoors,
  { params: { key: id }, asker, ifMatch, nowMs, note }: Asked,
  {
    action,
    set,
  }: {
    readonly action: string;
    set(transaction: Transaction, before: ClientKeyRow): Promise<Parameters<typeof editKey>[2]['set']>;
  },
) {
  const after = await doors.database.write(async (transaction) => {
    const revision = await bump(transaction, 'keys');
    const before = await find(transaction, { id, asker });
    if (before === undefined) {
      const own = doors.file().keys.find((key) => key.id === id);
      requireOwn(asker, own?.tenant ?? DEFAULT_TENANT, { kind: 'key', id });
      throw own === undefined ? noSuch('key', id) : inFile('key', id);
    }
    if (ifMatch !== undefined && before.version !== ifMatch) throw staleVersion(`The key '${id}'`);
    if (before.state === 'revoked')
      throw new AdminProblem(409, `The key '${id}' was revoked, and stays so: make another one.`);
    const shownBefore = await viewIn(doors, transaction, { row: before, nowMs });
    const row = await editKey(transaction, id, {
      set: await set(transaction, before),
      ...{ version: before.version, revision, nowMs },
    });
    if (row === undefined) throw staleVersion(`The key '${id}'`);
    const shown = await viewIn(doors, transaction, { row, nowMs });
    await note(transaction, {
      ...{ action, kind: 'key', object: id, tenant: row.tenant },
      ...{ before: noted(shownBefore), after: noted(shown) },
    });
    return { shown, version: row.version };
  });
  await doors.changed();
  return { body: after.shown, version: after.version };
}

async function find(
  query: Queries,
  { id, asker }: { readonly id: string; readonly asker: AdminAsk['asker'] },
): Promise<ClientKeyRow | undefined> {
  let rows = query.selectFrom('client_keys').selectAll().where('id', '=', id);
  // Whose it is, is asked in the query itself.
  if (asker.role === 'tenant-admin') rows = rows.where('tenant', '=', asker.tenant ?? '');
  return rows.executeTakeFirst();
}

async function viewIn(
  doors: PeopleDoors,
  query: Queries,
  { row, nowMs }: { readonly row: ClientKeyRow; readonly nowMs: number },
): Promise<KeyView> {
  const hashes = await hashesOf(query, [row.id]);
  return viewOfRow(row, hashes.get(row.id) ?? [], { nowMs, hidden: doors.hidden() });
}

/** For the audit: what can change. */
const noted = ({ words, ...rest }: KeyView) => ({
  ...rest,
  words: words.map(({ prefix, ends_at }) => ({ begins: `${prefix}…`, ends_at })),
});

function requireFuture(expiresMs: number | null, nowMs: number): void {
  if (expiresMs !== null && expiresMs <= nowMs)
    throw wrong('body.expires_at', `expected a moment after ${momentText(nowMs)}; DELETE ends a key at once`);
}
