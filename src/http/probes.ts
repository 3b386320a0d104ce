/** For those who watch the process: alive, ready, and the metrics. */

import type { FastifyInstance, FastifyReply } from 'fastify';
import { isLooker, mayLook } from './door.ts';
import type { Front } from './front.ts';

/** `/livez` and `/readyz`, with the names that operators of other relays look for. */
const LIVE_PATHS = ['/livez', '/health/liveliness', '/health/liveness'];
const READY_PATHS = ['/readyz', '/healthz', '/health/readiness'];

export function addProbes(server: FastifyInstance, front: Front, isDraining: () => boolean): void {
  for (const path of LIVE_PATHS) server.get(path, () => ({ status: 'ok' }));
  for (const path of READY_PATHS)
    server.get<{ Querystring: Record<string, string> }>(path, (request, reply) => {
      const { usable, all } = front.usableChannels();
      const reason = isDraining() ? 'shutting down' : usable === 0 ? 'no channel can be used now' : undefined;
      // Names of models and the lengths of their lines are nothing for strangers; whether it is ready is.
      const verbose =
        'verbose' in request.query && isLooker(front, request.raw)
          ? {
              channels: all,
              usable,
              models: front.snapshot().catalog.models.length,
              queues: front.lines(),
              ...booksOf(front),
            }
          : {};
      return reply.code(reason === undefined ? 200 : 503).send({
        status: reason === undefined ? 'ready' : 'not ready',
        ...(reason === undefined ? {} : { reason }),
        ...verbose,
      });
    });
  server.get('/metrics', (request, reply): FastifyReply => {
    mayLook(front, request.raw);
    return reply.type('text/plain; version=0.0.4; charset=utf-8').send(front.metricsText());
  });
}

/** Away, the database keeps nobody from being served. */
function booksOf({ books, clock }: Front): Record<string, unknown> {
  if (books === undefined) return {};
  const { pending, journalBytes, away } = books();
  const database =
    away === undefined ? 'there' : `away for ${Math.round((clock.now() - away.sinceMs) / 1_000)} s`;
  return { ledger: { database, pending, journal_bytes: journalBytes } };
}
