/** Rows of accounts, models and channels as the database would give them, for tests that need none. */

import type { StoredAccount, StoredChannel, StoredModel } from '../config/stored/rows.ts';
import { boundTo, hintOf } from '../config/stored/secrets.ts';
import type { Sealing } from '../storage/sealing.ts';

const EDITED = { version: 1, createdMs: 0, updatedMs: 0 } as const;

export const storedModel = (name: string, settings: StoredModel['settings'] = {}): StoredModel => ({
  ...EDITED,
  name,
  settings,
});

export const storedChannel = (
  id: string,
  state: StoredChannel['state'],
  settings: StoredChannel['settings'] = {},
): StoredChannel => ({ ...EDITED, id, state, settings });

/** `secrets` are sealed by the given key; without one there are none. */
export function storedAccount(
  account: Pick<StoredAccount, 'id' | 'provider' | 'settings'>,
  secrets: readonly string[] = [],
  sealing?: Sealing,
): StoredAccount {
  return {
    ...EDITED,
    ...account,
    secrets: secrets.map((secret, i) => ({
      id: `s${i + 1}`,
      sealed: sealing?.seal(secret, boundTo(account)) ?? '',
      hint: hintOf(secret),
      createdMs: i,
    })),
  };
}
