/** Acquire a permit, attempt, decide, and again, until an answer has begun or the call has to end. */

import { Failure } from '../domain/failure.ts';
import { acquire, type Start } from './acquire.ts';
import { attempt } from './attempt.ts';
import type { SoFar } from './continuation.ts';
import { afterWait, decide } from './decide.ts';
import { holdFunds } from './hold-funds.ts';
import type { Journey } from './journey.ts';
import type { ReplySource } from './reply.ts';

/** `soFar`: an answer that goes on from there. Throws what the client shall see; nothing is then left open. */
export async function nextAnswer(journey: Journey, soFar?: SoFar): Promise<ReplySource> {
  for (;;) {
    const next = nextStart(journey);
    const start = next instanceof Promise ? await next : next;
    if (start === undefined) continue;
    journey.paid = start.cost;
    const funds = fundsFor(journey, start);
    if (funds !== undefined) await funds;
    try {
      return await attempt(journey, start, soFar);
    } catch (error) {
      decide(journey, start, Failure.from(error));
    }
  }
}

/** Where there is too little the call ends, and its place is free for others. */
function fundsFor(journey: Journey, { permit }: Start): Promise<void> | undefined {
  const giveUp = (error: unknown): never => {
    permit.cancel();
    journey.payInstead(0);
    throw error;
  };
  try {
    return holdFunds(journey)?.catch(giveUp);
  } catch (error) {
    return giveUp(error);
  }
}

/** Undefined: the call moved to a fallback model and asks again. */
function nextStart(journey: Journey): Start | Promise<Start | undefined> | undefined {
  const movesOn = (error: unknown): undefined => {
    afterWait(journey, Failure.from(error));
  };
  try {
    const start = acquire(journey);
    return start instanceof Promise ? start.catch(movesOn) : start;
  } catch (error) {
    return movesOn(error);
  }
}
