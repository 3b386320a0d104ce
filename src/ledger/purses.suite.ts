/** What purses must do on each database: several instances are several rooms on connections of their own. */

import assert from 'node:assert/strict';
import { afterEach, it } from 'node:test';
import { chargedEntry, commitEntries } from '../testing/charged-entry.ts';
import type { OpenDatabase } from '../testing/databases.ts';
import { granted, type Instance, opened, refused, Town } from '../testing/purse-town.ts';
import { isShortage, type PurseHold } from './purses.ts';
import type { Shortage } from './round.ts';

export function pursesSuite(fresh: OpenDatabase): void {
  const { open, next } = opened(fresh);
  let town: Town | undefined;
  const begin = async (): Promise<Town> => {
    next();
    town = new Town(await open(), open);
    return town;
  };
  afterEach(() => town?.close());

  it('a wallet serves as many calls as it pays for, however many ask at once', async () => {
    const here = await begin();
    const instances = await Promise.all([here.instance(), here.instance(), here.instance()]);
    await here.pay(1_000n);
    const asks = Array.from({ length: 200 }, (_, i) => {
      const instance = instances[i % 3] as Instance;
      return instance.hold(`${here.tenant}-${i}`, [here.wallet], 100n);
    });
    const answers = await Promise.all(asks);
    assert.equal(answers.filter((answer) => !isShortage(answer)).length, 10);
    assert.deepEqual(await here.purse(), { spent: -1_000n, held: 1_000n });
    for (const answer of answers) if (!isShortage(answer)) answer.release();
    await here.becomes(-1_000n, 0n);
  });

  it('a rich wallet serves its calls from memory, and what it set aside goes back when they are over', async () => {
    const here = await begin();
    const instance = await here.instance();
    await here.pay(1_000_000n);
    granted(await instance.hold(`${here.tenant}-0`, [here.wallet], 100n)).release();
    const { held } = await here.purse();
    assert.ok(held > 10_000n && held < 100_000n, `${held}`);
    for (let i = 1; i < 100; i++) {
      const answer = instance.purses.hold({
        ...{ call: `${here.tenant}-${i}`, needs: [here.wallet], amountNano: 100n },
      });
      assert.ok(!(answer instanceof Promise), 'asked the database');
      granted(answer);
    }
    assert.equal((await here.purse()).held, held);
  });

  it('a lease that nobody uses goes back after some seconds', async () => {
    const here = await begin();
    const instance = await here.instance();
    await here.pay(1_000_000n);
    const hold = granted(await instance.hold(`${here.tenant}-0`, [here.wallet], 100n));
    await here.clock.advance(12_000);
    await here.becomes(-1_000_000n, 100n);
    hold.release();
    await here.clock.advance(6_000);
    await here.becomes(-1_000_000n, 0n);
  });

  it('an entry charges what the call cost, and its hold is free again', async () => {
    const here = await begin();
    const instance = await here.instance();
    await here.pay(1_000n);
    const hold = granted(await instance.hold(`${here.tenant}-a`, [here.wallet], 700n));
    const short = refused(await instance.hold(`${here.tenant}-b`, [here.wallet], 700n));
    assert.deepEqual([short.leftNano, short.heldNano], [300n, 700n]);
    await instance.charge(`${here.tenant}-a`, hold, 250n);
    assert.deepEqual(await here.purse(), { spent: -750n, held: 0n });
    granted(await instance.hold(`${here.tenant}-b`, [here.wallet], 700n)).release();
  });

  it('what has no price charges nothing', async () => {
    const here = await begin();
    const instance = await here.instance();
    await here.pay(1_000n);
    const hold = granted(await instance.hold(`${here.tenant}-a`, [here.wallet], 700n));
    await instance.charge(`${here.tenant}-a`, hold, null);
    assert.deepEqual(await here.purse(), { spent: -1_000n, held: 0n });
  });

  it('an entry that comes twice counts once', async () => {
    const here = await begin();
    const instance = await here.instance();
    await here.pay(1_000n);
    const hold = granted(await instance.hold(`${here.tenant}-a`, [here.wallet], 700n));
    for (let i = 0; i < 3; i++) await instance.charge(`${here.tenant}-a`, hold, 250n);
    assert.deepEqual(await here.purse(), { spent: -750n, held: 0n });
  });

  it('a hold that was released is not released again, nor one whose entry is recorded', async () => {
    const here = await begin();
    const instance = await here.instance();
    await here.pay(1_000n);
    const first = granted(await instance.hold(`${here.tenant}-a`, [here.wallet], 600n));
    first.release();
    first.release();
    await here.becomes(-1_000n, 0n);
    const second = granted(await instance.hold(`${here.tenant}-b`, [here.wallet], 600n));
    first.release();
    instance.purses.recorded(`${here.tenant}-b`);
    second.release();
    assert.deepEqual(await here.purse(), { spent: -1_000n, held: 600n });
    await instance.charge(`${here.tenant}-b`, second, 600n);
    refused(await instance.hold(`${here.tenant}-c`, [here.wallet], 600n));
  });

  it('a call that comes before the one that ended is settled has what that one leaves', async () => {
    const here = await begin();
    const instance = await here.instance();
    await here.pay(1_000n);
    const first = granted(await instance.hold(`${here.tenant}-a`, [here.wallet], 700n));
    instance.purses.recorded(`${here.tenant}-a`);
    const others = ['b', 'c'].map((call) => instance.hold(`${here.tenant}-${call}`, [here.wallet], 700n));
    await new Promise((resolve) => setTimeout(resolve, 50));
    await instance.charge(`${here.tenant}-a`, first, 100n);
    const [second, third] = await Promise.all(others);
    refused(third as PurseHold | Shortage);
    granted(second as PurseHold | Shortage).release();
  });

  it('whoever waits for a call to be settled is told that there is too little after two seconds', async () => {
    const here = await begin();
    const instance = await here.instance();
    await here.pay(1_000n);
    const first = granted(await instance.hold(`${here.tenant}-a`, [here.wallet], 700n));
    instance.purses.recorded(`${here.tenant}-a`);
    const other = instance.hold(`${here.tenant}-b`, [here.wallet], 700n);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await here.clock.advance(2_000);
    assert.equal(refused(await other).leftNano, 300n);
    // One that is never settled keeps nobody waiting later on.
    refused(await instance.hold(`${here.tenant}-c`, [here.wallet], 700n));
    await instance.charge(`${here.tenant}-a`, first, 700n);
  });

  it('a call takes of all its purses or of none', async () => {
    const here = await begin();
    const instance = await here.instance();
    await here.pay(10_000n);
    const day = { purse: `budget:key:${here.tenant}:day:2026-01-01`, limitNano: 500n };
    refused(await instance.hold(`${here.tenant}-a`, [here.wallet, day], 600n));
    assert.equal((await here.purse(day.purse)).held, 0n);
    const hold = granted(await instance.hold(`${here.tenant}-b`, [here.wallet, day], 400n));
    const short = refused(await instance.hold(`${here.tenant}-c`, [day, here.wallet], 200n));
    assert.deepEqual([short.need, short.leftNano], [day, 100n]);
    await instance.charge(`${here.tenant}-b`, hold, 450n);
    assert.deepEqual(await here.purse(day.purse), { spent: 450n, held: 0n });
    assert.equal((await here.purse()).spent, -9_550n);
  });

  it('a limit that is lowered holds for the next call, whatever was set aside before', async () => {
    const here = await begin();
    const instance = await here.instance();
    const budget = { purse: `budget:tenant:${here.tenant}:total:all`, limitNano: 1_000_000n };
    const hold = granted(await instance.hold(`${here.tenant}-a`, [budget], 100n));
    refused(await instance.hold(`${here.tenant}-b`, [{ ...budget, limitNano: 150n }], 100n));
    granted(await instance.hold(`${here.tenant}-c`, [{ ...budget, limitNano: 250n }], 100n)).release();
    await instance.charge(`${here.tenant}-a`, hold, 100n);
  });

  it('what costs nothing is served of an empty wallet', async () => {
    const here = await begin();
    const instance = await here.instance();
    const hold = granted(await instance.hold(`${here.tenant}-a`, [here.wallet], 0n));
    await instance.charge(`${here.tenant}-a`, hold, 0n);
    assert.deepEqual(await here.purse(), { spent: 0n, held: 0n });
  });

  it('a call that uses more than it held takes what is free, and the rest is written off: the wallet is never overdrawn', async () => {
    const here = await begin();
    const instance = await here.instance();
    await here.pay(1_000n);
    const a = granted(await instance.hold(`${here.tenant}-a`, [here.wallet], 400n));
    const b = granted(await instance.hold(`${here.tenant}-b`, [here.wallet], 500n));
    await instance.charge(`${here.tenant}-a`, a, 650n);
    // 100 were free, 500 are held for b: 150 are missing.
    assert.deepEqual(await here.purse(), { spent: -500n, held: 500n });
    assert.equal(here.writtenOffNano, 150n);
    await instance.charge(`${here.tenant}-b`, b, 500n);
    assert.deepEqual(await here.purse(), { spent: 0n, held: 0n });
    const written = await here.database.query
      .selectFrom('wallet_entries')
      .select(['kind', 'amount_nano', 'call'])
      .where('tenant', '=', here.tenant)
      .where('kind', '=', 'write_off')
      .execute();
    assert.deepEqual(written, [{ kind: 'write_off', amount_nano: 150n, call: `${here.tenant}-a` }]);
  });

  it('a postpaid wallet goes down to its limit and no further', async () => {
    const here = await begin();
    here.limitNano = 500n;
    const instance = await here.instance();
    const wallet = { ...here.wallet, limitNano: 500n };
    const hold = granted(await instance.hold(`${here.tenant}-a`, [wallet], 400n));
    refused(await instance.hold(`${here.tenant}-b`, [wallet], 101n));
    await instance.charge(`${here.tenant}-a`, hold, 800n);
    assert.deepEqual(await here.purse(), { spent: 500n, held: 0n });
    assert.equal(here.writtenOffNano, 300n);
  });

  it('what an instance held that is gone goes back when it expires, once', async () => {
    const here = await begin();
    const gone = await here.instance();
    const [one, two] = await Promise.all([here.instance(), here.instance()]);
    await here.pay(1_000n);
    granted(await gone.hold(`${here.tenant}-a`, [here.wallet], 700n));
    gone.kill();
    refused(await one.hold(`${here.tenant}-b`, [here.wallet], 500n));
    await here.clock.advance(80_000);
    await here.becomes(-1_000n, 0n);
    granted(await one.hold(`${here.tenant}-c`, [here.wallet], 500n)).release();
    granted(await two.hold(`${here.tenant}-d`, [here.wallet], 500n)).release();
  });

  it('an instance that stood still looks for its lease before it goes on', async () => {
    const here = await begin();
    const frozen = await here.instance();
    await here.pay(1_000_000n);
    granted(await frozen.hold(`${here.tenant}-a`, [here.wallet], 100n)).release();
    // Somebody else took it for dead, gave its lease back, and all was spent.
    await here.database.query.deleteFrom('holds').where('instance', '=', frozen.name).execute();
    await here.database.query
      .updateTable('purses')
      .set({ held_nano: 0n, spent_nano: 0n })
      .where('id', '=', here.wallet.purse)
      .execute();
    await here.database.query
      .updateTable('wallet_entries')
      .set({ amount_nano: 0n })
      .where('tenant', '=', here.tenant)
      .execute();
    frozen.freeze(70_000);
    refused(await frozen.hold(`${here.tenant}-b`, [here.wallet], 100n));
  });

  it('entries of an instance that died are charged by whoever finds them, and its lease shrinks by what they held', async () => {
    const here = await begin();
    const [dead, heir] = await Promise.all([here.instance(), here.instance()]);
    await here.pay(1_000n);
    const hold = granted(await dead.hold(`${here.tenant}-a`, [here.wallet], 400n));
    granted(await dead.hold(`${here.tenant}-b`, [here.wallet], 300n));
    dead.kill();
    const entry = chargedEntry({
      ...{ id: `${here.tenant}-a`, instance: dead.name, tenant: here.tenant },
      ...{ held: hold.held, chargedNano: 350n },
    });
    await commitEntries(here.database, [entry], heir.purses.post);
    await commitEntries(here.database, [entry], heir.purses.post);
    assert.deepEqual(await here.purse(), { spent: -650n, held: 300n });
    await here.clock.advance(80_000);
    await here.becomes(-650n, 0n);
  });

  it('entries that come when their lease has expired may only take what is there', async () => {
    const here = await begin();
    const [dead, heir] = await Promise.all([here.instance(), here.instance()]);
    await here.pay(1_000n);
    const hold = granted(await dead.hold(`${here.tenant}-a`, [here.wallet], 800n));
    dead.kill();
    await here.clock.advance(80_000);
    await here.becomes(-1_000n, 0n);
    const other = granted(await heir.hold(`${here.tenant}-b`, [here.wallet], 900n));
    const entry = chargedEntry({
      ...{ id: `${here.tenant}-a`, instance: dead.name, tenant: here.tenant },
      ...{ held: hold.held, chargedNano: 800n },
    });
    await commitEntries(here.database, [entry], heir.purses.post);
    assert.deepEqual(await here.purse(), { spent: -900n, held: 900n });
    await heir.charge(`${here.tenant}-b`, other, 900n);
    assert.deepEqual(await here.purse(), { spent: 0n, held: 0n });
    assert.equal(here.writtenOffNano, 700n);
  });

  it('what is in use lives on', async () => {
    const here = await begin();
    const [one, two] = await Promise.all([here.instance(), here.instance()]);
    await here.pay(1_000n);
    const hold = granted(await one.hold(`${here.tenant}-a`, [here.wallet], 700n));
    for (let i = 0; i < 20; i++) {
      await here.clock.advance(10_000);
      // Time does not run ahead of the database, and the other one looks for what has expired, too.
      await here.isRenewed(one.name);
    }
    refused(await two.hold(`${here.tenant}-b`, [here.wallet], 500n));
    await one.charge(`${here.tenant}-a`, hold, 700n);
  });
}
