/** What a channel granted lately: requests and tokens of the last seconds, by the time at which they were sent. */

const BUCKET_MS = 1_000;
const BUCKETS = 32;
/** Over how long a rate is measured: calls sent more lately may not have been answered yet. */
const FROM_MS = 16_000;
const UNTIL_MS = 4_000;

export class Delivered {
  readonly #requests = new Float64Array(BUCKETS);
  readonly #tokens = new Float64Array(BUCKETS);
  #top = 0;

  count(sentAtMs: number, tokens: number): void {
    const bucket = Math.floor(sentAtMs / BUCKET_MS);
    if (bucket > this.#top) {
      for (let fresh = Math.max(this.#top + 1, bucket - BUCKETS + 1); fresh <= bucket; fresh++) {
        this.#requests[fresh % BUCKETS] = 0;
        this.#tokens[fresh % BUCKETS] = 0;
      }
      this.#top = bucket;
    }
    if (bucket <= this.#top - BUCKETS) return;
    const slot = bucket % BUCKETS;
    this.#requests[slot] = (this.#requests[slot] ?? 0) + 1;
    this.#tokens[slot] = (this.#tokens[slot] ?? 0) + tokens;
  }

  requestsPerMinute(nowMs: number): number {
    return this.#perMinute(this.#requests, nowMs);
  }

  tokensPerMinute(nowMs: number): number {
    return this.#perMinute(this.#tokens, nowMs);
  }

  #perMinute(amounts: Float64Array, nowMs: number): number {
    const first = Math.floor((nowMs - FROM_MS) / BUCKET_MS);
    const last = Math.floor((nowMs - UNTIL_MS) / BUCKET_MS);
    let sum = 0;
    for (let bucket = first; bucket < last; bucket++)
      if (bucket > this.#top - BUCKETS && bucket <= this.#top) sum += amounts[bucket % BUCKETS] ?? 0;
    return (sum * 60_000) / (FROM_MS - UNTIL_MS);
  }
}
