/**
 * What was learned of the providers' limits, kept in a file so that a restart need not learn it anew. It is only ever
 * a help: a file that cannot be read or written costs a warning, never the start.
 */

import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { Memories } from '../admission/limiter.ts';

const FILE = 'learned.json';

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

export type LearnedFile = {
  /** Nothing where there is no such file, or none that can be read: `warn` is then told why. */
  load(): Memories;
  save(memories: Memories): void;
};

export function learnedFile(dataDir: string, warn: (reason: string) => void): LearnedFile {
  const path = join(dataDir, FILE);
  return {
    load() {
      let text: string;
      try {
        text = readFileSync(path, 'utf8');
      } catch (error) {
        if (!isMissing(error)) warn(`${path} could not be read: ${messageOf(error)}`);
        return {};
      }
      try {
        return file.parse(JSON.parse(text)).lanes;
      } catch {
        warn(`${path} is not what this version wrote: limits are learned anew`);
        return {};
      }
    },
    save(memories) {
      try {
        mkdirSync(dirname(path), { recursive: true });
        // Never half a file, whenever the process ends.
        writeFileSync(`${path}.new`, JSON.stringify({ version: 1, lanes: memories }));
        renameSync(`${path}.new`, path);
      } catch (error) {
        warn(`${path} could not be written: ${messageOf(error)}`);
      }
    },
  };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT';
