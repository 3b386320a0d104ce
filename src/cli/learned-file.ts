/** What was learned of the providers' limits, kept in a file across restarts. */

import { join } from 'node:path';
import { z } from 'zod';
import type { Memories } from '../admission/limiter.ts';
import { keptFile } from './kept-file.ts';

const finite = z.number().refine(Number.isFinite);
/** What a date can say. */
const LAST_MS = 8.64e15;
const cut = z.object({ atMs: finite.min(0).max(LAST_MS), share: finite.min(0.01).max(1) });
const memory = z.object({
  ramp: z
    .object({
      growth: finite.min(1).max(10),
      floor: finite.min(0).max(1),
      from: z.object({ growth: finite.positive(), floor: finite.min(0).max(1) }),
    })
    .exactOptional(),
  boundMs: finite.min(0).max(10_000),
  boundGuardMs: finite.min(-1_000).max(400),
  minuteGuardMs: finite.min(0).max(3_000),
  secondMargin: finite.min(0).max(0.9),
  landingFactor: finite.min(0).max(100),
  prepaid: z.boolean(),
  requests: cut.exactOptional(),
  tokens: cut.exactOptional(),
});
const file = z.object({ version: z.literal(1), lanes: z.record(z.string(), memory) });

export type LearnedFile = { load(): Memories; save(memories: Memories): void };

export function learnedFile(dataDir: string, warn: (reason: string) => void): LearnedFile {
  const kept = keptFile(join(dataDir, 'learned.json'), {
    schema: file,
    empty: { version: 1, lanes: {} },
    lost: 'limits are learned anew',
    warn,
  });
  return { load: () => kept.load().lanes, save: (lanes) => kept.save({ version: 1, lanes }) };
}
