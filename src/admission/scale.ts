/**
 * The share of a configured limit that the provider really grants. It is 1 until refusals are frequent; then it is cut
 * to what was delivered while they came. From there every refusal takes a small step down and every call taken in a
 * far smaller one up (Robbins-Monro), so that the share settles where refusals are as rare as wanted, whether the
 * limit is sharp or others use it too. The longer nothing is refused the faster it rises, with the cube of the time,
 * as CUBIC does (RFC 9438): a limit that came back is found again within minutes.
 */

const LEAST = 0.05;
/** A refusal takes this share off. */
const STEP = 0.03;
/** Wanted refusals per call while below 1. */
const WANTED = 4e-4;
/** Quiet for this long doubles the rise. */
const CALM_MS = 60_000;
const FASTEST = 60;
/** No cut takes more at once. */
const DEEPEST = 0.7;

export type Cut = { readonly atMs: number; readonly share: number };

export class Scale {
  #share = 1;
  #refusedAtMs = 0;
  #lastCut: Cut | undefined;

  get share(): number {
    return this.#share;
  }

  /** The last cut that still holds. */
  get lastCut(): Cut | undefined {
    return this.#lastCut;
  }

  /** `measured`: what was granted while refusals came, as a share of the configured limit. */
  cut(measured: number, nowMs: number): void {
    this.#share = Math.max(LEAST, this.#share * DEEPEST, Math.min(measured, this.#share * (1 - STEP)));
    this.#refusedAtMs = nowMs;
    this.#lastCut = { atMs: nowMs, share: this.#share };
  }

  refused(nowMs: number): void {
    if (this.#share >= 1) return;
    this.#share = Math.max(LEAST, this.#share * (1 - STEP));
    this.#refusedAtMs = nowMs;
  }

  /** A call was taken in while the limit was nearly used up. */
  accepted(nowMs: number): void {
    if (this.#share >= 1) return;
    const calm = Math.min(FASTEST, 1 + (Math.max(0, nowMs - this.#refusedAtMs) / CALM_MS) ** 3);
    this.#share = Math.min(1, this.#share + this.#share * STEP * WANTED * calm);
    if (this.#share >= 1) this.#lastCut = undefined;
  }

  /** What a former run had learned. */
  restore(cut: Cut): void {
    this.#share = cut.share;
    this.#refusedAtMs = cut.atMs;
    this.#lastCut = cut;
  }
}
