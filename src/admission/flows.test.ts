import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Departure } from '../base/departure.ts';
import { createSeededRandom } from '../base/seeded-random.ts';
import { PRIORITIES, type Priority } from '../domain/call.ts';
import type { Ask } from './ask.ts';
import type { Entry } from './entry.ts';
import { CLASS_WEIGHTS, Flows } from './flows.ts';

type Comer = Partial<Pick<Ask<unknown>, 'tenant' | 'weight' | 'priority' | 'cost' | 'bytes' | 'orderMs'>>;

/** A line of entries that nobody asks: whoever is next is simply started. */
function scene() {
  const flows = new Flows();
  let order = 0;
  const come = (comer: Comer = {}): Entry => {
    const entry: Entry = {
      ask: {
        ...{ line: 'm', tenant: 't', weight: 1, priority: 'normal', cost: 1, bytes: 0, orderMs: 0 },
        ...{
          deadlineMs: Infinity,
          departure: new Departure(),
          mayWait: true,
          returns: false,
          ownWait: false,
        },
        tryStart: () => ({ atMs: Infinity }),
        ...comer,
      },
      enteredAtMs: 0,
      order: order++,
      resolve: () => {},
      reject: () => {},
      flowIndex: -1,
      deadlineIndex: -1,
    };
    flows.insert(entry);
    return entry;
  };
  const start = (): Entry => {
    const [entry] = flows.heads(1);
    assert.ok(entry !== undefined, 'somebody waits');
    flows.charge(entry);
    flows.remove(entry);
    return entry;
  };
  const comeTimes = (count: number, comer: Comer): void => {
    for (let i = 0; i < count; i++) come(comer);
  };
  const startTimes = (count: number): string =>
    Array.from({ length: count }, () => start().ask.tenant).join('');
  return { flows, come, comeTimes, start, startTimes };
}

const countOf = (tenants: string, tenant: string): number => tenants.split(tenant).length - 1;

test('two tenants with calls waiting never differ by more than the largest cost of each, by weight', () => {
  const weight = fc.constantFrom(0.5, 1, 2, 3, 7);
  const cost = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.double({ min: 0.001, max: 40, noNaN: true }));
  const costs = fc.array(cost, { minLength: 30, maxLength: 60 });
  fc.assert(
    fc.property(weight, weight, costs, costs, (weightA, weightB, costsA, costsB) => {
      const { flows, come, start } = scene();
      for (const cost of costsA) come({ tenant: 'a', weight: weightA, cost });
      for (const cost of costsB) come({ tenant: 'b', weight: weightB, cost });
      const bound = Math.max(...costsA) / weightA + Math.max(...costsB) / weightB;
      const served = { a: 0, b: 0 };
      const isWaiting = (tenant: string): boolean => (flows.flow('normal', tenant)?.entries.size ?? 0) > 0;
      while (isWaiting('a') && isWaiting('b')) {
        const { tenant, cost, weight } = start().ask;
        served[tenant as 'a' | 'b'] += cost / weight;
        assert.ok(Math.abs(served.a - served.b) <= bound + 1e-9, `${served.a} against ${served.b}`);
      }
    }),
  );
});

test('weights of one and three get one and three of four starts', () => {
  const { comeTimes, startTimes } = scene();
  comeTimes(400, { tenant: 'a', weight: 1 });
  comeTimes(400, { tenant: 'b', weight: 3 });
  const starts = startTimes(400);
  assert.ok(Math.abs(countOf(starts, 'a') - 100) <= 1, `${countOf(starts, 'a')}`);
});

test('a tenant of few large calls gets as much as one of many small ones', () => {
  const { comeTimes, startTimes } = scene();
  comeTimes(100, { tenant: 'l', cost: 20 });
  comeTimes(1_000, { tenant: 's', cost: 1 });
  assert.equal(countOf(startTimes(420), 'l'), 20);
});

