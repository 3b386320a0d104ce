/**
 * The public server: the relay's routes on bare node:http, where a call costs nothing that it does not need, and
 * Fastify for the rest. Drains on request: ready no more, nothing new, what runs may end.
 */

import {
  createServer as createHttpServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import { newRequestId } from '../base/ids.ts';
import type { Wire } from '../dialects/dialect.ts';
import { dialects, wires } from '../dialects/index.ts';
import { Failure } from '../domain/failure.ts';
import { addAdmin, isAdmins, refuseUnrouted } from './admin/admin.ts';
import { readBody } from './body.ts';
import { addCountTokens } from './count-tokens-route.ts';
import { Exchange } from './exchange.ts';
import type { Front } from './front.ts';
import { calledAt, GOOGLE_PREFIXES, isGoogles, takeKey } from './google-address.ts';
import { addGoogleCount } from './google-count-route.ts';
import { addLive } from './live-routes.ts';
import { addGeminiModels, addModels, dialectOfLister } from './models-route.ts';
import { objectDialectOf, serveObjects } from './objects-route.ts';
import { addProbes } from './probes.ts';
import { serveRelay } from './relay-route.ts';
import { addResponses } from './responses-routes.ts';
import { refuseUnreadable } from './unreadable-request.ts';
import { addUpgradeRefusal } from './upgrade-route.ts';

/** For what is sent away at the end of a drain to hear why. */
const LAST_WORDS_MS = 200;

/** Longer than the idle time of the usual load balancers, so that they hang up first. */
const KEEP_ALIVE_MS = 75_000;

/** Where clients of other services look for the API. */
export const PREFIXES = ['/v1', '/api/v1', '/openai/v1'] as const;

/** Those that are told apart by their paths alone. */
const IN_PATHS: readonly Wire[] = Object.values<Wire>(wires).filter(({ enter }) => enter === undefined);

export type Server = {
  /** Everything but the relay's own routes. */
  readonly fastify: FastifyInstance;
  /** Answers one request, whichever route it is for: what the listening server calls. */
  handle(request: IncomingMessage, response: ServerResponse): void;
  /** Resolves with the URL. Throws when the address is taken. */
  listen(address: { readonly host: string; readonly port: number }): Promise<string>;
  /** Calls in flight, queued ones included. */
  active(): number;
  /** No new calls from now on; resolves when the last one has ended or, cut off, after `limitMs`. */
  drain(limitMs: number): Promise<void>;
  close(): Promise<void>;
};

export function createServer(front: Front): Server {
  // The relay's routes are looked up here and answered on the bare response: a call costs no router and no hooks.
  const routes = new Map(
    PREFIXES.flatMap((prefix) => IN_PATHS.map((dialect) => [prefix + dialect.path, dialect] as const)),
  );
  for (const dialect of Object.values<Wire>(wires))
    for (const path of dialect.alsoAt ?? []) routes.set(path, dialect);
  const handle: Server['handle'] = (request, response) => {
    const path = pathOf(request);
    if (path !== request.url) takeKey(request);
    const dialect = request.method === 'POST' ? (routes.get(path) ?? calledAt(path)) : undefined;
    if (dialect === undefined) serveOthers(request, response);
    else
      void serve(dialect, new Exchange(request, response), (exchange) =>
        serveRelay(front, dialect, exchange),
      );
  };
  const http = createHttpServer({ requestTimeout: 0, keepAliveTimeout: KEEP_ALIVE_MS }, handle);
  const fastify = Fastify({
    serverFactory: () => http,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 500 },
    clientErrorHandler: refuseUnreadable,
    // What the router itself refuses, such as a wrong escape in the path.
    frameworkErrors: (error, request, reply) => {
      if (isAdmins(request.raw.url)) refuseUnrouted(error, reply);
      else fail(request, reply, failureAtDoor(error, front));
    },
  });
  const exchanges = new Set<Exchange>();
  let draining = false;
  let onIdle: (() => void) | undefined;

  fastify.removeAllContentTypeParsers();
  // Its limit is that of the configuration in force, as for the relay's routes.
  fastify.addContentTypeParser('*', (request: FastifyRequest) =>
    readBody(request.raw, front.settings().bodyLimitBytes),
  );
  // The relay's routes are hijacked and write their own; this is for the others.
  fastify.addHook('onSend', (_request, reply, _payload, done) => {
    const id = newRequestId();
    if (!reply.hasHeader('x-request-id')) reply.header('x-request-id', id).header('request-id', id);
    done();
  });

  const serve = async (
    dialect: Wire,
    exchange: Exchange,
    answer: (exchange: Exchange) => Promise<void>,
  ): Promise<void> => {
    exchanges.add(exchange);
    exchange.onEnd(() => {
      exchanges.delete(exchange);
      if (exchanges.size === 0) onIdle?.();
    });
    if (draining) {
      // Unread bytes of a body must not be taken for the next request.
      exchange.request.resume();
      exchange.sendFailure(
        new Failure('draining', { message: 'This instance is shutting down: try again.' }),
        dialect,
      );
    } else await answer(exchange);
  };

  /** Objects of the accounts, and what Fastify knows. */
  const serveOthers = (request: IncomingMessage, response: ServerResponse): void => {
    const whole = pathOf(request);
    const prefix = PREFIXES.find((each) => whole.startsWith(`${each}/`)) ?? '';
    const path = whole.slice(prefix.length);
    const dialect = prefix === '' ? undefined : objectDialectOf(front, request, path);
    if (dialect === undefined) fastify.routing(request, response);
    else
      void serve(dialect, new Exchange(request, response), (exchange) =>
        serveObjects(front, exchange, { dialect, prefix, path }),
      );
  };

  const admin =
    front.admin === undefined
      ? undefined
      : addAdmin(fastify, { ...front.admin, clock: front.clock, log: front.log });
  addProbes(fastify, front, () => draining);
  addLive(fastify, front);
  for (const prefix of GOOGLE_PREFIXES) addGoogleCount(fastify, front, prefix);
  addGeminiModels(fastify, front);
  for (const prefix of PREFIXES) {
    addModels(fastify, front, prefix);
    addCountTokens(fastify, front, prefix);
    addResponses(fastify, front, prefix);
    addUpgradeRefusal(fastify, prefix + dialects['openai-responses'].path);
  }

  const fail = (request: FastifyRequest, reply: FastifyReply, failure: Failure): void => {
    front.metrics.refused(failure.kind, failure.status);
    reply.hijack();
    const dialect = dialectOfLister(request.raw) ?? dialectBelow(pathOf(request.raw), request.headers);
    new Exchange(request.raw, reply.raw).sendFailure(failure, dialect);
  };
  fastify.setNotFoundHandler((request, reply) => {
    const message = `No such route: ${request.method} ${pathOf(request.raw)}.`;
    fail(request, reply, new Failure('route_not_found', { message }));
  });
  fastify.setErrorHandler((error: FastifyError | Failure, request, reply) =>
    fail(request, reply, failureAtDoor(error, front)),
  );

  return {
    fastify,
    handle,
    listen: (address) => fastify.listen(address),
    active: () => exchanges.size,
    async drain(limitMs) {
      draining = true;
      admin?.endFeeds();
      await new Promise<void>((resolve) => {
        const cancel = front.clock.after(limitMs, () => {
          for (const exchange of exchanges) exchange.sendAway();
          front.clock.after(LAST_WORDS_MS, resolve);
        });
        onIdle = () => {
          cancel();
          resolve();
        };
        if (exchanges.size === 0) onIdle();
      });
    },
    async close() {
      admin?.endFeeds();
      for (const exchange of exchanges) exchange.cut();
      front.idempotency.close();
      await fastify.close();
    },
  };
}

const pathOf = (request: IncomingMessage): string => {
  const url = request.url ?? '';
  const query = url.indexOf('?');
  return query < 0 ? url : url.slice(0, query);
};

/** Whoever asks at or below a dialect's path, or names its version, understands it; else the one that nearly all do. */
const dialectBelow = (path: string, headers: IncomingHttpHeaders): Wire => {
  if (isGoogles(path)) return dialects.gemini;
  const isAbove = (dialect: Wire): boolean =>
    PREFIXES.some((prefix) => `${path}/`.startsWith(`${prefix}${dialect.path}/`));
  const named = headers['anthropic-version'] === undefined ? 'openai-chat' : 'anthropic-messages';
  return IN_PATHS.find(isAbove) ?? dialects[named];
};

/** What Fastify refuses before a route runs, and what a route throws. */
function failureAtDoor(error: FastifyError | Failure, front: Front): Failure {
  if (error instanceof Failure) return error;
  const status = error.statusCode ?? 500;
  if (status >= 400 && status < 500)
    return new Failure('invalid_request', { message: `${error.message}.`, status });
  front.log.error({ error: error.stack ?? error.message }, 'internal fault');
  return Failure.from(error);
}
