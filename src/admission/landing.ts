/**
 * Output that the provider may already have charged while we do not know of it yet: what is produced within the
 * delay of our news, from the mean and the spread of the recent answers.
 */

const MEMORY_MS = 20_000;
/** How late we learn that an answer was charged. */
const NEWS_DELAY_S = 0.5;
const DEVIATIONS = 2;

export class Landing {
  #perSecond = 0;
  #squaresPerSecond = 0;
  #atMs = 0;

  count(outputTokens: number, nowMs: number): void {
    const decay = this.#decay(nowMs);
    this.#perSecond = this.#perSecond * decay + (outputTokens * 1_000) / MEMORY_MS;
    this.#squaresPerSecond = this.#squaresPerSecond * decay + (outputTokens ** 2 * 1_000) / MEMORY_MS;
    this.#atMs = nowMs;
  }

  /** Tokens to leave free. */
  at(nowMs: number): number {
    const decay = this.#decay(nowMs) * NEWS_DELAY_S;
    return this.#perSecond * decay + DEVIATIONS * Math.sqrt(this.#squaresPerSecond * decay);
  }

  #decay(nowMs: number): number {
    return Math.exp((this.#atMs - nowMs) / MEMORY_MS);
  }
}
