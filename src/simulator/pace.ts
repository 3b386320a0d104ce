/**
 * A body that speaks at its own pace: each chunk has a time at which it is due, and is given when it is pulled and
 * due, one timer at most for each. Whoever stops pulling stops the upstream; aborting or returning frees everything
 * at once, started or not.
 */

import type { Cancel, Clock } from '../base/clock.ts';

export type Pace = {
  /** From the call's arrival to the first token. */
  readonly firstTokenMs: number;
  /** 0: without pause. */
  readonly tokensPerSecond: number;
};

export const DEFAULT_PACE: Pace = { firstTokenMs: 300, tokensPerSecond: 60 };

/** When so many tokens of the answer have been said, in ms after the call's arrival. */
export const saidAfterMs = (pace: Pace, tokens: number): number =>
  pace.firstTokenMs + (pace.tokensPerSecond > 0 ? (tokens * 1_000) / pace.tokensPerSecond : 0);

export type Script = {
  /** Epoch ms at which the next chunk is due; Infinity: never. */
  dueMs(): number;
  /** The next chunk. Throws where the upstream dies. */
  take(): Uint8Array;
  /** Was the last chunk taken? */
  over(): boolean;
};

export type BodyEnd = 'complete' | 'died' | 'aborted';

export type PacedBodyOptions = {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly script: Script;
  /** Called exactly once. */
  readonly onEnd: (end: BodyEnd) => void;
};

type Result = IteratorResult<Uint8Array, undefined>;

const OVER: Result = { done: true, value: undefined };

export class PacedBody implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #options: PacedBodyOptions;
  #waiting: { resolve: (result: Result) => void; reject: (reason: unknown) => void } | undefined;
  #cancel: Cancel | undefined;
  #ended = false;
  /** Told once to the next pull. */
  #failure: { readonly reason: unknown } | undefined;

  constructor(options: PacedBodyOptions) {
    this.#options = options;
    options.signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Result> {
    if (this.#failure !== undefined) {
      const { reason } = this.#failure;
      this.#failure = undefined;
      return Promise.reject(reason);
    }
    if (this.#ended) return Promise.resolve(OVER);
    const { clock, script } = this.#options;
    const dueMs = script.dueMs();
    if (dueMs <= clock.now()) return this.#take();
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      if (dueMs === Infinity) return;
      this.#cancel = clock.after(dueMs - clock.now(), () => {
        this.#waiting = undefined;
        resolve(this.#take());
      });
    });
  }

  return(): Promise<Result> {
    const waiting = this.#waiting;
    this.#end('aborted');
    waiting?.resolve(OVER);
    return Promise.resolve(OVER);
  }

  async #take(): Promise<Result> {
    const { script } = this.#options;
    try {
      const value = script.take();
      // At once: whoever stops pulling behind the terminal has the whole answer.
      if (script.over()) this.#end('complete');
      return { done: false, value };
    } catch (error) {
      this.#end('died');
      throw error;
    }
  }

  readonly #onAbort = (): void => {
    const waiting = this.#waiting;
    const { reason } = this.#options.signal;
    this.#end('aborted');
    if (waiting === undefined) this.#failure = { reason };
    else waiting.reject(reason);
  };

  #end(end: BodyEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#waiting = undefined;
    this.#cancel?.();
    this.#options.signal.removeEventListener('abort', this.#onAbort);
    this.#options.onEnd(end);
  }
}

/** A body that is there as a whole. */
export async function* wholeBody(bytes: Uint8Array): AsyncGenerator<Uint8Array, undefined> {
  yield bytes;
}
