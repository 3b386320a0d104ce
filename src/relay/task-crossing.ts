/**
 * A call that is no chat at a provider that says the same in other names, and its answer on the way back. Such answers come
 * whole.
 */

import type { Chunk, Wire } from '../dialects/dialect.ts';
import { wireOf } from '../dialects/index.ts';
import { askingFloats } from '../dialects/tasks/embeddings.ts';
import type { KinCrossing } from '../dialects/tasks/family.ts';
import { familyFor } from '../dialects/tasks/index.ts';
import type { Call, RequestHead } from '../domain/call.ts';
import { Failure } from '../domain/failure.ts';
import type { Provider } from '../providers/provider.ts';
import type { Answered, Rewriting } from './translation.ts';

/** The call in which nothing is asked that this provider would refuse. */
export const fitted = (call: Call, { floatsOnly }: Provider): Call =>
  call.dialect === 'openai-embeddings' && floatsOnly === true
    ? { ...call, body: askingFloats(call.body) }
    : call;

/** How it is asked; the address is told by whoever asks. */
export type KinQuestion = {
  readonly dialect: Wire;
  readonly head: RequestHead;
  readonly body: Uint8Array;
  readonly dropped: readonly string[];
  readonly translation: Rewriting;
};

/** Throws `invalid_request` where the body cannot be said in the other's names. */
export function crossedToKin(call: Call, kin: Wire, upstreamModel: string): KinQuestion {
  const family = familyFor(kin.task);
  if (family === undefined) throw new Failure('internal', { message: `${kin.id} has no relatives.` });
  const crossing = family.cross(call.body, { from: call.dialect, to: kin.id, upstreamModel });
  return {
    dialect: kin,
    head: { ...call.head, model: upstreamModel },
    body: crossing.body,
    dropped: crossing.dropped,
    translation: new KinAnswer(call, crossing),
  };
}

class KinAnswer implements Rewriting {
  readonly dropped: readonly string[];
  readonly #call: Call;
  readonly #crossing: KinCrossing;

  constructor(call: Call, crossing: KinCrossing) {
    this.#call = call;
    this.#crossing = crossing;
    this.dropped = crossing.dropped;
  }

  plain({ frame }: Chunk, answered: Answered): Buffer {
    const { id, model } = answered.head;
    const usage = answered.usage ?? answered.estimatedUsage();
    const written = this.#crossing.answer(frame, { id, model, usage });
    return wireOf(this.#call.dialect).forwardReply(
      { frame: written, events: [] },
      { model, wantsUsage: true, request: this.#call.body },
    );
  }
}
