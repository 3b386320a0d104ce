import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EventClock } from '../bench/goodput/event-clock.ts';
import { LATENCIES } from '../bench/goodput/latency.ts';
import { rangeText } from '../bench/goodput/report.ts';
import { capacityOf, PLAIN } from '../bench/goodput/scenario.ts';
import { drawSize, meanTokensOf, PROFILES, type ProfileName } from '../bench/goodput/sizes.ts';
import { jainOf, maxMinShares, rangeOf } from '../bench/goodput/statistics.ts';
import { startWorkload, type Traffic } from '../bench/goodput/workload.ts';
import { createSeededRandom } from '../src/base/seeded-random.ts';

describe('the event clock', () => {
  it('calls events in order of time, then of arming, and stands where they are', () => {
    const clock = new EventClock(1_000);
    const seen: string[] = [];
    const note = (name: string) => () => seen.push(`${name}@${clock.now()}`);
    clock.after(30, note('c'));
    clock.after(10, note('a'));
    clock.after(10, note('b'));
    clock.after(-5, () => clock.after(0, note('first')));
    clock.run(1_020);
    assert.deepEqual(seen, ['first@1000', 'a@1010', 'b@1010']);
    assert.equal(clock.now(), 1_020);
    clock.run(2_000);
    assert.equal(seen.at(-1), 'c@1030');
  });

  it('sorts thousands of events, and leaves out those that were cancelled', () => {
    const random = createSeededRandom(2);
    const clock = new EventClock(0);
    const seen: number[] = [];
    const cancels = Array.from({ length: 3_000 }, () =>
      clock.after(random() * 1_000, () => seen.push(clock.now())),
    );
    for (const cancel of cancels.slice(0, 1_000)) cancel();
    clock.run(Infinity);
    assert.equal(seen.length, 2_000);
    assert.deepEqual(
      seen,
      seen.toSorted((a, b) => a - b),
    );
  });

  it('stops when it is enough, and when nothing moves on', () => {
    const clock = new EventClock(0);
    let ticks = 0;
    const tick = (): void => {
      ticks += 1;
      clock.after(ticks < 1_000 ? 10 : 0, tick);
    };
    tick();
    clock.run(Infinity, () => ticks === 10);
    assert.equal(clock.now(), 90);
    assert.throws(() => clock.run(Infinity), /without time moving on/);
  });

  it('lets promises settle between events for one who asks', async () => {
    const clock = new EventClock(0);
    const seen: string[] = [];
    clock.after(1, () => void Promise.resolve().then(() => seen.push('promise')));
    clock.after(2, () => seen.push('event'));
    await clock.runTurning(10);
    assert.deepEqual(seen, ['promise', 'event']);
  });
});

describe('statistics', () => {
  it('tell even from uneven', () => {
    assert.equal(jainOf([3, 3, 3]), 1);
    assert.equal(jainOf([1, 0, 0, 0]), 0.25);
    assert.ok(Number.isNaN(jainOf([0, 0])));
  });

  it('deal out evenly, and nobody more than it asked for', () => {
    assert.deepEqual(maxMinShares([10, 1, 4], 9), [4, 1, 4]);
    assert.deepEqual(maxMinShares([2, 2], 100), [2, 2]);
    assert.deepEqual(maxMinShares([5, 5, 5], 6), [2, 2, 2]);
    assert.deepEqual(maxMinShares([], 6), []);
  });

  it('give the mean with its ends, and leave out what was not measured', () => {
    assert.deepEqual(rangeOf([3, Number.NaN, 1]), { mean: 2, low: 1, high: 3 });
    assert.ok(Number.isNaN(rangeOf([Number.NaN]).mean));
    assert.equal(rangeText({ mean: 2, low: 1, high: 3 }, { digits: 1, scale: 1 }), '2.0 [1.0-3.0]');
    assert.equal(rangeText({ mean: 2, low: 2, high: 2 }, { digits: 0, scale: 1 }), '2');
  });
});

