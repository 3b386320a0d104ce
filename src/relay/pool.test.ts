import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Turn } from '../admission/ask.ts';
import { createLimiter } from '../admission/limiter.ts';
import type { Permit } from '../admission/permit.ts';
import type { Channel } from '../domain/channel.ts';
import { Failure } from '../domain/failure.ts';
import type { Limits } from '../domain/limits.ts';
import { createHealth } from '../routing/health.ts';
import { createMemoryStore } from '../state/memory.ts';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { type Granted, Pool, type PoolOptions } from './pool.ts';

type Spec = Limits & { readonly tier?: number; readonly provider?: string };

const tokens = (inputTokens: number) => ({ inputTokens, outputTokens: 0, maxOutputTokens: 0 });

/** Channels `a`, `b` … with these limits, and calls of a number of tokens that ask for a start on them. */
function scene(...specs: readonly Spec[]) {
  const clock = createVirtualClock({ startMs: 0 });
  const limiter = createLimiter(createMemoryStore(), { now: () => clock.now() });
  const health = createHealth({ random: () => 0 });
  const rooms = { clock, random: () => 0.5, limiter, health };
  const channels = specs.map(({ tier = 1, provider = 'qwen', ...limits }, i): Channel => {
    const id = String.fromCharCode(97 + i);
    const account = { id, provider, baseUrl: '', secrets: ['s'] };
    return { id, account, upstreamModel: 'm', limits, tier, weight: 1 };
  });
  const channel = (id: string): Channel => channels.find((each) => each.id === id) as Channel;
  const poolOf = (size: number, more: Partial<PoolOptions> = {}): Pool =>
    new Pool({
      ...{ rooms, strategy: 'earliest-start', channels, maxWaitMs: 60_000 },
      estimates: channels.map(() => tokens(size)),
      ...more,
    });
  return {
    ...{ clock, limiter, health, channels, channel, poolOf },
    /** Uses so much of a channel. */
    use(id: string, size: number): Permit {
      const permit = limiter.reserve(channel(id), tokens(size), { nowMs: clock.now() });
      assert.ok('settle' in permit, `${id} is full`);
      return permit;
    },
    bench(id: string, retryAfterMs: number): void {
      const failure = new Failure('overload', { message: 'm', retryAfterMs });
      health.failed(channel(id), failure, { secret: 0, startedAtMs: 0, nowMs: clock.now(), call: 'c' });
    },
    /** The channel it starts on, or when to ask again. */
    ask: (pool: Pool) => shown(pool.tryStart(clock.now())),
    held: () => channels.filter((each) => limiter.lane(each).hold !== undefined).map(({ id }) => id),
  };
}

const shown = (turn: Turn<Granted>) => ('granted' in turn ? turn.granted.channel.id : turn);

test('a call starts on the emptiest of the channels that can take it now', () => {
  const { poolOf, use, ask, limiter } = scene({ tpm: 1_000 }, { tpm: 1_000 }, { tpm: 1_000 });
  use('a', 300);
  use('b', 100);
  use('c', 200);
  assert.equal(ask(poolOf(150)), 'b');
  assert.equal(ask(poolOf(150)), 'c', 'b is the fuller one now');
  assert.equal(limiter.open(), 5, 'each start has a permit');
});

test('among those that are free now the lowest tier is first, however full it is', () => {
  const { poolOf, use, ask, bench } = scene({ tpm: 1_000, tier: 2 }, { tpm: 1_000, tier: 1 });
  use('b', 800);
  assert.equal(ask(poolOf(100)), 'b');
  assert.equal(ask(poolOf(200)), 'a', 'a saturated tier falls through to the next');
  bench('b', 5_000);
  assert.equal(ask(poolOf(10)), 'a');
});

test('when no channel is free the first that will be is told, and that the size is what is in the way', async () => {
  const { poolOf, use, ask, clock } = scene({ tpm: 1_000 }, { tpm: 1_000 });
  use('a', 900);
  await clock.advance(5_000);
  use('b', 950);
  const turn = ask(poolOf(200));
  assert.ok(typeof turn === 'object' && 'atMs' in turn);
  assert.ok(turn.atMs > 60_000 && turn.atMs < 61_000, `${turn.atMs}`);
  assert.equal(turn.bySize, true);
  assert.equal(poolOf(200).soonestMs(clock.now()), turn.atMs);
  await clock.advance(turn.atMs - clock.now());
  assert.equal(ask(poolOf(200)), 'a');
});

test('what lacks a request lacks it at any size', () => {
  const { poolOf, use, ask } = scene({ rpm: 1 }, { rpm: 1 });
  use('a', 1);
  use('b', 1);
  const turn = ask(poolOf(1));
  assert.ok(typeof turn === 'object' && 'atMs' in turn && turn.atMs > 59_000);
  assert.notEqual(turn.bySize, true);
});

