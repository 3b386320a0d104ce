/**
 * A whole app in virtual time with a database and all of its admin API, asked by people with keys of their own, through the
 * server and the door that everybody comes through.
 */

import { createPeopleLoader } from '../access/people-loader.ts';
import { type AdminApiOptions, adminApi } from '../admin-api.ts';
import { type App, createApp, known } from '../app.ts';
import { createLogger } from '../base/log.ts';
import { createSeededRandom } from '../base/seeded-random.ts';
import { DOLLARS_FOR } from '../catalog/rates.ts';
import { loadConfig } from '../config/load.ts';
import { createStoredConfig } from '../config/stored/stored-config.ts';
import type { Parts } from '../http/admin/all-routes.ts';
import type { AdminRole } from '../http/admin/route.ts';
import { createPricing } from '../ledger/pricing.ts';
import type { Database } from '../storage/database.ts';
import { readRevisions } from '../storage/revisions.ts';
import { createSealing } from '../storage/sealing.ts';
import type { AdminReply } from './admin-ask.ts';
import { createVirtualClock, type VirtualClock } from './virtual-clock.ts';

export const HOUSE_ADMIN_KEY = 'admin-key-of-the-house-0815';
export const HOUSE_CLIENT_KEY = 'client-key-of-the-house-0815';

const YAML = `
accounts:
  - id: own
    provider: simulator
    secrets: [house-secret-canary-1]
    models: [qwen-plus]
keys: [{ id: house, key: ${HOUSE_CLIENT_KEY} }]
`;

export type AdminHouse = {
  readonly app: App;
  readonly clock: VirtualClock;
  readonly log: readonly string[];
  /** `ask('GET /keys', { key })`: below `/admin/v1`, with a JSON body. */
  ask(
    methodAndPath: string,
    question?: {
      readonly key?: string | undefined;
      readonly body?: unknown;
      readonly headers?: Readonly<Record<string, string>>;
    },
  ): Promise<AdminReply>;
  /** The key of a new admin. */
  admin(role: AdminRole, tenant?: string): Promise<string>;
  close(): Promise<void>;
};

export function createAdminHouse(
  database: Database,
  options: Pick<AdminApiOptions, 'key'> = { key: { key: HOUSE_ADMIN_KEY, from: 'set', path: 'test' } },
): AdminHouse {
  const config = loadConfig({ path: 'sluice.yaml', env: {}, known, readFile: () => YAML });
  const clock = createVirtualClock();
  const lines: string[] = [];
  const log = createLogger({
    level: 'debug',
    pretty: false,
    nowMs: clock.now,
    write: (line) => void lines.push(line),
  });
  const sealing = createSealing('Zk3vQ8tR1xWb7mNcP5yD');
  const stored = createStoredConfig({ base: { source: 'file', config }, database, known, sealing, log });
  const pricing = createPricing({ now: clock.now, settings: () => config.money, usualRates: DOLLARS_FOR });
  const parts = (front: () => App['front']): Parts => ({
    upstreams: {
      ...{ database, stored, known, sealing, front },
      notice: () => stored.load(),
      test: async () => [],
      pricesOf: (channel, served) => pricing.explain({ key: { id: '' }, served, channel }),
    },
    prices: { database, pricing, offers: () => [], changed: async () => undefined },
  });
  const api = adminApi({ database, clock, parts, ...options });
  const app = createApp({
    config,
    clock,
    random: createSeededRandom(1),
    log,
    fetch: () => Promise.reject(new Error('no network in this house')),
    admin: (given) => {
      const load = createPeopleLoader(database, given.access);
      const changed: typeof given.changed = async (topic) => {
        // The house has no books that would follow the revisions.
        if (topic === 'keys') await load((await readRevisions(database.query)).get(topic) ?? 0);
        await given.changed(topic);
      };
      return api({ ...given, changed });
    },
  });
  stored.onChange((next) => app.apply(next));
  const ask: AdminHouse['ask'] = async (methodAndPath, { key, body, headers = {} } = {}) => {
    const [method = 'GET', path = '/'] = methodAndPath.split(' ');
    const answer = await app.server.fastify.inject({
      method: method as 'GET',
      url: `/admin/v1${path}`,
      headers: {
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return {
      status: answer.statusCode,
      headers: answer.headers,
      text: answer.payload,
      body: parsed(answer.payload),
    };
  };
  return {
    app,
    clock,
    log: lines,
    ask,
    async admin(role, tenant) {
      const body = { name: `a ${role}`, role, ...(tenant === undefined ? {} : { tenant }) };
      const made = await ask('POST /admins', { key: HOUSE_ADMIN_KEY, body });
      return (made.body as { key: string }).key;
    },
    close: () => app.server.close(),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
