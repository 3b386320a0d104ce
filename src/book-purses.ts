/**
 * Joins purses with those who know the rest: the people whose purses they are, what a call may cost, and the writer that
 * settles them. The people come last, for the books are opened before anybody is let in.
 */

import type { Clock } from './base/clock.ts';
import type { Logger } from './base/log.ts';
import type { Config } from './config/config.ts';
import type { ClientKey } from './domain/call.ts';
import type { Tenant } from './domain/tenancy.ts';
import { createHolds, type Holds } from './ledger/holds.ts';
import { createPayers, creditOf, type People } from './ledger/payers.ts';
import type { Pricing } from './ledger/pricing.ts';
import { createPurses, type Purses } from './ledger/purses.ts';
import type { LimitOf, WriteOff } from './ledger/settle-purses.ts';
import type { Database } from './storage/database.ts';

export type BookPursesOptions = {
  readonly database: Database;
  readonly instance: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly config: () => Config;
  readonly pricing: Pricing;
};

export type BookPurses = {
  readonly purses: Purses;
  readonly hold: Holds;
  /** Has the key a wallet or a budget that its calls are charged to? */
  isCharged(key: ClientKey): boolean;
  /** Whose keys are let in. */
  usePeople(people: People): void;
  /** Tells of what wallets were spared. */
  onWriteOff(listener: (writeOff: WriteOff) => void): void;
};

export function openPurses(options: BookPursesOptions): BookPurses {
  const { database, instance, clock, log, config, pricing } = options;
  const listeners: ((writeOff: WriteOff) => void)[] = [];
  let people: People = { tenant: () => undefined, project: () => undefined };

  const fileTenant = (id: string): Tenant | undefined => config().tenants.find((tenant) => tenant.id === id);

  /** Entries of an earlier run may come before anybody is known. */
  const limitOf: LimitOf = async (id, transaction) => {
    const known = people.tenant(id) ?? fileTenant(id);
    if (known !== undefined) return creditOf(known);
    const row = await transaction
      .selectFrom('tenants')
      .select(['wallet', 'credit_limit_nano'])
      .where('id', '=', id)
      .executeTakeFirst();
    if (row === undefined || row.wallet === 'none') return undefined;
    return row.wallet === 'postpaid' ? row.credit_limit_nano : 0n;
  };

  const known: People = { tenant: (id) => people.tenant(id), project: (id) => people.project(id) };
  const payers = createPayers(known);
  const purses = createPurses({
    ...{ database, instance, clock, log, limitOf },
    onWriteOff(writeOff) {
      for (const listener of listeners) listener(writeOff);
    },
  });
  return {
    purses,
    hold: createHolds({
      ...{ purses, now: () => clock.now(), settings: () => config().money },
      people: known,
      quote: (ask) => pricing.quote(ask),
    }),
    isCharged: (key) => payers.of(key, clock.now()).length > 0,
    usePeople(next) {
      people = next;
    },
    onWriteOff: (listener) => void listeners.push(listener),
  };
}
