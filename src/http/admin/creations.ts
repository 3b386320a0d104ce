/**
 * `Idempotency-Key`: a creation that is asked for again is not made again. The key is claimed by a row before anything
 * happens, and the row is marked as done in the very transaction of the creation, so that neither two at once nor the
 * death of the process between creating and answering makes a second one.
 */

import { hash, randomUUID } from 'node:crypto';
import type { Transaction } from 'kysely';
import { isJsonObject, parseJson } from '../../base/json.ts';
import type { Database } from '../../storage/database.ts';
import type { Tables } from '../../storage/tables.ts';
import { jsonText } from './json.ts';
import { type AdminAnswer, AdminProblem, type Change } from './route.ts';

/** An answer is given again for so long. */
const KEPT_MS = 24 * 60 * 60 * 1_000;
/** A creation that takes longer has died. */
const UNDER_WAY_MS = 60_000;
const UNDER_WAY = 0;
/** Its rows stand, its whole answer is not kept yet: or never, where the process died. */
const MADE = 1;
export const LONGEST_KEY = 255;

export type CreationAsk = {
  readonly actor: string;
  /** Method and path as they came. */
  readonly route: string;
  readonly key: string;
  readonly bodyText: string;
  readonly nowMs: number;
};

export type Creation = {
  /** Within its transaction: from here on it counts as made. Throws where another one has taken the claim over. */
  mark(transaction: Transaction<Tables>, change: Change): Promise<void>;
  /** The whole answer, to be given again. */
  keep(answer: AdminAnswer): Promise<void>;
  /** Nothing was made. */
  drop(): Promise<void>;
};

export type Creations = {
  /** A claim, or the answer that was given before. Throws 409 while it is under way, 422 for another body. */
  claim(ask: CreationAsk): Promise<Creation | { readonly given: AdminAnswer }>;
};

type Kept = { readonly body: unknown; readonly version?: number };

export function createCreations({ query }: Pick<Database, 'query'>): Creations {
  return {
    async claim({ actor, route, key, bodyText, nowMs }) {
      const at = Math.round(nowMs);
      const id = hash('sha256', JSON.stringify([actor, route, key]), 'hex');
      const fingerprint = hash('sha256', bodyText, 'hex');
      const claim = randomUUID();
      const row = { hash: id, fingerprint, status: UNDER_WAY, body: claim, expires_ms: at + UNDER_WAY_MS };
      // What has died or is too old makes room; whoever inserts then has the claim.
      await query.deleteFrom('admin_answers').where('expires_ms', '<=', at).execute();
      const inserted = await query
        .insertInto('admin_answers')
        .values(row)
        .onConflict((conflict) => conflict.column('hash').doNothing())
        .executeTakeFirst();
      if (Number(inserted.numInsertedOrUpdatedRows ?? 0) === 0)
        return { given: await earlier(id, { fingerprint, at }) };
      return {
        async mark(transaction, change) {
          const done: Kept = { body: { id: change.object, made: change.kind } };
          const marked = await transaction
            .updateTable('admin_answers')
            .set({ status: MADE, body: jsonText(done), expires_ms: at + KEPT_MS })
            .where('hash', '=', id)
            .where('status', '=', UNDER_WAY)
            .where('body', '=', claim)
            .executeTakeFirst();
          if (Number(marked.numUpdatedRows) === 0) throw underWay();
        },
        async keep(answer) {
          const kept: Kept = {
            body: withoutOnce(answer),
            ...(answer.version === undefined ? {} : { version: answer.version }),
          };
          await query
            .updateTable('admin_answers')
            .set({ status: answer.status ?? 200, body: jsonText(kept), expires_ms: at + KEPT_MS })
            .where('hash', '=', id)
            .execute();
        },
        async drop() {
          await query
            .deleteFrom('admin_answers')
            .where('hash', '=', id)
            .where('status', '=', UNDER_WAY)
            .where('body', '=', claim)
            .execute();
        },
      };
    },
  };

  async function earlier(
    id: string,
    { fingerprint, at }: { readonly fingerprint: string; readonly at: number },
  ): Promise<AdminAnswer> {
    const row = await query.selectFrom('admin_answers').selectAll().where('hash', '=', id).executeTakeFirst();
    // It has just been given up.
    if (row === undefined) throw underWay();
    if (row.fingerprint !== fingerprint)
      throw new AdminProblem(
        422,
        'Idempotency-Key: it was used for another body. Use a new one for a new creation.',
      );
    const claimedMs = row.expires_ms - KEPT_MS;
    if (row.status === UNDER_WAY || (row.status === MADE && at < claimedMs + UNDER_WAY_MS)) throw underWay();
    const kept = parseJson(row.body);
    if (!isJsonObject(kept)) throw new Error('an answer that was kept is not what this version wrote');
    const { body, version } = kept;
    return {
      status: row.status === 200 || row.status === 202 ? row.status : 201,
      body,
      ...(typeof version === 'number' ? { version } : {}),
      headers: { 'idempotent-replayed': 'true' },
    };
  }
}

const underWay = (): AdminProblem =>
  new AdminProblem(
    409,
    'Idempotency-Key: the creation with it is still under way. Ask again in a moment.',
    [],
    { 'retry-after': '1' },
  );

/** What is shown once is not kept; the answer says that it was shown. */
function withoutOnce({ body, once = [] }: AdminAnswer): unknown {
  if (once.length === 0 || typeof body !== 'object' || body === null) return body;
  const covered = Object.fromEntries(once.map((name) => [name, null]));
  return { ...body, ...covered, shown_before: once };
}
