/** `ledger:` of the file and `storage.retention`: how entries are kept on their way into the database, and how long there. */

import { durationOrOff, section, size } from './fields.ts';

const DAY_MS = 86_400_000;

export const ledgerSection = () =>
  section({
    spill_limit: size()
      .prefault('1gb')
      .describe(
        'Room below `data_dir` for the entries of calls that the database has not taken yet. When it is used up, new calls ' +
          'are refused with `ledger_full` rather than served and not counted.',
      ),
  });

export const retentionSection = () =>
  section({
    entries: durationOrOff(DAY_MS)
      .prefault('400d')
      .describe(
        'Entries of calls, by whole days. Wallets keep their balance: what was charged is carried over.',
      ),
    stories: durationOrOff(DAY_MS)
      .prefault('30d')
      .describe('Why a call waited and what was tried: attempts, waits and fallbacks of each call.'),
    minutes: durationOrOff(DAY_MS)
      .prefault('7d')
      .describe('Sums by the minute, for reports; those by the day are kept.'),
  });

/** Undefined: for ever. */
export type RetentionConfig = {
  readonly entriesMs?: number;
  readonly storiesMs?: number;
  readonly minutesMs?: number;
};

type Kept = number | 'off';

export const retentionOf = (values: {
  readonly entries: Kept;
  readonly stories: Kept;
  readonly minutes: Kept;
}): RetentionConfig => ({
  ...(values.entries === 'off' ? {} : { entriesMs: values.entries }),
  ...(values.stories === 'off' ? {} : { storiesMs: values.stories }),
  ...(values.minutes === 'off' ? {} : { minutesMs: values.minutes }),
});
