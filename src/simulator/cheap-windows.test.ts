import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import { createSeededRandom } from '../base/seeded-random.ts';
import { BucketWindow, type Capacity, CounterWindow, createWindow, WINDOW_KINDS } from './cheap-windows.ts';
import { TrailingWindow, type Window } from './windows.ts';

const HUNDRED: Capacity = { count: 100, tokens: 1_000 };

/** Offers a call as often as the window takes one, within `limit`; returns the times at which it did. */
function fill(window: Window, limit: number, untilMs: number): number[] {
  const times: number[] = [];
  for (let nowMs = 0; nowMs < untilMs; nowMs += 1) {
    if (window.count(nowMs) + 1 > limit) continue;
    window.add(nowMs, 1);
    times.push(nowMs);
  }
  return times;
}

const mostInside = (times: readonly number[], lengthMs: number): number =>
  Math.max(...times.map((end) => times.filter((at) => at > end - lengthMs && at <= end).length));

describe('every kind of window', () => {
  for (const kind of WINDOW_KINDS) {
    const create = (): Window => createWindow(kind, { lengthMs: 1_000, capacity: () => HUNDRED });

    it(`${kind}: starts empty, counts what comes, and is empty after two lengths`, () => {
      const window = create();
      assert.equal(window.count(5_000), 0);
      window.add(5_000, 30);
      window.add(5_000, 12, 0);
      assert.equal(window.count(5_000), 1);
      assert.equal(window.tokens(5_000), 42);
      assert.equal(window.count(7_000), 0);
      assert.equal(window.tokens(7_000), 0);
    });

    it(`${kind}: grows and takes back at once`, () => {
      const window = create();
      const entry = window.add(5_000, 100);
      window.grow(entry, 50, 5_000);
      assert.equal(window.tokens(5_000), 150);
      window.grow(entry, -140, 5_000);
      assert.equal(window.tokens(5_000), 10);
    });

    it(`${kind}: remembers its fullest moment`, () => {
      const window = create();
      window.add(5_000, 10);
      const entry = window.add(5_000, 10);
      window.grow(entry, 30, 5_000);
      window.grow(entry, -30, 5_000);
      window.add(9_000, 1);
      assert.equal(window.peakCount, 2);
      assert.equal(window.peakTokens, 50);
    });

    it(`${kind}: lets its limit through in the long run, and no more than one length of it besides`, () => {
      const times = fill(create(), 100, 20_000);
      assert.ok(times.length >= 1_980 && times.length <= 2_101, `${times.length}`);
      assert.ok(mostInside(times, 1_000) <= 200);
    });
  }
});

test('an exact window is made for the kind that is exact', () => {
  assert.ok(createWindow('sliding', { lengthMs: 1, capacity: () => HUNDRED }) instanceof TrailingWindow);
});

describe('a fixed window', () => {
  const create = (): CounterWindow => new CounterWindow(60_000, { remembers: false });

  it('forgets everything at the full minute of the clock', () => {
    const window = create();
    window.add(59_999, 7);
    assert.equal(window.count(59_999), 1);
    assert.equal(window.count(60_000), 0);
    assert.equal(window.tokens(60_000), 0);
  });

  it('so lets twice its limit through around that', () => {
    const window = create();
    const times: number[] = [];
    for (const nowMs of [59_000, 60_000])
      for (let call = 0; call < 10; call += 1) {
        if (window.count(nowMs) + 1 > 10) continue;
        window.add(nowMs, 1);
        times.push(nowMs);
      }
    assert.equal(mostInside(times, 60_000), 20);
  });

  it('does not grow by what belongs to a minute that is over', () => {
    const window = create();
    const entry = window.add(59_000, 10);
    window.add(61_000, 1);
    window.grow(entry, 500, 62_000);
    assert.equal(window.tokens(62_000), 1);
  });
});

