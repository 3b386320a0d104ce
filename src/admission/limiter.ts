/**
 * Turns a quota's limits and a call's estimate into a permit, or into the moment at which one can be had. Every
 * limit of the quota is reserved or none. One lane per quota, made when it is first asked for; a new one begins with
 * what was learned of it before, or of its family.
 */

import type { Estimate } from '../domain/limits.ts';
import { type Blocked, isBlocked, type WindowStore } from '../state/windows.ts';
import { Lane, type LaneMemory, type LaneWindow, type Quota } from './lane.ts';
import type { Scarce } from './learned.ts';
import type { Permit } from './permit.ts';

export type { LaneMemory, LaneWindow, Quota } from './lane.ts';

/** By the ids of quotas and of families. */
export type Memories = Readonly<Record<string, LaneMemory>>;

export type Limiter = {
  /** When the call could start on this quota; undefined: now. Reserves nothing. */
  check(quota: Quota, estimate: Estimate, at: Asking): Blocked | undefined;
  reserve(quota: Quota, estimate: Estimate, at: Asking): Permit | Blocked;
  /** What is counted of each limit that is in force. */
  headroom(quota: Quota, nowMs: number): readonly LaneWindow[];
  /** The greatest used share (0-1) of the quota's windows: for spreading load. */
  load(quota: Quota, nowMs: number): number;
  lane(quota: Quota): Lane;
  /** Called whenever a permit ends, for those who wait for one. */
  onRelease(listener: () => void): void;
  /** Called when a provider turned out to grant less than is configured. */
  onCut(listener: (lane: Lane, scarce: Scarce) => void): void;
  /** Permits that have not ended. */
  open(): number;
  /** What was learned, to be handed to the next limiter. */
  memories(): Memories;
};

/** `owner`: whoever a lane may be held for. */
export type Asking = { readonly nowMs: number; readonly owner?: object };

export function createLimiter(
  store: WindowStore,
  options: { readonly now: () => number; readonly memories?: Memories },
): Limiter {
  const lanes = new Map<string, Lane>();
  const families = new Map<string, string>();
  const releaseListeners: (() => void)[] = [];
  const cutListeners: ((lane: Lane, scarce: Scarce) => void)[] = [];
  let open = 0;

  const onHeard = (): void => {
    for (const listener of releaseListeners) listener();
  };
  const onEnd = (): void => {
    open--;
    onHeard();
  };
  const onCut = (lane: Lane, scarce: Scarce): void => {
    for (const listener of cutListeners) listener(lane, scarce);
  };

  const newLane = (quota: Quota): Lane => {
    const end = (): void => {
      lane.running--;
      onEnd();
    };
    const lane: Lane = new Lane(quota, { store, now: options.now, onEnd: end, onHeard, onCut });
    lanes.set(quota.id, lane);
    if (quota.ours === true) return lane;
    const { family = quota.id } = quota;
    families.set(quota.id, family);
    const memory = options.memories?.[quota.id] ?? withoutCuts(options.memories?.[`${FAMILY}${family}`]);
    if (memory !== undefined) lane.restore(memory);
    return lane;
  };

  const laneOf = (quota: Quota): Lane => {
    const lane = lanes.get(quota.id);
    if (lane === undefined) return newLane(quota);
    lane.follow(quota);
    return lane;
  };

  return {
    check: (quota, estimate, { nowMs, owner }) => laneOf(quota).blocks(estimate, nowMs, owner),
    reserve(quota, estimate, { nowMs, owner }) {
      const lane = laneOf(quota);
      const result = lane.reserve(estimate, nowMs, owner);
      if (isBlocked(result)) return result;
      open++;
      lane.running++;
      return result;
    },
    headroom: (quota, nowMs) =>
      laneOf(quota)
        .windows(nowMs)
        .filter(({ unit, capacity }) => unit !== 'charged' && capacity !== Infinity),
    load: (quota, nowMs) => laneOf(quota).load(nowMs),
    lane: laneOf,
    onRelease: (listener) => {
      releaseListeners.push(listener);
    },
    onCut: (listener) => {
      cutListeners.push(listener);
    },
    open: () => open,
    memories() {
      const memories: Record<string, LaneMemory> = { ...options.memories };
      for (const [id, family] of families) {
        const memory = lanes.get(id)?.memory();
        if (memory === undefined) continue;
        memories[id] = memory;
        memories[`${FAMILY}${family}`] = memory;
      }
      return memories;
    },
  };
}

const FAMILY = 'family ';

/** How much of its limits one account is granted says nothing of another's. */
function withoutCuts(memory: LaneMemory | undefined): LaneMemory | undefined {
  if (memory === undefined) return undefined;
  const { requests: _requests, tokens: _tokens, ...rest } = memory;
  return rest;
}
