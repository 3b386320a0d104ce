/** By which columns a row of each table is found: in their order a table can be read in pages. */

import type { Tables } from './tables.ts';

export const TABLE_KEYS = {
  migrations: ['name'],
  entries: ['id'],
  stories: ['call'],
  rollups: ['span', 'from_ms', 'dimensions'],
  dimensions: ['id'],
  purses: ['id'],
  holds: ['purse', 'instance'],
  wallet_entries: ['id'],
  tenants: ['id'],
  projects: ['id'],
  client_keys: ['id'],
  key_hashes: ['hash'],
  accounts: ['id'],
  account_secrets: ['id'],
  models: ['name'],
  channels: ['id'],
  prices: ['id'],
  factors: ['id'],
  admins: ['id'],
  sessions: ['hash'],
  audit: ['id'],
  admin_answers: ['hash'],
  revisions: ['topic'],
} as const satisfies { readonly [Table in keyof Tables]: readonly (keyof Tables[Table] & string)[] };
