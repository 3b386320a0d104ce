import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Fill, Learned, NO_FILL, type RefusedAt, type Scarce, scarceOf } from './learned.ts';

const T0 = 1_800_000_000_000;
const STEP_MS = 10;
const create = (prepaid = false) => new Learned({ prepaid });
const at = (ms: number, others: Partial<RefusedAt> = {}): RefusedAt => ({
  nowMs: T0 + ms,
  stepMs: STEP_MS,
  delivered: () => 0.2,
  perSecond: 0,
  ...others,
});
const accept = (learned: Learned, fill: Partial<Fill>, ms = 0) =>
  learned.accepted({ ...NO_FILL, ...fill }, { nowMs: T0 + ms, stepMs: STEP_MS });
/** Both windows of what is scarce, filled so. */
const fillOf = (scarce: Scarce, second: number, minute: number): Fill =>
  scarce === 'requests'
    ? { ...NO_FILL, requestSecond: second, requestMinute: minute, ownRequest: 0.1 }
    : { ...NO_FILL, tokenSecond: second, tokenMinute: minute, ownTokens: 0.1 };
const state = ({ boundGuardMs, minuteGuardMs, secondMargin, landingFactor, scale, prepaid }: Learned) => ({
  boundGuardMs,
  minuteGuardMs,
  secondMargin,
  landingFactor,
  requests: scale.requests.share,
  tokens: scale.tokens.share,
  prepaid,
});
type Part = keyof ReturnType<typeof state>;
const moved = (before: ReturnType<typeof state>, learned: Learned): string[] => {
  const after = state(learned);
  return Object.keys(after).filter((part) => after[part as Part] !== before[part as Part]);
};
const between = (actual: number, least: number, most: number): void =>
  assert.ok(actual >= least && actual <= most, `${actual} is not within ${least} and ${most}`);

test('providers have one word for the second and the minute, and other refusals say nothing of limits', () => {
  assert.deepEqual((['rpm', 'rps', 'tpm', 'tps'] as const).map(scarceOf), [
    'requests',
    'requests',
    'tokens',
    'tokens',
  ]);
  for (const kind of ['burst', 'day', 'concurrency', 'overload'] as const)
    assert.equal(scarceOf(kind), undefined);
});

const ATTRIBUTION: readonly [Scarce, second: number, minute: number, what: Part | 'nothing'][] = [
  ['requests', 1, 0.3, 'boundGuardMs'],
  ['requests', 0.7, 0.3, 'boundGuardMs'],
  ['requests', 1, 1, 'boundGuardMs'],
  ['requests', 0.3, 1, 'minuteGuardMs'],
  ['requests', 0.3, 0.3, 'nothing'],
  ['requests', 0, 0, 'nothing'],
  ['tokens', 1, 0.3, 'secondMargin'],
  ['tokens', 0.7, 0.3, 'secondMargin'],
  ['tokens', 1, 1, 'secondMargin'],
  ['tokens', 0.7, 1, 'landingFactor'],
  ['tokens', 0.3, 1, 'landingFactor'],
  ['tokens', 0.3, 0.3, 'nothing'],
];
for (const [scarce, second, minute, what] of ATTRIBUTION)
  test(`refused for ${scarce} with the second at ${second} and the minute at ${minute}: ${what} moves`, () => {
    const learned = create();
    const before = state(learned);
    const pauseMs = learned.refused(scarce, fillOf(scarce, second, minute), at(0));
    assert.deepEqual(moved(before, learned), what === 'nothing' ? [] : [what]);
    if (what !== 'nothing') assert.ok(state(learned)[what] > before[what], 'and it moves up');
    between(pauseMs, 50, 2_000);
  });

test('refusals of the same second are one incident', () => {
  const learned = create();
  learned.refused('requests', fillOf('requests', 1, 0), at(0));
  const before = state(learned);
  for (const ms of [5, 300, 990]) {
    learned.refused('requests', fillOf('requests', 1, 0), at(ms));
    learned.refused('tokens', fillOf('tokens', 1, 0), at(ms));
  }
  assert.deepEqual(moved(before, learned), []);
  learned.refused('requests', fillOf('requests', 1, 0), at(1_100));
  assert.deepEqual(moved(before, learned), ['boundGuardMs']);
});

