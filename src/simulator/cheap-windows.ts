/**
 * The windows of gateways that keep a few numbers instead of every call: two counters by the wall clock, and a bucket
 * that refills. Each lets through, around its edges, what an exact trailing window would not, or the other way round.
 */

import { TrailingWindow, type Window, type WindowEntry } from './windows.ts';

export const WINDOW_KINDS = ['sliding', 'fixed', 'counter', 'bucket'] as const;
export type WindowKind = (typeof WINDOW_KINDS)[number];

/** What a bucket holds when it is full. The other kinds do not ask. */
export type Capacity = { readonly count: number; readonly tokens: number };

export type WindowOptions = { readonly lengthMs: number; readonly capacity: () => Capacity };

export function createWindow(kind: WindowKind, { lengthMs, capacity }: WindowOptions): Window {
  switch (kind) {
    case 'sliding':
      return new TrailingWindow(lengthMs);
    case 'fixed':
      return new CounterWindow(lengthMs, { remembers: false });
    case 'counter':
      return new CounterWindow(lengthMs, { remembers: true });
    case 'bucket':
      return new BucketWindow(lengthMs, capacity);
  }
}

/**
 * Counts since the last full minute (or second) of the clock. One that remembers adds the count of the window before
 * it, by the share of it that a trailing window would still cover.
 */
export class CounterWindow implements Window {
  readonly lengthMs: number;
  peakCount = 0;
  peakTokens = 0;
  readonly #remembers: boolean;
  #index = -1;
  #current = { count: 0, tokens: 0 };
  #before = { count: 0, tokens: 0 };

  constructor(lengthMs: number, { remembers }: { readonly remembers: boolean }) {
    this.lengthMs = lengthMs;
    this.#remembers = remembers;
  }

  count(nowMs: number): number {
    this.#turn(nowMs);
    return this.#current.count + this.#weight(nowMs) * this.#before.count;
  }

  tokens(nowMs: number): number {
    this.#turn(nowMs);
    return this.#current.tokens + this.#weight(nowMs) * this.#before.tokens;
  }

  add(nowMs: number, tokens: number, count = 1): WindowEntry {
    this.#turn(nowMs);
    this.#current.count += count;
    this.#current.tokens += tokens;
    this.#notePeaks(nowMs);
    return { atMs: nowMs, count, tokens, inside: true };
  }

  grow(entry: WindowEntry, tokens: number, nowMs: number): void {
    this.#turn(nowMs);
    const age = this.#index - Math.floor(entry.atMs / this.lengthMs);
    const counter = age === 0 ? this.#current : age === 1 ? this.#before : undefined;
    if (counter === undefined) return;
    counter.tokens += tokens;
    this.#notePeaks(nowMs);
  }

  #weight(nowMs: number): number {
    return this.#remembers ? this.#index + 1 - nowMs / this.lengthMs : 0;
  }

  #turn(nowMs: number): void {
    const index = Math.floor(nowMs / this.lengthMs);
    if (index === this.#index) return;
    this.#before = index === this.#index + 1 ? this.#current : { count: 0, tokens: 0 };
    this.#current = { count: 0, tokens: 0 };
    this.#index = index;
  }

  #notePeaks(nowMs: number): void {
    this.peakCount = Math.max(this.peakCount, this.count(nowMs));
    this.peakTokens = Math.max(this.peakTokens, this.tokens(nowMs));
  }
}

/** What is missing from a full bucket; it refills evenly, once over in the length of the window. */
export class BucketWindow implements Window {
  readonly lengthMs: number;
  peakCount = 0;
  peakTokens = 0;
  readonly #capacity: () => Capacity;
  #atMs = -Infinity;
  #count = 0;
  #tokens = 0;

  constructor(lengthMs: number, capacity: () => Capacity) {
    this.lengthMs = lengthMs;
    this.#capacity = capacity;
  }

  count(nowMs: number): number {
    this.#refill(nowMs);
    return this.#count;
  }

  tokens(nowMs: number): number {
    this.#refill(nowMs);
    return this.#tokens;
  }

  add(nowMs: number, tokens: number, count = 1): WindowEntry {
    this.#refill(nowMs);
    this.#count += count;
    this.#tokens += tokens;
    this.#notePeaks();
    return { atMs: nowMs, count, tokens, inside: true };
  }

  /** A bucket does not remember whose tokens it lost: what comes late is taken now. */
  grow(_entry: WindowEntry, tokens: number, nowMs: number): void {
    this.#refill(nowMs);
    this.#tokens = Math.max(0, this.#tokens + tokens);
    this.#notePeaks();
  }

  #refill(nowMs: number): void {
    const share = (nowMs - this.#atMs) / this.lengthMs;
    if (share <= 0) return;
    const { count, tokens } = this.#capacity();
    this.#count = Math.max(0, this.#count - share * count);
    this.#tokens = Math.max(0, this.#tokens - share * tokens);
    this.#atMs = nowMs;
  }

  #notePeaks(): void {
    this.peakCount = Math.max(this.peakCount, this.#count);
    this.peakTokens = Math.max(this.peakTokens, this.#tokens);
  }
}
