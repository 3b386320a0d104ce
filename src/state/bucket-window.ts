/**
 * One trailing window as a ring of small buckets: adding, correcting in place, moving and expiring are O(1) amortised
 * and the memory is fixed. An amount sits in the bucket of the latest moment at which it can have arrived, and leaves
 * when that bucket's end is older than the window: never early, at most one bucket late.
 */

/** Buckets that fit into one window's length: 2 ms of a second, 100 ms of a minute, 144 s of a day. */
const BUCKETS_A_SECOND = 500;
const BUCKETS_LONGER = 600;
/** How far beyond the window an amount may stand (the jitter's bound ahead and the guard behind, both), ms. */
const REACH_MS = 6_000;
/** Capacities may be fractions; sums are whole numbers. */
const SLACK = 1e-6;

export class BucketWindow {
  readonly windowMs: number;
  /** Length of a bucket, ms: how late, at most, an amount leaves. */
  readonly grainMs: number;
  readonly #size: number;
  readonly #amounts: Float64Array;
  /** Numbers of the oldest bucket kept and of the youngest in use; none in use while head > top. */
  #head = 0;
  #top = -1;
  /** Buckets below have left the window; between here and the head there is nothing. */
  #gone = 0;
  #sum = 0;

  constructor(windowMs: number) {
    this.windowMs = windowMs;
    this.grainMs = windowMs / (windowMs <= 2_000 ? BUCKETS_A_SECOND : BUCKETS_LONGER);
    this.#size = Math.ceil((windowMs + REACH_MS) / this.grainMs) + 2;
    this.#amounts = new Float64Array(this.#size);
  }

  used(nowMs: number, guardMs: number): number {
    this.#expire(nowMs - this.windowMs - guardMs);
    return this.#sum;
  }

  /** When `amount` fits below `capacity`: `nowMs` if at once. An amount above the capacity fits into the empty window. */
  freeAt(amount: number, capacity: number, at: { readonly nowMs: number; readonly guardMs: number }): number {
    const { nowMs, guardMs } = at;
    this.#expire(nowMs - this.windowMs - guardMs);
    let surplus = this.#sum + Math.min(amount, capacity) - capacity;
    if (surplus <= SLACK || this.#sum <= 0) return nowMs;
    for (let bucket = this.#head; bucket <= this.#top; bucket++) {
      surplus -= this.#amounts[bucket % this.#size] ?? 0;
      if (surplus <= SLACK) return this.#leavesAt(bucket) + guardMs;
    }
    return this.#leavesAt(this.#top) + guardMs;
  }

  /** When all of it will have left, if nothing is added. */
  emptyAt(nowMs: number, guardMs: number): number {
    this.#expire(nowMs - this.windowMs - guardMs);
    return this.#sum <= 0 ? nowMs : Math.max(nowMs, this.#leavesAt(this.#top) + guardMs);
  }

  /** What of the present amounts is still counted at a later moment. */
  leftAt(atMs: number, guardMs: number): number {
    let left = this.#sum;
    const horizonMs = atMs - this.windowMs - guardMs;
    for (let bucket = this.#head; bucket <= this.#top && this.#endOf(bucket) <= horizonMs; bucket++)
      left -= this.#amounts[bucket % this.#size] ?? 0;
    return left;
  }

  /** Counts the amount as arriving at `boundMs` at the latest. The bucket's number is for `change` and `move`. */
  add(amount: number, boundMs: number): number {
    let bucket = Math.max(this.#gone, Math.floor(boundMs / this.grainMs));
    if (this.#head > this.#top) {
      this.#head = bucket;
      this.#top = bucket;
    }
    bucket = this.#from(bucket);
    // Not looked at for longer than it reaches: what is in the way left the window long ago.
    if (bucket >= this.#head + this.#size) this.#expire((bucket - this.#size + 1) * this.grainMs);
    this.#head = Math.max(this.#head, bucket - this.#size + 1);
    if (bucket > this.#top) this.#top = bucket;
    this.#amounts[bucket % this.#size] = (this.#amounts[bucket % this.#size] ?? 0) + amount;
    this.#sum += amount;
    return bucket;
  }

  /** Corrects an amount where it stands; one that has left the window stays gone. */
  change(bucket: number, difference: number): void {
    if (difference === 0 || bucket < this.#head || bucket > this.#top) return;
    this.#amounts[bucket % this.#size] = (this.#amounts[bucket % this.#size] ?? 0) + difference;
    this.#sum += difference;
  }

  /** The amount is known to have arrived by `boundMs`: it stands there from now on, if that is earlier. */
  move(bucket: number, amount: number, boundMs: number): number {
    if (bucket < this.#head || bucket > this.#top) return bucket;
    const to = this.#from(Math.floor(boundMs / this.grainMs));
    if (to >= bucket) return bucket;
    this.#amounts[bucket % this.#size] = (this.#amounts[bucket % this.#size] ?? 0) - amount;
    this.#amounts[to % this.#size] = (this.#amounts[to % this.#size] ?? 0) + amount;
    return to;
  }

  /** The bucket, or the earliest possible: the ring reaches back below its head as long as nothing has left there. */
  #from(bucket: number): number {
    const from = Math.max(bucket, this.#gone, this.#top - this.#size + 1);
    if (from < this.#head) this.#head = from;
    return from;
  }

  #expire(horizonMs: number): void {
    while (this.#head <= this.#top && this.#endOf(this.#head) <= horizonMs) {
      const slot = this.#head % this.#size;
      this.#sum -= this.#amounts[slot] ?? 0;
      this.#amounts[slot] = 0;
      this.#head++;
      this.#gone = this.#head;
    }
    if (this.#head > this.#top) this.#sum = 0;
  }

  #endOf(bucket: number): number {
    return (bucket + 1) * this.grainMs;
  }

  #leavesAt(bucket: number): number {
    return this.#endOf(bucket) + this.windowMs;
  }
}