test('a refusal soon after another makes the pause longer, so that the next one can be told apart', () => {
  const pauses = (gapMs: number): number[] => {
    const learned = create();
    return [0, gapMs].map((ms) => learned.refused('requests', fillOf('requests', 1, 0), at(ms)));
  };
  const [first = 0, soon = 0] = pauses(1_500);
  assert.ok(soon > first);
  assert.equal(pauses(9_000)[1], first);
});

test('a call that is taken in says something only of windows that were nearly full', () => {
  const learned = create();
  learned.minuteGuardMs = 50;
  const before = state(learned);
  accept(learned, { requestSecond: 0.8, requestMinute: 0.8, tokenSecond: 0.8, tokenMinute: 0.8 });
  assert.deepEqual(moved(before, learned), []);
  const full: [keyof Fill, Part][] = [
    ['requestSecond', 'boundGuardMs'],
    ['requestMinute', 'minuteGuardMs'],
    ['tokenSecond', 'secondMargin'],
    ['tokenMinute', 'landingFactor'],
  ];
  for (const [window, what] of full) {
    const was = state(learned);
    accept(learned, { [window]: 1 });
    assert.deepEqual(moved(was, learned), [what]);
    assert.ok(state(learned)[what] < was[what], 'down, and far less than a refusal moves it up');
  }
});

/** What the provider makes of a guard: the chance of a refusal halves with every so many units. */
const GUARDS: Readonly<Record<string, { scarce: Scarce; fill: Fill; halves: number; start: number }>> = {
  boundGuardMs: { scarce: 'requests', fill: fillOf('requests', 1, 0.3), halves: 20, start: 300 },
  minuteGuardMs: { scarce: 'requests', fill: fillOf('requests', 0.3, 1), halves: 20, start: 300 },
  secondMargin: { scarce: 'tokens', fill: fillOf('tokens', 1, 0.3), halves: 0.02, start: 0.3 },
  landingFactor: { scarce: 'tokens', fill: fillOf('tokens', 0.3, 1), halves: 0.7, start: 11 },
};
for (const [what, { scarce, fill, halves, start }] of Object.entries(GUARDS))
  for (const from of ['above', 'below'])
    test(`${what} comes from ${from} to where refusals are about as rare as wanted`, () => {
      const learned = create();
      if (from === 'above') learned[what as 'boundGuardMs'] = start;
      let seed = 11;
      let refused = 0;
      const calls = 400_000;
      for (let i = 0; i < calls; i++) {
        seed = (seed * 48_271) % 2_147_483_647;
        const chance = 0.01 * 2 ** (-learned[what as 'boundGuardMs'] / halves);
        if (seed / 2_147_483_647 < chance) {
          learned.refused(scarce, fill, at(i * 1_500));
          if (i > calls / 2) refused++;
        } else learned.accepted(fill, { nowMs: T0 + i * 1_500, stepMs: STEP_MS });
      }
      between((2 * refused) / calls, 5e-5, 1.2e-3);
      assert.equal(learned.scale[scarce].share, 1, 'and that is no reason to trust the limit less');
    });

test('guards stay within bounds, whatever comes', () => {
  const learned = create();
  for (let i = 0; i < 2_000; i++)
    for (const [j, { scarce, fill }] of Object.values(GUARDS).entries())
      learned.refused(scarce, fill, at(i * 400_000 + j * 100_000, { stepMs: 30 }));
  between(learned.boundGuardMs, 300, 400);
  between(learned.minuteGuardMs, 2_000, 3_000);
  between(learned.secondMargin, 0.25, 0.3);
  between(learned.landingFactor, 10, 12);
  for (let i = 0; i < 500_000; i++)
    accept(learned, { requestSecond: 1, requestMinute: 1, tokenSecond: 1, tokenMinute: 1 });
  between(learned.boundGuardMs, -1_000, -900);
  between(learned.minuteGuardMs, 0, 2_900);
  between(learned.secondMargin, 0, 0.01);
  between(learned.landingFactor, 0.5, 0.6);
});

