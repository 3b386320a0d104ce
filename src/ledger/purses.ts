/**
 * Money that calls may use, over any number of instances: each takes a lease of a purse from the database and serves
 * its calls from it, so that a call asks nobody while its purse is rich. Near the end of a purse every call is asked
 * for, several at once in one transaction, and what is not used goes back at once. Leases expire unless renewed.
 */

import type { Transaction } from 'kysely';
import type { Cancel, Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { CallEntry, Held } from '../domain/entry.ts';
import { Failure } from '../domain/failure.ts';
import type { Database } from '../storage/database.ts';
import type { Tables } from '../storage/tables.ts';
import { keepHouse, SWEEP_PAUSE_MS } from './keep-purses.ts';
import { Lease, type OpenHold } from './lease.ts';
import { makePurses } from './purse-rows.ts';
import { type PurseNeed, playRound, type Shortage, type Wish } from './round.ts';
import { type LimitOf, settlePurses, type WriteOff } from './settle-purses.ts';

export type PursesOptions = {
  readonly database: Database;
  /** Of this run of this process. */
  readonly instance: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** How far below zero a tenant's wallet may go; undefined: it has no bound. */
  readonly limitOf: LimitOf;
  readonly onWriteOff?: (writeOff: WriteOff) => void;
};

/** Money set aside for a call. */
export type PurseHold = {
  readonly held: readonly Held[];
  release(): void;
};

export type PurseAsk = Wish & { readonly call: string };

/** What is known here of one purse. */
export type PurseView = {
  readonly purse: string;
  readonly limitNano: bigint;
  /** What was left of it when it was looked at last, what this instance keeps free included. */
  readonly leftNano: bigint;
};

export type Purses = {
  /** At once where the leases have it. Throws `ledger_away` where the database must be asked and cannot be. */
  hold(ask: PurseAsk): PurseHold | Shortage | Promise<PurseHold | Shortage>;
  /** The call's entry is on its way to the database: its hold ends with it. */
  recorded(call: string): void;
  /** A poster of the writer. */
  readonly post: (transaction: Transaction<Tables>, fresh: readonly CallEntry[]) => Promise<() => void>;
  view(): readonly PurseView[];
  /** Gives back all that no call holds. */
  close(): Promise<void>;
};

export const isShortage = (answer: PurseHold | Shortage): answer is Shortage => 'need' in answer;

export const LEASE_TTL_MS = 30_000;
/** A lease that was not used for so long goes back. */
export const IDLE_MS = 5_000;
const TICK_MS = 5_000;
/** Ticks between two renewals: a lease survives one that fails. */
const HOUSEKEEPING_TICKS = 2;
/** And between two looks for budgets of old periods: some hours. */
const FORGETTING_TICKS = 3_600;
/** A client is not kept waiting for a database that is silent. */
export const LONGEST_WAIT_MS = 2_000;
const MOST_AT_ONCE = 500;

type Waiting = {
  readonly ask: PurseAsk;
  readonly answer: (answer: PurseHold | Shortage) => void;
  readonly fail: (failure: Failure) => void;
  readonly cancelTimer: Cancel;
  /** There was too little when it was looked for last, and more was about to come back. */
  shortage: Shortage | undefined;
  /** Nobody waits for it any more. */
  isOver: boolean;
};

export function createPurses(options: PursesOptions): Purses {
  const { database, instance, clock, log } = options;
  const leases = new Map<string, Lease>();
  const open = new Map<string, OpenHold>();
  const waiting: Waiting[] = [];
  /** Those for whom there is too little until calls that are over are settled. */
  const parked: Waiting[] = [];
  const returning = new Set<Lease>();
  let housekeeping = false;
  let ticks = 0;
  const sweeping = { fromMs: clock.now() + SWEEP_PAUSE_MS };
  let running: Promise<void> | undefined;
  let roundSinceMs: number | undefined;
  let isClosed = false;

  const leaseOf = (purse: string): Lease => {
    const found = leases.get(purse);
    if (found !== undefined) return found;
    const lease = new Lease(purse);
    leases.set(purse, lease);
    return lease;
  };

  const take = (ask: PurseAsk): PurseHold => {
    const { call, amountNano } = ask;
    const nowMs = clock.now();
    const own = ask.needs.map(({ purse }) => leaseOf(purse));
    for (const lease of own) {
      lease.usedNano += amountNano;
      lease.uses += 1;
      lease.lastUsedAtMs = nowMs;
    }
    const hold: OpenHold = { call, leases: own, amountNano };
    open.set(call, hold);
    return {
      held: ask.needs.map(({ purse }) => ({ purse, amountNano })),
      release() {
        if (open.get(call) !== hold || hold.recordedAtMs !== undefined) return;
        letGo(hold);
        kick();
      },
    };
  };

  const letGo = (hold: OpenHold): void => {
    open.delete(hold.call);
    for (const lease of hold.leases) {
      lease.usedNano -= hold.amountNano;
      if (hold.recordedAtMs !== undefined) lease.settling -= 1;
      giveBack(lease);
    }
    if (hold.recordedAtMs !== undefined) waiting.unshift(...parked.splice(0));
  };

  const giveBack = (lease: Lease): void => {
    if (lease.excessNano(clock.now(), IDLE_MS) > 0n) returning.add(lease);
  };

  /** Whatever waits is looked at after this turn of the loop, with all that joins it. */
  const kick = (): void => {
    if (running !== undefined || !hasWork()) return;
    running = Promise.resolve()
      .then(work)
      .finally(() => {
        running = undefined;
        kick();
      });
  };

  const hasWork = (): boolean => waiting.length > 0 || returning.size > 0 || housekeeping;

  const work = async (): Promise<void> => {
    while (hasWork()) {
      if (waiting.length > 0 || returning.size > 0) await round();
      else {
        housekeeping = false;
        const forgets = ticks % FORGETTING_TICKS === 0;
        const house = { sweeping, database, instance, clock, log, leases, open, letGo, ttlMs: LEASE_TTL_MS };
        await keepHouse(house, forgets);
      }
    }
  };

  const round = async (): Promise<void> => {
    const wishes = waiting.splice(0, MOST_AT_ONCE).filter(({ isOver }) => !isOver);
    const asked = wishes.flatMap(({ ask }) => ask.needs.map(({ purse }) => leaseOf(purse)));
    const nowMs = clock.now();
    const backNano = new Map<Lease, bigint>();
    for (const lease of returning) {
      const excessNano = lease.excessNano(nowMs, IDLE_MS);
      if (excessNano > 0n) backNano.set(lease, excessNano);
    }
    returning.clear();
    const own = [...new Set([...asked, ...backNano.keys()])].sort((a, b) => (a.purse < b.purse ? -1 : 1));
    if (own.length === 0) return;
    for (const lease of own) lease.isBusy = true;
    // What is settled while the round is played may not be there for it.
    const settling = new Set(own.filter((lease) => lease.isSettling(nowMs)).map(({ purse }) => purse));
    roundSinceMs = nowMs;
    try {
      const unknown = own.filter(({ limitNano }) => limitNano === undefined);
      await makePurses(
        database.query,
        unknown.map(({ purse }) => purse),
        nowMs,
      );
      const { shortages, commit } = await database.write((transaction) =>
        playRound(transaction, {
          wishes: wishes.map(({ ask }) => ask),
          ...{ leases: own, backNano, instance, nowMs, ttlMs: LEASE_TTL_MS },
        }),
      );
      commit();
      for (const lease of own) lease.isBusy = false;
      for (const [i, each] of wishes.entries()) {
        const shortage = shortages[i];
        if (shortage !== undefined && settling.has(shortage.need.purse)) park(each, shortage);
        else answer(each, shortage);
      }
      for (const lease of own) if (lease.cushionNano === 0n && lease.usedNano === 0n) giveBack(lease);
    } catch (error) {
      for (const lease of own) lease.isBusy = false;
      const reason = error instanceof Error ? error.message : String(error);
      log.warn({ reason, calls: wishes.length }, 'purses: the database cannot be asked');
      for (const each of wishes) refuse(each);
    } finally {
      roundSinceMs = undefined;
    }
  };

  const park = (each: Waiting, shortage: Shortage): void => {
    each.shortage = shortage;
    if (leaseOf(shortage.need.purse).isSettling(clock.now())) parked.push(each);
    else waiting.push(each);
  };

  const answer = (each: Waiting, shortage: Shortage | undefined): void => {
    if (each.isOver) {
      // What was taken for it is free again.
      for (const { purse } of each.ask.needs) giveBack(leaseOf(purse));
      return;
    }
    each.isOver = true;
    each.cancelTimer();
    each.answer(shortage ?? take(each.ask));
  };

  const refuse = (each: Waiting): void => {
    if (each.isOver) return;
    each.isOver = true;
    each.cancelTimer();
    each.fail(ledgerAway());
  };

  const stand = (ask: PurseAsk): Promise<PurseHold | Shortage> =>
    new Promise((resolve, reject) => {
      const each: Waiting = {
        ask,
        answer: resolve,
        fail: reject,
        cancelTimer: clock.after(LONGEST_WAIT_MS, () =>
          each.shortage === undefined || isStuck() ? refuse(each) : answer(each, each.shortage),
        ),
        shortage: undefined,
        isOver: false,
      };
      waiting.push(each);
      kick();
    });

  const isStuck = (): boolean => roundSinceMs !== undefined && clock.now() - roundSinceMs >= LONGEST_WAIT_MS;

  let cancelTick: Cancel = () => undefined;
  const tick = (): void => {
    const nowMs = clock.now();
    ticks += 1;
    housekeeping ||= ticks % HOUSEKEEPING_TICKS === 0;
    for (const lease of leases.values()) giveBack(lease);
    for (const lease of leases.values())
      if (lease.leasedNano === 0n && lease.usedNano === 0n && nowMs - lease.lastUsedAtMs > LEASE_TTL_MS)
        if (!lease.isBusy) leases.delete(lease.purse);
    kick();
    cancelTick = clock.after(TICK_MS, tick);
  };
  cancelTick = clock.after(TICK_MS, tick);

  return {
    hold(ask) {
      const nowMs = clock.now();
      const { needs, amountNano } = ask;
      // What costs nothing needs nothing, even of an empty purse.
      if (
        amountNano === 0n ||
        needs.every((need) => serves(leases.get(need.purse), need, { amountNano, nowMs }))
      )
        return take(ask);
      if (isClosed || isStuck()) throw ledgerAway();
      return stand(ask);
    },

    recorded(call) {
      const hold = open.get(call);
      if (hold === undefined || hold.recordedAtMs !== undefined) return;
      hold.recordedAtMs = clock.now();
      for (const lease of hold.leases) {
        lease.settling += 1;
        lease.settlesUntilMs = hold.recordedAtMs + LONGEST_WAIT_MS;
      }
    },

    async post(transaction, fresh) {
      const charged = fresh.filter(({ held }) => held.length > 0);
      if (charged.length === 0) return () => undefined;
      const { taken, writeOffs } = await settlePurses(transaction, charged, {
        nowMs: clock.now(),
        limitOf: options.limitOf,
        keepsRest: (purse, of) => of === instance && (leases.get(purse)?.cushionNano ?? 0n) > 0n,
      });
      return () => {
        for (const { purse, instance: of, byNano } of taken) {
          const lease = of === instance ? leases.get(purse) : undefined;
          if (lease !== undefined) lease.leasedNano -= smaller(byNano, lease.leasedNano);
        }
        for (const { id } of charged) {
          const hold = open.get(id);
          if (hold !== undefined) letGo(hold);
        }
        for (const writeOff of writeOffs) {
          log.warn(
            { tenant: writeOff.tenant, call: writeOff.call },
            'a call used more than it held and its wallet had no more: written off',
          );
          options.onWriteOff?.(writeOff);
        }
        kick();
      };
    },

    view: () =>
      [...leases.values()].flatMap(({ purse, limitNano, roomNano, freeNano }) =>
        limitNano === undefined ? [] : [{ purse, limitNano, leftNano: roomNano + freeNano }],
      ),

    async close() {
      if (isClosed) return;
      isClosed = true;
      cancelTick();
      for (const each of [...waiting.splice(0), ...parked.splice(0)]) refuse(each);
      for (let before = Infinity; ; ) {
        while (running !== undefined) await running;
        const left = [...leases.values()].filter(({ freeNano }) => freeNano > 0n);
        // Where nothing went back, the database is away: what is left expires.
        if (left.length === 0 || left.length >= before) return;
        before = left.length;
        for (const lease of left) {
          lease.cushionNano = 0n;
          returning.add(lease);
        }
        kick();
      }
    },
  };
}

const serves = (
  lease: Lease | undefined,
  { limitNano }: PurseNeed,
  { amountNano, nowMs }: { readonly amountNano: bigint; readonly nowMs: number },
): boolean => lease?.has(amountNano, limitNano, nowMs) === true;

const ledgerAway = (): Failure =>
  new Failure('ledger_away', {
    message:
      'The books cannot be asked for money just now, and what was set aside before is used up. Try again in a moment.',
    retryAfterMs: 2_000,
  });

const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b);
