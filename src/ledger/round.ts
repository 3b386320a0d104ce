/**
 * One look at the purses that calls wait for, in one transaction: each call in its turn gets all that it asks for or
 * nothing, what this instance holds grows by what they need and a cushion where there is plenty, and what it does not
 * need goes back. What is in memory changes only when the transaction is committed.
 */

import type { Transaction } from 'kysely';
import type { Tables } from '../storage/tables.ts';
import { cushionOf, type Lease } from './lease.ts';
import { changeLease, changePurse, leaseRows, lockPurses } from './purse-rows.ts';

/** A purse of a call, and how far it may be used. */
export type PurseNeed = { readonly purse: string; readonly limitNano: bigint };

export type Wish = { readonly needs: readonly PurseNeed[]; readonly amountNano: bigint };

/** Why there is too little. */
export type Shortage = {
  readonly need: PurseNeed;
  /** What the call could have had. */
  readonly leftNano: bigint;
  /** What calls under way hold. */
  readonly heldNano: bigint;
};

export type RoundPlan = {
  readonly wishes: readonly Wish[];
  /** All that the wishes name, and those that give something back. */
  readonly leases: readonly Lease[];
  readonly backNano: ReadonlyMap<Lease, bigint>;
  readonly instance: string;
  readonly nowMs: number;
  readonly ttlMs: number;
};

export type RoundResult = {
  /** By wish; undefined: it is granted. */
  readonly shortages: readonly (Shortage | undefined)[];
  /** Once it is committed. */
  commit(): void;
};

type Look = {
  readonly lease: Lease;
  readonly limitNano: bigint;
  readonly roomNano: bigint;
  readonly freeNano: bigint;
  readonly heldNano: bigint;
  readonly rowNano: bigint;
  /** What memory has to learn of its row. */
  readonly correctionNano: bigint;
  readonly isAsked: boolean;
  readonly largestNano: bigint;
  poolNano: bigint;
  needNano: bigint;
};

export async function playRound(transaction: Transaction<Tables>, plan: RoundPlan): Promise<RoundResult> {
  const { wishes, instance, nowMs, ttlMs } = plan;
  const looks = await lookAt(transaction, plan);
  const shortages = wishes.map((wish) => grant(wish, looks));
  const commits: (() => void)[] = [];
  for (const look of looks.values()) {
    const { lease, rowNano, isAsked } = look;
    const { byNano, cushionNano } = changeOf(look, plan.backNano.get(lease));
    const { purse } = lease;
    if (byNano !== 0n) await changePurse(transaction, { purse, spentNano: 0n, heldNano: byNano, nowMs });
    const ends = isAsked ? { expiresMs: nowMs + ttlMs } : {};
    await changeLease(transaction, { purse, instance, hasNano: rowNano, byNano, ...ends });
    commits.push(() => {
      lease.leasedNano += look.correctionNano + byNano;
      lease.roomNano = look.roomNano - byNano;
      if (!isAsked) return;
      lease.limitNano = look.limitNano;
      lease.cushionNano = cushionNano;
      if (rowNano + byNano > 0n) lease.validUntilMs = validUntil(nowMs, ttlMs);
    });
  }
  return {
    shortages,
    commit() {
      for (const each of commits) each();
    },
  };
}

/** Clocks of instances differ a little: a lease is not used to its very end. */
export const validUntil = (nowMs: number, ttlMs: number): number => nowMs + (ttlMs * 3) / 4;

async function lookAt(
  transaction: Transaction<Tables>,
  { wishes, leases, instance, nowMs }: RoundPlan,
): Promise<ReadonlyMap<string, Look>> {
  const ids = leases.map(({ purse }) => purse);
  const amounts = await lockPurses(transaction, ids, nowMs);
  const rows = new Map<string, bigint>();
  for (const { purse, amountNano } of await leaseRows(transaction, ids, [instance]))
    rows.set(purse, amountNano);
  const asked = askedOf(wishes);
  const looks = new Map<string, Look>();
  for (const lease of leases) {
    const { spentNano = 0n, heldNano = 0n } = amounts.get(lease.purse) ?? {};
    const rowNano = rows.get(lease.purse);
    // Where nobody holds anything, nothing can be on its way to the row: it is the truth.
    const isStill = rowNano === undefined || lease.usedNano === 0n;
    const correctionNano = isStill ? (rowNano ?? 0n) - lease.leasedNano : 0n;
    const freeNano = lease.freeNano + correctionNano;
    const { limitNano = lease.limitNano ?? 0n, largestNano = 0n } = asked.get(lease.purse) ?? {};
    const roomNano = limitNano - spentNano - heldNano;
    looks.set(lease.purse, {
      ...{ lease, limitNano, roomNano, freeNano, heldNano, correctionNano, largestNano },
      rowNano: rowNano ?? 0n,
      isAsked: asked.has(lease.purse),
      poolNano: roomNano + freeNano,
      needNano: 0n,
    });
  }
  return looks;
}

type Asked = { readonly limitNano: bigint; readonly largestNano: bigint };

/** Of two limits of one purse the one that was asked for last is the newer. */
function askedOf(wishes: readonly Wish[]): ReadonlyMap<string, Asked> {
  const asked = new Map<string, Asked>();
  for (const { needs, amountNano } of wishes)
    for (const { purse, limitNano } of needs) {
      const { largestNano = 0n } = asked.get(purse) ?? {};
      asked.set(purse, { limitNano, largestNano: amountNano > largestNano ? amountNano : largestNano });
    }
  return asked;
}

/** All of it or none. */
function grant({ needs, amountNano }: Wish, looks: ReadonlyMap<string, Look>): Shortage | undefined {
  const own = needs.flatMap((need) => {
    const look = looks.get(need.purse);
    return look === undefined ? [] : [{ need, look }];
  });
  for (const { need, look } of own) {
    const { poolNano, heldNano } = look;
    if (poolNano < amountNano) return { need, leftNano: poolNano, heldNano };
  }
  for (const { look } of own) {
    look.poolNano -= amountNano;
    look.needNano += amountNano;
  }
  return undefined;
}

type Change = { readonly byNano: bigint; readonly cushionNano: bigint };

function changeOf(look: Look, backNano: bigint | undefined): Change {
  const { lease, isAsked, freeNano, needNano, poolNano, roomNano, rowNano } = look;
  if (!isAsked) {
    const back = smaller(smaller(backNano ?? 0n, freeNano), rowNano);
    return { byNano: back > 0n ? -back : 0n, cushionNano: lease.cushionNano };
  }
  const cushionNano = cushionOf(poolNano, look.largestNano);
  const byNano = needNano + cushionNano - freeNano;
  if (byNano > 0n) return { byNano: smaller(byNano, roomNano > 0n ? roomNano : 0n), cushionNano };
  // A little more than is needed now is needed soon.
  if (-byNano <= cushionNano) return { byNano: 0n, cushionNano };
  return { byNano: -smaller(-byNano, rowNano), cushionNano };
}

const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b);
