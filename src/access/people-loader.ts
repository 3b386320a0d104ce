/**
 * Brings keys, tenants and projects of the database into memory: all of them once, in pages that leave time for calls, and
 * from then on only the rows that have changed since. What was loaded stays when the database goes away.
 */

import type { Database, Queries } from '../storage/database.ts';
import type { KeyHashRow } from '../storage/tables.ts';
import type { Access } from './access.ts';
import type { StoredChange, StoredKey } from './key-book.ts';
import { projectOf, storedKeyOf, tenantOf } from './people-rows.ts';

/** Rows are made into objects in one go: a few milliseconds. */
const PAGE = 1_000;

/** For `follow` of the revisions of `keys`: called with the one that is to be in memory when it is done. */
export function createPeopleLoader(
  { query }: Pick<Database, 'query'>,
  access: Pick<Access, 'useStored'>,
): (revision: number) => Promise<void> {
  let seen: number | undefined;
  return async (revision) => {
    // A database that was put back to an earlier state is another one.
    const since = seen === undefined || revision < seen ? undefined : seen;
    access.useStored(await changesSince(query, since));
    seen = revision;
  };
}

/** Undefined: all. */
async function changesSince(query: Queries, since: number | undefined): Promise<StoredChange> {
  const newer = since ?? -1;
  const tenants = await query.selectFrom('tenants').selectAll().where('revision', '>', newer).execute();
  const projects = await query.selectFrom('projects').selectAll().where('revision', '>', newer).execute();
  const keys: StoredKey[] = [];
  for (let last = ''; ; ) {
    let rows = query.selectFrom('client_keys').selectAll().where('id', '>', last);
    rows = since === undefined ? rows.where('state', '=', 'active') : rows.where('revision', '>', since);
    const found = await rows.orderBy('id').limit(PAGE).execute();
    const hashes = await hashesOf(
      query,
      found.map(({ id }) => id),
    );
    for (const row of found) keys.push(storedKeyOf(row, hashes.get(row.id) ?? []));
    last = found.at(-1)?.id ?? '';
    if (found.length < PAGE) break;
  }
  return {
    whole: since === undefined,
    keys,
    tenants: tenants.map(tenantOf),
    projects: projects.map(projectOf),
  };
}

export async function hashesOf(query: Queries, keys: readonly string[]): Promise<Map<string, KeyHashRow[]>> {
  const byKey = new Map<string, KeyHashRow[]>();
  if (keys.length === 0) return byKey;
  const rows = await query
    .selectFrom('key_hashes')
    .selectAll()
    .where('key', 'in', [...keys])
    .orderBy('created_ms')
    .execute();
  for (const row of rows) byKey.set(row.key, [...(byKey.get(row.key) ?? []), row]);
  return byKey;
}
