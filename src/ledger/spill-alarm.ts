/** Says early, and not at every call, that the room for entries that the database does not take is being used up. */

import type { Logger } from '../base/log.ts';
import type { WriterState } from './writer.ts';

export type SpillAlarm = { look(state: WriterState): void };

/** Shares of the room at which there is something to say. */
const STEPS = [0.25, 0.5, 0.75, 0.9, 1] as const;

export function createSpillAlarm({
  log,
  spillBytes,
}: {
  readonly log: Pick<Logger, 'warn' | 'error' | 'info'>;
  readonly spillBytes: () => number;
}): SpillAlarm {
  let told = 0;
  return {
    look({ journalBytes, pending, away }) {
      const share = journalBytes / spillBytes();
      const steps = STEPS.filter((step) => share >= step).length;
      if (steps <= told) {
        // Only well below the last step: a share that trembles around one says the same once.
        if (share < (STEPS[told - 1] ?? 0) / 2) told = steps;
        return;
      }
      told = steps;
      const fields = { share: Math.round(share * 100) / 100, journalBytes, pending, reason: away?.reason };
      if (share >= 1) log.error(fields, 'ledger: no room for more entries, new calls are refused');
      else log.warn(fields, 'ledger: entries pile up that the database has not taken');
    },
  };
}
