/**
 * Windows: how many calls, and how many tokens, count at a moment. The vendor does not publish which kind it keeps,
 * so there are four: an exact trailing one here, three that keep no list of calls in `cheap-windows.ts`.
 */

/** One call inside a window. */
export type WindowEntry = { readonly atMs: number; readonly count: number; tokens: number; inside: boolean };

export interface Window {
  readonly lengthMs: number;
  /** Highest count and token sum ever inside at once. */
  readonly peakCount: number;
  readonly peakTokens: number;
  count(nowMs: number): number;
  tokens(nowMs: number): number;
  /** `count: 0` adds tokens that belong to no new call. */
  add(nowMs: number, tokens: number, count?: number): WindowEntry;
  /** Adds tokens to an entry, at the entry's own time; one that has left the window stays gone. May take back. */
  grow(entry: WindowEntry, tokens: number, nowMs: number): void;
}

/** Exact: entries may grow in place while an answer is produced, so a call's tokens leave together with the call. */
export class TrailingWindow implements Window {
  readonly lengthMs: number;
  peakCount = 0;
  peakTokens = 0;
  #entries: WindowEntry[] = [];
  #head = 0;
  #count = 0;
  #tokens = 0;

  constructor(lengthMs: number) {
    this.lengthMs = lengthMs;
  }

  /** An entry made at `t` counts until just before `t + lengthMs`. */
  count(nowMs: number): number {
    this.#expire(nowMs);
    return this.#count;
  }

  tokens(nowMs: number): number {
    this.#expire(nowMs);
    return this.#tokens;
  }

  add(nowMs: number, tokens: number, count = 1): WindowEntry {
    this.#expire(nowMs);
    const entry: WindowEntry = { atMs: nowMs, count, tokens, inside: true };
    this.#entries.push(entry);
    this.#count += count;
    this.#tokens += tokens;
    this.#notePeaks();
    return entry;
  }

  grow(entry: WindowEntry, tokens: number, nowMs: number): void {
    this.#expire(nowMs);
    if (!entry.inside) return;
    entry.tokens += tokens;
    this.#tokens += tokens;
    this.#notePeaks();
  }

  #notePeaks(): void {
    if (this.#count > this.peakCount) this.peakCount = this.#count;
    if (this.#tokens > this.peakTokens) this.peakTokens = this.#tokens;
  }

  #expire(nowMs: number): void {
    const entries = this.#entries;
    for (let entry = entries[this.#head]; entry !== undefined; entry = entries[this.#head]) {
      if (entry.atMs + this.lengthMs > nowMs) break;
      entry.inside = false;
      this.#count -= entry.count;
      this.#tokens -= entry.tokens;
      this.#head += 1;
    }
    // Cut only when half is dead, so that each entry is moved a constant number of times.
    if (this.#head >= 1_024 && this.#head * 2 > entries.length) {
      entries.splice(0, this.#head);
      this.#head = 0;
    }
  }
}
