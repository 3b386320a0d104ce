/** What a call asks of the queue, what it is answered, and what it can see while it waits. */

import type { Departure } from '../base/departure.ts';
import type { Priority } from '../domain/call.ts';

/** The answer to "can you start now?": a grant, or the moment to ask again (Infinity: when a permit ends). */
export type Turn<T> =
  | { readonly granted: T }
  | {
      readonly atMs: number;
      /** What holds it back is its own size: smaller ones may go first, where that does not delay it. */
      readonly bySize?: boolean;
      /** It could start elsewhere, and waits for a better place: others may go first. */
      readonly byChoice?: boolean;
    };

export type Ask<T> = {
  /** Whoever asks for the same line shares it. */
  readonly line: string;
  /** Shares the line fairly with the other tenants, by weight within its priority. */
  readonly tenant: string;
  readonly weight: number;
  readonly priority: Priority;
  /** Share of what the line can start in a minute: of requests or of tokens, whichever is greater. */
  readonly cost: number;
  /** Held while it waits. */
  readonly bytes: number;
  /** Orders the calls of one tenant: earliest first. The deadline as it was on arrival, so that who returns keeps its place. */
  readonly orderMs: number;
  /** Out of the line at this moment. */
  readonly deadlineMs: number;
  readonly departure: Departure;
  /** False: refuse instead of waiting. */
  readonly mayWait: boolean;
  /** It has been in line before, and is let in whatever the bounds say. */
  readonly returns: boolean;
  /** The client named its longest wait: it is not shortened under overload. */
  readonly ownWait: boolean;
  /** Starts if possible; must leave nothing reserved when it returns a moment. */
  tryStart(nowMs: number): Turn<T>;
  /** Keeps a place free for it, which others may use without delaying it. Called again as long as it waits at the head. */
  hold?(nowMs: number): void;
  /** Gives up the place kept, if any. */
  release?(): void;
  /** Minutes' worth of the line's limits that it can start per ms; undefined: unknown. */
  speed?(nowMs: number): number | undefined;
  /** Told once when the call has to wait. */
  onWait?(place: Place): void;
};

/** Where a waiting call stands, live. */
export type Place = {
  /** 1 is the head of the line. */
  position(): number;
  /** When this call can start, as far as known. */
  startsAtMs(): number | undefined;
  readonly deadlineMs: number;
};
