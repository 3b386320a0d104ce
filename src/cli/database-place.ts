/** Which database is meant: what the command line says, else the file, else the environment, else a file of its own. */

import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import type { Environment } from '../config/interpolate.ts';
import { type DatabasePlace, PLACE_FORMS, placeOf } from '../storage/place.ts';

export function databasePlace(
  config: Pick<Config, 'dataDir'> & { readonly storage: Pick<Config['storage'], 'place'> },
  env: Environment,
  flag?: string,
): DatabasePlace {
  if (flag !== undefined) return read(flag, '--database');
  if (config.storage.place !== undefined) return config.storage.place;
  const fromEnvironment = env['DATABASE_URL']?.trim() ?? '';
  if (fromEnvironment !== '') return read(fromEnvironment, 'DATABASE_URL');
  return { kind: 'sqlite', path: join(config.dataDir, 'sluice.db') };
}

/** What was given is not shown: it may hold a password. */
function read(text: string, name: string): DatabasePlace {
  const place = placeOf(text);
  if (place === undefined) throw new Error(`${name}: expected ${PLACE_FORMS.join(' or ')}`);
  return place;
}
