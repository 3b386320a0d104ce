/**
 * What the provider itself tells of its limits with every answer (OpenAI, Anthropic, Azure, Groq …): how large they
 * are, and how much somebody else has used of them, which is what is missing beyond our own use.
 */

import type { Limits } from '../domain/limits.ts';
import type { Heard, HeardWindow } from './permit.ts';

export type ToldName = 'rpm' | 'tpm' | 'rpd';

/** What others used is as old as the answer that told, and leaves the window with it. */
const WINDOW_MS: Readonly<Record<ToldName, number>> = { rpm: 60_000, tpm: 60_000, rpd: 86_400_000 };

type Outside = { readonly amount: number; readonly atMs: number };

export class ToldLimits {
  #limits: Partial<Record<ToldName, number>> = {};
  readonly #outside: Partial<Record<ToldName, Outside>> = {};
  /** Most providers tell nothing, and this is asked for every decision. */
  #any = false;

  /**
   * `used`: what we count in the window ourselves. True when a limit is other than it was told before.
   */
  learn(heard: Heard, used: (name: ToldName) => number, nowMs: number): boolean {
    const before = this.#limits;
    this.#window('rpm', heard.requests, { used, nowMs });
    this.#window('tpm', heard.tokens, { used, nowMs });
    this.#window('rpd', heard.requestsPerDay, { used, nowMs });
    return this.#limits !== before;
  }

  /** The limits as set, where the provider does not grant less; and those that only the provider named. */
  over(set: Limits): Limits {
    const limits: Record<string, unknown> = { ...set };
    for (const [name, told] of Object.entries(this.#limits))
      limits[name] = Math.min(told, set[name as ToldName] ?? Infinity);
    return limits as Limits;
  }

  /** What is left to us of the window, in all: no more than the provider grants and others leave. */
  left(name: string, nowMs: number): number {
    if (!this.#any) return Infinity;
    return (this.#limits[name as ToldName] ?? Infinity) - this.outside(name, nowMs);
  }

  /** What others use of the window, as far as it was told. */
  outside(name: string, nowMs: number): number {
    if (!this.#any) return 0;
    const outside = this.#outside[name as ToldName];
    if (outside === undefined) return 0;
    const left = 1 - (nowMs - outside.atMs) / WINDOW_MS[name as ToldName];
    return left <= 0 ? 0 : outside.amount * left;
  }

  #window(
    name: ToldName,
    window: HeardWindow | undefined,
    { used, nowMs }: { readonly used: (name: ToldName) => number; readonly nowMs: number },
  ): void {
    if (window?.limit === undefined || window.limit <= 0) return;
    const { limit, remaining } = window;
    if (this.#limits[name] !== limit) this.#limits = { ...this.#limits, [name]: limit };
    this.#any = true;
    if (remaining !== undefined)
      this.#outside[name] = { amount: Math.max(0, limit - remaining - used(name)), atMs: nowMs };
  }
}
