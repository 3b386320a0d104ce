/**
 * The way back from a bench: the rate begins low and doubles every second, so that those who waited do not all come at
 * the moment at which one call was answered again.
 */

const FIRST_PER_SECOND = 2;
const DOUBLES_IN_MS = 1_000;
/** Beyond this rate nobody is held back any more. */
const ENOUGH_PER_SECOND = 500;

export class Recovery {
  #sinceMs: number | undefined;
  #lastMs = -Infinity;

  /** A call was answered again. */
  begin(nowMs: number): void {
    this.#sinceMs = nowMs;
    this.#lastMs = nowMs;
  }

  /** The earliest moment of the next request; `full`: requests per second at full speed. */
  freeAt(nowMs: number, full: number | undefined): number {
    if (this.#sinceMs === undefined) return nowMs;
    const rate = FIRST_PER_SECOND * 2 ** ((nowMs - this.#sinceMs) / DOUBLES_IN_MS);
    if (rate < Math.min(full ?? Infinity, ENOUGH_PER_SECOND))
      return Math.max(nowMs, this.#lastMs + 1_000 / rate);
    this.#sinceMs = undefined;
    return nowMs;
  }

  count(nowMs: number): void {
    this.#lastMs = nowMs;
  }
}
