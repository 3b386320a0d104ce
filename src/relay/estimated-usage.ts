/** What an answer took of a channel as far as we can tell: for upstreams that tell nothing, or broke off before. */

import type { Channel } from '../domain/channel.ts';
import type { Usage } from '../domain/usage.ts';
import type { Journey } from './journey.ts';

/** `output`: tokens delivered. `parts`: how often the question was sent, once for each part of the answer. */
export function estimatedUsage(
  { call, rooms, rawInputTokens }: Journey,
  { upstreamModel }: Channel,
  { output, parts = 1 }: { readonly output: number; readonly parts?: number },
): Usage {
  const { inputTokens } = rooms.calibration.estimate(upstreamModel, {
    key: call.key.id,
    rawInputTokens,
    maxOutputTokens: Infinity,
  });
  return {
    input: parts * inputTokens,
    cacheRead: 0,
    cacheWrite: 0,
    output: Math.ceil(output),
    reasoning: 0,
    source: 'estimated',
  };
}
