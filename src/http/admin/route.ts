/**
 * One route of the admin API as data: from it come the route itself, its checks, who may use it, and its place in the
 * OpenAPI document. What a route changes it does in one transaction, and notes it there for the audit.
 */

import type { Transaction } from 'kysely';
import type { z } from 'zod';
import type { Tables } from '../../storage/tables.ts';

export const ADMIN_ROLES = ['owner', 'operator', 'viewer', 'tenant-admin'] as const;
export type AdminRole = (typeof ADMIN_ROLES)[number];

/** Who asks. */
export type Asker = {
  /** An admin's id; `owner` for the admin key itself. */
  readonly id: string;
  readonly role: AdminRole;
  /** The only one that a tenant admin may see and change. */
  readonly tenant?: string;
  readonly address: string;
};

/** A change, for the audit. What must not be shown is not in it. */
export type Change = {
  /** `create`, `update`, `delete`, `rotate`, `top_up` … */
  readonly action: string;
  /** `key`, `account` … */
  readonly kind: string;
  readonly object: string;
  readonly tenant?: string;
  readonly before?: unknown;
  readonly after?: unknown;
};

export type AdminAsk<Params = unknown, Query = unknown, Body = unknown> = {
  readonly asker: Asker;
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** The version that the client has seen (`If-Match`); a route that edits refuses another one. */
  readonly ifMatch?: number;
  readonly nowMs: number;
  /** Writes the change into the audit, within the transaction that makes it. */
  note(transaction: Transaction<Tables>, change: Change): Promise<void>;
};

export type AdminAnswer = {
  /** Default 200. */
  readonly status?: 200 | 201 | 202 | 204;
  readonly body?: unknown;
  /** Of what is answered: its ETag. */
  readonly version?: number;
  /** Instead of JSON: a statement, a table. */
  readonly text?: { readonly contentType: string; readonly body: string; readonly filename?: string };
};

export type AdminRoute = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below `/admin/v1`, as in `/tenants/{tenant}`. */
  readonly path: string;
  /** `listKeys`: unique. */
  readonly id: string;
  readonly summary: string;
  /** Groups it in the document. */
  readonly tag: string;
  /** Who may; the handler itself keeps a tenant admin to the own tenant. */
  readonly roles: readonly AdminRole[];
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** What it answers; absent for 204 and for text. */
  readonly answer?: z.ZodType;
  /** Throws `AdminProblem`, or `Failure` for what the relay itself says. */
  handle(ask: AdminAsk): Promise<AdminAnswer> | AdminAnswer;
};

/** The problems of RFC 9457 that a route may answer with. */
export class AdminProblem extends Error {
  override readonly name = 'AdminProblem';
  readonly status: 400 | 401 | 403 | 404 | 409 | 412 | 415 | 422 | 428 | 429 | 503;
  /** Fields concerned. */
  readonly errors: readonly { readonly path: string; readonly message: string }[];

  /** `detail`: what is wrong, where, what to do. */
  constructor(
    status: AdminProblem['status'],
    detail: string,
    errors: readonly { readonly path: string; readonly message: string }[] = [],
  ) {
    super(detail);
    this.status = status;
    this.errors = errors;
  }
}

/** A page of a list, the newest first; `next` goes into the query of the next one. */
export type Page<Item> = { readonly data: readonly Item[]; readonly next: string | null };
