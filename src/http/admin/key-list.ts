/**
 * The list of client keys: pages of those of the database, the newest first, and behind the last of them those of the
 * configuration file, by their ids.
 */

import { z } from 'zod';
import { hashesOf } from '../../access/people-loader.ts';
import type { ClientKeyRow } from '../../storage/tables.ts';
import { reference } from './fields.ts';
import { KEY_STATES, type KeyView, keyAnswer, viewOfFile, viewOfRow } from './key-view.ts';
import { tenantShown } from './own-tenant.ts';
import { cursorOf, newestRows, pageOf, pageQuery, placeOf } from './page.ts';
import type { PeopleDoors } from './people-fields.ts';
import { type AdminRoute, adminRoute } from './route.ts';

export const KEYS = 'Keys';
export const LOOK = ['owner', 'operator', 'viewer', 'tenant-admin'] as const;

export const listKeys = (doors: PeopleDoors): AdminRoute =>
  adminRoute({
    ...{ method: 'GET', path: '/keys', id: 'listKeys', tag: KEYS, roles: LOOK },
    summary:
      'Client keys: those of the database, the newest first, and behind the last of them those of the file',
    query: z.object({
      ...pageQuery,
      tenant: reference().optional(),
      project: reference().optional(),
      state: z.enum(KEY_STATES).optional(),
      source: z.enum(['database', 'file']).optional(),
      prefix: reference()
        .optional()
        .meta({ description: 'The beginning of what the client sends, as `words` has it.' }),
    }),
    answer: pageOf(keyAnswer),
    async handle({ query, asker, nowMs }) {
      const tenant = tenantShown(asker, query.tenant);
      const place = placeOf(query.cursor);
      const { limit, project, state, source, prefix } = query;
      // Those of the file come last: no row is as old as they are.
      const found =
        source === 'file' || place?.at === FILE_AT
          ? []
          : await rowsOf(doors, { ...query, tenant, place, nowMs });
      const shown = found.slice(0, limit);
      const hashes = await hashesOf(
        doors.database.query,
        shown.map(({ id }) => id),
      );
      const data = shown.map((row) =>
        viewOfRow(row, hashes.get(row.id) ?? [], { nowMs, hidden: doors.hidden() }),
      );
      if (found.length > limit) {
        const last = shown.at(-1);
        return {
          body: { data, next: last === undefined ? null : cursorOf({ at: last.created_ms, id: last.id }) },
        };
      }
      const after = place?.at === FILE_AT ? place.id : '';
      const ofFile = (source === 'database' || prefix !== undefined ? [] : doors.file().keys)
        .map((key) => viewOfFile(key, nowMs))
        .filter(
          (key) =>
            (tenant === undefined || key.tenant === tenant) &&
            (project === undefined || key.project === project) &&
            (state === undefined || key.state === state) &&
            key.id > after,
        )
        .sort((a, b) => (a.id < b.id ? -1 : 1));
      data.push(...ofFile.slice(0, limit - data.length));
      const isWhole = data.length === shown.length + ofFile.length;
      return { body: { data, next: isWhole ? null : cursorOf({ at: FILE_AT, id: lastFileId(data) }) } };
    },
  });

const FILE_AT = -1;

/** Nothing of the file is on the page yet: its first one is behind every empty id. */
const lastFileId = (data: readonly KeyView[]): string => {
  const last = data.at(-1);
  return last?.source === 'file' ? last.id : '';
};

type Listed = {
  readonly limit: number;
  readonly tenant: string | undefined;
  readonly project?: string | undefined;
  readonly state?: KeyView['state'] | undefined;
  readonly prefix?: string | undefined;
  readonly place: { readonly at: number; readonly id: string } | undefined;
  readonly nowMs: number;
};

function rowsOf({ database }: PeopleDoors, asked: Listed): Promise<ClientKeyRow[]> {
  const { limit, tenant, project, state, prefix, place, nowMs } = asked;
  let rows = database.query.selectFrom('client_keys').selectAll();
  if (tenant !== undefined) rows = rows.where('tenant', '=', tenant);
  if (project !== undefined) rows = rows.where('project', '=', project);
  if (state !== undefined) rows = rows.where('state', '=', state === 'revoked' ? 'revoked' : 'active');
  if (state === 'expired') rows = rows.where('expires_ms', '<=', nowMs);
  if (state === 'active')
    rows = rows.where((where) =>
      where.or([where('expires_ms', 'is', null), where('expires_ms', '>', nowMs)]),
    );
  if (prefix !== undefined)
    rows = rows.where('id', 'in', (sub) =>
      sub.selectFrom('key_hashes').select('key').where('prefix', '=', prefix),
    );
  return newestRows(rows, { limit, place, at: 'created_ms' });
}
