import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { OwnPrice } from '../domain/money.ts';
import { USUAL_MONEY } from '../domain/money.ts';
import { bump, createRevisions } from '../storage/revisions.ts';
import { onEachDatabase } from '../testing/databases.ts';
import { madeUpChannel } from '../testing/priced-channel.ts';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { addFactor, addPrice, endFactor, readMoneyRows } from './money-rows.ts';
import { createPricing } from './pricing.ts';

const made = { actor: 'owner', nowMs: 1_000 };
const price = (id: string, input: string, rest: Partial<OwnPrice> = {}): OwnPrice => ({
  ...{ id, kind: 'provider', scope: 'p/m', fromMs: 1_000 },
  price: {
    currency: 'USD',
    tiers: [
      { input, output: '2' },
      { above: 32_000, input: '9', cacheWrite1h: '0.000000001' },
    ],
  },
  ...rest,
});

onEachDatabase((_name, open) => {
  it('prices and factors are read as they were written, and what cannot be understood is named', async () => {
    const { query } = await open();
    const rows = [
      price('a', '1', { region: 'r' }),
      price('b', '2', { kind: 'model', scope: "o'neill; drop table prices" }),
      price('c', '3', { price: null }),
    ];
    for (const row of rows) await addPrice(query, row, made);
    const factor = { id: 'f', tenant: 't', key: 'k', factor: '0.88', fromMs: 5, untilMs: 2_000 };
    await addFactor(query, factor, made);
    for (const [id, text] of [
      ['broken-json', '{'],
      ['broken-amount', '{"currency":"USD","tiers":[{"input":"-1"}]}'],
      ['broken-currency', '{"currency":"EUR","tiers":[{"input":"1"}]}'],
    ] as const)
      await query
        .insertInto('prices')
        .values({
          id,
          scope: 'x',
          scope_kind: 'model',
          region: null,
          price: text,
          from_ms: 1,
          created_ms: 1,
          actor: 'x',
        })
        .execute();
    await addFactor(query, { ...factor, id: 'broken-factor', factor: '0' }, made);
    const read = await readMoneyRows(query, 1_000);
    assert.deepEqual(
      read.prices.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
      rows,
    );
    assert.deepEqual(read.factors, [factor]);
    assert.deepEqual([...read.broken].sort(), [
      'broken-amount',
      'broken-currency',
      'broken-factor',
      'broken-json',
    ]);
    // What has ended is not loaded.
    assert.deepEqual((await readMoneyRows(query, 2_000)).factors, []);
  });

  it('a factor is ended once, and stays on record', async () => {
    const { query } = await open();
    await addFactor(query, { id: 'once', account: 'a', factor: '2', fromMs: 0 }, made);
    assert.deepEqual(
      await Promise.all([endFactor(query, 'once', 50), endFactor(query, 'once', 50)]).then((ends) =>
        ends.sort(),
      ),
      [false, true],
    );
    assert.equal(await endFactor(query, 'nobody', 50), false);
    const rows = await query.selectFrom('factors').select('until_ms').where('id', '=', 'once').execute();
    assert.deepEqual(rows, [{ until_ms: 50 }]);
  });

  it('a new price is in force on every instance within two seconds, and old entries stay as they were', async () => {
    const databases = await Promise.all([open(), open(), open()]);
    const clock = createVirtualClock({ startMs: 1_000_000 });
    const instances = await Promise.all(
      databases.map(async (database) => {
        const pricing = createPricing({ now: clock.now, settings: () => USUAL_MONEY, usualRates: {} });
        const revisions = createRevisions({
          ...{ database, clock, random: () => 0.9, log: { info: () => {}, warn: () => {} } },
        });
        revisions.follow('prices', async () =>
          pricing.load(await readMoneyRows(database.query, clock.now())),
        );
        await revisions.start();
        return { pricing, revisions };
      }),
    );
    const channel = madeUpChannel([{ currency: 'USD', tiers: [{ input: '1', output: '1' }] }]);
    const usage = {
      input: 1_000,
      cacheRead: 0,
      cacheWrite: 0,
      output: 0,
      reasoning: 0,
      source: 'upstream',
    } as const;
    const costs = () =>
      instances.map(({ pricing }) =>
        pricing.costOf({ key: { id: 'k' }, served: 'live', channel, usage, free: false }),
      );
    const before = costs();
    assert.deepEqual(
      before.map(({ listNano }) => listNano),
      [1_000_000n, 1_000_000n, 1_000_000n],
    );
    const frozen = JSON.stringify(before, (_name, value) =>
      typeof value === 'bigint' ? String(value) : value,
    );

    await databases[0]?.write(async (transaction) => {
      await bump(transaction, 'prices');
      const row = price('live', '5', { kind: 'model', scope: 'live', fromMs: clock.now() });
      await addPrice(transaction, row, { actor: 'owner', nowMs: clock.now() });
    });
    // Real databases answer in real time; the clock is virtual, and 1.9 s of it must do.
    const deadline = Date.now() + 5_000;
    let passedMs = 0;
    while (costs().some(({ listNano }) => listNano !== 5_000_000n)) {
      assert.ok(Date.now() < deadline && passedMs <= 1_900, `${passedMs} ms`);
      if (passedMs < 1_900) {
        await clock.advance(100);
        passedMs += 100;
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.deepEqual(
      costs().map(({ price: id }) => id),
      ['live', 'live', 'live'],
    );
    assert.equal(
      JSON.stringify(before, (_name, value) => (typeof value === 'bigint' ? String(value) : value)),
      frozen,
    );
    for (const { revisions } of instances) revisions.close();
  });
});
