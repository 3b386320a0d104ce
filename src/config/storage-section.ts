/** `storage:` of the file: where the ledger, keys, accounts and prices are kept. */

import { type DatabasePlace, PLACE_FORMS } from '../storage/place.ts';
import { databaseUrl, section } from './fields.ts';
import { type RetentionConfig, retentionOf, retentionSection } from './ledger-section.ts';

export const storageSection = () =>
  section({
    url: databaseUrl()
      .optional()
      .describe(
        `Where the database is: \`${PLACE_FORMS.join('`, or `')}\`. Not given: the variable \`DATABASE_URL\`, and without ` +
          'it SQLite in `sluice.db` of `data_dir`. A change takes a restart.',
      ),
    retention: retentionSection()
      .prefault({})
      .describe('For how long what is told of calls is kept; `off`: for ever.'),
  });

export type StorageConfig = {
  /** Undefined: what the environment says, else a file in the data folder. */
  readonly place?: DatabasePlace;
  readonly retention: RetentionConfig;
};

export const storageOf = ({
  url,
  retention,
}: {
  readonly url?: DatabasePlace | undefined;
  readonly retention: Parameters<typeof retentionOf>[0];
}): StorageConfig => ({
  ...(url === undefined ? {} : { place: url }),
  retention: retentionOf(retention),
});
