/** Every route of the admin API: each list with what it needs. The document that tells them is one of them. */

import type { Database } from '../../storage/database.ts';
import { adminsRoutes } from './admins-routes.ts';
import { auditRoutes } from './audit-routes.ts';
import type { AdminDoor } from './door.ts';
import { keyRoutes } from './key-routes.ts';
import { type LiveDoors, liveRoutes } from './live-routes.ts';
import { openapiRoute } from './openapi.ts';
import type { PeopleDoors } from './people-fields.ts';
import { projectRoutes } from './project-routes.ts';
import type { AdminRoute } from './route.ts';
import { sessionRoutes } from './session-routes.ts';
import { tenantRoutes } from './tenant-routes.ts';

export type AllDoors = LiveDoors & {
  readonly database: Database;
  readonly door: AdminDoor;
  readonly people: Omit<PeopleDoors, 'database'>;
};

export function allRoutes(doors: AllDoors): readonly AdminRoute[] {
  const people: PeopleDoors = { database: doors.database, ...doors.people };
  const routes = [
    ...sessionRoutes(doors.door),
    ...adminsRoutes(doors),
    ...auditRoutes(doors),
    ...tenantRoutes(people),
    ...projectRoutes(people),
    ...keyRoutes(people),
    ...liveRoutes(doors),
  ];
  return [...routes, openapiRoute(routes)];
}

/** The routes to be read, not asked: for the printed document and for tests that go over all of them. */
export function routesOnPaper(): readonly AdminRoute[] {
  const nothing: unknown = new Proxy(() => undefined, {
    get: (_target, name) => (name === Symbol.toPrimitive ? () => '' : nothing),
    apply: () => {
      throw new Error('a route that was made to be read was asked');
    },
  });
  return allRoutes(nothing as AllDoors);
}
