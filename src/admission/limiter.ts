/**
 * Turns a quota's limits and a call's estimate into a permit, or into the moment at which one can be had. Every
 * limit of the quota is reserved or none. A quota is a channel, or a client's key with limits of its own.
 */

import type { Estimate, LimitName, Limits } from '../domain/limits.ts';
import {
  type Blocked,
  claimsOf,
  isBlocked,
  type WindowSpec,
  type WindowStore,
  windowsOf,
} from '../state/windows.ts';
import { Pace } from './pace.ts';
import { Permit } from './permit.ts';

export type Quota = { readonly id: string; readonly limits: Limits };

export type Headroom = { readonly limit: LimitName; readonly capacity: number; readonly left: number };

export type Limiter = {
  /** When the call could start on this quota; undefined: now. Reserves nothing. */
  check(quota: Quota, estimate: Estimate, nowMs: number): Blocked | undefined;
  reserve(quota: Quota, estimate: Estimate, nowMs: number): Permit | Blocked;
  headroom(quota: Quota, nowMs: number): readonly Headroom[];
  /** The greatest used share (0-1) of the quota's windows: for spreading load. */
  load(quota: Quota, nowMs: number): number;
  /** Called whenever a permit ends, for those who wait for one. */
  onRelease(listener: () => void): void;
  /** Permits that have not ended. */
  open(): number;
};

type Lane = { readonly limits: Limits; readonly windows: readonly WindowSpec[]; readonly pace: Pace };

export function createLimiter(store: WindowStore): Limiter {
  const lanes = new Map<string, Lane>();
  const listeners: (() => void)[] = [];
  let open = 0;

  const laneOf = (quota: Quota): Lane => {
    const known = lanes.get(quota.id);
    if (known !== undefined && known.limits === quota.limits) return known;
    const lane = {
      limits: quota.limits,
      windows: windowsOf(quota.id, quota.limits),
      pace: known?.pace ?? new Pace(),
    };
    lanes.set(quota.id, lane);
    return lane;
  };

  const paced = (lane: Lane, nowMs: number): Blocked | undefined => {
    const atMs = lane.pace.freeAt(lane.limits, nowMs);
    return atMs > nowMs ? { atMs, limit: 'ramp' } : undefined;
  };

  const later = (a: Blocked | undefined, b: Blocked | undefined): Blocked | undefined =>
    a === undefined || (b !== undefined && b.atMs > a.atMs) ? b : a;

  const onEnd = (): void => {
    open--;
    for (const listener of listeners) listener();
  };

  return {
    check(quota, estimate, nowMs) {
      const lane = laneOf(quota);
      return later(paced(lane, nowMs), store.check(claimsOf(lane.windows, estimate), nowMs));
    },
    reserve(quota, estimate, nowMs) {
      const lane = laneOf(quota);
      const claims = claimsOf(lane.windows, estimate);
      const blocked = paced(lane, nowMs);
      if (blocked !== undefined) return later(blocked, store.check(claims, nowMs)) ?? blocked;
      const result = store.reserve(claims, nowMs);
      if (isBlocked(result)) return result;
      lane.pace.count(nowMs);
      open++;
      return new Permit(result, { grantedAtMs: nowMs, onEnd });
    },
    headroom(quota, nowMs) {
      return laneOf(quota).windows.map((window) => ({
        limit: window.limit,
        capacity: window.capacity,
        left: store.headroom(window, nowMs).left,
      }));
    },
    load(quota, nowMs) {
      let load = 0;
      for (const window of laneOf(quota).windows)
        load = Math.max(load, store.headroom(window, nowMs).used / window.capacity);
      return load;
    },
    onRelease: (listener) => {
      listeners.push(listener);
    },
    open: () => open,
  };
}
