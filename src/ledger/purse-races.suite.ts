/** Whatever several instances do at the same time, in whichever order, no purse is overdrawn and no sum is wrong. */

import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import type { Database } from '../storage/database.ts';
import { chargedEntry, commitEntries } from '../testing/charged-entry.ts';
import type { OpenDatabase } from '../testing/databases.ts';
import { type Instance, Town } from '../testing/purse-town.ts';
import { isShortage, type PurseHold } from './purses.ts';

const PAID_NANO = 10_000n;
const BUDGET_NANO = 6_000n;

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      what: fc.constant('call' as const),
      by: fc.nat(2),
      amount: fc.integer({ min: 1, max: 2_500 }),
      /** Percent of what was held; 0: it is released, more than 100: it used more. */
      used: fc.constantFrom(0, 10, 60, 100, 100, 140),
      hasBudget: fc.boolean(),
      turns: fc.nat(6),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ what: fc.constant('wait' as const), ms: fc.constantFrom(1_000, 6_000, 20_000) }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('kill' as const), by: fc.nat(2) }) },
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

export function purseRacesSuite(open: OpenDatabase): void {
  it('no interleaving of calls, deaths and waits overdraws a purse or loses a nano-dollar', async () => {
    const databases = await Promise.all([open(), open(), open(), open()]);
    let served = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        const race = new Race(databases, open);
        await race.run(steps);
        served += race.served;
      }),
      { numRuns: 25, endOnFailure: true },
    );
    assert.ok(served > 50, `only ${served} calls were served in all`);
  });
}

class Race {
  readonly town: Town;
  readonly #databases: readonly Database[];
  readonly #instances: Instance[] = [];
  readonly #budget;
  served = 0;
  #calls = 0;
  #chargedNano = 0n;
  #budgetNano = 0n;
  /** Charged within what was held, by instances that lived. */
  #isClean = true;

  constructor(databases: readonly Database[], open: OpenDatabase) {
    this.#databases = databases;
    this.town = new Town(databases[3] as Database, open);
    this.#budget = { purse: `budget:tenant:${this.town.tenant}:total:all`, limitNano: BUDGET_NANO };
  }

  async run(steps: readonly Step[]): Promise<void> {
    const { town } = this;
    for (const database of this.#databases.slice(0, 3)) this.#instances.push(await town.instance(database));
    await town.pay(PAID_NANO);
    const under: Promise<void>[] = [];
    for (const each of steps) {
      if (each.what === 'call') under.push(this.#call(each));
      else if (each.what === 'wait') await town.clock.advance(each.ms);
      else await this.#kill(each.by);
      await this.#look();
    }
    await this.#ended(under);
    await this.#look();
    // Whoever died has let go by then.
    await town.clock.advance(90_000);
    await town.becomes(this.#chargedNano - PAID_NANO - town.writtenOffNano, 0n);
    await town.becomes(this.#budgetNano, 0n, this.#budget.purse);
    if (this.#isClean) assert.equal(town.writtenOffNano, 0n);
    await town.close();
  }

  /** Whoever waits until another call is settled waits for some time, and somebody has to let it pass. */
  async #ended(under: readonly Promise<void>[]): Promise<void> {
    const left = new Set(under);
    for (const each of under) void each.then(() => left.delete(each));
    const all = Promise.all(under);
    while (left.size > 0) {
      await Promise.race([all, new Promise((resolve) => setTimeout(resolve, 5))]);
      if (left.size > 0) await this.town.clock.advance(250);
    }
  }

  async #call({ by, amount, used, hasBudget, turns }: Extract<Step, { what: 'call' }>): Promise<void> {
    const { town } = this;
    const instance = this.#instances[by] as Instance;
    const needs = hasBudget ? [town.wallet, this.#budget] : [town.wallet];
    const id = `${town.tenant}-${++this.#calls}`;
    let hold: PurseHold;
    try {
      const answer = await instance.hold(id, needs, BigInt(amount));
      if (isShortage(answer)) return;
      hold = answer;
    } catch {
      // Its instance ended before it had an answer.
      return;
    }
    this.served += 1;
    for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
    if (used === 0) return hold.release();
    const chargedNano = (BigInt(amount) * BigInt(used)) / 100n;
    this.#chargedNano += chargedNano;
    if (hasBudget) this.#budgetNano += chargedNano;
    if (used > 100) this.#isClean = false;
    instance.purses.recorded(id);
    const entry = chargedEntry({
      id,
      instance: instance.name,
      tenant: town.tenant,
      held: hold.held,
      chargedNano,
    });
    const database = this.#databases[by] as Database;
    // Whichever instance does it, and however often.
    const heir = this.#instances[(by + (used === 60 ? 1 : 0)) % 3] as Instance;
    await commitEntries(database, [entry], heir.purses.post);
    if (used === 10) await commitEntries(database, [entry], instance.purses.post);
    // Otherwise it is heard of too late, when it has expired.
    if (heir !== instance) await commitEntries(database, [entry], instance.purses.post);
  }

  async #kill(by: number): Promise<void> {
    this.#isClean = false;
    this.#instances[by]?.kill();
    this.#instances[by] = await this.town.instance(this.#databases[by]);
  }

  /** At any moment: what is spent and held is no more than there is. */
  async #look(): Promise<void> {
    const { spent, held } = await this.town.purse();
    assert.ok(held >= 0n && spent + held <= 0n, `spent ${spent}, held ${held}`);
  }
}
