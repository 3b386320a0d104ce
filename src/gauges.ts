/** Gauges of the whole house, read when somebody asks for the metrics. */

import type { Limiter } from './admission/limiter.ts';
import type { Queue } from './admission/queue.ts';
import type { Clock } from './base/clock.ts';
import type { Snapshot } from './relay/rooms.ts';
import { isOff } from './routing/bench.ts';
import type { Health } from './routing/health.ts';
import type { Registry } from './telemetry/registry.ts';

export type GaugeSources = {
  readonly clock: Clock;
  readonly limiter: Limiter;
  readonly queue: Queue;
  readonly health: Health;
  snapshot(): Snapshot;
  /** Calls in flight. */
  active(): number;
  /** Channels that could be tried now. */
  usable(): number;
};

export function addGauges(
  registry: Registry,
  { clock, limiter, queue, health, snapshot, active, usable }: GaugeSources,
): void {
  registry.gauge('sluice_inflight', 'Calls in flight, queued ones included.', () => [
    { labels: {}, value: active() },
  ]);
  registry.gauge('sluice_queue_depth', 'Calls in line.', () =>
    queue.lines().map(({ line, length }) => ({ labels: { line }, value: length })),
  );
  registry.gauge('sluice_queue_bytes', 'Bytes of the bodies of calls in line.', () =>
    queue.lines().map(({ line, bytes }) => ({ labels: { line }, value: bytes })),
  );
  registry.gauge('sluice_queue_next_start_seconds', 'Time until the first in line can start.', () =>
    queue
      .lines()
      .flatMap(({ line, nextStartMs }) =>
        nextStartMs === undefined
          ? []
          : [{ labels: { line }, value: Math.max(0, nextStartMs - clock.now()) / 1_000 }],
      ),
  );
  registry.gauge('sluice_limit_share', 'Share of a configured limit that the provider grants.', () =>
    snapshot().catalog.channels.flatMap((channel) => {
      const { scale } = limiter.lane(channel).learned;
      return (['requests', 'tokens'] as const).map((of) => ({
        labels: { channel: channel.id, of },
        value: scale[of].share,
      }));
    }),
  );
  registry.gauge('sluice_permits_open', 'Permits that have not ended.', () => [
    { labels: {}, value: limiter.open() },
  ]);
  registry.gauge('sluice_channels_usable', 'Channels that could be tried now.', () => [
    { labels: {}, value: usable() },
  ]);
  registry.gauge('sluice_ratelimit_remaining', 'What is left of each limit of each channel.', () =>
    snapshot().catalog.channels.flatMap((channel) =>
      limiter.headroom(channel, clock.now()).map(({ limit, capacity, used }) => ({
        labels: { channel: channel.id, limit },
        value: Math.max(0, Math.floor(capacity - used)),
      })),
    ),
  );
  registry.gauge('sluice_switched_off', 'What is switched off until somebody acts.', () =>
    health
      .benches(clock.now())
      .filter(isOff)
      .map(({ what, kind }) => ({ labels: { what, kind }, value: 1 })),
  );
  registry.gauge('sluice_benched_seconds', 'For how long something is still benched.', () =>
    health
      .benches(clock.now())
      .filter((bench) => !isOff(bench))
      .map(({ what, kind, untilMs }) => ({ labels: { what, kind }, value: (untilMs - clock.now()) / 1_000 })),
  );
}
