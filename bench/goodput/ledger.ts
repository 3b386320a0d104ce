/**
 * The book of a run: every call from its arrival to its one end, and every send with what became of it. A call that
 * ends twice, or answered without having been admitted, stops the run: figures of a policy that loses calls are none.
 */

import type { LimitKind } from '../../src/simulator/quotas.ts';
import type { BenchCall } from './contract.ts';

export type Fate = 'waiting' | 'started' | 'answered' | 'shown';

export type Entry = {
  readonly call: BenchCall;
  fate: Fate;
  sends: number;
  /** When the send that was admitted left. */
  admittedSendMs: number | undefined;
  why: string;
  readonly over: (answered: boolean) => void;
};

export type Span = { readonly fromMs: number; readonly untilMs: number };

export class Ledger {
  readonly entries: Entry[] = [];
  readonly span: Span;
  /** Within the span, by the provider's time. */
  sends = 0;
  admitted = 0;
  tokens = 0;
  outsiderRequests = 0;
  outsiderTokens = 0;
  readonly refusals = new Map<LimitKind, number>();
  #open = 0;

  constructor(span: Span) {
    this.span = span;
  }

  /** Calls without an end. */
  get open(): number {
    return this.#open;
  }

  isCounted(nowMs: number): boolean {
    return nowMs >= this.span.fromMs && nowMs < this.span.untilMs;
  }

  arrive(call: BenchCall, over: (answered: boolean) => void): void {
    this.entries[call.id] = { call, fate: 'waiting', sends: 0, admittedSendMs: undefined, why: '', over };
    this.#open += 1;
  }

  entry({ id }: BenchCall): Entry {
    const entry = this.entries[id];
    if (entry === undefined) throw new Error(`call ${id} has never arrived`);
    return entry;
  }

  started(call: BenchCall): void {
    const entry = this.entry(call);
    if (entry.fate === 'waiting') entry.fate = 'started';
  }

  end(call: BenchCall, fate: 'answered' | 'shown', why = ''): void {
    const entry = this.entry(call);
    if (entry.fate === 'answered' || entry.fate === 'shown') {
      throw new Error(`call ${call.id} is ${fate}, but has been ${entry.fate} already`);
    }
    if (fate === 'answered' && entry.admittedSendMs === undefined) {
      throw new Error(`call ${call.id} is answered, but no provider has admitted it`);
    }
    entry.fate = fate;
    entry.why = why;
    this.#open -= 1;
    entry.over(fate === 'answered');
  }

  /** Throws when calls have been lost. */
  close(): void {
    if (this.#open === 0) return;
    const lost = this.entries.filter(({ fate }) => fate === 'waiting' || fate === 'started');
    const [first] = lost;
    const started = lost.filter(({ fate }) => fate === 'started').length;
    throw new Error(
      `${lost.length} calls have no end, ${started} of them were sent; the first is call ${first?.call.id} of tenant ${first?.call.tenant}, sent ${first?.sends} times`,
    );
  }
}
