/**
 * Which channels of a model can do what a call asks. Chats can be had of every provider; of embeddings, pictures and the
 * like the provider must know some language, and a channel whose provider knows none is no channel for that call.
 */

import { wireOf } from '../dialects/index.ts';
import type { Call, Task } from '../domain/call.ts';
import type { Model } from '../domain/channel.ts';
import { Failure } from '../domain/failure.ts';
import { reaches } from './outgoing.ts';
import type { Rooms } from './rooms.ts';

/**
 * The model with those of its channels that can; the same for every chat. Where there are no turns, there is no beginning
 * of a prompt in anybody's cache, and all channels are as good as each other.
 */
export function ableFor(call: Call, model: Model, { providerOf }: Pick<Rooms, 'providerOf'>): Model {
  const { account, dialect } = call;
  const { task } = wireOf(dialect);
  if (task === undefined && account === undefined) return model;
  const channels = model.channels.filter(
    (channel) =>
      (account === undefined || channel.account.id === account) &&
      (task === undefined || reaches(dialect, providerOf(channel), channel)),
  );
  return { ...model, channels, affinity: model.affinity && (task === undefined || task === 'completions') };
}

export const TASK_NAMES = {
  completions: 'text completions',
  embeddings: 'embeddings',
  rerank: 'reranking',
  images: 'the generation of images',
  speech: 'speech',
  moderations: 'moderation',
  transcription: 'transcription',
} as const satisfies Record<Task, string>;

/** None of its channels can. */
export function unable(call: Call, model: Model, { providerOf }: Pick<Rooms, 'providerOf'>): Failure {
  const task = wireOf(call.dialect).task;
  if (call.account !== undefined && !model.channels.some(({ account }) => account.id === call.account))
    return new Failure('invalid_request', {
      message:
        `The files that the call names lie on the account '${call.account}', which does not serve '${model.name}'. ` +
        'Upload them again with x-sluice-account naming one that does.',
      param: 'model',
    });
  const providers = [...new Set(model.channels.map((channel) => providerOf(channel).name))].join(', ');
  return new Failure('invalid_request', {
    message:
      `The model '${model.name}' cannot be asked for ${task === undefined ? 'this' : TASK_NAMES[task]}: ` +
      `no account that serves it (${providers}) has it. Send the name of a model that is made for it.`,
    param: 'model',
  });
}
