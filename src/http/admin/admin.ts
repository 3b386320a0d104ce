/**
 * Serves the admin API: every route of the list with the same checks before it (who may ask, who asks, what is said, which
 * version, made before) and the same kinds of answer after it. What a route does is its own matter.
 */

import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../../base/clock.ts';
import { newRequestId } from '../../base/ids.ts';
import type { Logger } from '../../base/log.ts';
import type { Database } from '../../storage/database.ts';
import { readBody } from '../body.ts';
import { writeAudit } from './audit.ts';
import { type Creation, type Creations, createCreations, LONGEST_KEY } from './creations.ts';
import { etagOf, ifMatchOf, ifNoneMatches } from './edits.ts';
import { createFeeds } from './feed.ts';
import { readInput } from './input.ts';
import { jsonText } from './json.ts';
import { ALWAYS, problemOf, sendProblem } from './problem.ts';
import {
  type AdminAnswer,
  type AdminAsk,
  AdminProblem,
  type AdminRoute,
  type Asker,
  type Knock,
} from './route.ts';

export const ADMIN_PREFIX = '/admin';
export const ADMIN_BASE = '/admin/v1';
const BODY_LIMIT_BYTES = 1024 * 1024;
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
const JSON_TYPE = /^application\/json\s*(;|$)/i;

/** Keeps the door: who may ask at all, and who asks. */
export type Door = {
  /** Where a request comes from that this peer has handed over. */
  addressOf(peer: string, forwardedFor: string | string[] | undefined): string;
  /** Throws for whom nothing here is open: before anything else, on every route. */
  check(knock: Knock): void;
  /** Throws 401 for nobody, 429 for who has guessed too often. */
  admit(knock: Knock): Promise<Asker>;
};

export type AdminOptions = {
  readonly routes: readonly AdminRoute[];
  readonly clock: Clock;
  readonly log: Logger;
  readonly database: Database;
  readonly door: Door;
};

/** What the server has of it. */
export type Admin = {
  /** No feed goes on, and none begins. */
  endFeeds(): void;
};

type State = { readonly id: string; asker?: Asker };

export function addAdmin(server: FastifyInstance, options: AdminOptions): Admin {
  const { clock, log, door, routes } = options;
  const feeds = createFeeds(clock);
  const creations = createCreations(options.database);
  const states = new WeakMap<FastifyRequest, State>();
  const stateOf = (request: FastifyRequest): State => {
    const state = states.get(request) ?? { id: newRequestId() };
    states.set(request, state);
    return state;
  };
  const knockOf = ({ method, headers, ip }: FastifyRequest): Knock => ({
    method,
    headers,
    address: door.addressOf(ip, headers['x-forwarded-for']),
    peer: ip,
  });
  const fail = (request: FastifyRequest, reply: FastifyReply, error: unknown): FastifyReply => {
    const { id } = stateOf(request);
    const onFault = (fault: unknown): void =>
      log.error(
        { id, error: fault instanceof Error ? (fault.stack ?? fault.message) : String(fault) },
        'internal fault',
      );
    const problem = problemOf(error, id, onFault);
    if (problem.status === 401)
      log.warn({ id, address: knockOf(request).address, path: pathOf(request) }, 'refused at the admin API');
    return sendProblem(reply, problem);
  };

  const mount = (scope: FastifyInstance, route: AdminRoute): void => {
    scope.route({
      method: route.method,
      url: addressOf(route.path),
      // Before the body is read: strangers are not listened to.
      onRequest: async (request) => {
        if (route.open === true) return;
        const asker = await door.admit(knockOf(request));
        if (!route.roles.includes(asker.role)) throw wrongRole(route, asker);
        stateOf(request).asker = asker;
      },
      handler: async (request, reply) => {
        const knock = knockOf(request);
        const { id, asker = nobodyAt(knock.address) } = stateOf(request);
        const answer = await answerOf(route, request, { asker, knock, ...options, creations });
        return send(reply, answer, { request, id });
      },
    });
  };

  const send = async (
    reply: FastifyReply,
    answer: AdminAnswer,
    { request, id }: { readonly request: FastifyRequest; readonly id: string },
  ): Promise<FastifyReply> => {
    const headers = { ...ALWAYS, 'x-request-id': id, 'request-id': id, ...answer.headers };
    if (answer.feed !== undefined && request.method !== 'HEAD') {
      const { feed } = answer;
      if (request.raw.destroyed) return reply;
      feeds.check();
      reply.hijack();
      await feeds.serve(reply.raw, feed, headers).catch((error: unknown) => {
        log.error(
          { id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) },
          'a feed broke off',
        );
        reply.raw.destroy();
      });
      return reply;
    }
    reply.headers(headers);
    if (answer.version !== undefined) {
      reply.header('etag', etagOf(answer.version));
      const isRead = request.method === 'GET' || request.method === 'HEAD';
      if (isRead && ifNoneMatches(request.headers['if-none-match'], answer.version))
        return reply.code(304).send();
    }
    const { text, status = 200 } = answer;
    if (text !== undefined) {
      if (text.filename !== undefined)
        reply.header(
          'content-disposition',
          `attachment; filename="${text.filename.replace(/[^\w.-]/g, '_')}"`,
        );
      return reply.code(status).type(text.contentType).send(text.body);
    }
    if (status === 204 || answer.body === undefined) return reply.code(status === 200 ? 204 : status).send();
    return reply.code(status).type('application/json; charset=utf-8').send(jsonText(answer.body));
  };

  server.register(
    (scope, _options, done) => {
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser('*', (request: FastifyRequest) => jsonBytes(request.raw));
      scope.setErrorHandler((error, request, reply) => fail(request, reply, error));
      scope.setNotFoundHandler((request, reply) =>
        fail(
          request,
          reply,
          new AdminProblem(404, `There is no route ${request.method} ${pathOf(request)}.`),
        ),
      );
      scope.addHook('onRequest', async (request) => door.check(knockOf(request)));
      for (const route of routes) mount(scope, route);
      for (const [path, methods] of methodsByPath(routes)) refuseOthers(scope, path, methods);
      done();
    },
    { prefix: ADMIN_PREFIX },
  );

  return { endFeeds: () => feeds.end() };
}

