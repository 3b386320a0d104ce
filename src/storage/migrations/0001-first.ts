/** The first tables. `bigint` is a whole number of 64 bits in both databases, `double precision` is for milliseconds. */

import type { CreateTableBuilder, Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await ledger(db);
  await money(db);
  await people(db);
  await configured(db);
  await administration(db);
}

async function ledger(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('entries')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('instance', 'text', (column) => column.notNull())
    .addColumn('arrived_ms', 'bigint', (column) => column.notNull())
    .addColumn('ended_ms', 'bigint', (column) => column.notNull())
    .addColumn('tenant', 'text', (column) => column.notNull())
    .addColumn('project', 'text')
    .addColumn('key', 'text', (column) => column.notNull())
    .addColumn('dialect', 'text', (column) => column.notNull())
    .addColumn('stream', 'integer', (column) => column.notNull())
    .addColumn('model', 'text', (column) => column.notNull())
    .addColumn('served', 'text')
    .addColumn('channel', 'text')
    .addColumn('account', 'text')
    .addColumn('provider', 'text')
    .addColumn('status', 'integer', (column) => column.notNull())
    .addColumn('end_reason', 'text', (column) => column.notNull())
    .addColumn('failure', 'text')
    .addColumn('attempts', 'integer', (column) => column.notNull())
    .addColumn('queue_ms', 'double precision', (column) => column.notNull())
    .addColumn('overhead_ms', 'double precision', (column) => column.notNull())
    .addColumn('first_content_ms', 'double precision')
    .addColumn('duration_ms', 'double precision', (column) => column.notNull())
    .addColumn('input', 'bigint')
    .addColumn('cache_read', 'bigint')
    .addColumn('cache_write', 'bigint')
    .addColumn('output', 'bigint')
    .addColumn('reasoning', 'bigint')
    .addColumn('usage_source', 'text')
    .addColumn('price', 'text')
    .addColumn('price_row', 'text')
    .addColumn('factor', 'text', (column) => column.notNull())
    .addColumn('list_nano', 'bigint')
    .addColumn('upstream_nano', 'bigint')
    .addColumn('charged_nano', 'bigint')
    .addColumn('in_wallet', 'integer', (column) => column.notNull())
    .addColumn('tags', 'text', (column) => column.notNull())
    .execute();
  await index(db, 'entries', ['arrived_ms', 'id']);
  await index(db, 'entries', ['tenant', 'arrived_ms']);
  await index(db, 'entries', ['key', 'arrived_ms']);
  await db.schema
    .createIndex('entries_by_failure')
    .on('entries')
    .columns(['failure', 'arrived_ms'])
    .where('failure' as never, 'is not', null)
    .execute();
  await db.schema
    .createTable('stories')
    .addColumn('call', 'text', (column) => column.primaryKey())
    .addColumn('arrived_ms', 'bigint', (column) => column.notNull())
    .addColumn('story', 'text', (column) => column.notNull())
    .execute();
  await index(db, 'stories', ['arrived_ms']);
  const names = ['tenant', 'project', 'key', 'model', 'served', 'channel', 'account', 'provider'];
  let dimensions = db.schema
    .createTable('dimensions')
    .addColumn('id', 'bigint', (column) => column.primaryKey())
    .addColumn('in_wallet', 'integer', (column) => column.notNull());
  for (const name of [...names, 'failure', 'tag', 'factor'])
    dimensions = dimensions.addColumn(name, 'text', (column) => column.notNull());
  await dimensions.execute();
  let rollups: CreateTableBuilder<string, string> = db.schema
    .createTable('rollups')
    .addColumn('span', 'text', (column) => column.notNull())
    .addColumn('from_ms', 'bigint', (column) => column.notNull())
    .addColumn('dimensions', 'bigint', (column) => column.notNull());
  const sums = ['calls', 'input', 'cache_read', 'cache_write', 'output', 'reasoning', 'unpriced'];
  for (const sum of [...sums, 'list_nano', 'upstream_nano', 'charged_nano'])
    rollups = rollups.addColumn(sum, 'bigint', (column) => column.notNull());
  for (const sum of ['queue_ms', 'duration_ms'])
    rollups = rollups.addColumn(sum, 'double precision', (column) => column.notNull());
  await rollups
    .addColumn('times', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('rollups_key', ['span', 'from_ms', 'dimensions'])
    .execute();
  // On which days there was a call of certain dimensions.
  await db.schema
    .createIndex('rollups_by_dimensions')
    .on('rollups')
    .columns(['dimensions', 'from_ms'])
    .where('span' as never, '=', 'day')
    .execute();
}

async function money(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('purses')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('spent_nano', 'bigint', (column) => column.notNull().defaultTo(0))
    .addColumn('held_nano', 'bigint', (column) => column.notNull().defaultTo(0))
    .addColumn('updated_ms', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('holds')
    .addColumn('purse', 'text', (column) => column.notNull())
    .addColumn('instance', 'text', (column) => column.notNull())
    .addColumn('amount_nano', 'bigint', (column) => column.notNull())
    .addColumn('expires_ms', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('holds_key', ['purse', 'instance'])
    .execute();
  await db.schema
    .createTable('wallet_entries')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('tenant', 'text', (column) => column.notNull())
    .addColumn('at_ms', 'bigint', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('amount_nano', 'bigint', (column) => column.notNull())
    .addColumn('call', 'text')
    .addColumn('note', 'text')
    .addColumn('actor', 'text', (column) => column.notNull())
    .execute();
  await index(db, 'wallet_entries', ['tenant', 'at_ms']);
  await db.schema
    .createTable('prices')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('scope', 'text', (column) => column.notNull())
    .addColumn('scope_kind', 'text', (column) => column.notNull())
    .addColumn('region', 'text')
    .addColumn('price', 'text', (column) => column.notNull())
    .addColumn('from_ms', 'bigint', (column) => column.notNull())
    .addColumn('created_ms', 'bigint', (column) => column.notNull())
    .addColumn('actor', 'text', (column) => column.notNull())
    .execute();
  let factors: CreateTableBuilder<string, string> = db.schema
    .createTable('factors')
    .addColumn('id', 'text', (column) => column.primaryKey());
  for (const name of ['tenant', 'project', 'key', 'model', 'account'])
    factors = factors.addColumn(name, 'text');
  await factors
    .addColumn('factor', 'text', (column) => column.notNull())
    .addColumn('from_ms', 'bigint', (column) => column.notNull())
    .addColumn('until_ms', 'bigint')
    .addColumn('created_ms', 'bigint', (column) => column.notNull())
    .addColumn('actor', 'text', (column) => column.notNull())
    .execute();
}

async function people(db: Kysely<unknown>): Promise<void> {
  await edited(db, 'tenants', 'id')
    .addColumn('revision', 'bigint', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('active', 'integer', (column) => column.notNull())
    .addColumn('wallet', 'text', (column) => column.notNull())
    .addColumn('credit_limit_nano', 'bigint', (column) => column.notNull())
    .addColumn('settings', 'text', (column) => column.notNull())
    .execute();
  await edited(db, 'projects', 'id')
    .addColumn('revision', 'bigint', (column) => column.notNull())
    .addColumn('tenant', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('settings', 'text', (column) => column.notNull())
    .execute();
  await edited(db, 'client_keys', 'id')
    .addColumn('revision', 'bigint', (column) => column.notNull())
    .addColumn('tenant', 'text', (column) => column.notNull())
    .addColumn('project', 'text')
    .addColumn('label', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('expires_ms', 'bigint')
    .addColumn('settings', 'text', (column) => column.notNull())
    .execute();
  await index(db, 'projects', ['tenant']);
  await index(db, 'client_keys', ['tenant']);
  await index(db, 'client_keys', ['revision']);
  await db.schema
    .createTable('key_hashes')
    .addColumn('hash', 'text', (column) => column.primaryKey())
    .addColumn('key', 'text', (column) => column.notNull())
    .addColumn('prefix', 'text', (column) => column.notNull())
    .addColumn('created_ms', 'bigint', (column) => column.notNull())
    .addColumn('ends_ms', 'bigint')
    .execute();
  await index(db, 'key_hashes', ['key']);
}

async function configured(db: Kysely<unknown>): Promise<void> {
  await edited(db, 'accounts', 'id')
    .addColumn('provider', 'text', (column) => column.notNull())
    .addColumn('settings', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('account_secrets')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('account', 'text', (column) => column.notNull())
    .addColumn('sealed', 'text', (column) => column.notNull())
    .addColumn('hint', 'text', (column) => column.notNull())
    .addColumn('created_ms', 'bigint', (column) => column.notNull())
    .execute();
  await index(db, 'account_secrets', ['account']);
  await edited(db, 'models', 'name')
    .addColumn('settings', 'text', (column) => column.notNull())
    .execute();
  await edited(db, 'channels', 'id')
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('settings', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('revisions')
    .addColumn('topic', 'text', (column) => column.primaryKey())
    .addColumn('revision', 'bigint', (column) => column.notNull())
    .execute();
}

async function administration(db: Kysely<unknown>): Promise<void> {
  await edited(db, 'admins', 'id')
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('role', 'text', (column) => column.notNull())
    .addColumn('tenant', 'text')
    .addColumn('hash', 'text', (column) => column.notNull().unique())
    .addColumn('prefix', 'text', (column) => column.notNull())
    .addColumn('active', 'integer', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('sessions')
    .addColumn('hash', 'text', (column) => column.primaryKey())
    .addColumn('admin', 'text', (column) => column.notNull())
    .addColumn('csrf', 'text', (column) => column.notNull())
    .addColumn('created_ms', 'bigint', (column) => column.notNull())
    .addColumn('expires_ms', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('audit')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('at_ms', 'bigint', (column) => column.notNull())
    .addColumn('actor', 'text', (column) => column.notNull())
    .addColumn('role', 'text', (column) => column.notNull())
    .addColumn('address', 'text', (column) => column.notNull())
    .addColumn('action', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('object', 'text', (column) => column.notNull())
    .addColumn('tenant', 'text')
    .addColumn('before', 'text')
    .addColumn('after', 'text')
    .execute();
  await index(db, 'audit', ['at_ms', 'id']);
  await db.schema
    .createTable('admin_answers')
    .addColumn('hash', 'text', (column) => column.primaryKey())
    .addColumn('fingerprint', 'text', (column) => column.notNull())
    .addColumn('status', 'integer', (column) => column.notNull())
    .addColumn('body', 'text', (column) => column.notNull())
    .addColumn('expires_ms', 'bigint', (column) => column.notNull())
    .execute();
}

/** A table of what people edit: its ETag and its times. */
const edited = (db: Kysely<unknown>, table: string, key: string): CreateTableBuilder<string, string> =>
  db.schema
    .createTable(table)
    .addColumn(key, 'text', (column) => column.primaryKey())
    .addColumn('version', 'bigint', (column) => column.notNull().defaultTo(1))
    .addColumn('created_ms', 'bigint', (column) => column.notNull())
    .addColumn('updated_ms', 'bigint', (column) => column.notNull()) as CreateTableBuilder<string, string>;

async function index(db: Kysely<unknown>, table: string, columns: readonly string[]): Promise<void> {
  await db.schema
    .createIndex(`${table}_by_${columns.join('_')}`)
    .on(table)
    .columns([...columns])
    .execute();
}
