/**
 * When do calls arrive? A call sent at s arrives at s + l, and l is not known. Counted from the shortest way seen, the
 * arrival lies between s and s + bound: after that the call has arrived, whatever the two clocks say. A provider that
 * tells its own time of arrival makes this exact for each call once its answer begins; the bound for the others is
 * learned from what was told. `docs/admission.md` has the proof that windows counted so are never exceeded.
 */

/** Until anything was told: ways between continents. */
const PRIOR_BOUND_MS = 380;
/** A bound beyond this would empty the windows of a second. */
const LONGEST_BOUND_MS = 2_000;
/** The bound holds for this share of the calls; the rest is left to the guards. */
const QUANTILE = 0.995;
const SAMPLES = 512;
const RECOUNT_EVERY = 16;
/**
 * The shortest way is that of the last 5 to 10 minutes, so that a step of a clock is forgotten; and of so many calls at
 * least, for a few may all have gone the long way.
 */
const EPOCH_MS = 5 * 60_000;
const ENOUGH = 8;
/** Told times are whole milliseconds, rounded down. */
const ROUNDING_MS = 1;

/** The least of the last one to two epochs; Infinity until enough was seen. */
class RecentMinimum {
  #sinceMs = 0;
  #lastMs = -Infinity;
  #seen = 0;
  #current = Infinity;
  #previous = Infinity;

  /** Takes a value in and tells the minimum. */
  of(value: number, nowMs: number): number {
    if (nowMs - this.#lastMs > 2 * EPOCH_MS) this.#forget(nowMs);
    this.#lastMs = nowMs;
    if (nowMs - this.#sinceMs > EPOCH_MS && this.#seen >= ENOUGH) {
      this.#previous = this.#current;
      this.#current = Infinity;
      this.#sinceMs = nowMs;
      this.#seen = 0;
    }
    this.#seen++;
    if (value < this.#current) this.#current = value;
    const isKnown = this.#seen >= ENOUGH || this.#previous !== Infinity;
    return isKnown ? Math.min(this.#current, this.#previous) : Infinity;
  }

  #forget(nowMs: number): void {
    this.#current = Infinity;
    this.#previous = Infinity;
    this.#sinceMs = nowMs;
    this.#seen = 0;
  }
}

export class Arrivals {
  /** Latest arrival of a call of which nothing was heard, ms after it was sent (and the shortest way). */
  boundMs = PRIOR_BOUND_MS;
  readonly #shortestWay = new RecentMinimum();
  readonly #shortestAnswer = new RecentMinimum();
  readonly #lateness = new Float32Array(SAMPLES);
  #seen = 0;

  /** The provider told its time of arrival. Returns the moment by which the call had arrived, on our clock. */
  told(sentAtMs: number, arrivedAtMs: number, nowMs: number): number {
    const way = arrivedAtMs - sentAtMs;
    const shortest = this.#shortestWay.of(way, nowMs);
    if (shortest === Infinity) return sentAtMs + this.boundMs;
    const lateness = Math.max(0, way - shortest);
    this.#lateness[this.#seen % SAMPLES] = lateness;
    this.#seen++;
    if (this.#seen < RECOUNT_EVERY ? this.#seen >= 4 : this.#seen % RECOUNT_EVERY === 0) this.#recount();
    return sentAtMs + lateness + ROUNDING_MS;
  }

  /** An answer began and nothing was told: what came back quickly had arrived quickly. */
  answered(sentAtMs: number, nowMs: number): number {
    const tookMs = nowMs - sentAtMs;
    const shortest = this.#shortestAnswer.of(tookMs, nowMs);
    return sentAtMs + (shortest === Infinity ? this.boundMs : Math.min(this.boundMs, tookMs - shortest));
  }

  #recount(): void {
    const samples = this.#lateness.slice(0, Math.min(this.#seen, SAMPLES)).sort();
    const bound = (samples[Math.floor(QUANTILE * samples.length)] ?? 0) + 2 * ROUNDING_MS;
    // A few samples have not seen the long ways yet.
    const doubt = this.#seen >= 4 * RECOUNT_EVERY ? 1 : 2;
    this.boundMs = Math.min(LONGEST_BOUND_MS, bound * doubt);
  }
}
