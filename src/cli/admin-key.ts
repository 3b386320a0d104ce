/**
 * The admin key of this machine: of the environment, of the configuration, or, where Sluice listens on this machine alone,
 * one made for it in a file that only its owner can read. Beyond this machine nobody administers with a key that nobody set.
 */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import type { Environment } from '../config/interpolate.ts';
import { requireStrong } from '../config/weak-secret.ts';
import { isLoopbackHost } from '../http/admin/hosts.ts';
import { readyMadeKey } from './settings.ts';

const FILE = 'admin-key';
export const ADMIN_KEY_VARIABLE = 'SLUICE_ADMIN_KEY';

export type AdminKey =
  | {
      readonly key: string;
      readonly from: 'set' | 'made' /** Variable, field or file. */;
      readonly path: string;
    }
  | { readonly off: string };

/** Throws on a key that could be guessed. `host`: where Sluice will listen. */
export function adminKeyOf(config: Config, env: Environment, host: string): AdminKey {
  const set = setKey(config, env);
  if (set !== undefined) {
    requireStrong(set.where, set.key);
    if (config.keys.some(({ key }) => key === set.key))
      throw new Error(
        `${set.where}: it is also the key of a client, who could then administer: choose another one`,
      );
    return { key: set.key, from: 'set', path: set.where };
  }
  if (!isLoopbackHost(host))
    return {
      off: `The admin API is off, for Sluice listens on ${host} and no admin key is set: set ${ADMIN_KEY_VARIABLE} (openssl rand -hex 32 makes one) and start again.`,
    };
  const path = join(config.dataDir, FILE);
  return { key: readyMadeKey(path, 'sluice-admin-'), from: 'made', path };
}

/** What a command on this machine has at hand, without making anything. */
export function adminKeyAtHand(config: Config, env: Environment): string | undefined {
  const path = join(config.dataDir, FILE);
  return setKey(config, env)?.key ?? (existsSync(path) ? readFileSync(path, 'utf8').trim() : undefined);
}

function setKey({ admin }: Config, env: Environment): { key: string; where: string } | undefined {
  const fromEnvironment = env[ADMIN_KEY_VARIABLE];
  if (fromEnvironment !== undefined && fromEnvironment !== '')
    return { key: fromEnvironment, where: ADMIN_KEY_VARIABLE };
  return admin.key === undefined ? undefined : { key: admin.key, where: 'admin.key' };
}