test('classes get fifteen, four and one of twenty, however many tenants each has', () => {
  const { comeTimes, start } = scene();
  for (const tenant of ['a', 'b', 'c', 'd', 'e']) comeTimes(500, { tenant, priority: 'interactive' });
  for (const tenant of ['a', 'f']) comeTimes(500, { tenant, priority: 'normal' });
  comeTimes(500, { tenant: 'g', priority: 'batch' });
  const got: Record<Priority, number> = { interactive: 0, normal: 0, batch: 0 };
  for (let i = 0; i < 2_000; i++) got[start().ask.priority]++;
  for (const priority of PRIORITIES)
    assert.ok(Math.abs(got[priority] - 100 * CLASS_WEIGHTS[priority]) <= 1, JSON.stringify(got));
  assert.ok(got.batch >= 100, 'a twentieth');
});

test('who comes back after a pause is neither rewarded for it nor punished for what it had before', () => {
  const { comeTimes, startTimes } = scene();
  comeTimes(100, { tenant: 'a' });
  startTimes(50);
  comeTimes(20, { tenant: 'b' });
  assert.ok(Math.abs(countOf(startTimes(40), 'b') - 20) <= 1, 'b has saved up nothing while it was away');
  startTimes(30);
  comeTimes(50, { tenant: 'b' });
  startTimes(40);
  comeTimes(20, { tenant: 'a' });
  const starts = startTimes(20);
  assert.ok(Math.abs(countOf(starts, 'a') - 10) <= 1, `${starts}: a pays for nothing of the past`);
});

test('a class that comes back after a pause is not rewarded for it', () => {
  const { comeTimes, startTimes } = scene();
  comeTimes(2_000, { tenant: 'i', priority: 'interactive' });
  startTimes(1_600);
  comeTimes(50, { tenant: 'b', priority: 'batch' });
  assert.equal(countOf(startTimes(160), 'b'), 10);
});

test('the virtual time is lifted when a tenant becomes active, and at no other time', () => {
  const { flows, come, comeTimes, startTimes } = scene();
  comeTimes(50, { tenant: 'b' });
  startTimes(30);
  comeTimes(2, { tenant: 'a' });
  const liftedTo = flows.flow('normal', 'a')?.virtualTime ?? 0;
  assert.equal(liftedTo, 29, 'the start of whoever started last');
  flows.correct('normal', 'a', -5);
  come({ tenant: 'a' });
  assert.equal(flows.flow('normal', 'a')?.virtualTime, liftedTo - 5, 'its credit is its own');
  assert.equal(startTimes(3), 'aaa');
});

test('inside a tenant the earliest deadline is first, then who came first', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(5), { minLength: 1, maxLength: 40 }), (orders) => {
      const { come, start } = scene();
      const entries = orders.map((orderMs) => come({ orderMs }));
      const expected = entries.toSorted((a, b) => a.ask.orderMs - b.ask.orderMs || a.order - b.order);
      assert.deepEqual(
        orders.map(() => start().order),
        expected.map(({ order }) => order),
      );
    }),
  );
});

test('a call that turns out dearer is made up for by its tenant, one that turns out cheaper is given back', () => {
  const { flows, comeTimes, startTimes } = scene();
  comeTimes(60, { tenant: 'a' });
  comeTimes(60, { tenant: 'b' });
  startTimes(2);
  flows.correct('normal', 'a', 10);
  assert.equal(startTimes(10), 'b'.repeat(10));
  flows.correct('normal', 'a', -4);
  assert.equal(countOf(startTimes(8), 'a'), 6);
});

test('a call that was refused and paid back keeps its turn within its class', () => {
  const { flows, come, comeTimes, start } = scene();
  comeTimes(9, { tenant: 'a' });
  comeTimes(9, { tenant: 'b' });
  const refused = start();
  assert.equal(refused.ask.tenant, 'a');
  flows.correct('normal', 'a', -1);
  const back = come({ tenant: 'a', orderMs: -1 });
  assert.equal(start(), back);
});

test('a class whose call was refused is next again, and no further ahead than that', () => {
  const { flows, comeTimes, startTimes } = scene();
  comeTimes(90, { tenant: 'i', priority: 'interactive' });
  comeTimes(9, { tenant: 'b', priority: 'batch' });
  const sinceBatch = startTimes(60).split('b').at(-1)?.length ?? 0;
  assert.equal(startTimes(16 - sinceBatch), `${'i'.repeat(15 - sinceBatch)}b`);
  flows.correct('batch', 'b', -1);
  assert.equal(startTimes(3), 'bii');
  flows.correct('batch', 'b', -9);
  assert.equal(startTimes(3), 'bii', 'nine paid back at once are one turn, not nine');
});

