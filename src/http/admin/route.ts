/**
 * One route of the admin API as data: from it come the route itself, its checks, who may use it, and its place in the
 * OpenAPI document. What a route changes it does in one transaction, and notes it there for the audit. In JSON names are
 * `snake_case`, moments ISO 8601 text in fields that end in `_at`, and money is dollars as decimal text.
 */

import type { Transaction } from 'kysely';
import type { z } from 'zod';
import type { AdminRole } from '../../domain/admin.ts';
import type { Tables } from '../../storage/tables.ts';

export { ADMIN_ROLES, type AdminRole } from '../../domain/admin.ts';

/** Who asks. */
export type Asker = {
  /** An admin's id; `owner` for the admin key itself; empty for nobody, on a route that is open. */
  readonly id: string;
  readonly role: AdminRole;
  /** The only one that a tenant admin may see and change. */
  readonly tenant?: string;
  readonly address: string;
};

/** What is known of a request before it is read. */
export type Knock = {
  readonly method: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Where it comes from, and who has the other end of the connection: a proxy, or the same. */
  readonly address: string;
  readonly peer: string;
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
  /**
   * The version that the client has seen (`If-Match`), for the `where` of the change; undefined: any (`If-Match: *`).
   * No row changed → `staleVersion()` of `edits.ts`.
   */
  readonly ifMatch?: number;
  readonly nowMs: number;
  readonly knock: Knock;
  /** Writes the change into the audit, within the transaction that makes it. A creation must: it is then made once. */
  note(transaction: Transaction<Tables>, change: Change): Promise<void>;
};

/** One event of a feed; undefined: a comment, so that nobody hangs up. */
export type FeedEvent = { readonly event: string; readonly id?: string; readonly data: unknown } | undefined;

export type AdminAnswer = {
  /** Default 200. */
  readonly status?: 200 | 201 | 202 | 204;
  /** What is `bigint` in it is money in billionths of a dollar, and answered as decimal text. */
  readonly body?: unknown;
  /** Fields of `body` that are shown this once: an answer that is given again has null there. */
  readonly once?: readonly string[];
  /** Of what is answered: its ETag. */
  readonly version?: number;
  /** Instead of JSON: a statement, a table. */
  readonly text?: { readonly contentType: string; readonly body: string; readonly filename?: string };
  /** Instead of JSON: server-sent events, taken as fast as the client reads, until the signal aborts. */
  readonly feed?: (signal: AbortSignal) => AsyncIterable<FeedEvent>;
  readonly headers?: Readonly<Record<string, string>>;
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
  /** Who may; the handler itself keeps a tenant admin to the own tenant (`own-tenant.ts`). */
  readonly roles: readonly AdminRole[];
  /** `open`: nobody has to say who it is. It can tell nothing of anybody, and change nothing. */
  readonly open?: true;
  /** Changes what has a version: without `If-Match` it is refused with 428. */
  readonly edits?: true;
  /** Creates something: `Idempotency-Key` is understood. */
  readonly creates?: true;
  readonly params?: z.ZodObject;
  /** Its fields read text: use those of `fields.ts`. Others than these are refused. */
  readonly query?: z.ZodObject;
  /** Strict objects, so that what is unknown is refused. */
  readonly body?: z.ZodType;
  /** What it answers; absent for 204 and for text. */
  readonly answer?: z.ZodType;
  /** What kind of text, where it answers text: `text/csv`. */
  readonly media?: string;
  /** Throws `AdminProblem`, or `Failure` for what the relay itself says. */
  handle(ask: AdminAsk): Promise<AdminAnswer> | AdminAnswer;
};

/** A route whose handler knows what its schemas read. */
export function adminRoute<
  Params extends z.ZodObject = z.ZodObject<Record<never, never>>,
  Query extends z.ZodObject = z.ZodObject<Record<never, never>>,
  Body extends z.ZodType = z.ZodUndefined,
>(
  route: Omit<AdminRoute, 'params' | 'query' | 'body' | 'handle'> & {
    readonly params?: Params;
    readonly query?: Query;
    readonly body?: Body;
    handle(
      ask: AdminAsk<z.output<Params>, z.output<Query>, z.output<Body>>,
    ): Promise<AdminAnswer> | AdminAnswer;
  },
): AdminRoute {
  // The frame hands over nothing that these very schemas have not read.
  return route as unknown as AdminRoute;
}

export type ProblemStatus = 400 | 401 | 403 | 404 | 405 | 409 | 412 | 413 | 415 | 422 | 428 | 429 | 503;

/** The problems of RFC 9457 that a route may answer with. */
export class AdminProblem extends Error {
  override readonly name = 'AdminProblem';
  readonly status: ProblemStatus;
  /** Fields concerned, as `body.limits.rpm` or `query.limit`. */
  readonly errors: readonly { readonly path: string; readonly message: string }[];
  readonly headers: Readonly<Record<string, string>>;

  /** `detail`: what is wrong, where, what to do. */
  constructor(
    status: ProblemStatus,
    detail: string,
    errors: readonly { readonly path: string; readonly message: string }[] = [],
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(detail);
    this.status = status;
    this.errors = errors;
    this.headers = headers;
  }
}

/** A page of a list, the newest first; `next` goes into the query of the next one. */
export type Page<Item> = { readonly data: readonly Item[]; readonly next: string | null };
