/** `storage:` of the file: where the ledger, keys, accounts and prices are kept. */

import { type DatabasePlace, PLACE_FORMS } from '../storage/place.ts';
import { databaseUrl, section } from './fields.ts';

export const storageSection = () =>
  section({
    url: databaseUrl()
      .optional()
      .describe(
        `Where the database is: \`${PLACE_FORMS.join('`, or `')}\`. Not given: the variable \`DATABASE_URL\`, and without ` +
          'it SQLite in `sluice.db` of `data_dir`. A change takes a restart.',
      ),
  });

export type StorageConfig = {
  /** Undefined: what the environment says, else a file in the data folder. */
  readonly place?: DatabasePlace;
};

export const storageOf = ({ url }: { readonly url?: DatabasePlace | undefined }): StorageConfig =>
  url === undefined ? {} : { place: url };