describe('a sliding counter', () => {
  const create = (): CounterWindow => new CounterWindow(60_000, { remembers: true });

  it('adds the minute before by the share that is still covered', () => {
    const window = create();
    for (let call = 0; call < 8; call += 1) window.add(30_000, 100);
    assert.equal(window.count(60_000), 8);
    assert.equal(window.count(75_000), 6);
    window.add(75_000, 50);
    assert.equal(window.tokens(75_000), 650);
    assert.equal(window.count(90_000), 5);
    assert.equal(window.count(119_999.999) < 1.001, true);
    assert.equal(window.count(120_000), 1);
  });

  it('so refuses calls that an exact window would take', () => {
    const exact = new TrailingWindow(60_000);
    const window = create();
    for (const each of [exact, window]) for (let call = 0; call < 10; call += 1) each.add(1_000, 1);
    assert.equal(exact.count(61_000), 0);
    assert.ok(window.count(61_000) > 9);
  });

  it('forgets a minute that nothing followed', () => {
    const window = create();
    window.add(30_000, 100);
    assert.equal(window.count(120_000), 0);
    window.add(300_000, 1);
    assert.equal(window.count(300_000), 1);
  });

  it('grows in the minute of the call, for as long as that counts', () => {
    const window = create();
    const entry = window.add(30_000, 100);
    window.grow(entry, 300, 90_000);
    assert.equal(window.tokens(90_000), 200);
    window.grow(entry, 300, 130_000);
    assert.equal(window.tokens(130_000), 0);
  });

  it('agrees with an exact window on even traffic', () => {
    const exact = new TrailingWindow(1_000);
    const window = new CounterWindow(1_000, { remembers: true });
    for (let nowMs = 0; nowMs < 5_000; nowMs += 5) {
      exact.add(nowMs, 3);
      window.add(nowMs, 3);
      if (nowMs >= 1_000) assert.ok(Math.abs(exact.count(nowMs) - window.count(nowMs)) <= 1.001);
    }
  });
});

describe('a bucket', () => {
  it('refills evenly, and never over its brim', () => {
    const window = new BucketWindow(60_000, () => HUNDRED);
    for (let call = 0; call < 100; call += 1) window.add(1_000, 10);
    assert.equal(window.count(1_000), 100);
    assert.equal(window.count(1_600), 99);
    assert.equal(window.tokens(1_600), 990);
    assert.equal(window.count(200_000), 0);
    window.add(200_000, 0);
    assert.equal(window.count(200_000), 1);
  });

  it('lets a burst of its size through, and then the rate alone', () => {
    const times = fill(new BucketWindow(1_000, () => HUNDRED), 100, 2_000);
    assert.equal(times.filter((at) => at < 100).length, 100);
    assert.equal(times.filter((at) => at >= 500 && at < 1_500).length, 100);
  });

  it('takes what comes late from what is there now, whose it ever was', () => {
    const window = new BucketWindow(1_000, () => HUNDRED);
    const entry = window.add(0, 500);
    window.grow(entry, 700, 10_000);
    assert.equal(window.tokens(10_000), 700);
    window.grow(entry, -5_000, 10_000);
    assert.equal(window.tokens(10_000), 0);
  });

  it('follows a limit that changes', () => {
    let capacity = HUNDRED;
    const window = new BucketWindow(1_000, () => capacity);
    for (let call = 0; call < 100; call += 1) window.add(0, 1);
    capacity = { count: 10, tokens: 1_000 };
    assert.equal(Math.round(window.count(1_000)), 90);
  });

  it('without a limit never holds anything for long', () => {
    const window = new BucketWindow(1_000, () => ({ count: Infinity, tokens: Infinity }));
    window.add(0, 5);
    assert.equal(window.count(0), 1);
    assert.equal(window.count(0.001), 0);
  });

  it('keeps to its rate under random traffic', () => {
    const random = createSeededRandom(5);
    const window = new BucketWindow(1_000, () => HUNDRED);
    let taken = 0;
    let nowMs = 0;
    for (; nowMs < 30_000; nowMs += random() * 8) {
      if (window.count(nowMs) + 1 > 100) continue;
      window.add(nowMs, 1);
      taken += 1;
      assert.ok(taken <= 100 + nowMs / 10 + 1e-6);
    }
    assert.ok(taken > 2_990, `${taken}`);
  });
});
