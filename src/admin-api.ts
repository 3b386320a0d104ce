/** Joins the admin API: its door, its routes and the database that they share. */

import { createAdminIdentities } from './access/admin-identities.ts';
import type { AppOptions } from './app.ts';
import type { Clock } from './base/clock.ts';
import type { AdminKey } from './cli/admin-key.ts';
import { allRoutes, type Parts } from './http/admin/all-routes.ts';
import { createDoor } from './http/admin/door.ts';
import type { LiveLease } from './http/admin/live-routes.ts';
import type { Offer } from './http/admin/price-routes.ts';
import type { Front } from './http/front.ts';
import type { Pricing } from './ledger/pricing.ts';
import type { Database } from './storage/database.ts';

export type AdminApiOptions = {
  readonly database: Database;
  readonly clock: Clock;
  /** What calls cost; not given: it is not administered here. */
  readonly pricing?: Pricing;
  /** The key, or why there is none and with it no admin API. */
  readonly key: AdminKey;
  /** The parts of the house that can be administered; asked once, when the house stands. */
  readonly parts?: (front: () => Front) => Parts;
};

export function adminApi({
  database,
  clock,
  key,
  pricing,
  parts,
}: AdminApiOptions): NonNullable<AppOptions['admin']> {
  return ({ config, live, front, access, changed }) => {
    const identities = createAdminIdentities({
      database,
      adminKey: 'key' in key ? key.key : undefined,
      now: clock.now,
      times: () => ({ idleMs: config().admin.sessionIdleMs, longestMs: config().admin.sessionMaxMs }),
    });
    const door = createDoor({
      identities,
      now: clock.now,
      settings: () => ({ ...config().admin, trustedProxies: config().server.trustedProxies }),
      ...('off' in key ? { off: key.off } : {}),
    });
    const routes = allRoutes({
      ...parts?.(front),
      ...(pricing === undefined
        ? {}
        : {
            prices: { database, pricing, offers: () => offersOf(front()), changed: () => changed('prices') },
          }),
      wallets: { database, tenant: (id) => access.tenant(id) },
      people: { database, file: config, hidden: () => access.hidden, changed: () => changed('keys') },
      database,
      door,
      live: { clock, live, admit: door.admit, leases: () => leasesIn(database) },
      books: {
        database,
        kept: () => config().storage.retention,
        fileTenant: (id) => config().tenants.find((tenant) => tenant.id === id),
      },
    });
    return { database, door, routes };
  };
}

const offersOf = (front: Front): Offer[] =>
  front
    .snapshot()
    .catalog.models.flatMap(({ name, channels }) => channels.map((channel) => ({ model: name, channel })));

/** More are not shown. */
const MOST_LEASES = 1_000;

async function leasesIn({ query }: Database): Promise<LiveLease[]> {
  const rows = await query.selectFrom('holds').selectAll().orderBy('purse').limit(MOST_LEASES).execute();
  return rows.map((row) => ({
    purse: row.purse,
    instance: row.instance,
    amountNano: row.amount_nano,
    expiresMs: row.expires_ms,
  }));
}
