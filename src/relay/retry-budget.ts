/**
 * How many attempts may be second ones: a share of the calls of the last minute, and always a few. An upstream that
 * fails everything is then not asked much more often than clients ask. Seconds are counted whole.
 */

const SECONDS = 60;
/** Allowed in any minute, however few calls there are. */
const ALWAYS = 10;

export type RetryBudget = {
  /** A call was sent for the first time. */
  first(nowMs: number): void;
  /** A call was sent again. */
  again(nowMs: number): void;
  /** The earliest moment at which another retry is within the budget; `nowMs`: now. */
  freeAt(nowMs: number): number;
};

/** `share`: retries per call (0-1), as it is configured now. */
export function createRetryBudget(share: () => number): RetryBudget {
  const firsts = new Ring();
  const retries = new Ring();
  return {
    first: (nowMs) => firsts.add(nowMs),
    again: (nowMs) => retries.add(nowMs),
    freeAt(nowMs) {
      if (retries.sum(nowMs) < Math.max(ALWAYS, Math.floor(share() * firsts.sum(nowMs)))) return nowMs;
      return retries.oldestLeavesAtMs(nowMs);
    },
  };
}

/** Counts of the last minute, by seconds. */
class Ring {
  readonly #counts = new Array<number>(SECONDS).fill(0);
  #second = -1;
  #sum = 0;

  add(nowMs: number): void {
    this.#turnTo(nowMs);
    const i = this.#second % SECONDS;
    this.#counts[i] = (this.#counts[i] ?? 0) + 1;
    this.#sum++;
  }

  sum(nowMs: number): number {
    this.#turnTo(nowMs);
    return this.#sum;
  }

  oldestLeavesAtMs(nowMs: number): number {
    this.#turnTo(nowMs);
    for (let second = Math.max(0, this.#second - SECONDS + 1); second <= this.#second; second++)
      if ((this.#counts[second % SECONDS] ?? 0) > 0) return (second + SECONDS) * 1_000;
    return nowMs;
  }

  #turnTo(nowMs: number): void {
    const second = Math.floor(nowMs / 1_000);
    if (second <= this.#second) return;
    for (let passed = Math.max(this.#second + 1, second - SECONDS + 1); passed <= second; passed++) {
      const i = passed % SECONDS;
      this.#sum -= this.#counts[i] ?? 0;
      this.#counts[i] = 0;
    }
    this.#second = second;
  }
}