for (const scarce of ['requests', 'tokens'] as const) {
  const often = (learned: Learned, full: number, [times, gapMs]: readonly [number, number], others = {}) => {
    for (let i = 0; i < times; i++) learned.refused(scarce, fillOf(scarce, full, 0.3), at(i * gapMs, others));
    return learned.scale[scarce].share;
  };

  test(`frequent refusals of ${scarce} below the configured limit cut it to what was delivered`, () => {
    assert.equal(often(create(), 0.6, [2, 4_000]), 1, 'two can be chance');
    between(often(create(), 0.9, [3, 4_000], { delivered: () => 0.85 }), 0.84, 0.86);
    between(often(create(), 0.9, [3, 4_000], { delivered: () => 0.1 }), 0.79, 0.81);
    between(often(create(), 0.3, [3, 4_000]), 0.6, 0.8);
    assert.equal(often(create(), 0.6, [9, 15_000]), 1, 'rare ones do not');
    assert.equal(
      often(create(), 0.6, [4, 4_000], { perSecond: 111 }),
      1,
      'nor those that had to be expected',
    );
    assert.ok(often(create(), 0.6, [5, 4_000], { perSecond: 111 }) < 1);
    const other = create();
    often(other, 0.6, [3, 4_000]);
    assert.equal(other.scale[scarce === 'tokens' ? 'requests' : 'tokens'].share, 1);
  });

  test(`refusals of ${scarce} at full windows are a matter of time, unless no guard helps`, () => {
    assert.equal(often(create(), 1, [8, 2_000]), 1);
    assert.ok(often(create(), 1, [12, 2_000]) < 1, 'struck and struck again');
    const learned = create();
    for (let group = 0; group < 6; group++)
      for (let i = 0; i < 3; i++)
        learned.refused(scarce, fillOf(scarce, 1, 0.3), at(group * 100_000 + i * 2_000));
    assert.equal(learned.scale[scarce].share, 1);
  });

  test(`once ${scarce} are cut each incident takes a small step, and no guard of the second is blamed`, () => {
    const learned = create();
    often(learned, 0.6, [3, 4_000]);
    const { boundGuardMs, secondMargin, scale } = learned;
    const { share } = scale[scarce];
    learned.refused(scarce, fillOf(scarce, 1, 0.3), at(60_000));
    between(scale[scarce].share, 0.95 * share, 0.99 * share);
    assert.deepEqual([learned.boundGuardMs, learned.secondMargin], [boundGuardMs, secondMargin]);
    for (let i = 0; i < 400; i++)
      learned.accepted(fillOf(scarce, 0.3, 0.9), { nowMs: T0 + 300_000 + i, stepMs: STEP_MS });
    assert.ok(scale[scarce].share > share, 'and what is taken in at a full window brings it back');
  });
}

test('that the provider charges the most that clients allow is found out by four signs', () => {
  const sign: Fill = { ...NO_FILL, tokenMinute: 0.5, reserved: 1 };
  const learned = create();
  for (let i = 0; i < 3; i++) learned.refused('tokens', sign, at(i * 50_000));
  assert.equal(learned.prepaid, false);
  learned.refused('requests', sign, at(200_000));
  for (const no of [{ reserved: 0.9 }, { tokenMinute: 0.96 }, { tokenSecond: 0.9 }])
    learned.refused('tokens', { ...sign, ...no }, at(300_000));
  assert.equal(learned.prepaid, false, 'what has another reason is none');
  learned.refused('tokens', sign, at(400_000));
  assert.equal(learned.prepaid, true);
});

test('a call taken in that a prepaid provider would have refused is proof of the contrary for a while', () => {
  const learned = create();
  const signs = () => {
    for (let i = 0; i < 8; i++)
      learned.refused('tokens', { ...NO_FILL, tokenMinute: 0.5, reserved: 1 }, at(i * 50_000));
  };
  accept(learned, { reserved: 1.2 });
  signs();
  assert.equal(learned.prepaid, false);
  for (let i = 0; i < 10_000; i++) accept(learned, { reserved: 0.5 });
  signs();
  assert.equal(learned.prepaid, true);
});

test('pauses double while nothing is taken in, up to a minute, and one call ends it', () => {
  const learned = create();
  let ms = 0;
  const refuse = (): number => {
    const pauseMs = learned.refused('requests', fillOf('requests', 1, 0), at(ms));
    ms += pauseMs + 10_000;
    return pauseMs;
  };
  const pauses = Array.from({ length: 14 }, refuse);
  for (const pauseMs of pauses.slice(0, 3)) between(pauseMs, 50, 2_000);
  const late = pauses.slice(5);
  for (const [i, pauseMs] of late.entries())
    if (i > 0) assert.equal(pauseMs, Math.min(60_000, 2 * (late[i - 1] ?? 0)));
  assert.equal(late.at(-1), 60_000);
  accept(learned, {}, ms);
  between(refuse(), 50, 2_000);
});
