/**
 * What ids of objects are signed with, and thoughts sealed that clients carry: from the operator's master key, so that
 * several relays and a new disk give the same, else from a file made once. Without either those of an earlier run are void.
 */

import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { keyFor } from '../base/sealed-text.ts';
import type { Environment } from '../config/interpolate.ts';
import { requireStrong } from '../config/weak-secret.ts';

const FILE = 'id-secret';
const SECRET_BYTES = 32;

/**
 * Made or read when it is first asked for: who has no files needs none. Throws where `SLUICE_MASTER_KEY` could be guessed.
 * `warn`: the secret could not be kept.
 */
export function idSecretOf(
  dataDir: string,
  env: Environment,
  warn: (reason: string) => void,
): () => Uint8Array {
  const master = env['SLUICE_MASTER_KEY'];
  if (master === undefined || master === '') {
    let kept: Uint8Array | undefined;
    return () => {
      kept ??= keptSecret(join(dataDir, FILE), warn);
      return kept;
    };
  }
  requireStrong('SLUICE_MASTER_KEY', master);
  const secret = keyFor(master, 'sluice object ids');
  return () => secret;
}

function keptSecret(path: string, warn: (reason: string) => void): Uint8Array {
  const kept = read(path);
  if (kept !== undefined) return kept;
  const secret = randomBytes(SECRET_BYTES);
  try {
    mkdirSync(dirname(path), { recursive: true });
    // Two that start at once: the first one's counts for both.
    writeFileSync(path, `${secret.toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
    return secret;
  } catch (error) {
    const other = read(path);
    if (other !== undefined) return other;
    const reason = error instanceof Error ? error.message : String(error);
    warn(
      `${path} could not be used: ids of files and batches, and thoughts sealed for clients, hold until the next start (${reason})`,
    );
    return secret;
  }
}

function read(path: string): Uint8Array | undefined {
  try {
    const secret = Buffer.from(readFileSync(path, 'utf8').trim(), 'base64url');
    return secret.length === SECRET_BYTES ? secret : undefined;
  } catch {
    return undefined;
  }
}
