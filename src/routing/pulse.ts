/**
 * How a channel does lately: when it last answered, when it last failed, and how many calls in a row it failed. One
 * failure among answers says little of a channel and may be the call's own fault; a channel that has not answered
 * lately is given no such credit.
 */

/** A channel that answered this lately is given credit. */
const CREDIT_MS = 10_000;
/** What is left of the count of failures after an answer. */
const FORGIVEN = 0.5;
/** After this time 1/e of what was counted is left. */
const REMEMBERED_MS = 30_000;
const FADES_EVERY_MS = 250;

type Beat = {
  /** When it last answered, and when the latest attempt that was answered had begun. */
  servedAtMs: number;
  servedFromMs: number;
  failedAtMs: number;
  strikes: number;
  /** Whose failure was counted last: one call counts once. */
  struckBy: string;
  /** How many it answered and failed lately, as they were then. */
  answers: number;
  failures: number;
  countedAtMs: number;
};

export class Pulse {
  readonly #beats = new Map<string, Beat>();

  served(channel: string, at: { readonly startedAtMs: number; readonly nowMs: number }): void {
    const beat = this.#of(channel);
    beat.servedAtMs = at.nowMs;
    fade(beat, at.nowMs);
    beat.answers++;
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
    fade(beat, nowMs);
    if (beat.struckBy !== call) beat.failures++;
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

  /** How often it has failed lately (0-1), rather too high than too low where little is known. */
  failureShare(channel: string, nowMs: number): number {
    const beat = this.#of(channel);
    fade(beat, nowMs);
    return Math.max(1, beat.failures) / (beat.answers + Math.max(1, beat.failures));
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
        answers: 0,
        failures: 0,
        countedAtMs: 0,
      };
      this.#beats.set(channel, beat);
    }
    return beat;
  }
}

function fade(beat: Beat, nowMs: number): void {
  if (nowMs - beat.countedAtMs < FADES_EVERY_MS) return;
  const left = Math.exp((beat.countedAtMs - nowMs) / REMEMBERED_MS);
  beat.answers *= left;
  beat.failures *= left;
  beat.countedAtMs = nowMs;
}
