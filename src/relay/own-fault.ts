/**
 * Whose fault a refusal is. A call that two accounts refuse while they go on to serve others is at fault itself, however
 * much the refusals speak of limits: it gets one definite error, and nobody is left alone for it. But bad luck looks the
 * same for a while: where an account refuses others too, or is full, it takes more to be sure.
 */

import { Failure, type FailureKind } from '../domain/failure.ts';
import type { CallRefusal, Journey } from './journey.ts';

/** What says nothing of the call: money and rights are the account's, a wire that breaks is nobody's. */
const OTHERS: ReadonlySet<FailureKind> = new Set([
  'balance',
  'free_tier',
  'auth',
  'banned',
  'no_access',
  'model_missing',
  'day',
  'plan',
  'concurrency',
  'burst',
  'connection',
  'timeout',
]);

/** What every call may meet at an account that is full. */
const OF_THE_FULL: ReadonlySet<FailureKind> = new Set(['rpm', 'tpm', 'rps', 'tps', 'unknown']);
/** Fuller than this, by our own count, a limit may be what it was about. */
const ROOMY = 0.5;

const ACCOUNTS = 2;
/** How likely it may be that a sound call met the same refusals by chance. */
const CHANCE = 1e-4;

/** The definite error, once there is proof. */
export function ownFault({ refusals, rooms }: Journey): Failure | undefined {
  if (refusals.length < ACCOUNTS) return undefined;
  const proofs = refusals.filter(
    (refusal) => isOfTheCall(refusal) && rooms.health.servedSince(refusal.channel, refusal.startedAtMs),
  );
  const accounts = new Set(proofs.map(({ channel }) => channel.account.id)).size;
  const chance = proofs.reduce((product, { failureShare }) => product * failureShare, 1);
  if (accounts < ACCOUNTS || chance > CHANCE) return undefined;
  const kinds = [...new Set(proofs.map(({ kind }) => kind))].join(', ');
  return new Failure('request_refused', {
    message:
      `${accounts} accounts refused this request (${kinds}) while they served others: the cause lies in the ` +
      'request itself, most likely in its size or its content. It was not tried any further.',
  });
}

const isOfTheCall = ({ kind, fill }: CallRefusal): boolean =>
  !OTHERS.has(kind) && (!OF_THE_FULL.has(kind) || fullnessWithout(fill) < ROOMY);

/** Of the windows, what others took. */
const fullnessWithout = (fill: CallRefusal['fill']): number =>
  Math.max(
    fill.requestSecond - fill.ownRequest,
    fill.requestMinute,
    fill.tokenSecond - fill.ownTokens,
    fill.tokenMinute,
  );
