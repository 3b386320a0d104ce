/** Windows in this process's memory: synchronous, of fixed size, gone with the process. */

import { BucketWindow } from './bucket-window.ts';
import type { Blocked, Claim, Reservation, Settlement, Unit, WindowSpec, WindowStore } from './windows.ts';

/** Held until settled; the holders themselves, never a bare counter. */
class Slots {
  readonly holders = new Set<MemoryReservation>();
}

type Counter = BucketWindow | Slots;

/** One per call: a few flat lists instead of an object for each window. */
class MemoryReservation implements Reservation {
  readonly used: number[] = [];
  readonly #claims: readonly Claim[];
  readonly #amounts: number[] = [];
  readonly #buckets: number[] = [];
  /** Undefined: it has ended. */
  #counters: readonly Counter[] | undefined;

  constructor(
    claims: readonly Claim[],
    counters: readonly Counter[],
    { nowMs, boundMs }: { readonly nowMs: number; readonly boundMs: number },
  ) {
    this.#claims = claims;
    this.#counters = counters;
    for (let i = 0; i < claims.length; i++) {
      const claim = claims[i] as Claim;
      const counter = counters[i] as Counter;
      const amount = Math.min(claim.amount, claim.capacity);
      this.#amounts.push(amount);
      this.used.push(usedOf(counter, claim.guardMs, nowMs) + amount);
      if (counter instanceof Slots) {
        counter.holders.add(this);
        this.#buckets.push(-1);
      } else this.#buckets.push(counter.add(amount, boundMs));
    }
  }

  arrived(boundMs: number): void {
    const counters = this.#counters ?? [];
    for (let i = 0; i < counters.length; i++) {
      const counter = counters[i] as Counter;
      if (counter instanceof BucketWindow)
        this.#buckets[i] = counter.move(this.#buckets[i] as number, this.#amounts[i] as number, boundMs);
    }
  }

  settle(actual: Settlement, nowMs: number): void {
    const output = Math.ceil(Math.max(0, actual.tokens - actual.input));
    const input = Math.ceil(actual.input);
    this.#end((unit, amount, counter) => {
      if (unit === 'request') return amount;
      if (unit === 'tokens' || unit === 'reserved') return input + output;
      if (unit === 'charged' && counter instanceof BucketWindow) counter.add(output, nowMs);
      return input;
    });
  }

  refuse(): void {
    this.#end((unit, amount) => (unit === 'request' ? amount : 0));
  }

  cancel(): void {
    this.#end(() => 0);
  }

  #end(amountOf: (unit: Unit, amount: number, counter: Counter) => number): void {
    const counters = this.#counters ?? [];
    this.#counters = undefined;
    for (let i = 0; i < counters.length; i++) {
      const counter = counters[i] as Counter;
      const amount = this.#amounts[i] as number;
      const { unit } = (this.#claims[i] as Claim).window;
      const truth = amountOf(unit, amount, counter);
      if (counter instanceof Slots) counter.holders.delete(this);
      else counter.change(this.#buckets[i] as number, truth - amount);
    }
  }
}

const usedOf = (counter: Counter, guardMs: number, nowMs: number): number =>
  counter instanceof Slots ? counter.holders.size : counter.used(nowMs, guardMs);

function freeAt(counter: Counter, { amount, capacity, guardMs }: Claim, nowMs: number): number {
  if (capacity === Infinity) return nowMs;
  if (counter instanceof Slots) return counter.holders.size < capacity ? nowMs : Infinity;
  return counter.freeAt(amount, capacity, { nowMs, guardMs });
}

export type MemoryStore = WindowStore & {
  /** Reservations that still hold a slot, for leak tests. */
  openSlots(): number;
};

export function createMemoryStore(): MemoryStore {
  const counters = new Map<string, Counter>();
  const byClaims = new WeakMap<readonly Claim[], readonly Counter[]>();

  const counterOf = (window: WindowSpec): Counter => {
    const known = counters.get(window.id);
    if (known !== undefined) return known;
    const counter = window.windowMs === 0 ? new Slots() : new BucketWindow(window.windowMs);
    counters.set(window.id, counter);
    return counter;
  };

  /** A lane asks with the same list of claims every time: its counters are looked up once. */
  const countersOf = (claims: readonly Claim[]): readonly Counter[] => {
    let found = byClaims.get(claims);
    if (found === undefined) {
      found = claims.map(({ window }) => counterOf(window));
      byClaims.set(claims, found);
    }
    return found;
  };

  const blockedBy = (claims: readonly Claim[], nowMs: number): Blocked | undefined => {
    const all = countersOf(claims);
    let last: Claim | undefined;
    let lastMs = nowMs;
    for (let i = 0; i < claims.length; i++) {
      const claim = claims[i] as Claim;
      const atMs = freeAt(all[i] as Counter, claim, nowMs);
      if (atMs > lastMs) {
        lastMs = atMs;
        last = claim;
      }
    }
    if (last === undefined) return undefined;
    const { limit, unit } = last.window;
    return unit === 'request' ? { atMs: lastMs, limit } : { atMs: lastMs, limit, bySize: true };
  };

  return {
    check: blockedBy,
    reserve(claims, at) {
      return blockedBy(claims, at.nowMs) ?? new MemoryReservation(claims, countersOf(claims), at);
    },
    delays(claims, others, { boundMs }) {
      for (const other of others.claims) {
        const counter = counterOf(other.window);
        if (counter instanceof Slots || other.capacity === Infinity) continue;
        const claim = claims.find(({ window }) => window.id === other.window.id);
        if (claim === undefined) continue;
        const { windowMs } = other.window;
        const counts = boundMs + windowMs + other.guardMs > others.atMs;
        if (!counts) continue;
        const left = counter.leftAt(others.atMs, other.guardMs) + Math.min(claim.amount, claim.capacity);
        if (left + Math.min(other.amount, other.capacity) > other.capacity) return true;
      }
      return false;
    },
    used: (claim, nowMs) => usedOf(counterOf(claim.window), claim.guardMs, nowMs),
    emptyAt(claim, nowMs) {
      const counter = counterOf(claim.window);
      if (counter instanceof Slots) return counter.holders.size === 0 ? nowMs : Infinity;
      return counter.emptyAt(nowMs, claim.guardMs);
    },
    openSlots() {
      let open = 0;
      for (const counter of counters.values()) if (counter instanceof Slots) open += counter.holders.size;
      return open;
    },
  };
}
