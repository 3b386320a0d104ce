/**
 * What is going on right now, as JSON: the limits of every channel as configured, learned and used, and the lines with
 * who waits in them. For `sluice limits`, for dashboards and for the admin API.
 */

import type { FastifyInstance } from 'fastify';
import type { Front } from './front.ts';
import { isLoopback } from './probes.ts';

export function addLive(server: FastifyInstance, front: Front): void {
  // Open to this machine; from elsewhere it takes a key, for it tells of accounts and traffic.
  const guard = (request: {
    readonly ip: string;
    readonly headers: Record<string, string | string[] | undefined>;
  }) => {
    if (!isLoopback(request.ip)) front.access().authenticate(request.headers);
  };
  server.get('/live/limits', (request) => {
    guard(request);
    return { atMs: Math.round(front.clock.now()), channels: front.liveLimits() };
  });
  server.get('/live/queues', (request) => {
    guard(request);
    return { atMs: Math.round(front.clock.now()), lines: front.liveLines() };
  });
}