test('where every channel has as many calls in flight as it may, only an end helps', () => {
  const { poolOf, use, ask } = scene({ concurrency: 1 }, { concurrency: 1 });
  use('a', 1);
  const last = use('b', 1);
  assert.deepEqual(ask(poolOf(1)), { atMs: Infinity, bySize: false });
  last.settle({ tokens: 1, input: 1 });
  assert.equal(ask(poolOf(1)), 'b');
});

test('a bench is waited for like a limit, and it is told what held the call back', async () => {
  const { poolOf, ask, bench, clock, use } = scene({ tpm: 1_000 });
  bench('a', 2_000);
  const pool = poolOf(10);
  assert.deepEqual(ask(pool), { atMs: 2_000, bySize: false });
  await clock.advance(2_000);
  const turn = pool.tryStart(clock.now());
  assert.ok('granted' in turn);
  assert.equal(turn.granted.heldBy, 'overload');
  const free = scene({ tpm: 1_000 });
  const first = free.poolOf(10).tryStart(0);
  assert.ok('granted' in first && first.granted.heldBy === undefined);
  assert.throws(() => use('a', 995), /full/);
});

test('nothing can be had without channels', () => {
  assert.deepEqual(shown(scene().poolOf(1).tryStart(0)), { atMs: Infinity });
});

test('the channel that served the conversation is preferred when it is free', () => {
  const { poolOf, use, ask } = scene({ tpm: 1_000 }, { tpm: 1_000 });
  use('b', 100);
  assert.equal(ask(poolOf(10, { warmChannel: 'b' })), 'b', 'though a is emptier');
  assert.equal(ask(poolOf(10, { warmChannel: 'gone' })), 'a', 'one that is no more is no reason to wait');
});

test('it is not preferred while it is much fuller than the others', () => {
  const { poolOf, use, ask } = scene({ tpm: 1_000 }, { tpm: 1_000 });
  use('b', 250);
  assert.equal(ask(poolOf(10, { warmChannel: 'b' })), 'b', 'a quarter against nothing: within the slack');
  use('b', 100);
  assert.equal(ask(poolOf(10, { warmChannel: 'b' })), 'a');
});

test('it is waited for by choice, no longer than 300 ms and a twentieth of the longest wait', async () => {
  for (const [benchMs, maxWaitMs, isWaitedFor] of [
    [290, 60_000, true],
    [310, 60_000, false],
    [90, 2_000, true],
    [110, 2_000, false],
  ] as const) {
    const { poolOf, ask, bench, clock } = scene({ tpm: 1_000 }, { tpm: 1_000 });
    bench('b', 0 + Math.max(250, benchMs));
    await clock.advance(Math.max(250, benchMs) - benchMs);
    const pool = poolOf(10, { warmChannel: 'b', maxWaitMs });
    const untilMs = Math.max(250, benchMs);
    assert.deepEqual(
      ask(pool),
      isWaitedFor ? { atMs: untilMs, byChoice: true } : 'a',
      `${benchMs} of ${maxWaitMs}`,
    );
    if (!isWaitedFor) continue;
    await clock.advance(untilMs - clock.now());
    assert.equal(ask(pool), 'b');
  }
});

test('the patience for a warm channel counts from the first ask and is not renewed', async () => {
  const { poolOf, ask, bench, clock } = scene({ tpm: 1_000 }, { tpm: 1_000 });
  bench('b', 290);
  const pool = poolOf(10, { warmChannel: 'b' });
  assert.deepEqual(ask(pool), { atMs: 290, byChoice: true });
  await clock.advance(200);
  bench('b', 250);
  assert.equal(ask(pool), 'a', '450 ms would be too long');
});

test('a warm channel is no choice while no other is free either', () => {
  const { poolOf, ask, bench } = scene({ tpm: 1_000 }, { tpm: 1_000 });
  bench('a', 280);
  bench('b', 290);
  const turn = ask(poolOf(10, { warmChannel: 'b' }));
  assert.ok(typeof turn === 'object' && turn.byChoice === undefined && turn.atMs === 280);
});

test('a held place is that of the first channel that lacks only tokens; the call itself may use it', async () => {
  const { poolOf, use, ask, held, limiter, channel, clock } = scene({ tpm: 1_000 }, { tpm: 1_000 });
  use('a', 900);
  await clock.advance(1_000);
  use('b', 900);
  const large = poolOf(800);
  ask(large);
  large.hold(clock.now());
  assert.deepEqual(held(), ['a']);
  const small = ask(poolOf(99, { channels: [channel('a')] }));
  assert.equal(small, 'a', 'ninety-nine now are in nobody’s way when the large call starts');
  const other = ask(poolOf(150, { channels: [channel('a')] }));
  assert.ok(typeof other === 'object' && other.bySize === true);
  const { atMs = 0 } = limiter.lane(channel('a')).hold ?? {};
  await clock.advance(atMs - clock.now());
  const taken = ask(poolOf(300, { channels: [channel('a')] }));
  assert.ok(typeof taken === 'object' && taken.bySize === true, 'free, but kept');
  assert.equal(ask(large), 'a');
  assert.deepEqual(held(), []);
});

