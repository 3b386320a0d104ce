/** A call in line: what it asks, where it stands, and how it is told. */

import type { Failure } from '../domain/failure.ts';
import type { Ask } from './ask.ts';

export type Entry = {
  readonly ask: Ask<unknown>;
  readonly enteredAtMs: number;
  /** Of arrival in the line. */
  readonly order: number;
  readonly resolve: (grant: unknown) => void;
  readonly reject: (failure: Failure) => void;
  /** Places in the heaps; -1: not there. */
  flowIndex: number;
  deadlineIndex: number;
};
