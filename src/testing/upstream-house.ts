/** An app in virtual time with a database and the admin routes of accounts, models and channels: as `sluice start` joins them. */

import { type App, createApp, known } from '../app.ts';
import { createLogger } from '../base/log.ts';
import { createSeededRandom } from '../base/seeded-random.ts';
import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/load.ts';
import { type Base, createStoredConfig, type StoredConfig } from '../config/stored/stored-config.ts';
import { accountRoutes } from '../http/admin/account-routes.ts';
import { channelRoutes } from '../http/admin/channel-routes.ts';
import { modelRoutes } from '../http/admin/model-routes.ts';
import { secretRoutes } from '../http/admin/secret-routes.ts';
import type { ChannelTest, UpstreamDoors } from '../http/admin/upstreams.ts';
import { createPricing } from '../ledger/pricing.ts';
import type { Database } from '../storage/database.ts';
import { createSealing, type Sealing } from '../storage/sealing.ts';
import { type AdminFront, serveAdmin } from './admin-ask.ts';
import { createVirtualClock, type VirtualClock } from './virtual-clock.ts';

export type UpstreamHouse = {
  readonly clock: VirtualClock;
  readonly app: App;
  readonly stored: StoredConfig;
  readonly admin: AdminFront;
  /** Lines of the log. */
  readonly log: readonly string[];
  /** What was tested. */
  readonly tested: readonly Config[];
};

export const HOUSE_KEY = 'key-of-the-house-0001';

export function createUpstreamHouse(options: {
  readonly database: Database;
  /** Without keys. */
  readonly yaml: string;
  readonly source?: Base['source'];
  /** Null: there is no master key. */
  readonly sealing?: Sealing | null;
  readonly test?: (config: Config) => Promise<readonly ChannelTest[]>;
}): UpstreamHouse {
  const { database, source = 'file', test = async () => [] } = options;
  const text = `${options.yaml}\nkeys: [{ id: house, key: ${HOUSE_KEY} }]\n`;
  const base: Base = {
    source,
    config: loadConfig({ path: 'sluice.yaml', env: {}, known, readFile: () => text }),
  };
  const clock = createVirtualClock();
  const lines: string[] = [];
  const log = createLogger({
    level: 'debug',
    pretty: false,
    nowMs: clock.now,
    write: (line) => void lines.push(line),
  });
  const sealing =
    options.sealing === undefined ? createSealing('Zk3vQ8tR1xWb7mNcP5yD') : (options.sealing ?? undefined);
  const stored = createStoredConfig({ base, database, known, sealing, log });
  const app = createApp({
    config: base.config,
    clock,
    random: createSeededRandom(1),
    log,
    fetch: () => Promise.reject(new Error('no network in this house')),
  });
  stored.onChange((config) => app.apply(config));
  const pricing = createPricing({ now: clock.now, settings: () => stored.config().money, usualRates: {} });
  const tested: Config[] = [];
  const doors: UpstreamDoors = {
    ...{ database, stored, known, sealing, front: () => app.front },
    notice: () => stored.load(),
    pricesOf: (channel, served) => pricing.explain({ key: { id: '' }, served, channel }),
    test(config) {
      tested.push(config);
      return test(config);
    },
  };
  const routes = [
    ...accountRoutes(doors),
    ...secretRoutes(doors),
    ...modelRoutes(doors),
    ...channelRoutes(doors),
  ];
  return { clock, app, stored, admin: serveAdmin({ routes, database, clock }), log: lines, tested };
}
