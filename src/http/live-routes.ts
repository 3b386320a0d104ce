/**
 * What is going on right now, as JSON: the limits of every channel as configured, learned and used, the lines with who
 * waits in them, and what is benched or switched off. For `sluice limits` and `sluice benches`, for dashboards and for
 * the admin API.
 */

import type { FastifyInstance } from 'fastify';
import { ruleOf } from '../domain/failure.ts';
import { type Bench, isOff } from '../routing/bench.ts';
import { mayLook } from './door.ts';
import type { Front } from './front.ts';
import { addSwitchOn } from './switch-on-route.ts';

/** A bench for people and other programs. */
export type LiveBench = Pick<Bench, 'what' | 'kind' | 'sinceMs'> & {
  readonly meaning: string;
  /** Null: switched off, until somebody acts. */
  readonly untilMs: number | null;
  readonly off: boolean;
};

export function addLive(server: FastifyInstance, front: Front): void {
  server.get('/live/limits', (request) => {
    mayLook(front, request.raw);
    return { atMs: Math.round(front.clock.now()), channels: front.liveLimits() };
  });
  server.get('/live/queues', (request) => {
    mayLook(front, request.raw);
    return { atMs: Math.round(front.clock.now()), lines: front.liveLines() };
  });
  server.get('/live/benches', (request) => {
    mayLook(front, request.raw);
    return { atMs: Math.round(front.clock.now()), benches: liveBenches(front) };
  });
  addSwitchOn(server, front);
}

/** What waits for somebody comes first. */
function liveBenches(front: Front): LiveBench[] {
  const benches = front.benches();
  return [...benches.filter(isOff), ...benches.filter((bench) => !isOff(bench))].map(liveBenchOf);
}

/** All of it together. `active`: calls under way. */
export const liveOf = (front: Front, active: number) => ({
  limits: front.liveLimits(),
  lines: front.liveLines(),
  benches: liveBenches(front),
  channels: front.usableChannels(),
  active,
});

const liveBenchOf = (bench: Bench): LiveBench => ({
  what: bench.what,
  kind: bench.kind,
  meaning: ruleOf(bench.kind).meaning,
  sinceMs: Math.round(bench.sinceMs),
  untilMs: isOff(bench) ? null : Math.round(bench.untilMs),
  off: isOff(bench),
});
