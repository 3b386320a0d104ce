/**
 * Joins what the database says of accounts, models and channels with the rest of the house: it is read before the app is
 * built, so that nothing that an earlier run has learned of them is lost, and followed from then on.
 */

import { type App, known } from './app.ts';
import type { Logger } from './base/log.ts';
import type { Config } from './config/config.ts';
import { type Base, createStoredConfig, type StoredConfig } from './config/stored/stored-config.ts';
import type { ChannelTest, UpstreamDoors } from './http/admin/upstreams.ts';
import type { Front } from './http/front.ts';
import type { Pricing } from './ledger/pricing.ts';
import type { Database } from './storage/database.ts';
import type { Revisions } from './storage/revisions.ts';
import type { Sealing } from './storage/sealing.ts';

export type UpstreamsOptions = {
  readonly base: Base;
  readonly database: Database;
  readonly revisions: Revisions;
  /** Undefined: there is no master key. */
  readonly sealing: Sealing | undefined;
  readonly log: Logger;
  /** Asks every channel of a configuration for next to nothing. */
  readonly test: (config: Config) => Promise<readonly ChannelTest[]>;
};

export type Upstreams = {
  readonly stored: StoredConfig;
  /** What changes from now on is put in force there. */
  follow(app: Pick<App, 'apply'>): void;
  /** For the routes of the admin API. `front`: asked for when there is one. */
  doors(
    front: () => Pick<Front, 'snapshot' | 'liveLimits' | 'benches' | 'switchOn'>,
    pricing: Pick<Pricing, 'explain'>,
  ): UpstreamDoors;
};

/** Whose factor is asked for by nobody. */
const NOBODY = { id: '' };

/** Rejects where the database is away. */
export async function openUpstreams(options: UpstreamsOptions): Promise<Upstreams> {
  const { base, database, revisions, sealing, log, test } = options;
  const stored = createStoredConfig({ base, database, known, sealing, log });
  await stored.load();
  revisions.follow('config', () => stored.load());
  return {
    stored,
    follow: (app) => stored.onChange((config) => app.apply(config)),
    doors: (front, pricing) => ({
      ...{ database, stored, known, sealing, front, test },
      notice: () => revisions.notice('config'),
      pricesOf: (channel, served) => pricing.explain({ key: NOBODY, served, channel }),
    }),
  };
}
