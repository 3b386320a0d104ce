import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ramp } from './ramp.ts';

const T0 = 1_800_000_000_000;
const FULL = 10;
const LIMIT = { floor: 0.22, growth: 2 } as const;

function create(limit: { floor: number; growth: number } | undefined = LIMIT) {
  const ramp = new Ramp();
  ramp.limit(limit);
  const sent: number[] = [];
  const inSecond = (nowMs: number): number =>
    sent.length - 1 - sent.findLastIndex((at) => at <= nowMs - 1_000);
  const rate = (atMs: number, full = FULL): number => ramp.rateAt(T0 + atMs, full);
  const freeAt = (atMs: number): number => ramp.freeAt(T0 + atMs, FULL, inSecond(T0 + atMs)) - T0;
  /** Sends whenever it may, `everyMs` apart at least, and returns the moments. */
  const drive = (fromMs: number, untilMs: number, everyMs = 0): number[] => {
    const begun = sent.length;
    let nowMs = T0 + fromMs;
    for (;;) {
      nowMs = ramp.freeAt(nowMs, FULL, inSecond(nowMs));
      if (nowMs >= T0 + untilMs) return sent.slice(begun).map((at) => at - T0);
      if (inSecond(nowMs) >= FULL) {
        nowMs += 1;
        continue;
      }
      ramp.count(nowMs, FULL);
      sent.push(nowMs);
      nowMs += everyMs;
    }
  };
  return { ramp, rate, drive, freeAt };
}
const between = (actual: number, least: number, most: number, what = ''): void =>
  assert.ok(actual >= least && actual <= most, `${actual} is not within ${least} and ${most} ${what}`);

test('a cold start begins at the floor, never falls while it is used, and reaches full speed', () => {
  const { rate, drive } = create();
  between(rate(0), 2.2, 2.2);
  between(drive(0, 1_000).length, 2, 4);
  let before = rate(1_000);
  let fullAtSecond: number | undefined;
  for (let second = 1; second < 90; second++) {
    const sent = drive(second * 1_000, second * 1_000 + 1_000).length;
    assert.ok(sent <= before * 1.35 + 1, `${sent} in second ${second}, allowed were ${before}`);
    const now = rate(second * 1_000 + 1_000);
    assert.ok(now >= before - 0.01, `fell from ${before} to ${now}`);
    before = now;
    if (now >= FULL) fullAtSecond ??= second;
  }
  between(fullAtSecond ?? Infinity, 15, 75);
  assert.ok(drive(90_000, 100_000).length >= 95, 'and then it is not slowed down');
});

test('a bolder growth is faster, and a floor of one is full speed from the first call on', () => {
  const [calm, bold] = [create(), create({ floor: 0.22, growth: 4 })];
  for (const { drive } of [calm, bold]) drive(0, 15_000);
  assert.ok(bold.rate(15_000) > 1.5 * calm.rate(15_000));
  assert.equal(create({ floor: 1, growth: 2 }).rate(0), FULL);
});

test('the floor is a request a second at least', () => {
  const { ramp } = create({ floor: 0.1, growth: 2 });
  assert.equal(ramp.rateAt(T0, 3), 1);
  assert.equal(ramp.rateAt(T0, 0.5), 0.5, 'unless full speed is less');
});

test('an allowance that is used stays, and one that is not fades to the floor', () => {
  const { rate, drive } = create();
  drive(0, 90_000);
  assert.equal(rate(90_500), FULL);
  drive(90_000, 100_000, 100);
  assert.equal(rate(100_000), FULL);
  between(rate(130_000), 2.2, 9);
  between(rate(400_000), 2.2, 3);
  assert.ok(rate(130_000) > rate(160_000));
});

test('calls now and then earn no allowance', () => {
  const { rate, drive } = create();
  drive(0, 300_000, 3_000);
  between(rate(300_000), 2.2, 3);
});

test('a burst halves the rate at once, and pauses nothing', () => {
  const { ramp, rate, drive, freeAt } = create();
  drive(0, 20_000);
  const failed = rate(20_000);
  ramp.burst(T0 + 20_000, FULL);
  between(rate(20_000), 0.45 * failed, 0.55 * failed);
  assert.ok(freeAt(20_000) <= 20_000 + 1_100 / rate(20_000), 'only the distance has become longer');
});

