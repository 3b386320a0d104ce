/**
 * What a line of a classifier's table can ask and say. A table is read from the top; the first line that holds
 * decides.
 */

import type { Confidence, FailureKind, FailureScope } from '../domain/failure.ts';

/** All that is given must hold. */
export type When = {
  readonly status?: number | readonly number[];
  /** The code, type or status word is one of these, in any case; a `*` at the end stands for any rest. */
  readonly named?: readonly string[];
  readonly words?: RegExp;
  /** A quota id of Google's with its value, `…PerDay…=50`. */
  readonly quota?: RegExp;
  readonly header?: readonly [name: string, value: RegExp];
  /** The provider says to come back later than this. */
  readonly hintOverMs?: number;
  /** The text has two numbers, and the call asks for more than the whole limit: no wait can help it. */
  readonly isOversized?: true;
};

export type Then = {
  readonly scope?: FailureScope;
  /** What the failure's message says, where the table's meaning is too general. */
  readonly say?: string;
  /** Where the end of it is told. Where given, the retry hint is not believed: it speaks of the next minute. */
  readonly until?:
    | 'stamp'
    | 'sluice-reset'
    | 'printed-utc'
    | 'printed-beijing'
    | 'midnight-pacific'
    | 'midnight-beijing';
  /** Shown to the client as the status of its own mistake. */
  readonly status?: number;
  /** Where the rule is surer, or less sure, than its shape shows. */
  readonly confidence?: Confidence;
};

export type Rule = readonly [when: When, kind: FailureKind, then?: Then];
