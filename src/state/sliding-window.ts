/**
 * One exact trailing window: every amount with its time, in a ring that grows as needed. Adding, correcting in
 * place and expiring are O(1) amortised; asking when an amount fits looks at the entries that must leave first.
 */

const INITIAL_ENTRIES = 64;
/** Sums of fractions drift: a surplus below this is none. */
const SLACK = 1e-6;

export class SlidingWindow {
  readonly windowMs: number;
  capacity: number;
  #times = new Float64Array(INITIAL_ENTRIES);
  #amounts = new Float64Array(INITIAL_ENTRIES);
  /** Sequence numbers: of the oldest entry, and of the next one. */
  #first = 0;
  #next = 0;
  #sum = 0;

  /** `guardMs` keeps entries longer than the provider does, for calls that arrive later than they were sent. */
  constructor(windowMs: number, options: { readonly capacity: number; readonly guardMs: number }) {
    this.windowMs = windowMs + options.guardMs;
    this.capacity = options.capacity;
  }

  used(nowMs: number): number {
    this.#expire(nowMs);
    return this.#sum;
  }

  /** When `amount` fits: `nowMs` if at once. An amount above the capacity fits into the empty window. */
  freeAt(amount: number, nowMs: number): number {
    this.#expire(nowMs);
    let surplus = this.#sum + Math.min(amount, this.capacity) - this.capacity;
    if (surplus <= SLACK || this.#first === this.#next) return nowMs;
    for (let entry = this.#first; entry < this.#next; entry++) {
      surplus -= this.#amounts[this.#slot(entry)] ?? 0;
      if (surplus <= SLACK) return (this.#times[this.#slot(entry)] ?? nowMs) + this.windowMs;
    }
    return (this.#times[this.#slot(this.#next - 1)] ?? nowMs) + this.windowMs;
  }

  /** Counts the amount at this time and returns the entry's number, for `correct`. */
  add(amount: number, nowMs: number): number {
    this.#expire(nowMs);
    if (this.#next - this.#first === this.#times.length) this.#grow();
    const slot = this.#slot(this.#next);
    this.#times[slot] = nowMs;
    this.#amounts[slot] = amount;
    this.#sum += amount;
    return this.#next++;
  }

  /** Replaces an entry's amount where it stands; one that has left the window stays gone. */
  correct(entry: number, amount: number): void {
    if (entry < this.#first) return;
    const slot = this.#slot(entry);
    this.#sum += amount - (this.#amounts[slot] ?? 0);
    this.#amounts[slot] = amount;
  }

  #expire(nowMs: number): void {
    const horizon = nowMs - this.windowMs;
    while (this.#first < this.#next) {
      const slot = this.#slot(this.#first);
      if ((this.#times[slot] ?? 0) > horizon) return;
      this.#sum -= this.#amounts[slot] ?? 0;
      this.#first++;
    }
    this.#sum = 0;
  }

  #slot(entry: number): number {
    return entry & (this.#times.length - 1);
  }

  #grow(): void {
    const size = this.#times.length * 2;
    const times = new Float64Array(size);
    const amounts = new Float64Array(size);
    for (let entry = this.#first; entry < this.#next; entry++) {
      times[entry & (size - 1)] = this.#times[this.#slot(entry)] ?? 0;
      amounts[entry & (size - 1)] = this.#amounts[this.#slot(entry)] ?? 0;
    }
    this.#times = times;
    this.#amounts = amounts;
  }
}
