/**
 * A clock that is only as long as its events: `run` jumps from one to the next, in order of time and then of arming,
 * and calls them one after the other. Nothing is awaited, so that minutes of traffic pass in a second.
 */

import type { Cancel, Clock } from '../../src/base/clock.ts';

type Event = { readonly atMs: number; readonly order: number; task: (() => void) | undefined };

/** Events without time moving on: beyond this, something re-arms itself with no delay. */
const LOOP_LIMIT = 1_000_000;

export class EventClock implements Clock {
  #nowMs: number;
  #order = 0;
  #inInstant = 0;
  readonly #heap: Event[] = [];

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  after(delayMs: number, task: () => void): Cancel {
    const event: Event = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order, task };
    this.#order += 1;
    this.#push(event);
    return () => {
      event.task = undefined;
    };
  }

  /** Until nothing is left, `untilMs` has come, or `enough` says so. */
  run(untilMs: number, enough: () => boolean = () => false): void {
    while (!enough() && this.#step(untilMs)) {
      // All is done in the step.
    }
  }

  /** The same for one who waits for promises: the event loop turns after each event. */
  async runTurning(untilMs: number, enough: () => boolean = () => false): Promise<void> {
    while (!enough() && this.#step(untilMs)) await new Promise((resolve) => setImmediate(resolve));
  }

  /** Calls the next event; says whether there was one. */
  #step(untilMs: number): boolean {
    let next = this.#heap[0];
    while (next !== undefined && next.task === undefined) {
      this.#pop();
      next = this.#heap[0];
    }
    if (next?.task === undefined || next.atMs > untilMs) {
      this.#nowMs = Math.max(this.#nowMs, untilMs);
      return false;
    }
    this.#pop();
    this.#inInstant = next.atMs > this.#nowMs ? 0 : this.#inInstant + 1;
    if (this.#inInstant > LOOP_LIMIT) throw new Error(`${LOOP_LIMIT} events without time moving on`);
    this.#nowMs = next.atMs;
    const { task } = next;
    next.task = undefined;
    task();
    return true;
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let index = heap.length;
    heap.push(event);
    while (index > 0) {
      const above = (index - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || !isBefore(event, parent)) break;
      heap[index] = parent;
      index = above;
    }
    heap[index] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const leftEvent = heap[left];
      if (leftEvent === undefined) break;
      const rightEvent = heap[left + 1];
      const right = rightEvent !== undefined && isBefore(rightEvent, leftEvent);
      const child = right ? rightEvent : leftEvent;
      if (!isBefore(child, last)) break;
      heap[index] = child;
      index = right ? left + 1 : left;
    }
    heap[index] = last;
  }
}

const isBefore = (one: Event, other: Event): boolean =>
  one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
