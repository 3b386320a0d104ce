import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSeededRandom } from '../base/seeded-random.ts';
import type { Channel } from '../domain/channel.ts';
import { createRelayRooms } from '../testing/relay-rooms.ts';
import { acquire, type Start } from './acquire.ts';
import { prefersFallback } from './foresee.ts';
import type { Journey } from './journey.ts';
import { Pool } from './pool.ts';

const AFTER_MS = 10_000;

type Options = {
  readonly random?: () => number;
  /** Requests a minute of the fallback. */
  readonly fallbackRpm?: number;
  readonly fallbackAfterMs?: number | undefined;
};

/** A model of sixty requests a minute, one a second when it is full, and a fallback for it. */
function scene({ random = () => 0.5, fallbackRpm = 6_000, ...given }: Options = {}) {
  const fallbackAfterMs = 'fallbackAfterMs' in given ? given.fallbackAfterMs : AFTER_MS;
  const planOf = (name: string, rpm: number) => ({
    ...{ upstreamModel: name, name, tier: 1, weight: 1 },
    limits: { rpm },
  });
  const account = { id: 'a', provider: 'qwen', baseUrl: '', secrets: ['s'] };
  const { clock, rooms, ...journeys } = createRelayRooms({
    accounts: [{ account, models: [planOf('main', 60), planOf('other', fallbackRpm)] }],
    models: [
      { name: 'main', fallbacks: ['other'], ...(fallbackAfterMs === undefined ? {} : { fallbackAfterMs }) },
    ],
    random,
  });
  const { queue } = rooms;
  const journeyOf = (model = 'main', fallback = true): Journey => journeys.journeyOf({ model, fallback });
  const poolOf = ({ channels, strategy }: { channels: readonly Channel[]; strategy: string }): Pool =>
    new Pool({
      ...{ rooms, strategy, channels, maxWaitMs: 600_000 },
      estimates: channels.map(() => ({ inputTokens: 1, outputTokens: 1, maxOutputTokens: 10 })),
    });
  let starts = 0;
  let moves = 0;
  /** Undefined: it moved to the fallback. */
  const come = (name = 'main', fallback = true): Start | Promise<Start> | undefined => {
    const start = acquire(journeyOf(name, fallback));
    const end = ({ permit }: Start): void => {
      starts++;
      permit.settle({ tokens: 2, input: 1 });
    };
    if (start === undefined) moves++;
    else if (start instanceof Promise) start.then(end, () => {});
    else end(start);
    return start;
  };
  /** Fills the minute evenly, then the line until a newcomer would wait for so long. */
  const fill = async (waitMs: number, name = 'main'): Promise<void> => {
    for (let i = 0; i < 60; i++) {
      come(name, false);
      await clock.advance(1_000);
    }
    for (let guard = 0; guard < 200 && waitOf(name) < waitMs; guard++) come(name, false);
    assert.ok(Math.abs(waitOf(name) - waitMs) <= 1_000, `${waitOf(name)} ms`);
  };
  const waitOf = (name: string): number =>
    queue.expectedWaitMs(name, { priority: 'normal', tenant: 'k', weight: 1, orderMs: Infinity }) ?? 0;
  const counts = () => ({ starts, moves });
  return { clock, queue, journeyOf, poolOf, come, fill, waitOf, counts };
}

/** Of four hundred, how many move? */
async function movedShare(waitMs: number, options: Options = {}): Promise<number> {
  const { fill, journeyOf, poolOf } = scene({ random: createSeededRandom(3), ...options });
  await fill(waitMs);
  let moved = 0;
  for (let i = 0; i < 400; i++) if (prefersFallback(journeyOf(), poolOf)) moved++;
  return moved / 400;
}

test('a call moves to the fallback the more surely the longer its wait, between once and twice the threshold', async () => {
  const shares: number[] = [];
  for (const waitMs of [5_000, 9_000, 12_500, 15_000, 17_500, 21_000, 60_000])
    shares.push(await movedShare(waitMs));
  const expected = [0, 0, 0.25, 0.5, 0.75, 1, 1];
  shares.forEach((share, i) => {
    const within = expected[i] === 0 || expected[i] === 1 ? 0 : 0.15;
    assert.ok(Math.abs(share - (expected[i] ?? 0)) <= within, `${shares}`);
  });
});

