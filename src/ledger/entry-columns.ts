/**
 * The columns of an entry in the order in which they stand in its line, and behind them what has no column of its own. A
 * line may be read by the next version, from a process that died before the upgrade: what is new goes to the end.
 */

import type { EntryRow } from '../storage/tables.ts';

export type ColumnType = 'text' | 'integer' | 'bigint' | 'double precision';

export const ENTRY_COLUMNS = {
  id: 'text',
  instance: 'text',
  arrived_ms: 'bigint',
  ended_ms: 'bigint',
  tenant: 'text',
  project: 'text',
  key: 'text',
  dialect: 'text',
  stream: 'integer',
  model: 'text',
  served: 'text',
  channel: 'text',
  account: 'text',
  provider: 'text',
  status: 'integer',
  end_reason: 'text',
  failure: 'text',
  attempts: 'integer',
  queue_ms: 'double precision',
  overhead_ms: 'double precision',
  first_content_ms: 'double precision',
  duration_ms: 'double precision',
  input: 'bigint',
  cache_read: 'bigint',
  cache_write: 'bigint',
  output: 'bigint',
  reasoning: 'bigint',
  usage_source: 'text',
  price: 'text',
  price_row: 'text',
  factor: 'text',
  list_nano: 'bigint',
  upstream_nano: 'bigint',
  charged_nano: 'bigint',
  in_wallet: 'integer',
  tags: 'text',
} as const satisfies Record<keyof EntryRow, ColumnType>;

/** Where in the line the JSON of the story stands, where there is one to tell, and the money that was held. */
export const STORY_AT = Object.keys(ENTRY_COLUMNS).length;
export const HELD_AT = STORY_AT + 1;
