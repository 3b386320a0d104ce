/**
 * Leave for one attempt. It ends exactly once: settled with what was used, refused by the upstream, or cancelled
 * because nothing was sent. Disposing of an open permit cancels it, so a thrown error cannot leak quota.
 */

import type { Reservation, Settlement } from '../state/windows.ts';

export class Permit implements Disposable {
  /** Clock time at which it was granted, ms. */
  readonly grantedAtMs: number;
  readonly #reservation: Reservation;
  readonly #onEnd: () => void;
  #open = true;

  constructor(
    reservation: Reservation,
    options: { readonly grantedAtMs: number; readonly onEnd: () => void },
  ) {
    this.#reservation = reservation;
    this.grantedAtMs = options.grantedAtMs;
    this.#onEnd = options.onEnd;
  }

  get open(): boolean {
    return this.#open;
  }

  /** The attempt was answered, whole or in part. */
  settle(actual: Settlement): void {
    if (this.#close()) {
      this.#reservation.settle(actual);
      this.#onEnd();
    }
  }

  /** The upstream said no: the request stays counted, which is the safe side where providers count refusals. */
  refused(): void {
    if (this.#close()) {
      this.#reservation.refuse();
      this.#onEnd();
    }
  }

  /** Nothing left the house. */
  cancel(): void {
    if (this.#close()) {
      this.#reservation.cancel();
      this.#onEnd();
    }
  }

  [Symbol.dispose](): void {
    this.cancel();
  }

  #close(): boolean {
    const wasOpen = this.#open;
    this.#open = false;
    return wasOpen;
  }
}
