/**
 * Client keys in the database: made, changed, given new words, revoked. Whoever calls has counted up the revision of `keys`
 * within the same transaction, so that changes come one after the other. The words of a key are 256 random bits, told
 * once and kept as their SHA-256 alone; a key that was revoked stays as a row, for its id stands in entries.
 */

import { randomBytes } from 'node:crypto';
import type { Transaction } from 'kysely';
import type { ClientKeyRow, KeyHashRow, Tables } from '../storage/tables.ts';
import { hashOfKey } from './hash-of-key.ts';
import type { KeySettings } from './key-settings.ts';

const PREFIX = 'sk-sluice-';
/** Of a key, for people to know it by: 24 of its 256 bits. */
const SHOWN = PREFIX.length + 4;

export type NewKey = {
  readonly id: string;
  readonly tenant: string;
  readonly project: string | null;
  readonly label: string;
  readonly expiresMs: number | null;
  readonly settings: KeySettings;
};

export type Change = {
  /** Of the revision that the change is part of. */
  readonly revision: number;
  readonly nowMs: number;
};

export type MadeKey = {
  readonly row: ClientKeyRow;
  readonly hashes: readonly KeyHashRow[];
  /** What the client sends: known here and now, and never again. */
  readonly words: string;
};

type Writing = Transaction<Tables>;

/** Undefined: the id is taken. */
export async function createKey(
  transaction: Writing,
  { expiresMs, settings, ...rest }: NewKey,
  { revision, nowMs }: Change,
): Promise<MadeKey | undefined> {
  const row: ClientKeyRow = {
    ...rest,
    state: 'active',
    expires_ms: expiresMs,
    settings: JSON.stringify(settings),
    ...{ version: 1, revision, created_ms: nowMs, updated_ms: nowMs },
  };
  const made = await transaction
    .insertInto('client_keys')
    .values(row)
    .onConflict((conflict) => conflict.column('id').doNothing())
    .executeTakeFirst();
  if (Number(made.numInsertedOrUpdatedRows ?? 0) === 0) return undefined;
  const { words, hash } = await addWords(transaction, row.id, nowMs);
  return { row, hashes: [hash], words };
}

type Edit = Change & {
  /** The version that was read. */
  readonly version: number;
  readonly set: Partial<Pick<ClientKeyRow, 'project' | 'label' | 'expires_ms' | 'settings' | 'state'>>;
};

/** Undefined: it has another version by now. */
export const editKey = (
  transaction: Writing,
  id: string,
  { set, version, revision, nowMs }: Edit,
): Promise<ClientKeyRow | undefined> =>
  transaction
    .updateTable('client_keys')
    .set({ ...set, version: version + 1, revision, updated_ms: nowMs })
    .where('id', '=', id)
    .where('version', '=', version)
    .returningAll()
    .executeTakeFirst();

/** New words; the old ones are good until then, unless they end sooner. Those that ended are forgotten. */
export async function rotateKey(
  transaction: Writing,
  id: string,
  { oldEndMs, nowMs }: { readonly oldEndMs: number; readonly nowMs: number },
): Promise<{ readonly words: string }> {
  await transaction.deleteFrom('key_hashes').where('key', '=', id).where('ends_ms', '<=', nowMs).execute();
  await transaction
    .updateTable('key_hashes')
    .set({ ends_ms: oldEndMs })
    .where('key', '=', id)
    .where((where) => where.or([where('ends_ms', 'is', null), where('ends_ms', '>', oldEndMs)]))
    .execute();
  const { words } = await addWords(transaction, id, nowMs);
  return { words };
}

async function addWords(
  transaction: Writing,
  key: string,
  nowMs: number,
): Promise<{ readonly words: string; readonly hash: KeyHashRow }> {
  const words = PREFIX + randomBytes(32).toString('base64url');
  const hash: KeyHashRow = {
    hash: hashOfKey(words),
    key,
    prefix: words.slice(0, SHOWN),
    created_ms: nowMs,
    ends_ms: null,
  };
  await transaction.insertInto('key_hashes').values(hash).execute();
  return { words, hash };
}
