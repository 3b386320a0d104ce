/**
 * Leave for one attempt. It ends exactly once: settled with what was used, refused by the upstream, or cancelled
 * because nothing was sent. Disposing of an open permit cancels it, so a thrown error cannot leak quota.
 */

import type { FailureKind } from '../domain/failure.ts';
import type { Reservation, Settlement } from '../state/windows.ts';
import type { Fill } from './learned.ts';

/** What the head of an answer tells of the provider's side. */
export type Heard = {
  /** When the call arrived, by the provider's own clock, ms. */
  readonly arrivedAtMs?: number;
  readonly requests?: HeardWindow;
  readonly requestsPerDay?: HeardWindow;
  readonly tokens?: HeardWindow;
};
export type HeardWindow = { readonly limit?: number; readonly remaining?: number };

/** What the owner of the windows makes of a permit's fate. */
export type PermitOwner = {
  heard(permit: Permit, told: Heard): void;
  accepted(permit: Permit): void;
  settled(permit: Permit, actual: Settlement): void;
  /** `doubtful`: it may have been the doing of this one call, and say nothing of the quota. */
  refused(permit: Permit, kind: FailureKind | undefined, doubtful: boolean): void;
  /** After each of the ends. */
  ended(): void;
};

export class Permit implements Disposable {
  /** Clock time at which it was granted, ms. */
  readonly grantedAtMs: number;
  readonly reservation: Reservation;
  /** How full the windows were, itself included. */
  readonly fill: Fill;
  /** Expected, input and output. */
  readonly tokens: number;
  readonly #owner: PermitOwner;
  #open = true;
  #heard = false;

  constructor(
    reservation: Reservation,
    options: {
      readonly grantedAtMs: number;
      readonly fill: Fill;
      readonly tokens: number;
      readonly owner: PermitOwner;
    },
  ) {
    this.reservation = reservation;
    this.grantedAtMs = options.grantedAtMs;
    this.fill = options.fill;
    this.tokens = options.tokens;
    this.#owner = options.owner;
  }

  get open(): boolean {
    return this.#open;
  }

  /** The head of an answer is here, whatever it says. Once. */
  heard(told: Heard): void {
    if (!this.#open || this.#heard) return;
    this.#heard = true;
    this.#owner.heard(this, told);
  }

  /** The answer has begun: the upstream took the call in. */
  accepted(): void {
    if (this.#open) this.#owner.accepted(this);
  }

  /** The attempt was answered, whole or in part. */
  settle(actual: Settlement): void {
    if (this.#close()) {
      this.#owner.settled(this, actual);
      this.#owner.ended();
    }
  }

  /**
   * The upstream said no, and why: the request stays counted, which is the safe side where providers count refusals.
   */
  refused(kind?: FailureKind, doubtful = false): void {
    if (this.#close()) {
      this.#owner.refused(this, kind, doubtful);
      this.#owner.ended();
    }
  }

  /** Nothing left the house. */
  cancel(): void {
    if (this.#close()) {
      this.reservation.cancel();
      this.#owner.ended();
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
