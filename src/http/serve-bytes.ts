/**
 * Passes an answer on that is neither JSON nor events, such as sound: under the provider's content type, piece by piece as
 * it comes, with back-pressure. Nothing may be written between the pieces, and only a torn connection tells of a bad end.
 */

import { Failure } from '../domain/failure.ts';
import type { Reply } from '../relay/reply.ts';
import { type Outlet, storyHeaders } from './exchange.ts';

/** The reply is the caller's to close. Never throws once the head is written. */
export async function serveBytes(outlet: Outlet, reply: Reply): Promise<void> {
  const { response } = outlet;
  if (response.destroyed) return reply.clientLeft();
  outlet.openStream({ ...storyHeaders(reply.journey.story), 'content-type': reply.contentType ?? '' });
  try {
    for (let chunks = await reply.next(); chunks !== undefined; chunks = await reply.next()) {
      for (const { frame } of chunks) if (!response.write(frame)) await outlet.drained();
      if (response.destroyed) return reply.clientLeft();
    }
    const settled = reply.settle();
    if (settled !== undefined) await settled;
    response.end();
  } catch (error) {
    const failure = Failure.from(error);
    if (failure.kind !== 'client_gone') await reply.settle(failure);
    // What it was stands in the story.
    outlet.tear();
  }
}
