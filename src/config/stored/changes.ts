/**
 * Changes of accounts, models and channels in the database, each a few statements within the caller's transaction. What
 * a change depends on stands in its own condition, so that of two at once one finds nothing to change and is told so.
 */

import type { JsonObject } from '../../base/json.ts';
import type { ChannelState } from '../../domain/channel.ts';
import type { Queries } from '../../storage/database.ts';
import { readChannel, type StoredAccount, type StoredSecret } from './rows.ts';
import { keepsSecrets } from './secrets.ts';

/** `nowMs`: clock time. */
export type At = { readonly nowMs: number };

const whole = (ms: number): number => Math.floor(ms);

/** False: there is one of this id. */
export async function insertAccount(
  queries: Queries,
  { id, provider, settings }: Pick<StoredAccount, 'id' | 'provider' | 'settings'>,
  { nowMs }: At,
): Promise<boolean> {
  const result = await queries
    .insertInto('accounts')
    .values({ id, provider, settings: JSON.stringify(settings), ...born(nowMs) })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .executeTakeFirst();
  return Number(result.numInsertedOrUpdatedRows) > 0;
}

/**
 * Puts an account in the place of the one that was read, and takes its secrets away where they were for another address.
 * Undefined: it was changed or removed since; else how many secrets are gone.
 */
export async function updateAccount(
  queries: Queries,
  {
    before,
    after,
  }: { readonly before: StoredAccount; readonly after: Pick<StoredAccount, 'provider' | 'settings'> },
  { nowMs }: At,
): Promise<{ readonly cleared: number } | undefined> {
  const { id, version } = before;
  const result = await queries
    .updateTable('accounts')
    .set({ provider: after.provider, settings: JSON.stringify(after.settings), ...changed(version, nowMs) })
    .where('id', '=', id)
    .where('version', '=', version)
    .executeTakeFirst();
  if (Number(result.numUpdatedRows) === 0) return undefined;
  if (keepsSecrets(before, { id, ...after })) return { cleared: 0 };
  const cleared = await queries.deleteFrom('account_secrets').where('account', '=', id).executeTakeFirst();
  return { cleared: Number(cleared.numDeletedRows) };
}

/** With its secrets, and with what was said of its channels. False: it was changed or removed since it was read. */
export async function deleteAccount(
  queries: Queries,
  { id, version }: Pick<StoredAccount, 'id' | 'version'>,
): Promise<boolean> {
  const result = await queries
    .deleteFrom('accounts')
    .where('id', '=', id)
    .where('version', '=', version)
    .executeTakeFirst();
  if (Number(result.numDeletedRows) === 0) return false;
  await queries.deleteFrom('account_secrets').where('account', '=', id).execute();
  const channels = await queries.selectFrom('channels').select('id').execute();
  const own = channels.map((channel) => channel.id).filter((channel) => channel.startsWith(`${id}/`));
  if (own.length > 0) await queries.deleteFrom('channels').where('id', 'in', own).execute();
  return true;
}

/** The account counts as changed: its address cannot change meanwhile. False: it did before. */
export async function insertSecret(
  queries: Queries,
  { account, secret }: { readonly account: StoredAccount; readonly secret: Omit<StoredSecret, 'createdMs'> },
  { nowMs }: At,
): Promise<boolean> {
  if (!(await touch(queries, account, nowMs))) return false;
  await queries
    .insertInto('account_secrets')
    .values({ ...secret, account: account.id, created_ms: whole(nowMs) })
    .execute();
  return true;
}

/** False: there is no such secret of that account, any more. */
export async function deleteSecret(
  queries: Queries,
  { account, secret }: { readonly account: string; readonly secret: string },
  { nowMs }: At,
): Promise<boolean> {
  const result = await queries
    .deleteFrom('account_secrets')
    .where('id', '=', secret)
    .where('account', '=', account)
    .executeTakeFirst();
  if (Number(result.numDeletedRows) === 0) return false;
  await queries
    .updateTable('accounts')
    .set((row) => ({ version: row('version', '+', 1), updated_ms: whole(nowMs) }))
    .where('id', '=', account)
    .execute();
  return true;
}

