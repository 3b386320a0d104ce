/** What the simulator says no for; how it says it is left to the tables of each envelope. */

import type { AccountState } from './account.ts';
import type { LimitKind } from './quotas.ts';

export type RefusalKind =
  | LimitKind
  | Exclude<AccountState, 'ok'>
  | 'no-secret'
  | 'no-model'
  | 'no-route'
  | 'parameter'
  | 'too-large'
  | 'internal';
