/**
 * The two timers of an attempt: until the first byte, and between bytes. Any byte resets them. One timer that looks
 * at the time of the last byte when it fires, so that a byte costs a number and not a timer.
 */

import type { Cancel, Clock } from '../base/clock.ts';
import type { Departure } from '../base/departure.ts';
import { Failure } from '../domain/failure.ts';

export class Watch {
  readonly #controller = new AbortController();
  readonly #clock: Clock;
  readonly #idleMs: number;
  #cancel: Cancel | undefined;
  #lastByteMs: number;
  #limitMs: number;
  readonly #client: Departure;
  readonly #onClientGone = (): void =>
    this.#stop(
      this.#client.reason instanceof Failure
        ? this.#client.reason
        : new Failure('client_gone', { message: 'The client left.' }),
    );

  constructor(
    clock: Clock,
    options: { readonly firstByteMs: number; readonly idleMs: number; readonly client: Departure },
  ) {
    this.#clock = clock;
    this.#idleMs = options.idleMs;
    this.#limitMs = options.firstByteMs;
    this.#lastByteMs = clock.now();
    this.#client = options.client;
    // The shorter of the two, so that the first byte need not set another timer.
    this.#arm(Math.min(options.firstByteMs, options.idleMs));
    options.client.listen(this.#onClientGone);
  }

  /** Aborts with a `Failure`: `timeout` or `client_gone`. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** A byte came; from the first on, the idle limit holds. */
  byte(): void {
    this.#lastByteMs = this.#clock.now();
    this.#limitMs = this.#idleMs;
  }

  /** Nothing is awaited any more. */
  end(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#client.listen(undefined);
  }

  /** Ends the attempt from our side: closes the socket. */
  abort(): void {
    this.#stop(new Failure('client_gone', { message: 'The attempt was given up.' }));
  }

  #arm(delayMs: number): void {
    this.#cancel = this.#clock.after(delayMs, () => {
      const silentMs = this.#clock.now() - this.#lastByteMs;
      if (silentMs >= this.#limitMs - 1)
        this.#stop(
          new Failure('timeout', {
            message: `The provider was silent for ${(silentMs / 1_000).toFixed(1)} s.`,
          }),
        );
      else this.#arm(this.#limitMs - silentMs);
    });
  }

  #stop(reason: Failure): void {
    this.end();
    this.#controller.abort(reason);
  }
}
