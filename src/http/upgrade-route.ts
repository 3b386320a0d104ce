/**
 * Clients of the Responses dialect knock with a WebSocket first. Told at once that there is none, they turn to HTTP
 * without a word; any other answer makes them try for seconds.
 */

import type { FastifyInstance } from 'fastify';
import { Failure } from '../domain/failure.ts';

export function addUpgradeRefusal(server: FastifyInstance, path: string): void {
  server.get(path, (request, reply) => {
    if (request.headers.upgrade === undefined) return reply.callNotFound();
    // By the standard the answer names what would be understood.
    reply.raw.setHeader('upgrade', 'HTTP/1.1');
    throw new Failure('route_not_found', {
      message: `No WebSocket is spoken here: send the same request as POST ${path}.`,
      status: 426,
    });
  });
}
