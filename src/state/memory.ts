/** Windows in this process's memory: exact, synchronous, gone with the process. */

import { SlidingWindow } from './sliding-window.ts';
import type { Blocked, Claim, Reservation, Settlement, WindowSpec, WindowStore } from './windows.ts';

export type MemoryStoreOptions = {
  /**
   * Kept longer than the provider's window: a call sent late in one window may arrive early in the next. Share of
   * the window's length, with a bound in ms.
   */
  readonly guard: { readonly share: number; readonly maxMs: number };
};

/** A second's window is kept 50 ms longer: the first call on a new connection arrives that much later than the next. */
export const DEFAULT_GUARD = { share: 0.05, maxMs: 250 } as const;

/** Held until settled; the ids of holders, never a bare counter. */
class Slots {
  capacity: number;
  readonly holders = new Set<MemoryReservation>();

  constructor(capacity: number) {
    this.capacity = capacity;
  }
}

type Counter = SlidingWindow | Slots;
type Held = { readonly counter: Counter; readonly claim: Claim; readonly entry: number };

class MemoryReservation implements Reservation {
  #held: readonly Held[] | undefined;

  constructor(claims: readonly Claim[], counters: readonly Counter[], nowMs: number) {
    this.#held = claims.map((claim, i): Held => {
      const counter = counters[i] as Counter;
      if (counter instanceof SlidingWindow)
        return { counter, claim, entry: counter.add(claim.amount, nowMs) };
      counter.holders.add(this);
      return { counter, claim, entry: -1 };
    });
  }

  settle(actual: Settlement): void {
    this.#end((claim) =>
      claim.unit === 'tokens' ? actual.tokens : claim.unit === 'input' ? actual.input : claim.amount,
    );
  }

  refuse(): void {
    this.#end((claim) => (claim.unit === 'request' ? claim.amount : 0));
  }

  cancel(): void {
    this.#end(() => 0);
  }

  #end(amountOf: (claim: Claim) => number): void {
    if (this.#held === undefined) return;
    for (const { counter, claim, entry } of this.#held) {
      if (counter instanceof SlidingWindow) counter.correct(entry, amountOf(claim));
      else counter.holders.delete(this);
    }
    this.#held = undefined;
  }
}

export type MemoryStore = WindowStore & {
  /** Reservations that still hold a slot, for leak tests. */
  openSlots(): number;
};

export function createMemoryStore(options: MemoryStoreOptions = { guard: DEFAULT_GUARD }): MemoryStore {
  const counters = new Map<string, Counter>();

  const counterOf = (window: WindowSpec): Counter => {
    let counter = counters.get(window.id);
    if (counter === undefined) {
      const { share, maxMs } = options.guard;
      counter =
        window.windowMs === 0
          ? new Slots(window.capacity)
          : new SlidingWindow(window.windowMs, {
              capacity: window.capacity,
              guardMs: Math.min(maxMs, window.windowMs * share),
            });
      counters.set(window.id, counter);
    }
    counter.capacity = window.capacity;
    return counter;
  };

  const blockedBy = (claims: readonly Claim[], nowMs: number): Blocked | undefined => {
    let blocked: Blocked | undefined;
    for (const { window, amount } of claims) {
      const counter = counterOf(window);
      const atMs =
        counter instanceof SlidingWindow
          ? counter.freeAt(amount, nowMs)
          : counter.holders.size < counter.capacity
            ? nowMs
            : Infinity;
      if (atMs > nowMs && (blocked === undefined || atMs > blocked.atMs))
        blocked = { atMs, limit: window.limit };
    }
    return blocked;
  };

  return {
    check: blockedBy,
    reserve(claims, nowMs) {
      const blocked = blockedBy(claims, nowMs);
      if (blocked !== undefined) return blocked;
      return new MemoryReservation(
        claims,
        claims.map((claim) => counterOf(claim.window)),
        nowMs,
      );
    },
    headroom(window, nowMs) {
      const counter = counterOf(window);
      const used = counter instanceof SlidingWindow ? counter.used(nowMs) : counter.holders.size;
      return { used, left: Math.max(0, window.capacity - used) };
    },
    openSlots() {
      let open = 0;
      for (const counter of counters.values()) if (counter instanceof Slots) open += counter.holders.size;
      return open;
    },
  };
}
