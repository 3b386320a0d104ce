/**
 * Whose fault a refusal is. A call that two accounts refuse while they go on to serve others is at fault itself, however
 * much the refusals speak of limits: it gets one definite error, and nobody is left alone for it.
 */

import { Failure, type FailureKind } from '../domain/failure.ts';
import type { CallRefusal, Journey } from './journey.ts';

/** What says nothing of the call: money and rights are the account's, and a wire that breaks is nobody's. */
const OTHERS: ReadonlySet<FailureKind> = new Set([
  'balance',
  'free_tier',
  'auth',
  'banned',
  'no_access',
  'model_missing',
  'day',
  'plan',
  'connection',
  'timeout',
]);

const ACCOUNTS = 2;

/** The definite error, once there is proof. */
export function ownFault({ refusals, rooms }: Journey): Failure | undefined {
  if (refusals.length < ACCOUNTS) return undefined;
  const proofs = new Map<string, CallRefusal>();
  for (const refusal of refusals)
    if (!OTHERS.has(refusal.kind) && rooms.health.servedSince(refusal.channel, refusal.startedAtMs))
      proofs.set(refusal.channel.account.id, refusal);
  if (proofs.size < ACCOUNTS) return undefined;
  const kinds = [...new Set([...proofs.values()].map(({ kind }) => kind))].join(', ');
  return new Failure('request_refused', {
    message:
      `${proofs.size} accounts refused this request (${kinds}) while they served others: the cause lies in the ` +
      'request itself, most likely in its size or its content. It was not tried any further.',
  });
}
