/**
 * One line: whoever cannot start now waits here, and sleeps to the exact moment at which somebody can. One timer for
 * all of it, no polling. A large call at the head keeps a place free for itself; smaller ones behind it go first only
 * where they do not delay it (EASY backfill: Lifka, The ANL/IBM SP scheduling system, 1995).
 */

import type { Cancel, Clock } from '../base/clock.ts';
import { Heap } from '../base/heap.ts';
import { Failure } from '../domain/failure.ts';
import type { Turn } from './ask.ts';
import type { Entry } from './entry.ts';
import { Flows } from './flows.ts';
import { hopeless, waitOver } from './waiting-failures.ts';

/** So many calls are looked at when the first lets others go first. */
const LOOK_AHEAD = 16;
/** And so many in all, where they wait by choice. */
const LOOK_AT_MOST = 256;
/** A place that comes free so soon is not worth letting others go first. */
const SOON_MS = 150;
/** A pump that starts more than this in one go lets the event loop turn. */
const STARTS_PER_PUMP = 256;
/** So often at most somebody's leaving makes a pump begin anew. */
const ROUNDS = 8;

export class Line {
  readonly flows = new Flows();
  /** When the head can start, as far as known. */
  headStartsAtMs: number | undefined;
  /** Since when somebody has been waiting without a break. */
  busySinceMs = 0;
  /** Somebody was turned away for want of time since then. */
  turnedAwayAtMs = -Infinity;
  readonly #clock: Clock;
  readonly #deadlines = new Heap<Entry>({
    before: (a, b) => a.ask.deadlineMs < b.ask.deadlineMs,
    place: (entry, index) => {
      entry.deadlineIndex = index;
    },
  });
  #timer: Cancel | undefined;
  #timerAtMs = Infinity;
  #pumping = false;
  #again = false;
  #holder: Entry | undefined;
  /** Nobody behind it was asked. */
  #stopper: Entry | undefined;
  /** Mean time between starts while somebody waited, ms. */
  #gapMs: number | undefined;
  #startedAtMs: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get waiting(): number {
    return this.flows.waiting;
  }

  insert(entry: Entry): void {
    if (this.waiting === 0) this.busySinceMs = entry.enteredAtMs;
    this.flows.insert(entry);
    this.#deadlines.push(entry);
  }

  /** Out of the line with this failure; the others move up. */
  quit(entry: Entry, failure: Failure): void {
    if (entry.flowIndex < 0) return;
    const wasInTheWay = this.#stopper === entry || this.#holder === entry || this.flows.first() === entry;
    this.#drop(entry);
    entry.reject(failure);
    if (wasInTheWay || this.waiting === 0) this.pump();
  }

  /** Cost that can start per ms: what the asker knows of its channels, else the line's own recent pace. */
  speed(nowMs: number): number | undefined {
    const head = this.flows.first();
    const known = head?.ask.speed?.(nowMs);
    if (known !== undefined && known > 0) return known;
    return this.#gapMs === undefined || this.#gapMs <= 0 ? undefined : this.flows.meanCost / this.#gapMs;
  }

  /** Starts whoever can start, in order, and sets the timer for the first who cannot. */
  pump(): void {
    this.#again = true;
    if (this.#pumping) return;
    this.#pumping = true;
    let wakeAtMs = Infinity;
    // What happens on the way (a place given up, a permit that ended) may concern whoever was asked before.
    for (let round = 0; this.#again && round < ROUNDS; round++) {
      this.#again = false;
      wakeAtMs = this.#startAll();
    }
    // Not in this instant, or two lines that concern each other would never let time go on.
    if (this.#again) wakeAtMs = this.#clock.now() + 1;
    this.#pumping = false;
    this.headStartsAtMs = this.waiting === 0 || wakeAtMs === Infinity ? undefined : wakeAtMs;
    const deadline = this.#deadlines.first()?.ask.deadlineMs ?? Infinity;
    this.#arm(Math.min(wakeAtMs, deadline));
  }

  /** The moment at which somebody can start next, as far as known. */
  #startAll(): number {
    let wakeAtMs = Infinity;
    let again = true;
    for (let starts = 0; again && starts < STARTS_PER_PUMP; starts++) {
      wakeAtMs = Infinity;
      again = this.#startOne((atMs) => {
        wakeAtMs = Math.min(wakeAtMs, atMs);
      });
      // Who can start at the very moment of the deadline shall.
      again ||= this.#expire();
    }
    return again && this.waiting > 0 ? this.#clock.now() : wakeAtMs;
  }

  /** True when somebody left the line: the others are asked anew. */
  #startOne(tell: (atMs: number) => void): boolean {
    this.#stopper = undefined;
    let looked = 0;
    for (const entry of this.flows.inTurn(LOOK_AT_MOST)) {
      const nowMs = this.#clock.now();
      let turn = this.#ask(entry, nowMs);
      // The first who does not wait by choice must not be held up by the place kept for one behind it.
      if (looked === 0 && isInTheWay(turn) && this.#holder !== undefined && this.#holder !== entry) {
        this.#letGo(this.#holder);
        turn = this.#ask(entry, nowMs);
      }
      if (turn === undefined || 'granted' in turn) return true;
      const { deadlineMs } = entry.ask;
      if (turn.atMs !== Infinity && turn.atMs > deadlineMs && deadlineMs > nowMs) {
        this.#drop(entry);
        entry.reject(hopeless(turn.atMs, nowMs));
        return true;
      }
      tell(turn.atMs);
      // Whoever waits by choice is in nobody's way.
      if (turn.byChoice === true) continue;
      if (turn.bySize !== true || turn.atMs - nowMs < SOON_MS || ++looked >= LOOK_AHEAD) {
        this.#stopper = entry;
        return false;
      }
      this.#holder ??= entry;
      if (this.#holder === entry) entry.ask.hold?.(nowMs);
    }
    return false;
  }

  /** Undefined: the asker's own fault has ended it, which must not stop the others. */
  #ask(entry: Entry, nowMs: number): Turn<unknown> | undefined {
    let turn: Turn<unknown>;
    try {
      turn = entry.ask.tryStart(nowMs);
    } catch (error) {
      this.#drop(entry);
      entry.reject(Failure.from(error));
      return undefined;
    }
    if ('granted' in turn) {
      this.flows.charge(entry);
      this.#drop(entry);
      this.#started(nowMs);
      entry.resolve(turn.granted);
    }
    return turn;
  }

  /** Whoever now comes before it must not be held up by the place kept for it. */
  #letGo(holder: Entry): void {
    holder.ask.release?.();
    this.#holder = undefined;
  }

  /** True when somebody's time was over. */
  #expire(): boolean {
    const nowMs = this.#clock.now();
    const before = this.waiting;
    for (let entry = this.#deadlines.first(); entry !== undefined; entry = this.#deadlines.first()) {
      if (entry.ask.deadlineMs > nowMs) break;
      this.turnedAwayAtMs = nowMs;
      this.#drop(entry);
      entry.reject(waitOver(this.headStartsAtMs, nowMs));
    }
    return this.waiting < before;
  }

  #drop(entry: Entry): void {
    if (this.#holder === entry) this.#holder = undefined;
    if (this.#stopper === entry) this.#stopper = undefined;
    entry.ask.release?.();
    entry.ask.departure.listen(undefined);
    this.flows.remove(entry);
    if (entry.deadlineIndex >= 0) this.#deadlines.removeAt(entry.deadlineIndex);
  }

  #started(nowMs: number): void {
    if (this.#startedAtMs !== undefined) {
      const gapMs = nowMs - this.#startedAtMs;
      this.#gapMs = this.#gapMs === undefined ? gapMs : this.#gapMs + 0.1 * (gapMs - this.#gapMs);
    }
    this.#startedAtMs = nowMs;
  }

  #arm(atMs: number): void {
    if (atMs === this.#timerAtMs) return;
    this.#timer?.();
    this.#timer = undefined;
    this.#timerAtMs = atMs;
    if (atMs === Infinity) return;
    this.#timer = this.#clock.after(atMs - this.#clock.now(), () => {
      this.#timer = undefined;
      this.#timerAtMs = Infinity;
      this.pump();
    });
  }
}

const isInTheWay = (turn: Turn<unknown> | undefined): boolean =>
  turn !== undefined && 'atMs' in turn && turn.byChoice !== true;
