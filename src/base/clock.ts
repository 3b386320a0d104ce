/**
 * Time comes in by hand: everything that waits or measures takes a `Clock`, so that an hour of traffic can be
 * replayed in seconds. `systemClock` is the real one; the virtual one lives in `testing/`.
 */

/** Cancels a timer. Calling it twice, or after the timer fired, does nothing. */
export type Cancel = () => void;

export interface Clock {
  /** Milliseconds since the Unix epoch, with fractions; never steps backwards. */
  now(): number;
  /** Calls `task` once, `delayMs` from now (at once when negative), never earlier and never synchronously. */
  after(delayMs: number, task: () => void): Cancel;
}

/** Node clamps longer timers to 1 ms; a longer wait is taken in steps. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

const originMs = performance.timeOrigin;

export const systemClock: Clock = {
  now: () => originMs + performance.now(),
  after(delayMs, task) {
    const dueMs = performance.now() + delayMs;
    let timer: NodeJS.Timeout;
    // Node drops the fraction of a delay and counts from the loop's turn, not from now: it may wake too early.
    const arm = (leftMs: number): void => {
      timer = setTimeout(wake, Math.min(LONGEST_TIMER_MS, Math.max(0, Math.ceil(leftMs))));
    };
    const wake = (): void => {
      const leftMs = dueMs - performance.now();
      if (leftMs > 0) arm(leftMs);
      else task();
    };
    arm(delayMs);
    return () => clearTimeout(timer);
  },
};

/** Calls `task` when all that came in together has been seen: after this turn of the event loop. */
export const afterThisTurn = (task: () => void): void => void setImmediate(task);

/** Resolves after `delayMs`, or rejects with the signal's reason when it aborts first. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = (): void => {
      cancel();
      reject(signal?.reason);
    };
    const cancel = clock.after(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
