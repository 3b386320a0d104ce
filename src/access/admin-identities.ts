/**
 * Who administers: the admin key itself, which needs no database, and admins in the database with keys of their own. All
 * keys are known by their hash alone. Sessions are rows, too, looked up at every request: what is deactivated or signed
 * out is over at once, on every instance.
 */

import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { ADMIN_KEY_ID, ADMIN_ROLES, type AdminIdentity } from '../domain/admin.ts';
import type { Database } from '../storage/database.ts';
import type { AdminRow } from '../storage/tables.ts';
import { hashOfKey } from './hash-of-key.ts';

export type SessionTimes = {
  /** It ends when nothing was asked for so long, and after so long in any case. */
  readonly idleMs: number;
  readonly longestMs: number;
};

export type Session = {
  readonly identity: AdminIdentity;
  /** What a write must show beside the cookie. */
  readonly csrf: string;
  readonly expiresMs: number;
};

export type AdminIdentities = {
  /** Undefined: nobody has this key. */
  byKey(key: string): Promise<AdminIdentity | undefined>;
  /** A new session, with what the cookie says. */
  open(identity: AdminIdentity): Promise<Session & { readonly token: string }>;
  bySession(token: string): Promise<Session | undefined>;
  end(token: string): Promise<void>;
};

/** The end of a session is not moved for less. */
const SLIDE_MS = 30_000;

/** What a write must show is derived of the cookie, which a page of somebody else can send but not read. */
const csrfOf = (token: string): string => hash('sha256', `csrf ${token}`, 'base64url');

export function createAdminIdentities(options: {
  readonly database: Database;
  /** Undefined: there is none, and only admins of the database come in. */
  readonly adminKey: string | undefined;
  readonly now: () => number;
  readonly times: () => SessionTimes;
}): AdminIdentities {
  const { database, adminKey, times } = options;
  const { query } = database;
  const now = (): number => Math.round(options.now());
  const keyHash = adminKey === undefined ? undefined : hashOfKey(adminKey);
  const ofKey: AdminIdentity = { id: ADMIN_KEY_ID, name: 'admin key', role: 'owner' };
  return {
    async byKey(key) {
      const asked = hashOfKey(key);
      if (keyHash !== undefined && isSame(asked, keyHash)) return ofKey;
      const row = await query
        .selectFrom('admins')
        .selectAll()
        .where('hash', '=', asked)
        .where('active', '=', 1)
        .executeTakeFirst();
      return row === undefined ? undefined : identityOf(row);
    },
    async open(identity) {
      const nowMs = now();
      const token = randomBytes(32).toString('base64url');
      const csrf = csrfOf(token);
      const { idleMs, longestMs } = times();
      const expiresMs = nowMs + Math.min(idleMs, longestMs);
      await query.deleteFrom('sessions').where('expires_ms', '<=', nowMs).execute();
      await query
        .insertInto('sessions')
        .values({
          hash: hashOfKey(token),
          // A new admin key ends the sessions of the old one.
          admin: identity.id === ADMIN_KEY_ID ? ownerOf(keyHash) : identity.id,
          csrf: hashOfKey(csrf),
          created_ms: nowMs,
          expires_ms: expiresMs,
        })
        .execute();
      return { identity, csrf, expiresMs, token };
    },
    async bySession(token) {
      const nowMs = now();
      const sessionHash = hashOfKey(token);
      const session = await query
        .selectFrom('sessions')
        .selectAll()
        .where('hash', '=', sessionHash)
        .where('expires_ms', '>', nowMs)
        .executeTakeFirst();
      if (session === undefined) return undefined;
      const { idleMs, longestMs } = times();
      const endMs = session.created_ms + longestMs;
      if (endMs <= nowMs) return undefined;
      const identity = await identityIn(session.admin);
      if (identity === undefined) return undefined;
      const expiresMs = Math.min(nowMs + idleMs, endMs);
      if (expiresMs > session.expires_ms + SLIDE_MS)
        await query
          .updateTable('sessions')
          .set({ expires_ms: expiresMs })
          .where('hash', '=', sessionHash)
          .execute();
      return { identity, csrf: csrfOf(token), expiresMs: Math.max(expiresMs, session.expires_ms) };
    },
    async end(token) {
      await query.deleteFrom('sessions').where('hash', '=', hashOfKey(token)).execute();
    },
  };

  async function identityIn(admin: string): Promise<AdminIdentity | undefined> {
    if (admin.startsWith(`${ADMIN_KEY_ID}:`))
      return keyHash !== undefined && admin === ownerOf(keyHash) ? ofKey : undefined;
    const row = await query
      .selectFrom('admins')
      .selectAll()
      .where('id', '=', admin)
      .where('active', '=', 1)
      .executeTakeFirst();
    return row === undefined ? undefined : identityOf(row);
  }
}

/** Tells one admin key from the next without telling anything of it. */
const ownerOf = (keyHash: string | undefined): string =>
  `${ADMIN_KEY_ID}:${hashOfKey(keyHash ?? '').slice(0, 16)}`;

function identityOf({ id, name, role, tenant }: AdminRow): AdminIdentity | undefined {
  const known = ADMIN_ROLES.find((each) => each === role);
  if (known === undefined) return undefined;
  return { id, name, role: known, ...(tenant === null ? {} : { tenant }) };
}

export function isSame(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}