test('however many tenants come once, about a thousand are remembered', () => {
  for (const overlap of [0, 3]) {
    const { flows, come, comeTimes, start } = scene();
    comeTimes(1, { tenant: 'patient', priority: 'batch' });
    const names = Array.from({ length: 4_000 }, (_, i) => `t${i}`);
    names.forEach((tenant, i) => {
      come({ tenant, priority: 'interactive' });
      if (i >= overlap) start();
    });
    const known = names.filter((tenant) => flows.flow('interactive', tenant) !== undefined).length;
    assert.ok(known <= 1_000 + overlap, `${known} with ${overlap} waiting at once`);
    assert.ok(known >= overlap);
  }
});

test('who waits is never forgotten', () => {
  const { flows, come } = scene();
  const entries = Array.from({ length: 3_000 }, (_, i) => come({ tenant: `t${i}` }));
  for (const entry of entries.slice(0, 1_500)) flows.remove(entry);
  assert.equal(flows.waiting, 1_500);
  for (let i = 1_500; i < 3_000; i++) assert.equal(flows.flow('normal', `t${i}`)?.entries.size, 1);
});

test('no call starves: each starts after no more than its tenant and class owe to the others', () => {
  const random = createSeededRandom(7);
  const tenants = ['a', 'b', 'c', 'd'];
  const largest = 9;
  const { flows, come, start } = scene();
  let served = 0;
  const limits = new Map<Entry, number>();
  const enter = (): void => {
    const priority = PRIORITIES[Math.floor(random() ** 2 * 3)] ?? 'normal';
    const tenant = tenants[Math.floor(random() ** 2 * 4)] ?? 'a';
    const cost = 1 + Math.floor(random() ** 3 * largest);
    const entry = come({ priority, tenant, cost });
    // Every tenant and every class counted as if it waited all the time, and two of the largest for each of them.
    const own = (flows.flow(priority, tenant)?.cost ?? 0) + 2 * largest;
    const inClass = own * tenants.length + 2 * largest;
    limits.set(entry, served + inClass * (20 / CLASS_WEIGHTS[priority]) + 2 * largest * PRIORITIES.length);
  };
  for (let i = 0; i < 600; i++) enter();
  for (let i = 0; flows.waiting > 0; i++) {
    if (i < 4_000) enter();
    const entry = start();
    assert.ok(
      served <= (limits.get(entry) ?? 0),
      `${entry.ask.priority} of ${entry.ask.tenant} at ${served}`,
    );
    served += entry.ask.cost;
    limits.delete(entry);
  }
  assert.equal(limits.size, 0, 'all have started');
});

test('the first are told in their order, as many of each tenant, and to look at them changes nothing', () => {
  const { flows, come, comeTimes, startTimes } = scene();
  for (const tenant of ['c', 'a', 'b']) comeTimes(2, { tenant });
  come({ tenant: 'z', priority: 'interactive' });
  const tenantsOf = (limit: number): string =>
    flows
      .heads(limit)
      .map(({ ask }) => ask.tenant)
      .join('');
  assert.equal(tenantsOf(16), 'zccaabb');
  assert.equal(tenantsOf(5), 'zcab', 'who came first goes first');
  assert.equal(tenantsOf(2), 'zc');
  assert.equal(tenantsOf(1), 'z');
  assert.equal(tenantsOf(16), 'zccaabb');
  assert.equal([...flows.inTurn(99)].map(({ ask }) => ask.tenant).join(''), 'zccaabb');
  assert.equal([...flows.inTurn(1)].length, 1);
  assert.equal(startTimes(7), 'zcabcab');
  assert.deepEqual(flows.heads(1), []);
});

