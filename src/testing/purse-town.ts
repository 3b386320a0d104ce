/** Several relays on one database, whose time a test moves: what tests of purses begin with. */

import assert from 'node:assert/strict';
import type { Clock } from '../base/clock.ts';
import { silentLogger } from '../base/log.ts';
import { walletOf } from '../ledger/purse-ids.ts';
import { createPurses, isShortage, LONGEST_WAIT_MS, type PurseHold, type Purses } from '../ledger/purses.ts';
import type { PurseNeed, Shortage } from '../ledger/round.ts';
import { bookWalletEntry, verifyWallets } from '../ledger/wallets.ts';
import type { Database } from '../storage/database.ts';
import { chargedEntry, commitEntries } from './charged-entry.ts';
import type { OpenDatabase } from './databases.ts';
import { createVirtualClock, type VirtualClock } from './virtual-clock.ts';

/** One of several relays on a database. */
export type Instance = {
  readonly name: string;
  readonly purses: Purses;
  hold(call: string, needs: readonly PurseNeed[], amountNano: bigint): Promise<PurseHold | Shortage>;
  /** Nothing of it happens any more. */
  kill(): void;
  /** It stood still for so long, and its timers have not fired. */
  freeze(ms: number): void;
  /** The call is over: its entry is committed. */
  charge(call: string, hold: PurseHold, chargedNano: bigint | null): Promise<void>;
};

/** A fresh tenant for each test on one database. */
export class Town {
  readonly clock: VirtualClock = createVirtualClock();
  readonly database: Database;
  readonly tenant: string;
  readonly wallet: PurseNeed;
  limitNano = 0n;
  writtenOffNano = 0n;
  readonly #open: () => Promise<Database>;
  readonly #instances: Instance[] = [];
  #made = 0;

  static #towns = 0;

  constructor(database: Database, open: () => Promise<Database>) {
    this.database = database;
    this.#open = open;
    this.tenant = `tenant-${++Town.#towns}`;
    this.wallet = { purse: walletOf(this.tenant), limitNano: 0n };
  }

  async instance(own?: Database): Promise<Instance> {
    const name = `${this.tenant}-instance-${++this.#made}`;
    const database = own ?? (await this.#open());
    const state = { isDead: false, aheadMs: 0 };
    const clock: Clock = {
      now: () => this.clock.now() + state.aheadMs,
      after: (delayMs, task) =>
        this.clock.after(delayMs, () => {
          // Its clients are let go, so that no test waits for them.
          if (!state.isDead || delayMs === LONGEST_WAIT_MS) task();
        }),
    };
    const purses = createPurses({
      ...{ database, instance: name, clock, log: silentLogger },
      limitOf: () => this.limitNano,
      onWriteOff: ({ amountNano }) => {
        this.writtenOffNano += amountNano;
      },
    });
    const instance: Instance = {
      ...{ name, purses },
      kill: () => {
        state.isDead = true;
        this.#instances.splice(this.#instances.indexOf(instance), 1);
      },
      freeze: (ms) => {
        state.aheadMs += ms;
      },
      hold: async (call, needs, amountNano) => await purses.hold({ call, needs, amountNano }),
      charge: async (call, { held }, chargedNano) => {
        purses.recorded(call);
        const entry = chargedEntry({ id: call, instance: name, tenant: this.tenant, held, chargedNano });
        await commitEntries(database, [entry], purses.post);
      },
    };
    this.#instances.push(instance);
    return instance;
  }

  async pay(amountNano: bigint, id = `${this.tenant}-paid-${amountNano}`): Promise<void> {
    const booking = { id, tenant: this.tenant, atMs: this.clock.now(), kind: 'top_up', amountNano } as const;
    await this.database.write((transaction) =>
      bookWalletEntry(
        transaction,
        { ...booking, call: null, note: null, actor: 'owner' },
        { limitNano: 0n, forced: true },
      ),
    );
  }

  async purse(purse = this.wallet.purse): Promise<{ spent: bigint; held: bigint }> {
    const row = await this.database.query
      .selectFrom('purses')
      .select(['spent_nano', 'held_nano'])
      .where('id', '=', purse)
      .executeTakeFirst();
    return { spent: row?.spent_nano ?? 0n, held: row?.held_nano ?? 0n };
  }

  /** Waits for what goes on beside the calls. */
  async becomes(spent: bigint, held: bigint, purse = this.wallet.purse): Promise<void> {
    for (let i = 0; i < 400; i++) {
      const now = await this.purse(purse);
      if (now.spent === spent && now.held === held) return;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    assert.deepEqual(await this.purse(purse), { spent, held });
  }

  async isRenewed(instance: string): Promise<void> {
    for (let i = 0; i < 400; i++) {
      const row = await this.database.query
        .selectFrom('holds')
        .select('expires_ms')
        .where('instance', '=', instance)
        .executeTakeFirst();
      if ((row?.expires_ms ?? Infinity) > this.clock.now() + 15_000) return;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    assert.fail('it is not renewed');
  }

  async close(): Promise<void> {
    for (const { purses } of this.#instances) await purses.close();
    const { balances, holds } = await verifyWallets(this.database.query);
    assert.deepEqual({ balances, holds }, { balances: [], holds: [] });
  }
}

export const granted = (answer: PurseHold | Shortage): PurseHold => {
  assert.ok(!isShortage(answer), 'refused, though there is enough');
  return answer;
};

export const refused = (answer: PurseHold | Shortage): Shortage => {
  assert.ok(isShortage(answer), 'granted, though there is too little');
  return answer;
};

/** Connections are made once for a suite: each test has the same ones, in the same order. */
export function opened(fresh: OpenDatabase): { readonly open: () => Promise<Database>; next(): void } {
  const all: Promise<Database>[] = [];
  let used = 0;
  return {
    open() {
      const database = all[used] ?? fresh();
      all[used++] = database;
      return database;
    },
    next() {
      used = 0;
    },
  };
}