test('after a burst it is back at nine tenths of where it failed within seconds, and stays below for a while', () => {
  const { ramp, rate, drive } = create();
  drive(0, 20_000);
  const failed = rate(20_000);
  ramp.burst(T0 + 20_000, FULL);
  drive(20_000, 24_000);
  between(rate(24_000), 0.9 * failed, failed);
  drive(24_000, 40_000);
  assert.ok(rate(40_000) > failed, 'from there it grows again');
});

test('refusals within a second are one burst, later ones are another', () => {
  const { ramp, rate, drive } = create();
  drive(0, 40_000);
  const failed = rate(40_000);
  for (const at of [0, 10, 300, 700]) ramp.burst(T0 + 40_000 + at, FULL);
  between(rate(40_700), 0.45 * failed, 0.55 * failed);
  ramp.burst(T0 + 42_000, FULL);
  assert.ok(rate(42_000) < 0.4 * failed);
});

test('a clean start makes the next one bolder', () => {
  const { ramp, drive } = create();
  drive(0, 90_000);
  const { growth, floor } = ramp.learned();
  between(growth, 2.05, 3);
  between(floor, 0.225, 0.3);
  drive(90_000, 200_000);
  assert.deepEqual(ramp.learned(), { growth, floor }, 'once, not with every call at full speed');
});

test('a start that was refused makes the next one more careful, and is none that makes bolder', () => {
  const { ramp, drive, rate } = create();
  drive(0, 10_000);
  ramp.burst(T0 + 10_000, FULL);
  const { growth } = ramp.learned();
  assert.ok(growth < 2);
  drive(10_000, 150_000);
  assert.equal(rate(150_000), FULL);
  assert.equal(ramp.learned().growth, growth);
});

test('only a burst near the floor lowers the floor', () => {
  const high = create();
  high.drive(0, 40_000);
  high.ramp.burst(T0 + 40_000, FULL);
  assert.ok(high.ramp.learned().floor >= 0.22);
  const low = create();
  low.drive(0, 1_000);
  low.ramp.burst(T0 + 1_000, FULL);
  between(low.ramp.learned().floor, 0.1, 0.21);
});

test('what is learned stays within reason, however often it is refused or not', () => {
  const careful = create();
  for (let i = 0; i < 200; i++) careful.ramp.burst(T0 + i * 2_000, FULL);
  between(careful.ramp.learned().growth, 1.1, 1.2);
  between(careful.ramp.learned().floor, 0.05, 0.1);
  const bold = create();
  for (let i = 0; i < 30; i++) bold.drive(i * 1_000_000, i * 1_000_000 + 60_000);
  between(bold.ramp.learned().growth, 3.5, 4);
  between(bold.ramp.learned().floor, 0.4, 0.5);
});

test('what a former run had learned can be taken over', () => {
  const { ramp, rate } = create();
  ramp.restore({ growth: 3, floor: 0.4 });
  assert.equal(rate(0), 4);
  assert.deepEqual(ramp.learned(), { growth: 3, floor: 0.4 });
});

test('the same limit read again leaves what was learned, another one begins anew', () => {
  const { ramp } = create();
  ramp.restore({ growth: 3, floor: 0.4 });
  ramp.limit({ ...LIMIT });
  assert.deepEqual(ramp.learned(), { growth: 3, floor: 0.4 });
  ramp.limit({ ...LIMIT, growth: 1.5 });
  assert.deepEqual(ramp.learned(), { growth: 1.5, floor: 0.22 });
});

test('without a limit there is no slow start: a few at once, then even pacing up to full speed', () => {
  const ramp = new Ramp();
  assert.equal(ramp.rateAt(T0, FULL), FULL);
  assert.equal(ramp.freeAt(T0, FULL, 0), T0);
  ramp.count(T0, FULL);
  const distance = (inSecond: number): number => ramp.freeAt(T0, FULL, inSecond) - T0;
  assert.equal(distance(0), 0);
  between(distance(1), 5, 20);
  assert.ok(distance(3) > distance(1));
  between(distance(9), 40, 60, 'half of the even distance');
  ramp.burst(T0, FULL);
  assert.equal(ramp.rateAt(T0, FULL), FULL);
});
