/** The master key, by which secrets are sealed in the database: of the environment alone, so that no copy of anything has both. */

import type { Environment } from '../config/interpolate.ts';
import { requireStrong } from '../config/weak-secret.ts';
import { createSealing, formerKeys, type Sealing } from '../storage/sealing.ts';

export const MASTER_KEY_VARIABLE = 'SLUICE_MASTER_KEY';
/** Keys by which secrets may be sealed, too, and are only opened. */
export const FORMER_KEYS_VARIABLE = 'SLUICE_MASTER_KEY_OLD';

/** Undefined: there is none. Throws on one that could be guessed. */
export function masterSealing(env: Environment): Sealing | undefined {
  const master = env[MASTER_KEY_VARIABLE];
  if (master === undefined || master === '') return undefined;
  requireStrong(MASTER_KEY_VARIABLE, master);
  return createSealing(master, formerKeys(env[FORMER_KEYS_VARIABLE]));
}
