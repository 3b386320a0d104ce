/** What the input of a request would weigh on a model: the estimate that calls are admitted by, without a call. */

import { estimateTokens } from '../tokens/estimate.ts';
import type { Rooms } from './rooms.ts';

/** Undefined: no such model. */
export function countTokens(
  { calibration, snapshot }: Pick<Rooms, 'calibration' | 'snapshot'>,
  model: string,
  { key, body }: { readonly key: string; readonly body: Uint8Array },
): number | undefined {
  const first = snapshot().catalog.resolve(model)?.channels[0];
  if (first === undefined) return undefined;
  const rawInputTokens = estimateTokens(body);
  return calibration.estimate(first.upstreamModel, { key, rawInputTokens, maxOutputTokens: 1 }).inputTokens;
}
