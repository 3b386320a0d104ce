/**
 * How a channel does lately: when it last answered, when it last failed, and how many calls in a row it failed. One
 * failure among answers says little of a channel and may be the call's own fault; a channel that has not answered
 * lately is given no such credit.
 */

/** A channel that answered this lately is given credit. */
const CREDIT_MS = 10_000;
/** What is left of the count of failures after an answer. */
const FORGIVEN = 0.5;

type Beat = {
  /** When it last answered, and when the latest attempt that was answered had begun. */
  servedAtMs: number;
  servedFromMs: number;
  failedAtMs: number;
  strikes: number;
  /** Whose failure was counted last: one call counts once. */
  struckBy: string;
};

export class Pulse {
  readonly #beats = new Map<string, Beat>();

  served(channel: string, at: { readonly startedAtMs: number; readonly nowMs: number }): void {
    const beat = this.#of(channel);
    beat.servedAtMs = at.nowMs;
    if (at.startedAtMs > beat.servedFromMs) beat.servedFromMs = at.startedAtMs;
    if (beat.strikes > 0) beat.strikes = beat.strikes < 0.1 ? 0 : beat.strikes * FORGIVEN;
  }

  /** True when this is one failure too many for a channel that is given so much patience. */
  failed(
    channel: string,
    { call, nowMs, patience }: { readonly call: string; readonly nowMs: number; readonly patience: number },
  ): boolean {
    const beat = this.#of(channel);
    beat.failedAtMs = nowMs;
    if (beat.struckBy !== call || beat.strikes === 0) beat.strikes++;
    beat.struckBy = call;
    return beat.strikes >= patience || nowMs - beat.servedAtMs > CREDIT_MS;
  }

  /** An attempt that began after this moment was answered. */
  servedSince(channel: string, atMs: number): boolean {
    return (this.#beats.get(channel)?.servedFromMs ?? -Infinity) > atMs;
  }

  /** It has answered after it failed last. */
  isProven(channel: string): boolean {
    const beat = this.#beats.get(channel);
    return beat !== undefined && beat.servedAtMs > beat.failedAtMs;
  }

  /** Its last failure may have been the doing of one call: it has served others lately, and failed one alone. */
  isDoubtful(channel: string, nowMs: number): boolean {
    const beat = this.#beats.get(channel);
    return beat !== undefined && beat.strikes < 2 && nowMs - beat.servedAtMs <= CREDIT_MS;
  }

  forget(channel: string): void {
    this.#beats.delete(channel);
  }

  #of(channel: string): Beat {
    let beat = this.#beats.get(channel);
    if (beat === undefined) {
      beat = {
        servedAtMs: -Infinity,
        servedFromMs: -Infinity,
        failedAtMs: -Infinity,
        strikes: 0,
        struckBy: '',
      };
      this.#beats.set(channel, beat);
    }
    return beat;
  }
}
