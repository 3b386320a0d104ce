/** The audit, to be read: every change with who made it. Nothing here changes it. */

import { z } from 'zod';
import { parseJson } from '../../base/json.ts';
import type { Database } from '../../storage/database.ts';
import type { AuditRow } from '../../storage/tables.ts';
import { moment, momentAnswer, momentText, reference } from './fields.ts';
import { tenantShown } from './own-tenant.ts';
import { newestRows, pageFrom, pageOf, pageQuery, placeOf } from './page.ts';
import { ADMIN_ROLES, type AdminRoute, adminRoute } from './route.ts';

const change = z.object({
  id: z.string(),
  at: momentAnswer(),
  actor: z.string().meta({ description: "An admin's id; `owner` for the admin key itself." }),
  role: z.string(),
  address: z.string(),
  action: z.string(),
  kind: z.string(),
  object: z.string(),
  tenant: z.string().nullable(),
  before: z.unknown(),
  after: z.unknown(),
});

const query = z.object({
  ...pageQuery,
  actor: reference().optional(),
  action: reference().optional(),
  kind: reference().optional(),
  object: reference().optional(),
  tenant: reference().optional(),
  from: moment().optional().meta({ description: 'The earliest moment.' }),
  to: moment().optional().meta({ description: 'Changes before it.' }),
});

export function auditRoutes({ database }: { readonly database: Database }): AdminRoute[] {
  return [
    adminRoute({
      method: 'GET',
      path: '/audit',
      id: 'listChanges',
      summary: 'Every change: who, what, before and after',
      tag: 'Audit',
      roles: ADMIN_ROLES,
      query,
      answer: pageOf(change),
      async handle({ asker, query: asked }) {
        const tenant = tenantShown(asker, asked.tenant);
        const place = placeOf(asked.cursor);
        let rows = database.query.selectFrom('audit').selectAll();
        if (tenant !== undefined) rows = rows.where('tenant', '=', tenant);
        for (const name of ['actor', 'action', 'kind', 'object'] as const) {
          const value = asked[name];
          if (value !== undefined) rows = rows.where(name, '=', value);
        }
        if (asked.from !== undefined) rows = rows.where('at_ms', '>=', asked.from);
        if (asked.to !== undefined) rows = rows.where('at_ms', '<', asked.to);
        const found = await newestRows(rows, { limit: asked.limit, place, at: 'at_ms' });
        return {
          body: pageFrom(found, asked.limit, {
            item: changeOf,
            place: ({ at_ms, id }) => ({ at: at_ms, id }),
          }),
        };
      },
    }),
  ];
}

const changeOf = ({ at_ms, before, after, ...row }: AuditRow): unknown => ({
  ...row,
  at: momentText(at_ms),
  before: before === null ? null : parseJson(before),
  after: after === null ? null : parseJson(after),
});
