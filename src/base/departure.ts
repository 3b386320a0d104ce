/**
 * The client's leaving. Nearly every call ends without it, so it costs a field while nobody needs more: one listener
 * for the attempt under way, and an `AbortSignal` made on demand for those who wait.
 */
export class Departure {
  #gone = false;
  #reason: unknown;
  #listener: (() => void) | undefined;
  #controller: AbortController | undefined;

  get gone(): boolean {
    return this.#gone;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#gone) this.#controller.abort();
    }
    return this.#controller.signal;
  }

  /** Replaces the listener; undefined: nobody listens. Called at once when the client has left already. */
  listen(listener: (() => void) | undefined): void {
    this.#listener = listener;
    if (this.#gone) listener?.();
  }

  /** Why, where it was not the client's own doing. */
  get reason(): unknown {
    return this.#reason;
  }

  /** The client has left, or is sent away for a reason. Once. */
  leave(reason?: unknown): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#reason = reason;
    this.#controller?.abort();
    this.#listener?.();
  }
}
