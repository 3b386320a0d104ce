/** What `sluice cost` reads: the shipped catalogue, the published limits, and the ledger where it is asked for. */

import { existsSync } from 'node:fs';
import { systemClock } from '../base/clock.ts';
import { createCatalogue } from '../catalog/catalogue.ts';
import { readShipped } from '../catalog/shipped.ts';
import { providers } from '../providers/index.ts';
import { openDatabase } from '../storage/open-database.ts';
import { shownPlace } from '../storage/place.ts';
import type { CostDoors } from './cost.ts';
import { databasePlace } from './database-place.ts';
import { findSettings } from './settings.ts';

export const costDoors = (): CostDoors => ({
  models: () => ({ catalogue: createCatalogue(readShipped), providers, nowMs: systemClock.now() }),
  ledger: {
    configOf: (file) => findSettings(file, process.env).config,
    async open(config, flag) {
      const place = databasePlace(config, process.env, flag);
      // Opening would make one.
      if (place.kind === 'sqlite' && !existsSync(place.path))
        throw new Error(
          `there is no ledger at ${shownPlace(place)}: name it with --database, or the --config of the relay`,
        );
      return await openDatabase(place);
    },
  },
  write: (text) => process.stdout.write(text),
});
