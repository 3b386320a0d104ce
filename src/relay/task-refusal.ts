/**
 * What a refusal of a task means for the channel. A server that chats well may have no embeddings or old completions at all:
 * a model or a path that it says it has not, or may not be used, concerns this task alone, and the channel goes on to chat.
 */

import type { Wire } from '../dialects/dialect.ts';
import { Failure, type FailureKind } from '../domain/failure.ts';
import { TASK_NAMES } from './able.ts';

const OF_THE_TASK: ReadonlySet<FailureKind> = new Set(['model_missing', 'no_access']);

/** `task`: of the dialect in which the provider was asked. */
export function taskRefusal(failure: Failure, { task }: Wire): Failure {
  if (task === undefined || !OF_THE_TASK.has(failure.kind)) return failure;
  return new Failure(failure.kind, {
    ...failure.options,
    scope: 'request',
    message: `${failure.message}; perhaps it does not offer ${TASK_NAMES[task]}`,
  });
}
