import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Scale } from './scale.ts';

const T0 = 1_800_000_000_000;
const between = (actual: number, least: number, most: number): void =>
  assert.ok(actual >= least && actual <= most, `${actual} is not within ${least} and ${most}`);

/** Lives with a provider that refuses with this chance at a share. Returns what share it was refused in the second half. */
function live(
  scale: Scale,
  chance: (share: number) => number,
  { calls = 200_000, everyMs = 200 } = {},
): number {
  let seed = 1;
  const random = (): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  let refused = 0;
  for (let i = 0; i < calls; i++) {
    const nowMs = T0 + i * everyMs;
    if (random() < chance(scale.share)) {
      scale.refused(nowMs);
      if (i > calls / 2) refused++;
    } else scale.accepted(nowMs);
  }
  return (2 * refused) / calls;
}

test('the whole limit is trusted until it is cut', () => {
  const scale = new Scale();
  scale.refused(T0);
  scale.accepted(T0);
  assert.equal(scale.share, 1);
  assert.equal(scale.lastCut, undefined);
});

test('a cut goes to what was measured, lower than before in any case, and not too deep at once', () => {
  const cutTo = (measured: number): number => {
    const scale = new Scale();
    scale.cut(measured, T0);
    return scale.share;
  };
  assert.equal(cutTo(0.85), 0.85);
  between(cutTo(1.7), 0.9, 0.99);
  between(cutTo(0.1), 0.6, 0.8);
  const scale = new Scale();
  for (let i = 0; i < 5; i++) scale.cut(0.3, T0 + i);
  between(scale.share, 0.25, 0.3);
});

test('where the limit is sharp the share settles just there, and refusals are rare', () => {
  const scale = new Scale();
  scale.cut(0.8, T0);
  const refused = live(scale, (share) => (share > 0.5 ? 0.5 : 0));
  between(scale.share, 0.47, 0.51);
  between(refused, 2e-4, 4e-3);
});

test('where others use the limit too the share settles where refusals are about as rare as wanted', () => {
  const scale = new Scale();
  scale.cut(0.8, T0);
  const refused = live(scale, (share) => Math.min(1, 2e-3 * Math.exp((share - 0.6) / 0.02)));
  between(scale.share, 0.5, 0.68);
  between(refused, 3e-4, 4e-3);
});

test('a limit that came back is found again within minutes, the faster the longer nothing is refused', () => {
  const scale = new Scale();
  scale.cut(0.5, T0);
  while (scale.share > 0.5) scale.refused(T0);
  const gained: number[] = [];
  let nowMs = T0;
  let before = scale.share;
  for (let minute = 0; minute < 15 && scale.share < 1; minute++) {
    for (let i = 0; i < 300; i++) scale.accepted(nowMs + i * 200);
    nowMs += 60_000;
    gained.push(scale.share - before);
    before = scale.share;
  }
  assert.equal(scale.share, 1);
  between(gained.length, 2, 12);
  assert.ok((gained[0] ?? 1) < 0.05, 'the first minute holds still');
  assert.ok((gained[2] ?? 0) > 3 * (gained[0] ?? 1), `${gained}`);
});

test('the last cut is known until the limit is back', () => {
  const scale = new Scale();
  scale.cut(0.9, T0);
  scale.cut(0.85, T0 + 5);
  assert.deepEqual(scale.lastCut, { atMs: T0 + 5, share: 0.85 });
  for (let i = 0; i < 10_000 && scale.share < 1; i++) scale.accepted(T0 + i * 1_000);
  assert.equal(scale.share, 1);
  assert.equal(scale.lastCut, undefined);
});

test('what a former run had cut is taken over, and rises from there as if nothing had happened', () => {
  const [former, now] = [new Scale(), new Scale()];
  former.cut(0.8, T0);
  now.restore(former.lastCut ?? { atMs: 0, share: 0 });
  for (const scale of [former, now]) scale.accepted(T0 + 100_000);
  assert.equal(now.share, former.share);
  assert.ok(now.share > 0.8 && now.share < 1);
});

test('the share is never above one nor next to nothing', () => {
  const deed = fc.record({
    what: fc.constantFrom('cut', 'refused', 'accepted'),
    measured: fc.double({ min: 0, max: 3, noNaN: true }),
    waitMs: fc.oneof(fc.nat(100), fc.nat(10_000_000)),
    times: fc.integer({ min: 1, max: 60 }),
  });
  fc.assert(
    fc.property(fc.array(deed), (deeds) => {
      const scale = new Scale();
      let nowMs = T0;
      for (const { what, measured, waitMs, times } of deeds)
        for (let i = 0; i < times; i++) {
          nowMs += waitMs;
          if (what === 'cut') scale.cut(measured, nowMs);
          else scale[what as 'refused'](nowMs);
          assert.ok(scale.share <= 1 && scale.share >= 0.05, `${scale.share}`);
        }
    }),
  );
});

test('a cut that lies in the future, after a clock was set back, does no harm', () => {
  const scale = new Scale();
  scale.restore({ atMs: 3_600_000, share: 0.5 });
  scale.accepted(0);
  assert.ok(scale.share > 0.5 && scale.share < 0.51, `${scale.share}`);
});
