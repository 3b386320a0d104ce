/** The rooms that a call visits on its way, in virtual time and without a network, and journeys through them. */

import assert from 'node:assert/strict';
import { createLimiter } from '../admission/limiter.ts';
import { createQueue, UNBOUNDED } from '../admission/queue.ts';
import { Departure } from '../base/departure.ts';
import type { Call } from '../domain/call.ts';
import { providerOf } from '../providers/index.ts';
import { Journey } from '../relay/journey.ts';
import { createRetryBudget } from '../relay/retry-budget.ts';
import type { Rooms } from '../relay/rooms.ts';
import { createAffinity } from '../routing/affinity.ts';
import { type AccountPlan, createCatalog, type ModelPlan } from '../routing/catalog.ts';
import { createHealth } from '../routing/health.ts';
import { createPace } from '../routing/pace.ts';
import { createMemoryStore } from '../state/memory.ts';
import { createSeals } from '../state/seals.ts';
import { createShelf } from '../state/shelf.ts';
import { createCalibration } from '../tokens/calibrate.ts';
import { createVirtualClock, type VirtualClock } from './virtual-clock.ts';

export type RelayRooms = {
  readonly clock: VirtualClock;
  readonly rooms: Rooms;
  /** A call of ten tokens at most that arrives now. */
  journeyOf(call: { readonly model: string; readonly key?: string; readonly fallback?: boolean }): Journey;
};

export function createRelayRooms(options: {
  readonly accounts: readonly AccountPlan[];
  readonly models?: readonly ModelPlan[];
  readonly random?: () => number;
}): RelayRooms {
  const { accounts, models = [], random = () => 0.5 } = options;
  const clock = createVirtualClock({ startMs: 0 });
  const limiter = createLimiter(createMemoryStore(), { now: () => clock.now() });
  const queue = createQueue({ clock, random, settings: () => UNBOUNDED });
  limiter.onRelease(() => queue.wake());
  const catalog = createCatalog(accounts, models);
  const settings = {
    ...{ maxWaitMs: 600_000, maxWaitStreamMs: 600_000, maxAttempts: 3, retryUnknown: false },
    ...{ firstByteMs: 1_000, firstByteStreamMs: 1_000, idleMs: 1_000, firstTokenMs: Infinity },
  };
  const rooms: Rooms = {
    ...{ clock, random, limiter, queue },
    health: createHealth({ random }),
    affinity: createAffinity(),
    pace: createPace(),
    calibration: createCalibration(),
    shelf: createShelf({ now: () => clock.now(), settings: () => ({ maxBytes: 1e6, ttlMs: 3_600_000 }) }),
    seals: createSeals(),
    snapshot: () => ({ catalog, settings }),
    providerOf: ({ account }) => providerOf(account.provider) ?? assert.fail('no such provider'),
    fetchOf: () => () => Promise.reject(new Error('no network')),
    record: () => {},
    unknownAnswer: () => {},
    retries: createRetryBudget(() => 0.2),
  };
  return {
    clock,
    rooms,
    journeyOf({ model, key = 'k', fallback = true }) {
      const body = Buffer.from(JSON.stringify({ model, messages: [{ role: 'user', content: 'Hi' }] }));
      const call: Call = {
        ...{ id: 'req_1', dialect: 'openai-chat', body, headers: {}, arrivedAtMs: clock.now() },
        key: { id: key, limits: {}, onLimit: 'queue', priority: 'normal', weight: 1, fallback: true },
        head: { model, stream: false, wantsUsage: false, maxOutputTokens: 10 },
        options: { onLimit: 'queue', priority: 'normal', fallback },
        departure: new Departure(),
      };
      return new Journey(call, rooms);
    },
  };
}
