/**
 * The client's leaving. Nearly every call ends without it, so it costs a field while nobody needs more: one listener
 * for the attempt under way, and an `AbortSignal` made on demand for those who wait.
 */
export class Departure {
  #gone = false;
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

  /** The client has left. Once. */
  leave(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#controller?.abort();
    this.#listener?.();
  }
}
