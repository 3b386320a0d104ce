/**
 * A clock for tests: time stands still until a test moves it. Timers fire in order of time, then of arming, and
 * between two timers the event loop turns, so that promise chains (and streams) settle before the next one.
 */

import type { Clock } from '../base/clock.ts';

export type VirtualClockOptions = {
  /** Epoch ms at which the clock stands. Default: 2026-01-01T00:00:00Z. */
  readonly startMs?: number;
  /** Turns of the event loop after each timer. More are only needed where code under test chains setImmediate. */
  readonly turns?: number;
};

export interface VirtualClock extends Clock {
  /** Moves time by `ms`, firing every timer that falls due, those armed on the way included. */
  advance(ms: number): Promise<void>;
  /**
   * Jumps from timer to timer until `promise` settles, and returns or throws what it settled to. Throws when no
   * timer is left and the promise still waits, or when `limitMs` of virtual time have passed.
   */
  runUntil<T>(promise: Promise<T>, limitMs: number): Promise<T>;
  /** Timers armed and neither fired nor cancelled: a test of leaks. */
  pending(): number;
}

type Timer = { readonly atMs: number; readonly order: number; task: (() => void) | undefined };

const DEFAULT_START_MS = Date.UTC(2026, 0, 1);

/** Timers fired without time moving on: beyond this, something re-arms itself with no delay. */
const LOOP_LIMIT = 1_000_000;

/** Real milliseconds granted to sockets and files before a promise is declared stuck. */
const REAL_GRACE_MS = 100;

export function createVirtualClock(options: VirtualClockOptions = {}): VirtualClock {
  const turns = options.turns ?? 1;
  const timers = new TimerHeap();
  let nowMs = options.startMs ?? DEFAULT_START_MS;
  let order = 0;
  let moving = false;

  const fire = (timer: Timer): void => {
    nowMs = Math.max(nowMs, timer.atMs);
    const { task } = timer;
    timer.task = undefined;
    task?.();
  };

  const exclusively = async <T>(work: () => Promise<T>): Promise<T> => {
    if (moving) throw new Error('virtual clock: somebody is moving it already; await that first');
    moving = true;
    try {
      return await work();
    } finally {
      moving = false;
    }
  };

  /** Fires all that falls due until `untilMs`, or until `enough`. Returns false when no timer is left before then. */
  const run = async (untilMs: number, enough: () => boolean): Promise<boolean> => {
    let instantMs = nowMs;
    let inInstant = 0;
    await turn(turns);
    while (!enough()) {
      const next = timers.first();
      if (next === undefined || next.atMs > untilMs) return false;
      if (next.atMs > instantMs) inInstant = 0;
      instantMs = Math.max(instantMs, next.atMs);
      inInstant += 1;
      if (inInstant > LOOP_LIMIT) {
        throw new Error(`virtual clock: ${LOOP_LIMIT} timers fired without time moving on`);
      }
      timers.removeFirst();
      fire(next);
      await turn(turns);
    }
    return true;
  };

  return {
    now: () => nowMs,

    after(delayMs, task) {
      const timer: Timer = { atMs: nowMs + Math.max(0, delayMs), order, task };
      order += 1;
      timers.add(timer);
      return () => {
        if (timer.task === undefined) return;
        timer.task = undefined;
        timers.cancelled();
      };
    },

    advance: (ms) =>
      exclusively(async () => {
        const untilMs = nowMs + ms;
        await run(untilMs, () => false);
        nowMs = untilMs;
      }),

    runUntil: (promise, limitMs) =>
      exclusively(async () => {
        const untilMs = nowMs + limitMs;
        let settled = false;
        const mark = (): void => {
          settled = true;
        };
        promise.then(mark, mark);
        while (!(await run(untilMs, () => settled))) {
          await realTime(() => settled || (timers.first()?.atMs ?? Infinity) <= untilMs);
          if (settled) break;
          const next = timers.first();
          if (next === undefined) {
            throw new Error('virtual clock: the promise still waits and no timer is left to wake it');
          }
          if (next.atMs > untilMs) {
            nowMs = untilMs;
            throw new Error(`virtual clock: the promise still waits after ${limitMs} ms of virtual time`);
          }
        }
        return promise;
      }),

    pending: () => timers.size(),
  };
}

async function turn(turns: number): Promise<void> {
  for (let left = turns; left > 0; left -= 1) await new Promise<void>((resolve) => setImmediate(resolve));
}

/** Lets real sockets and files speak for a moment. */
async function realTime(enough: () => boolean): Promise<void> {
  const untilMs = performance.now() + REAL_GRACE_MS;
  await turn(4);
  while (!enough() && performance.now() < untilMs) {
    await new Promise<void>((resolve) => setTimeout(resolve, 1));
  }
}

/** A binary heap. Cancelled timers stay until they surface or outnumber the living. */
class TimerHeap {
  #timers: Timer[] = [];
  #dead = 0;

  size(): number {
    return this.#timers.length - this.#dead;
  }

  first(): Timer | undefined {
    for (let top = this.#timers[0]; top !== undefined; top = this.#timers[0]) {
      if (top.task !== undefined) return top;
      this.#dead -= 1;
      this.removeFirst();
    }
    return undefined;
  }

  add(timer: Timer): void {
    this.#timers.push(timer);
    this.#rise(this.#timers.length - 1);
  }

  removeFirst(): void {
    const last = this.#timers.pop();
    if (last === undefined || this.#timers.length === 0) return;
    this.#timers[0] = last;
    this.#sink(0);
  }

  cancelled(): void {
    this.#dead += 1;
    if (this.#dead < 1_024 || this.#dead * 2 < this.#timers.length) return;
    this.#timers = this.#timers.filter((timer) => timer.task !== undefined);
    this.#dead = 0;
    for (let index = (this.#timers.length >> 1) - 1; index >= 0; index -= 1) this.#sink(index);
  }

  #rise(from: number): void {
    let index = from;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#swapIfLater(parent, index)) return;
      index = parent;
    }
  }

  #sink(from: number): void {
    let index = from;
    for (;;) {
      const left = 2 * index + 1;
      const child = this.#later(left, left + 1) ? left + 1 : left;
      if (!this.#swapIfLater(index, child)) return;
      index = child;
    }
  }

  /** Is the timer at `one` due after the one at `other`? False where either is missing. */
  #later(one: number, other: number): boolean {
    const first = this.#timers[one];
    const second = this.#timers[other];
    if (first === undefined || second === undefined) return false;
    return first.atMs === second.atMs ? first.order > second.order : first.atMs > second.atMs;
  }

  #swapIfLater(one: number, other: number): boolean {
    const first = this.#timers[one];
    const second = this.#timers[other];
    if (first === undefined || second === undefined || !this.#later(one, other)) return false;
    this.#timers[one] = second;
    this.#timers[other] = first;
    return true;
  }
}
