/** The routes of keys, tenants and projects without a socket, beside a configuration file that has some of each. */

import assert from 'node:assert/strict';
import { keyRoutes } from '../http/admin/key-routes.ts';
import type { FileKey, PeopleDoors } from '../http/admin/people-fields.ts';
import { projectRoutes } from '../http/admin/project-routes.ts';
import { tenantRoutes } from '../http/admin/tenant-routes.ts';
import type { Database } from '../storage/database.ts';
import { type AdminQuestion, type AdminReply, serveAdmin } from './admin-ask.ts';

export type Row = { readonly [name: string]: unknown };
export const row = ({ body }: AdminReply): Row => body as Row;
export const rows = ({ body }: AdminReply): Row[] => (body as { data: Row[] }).data;
export const ids = (reply: AdminReply): unknown[] => rows(reply).map(({ id }) => id);

export type PeopleFront = {
  readonly database: Database;
  ask(methodAndPath: string, question?: AdminQuestion): Promise<AdminReply>;
  /** Fails on another status. */
  must(status: number, methodAndPath: string, question?: AdminQuestion): Promise<AdminReply>;
  /** `version`: as an ETag. */
  patch(path: string, body: unknown, version?: string, as?: AdminQuestion['as']): Promise<AdminReply>;
  readonly hidden: Set<string>;
  changes(): number;
  close(): Promise<void>;
};

const fileKey: FileKey = {
  ...{ id: 'in-file', label: 'Of the file', limits: { rpm: 5 }, onLimit: 'queue', priority: 'normal' },
  ...{ weight: 1, fallback: true, metadata: { a: 1 } },
};

export function peopleFront(database: Database): PeopleFront {
  const hidden = new Set<string>();
  let changes = 0;
  const doors: PeopleDoors = {
    database,
    file: () => ({
      keys: [fileKey, { ...fileKey, id: 'in-file-2', tenant: 'of-file' }],
      tenants: [{ id: 'of-file', name: 'F', wallet: 'none', creditLimit: 0n, budgets: {}, active: true }],
      projects: [{ id: 'project-of-file', tenant: 'of-file', name: 'P', budgets: { day: 1n } }],
    }),
    hidden: () => hidden,
    changed: async () => {
      changes += 1;
    },
  };
  const front = serveAdmin({
    database,
    routes: [...keyRoutes(doors), ...tenantRoutes(doors), ...projectRoutes(doors)],
  });
  return {
    ...{ database, hidden },
    ask: front.ask,
    async must(status, methodAndPath, question) {
      const reply = await front.ask(methodAndPath, question);
      assert.equal(reply.status, status, `${methodAndPath}: ${reply.text}`);
      return reply;
    },
    patch: (path, body, version = '*', as = 'owner') =>
      front.ask(`PATCH ${path}`, { body, as, headers: { 'if-match': version } }),
    changes: () => changes,
    close: front.close,
  };
}
