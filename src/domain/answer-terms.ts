/**
 * What a request says of the form in which its client wants the answer, where the answer comes in another dialect: what
 * its tools are called and how it calls them, and what it wants to find in it again. Each dialect looks for its own.
 */

import type { JsonObject } from '../base/json.ts';
import type { Thought } from './chat.ts';

/** A tool as the client knows it; on the way it is a function of the name that it stands under. */
export type ToolForm = {
  readonly name: string;
  /** `function`: it takes arguments. `custom`: a text. The others are run by the client in a form of their own. */
  readonly kind: 'function' | 'custom' | 'local_shell' | 'shell' | 'apply_patch';
  readonly namespace?: string;
};

export type AnswerTerms = {
  /** Those that are something else at the client than a function of that name. */
  readonly tools?: ReadonlyMap<string, ToolForm>;
  /** Its calls are those of the first form that OpenAI chat had. */
  readonly oldFunctions?: true;
  /** What the answer repeats of its request. */
  readonly repeated?: JsonObject;
  /** The client carries thoughts to its next call as texts that it cannot read. */
  readonly wantsSeals?: true;
  /** Makes such a text. */
  readonly seal?: (thoughts: readonly Thought[]) => string;
};
