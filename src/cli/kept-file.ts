/**
 * A file of what an earlier run had found out, so that a restart need not find it out again. It is only ever a help: one
 * that cannot be read or written costs a warning, never the start.
 */

import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { z } from 'zod';

export type KeptFile<T> = {
  /** `empty` where there is no such file, or none that can be read: `warn` is then told why. */
  load(): T;
  save(value: T): void;
};

export function keptFile<T>(
  path: string,
  options: {
    readonly schema: z.ZodType<T>;
    readonly empty: T;
    /** What follows for people from a file that this version did not write. */
    readonly lost: string;
    readonly warn: (reason: string) => void;
  },
): KeptFile<T> {
  const { schema, empty, lost, warn } = options;
  return {
    load() {
      let text: string;
      try {
        text = readFileSync(path, 'utf8');
      } catch (error) {
        if (!isMissing(error)) warn(`${path} could not be read: ${messageOf(error)}`);
        return empty;
      }
      try {
        return schema.parse(JSON.parse(text));
      } catch {
        warn(`${path} is not what this version wrote: ${lost}`);
        return empty;
      }
    },
    save(value) {
      try {
        mkdirSync(dirname(path), { recursive: true });
        // Never half a file, whenever the process ends.
        writeFileSync(`${path}.new`, JSON.stringify(value), { mode: 0o600 });
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