async function touch(queries: Queries, { id, version }: StoredAccount, nowMs: number): Promise<boolean> {
  const result = await queries
    .updateTable('accounts')
    .set(changed(version, nowMs))
    .where('id', '=', id)
    .where('version', '=', version)
    .executeTakeFirst();
  return Number(result.numUpdatedRows) > 0;
}

/** Sealed by another key, as long as nobody has changed or removed it. */
export async function resealSecret(
  queries: Queries,
  { id, was, sealed }: { readonly id: string; readonly was: string; readonly sealed: string },
): Promise<void> {
  await queries
    .updateTable('account_secrets')
    .set({ sealed })
    .where('id', '=', id)
    .where('sealed', '=', was)
    .execute();
}

/** `version`: of what it replaces; undefined: it must be new. Undefined: it is not, or was changed or removed since. */
export async function putModel(
  queries: Queries,
  {
    name,
    settings,
    version,
  }: { readonly name: string; readonly settings: JsonObject; readonly version: number | undefined },
  { nowMs }: At,
): Promise<number | undefined> {
  if (version === undefined) {
    const result = await queries
      .insertInto('models')
      .values({ name, settings: JSON.stringify(settings), ...born(nowMs) })
      .onConflict((conflict) => conflict.column('name').doNothing())
      .executeTakeFirst();
    return Number(result.numInsertedOrUpdatedRows) > 0 ? 1 : undefined;
  }
  const result = await queries
    .updateTable('models')
    .set({ settings: JSON.stringify(settings), ...changed(version, nowMs) })
    .where('name', '=', name)
    .where('version', '=', version)
    .executeTakeFirst();
  return Number(result.numUpdatedRows) > 0 ? version + 1 : undefined;
}

export async function deleteModel(
  queries: Queries,
  { name, version }: { readonly name: string; readonly version: number },
): Promise<boolean> {
  const result = await queries
    .deleteFrom('models')
    .where('name', '=', name)
    .where('version', '=', version)
    .executeTakeFirst();
  return Number(result.numDeletedRows) > 0;
}

export type ChannelChange = {
  readonly id: string;
  readonly state?: ChannelState;
  /** From the settings that there are, those that there shall be; undefined: as they are. */
  readonly settings?: (before: JsonObject) => JsonObject;
  /** Only if it is the present one; 0: nothing has been said of the channel. */
  readonly version?: number;
};

const TRIES = 5;

/** Undefined: it is not at that version, or too many change it at once. Two who change different things both do. */
export async function changeChannel(
  queries: Queries,
  change: ChannelChange,
  { nowMs }: At,
): Promise<{ readonly version: number } | undefined> {
  const { id, state, settings = (before) => before } = change;
  for (let tried = 0; tried < TRIES; tried++) {
    const before = await readChannel(queries, id);
    const version = before?.version ?? 0;
    if (change.version !== undefined && change.version !== version) return undefined;
    const values = {
      state: state ?? before?.state ?? 'active',
      settings: JSON.stringify(settings(before?.settings ?? {})),
    };
    const changedRows =
      before === undefined
        ? (
            await queries
              .insertInto('channels')
              .values({ id, ...values, ...born(nowMs) })
              .onConflict((conflict) => conflict.column('id').doNothing())
              .executeTakeFirst()
          ).numInsertedOrUpdatedRows
        : (
            await queries
              .updateTable('channels')
              .set({ ...values, ...changed(version, nowMs) })
              .where('id', '=', id)
              .where('version', '=', version)
              .executeTakeFirst()
          ).numUpdatedRows;
    if (Number(changedRows) > 0) return { version: version + 1 };
  }
  return undefined;
}

const born = (nowMs: number) => ({ version: 1, created_ms: whole(nowMs), updated_ms: whole(nowMs) });
const changed = (version: number, nowMs: number) => ({ version: version + 1, updated_ms: whole(nowMs) });
