/** Benches of hours and days, and what is switched off, kept in a file across restarts. Holds no secret. */

import { join } from 'node:path';
import { z } from 'zod';
import { FAILURES, type FailureKind } from '../domain/failure.ts';
import type { KeptBench } from '../routing/health.ts';
import { keptFile } from './kept-file.ts';

const kinds = Object.keys(FAILURES) as [FailureKind, ...FailureKind[]];
const moment = z.number().min(0).max(8.64e15);
const bench = z.object({
  what: z.string().min(1),
  kind: z.enum(kinds),
  sinceMs: moment,
  untilMs: moment.nullable(),
  account: z.string(),
  fingerprint: z.string(),
});
const file = z.object({ version: z.literal(1), benches: z.array(bench) });

export type BenchesFile = { load(): readonly KeptBench[]; save(benches: readonly KeptBench[]): void };

export function benchesFile(dataDir: string, warn: (reason: string) => void): BenchesFile {
  const kept = keptFile(join(dataDir, 'benches.json'), {
    schema: file,
    empty: { version: 1, benches: [] },
    lost: 'what was benched or switched off is tried again',
    warn,
  });
  return {
    load: () => kept.load().benches,
    save: (benches) => kept.save({ version: 1, benches: [...benches] }),
  };
}
