/** Which tables a database has: asked in its own way, for a database may have none of those that are known. */

import { sql } from 'kysely';
import type { Database } from './database.ts';

const ASK = {
  sqlite: sql<{
    name: string;
  }>`select name from sqlite_master where type = 'table' and name not like 'sqlite_%' order by name`,
  postgres: sql<{ name: string }>`select table_name as name from information_schema.tables
    where table_schema = current_schema() and table_type = 'BASE TABLE' order by table_name`,
};

export async function tableNames({ kind, query }: Pick<Database, 'kind' | 'query'>): Promise<string[]> {
  const { rows } = await ASK[kind].execute(query);
  return rows.map(({ name }) => name);
}
