/** Writes a call's story as one line of the log: what it waited for, what was tried and why, how it ended. */

import type { Logger } from '../base/log.ts';
import type { PassStory } from '../domain/pass-story.ts';
import type { Story } from '../domain/story.ts';
import type { Usage } from '../domain/usage.ts';

export function logStory(log: Logger, story: Story): void {
  // Built field by field, for it is built for every call.
  const line: Record<string, unknown> = { call: story.id, key: story.key, model: story.model };
  if (story.servedModel !== undefined && story.servedModel !== story.model)
    line['served'] = story.servedModel;
  if (story.servedChannel !== undefined) line['channel'] = story.servedChannel;
  line['stream'] = story.stream;
  line['status'] = story.status;
  line['end'] = story.end;
  if (story.failure !== undefined) line['failure'] = story.failure;
  line['queueMs'] = round(story.queueMs);
  line['overheadMs'] = round(story.overheadMs);
  if (story.firstContentMs !== undefined) line['firstContentMs'] = round(story.firstContentMs);
  line['durationMs'] = round(story.durationMs);
  if (story.usage !== undefined) line['usage'] = usedOf(story.usage);
  if (story.resumed !== undefined && story.resumed.length > 0) line['resumed'] = story.resumed;
  if (story.fallbacks.length > 0) line['fallbacks'] = story.fallbacks;
  // One smooth attempt says nothing that is not above.
  if (story.attempts.length !== 1 || story.attempts[0]?.failure !== undefined)
    line['attempts'] = story.attempts.map(({ queueMs, startedAtMs, headMs, ...rest }) => ({
      ...rest,
      queueMs: round(queueMs),
      startedAtMs: Math.round(startedAtMs),
      ...(headMs === undefined ? {} : { headMs: round(headMs) }),
    }));
  if (story.end !== 'complete' && story.end !== 'client_gone') log.warn(line, 'call');
  else log.info(line, 'call');
}

/** One line for a call that was passed through. */
export function logPass(log: Logger, { arrivedAtMs, durationMs, id, ...told }: PassStory): void {
  const line = { call: id, ...told, durationMs: round(durationMs) };
  if (told.end === 'failed') log.warn(line, 'passed');
  else log.info(line, 'passed');
}

/** Without the amounts that are nothing. */
function usedOf({ input, cacheRead, cacheWrite, output, reasoning, source }: Usage): Record<string, unknown> {
  const used: Record<string, unknown> = { input };
  if (cacheRead > 0) used['cacheRead'] = cacheRead;
  if (cacheWrite > 0) used['cacheWrite'] = cacheWrite;
  used['output'] = output;
  if (reasoning > 0) used['reasoning'] = reasoning;
  used['source'] = source;
  return used;
}

const round = (ms: number): number => Math.round(ms * 100) / 100;