test('the cost before a newcomer is its fair share of the others, and never more than all that waits', () => {
  const { flows, comeTimes } = scene();
  const costBefore = (priority: Priority, tenant: string, orderMs = Infinity): number =>
    flows.costBefore({ priority, tenant, weight: 1, orderMs });
  assert.equal(costBefore('normal', 'a'), 0);
  comeTimes(30, { tenant: 'b', cost: 2 });
  assert.equal(costBefore('normal', 'a'), 2, 'who has nothing waiting is next, after one turn of the other');
  assert.equal(costBefore('normal', 'b'), 60);
  assert.equal(costBefore('normal', 'b', -1), 0, 'and who has less time than its own calls is next as well');
  comeTimes(5, { tenant: 'a', cost: 2 });
  assert.equal(costBefore('normal', 'a'), 22, 'as much of b as of its own, and one turn');
  comeTimes(10, { tenant: 'c', cost: 2, priority: 'interactive' });
  assert.equal(costBefore('normal', 'a'), 90, 'nineteen of four, but only so much waits');
  assert.equal(costBefore('interactive', 'c'), (22 * 19) / 15 - 2, 'nineteen of fifteen for its class');
});

test('with many tenants of one call each a newcomer waits for all of them', () => {
  const { flows, come } = scene();
  for (let i = 0; i < 400; i++) come({ tenant: `t${i}`, cost: 1 });
  assert.equal(flows.costBefore({ priority: 'normal', tenant: 'new', weight: 1, orderMs: Infinity }), 400);
});

test('a weight that changes while its key always waits is in force at once', () => {
  const { come, comeTimes, startTimes } = scene();
  comeTimes(200, { tenant: 'a', weight: 1 });
  comeTimes(20, { tenant: 'b', weight: 1 });
  startTimes(10);
  come({ tenant: 'a', weight: 9 });
  assert.ok(countOf(startTimes(20), 'a') >= 17);
});

test('what a tenant holds is counted over its priorities, and what batch holds over its tenants', () => {
  const { flows, come } = scene();
  come({ tenant: 'a', bytes: 5 });
  come({ tenant: 'a', bytes: 7, priority: 'batch' });
  come({ tenant: 'b', bytes: 11, priority: 'batch' });
  assert.deepEqual(flows.heldBy('a'), { length: 2, bytes: 12 });
  assert.deepEqual(flows.heldBy('nobody'), { length: 0, bytes: 0 });
  assert.deepEqual(flows.batch(), { length: 2, bytes: 18 });
});

test('the batch call that came first is the one to give way', () => {
  const { flows, come } = scene();
  come({ tenant: 'a' });
  assert.equal(flows.oldestBatch(), undefined);
  const oldest = come({ tenant: 'b', priority: 'batch', orderMs: 9 });
  const next = come({ tenant: 'a', priority: 'batch', orderMs: 1 });
  assert.equal(flows.oldestBatch(), oldest);
  flows.remove(oldest);
  assert.equal(flows.oldestBatch(), next);
});

test('what waits is counted exactly, and nothing is left when all are gone', () => {
  const random = createSeededRandom(3);
  const { flows, come } = scene();
  let inside: Entry[] = [];
  for (let i = 0; i < 2_000; i++) {
    const priority = PRIORITIES[i % 3] ?? 'normal';
    inside.push(come({ priority, tenant: `t${i % 7}`, cost: random(), bytes: i }));
    if (random() < 0.6) continue;
    const leaving = inside[Math.floor(random() * inside.length)] as Entry;
    flows.remove(leaving);
    inside = inside.filter((entry) => entry !== leaving);
    assert.equal(flows.waiting, inside.length);
  }
  const sum = (of: (entry: Entry) => number): number => inside.reduce((all, entry) => all + of(entry), 0);
  assert.equal(
    flows.bytes,
    sum(({ ask }) => ask.bytes),
  );
  assert.ok(Math.abs(flows.cost - sum(({ ask }) => ask.cost)) < 1e-6);
  for (const entry of inside) flows.remove(entry);
  for (const entry of inside) flows.remove(entry);
  assert.deepEqual([flows.waiting, flows.bytes, flows.cost], [0, 0, 0]);
  assert.equal(flows.heads(16).length, 0);
});
