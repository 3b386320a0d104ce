/** How an answer that broke off finds another channel that goes on. */

import type { SoFar } from './continuation.ts';
import { estimatedUsage } from './estimated-usage.ts';
import type { Journey } from './journey.ts';
import { nextAnswer } from './next-answer.ts';
import type { ReplySource } from './reply.ts';
import { ResumedAnswer } from './resumed-answer.ts';

/** The same, where its model is not to be resumed. */
export function resumable(journey: Journey, source: ReplySource): ReplySource {
  const { answer, dialect } = source;
  const { streamWriter } = dialect;
  if (journey.story.resumed === undefined || answer.rest === undefined || streamWriter === undefined)
    return source;
  const resumed = new ResumedAnswer(source, {
    dialect: { streamWriter },
    model: journey.model.name,
    goOn: (soFar, from) => goOn(journey, from, soFar),
    // What a part that broke off told of its use, it told too early.
    usageOf: (part, output) => estimatedUsage(journey, part.channel, { output }),
    seam(from, to, { kind }) {
      journey.story.resumed?.push({ from: from.channel.id, to: to.channel.id, reason: kind });
    },
  });
  return {
    ...source,
    get watch() {
      return resumed.watch;
    },
    answer: { ...answer, first: resumed.first, rest: { body: resumed, reader: resumed } },
  };
}

/** Longer than this the client is not left without a word of what happened. */
const PATIENCE_MS = 10_000;

/** Another attempt on a channel that can continue a beginning, the one that broke off last of all. */
async function goOn(journey: Journey, from: ReplySource, soFar: SoFar): Promise<ReplySource | undefined> {
  const { rooms, model, left } = journey;
  const told = journey.story.attempts.at(-1);
  if (told !== undefined) told.failure ??= 'stream_died';
  const able = model.channels.filter(
    (channel) => rooms.providerOf(channel).continues?.[from.dialect.id] !== undefined,
  );
  if (able.length === 0) return undefined;
  const others = able.filter(({ id }) => id !== from.channel.id);
  const may = others.length > 0 ? others : able;
  left.clear();
  for (const channel of model.channels) if (!may.includes(channel)) left.add(channel.id);
  journey.hurry(PATIENCE_MS);
  journey.returns = true;
  try {
    return await nextAnswer(journey, soFar);
  } catch {
    // The client is told of the death itself.
    return undefined;
  }
}
