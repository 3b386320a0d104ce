/**
 * The timers of an attempt: until the first byte, between bytes, and, where it is bounded, until the first content. Any
 * byte resets the first two. One timer that looks at the time of the last byte when it fires, so that a byte costs a
 * number and not a timer. Also what becomes of the attempt when the client leaves: it ends, or is read on for a while.
 */

import type { Cancel, Clock } from '../base/clock.ts';
import type { Departure } from '../base/departure.ts';
import { Failure } from '../domain/failure.ts';

export type WatchOptions = {
  readonly firstByteMs: number;
  readonly idleMs: number;
  /** Until `contentBegan`; Infinity or absent: no such bound. */
  readonly firstTokenMs?: number;
  readonly client: Departure;
  /** How long the attempt goes on after the client left; 0 or absent: not at all. */
  readonly drainMs?: number;
};

export class Watch {
  readonly #controller = new AbortController();
  readonly #clock: Clock;
  readonly #options: WatchOptions;
  #cancel: Cancel | undefined;
  #lastByteMs: number;
  #limitMs: number;
  /** By when content must have begun. */
  #contentByMs: number;
  /** By when what the client left behind must have ended. */
  #drainedByMs = Infinity;
  readonly #onClientGone = (): void => {
    const { client, drainMs = 0 } = this.#options;
    if (client.reason instanceof Failure || drainMs === 0)
      this.#stop(
        client.reason instanceof Failure
          ? client.reason
          : new Failure('client_gone', { message: 'The client left.' }),
      );
    else {
      this.#drainedByMs = this.#clock.now() + drainMs;
      this.#arm(Math.min(drainMs, this.#limitMs));
    }
  };

  constructor(clock: Clock, options: WatchOptions) {
    this.#clock = clock;
    this.#options = options;
    this.#limitMs = options.firstByteMs;
    this.#lastByteMs = clock.now();
    this.#contentByMs = this.#lastByteMs + (options.firstTokenMs ?? Infinity);
    // The shorter of the two, so that the first byte need not set another timer.
    this.#arm(Math.min(options.firstByteMs, options.idleMs, options.firstTokenMs ?? Infinity));
    options.client.listen(this.#onClientGone);
  }

  /** Aborts with a `Failure`: `timeout` or `client_gone`. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The client has left, and the answer is read on for its usage alone. */
  get draining(): boolean {
    return this.#drainedByMs !== Infinity;
  }

  /** A byte came; from the first on, the idle limit holds. */
  byte(): void {
    this.#lastByteMs = this.#clock.now();
    this.#limitMs = this.#options.idleMs;
  }

  contentBegan(): void {
    this.#contentByMs = Infinity;
  }

  /** Nothing is awaited any more. */
  end(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#options.client.listen(undefined);
  }

  /** Ends the attempt from our side: closes the socket. */
  abort(): void {
    this.#stop(new Failure('client_gone', { message: 'The attempt was given up.' }));
  }

  #arm(delayMs: number): void {
    this.#cancel?.();
    this.#cancel = this.#clock.after(Math.max(0, delayMs), () => this.#look());
  }

  #look(): void {
    const nowMs = this.#clock.now();
    const silentAtMs = this.#lastByteMs + this.#limitMs;
    const dueMs = Math.min(silentAtMs, this.#contentByMs, this.#drainedByMs);
    if (nowMs < dueMs - 1) this.#arm(dueMs - nowMs);
    else if (dueMs === silentAtMs) this.#stop(silent(nowMs - this.#lastByteMs));
    else if (dueMs === this.#contentByMs) this.#stop(tooLate(this.#options.firstTokenMs ?? 0));
    else this.#stop(new Failure('client_gone', { message: 'The client left, and its answer was given up.' }));
  }

  #stop(reason: Failure): void {
    this.end();
    this.#controller.abort(reason);
  }
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

const silent = (ms: number): Failure =>
  new Failure('timeout', { message: `The provider was silent for ${seconds(ms)}.` });

const tooLate = (ms: number): Failure =>
  new Failure('timeout', { message: `The provider began no answer within ${seconds(ms)}.` });
