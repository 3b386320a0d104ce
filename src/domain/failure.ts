/** A failure of a call: its kind, which says by the table what it means, and what is known of this one. */

import { type FailureKind, type FailureRule, type FailureScope, ruleOf } from './failure-table.ts';
import type { LimitName } from './limits.ts';

export {
  FAILURES,
  type FailureKind,
  type FailureNext,
  type FailureRule,
  type FailureScope,
  ruleOf,
} from './failure-table.ts';

/** How sure a verdict is: by a code that means one thing, by words, or by little more than the status. */
export type Confidence = 'high' | 'medium' | 'low';

export type FailureOptions = {
  /** For people: what was wrong, where, what to do. Never holds a secret or an upstream's raw text. */
  readonly message: string;
  /** Overrides the table's scope. */
  readonly scope?: FailureScope;
  /** The field concerned, e.g. `messages[3].content`. */
  readonly param?: string;
  /** Epoch ms at which the cause is known to be over. */
  readonly resetAtMs?: number;
  readonly retryAfterMs?: number;
  /** The limit concerned. */
  readonly limit?: LimitName;
  /** Of a classifier's verdict. */
  readonly confidence?: Confidence;
  /** An answer that no rule knows, redacted: for the log, so that a rule can be written. */
  readonly sample?: string;
  /** Whose limit a refusal of ours was about: shown as `x-sluice-limit`. */
  readonly limitOwner?: 'key' | 'pool';
  /** Overrides the table's word on whether the client may try again. */
  readonly retry?: boolean;
  /** Overrides the table's HTTP status (for `upstream_rejected`: the provider's own 4xx). */
  readonly status?: number;
  /** A body that may be shown to the client as it is (a 4xx about its own request, in its own dialect). */
  readonly clientBody?: Uint8Array;
  readonly cause?: unknown;
};

export class Failure extends Error {
  override readonly name = 'Failure';
  readonly kind: FailureKind;
  readonly rule: FailureRule;
  readonly scope: FailureScope;
  readonly status: number;
  /** May the client's SDK try again by itself? */
  readonly retry: boolean;
  readonly options: FailureOptions;

  constructor(kind: FailureKind, options: FailureOptions) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = kind;
    this.rule = ruleOf(kind);
    this.scope = options.scope ?? this.rule.scope;
    this.status = options.status ?? this.rule.status;
    this.retry = options.retry ?? this.rule.retry;
    this.options = options;
  }

  /** Any thrown value as a Failure; what is not one is `internal`. */
  static from(error: unknown): Failure {
    if (error instanceof Failure) return error;
    return new Failure('internal', { message: 'Sluice failed to handle the call.', cause: error });
  }
}
