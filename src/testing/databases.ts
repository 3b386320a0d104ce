/**
 * One suite on each of the databases: `onEachDatabase((name, open) => { it(…) })`. Each gets a fresh database with all
 * its tables; `open()` may be called several times, as by several instances, and what was opened is closed at the end.
 */

import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import pg from 'pg';
import type { Database, DatabaseKind } from '../storage/database.ts';
import { migrate } from '../storage/migrate.ts';
import { type DatabaseOptions, openDatabase } from '../storage/open-database.ts';
import type { DatabasePlace } from '../storage/place.ts';
import { type PostgresServer, startPostgres } from './postgres-server.ts';

export type OpenDatabase = ((options?: DatabaseOptions) => Promise<Database>) & {
  /** For other processes: known once the suite runs. */
  readonly place: () => DatabasePlace;
};

export type FreshPlace = { readonly place: DatabasePlace; readonly remove: () => Promise<void> };

const KINDS: readonly DatabaseKind[] = ['sqlite', 'postgres'];

export function onEachDatabase(suite: (name: DatabaseKind, open: OpenDatabase) => void): void {
  for (const kind of KINDS)
    describe(`on ${kind}`, () => {
      const opened: Database[] = [];
      let fresh: FreshPlace | undefined;
      const place = (): DatabasePlace => {
        if (fresh === undefined) throw new Error('the database is there while the suite runs, not before');
        return fresh.place;
      };
      const open = async (options?: DatabaseOptions): Promise<Database> => {
        const database = await openDatabase(place(), options);
        opened.push(database);
        return database;
      };
      before(async () => {
        fresh = await freshDatabase(kind);
      });
      after(async () => {
        await Promise.all(opened.map((database) => database.close()));
        await fresh?.remove();
      });
      suite(kind, Object.assign(open, { place }));
    });
}

/** With all tables, or `empty`. */
export function freshDatabase(kind: DatabaseKind, { empty = false } = {}): Promise<FreshPlace> {
  return kind === 'sqlite' ? freshFile(empty) : freshOnServer(empty);
}

/** For each process of tests once; ended with it. */
const shared: { file?: Promise<string>; server?: Promise<PostgresServer>; made: number } = { made: 0 };

async function freshFile(empty: boolean): Promise<FreshPlace> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-sqlite-'));
  const path = join(folder, 'sluice.db');
  if (!empty) {
    shared.file ??= migratedFile();
    copyFileSync(await shared.file, path);
  }
  return {
    place: { kind: 'sqlite', path },
    remove: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

async function migratedFile(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-sqlite-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'sluice.db');
  await migrate({ kind: 'sqlite', path });
  return path;
}

const TEMPLATE = 'migrated';

/** The server that the suites of this process share. Who stops or freezes one starts an own one. */
export async function sharedPostgres(): Promise<PostgresServer> {
  shared.server ??= startPostgres().then(async (server) => {
    await onServer(server, `CREATE DATABASE ${TEMPLATE}`);
    await migrate({ kind: 'postgres', url: server.url(TEMPLATE) });
    return server;
  });
  return await shared.server;
}

async function freshOnServer(empty: boolean): Promise<FreshPlace> {
  const server = await sharedPostgres();
  shared.made += 1;
  const name = `fresh_${shared.made}`;
  await onServer(server, `CREATE DATABASE ${name}${empty ? '' : ` TEMPLATE ${TEMPLATE}`}`);
  return {
    place: { kind: 'postgres', url: server.url(name) },
    remove: () => onServer(server, `DROP DATABASE ${name} WITH (FORCE)`),
  };
}

async function onServer(server: PostgresServer, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: server.url('postgres') });
  await client.connect();
  await client.query(statement).finally(() => client.end());
}
