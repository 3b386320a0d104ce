import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Calibration, createCalibration } from './calibrate.ts';

type Observed = { rawInputTokens: number; input: number; output: number };
const learn = (
  calibration: Calibration,
  times: number,
  observed: Observed & { key?: string },
): Calibration => {
  for (let i = 0; i < times; i++) calibration.learn('m', { key: 'k', ...observed });
  return calibration;
};
const learnMany = (times: number, observed: Observed) => learn(createCalibration(), times, observed);
const estimateOf = (
  calibration: Calibration,
  rawInputTokens: number,
  options: { max?: number; key?: string } = {},
) =>
  calibration.estimate('m', {
    key: options.key ?? 'k',
    rawInputTokens,
    maxOutputTokens: options.max ?? Infinity,
  });

test('a model never seen starts from the prior', () => {
  const estimate = estimateOf(createCalibration(), 123);
  assert.deepEqual(estimate, { inputTokens: 123, outputTokens: 400, maxOutputTokens: Infinity });
});

test('the output is never estimated above what the client allows', () => {
  assert.equal(estimateOf(createCalibration(), 1, { max: 20 }).outputTokens, 20);
  assert.equal(
    estimateOf(learnMany(50, { rawInputTokens: 1_000, input: 1_000, output: 5_000 }), 1, { max: 300 })
      .outputTokens,
    300,
  );
});

test('it learns what an estimated token is worth', () => {
  const calibration = learnMany(100, { rawInputTokens: 2_000, input: 3_000, output: 10 });
  const { inputTokens } = estimateOf(calibration, 10_000);
  assert.ok(Math.abs(inputTokens - 15_000) < 300, `${inputTokens}`);
});

test('it learns how long answers are, and recent answers weigh more', () => {
  const short = { rawInputTokens: 100, input: 100, output: 50 };
  const calibration = learnMany(200, short);
  const other = estimateOf(calibration, 100, { key: 'other' }).outputTokens;
  assert.ok(other > 55 && other < 75, `${other}: the prior still weighs a little`);
  learn(calibration, 200, { ...short, output: 1_000 });
  const equal = estimateOf(calibration, 100).outputTokens;
  assert.ok(equal > 600 && equal < 900, `${equal}`);
});

test('whose answers are long is expected to have long ones, and others the mean of the model', () => {
  const calibration = createCalibration();
  for (let i = 0; i < 300; i++) {
    learn(calibration, 1, { key: 'terse', rawInputTokens: 100, input: 100, output: 20 });
    learn(calibration, 1, { key: 'wordy', rawInputTokens: 100, input: 100, output: 2_000 });
  }
  const of = (key: string) => estimateOf(calibration, 100, { key }).outputTokens;
  assert.ok(of('terse') < 120, `${of('terse')}`);
  assert.ok(of('wordy') > 1_850, `${of('wordy')}`);
  assert.ok(Math.abs(of('new') - 1_010) < 40, `${of('new')}`);
});

test('a few answers of one key lean on the mean of the model, and the more there are the less', () => {
  const calibration = learnMany(2_000, { rawInputTokens: 100, input: 100, output: 1_000 });
  const of = () => estimateOf(calibration, 100, { key: 'new' }).outputTokens;
  const seen = [of()];
  for (const times of [1, 9, 90]) {
    learn(calibration, times, { key: 'new', rawInputTokens: 100, input: 100, output: 10 });
    seen.push(of());
  }
  const [none = 0, one = 0, ten = 0, hundred = 0] = seen;
  assert.ok(none > 980 && none <= 1_000, `${none}`);
  assert.ok(one > 850 && one < 950, `${one}: one answer weighs an eleventh`);
  assert.ok(ten > 450 && ten < 550, `${ten}: ten weigh as much as the model`);
  assert.ok(hundred < 150, `${hundred}`);
});

test('calls of one key that differ much in size are learned apart', () => {
  const calibration = createCalibration();
  for (let i = 0; i < 300; i++) {
    learn(calibration, 1, { rawInputTokens: 50, input: 50, output: 30 });
    learn(calibration, 1, { rawInputTokens: 20_000, input: 20_000, output: 900 });
  }
  const of = (tokens: number) => estimateOf(calibration, tokens).outputTokens;
  assert.ok(of(50) < 80 && of(20_000) > 850, `${of(50)} ${of(20_000)}`);
  assert.equal(of(17_000), of(20_000), 'those of about one size are not');
  assert.ok(of(900) > 300 && of(900) < 600, `${of(900)}: never seen, so the mean`);
});

test('the keys of many clients are not remembered for ever', () => {
  const calibration = createCalibration();
  const wordy = { rawInputTokens: 100, input: 100, output: 4_000 };
  learn(calibration, 100, { ...wordy, key: 'first' });
  for (let i = 0; i < 6_000; i++) learn(calibration, 1, { ...wordy, key: `k${i}`, output: 100 });
  assert.ok(estimateOf(calibration, 100, { key: 'first' }).outputTokens < 150);
});

test('what is learnt of one model says nothing of another', () => {
  const calibration = learnMany(100, { rawInputTokens: 1_000, input: 4_000, output: 9_000 });
  assert.deepEqual(
    calibration.estimate('other', { key: 'k', rawInputTokens: 500, maxOutputTokens: Infinity }),
    estimateOf(createCalibration(), 500),
  );
});

test('one odd answer does not turn the scale', () => {
  const small = learnMany(1, { rawInputTokens: 16, input: 80, output: 10 });
  assert.ok(estimateOf(small, 100_000).inputTokens < 110_000, 'a tiny call proves little of a large one');
  const odd = learnMany(1, { rawInputTokens: 10, input: 10_000_000, output: 10 });
  assert.equal(estimateOf(odd, 1_000).inputTokens, 5_000);
  const none = learnMany(1, { rawInputTokens: 10_000_000, input: 1, output: 10 });
  assert.equal(estimateOf(none, 1_000).inputTokens, 200);
});

test('an answer without input teaches only its length', () => {
  const calibration = learnMany(50, { rawInputTokens: 1_000, input: 1_000, output: 100 });
  const before = estimateOf(calibration, 1_000);
  learn(calibration, 1, { rawInputTokens: 1_000, input: 0, output: 5_000 });
  const after = estimateOf(calibration, 1_000);
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
        for (const each of observations) learn(calibration, 1, each);
        const { inputTokens, outputTokens } = estimateOf(calibration, raw, { max: 1_000 });
        assert.ok(Number.isInteger(inputTokens) && inputTokens >= 1 && inputTokens <= raw * 5 + 1);
        assert.ok(Number.isInteger(outputTokens) && outputTokens >= 0 && outputTokens <= 1_000);
      },
    ),
  );
});
