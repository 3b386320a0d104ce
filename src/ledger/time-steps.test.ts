import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { addSteps, LAST_STEP, noSteps, quantileOf, STEP_ERROR, stepOf } from './time-steps.ts';

const HOUR_MS = 3_600_000;
const times = fc.array(
  fc.double({ min: Math.log(0.01), max: Math.log(HOUR_MS * 0.99), noNaN: true }).map((log) => Math.exp(log)),
  { minLength: 1, maxLength: 300 },
);

const counted = (all: readonly number[]): Uint32Array => {
  const counts = noSteps();
  for (const ms of all) counts[stepOf(ms)] = (counts[stepOf(ms)] ?? 0) + 1;
  return counts;
};

describe('steps of time', () => {
  it('grow with the time, and nothing falls off their ends', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1e12, noNaN: true }),
        fc.double({ min: 0, max: 1e12, noNaN: true }),
        (a, b) => {
          assert.ok(a <= b ? stepOf(a) <= stepOf(b) : stepOf(a) >= stepOf(b));
          assert.ok(stepOf(a) >= 0 && stepOf(a) <= LAST_STEP && Number.isInteger(stepOf(a)));
        },
      ),
    );
    assert.deepEqual([stepOf(0), stepOf(0.99), stepOf(1), stepOf(1.14), stepOf(1.16)], [0, 0, 1, 1, 2]);
    assert.equal(stepOf(Number.NaN), 0);
    assert.equal(stepOf(-1), 0);
    assert.equal(stepOf(Number.POSITIVE_INFINITY), LAST_STEP);
  });

  it('tell each quantile less than 15 % wrong', () => {
    fc.assert(
      fc.property(times, fc.constantFrom(0.01, 0.5, 0.9, 0.99, 1), (all, share) => {
        const told = quantileOf(counted(all), share) ?? Number.NaN;
        const sorted = [...all].sort((a, b) => a - b);
        const exact = sorted[Math.max(1, Math.ceil(share * all.length)) - 1] ?? Number.NaN;
        if (exact < 1) assert.ok(told < 1);
        else assert.ok(Math.max(told / exact, exact / told) <= 1 + STEP_ERROR + 1e-9, `${told} for ${exact}`);
      }),
    );
  });

  it('interpolate within a step, so that an even crowd is told better than by a step', () => {
    const even = Array.from({ length: 10_000 }, (_, index) => 100 + index / 10);
    const told = quantileOf(counted(even), 0.5) ?? 0;
    assert.ok(Math.abs(told / 600 - 1) < 0.02, String(told));
  });

  it('have no quantile of nothing, and an hour for whatever took longer', () => {
    assert.equal(quantileOf(noSteps(), 0.5), undefined);
    const told = quantileOf(counted([HOUR_MS * 50]), 0.99) ?? 0;
    assert.ok(told > HOUR_MS * 0.8 && told <= HOUR_MS, String(told));
  });

  it('are read from texts one after the other, as either database writes them, by their letters', () => {
    const d = noSteps();
    const q = noSteps();
    addSteps('{"d35":3,"f20":100,"q0":4}{"d35" : 2, "q109" : 10}{}{ "d1" : 1 }', { d, q });
    assert.deepEqual([d[35], d[1], q[0], q[109], d[20], q[20]], [5, 1, 4, 10, 0, 0]);
    assert.equal(
      d.reduce((sum, calls) => sum + calls, 0),
      6,
    );
  });

  it('come back from text as they were', () => {
    const entry = fc.tuple(fc.constantFrom('d', 'f', 'q'), fc.nat(LAST_STEP), fc.nat(1_000_000));
    fc.assert(
      fc.property(fc.array(fc.array(entry)), (texts) => {
        const read = { d: noSteps(), f: noSteps(), q: noSteps() };
        const expected = { d: noSteps(), f: noSteps(), q: noSteps() };
        let text = '';
        for (const steps of texts) {
          const one = Object.fromEntries(steps.map(([letter, step, calls]) => [`${letter}${step}`, calls]));
          text += JSON.stringify(one, undefined, steps.length % 2);
          for (const [name, calls] of Object.entries(one)) {
            const counts = expected[name[0] as 'd' | 'f' | 'q'];
            counts[Number(name.slice(1))] = (counts[Number(name.slice(1))] ?? 0) + calls;
          }
        }
        addSteps(text, read);
        assert.deepEqual(read, expected);
      }),
    );
  });
});
