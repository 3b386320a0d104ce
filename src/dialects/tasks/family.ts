/**
 * Dialects of one task that say the same in other names: each reads and writes question and answer in what they have in
 * common, so that a client of one is served by a provider of another. N + M, as with the chats.
 */

import type { DialectId } from '../../domain/call.ts';
import { Failure } from '../../domain/failure.ts';
import type { Usage } from '../../domain/usage.ts';
import type { Wire } from '../dialect.ts';

/** And the names of what could not be taken along. */
export type Carried<T> = { readonly value: T; readonly dropped: readonly string[] };

export interface Kin<Question, Answer> extends Wire {
  /** Throws `invalid_request` naming the field. */
  readQuestion(body: Uint8Array): Carried<Question>;
  writeQuestion(question: Question, upstreamModel: string): Carried<Buffer>;
  /** Throws `malformed`. */
  readAnswer(body: Uint8Array): Answer;
  writeAnswer(answer: Answer, told: AnswerHead): Buffer;
}

export type AnswerHead = { readonly id: string; readonly model: string; readonly usage: Usage };

/** A question on its way to a relative, and the way back of its answer. */
export type KinCrossing = {
  readonly body: Buffer;
  readonly dropped: readonly string[];
  answer(body: Uint8Array, told: AnswerHead): Buffer;
};

export type Family = {
  readonly members: readonly Wire[];
  /** Throws `invalid_request`. Both are members. */
  cross(
    body: Uint8Array,
    way: { readonly from: DialectId; readonly to: DialectId; readonly upstreamModel: string },
  ): KinCrossing;
};

/** `isWhole`: does the answer hold what was asked for? One that does not is `malformed`. */
export function familyOf<Question, Answer>(
  members: readonly Kin<Question, Answer>[],
  isWhole: (question: Question, answer: Answer) => boolean = () => true,
): Family {
  const memberOf = (id: DialectId): Kin<Question, Answer> => {
    const found = members.find((each) => each.id === id);
    if (found === undefined) throw new RangeError(`no such relative: ${id}`);
    return found;
  };
  return {
    members,
    cross(body, { from, to, upstreamModel }) {
      const [own, other] = [memberOf(from), memberOf(to)];
      const read = own.readQuestion(body);
      const written = other.writeQuestion(read.value, upstreamModel);
      return {
        body: written.value,
        dropped: [...new Set([...read.dropped, ...written.dropped])],
        answer(body, told) {
          const answer = other.readAnswer(body);
          if (!isWhole(read.value, answer))
            throw new Failure('malformed', {
              message: 'The provider answered to a part of what it was asked.',
            });
          return own.writeAnswer(answer, told);
        },
      };
    },
  };
}