test('two large calls hold two channels, and giving up a place leaves that of the other', () => {
  const { poolOf, use, ask, held } = scene({ tpm: 1_000 }, { tpm: 1_000 });
  use('a', 900);
  use('b', 900);
  const [one, two, three] = [poolOf(800), poolOf(700), poolOf(600)];
  for (const pool of [one, two, three]) {
    ask(pool);
    pool.hold(0);
  }
  assert.deepEqual(held(), ['a', 'b']);
  three.release();
  assert.deepEqual(held(), ['a', 'b'], 'the third holds none');
  one.release();
  one.release();
  assert.deepEqual(held(), ['b']);
  two.release();
  assert.deepEqual(held(), []);
});

test('a place that another call has taken over is not given up', () => {
  const { poolOf, use, ask, held, limiter, channel } = scene({ tpm: 1_000 });
  use('a', 900);
  const [one, two] = [poolOf(800), poolOf(700)];
  ask(one);
  one.hold(0);
  limiter.lane(channel('a')).hold = undefined;
  ask(two);
  two.hold(0);
  one.release();
  assert.deepEqual(held(), ['a']);
});

test('a channel that is benched for longer than it lacks tokens is no place to hold', () => {
  const { poolOf, use, ask, held, bench } = scene({ tpm: 1_000 });
  use('a', 900);
  bench('a', 120_000);
  const large = poolOf(800);
  assert.deepEqual(ask(large), { atMs: 120_000, bySize: false });
  large.hold(0);
  assert.deepEqual(held(), []);
});

test('to hold again moves the moment along with what is used meanwhile', () => {
  const { poolOf, use, ask, limiter, channel, clock } = scene({ tpm: 1_000 });
  use('a', 500);
  const pool = poolOf(800);
  ask(pool);
  pool.hold(clock.now());
  const before = limiter.lane(channel('a')).hold?.atMs ?? 0;
  assert.ok(before > 60_000);
  use('a', 100);
  pool.hold(clock.now());
  assert.ok((limiter.lane(channel('a')).hold?.atMs ?? 0) >= before);
  pool.release();
  assert.equal(limiter.lane(channel('a')).hold, undefined);
});

test('a call that goes on from the thoughts of one provider starts there, whatever else is free', () => {
  const { poolOf, use, ask } = scene({ tpm: 1_000, provider: 'anthropic' }, { tpm: 1_000 }, { tpm: 1_000 });
  use('a', 700);
  assert.equal(ask(poolOf(100, { boundTo: 'anthropic' })), 'a');
  assert.equal(ask(poolOf(100)), 'b');
  assert.equal(ask(poolOf(100, { boundTo: 'openai' })), 'c', 'nobody is of that kind');
  assert.equal(ask(poolOf(100, { boundTo: 'anthropic', warmChannel: 'b' })), 'a');
});

test('it waits for that provider as long as it may, and others of the line may go first', () => {
  const { poolOf, use, ask, clock } = scene({ tpm: 1_000, provider: 'anthropic' }, { tpm: 1_000 });
  use('a', 1_000).settle({ tokens: 1_000, input: 1_000 });
  const patient = ask(poolOf(100, { boundTo: 'anthropic', maxWaitMs: 120_000 }));
  assert.ok(typeof patient === 'object' && patient.atMs > clock.now() && patient.atMs <= 61_000);
  assert.equal(patient.byChoice, true);
  assert.equal(ask(poolOf(100, { boundTo: 'anthropic', maxWaitMs: 5_000 })), 'b', 'else it would fail');
});

test('it waits half of its time for a slot there, and not for one that is out for longer', async () => {
  const { poolOf, use, ask, clock, bench } = scene(
    { concurrency: 1, provider: 'anthropic' },
    { concurrency: 9 },
  );
  const slot = use('a', 1);
  const pool = poolOf(1, { boundTo: 'anthropic', maxWaitMs: 20_000 });
  assert.deepEqual(ask(pool), { atMs: 10_000, byChoice: true });
  await clock.advance(10_000);
  assert.equal(ask(pool), 'b');
  slot.cancel();
  assert.equal(ask(pool), 'a');
  bench('a', 60_000);
  assert.equal(ask(poolOf(1, { boundTo: 'anthropic', maxWaitMs: 20_000 })), 'b');
});