type Serving = Pick<AdminOptions, 'clock' | 'log'> & {
  readonly asker: Asker;
  readonly knock: Knock;
  readonly creations: Creations;
};

async function answerOf(route: AdminRoute, request: FastifyRequest, serving: Serving): Promise<AdminAnswer> {
  const { asker, knock, clock, log } = serving;
  const nowMs = Math.round(clock.now());
  const body = Buffer.isBuffer(request.body) ? request.body : undefined;
  const input = readInput(route, { params: request.params, query: request.query, body });
  const ifMatch = ifMatchOf(request.headers['if-match']);
  if (route.edits === true && ifMatch === undefined)
    throw new AdminProblem(
      428,
      'If-Match: send the ETag of what you have read, so that nobody else\'s change is lost ("*" for whatever it is now).',
    );
  const creation = await claimOf(route, request, { ...serving, nowMs, bodyText: input.bodyText });
  if (creation !== undefined && 'given' in creation) return creation.given;
  const ask: AdminAsk = {
    asker,
    params: input.params,
    query: input.query,
    body: input.body,
    ...(typeof ifMatch === 'number' ? { ifMatch } : {}),
    nowMs,
    knock,
    async note(transaction, change) {
      await writeAudit(transaction, change, { asker, nowMs });
      await creation?.mark(transaction, change);
    },
  };
  try {
    const answer = await route.handle(ask);
    await creation?.keep(answer).catch((error: unknown) => {
      // It is made, and marked as made: only the whole answer cannot be given again.
      log.warn(
        { route: route.id, error: error instanceof Error ? error.message : String(error) },
        'an answer was not kept',
      );
    });
    return answer;
  } catch (error) {
    await creation?.drop().catch(() => undefined);
    throw error;
  }
}

async function claimOf(
  route: AdminRoute,
  request: FastifyRequest,
  { asker, creations, nowMs, bodyText }: Serving & { readonly nowMs: number; readonly bodyText: string },
): Promise<Creation | { readonly given: AdminAnswer } | undefined> {
  const key = request.headers['idempotency-key'];
  if (key === undefined || route.creates !== true) return undefined;
  if (typeof key !== 'string' || key === '' || key.length > LONGEST_KEY)
    throw new AdminProblem(400, `Idempotency-Key: expected 1 to ${LONGEST_KEY} characters.`);
  return creations.claim({
    actor: asker.id,
    route: `${request.method} ${request.url}`,
    key,
    bodyText,
    nowMs,
  });
}

/** `/tenants/{tenant}` as the router writes it. */
const addressOf = (path: string): string => `/v1${path.replace(/\{(\w+)\}/g, ':$1')}`;

function methodsByPath(routes: readonly AdminRoute[]): Map<string, AdminRoute['method'][]> {
  const methods = new Map<string, AdminRoute['method'][]>();
  // Two paths with other names for the same place are one address.
  for (const { path, method } of routes) {
    const place = path.replace(/\{\w+\}/g, '{}');
    const known = [...methods.keys()].find((each) => each.replace(/\{\w+\}/g, '{}') === place) ?? path;
    methods.set(known, [...(methods.get(known) ?? []), method]);
  }
  return methods;
}

function refuseOthers(scope: FastifyInstance, path: string, methods: readonly AdminRoute['method'][]): void {
  const others = [...METHODS, 'OPTIONS' as const].filter(
    (method) => !methods.some((each) => each === method),
  );
  const allow = [...methods, ...(methods.includes('GET') ? ['HEAD'] : [])].join(', ');
  scope.route({
    method: others,
    url: addressOf(path),
    exposeHeadRoute: !methods.includes('GET'),
    onRequest: async (request) => {
      throw new AdminProblem(405, `${request.method}: here is only ${allow}.`, [], { allow });
    },
    handler: () => undefined,
  });
}

async function jsonBytes(request: IncomingMessage): Promise<Buffer> {
  if (!JSON_TYPE.test(request.headers['content-type'] ?? ''))
    throw new AdminProblem(415, 'Content-Type: expected application/json.');
  if (request.headers['content-encoding'] !== undefined)
    throw new AdminProblem(415, 'Content-Encoding: expected none.');
  return readBody(request, BODY_LIMIT_BYTES);
}

const nobodyAt = (address: string): Asker => ({ id: '', role: 'viewer', address });

const wrongRole = ({ roles, method, path }: AdminRoute, { role }: Asker): AdminProblem =>
  new AdminProblem(
    403,
    `${method} ${ADMIN_BASE}${path} takes the role ${roles.join(' or ')}; yours is ${role}.`,
  );

const pathOf = ({ url }: FastifyRequest): string => url.split('?')[0] ?? '';

/** Is it for the admin API, whatever becomes of it? */
export const isAdmins = (url: string | undefined): boolean => url?.startsWith(`${ADMIN_PREFIX}/`) === true;

/** What the router refuses before any route is known, such as a wrong escape in the path. */
export const refuseUnrouted = (error: Error, reply: FastifyReply): FastifyReply =>
  sendProblem(
    reply,
    problemOf(error, newRequestId(), () => undefined),
  );
