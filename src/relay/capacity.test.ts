import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLimiter } from '../admission/limiter.ts';
import type { Channel } from '../domain/channel.ts';
import { Failure } from '../domain/failure.ts';
import type { Limits } from '../domain/limits.ts';
import { createHealth } from '../routing/health.ts';
import { createMemoryStore } from '../state/memory.ts';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { costOn, costWithin, speedOf } from './capacity.ts';

const channelOf = (id: string, limits: Limits): Channel => ({
  id,
  account: { id, provider: 'qwen', baseUrl: '', secrets: ['s'] },
  upstreamModel: 'm',
  limits,
  tier: 0,
  weight: 1,
});
const tokens = (inputTokens: number, outputTokens = 0) => ({
  inputTokens,
  outputTokens,
  maxOutputTokens: Infinity,
});

function scene(...limits: readonly Limits[]) {
  const clock = createVirtualClock({ startMs: 0 });
  const health = createHealth({ random: () => 0 });
  const limiter = createLimiter(createMemoryStore(), { now: () => clock.now() });
  const channels = limits.map((each, i) => channelOf(`${i}`, each));
  const bench = (i: number, retryAfterMs: number): void => {
    const failure = new Failure('overload', { message: 'm', retryAfterMs });
    health.failed(channels[i] as Channel, failure, {
      secret: 0,
      startedAtMs: 0,
      nowMs: clock.now(),
      call: 'c',
    });
  };
  /** Minutes of all that start in a minute. */
  const speed = (): number => {
    const perMs = speedOf(channels, { limiter, health }, clock.now());
    assert.ok(perMs !== undefined);
    return perMs * 60_000;
  };
  return { clock, health, limiter, channels, bench, speed };
}

test('a call costs its greater share, of the requests or of the tokens of all channels together', () => {
  const channels = [channelOf('a', { rpm: 60, tpm: 10_000 }), channelOf('b', { rpm: 40, tpm: 30_000 })];
  assert.equal(costOn(channels, tokens(100, 100)), 1 / 100, 'small: a hundredth of the requests');
  assert.equal(
    costOn(channels, tokens(3_000, 1_000)),
    1 / 10,
    'large: a tenth of the tokens, output included',
  );
  assert.equal(costOn(channels, tokens(0)), 1 / 100);
});

test('what is not limited on one channel is not scarce on all of them', () => {
  assert.equal(costOn([channelOf('a', { rpm: 60 }), channelOf('b', { tpm: 1_000 })], tokens(500)), 1);
  assert.equal(
    costOn([channelOf('a', { rpm: 50 }), channelOf('b', { rpm: 50, tpm: 1_000 })], tokens(900)),
    1 / 100,
  );
  assert.equal(
    costOn([channelOf('a', { concurrency: 3 })], tokens(10)),
    1,
    'nothing tells how much a minute is',
  );
});

test('a limit of the second counts where it is the narrower one', () => {
  assert.equal(costOn([channelOf('a', { rps: 1 })], tokens(1)), 1 / 60);
  assert.equal(costOn([channelOf('a', { rps: 1, rpm: 30 })], tokens(1)), 1 / 30);
  assert.equal(costOn([channelOf('a', { rps: 0.25, rpm: 30 })], tokens(1)), 1 / 15);
});

test("a call's cost within one quota is its share of that quota", () => {
  assert.equal(costWithin({ rpm: 10, tpm: 1_000 }, tokens(300, 200)), 1 / 2);
  assert.equal(costWithin({ rpm: 10, tpm: 1_000 }, tokens(1)), 1 / 10);
  assert.equal(costWithin({}, tokens(1)), 1);
});

test('all channels together start a minute of their limits in a minute', () => {
  assert.equal(scene({ rpm: 60 }, { rpm: 600 }).speed(), 1);
  assert.equal(scene({ tpm: 1_000 }, { tpm: 9_000 }).speed(), 1);
});

test('where no limit tells how much a minute is, the speed is not known', () => {
  const { limiter, health, channels } = scene({ concurrency: 2 }, {});
  assert.equal(speedOf(channels, { limiter, health }, 0), undefined);
});

test('a benched channel counts for as much as its limits, as long as the bench is not nearly over', async () => {
  const { speed, bench, clock } = scene({ rpm: 30 }, { rpm: 90 });
  bench(1, 60_000);
  assert.equal(speed(), 1 / 4);
  bench(0, 4_000);
  assert.equal(speed(), 1 / 4, 'out for a moment');
  await clock.advance(55_001);
  assert.equal(speed(), 1);
  bench(0, 60_000);
  bench(1, 60_000);
  assert.equal(speed(), 1, 'all are out: as fast as they will be');
});

test('a channel whose limit was cut is slower by as much', () => {
  const { speed, limiter, channels } = scene({ rpm: 60, tpm: 1_000 }, { rpm: 60, tpm: 1_000 });
  const [first, second] = channels as [Channel, Channel];
  limiter.lane(first).learned.scale.tokens.restore({ atMs: 0, share: 0.5 });
  assert.equal(speed(), 0.75);
  limiter.lane(second).learned.scale.requests.restore({ atMs: 0, share: 0.25 });
  assert.equal(speed(), 0.375);
});

test('a channel in slow start is slow at first and reaches its full speed', async () => {
  const { speed, limiter, channels, clock } = scene({ rpm: 600, ramp: { floor: 0.3, growth: 2 } });
  const [channel] = channels as [Channel];
  const atFirst = speed();
  assert.ok(Math.abs(atFirst - 0.3 * Math.exp(0.8)) < 0.01, `${atFirst}: what it will be in twenty seconds`);
  const seen = [atFirst];
  for (let i = 0; i < 3_000; i++) {
    const permit = limiter.reserve(channel, tokens(1), { nowMs: clock.now() });
    if ('settle' in permit) permit.settle({ tokens: 1, input: 1 });
    await clock.advance(20);
    if (i % 500 === 499) seen.push(speed());
  }
  assert.ok(
    seen.every((share, i) => i === 0 || share >= (seen[i - 1] ?? 1)),
    `${seen}`,
  );
  assert.equal(seen.at(-1), 1);
});
