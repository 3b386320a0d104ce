/** Every migration in its order. What was released is never changed: what should be otherwise is a new one. */

import type { Kysely } from 'kysely';
import { up as first } from './0001-first.ts';

export type Migration = {
  readonly name: string;
  /** Within a transaction. */
  readonly up: (db: Kysely<unknown>) => Promise<void>;
};

export const MIGRATIONS: readonly Migration[] = [{ name: '0001-first', up: first }];
