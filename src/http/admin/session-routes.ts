/** Signing in and out of a dashboard with an admin key, and who one is. */

import { z } from 'zod';
import { ADMIN_ROLES } from '../../domain/admin.ts';
import type { AdminDoor } from './door.ts';
import { momentAnswer, momentText } from './fields.ts';
import { type AdminRoute, adminRoute } from './route.ts';

const who = z.object({
  id: z.string().meta({ description: 'Of the admin; `owner` for the admin key itself.' }),
  role: z.enum(ADMIN_ROLES),
  tenant: z.string().nullable().meta({ description: 'The only one that a tenant admin sees.' }),
});

const session = who.extend({
  csrf: z
    .string()
    .nullable()
    .meta({ description: 'Of a session: send it as `x-csrf-token` with whatever is no GET.' }),
  expires_at: momentAnswer()
    .nullable()
    .meta({ description: 'Of a session: its end, unless something is asked before.' }),
});

export function sessionRoutes(door: AdminDoor): AdminRoute[] {
  return [
    adminRoute({
      method: 'POST',
      path: '/session',
      id: 'signIn',
      summary: 'Sign in with an admin key: the answer sets a cookie for the dashboard',
      tag: 'Session',
      roles: ADMIN_ROLES,
      open: true,
      body: z.strictObject({
        key: z.string().min(1).meta({ description: 'An admin key.', writeOnly: true }),
      }),
      answer: session,
      async handle({ knock, body }) {
        const { session, cookie } = await door.signIn(knock, body.key);
        const { identity, csrf, expiresMs } = session;
        return {
          status: 201,
          body: {
            id: identity.id,
            role: identity.role,
            tenant: identity.tenant ?? null,
            csrf,
            expires_at: momentText(expiresMs),
          },
          headers: { 'set-cookie': cookie },
        };
      },
    }),
    adminRoute({
      method: 'GET',
      path: '/session',
      id: 'whoAmI',
      summary: 'Who asks',
      tag: 'Session',
      roles: ADMIN_ROLES,
      answer: session,
      async handle({ knock, asker }) {
        const own = await door.sessionOf(knock);
        return {
          body: {
            id: asker.id,
            role: asker.role,
            tenant: asker.tenant ?? null,
            csrf: own?.csrf ?? null,
            expires_at: own === undefined ? null : momentText(own.expiresMs),
          },
        };
      },
    }),
    adminRoute({
      method: 'DELETE',
      path: '/session',
      id: 'signOut',
      summary: 'Sign out: the session is over everywhere',
      tag: 'Session',
      roles: ADMIN_ROLES,
      handle: async ({ knock }) => ({ status: 204, headers: { 'set-cookie': await door.signOut(knock) } }),
    }),
  ];
}
