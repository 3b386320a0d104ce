/**
 * The path of a call: acquire a permit, attempt, decide, until an answer has begun. Everything else is a room that it
 * visits. What is opened here is owned by the `Reply`, or has ended when this throws.
 */

import type { Place } from '../admission/queue.ts';
import type { Call } from '../domain/call.ts';
import { Failure } from '../domain/failure.ts';
import type { Story } from '../domain/story.ts';
import type { Usage } from '../domain/usage.ts';
import { hasLimits, holdAllowance } from './allowance.ts';
import { estimatedUsage } from './estimated-usage.ts';
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
    if (hasLimits(journey.call.key)) journey.allowance = await holdAllowance(journey);
    const source = await nextAnswer(journey);
    closeOverhead(journey);
    return new Reply(resumable(journey, source));
  } catch (error) {
    const failure = Failure.from(error);
    closeOverhead(journey);
    journey.allowance?.cancel();
    const isGone = failure.kind === 'client_gone';
    const usage = isGone ? askedInVain(journey) : undefined;
    // Its entry is in the journal already, and the client need not wait for more: nothing was served.
    void journey.record(
      {
        end: isGone ? 'client_gone' : 'failed',
        failure: failure.kind,
        status: failure.status,
        ...(usage === undefined ? {} : { usage }),
      },
      usage === undefined,
    );
    throw failure;
  }
}

/** What a provider was asked when the client left: it has read the question, whether it has begun to answer or not. */
function askedInVain(journey: Journey): Usage | undefined {
  const last = journey.story.attempts.at(-1);
  if (last?.failure !== 'client_gone') return undefined;
  const channel = journey.model.channels.find(({ id }) => id === last.channel);
  return channel && estimatedUsage(journey, channel, { output: 0 });
}

function closeOverhead({ story, rooms, upstreamMs }: Journey): void {
  story.overheadMs = Math.max(0, rooms.clock.now() - story.arrivedAtMs - story.queueMs - upstreamMs);
}
