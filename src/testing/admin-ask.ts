/** Serves a list of admin routes without a socket, asked by whoever a test says: what tests of routes begin with. */

import Fastify from 'fastify';
import type { Clock } from '../base/clock.ts';
import { createLogger } from '../base/log.ts';
import { ADMIN_BASE, addAdmin, type Door, refuseUnrouted } from '../http/admin/admin.ts';
import type { AdminRole, AdminRoute, Asker } from '../http/admin/route.ts';
import type { Database } from '../storage/database.ts';
import { createVirtualClock } from './virtual-clock.ts';

export type AdminReply = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | number | undefined>>;
  readonly text: string;
  /** The answer as JSON; undefined where it is none. */
  readonly body: unknown;
};

export type AdminQuestion = {
  /** Default owner. */
  readonly as?: AdminRole | Partial<Asker>;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
};

export type AdminFront = {
  /** `ask('GET /keys?limit=2', { as: 'viewer' })`. */
  ask(methodAndPath: string, question?: AdminQuestion): Promise<AdminReply>;
  close(): Promise<void>;
};

export function serveAdmin(options: {
  readonly routes: readonly AdminRoute[];
  readonly database: Database;
  readonly clock?: Clock;
  /** Default: the one that believes whom a question says. */
  readonly door?: Door;
}): AdminFront {
  const fastify = Fastify({
    routerOptions: { maxParamLength: 500 },
    frameworkErrors: (error, _request, reply) => refuseUnrouted(error, reply),
  });
  const door: Door = {
    addressOf: (peer) => peer,
    check: () => undefined,
    admit: async ({ headers }) => JSON.parse(String(headers['x-test-asker'])) as Asker,
  };
  addAdmin(fastify, {
    clock: createVirtualClock(),
    log: createLogger({ level: 'silent', pretty: false, nowMs: () => 0 }),
    door,
    ...options,
  });
  return {
    async ask(methodAndPath, { as = 'owner', body, headers = {} } = {}) {
      const [method = 'GET', path = '/'] = methodAndPath.split(' ');
      const asker = {
        id: 'admin_test',
        role: 'owner',
        address: '127.0.0.1',
        ...(typeof as === 'string' ? { role: as } : as),
      };
      const answer = await fastify.inject({
        method: method as 'GET',
        url: ADMIN_BASE + path,
        headers: {
          'x-test-asker': JSON.stringify(asker),
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
    },
    close: () => fastify.close(),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
