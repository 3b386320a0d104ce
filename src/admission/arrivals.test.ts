import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Arrivals } from './arrivals.ts';

const T0 = 1_800_000_000_000;

/** Tells of calls sent 100 ms apart, on their way for so long, heard of a second later. Returns what was made of it. */
function teach(
  arrivals: Arrivals,
  ways: readonly number[],
  { offsetMs = 0, fromMs = T0 } = {},
): readonly number[] {
  return ways.map((way, i) => {
    const sentAtMs = fromMs + 100 * i;
    return arrivals.told(sentAtMs, sentAtMs + way + offsetMs, sentAtMs + way + 1_000) - sentAtMs;
  });
}
/** So many calls that the shortest way is believed. */
const SHORTEST = Array.from({ length: 8 }, () => 0);

const sawtooth = (count: number, most: number): number[] =>
  Array.from({ length: count }, (_, i) => i % (most + 1));

test('whatever the clock of the provider says, the same is learned', () => {
  const ways = fc.array(fc.nat(400), { minLength: 1, maxLength: 100 });
  fc.assert(
    fc.property(ways, fc.integer({ min: -86_400_000, max: 86_400_000 }), (way, offsetMs) => {
      const [here, there] = [new Arrivals(), new Arrivals()];
      assert.deepEqual(teach(here, way), teach(there, way, { offsetMs }));
      assert.equal(here.boundMs, there.boundMs);
    }),
  );
});

test('a call is never said to have arrived before it did, though told times are rounded down', () => {
  const ways = fc.array(fc.double({ min: 0, max: 400, noNaN: true }), { minLength: 1, maxLength: 50 });
  fc.assert(
    fc.property(ways, fc.double({ min: -1e6, max: 1e6, noNaN: true }), (way, offsetMs) => {
      const arrivals = new Arrivals();
      for (const [i, each] of [...SHORTEST, ...way].entries()) {
        const sentAtMs = 1e6 + 700.3 * i;
        const moment = arrivals.told(sentAtMs, Math.floor(sentAtMs + each + offsetMs), sentAtMs + 900);
        assert.ok(moment >= sentAtMs + each - 1e-6, `${sentAtMs + each - moment} ms before it arrived`);
        if (i >= SHORTEST.length - 1) assert.ok(moment <= sentAtMs + each + 2 + 1e-6);
      }
    }),
  );
});

test('until something was told, the bound is that of ways between continents', () => {
  const arrivals = new Arrivals();
  const prior = arrivals.boundMs;
  assert.ok(prior >= 300 && prior <= 500);
  teach(arrivals, [20, 20, 20]);
  assert.equal(arrivals.boundMs, prior, 'three calls prove nothing');
});

test('the bound is what nearly all calls keep to, and not what one odd call took', () => {
  const arrivals = new Arrivals();
  teach(arrivals, sawtooth(1_024, 100));
  const usual = arrivals.boundMs;
  assert.ok(usual >= 98 && usual <= 104, `${usual}`);
  teach(arrivals, [1_900, ...sawtooth(255, 100)], { fromMs: T0 + 200_000 });
  assert.ok(arrivals.boundMs <= usual + 3, `${arrivals.boundMs}`);
  teach(
    arrivals,
    Array.from({ length: 320 }, (_, i) => (i % 20 === 0 ? 900 : 5)),
    { fromMs: T0 + 240_000 },
  );
  assert.ok(arrivals.boundMs >= 890, 'but one in twenty is no accident');
});

test('a bound from a few calls is doubted', () => {
  const [few, many] = [new Arrivals(), new Arrivals()];
  teach(few, sawtooth(40, 30));
  teach(many, sawtooth(640, 30));
  assert.ok(few.boundMs > 1.5 * many.boundMs, `${few.boundMs} ${many.boundMs}`);
});

test('the bound follows when the ways become shorter, and never grows without end', () => {
  const arrivals = new Arrivals();
  teach(arrivals, [0, ...Array.from({ length: 600 }, () => 50_000)]);
  assert.ok(arrivals.boundMs <= 2_000);
  teach(arrivals, sawtooth(640, 12), { fromMs: T0 + 70_000 });
  assert.ok(arrivals.boundMs <= 16, `${arrivals.boundMs}`);
});

test('a step of a clock is forgotten within ten minutes', () => {
  const arrivals = new Arrivals();
  teach(arrivals, [20, 25, 30, 20, 21, 22, 23, 24]);
  const [stepped] = teach(arrivals, [25], { offsetMs: 700, fromMs: T0 + 10_000 });
  assert.ok((stepped ?? 0) >= 700, 'at first it looks like a long way');
  for (let at = 20_000; at < 700_000; at += 10_000)
    teach(arrivals, [20 + (at % 3)], { offsetMs: 700, fromMs: T0 + at });
  const [later] = teach(arrivals, [25], { offsetMs: 700, fromMs: T0 + 710_000 });
  assert.ok((later ?? Infinity) <= 7, `${later}`);
  const afterHours = teach(
    arrivals,
    Array.from({ length: 9 }, () => 25),
    {
      offsetMs: 9_000,
      fromMs: T0 + 9_000_000,
    },
  );
  assert.equal(afterHours[8], 1, 'and after a long silence at once');
  assert.equal(afterHours[0], arrivals.boundMs, 'but not believed before enough was told');
});

test('where nothing is told, what was answered quickly had arrived quickly', () => {
  const arrivals = new Arrivals();
  const answered = (tookMs: number): number => arrivals.answered(T0, T0 + tookMs) - T0;
  for (let i = 0; i < 7; i++) assert.equal(answered(600), arrivals.boundMs, 'one of a few proves nothing');
  assert.equal(answered(600), 0, 'the quickest there is');
  assert.equal(answered(640), 40);
  assert.equal(answered(50_000), arrivals.boundMs, 'and what took long may just have thought long');
  assert.equal(answered(500), 0);
  assert.equal(answered(640), 140);
});
