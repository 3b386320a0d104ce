/** Writes a call's story as one line of the log: what it waited for, what was tried and why, how it ended. */

import type { Logger } from '../base/log.ts';
import type { Story } from '../domain/story.ts';
import type { Usage } from '../domain/usage.ts';

export function logStory(log: Logger, story: Story): void {
  const failed = story.end !== 'complete';
  const line = {
    call: story.id,
    key: story.key,
    model: story.model,
    ...(story.servedModel === undefined || story.servedModel === story.model
      ? {}
      : { served: story.servedModel }),
    ...(story.servedChannel === undefined ? {} : { channel: story.servedChannel }),
    stream: story.stream,
    status: story.status,
    end: story.end,
    ...(story.failure === undefined ? {} : { failure: story.failure }),
    queueMs: round(story.queueMs),
    overheadMs: round(story.overheadMs),
    ...(story.firstContentMs === undefined ? {} : { firstContentMs: round(story.firstContentMs) }),
    durationMs: round(story.durationMs),
    ...(story.usage === undefined ? {} : { usage: usedOf(story.usage) }),
    ...(story.fallbacks.length === 0 ? {} : { fallbacks: story.fallbacks }),
    // One smooth attempt says nothing that is not above.
    ...(story.attempts.length === 1 && story.attempts[0]?.failure === undefined
      ? {}
      : { attempts: story.attempts }),
  };
  if (failed && story.end !== 'client_gone') log.warn(line, 'call');
  else log.info(line, 'call');
}

/** Without the amounts that are nothing. */
const usedOf = ({ input, cacheRead, cacheWrite, output, reasoning, source }: Usage) => ({
  input,
  ...(cacheRead === 0 ? {} : { cacheRead }),
  ...(cacheWrite === 0 ? {} : { cacheWrite }),
  output,
  ...(reasoning === 0 ? {} : { reasoning }),
  source,
});

const round = (ms: number): number => Math.round(ms * 100) / 100;
