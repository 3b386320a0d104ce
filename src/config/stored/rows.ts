/**
 * What the database says of accounts, models and channels, as it stands there: settings are plain data, as they would be
 * written in the file, and secrets are still sealed. Nothing is checked here; `merge.ts` does that with the file's checks.
 */

import { isJsonObject, type JsonObject, parseJson } from '../../base/json.ts';
import { CHANNEL_STATES, type ChannelState } from '../../domain/channel.ts';
import type { Queries } from '../../storage/database.ts';

type Edited = {
  /** Grows with each change. */
  readonly version: number;
  readonly createdMs: number;
  readonly updatedMs: number;
};

export type StoredSecret = {
  readonly id: string;
  readonly sealed: string;
  readonly hint: string;
  readonly createdMs: number;
};

export type StoredAccount = Edited & {
  readonly id: string;
  readonly provider: string;
  readonly settings: JsonObject;
  /** The oldest first. */
  readonly secrets: readonly StoredSecret[];
};

export type StoredModel = Edited & { readonly name: string; readonly settings: JsonObject };

export type StoredChannel = Edited & {
  readonly id: string;
  readonly state: ChannelState;
  readonly settings: JsonObject;
};

export type StoredRows = {
  readonly accounts: readonly StoredAccount[];
  readonly models: readonly StoredModel[];
  readonly channels: readonly StoredChannel[];
};

export const NOTHING_STORED: StoredRows = { accounts: [], models: [], channels: [] };

export async function readStored(queries: Queries): Promise<StoredRows> {
  const [accounts, secrets, models, channels] = await Promise.all([
    queries.selectFrom('accounts').selectAll().orderBy('id').execute(),
    queries.selectFrom('account_secrets').selectAll().orderBy('created_ms').orderBy('id').execute(),
    queries.selectFrom('models').selectAll().orderBy('name').execute(),
    queries.selectFrom('channels').selectAll().orderBy('id').execute(),
  ]);
  const secretsOf = Map.groupBy(secrets, ({ account }) => account);
  return {
    accounts: accounts.map(({ id, provider, ...row }) => ({
      ...edited(row),
      id,
      provider,
      settings: settingsOf(row),
      secrets: (secretsOf.get(id) ?? []).map((secret) => ({
        id: secret.id,
        sealed: secret.sealed,
        hint: secret.hint,
        createdMs: secret.created_ms,
      })),
    })),
    models: models.map(({ name, ...row }) => ({ ...edited(row), name, settings: settingsOf(row) })),
    channels: channels.map(({ id, state, ...row }) => ({
      ...edited(row),
      id,
      // A state that a later version knows keeps the channel from calls rather than not.
      state: CHANNEL_STATES.find((each) => each === state) ?? 'paused',
      settings: settingsOf(row),
    })),
  };
}

type EditedRow = {
  readonly version: number;
  readonly created_ms: number;
  readonly updated_ms: number;
  readonly settings: string;
};

const edited = ({ version, created_ms, updated_ms }: EditedRow): Edited => ({
  version,
  createdMs: created_ms,
  updatedMs: updated_ms,
});

/** What is no object says nothing, and the checks then tell what is missing. */
function settingsOf({ settings }: Pick<EditedRow, 'settings'>): JsonObject {
  const value = parseJson(settings);
  return isJsonObject(value) ? value : {};
}