test('nobody moves without a threshold, without a fallback, or against its will', async () => {
  assert.equal(await movedShare(60_000, { fallbackAfterMs: undefined }), 0);
  const { fill, journeyOf, poolOf } = scene({ random: () => 0 });
  await fill(60_000);
  assert.equal(prefersFallback(journeyOf('main', false), poolOf), false);
  assert.equal(prefersFallback(journeyOf('other'), poolOf), false, 'it has no fallback itself');
  assert.equal(prefersFallback(journeyOf('main'), poolOf), true);
});

test('nobody moves to a fallback that is not quicker', async () => {
  const { fill, journeyOf, poolOf, come, waitOf } = scene({ random: () => 0, fallbackRpm: 60 });
  await fill(30_000);
  const before = journeyOf();
  assert.equal(prefersFallback(before, poolOf), true);
  assert.equal(before.model.name, 'other');
  assert.deepEqual(before.story.fallbacks, [{ from: 'main', to: 'other', reason: 'wait_over' }]);
  for (let i = 0; i < 200 && waitOf('other') < waitOf('main'); i++) come('other');
  const after = journeyOf();
  assert.equal(prefersFallback(after, poolOf), false);
  assert.equal(after.model.name, 'main');
  assert.deepEqual(after.story.fallbacks, []);
});

test('with a threshold of nothing every wait is a reason to move, and no wait is none', async () => {
  const { fill, journeyOf, poolOf, queue } = scene({ random: () => 0.999, fallbackAfterMs: 0 });
  assert.equal(prefersFallback(journeyOf(), poolOf), false);
  await fill(3_000);
  assert.ok(queue.lines().length > 0);
  assert.equal(prefersFallback(journeyOf(), poolOf), true);
});

test('where nobody waits yet, the first free channel is the wait foreseen', async () => {
  const { come, clock, journeyOf, poolOf } = scene({ random: () => 0 });
  for (let i = 0; i < 60; i++) {
    come();
    await clock.advance(500);
  }
  assert.ok(poolOf({ channels: journeyOf().model.channels, strategy: '' }).soonestMs(clock.now()) >= 59_000);
  assert.equal(prefersFallback(journeyOf(), poolOf), true);
  assert.equal(come(), undefined, 'the call moves instead of standing in line');
});

test('under a steady overload the wait settles within the threshold’s double, and both models serve all the time', async () => {
  const { come, clock, fill, waitOf, counts } = scene({ random: createSeededRandom(8) });
  await fill(15_000);
  const waits: number[] = [];
  const moves: number[] = [];
  for (let second = 0; second < 600; second++) {
    const before = counts().moves;
    for (let i = 0; i < 2; i++) come();
    moves.push(counts().moves - before);
    waits.push(waitOf('main'));
    await clock.advance(1_000);
  }
  const late = waits.slice(120);
  assert.ok(
    Math.min(...late) > 11_000 && Math.max(...late) < 20_000,
    `${Math.min(...late)}-${Math.max(...late)} ms`,
  );
  const share = moves.slice(120).reduce((all, each) => all + each, 0) / (2 * 480);
  assert.ok(Math.abs(share - 0.5) < 0.05, `${share} move`);
  let longest = 0;
  let row = 0;
  for (let i = 1; i < moves.length; i++) {
    row = (moves[i] === 0) === (moves[i - 1] === 0) ? row + 1 : 0;
    longest = Math.max(longest, row);
  }
  assert.ok(longest < 20, `for ${longest} s all went one way`);
});

test('a call in the middle of a turn of tools moves only to the provider that thought it', async () => {
  const { fill, journeyOf, poolOf } = scene({ random: () => 0 });
  await fill(3 * AFTER_MS);
  const boundTo = (provider: string): Journey => Object.assign(journeyOf(), { boundTo: () => provider });
  assert.equal(prefersFallback(boundTo('anthropic'), poolOf), false);
  assert.equal(prefersFallback(boundTo('qwen'), poolOf), true);
});
