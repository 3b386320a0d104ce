/**
 * What the database says of accounts, models and channels, as it stands there: settings are plain data, as they would be
 * written in the file, and secrets are still sealed. Nothing is checked here; `merge.ts` does that with the file's checks.
 */

import { isJsonObject, type JsonObject, parseJson } from '../../base/json.ts';
import { CHANNEL_STATES, type ChannelState } from '../../domain/channel.ts';
import type { Queries } from '../../storage/database.ts';
import type { AccountRow, AccountSecretRow, ChannelRow, ModelRow } from '../../storage/tables.ts';

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

/** A change between two of its questions counts up the revision, and everything is read once more. */
export async function readStored(queries: Queries): Promise<StoredRows> {
  const [accounts, secrets, models, channels] = await Promise.all([
    queries.selectFrom('accounts').selectAll().orderBy('id').execute(),
    queries.selectFrom('account_secrets').selectAll().orderBy('created_ms').orderBy('id').execute(),
    queries.selectFrom('models').selectAll().orderBy('name').execute(),
    queries.selectFrom('channels').selectAll().orderBy('id').execute(),
  ]);
  const secretsOf = Map.groupBy(secrets, ({ account }) => account);
  return {
    accounts: accounts.map((row) => accountOf(row, secretsOf.get(row.id) ?? [])),
    models: models.map(modelOf),
    channels: channels.map(channelOf),
  };
}

export async function readAccount(queries: Queries, id: string): Promise<StoredAccount | undefined> {
  const row = await queries.selectFrom('accounts').selectAll().where('id', '=', id).executeTakeFirst();
  if (row === undefined) return undefined;
  const secrets = queries.selectFrom('account_secrets').selectAll().where('account', '=', id);
  return accountOf(row, await secrets.orderBy('created_ms').orderBy('id').execute());
}

export async function readModel(queries: Queries, name: string): Promise<StoredModel | undefined> {
  const row = await queries.selectFrom('models').selectAll().where('name', '=', name).executeTakeFirst();
  return row && modelOf(row);
}

export async function readChannel(queries: Queries, id: string): Promise<StoredChannel | undefined> {
  const row = await queries.selectFrom('channels').selectAll().where('id', '=', id).executeTakeFirst();
  return row && channelOf(row);
}

const accountOf = (row: AccountRow, secrets: readonly AccountSecretRow[]): StoredAccount => ({
  ...edited(row),
  id: row.id,
  provider: row.provider,
  settings: settingsOf(row),
  secrets: secrets.map(({ id, sealed, hint, created_ms }) => ({ id, sealed, hint, createdMs: created_ms })),
});

const modelOf = (row: ModelRow): StoredModel => ({
  ...edited(row),
  name: row.name,
  settings: settingsOf(row),
});

const channelOf = (row: ChannelRow): StoredChannel => ({
  ...edited(row),
  id: row.id,
  // A state that a later version knows keeps the channel from calls rather than not.
  state: CHANNEL_STATES.find((each) => each === row.state) ?? 'paused',
  settings: settingsOf(row),
});

type EditedRow = Pick<AccountRow, 'version' | 'created_ms' | 'updated_ms' | 'settings'>;

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