describe('what is drawn', () => {
  it('keeps to the mean of its profile', () => {
    for (const profile of Object.keys(PROFILES) as ProfileName[]) {
      const random = createSeededRandom(8);
      const sizes = Array.from({ length: 60_000 }, () => drawSize(profile, random));
      const mean = sizes.reduce((sum, { input, output }) => sum + input + output, 0) / sizes.length;
      assert.ok(Math.abs(mean / meanTokensOf(profile) - 1) < 0.05, `${profile}: ${mean}`);
      assert.ok(sizes.every(({ output, maxTokens, input }) => output <= maxTokens && input >= 1));
    }
  });

  it('makes tokens bind in one profile and requests in the other', () => {
    assert.ok(capacityOf({ ...PLAIN, profile: 'tok' }) < 10);
    assert.equal(capacityOf({ ...PLAIN, profile: 'req' }), 10);
  });

  it('keeps latency within its bounds', () => {
    const random = createSeededRandom(4);
    for (const [name, low, high] of [
      ['far', 20, 400],
      ['near', 8, 20],
      ['uniform', 20, 400],
      ['spikes', 20, 1_900],
    ] as const) {
      const draws = Array.from({ length: 20_000 }, () => LATENCIES[name](random));
      assert.ok(Math.min(...draws) >= low && Math.max(...draws) <= high, name);
      assert.equal(draws.filter((ms) => ms > 400).length > 50, name === 'spikes', name);
    }
  });
});

/** Arrivals as [tenant, seconds], of a pool of ten calls a second, for so many minutes. */
function arrivalsOf(traffic: Traffic, { minutes = 20, rampMs = 0, answerMs = 5_000 } = {}) {
  const clock = new EventClock(0);
  const arrivals: [tenant: number, seconds: number][] = [];
  let open = 0;
  let peak = 0;
  startWorkload({
    clock,
    random: createSeededRandom(6),
    traffic,
    tenants: 20,
    capacity: 10,
    rampMs,
    endMs: minutes * 60_000,
    offer(tenant, over) {
      arrivals.push([tenant, clock.now() / 1_000]);
      open += 1;
      peak = Math.max(peak, open);
      clock.after(answerMs, () => {
        open -= 1;
        over(arrivals.length % 2 === 0);
      });
    },
  });
  clock.run(Infinity);
  return { arrivals, peak, perSecond: arrivals.length / (minutes * 60) };
}

describe('traffic', () => {
  it('comes at its load, over all tenants alike', () => {
    const { arrivals, perSecond } = arrivalsOf({ kind: 'steady', load: 1.2 });
    assert.ok(Math.abs(perSecond - 12) < 0.4, `${perSecond}`);
    const byTenant = Map.groupBy(arrivals, ([tenant]) => tenant);
    assert.equal(byTenant.size, 20);
    for (const calls of byTenant.values()) assert.ok(Math.abs(calls.length / 720 - 1) < 0.15);
  });

  it('rises evenly where it is told to', () => {
    const { arrivals } = arrivalsOf({ kind: 'steady', load: 1 }, { rampMs: 600_000 });
    const within = (from: number, until: number): number =>
      arrivals.filter(([, at]) => at >= from && at < until).length;
    assert.ok(Math.abs(within(240, 360) / 600 - 1) < 0.15);
    assert.ok(Math.abs(within(600, 720) / 1_200 - 1) < 0.1);
  });

  it('in bursts has its mean, and silence between', () => {
    const { arrivals, perSecond } = arrivalsOf({
      kind: 'on-off',
      load: 0.97,
      onMs: 35_000,
      periodMs: 90_206,
    });
    assert.ok(Math.abs(perSecond - 9.7) < 0.6, `${perSecond}`);
    assert.ok(arrivals.every(([, at]) => at % 90.206 < 35));
    assert.ok(Math.abs(arrivals.filter(([, at]) => at < 35).length / 35 - 25) < 3);
  });

  it('of a greedy tenant is most of all, the rest is shared by the others', () => {
    const { arrivals } = arrivalsOf({ kind: 'greedy', load: 3, others: 0.57 });
    const greedy = arrivals.filter(([tenant]) => tenant === 0).length / 1_200;
    assert.ok(Math.abs(greedy - 30) < 1, `${greedy}`);
    assert.ok(Math.abs(arrivals.length / 1_200 - 35.7) < 1);
    assert.equal(new Set(arrivals.map(([tenant]) => tenant)).size, 20);
  });

  it('of a closed loop never has more calls open than clients', () => {
    const { peak, perSecond } = arrivalsOf({ kind: 'closed', workers: 50 }, { rampMs: 1_000 });
    assert.equal(peak, 50);
    assert.ok(perSecond > 50 / 6.01 && perSecond < 50 / 5, `${perSecond}`);
  });
});
