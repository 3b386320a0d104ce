/**
 * Every route of the admin API: each list with what it needs. A part of the house that is not there has no routes. The
 * document that tells them is one of them.
 */

import type { Known } from '../../config/known.ts';
import type { Database } from '../../storage/database.ts';
import { accountRoutes } from './account-routes.ts';
import { adminsRoutes } from './admins-routes.ts';
import { auditRoutes } from './audit-routes.ts';
import { channelRoutes } from './channel-routes.ts';
import type { AdminDoor } from './door.ts';
import { factorRoutes } from './factor-routes.ts';
import { keyRoutes } from './key-routes.ts';
import { type LiveDoors, liveRoutes } from './live-routes.ts';
import { modelRoutes } from './model-routes.ts';
import { openapiRoute } from './openapi.ts';
import type { PeopleDoors } from './people-fields.ts';
import { type PriceDoors, priceRoutes } from './price-routes.ts';
import { projectRoutes } from './project-routes.ts';
import { type BooksDoors, reportRoutes } from './report-routes.ts';
import type { AdminRoute } from './route.ts';
import { secretRoutes } from './secret-routes.ts';
import { sessionRoutes } from './session-routes.ts';
import { tenantRoutes } from './tenant-routes.ts';
import type { UpstreamDoors } from './upstreams.ts';
import { type WalletDoors, walletRoutes } from './wallet-routes.ts';

/** What the routes of each part ask; a part that is not given has none. */
export type Parts = {
  readonly people?: PeopleDoors;
  readonly upstreams?: UpstreamDoors;
  readonly prices?: PriceDoors;
  readonly wallets?: WalletDoors;
  readonly books?: BooksDoors;
};

export type AllDoors = Parts & {
  readonly database: Database;
  readonly door: AdminDoor;
  readonly live: LiveDoors;
};

export function allRoutes(doors: AllDoors): readonly AdminRoute[] {
  const { people, upstreams, wallets, prices, books } = doors;
  const routes = [
    ...sessionRoutes(doors.door),
    ...adminsRoutes(doors),
    ...(people === undefined
      ? []
      : [...tenantRoutes(people), ...projectRoutes(people), ...keyRoutes(people)]),
    ...(upstreams === undefined
      ? []
      : [
          ...accountRoutes(upstreams),
          ...secretRoutes(upstreams),
          ...modelRoutes(upstreams),
          ...channelRoutes(upstreams),
        ]),
    ...(wallets === undefined ? [] : walletRoutes(wallets)),
    ...(prices === undefined ? [] : [...priceRoutes(prices), ...factorRoutes(prices)]),
    ...(books === undefined ? [] : reportRoutes(books)),
    ...auditRoutes(doors),
    ...liveRoutes(doors.live),
  ];
  return [...routes, openapiRoute(routes)];
}

/**
 * All routes to be read, not asked: for the printed document and for tests that go over each of them. `known`: the names
 * that a configuration may use.
 */
export function routesOnPaper(known: Known): readonly AdminRoute[] {
  const nothing: unknown = new Proxy(() => undefined, {
    get: (_target, name) => (name === 'known' ? known : nothing),
    apply: () => {
      throw new Error('a route that was made to be read was asked');
    },
  });
  return allRoutes(nothing as AllDoors);
}
