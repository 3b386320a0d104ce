/**
 * What is done for leases beside the calls, every few seconds: they are renewed, what memory knows of them is compared
 * with their rows, what expired anywhere goes back to its purse, and holds whose entry is long in the database end.
 */

import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { Database } from '../storage/database.ts';
import { Lease, type OpenHold } from './lease.ts';
import { forgetOldBudgets, pursesExpired, renewLeases, sweepPurses } from './purse-rows.ts';
import { validUntil } from './round.ts';

export type House = {
  readonly database: Database;
  readonly instance: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly leases: Map<string, Lease>;
  readonly open: ReadonlyMap<string, OpenHold>;
  readonly letGo: (hold: OpenHold) => void;
  readonly ttlMs: number;
  /** Not before that moment is anything taken for dead. */
  readonly sweeping: { fromMs: number };
};

/** When the database is back everybody renews first: who is quicker must not take the others for dead. */
export const SWEEP_PAUSE_MS = 20_000;

/** While it is tried without success the leases hold: whoever could take them cannot either. */
const GRACE_MS = 20_000;
/** An entry that was given to the writer so long ago may have been committed without a word. */
const UNHEARD_MS = 60_000;
const MOST_UNHEARD = 500;
/** Longer than any period that ends. */
const OLD_BUDGET_MS = 45 * 86_400_000;

/** Never throws: what fails is tried again next time. */
export async function keepHouse(house: House, forgets: boolean): Promise<void> {
  const { database, log, clock, leases } = house;
  const nowMs = clock.now();
  try {
    await renew(house, nowMs);
    await endUnheard(house, nowMs);
    if (nowMs >= house.sweeping.fromMs) await sweep(house, nowMs);
    if (forgets) await forgetOldBudgets(database.query, nowMs - OLD_BUDGET_MS);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    log.warn({ reason }, 'purses: the database cannot be asked; leases go on');
    house.sweeping.fromMs = clock.now() + SWEEP_PAUSE_MS;
    // One that had run out before is not to be trusted: this process stood still.
    for (const lease of leases.values())
      if (nowMs < lease.validUntilMs)
        lease.validUntilMs = Math.max(lease.validUntilMs, clock.now() + GRACE_MS);
  }
}

async function renew({ database, instance, leases, ttlMs }: House, nowMs: number): Promise<void> {
  const known = [...leases.values()].filter(({ leasedNano }) => leasedNano > 0n);
  const still = new Map(
    [...leases.values()]
      .filter(({ usedNano }) => usedNano === 0n)
      .map((lease) => [lease, lease.uses] as const),
  );
  const rows = new Map<string, bigint>();
  for (const row of await renewLeases(database.query, instance, nowMs + ttlMs))
    rows.set(row.purse, row.amountNano);
  for (const [purse, amountNano] of rows) {
    let lease = leases.get(purse);
    if (lease === undefined) {
      // A transaction that was thought to have failed.
      lease = new Lease(purse);
      leases.set(purse, lease);
      still.set(lease, lease.uses);
    }
    lease.validUntilMs = validUntil(nowMs, ttlMs);
    // Nobody held anything meanwhile, so that nothing changed the row after it was read.
    if (still.get(lease) === lease.uses) lease.leasedNano = amountNano;
  }
  for (const lease of known) if (!rows.has(lease.purse)) lease.lose();
}

/** Of these the writer heard no word although they are there: a commit whose answer was lost. */
async function endUnheard({ database, open, letGo }: House, nowMs: number): Promise<void> {
  const unheard: OpenHold[] = [];
  for (const hold of open.values())
    if (hold.recordedAtMs !== undefined && nowMs - hold.recordedAtMs > UNHEARD_MS) unheard.push(hold);
  if (unheard.length === 0) return;
  const some = unheard.slice(0, MOST_UNHEARD);
  const there = await database.query
    .selectFrom('entries')
    .select('id')
    .where(
      'id',
      'in',
      some.map(({ call }) => call),
    )
    .execute();
  for (const { id } of there) {
    const hold = open.get(id);
    if (hold !== undefined) letGo(hold);
  }
}

async function sweep({ database, instance, log, leases }: House, nowMs: number): Promise<void> {
  const expired = await pursesExpired(database.query, nowMs);
  if (expired.length === 0) return;
  const rows = await database.write((transaction) => sweepPurses(transaction, expired, nowMs));
  for (const { purse, instance: of } of rows) if (of === instance) leases.get(purse)?.lose();
  if (rows.length > 0)
    log.info({ holds: rows.length }, 'purses: holds of instances that are gone were given back');
}
