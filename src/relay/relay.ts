/**
 * The path of a call: acquire a permit, attempt, decide, until an answer has begun. Everything else is a room that it
 * visits. What is opened here is owned by the `Reply`, or has ended when this throws.
 */

import type { Place } from '../admission/queue.ts';
import type { Call } from '../domain/call.ts';
import { Failure } from '../domain/failure.ts';
import type { Story } from '../domain/story.ts';
import { hasLimits, holdAllowance } from './allowance.ts';
import { holdFunds } from './hold-funds.ts';
import { Journey } from './journey.ts';
import { nextAnswer } from './next-answer.ts';
import { recalledCall } from './recalled.ts';
import { Reply } from './reply.ts';
import { resumable } from './resume.ts';
import type { Rooms } from './rooms.ts';

/** A call on its way to an answer, and where it stands while it waits. */
export type Opening = {
  readonly reply: Promise<Reply>;
  /** Undefined while it is not in line. */
  place(): Place | undefined;
  readonly story: Story;
  /** The story as it would read now, a wait that goes on included. */
  soFar(): Story;
};

export type Relay = { open(call: Call): Opening };

export function createRelay(rooms: Rooms): Relay {
  return {
    open(call) {
      // Unknown models, and answers that are not there, are refused before there is a journey, and so without a story of attempts.
      const journey = new Journey(recalledCall(call, rooms.shelf), rooms);
      return {
        reply: travel(journey),
        place: () => journey.place,
        story: journey.story,
        soFar: () => ({ ...journey.story, queueMs: journey.story.queueMs + journey.waitedMs() }),
      };
    },
  };
}

async function travel(journey: Journey): Promise<Reply> {
  try {
    const funds = holdFunds(journey);
    if (funds !== undefined) await funds;
    if (hasLimits(journey.call.key)) journey.allowance = await holdAllowance(journey);
    const source = await nextAnswer(journey);
    journey.keepsHold = true;
    closeOverhead(journey);
    return new Reply(resumable(journey, source));
  } catch (error) {
    const failure = Failure.from(error);
    closeOverhead(journey);
    journey.allowance?.cancel();
    // The client need not wait for its entry: nothing was served.
    void journey.record({
      end: failure.kind === 'client_gone' ? 'client_gone' : 'failed',
      failure: failure.kind,
      status: failure.status,
    });
    throw failure;
  }
}

function closeOverhead({ story, rooms, upstreamMs }: Journey): void {
  story.overheadMs = Math.max(0, rooms.clock.now() - story.arrivedAtMs - story.queueMs - upstreamMs);
}
