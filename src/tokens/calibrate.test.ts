import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createCalibration } from './calibrate.ts';

const learnMany = (times: number, observed: { rawInputTokens: number; input: number; output: number }) => {
  const calibration = createCalibration();
  for (let i = 0; i < times; i++) calibration.learn('m', observed);
  return calibration;
};

test('a model never seen starts from the prior', () => {
  const estimate = createCalibration().estimate('m', 123, Infinity);
  assert.deepEqual(estimate, { inputTokens: 123, outputTokens: 400, maxOutputTokens: Infinity });
});

test('the output is never estimated above what the client allows', () => {
  assert.equal(createCalibration().estimate('m', 1, 20).outputTokens, 20);
  assert.equal(
    learnMany(50, { rawInputTokens: 1_000, input: 1_000, output: 5_000 }).estimate('m', 1, 300).outputTokens,
    300,
  );
});

test('it learns what an estimated token is worth', () => {
  const calibration = learnMany(100, { rawInputTokens: 2_000, input: 3_000, output: 10 });
  const { inputTokens } = calibration.estimate('m', 10_000, Infinity);
  assert.ok(Math.abs(inputTokens - 15_000) < 300, `${inputTokens}`);
});

test('it learns how long answers are, and recent answers weigh more', () => {
  const calibration = learnMany(200, { rawInputTokens: 100, input: 100, output: 50 });
  assert.ok(
    Math.abs(calibration.estimate('m', 1, Infinity).outputTokens - 82) < 5,
    'the prior still weighs a little',
  );
  for (let i = 0; i < 200; i++) calibration.learn('m', { rawInputTokens: 100, input: 100, output: 1_000 });
  assert.ok(calibration.estimate('m', 1, Infinity).outputTokens > 900);
});

test('what is learnt of one model says nothing of another', () => {
  const calibration = learnMany(100, { rawInputTokens: 1_000, input: 4_000, output: 9_000 });
  assert.deepEqual(
    calibration.estimate('other', 500, Infinity),
    createCalibration().estimate('m', 500, Infinity),
  );
});

test('one odd answer does not turn the scale', () => {
  const small = learnMany(1, { rawInputTokens: 16, input: 80, output: 10 });
  assert.ok(
    small.estimate('m', 100_000, Infinity).inputTokens < 110_000,
    'a tiny call proves little of a large one',
  );
  const odd = learnMany(1, { rawInputTokens: 10, input: 10_000_000, output: 10 });
  assert.equal(odd.estimate('m', 1_000, Infinity).inputTokens, 5_000);
  const none = learnMany(1, { rawInputTokens: 10_000_000, input: 1, output: 10 });
  assert.equal(none.estimate('m', 1_000, Infinity).inputTokens, 200);
});

test('an answer without input teaches only its length', () => {
  const calibration = learnMany(50, { rawInputTokens: 1_000, input: 1_000, output: 100 });
  const before = calibration.estimate('m', 1_000, Infinity);
  calibration.learn('m', { rawInputTokens: 1_000, input: 0, output: 5_000 });
  const after = calibration.estimate('m', 1_000, Infinity);
  assert.equal(after.inputTokens, before.inputTokens);
  assert.ok(after.outputTokens > before.outputTokens);
});

test('whatever it is taught, an estimate is finite, whole and positive', () => {
  const observed = fc.record({ rawInputTokens: fc.nat(1e6), input: fc.nat(1e6), output: fc.nat(1e6) });
  fc.assert(
    fc.property(
      fc.array(observed, { maxLength: 30 }),
      fc.integer({ min: 1, max: 1e6 }),
      (observations, raw) => {
        const calibration = createCalibration();
        for (const each of observations) calibration.learn('m', each);
        const { inputTokens, outputTokens } = calibration.estimate('m', raw, 1_000);
        assert.ok(Number.isInteger(inputTokens) && inputTokens >= 1 && inputTokens <= raw * 5 + 1);
        assert.ok(Number.isInteger(outputTokens) && outputTokens >= 0 && outputTokens <= 1_000);
      },
    ),
  );
});
