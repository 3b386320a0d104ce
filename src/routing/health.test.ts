import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Account, Channel } from '../domain/channel.ts';
import { FAILURES, Failure, type FailureKind, type FailureOptions } from '../domain/failure.ts';
import { createHealth } from './health.ts';

const accountOf = (id: string, secrets = 1): Account => ({
  id,
  provider: 'qwen',
  baseUrl: 'http://localhost',
  secrets: Array.from({ length: secrets }, (_, i) => `sk-${i}`),
});
const channelOf = (account: Account, upstreamModel = 'm'): Channel => ({
  id: `${account.id}/${upstreamModel}`,
  account,
  upstreamModel,
  family: `qwen/${upstreamModel}`,
  limits: {},
  tier: 1,
  weight: 1,
});

function scene(secrets = 1) {
  const health = createHealth({ random: () => 0 });
  const account = accountOf('a', secrets);
  const channel = channelOf(account);
  let calls = 0;
  const fail = (
    kind: FailureKind,
    at: { nowMs: number; startedAtMs?: number; secret?: number; on?: Channel; call?: string },
    options: Partial<FailureOptions> = {},
  ) =>
    health.failed(at.on ?? channel, new Failure(kind, { message: 'm', ...options }), {
      secret: at.secret ?? 0,
      startedAtMs: at.startedAtMs ?? at.nowMs - 1,
      nowMs: at.nowMs,
      call: at.call ?? `call ${calls++}`,
    });
  const succeed = (nowMs: number, at: { startedAtMs?: number; on?: Channel; secret?: number } = {}) =>
    health.succeeded(at.on ?? channel, {
      secret: at.secret ?? 0,
      startedAtMs: at.startedAtMs ?? nowMs - 1,
      nowMs,
    });
  const events: string[] = [];
  health.onEvent(({ type, what, kind }) => events.push(`${type} ${what}: ${kind}`));
  return {
    health,
    account,
    channel,
    sibling: channelOf(account, 'other'),
    stranger: channelOf(accountOf('b')),
    fail,
    succeed,
    events,
  };
}

test('nobody is benched at first', () => {
  const { health, channel } = scene();
  assert.equal(health.freeAt(channel, 5), 5);
  assert.equal(health.benchOf(channel, 5), undefined);
  assert.deepEqual(health.benches(5), []);
});

test('a failure benches what it concerns and nothing more', () => {
  const free = (kind: FailureKind) => {
    const { health, channel, sibling, stranger, fail } = scene();
    fail(kind, { nowMs: 1_000 });
    return [channel, sibling, stranger].map((each) => health.freeAt(each, 1_000) === 1_000);
  };
  assert.deepEqual(free('overload'), [false, true, true], 'the channel');
  assert.deepEqual(free('balance'), [false, false, true], 'the account');
  assert.deepEqual(free('auth'), [false, false, true], 'the only secret');
  assert.deepEqual(free('invalid_request'), [true, true, true], 'the request');
  assert.deepEqual(free('stream_died'), [true, true, true], 'a bench of no time is none');
});

test('a limit of rate benches nobody, unless the provider says until when', () => {
  for (const kind of ['rpm', 'tpm', 'rps', 'tps', 'burst'] as const) {
    const { health, channel, fail } = scene();
    for (let i = 1; i <= 5; i++) assert.equal(fail(kind, { nowMs: i * 1_000 }), undefined, kind);
    assert.equal(health.freeAt(channel, 5_000), 5_000);
    assert.deepEqual(health.benches(5_000), []);
    assert.equal(fail(kind, { nowMs: 6_000 }, { retryAfterMs: 7_000 })?.kind, kind);
    assert.equal(health.freeAt(channel, 6_000), 13_000);
    fail(kind, { nowMs: 14_000 }, { resetAtMs: 30_000 });
    assert.equal(health.freeAt(channel, 14_000), 30_000);
    assert.equal(health.benchOf(channel, 14_000)?.kind, kind);
  }
});

test('a bench doubles while failures repeat, up to its bound', () => {
  const { health, channel, fail } = scene();
  const { benchMs, benchMaxMs } = FAILURES.overload;
  let nowMs = 0;
  for (let i = 0; i < 12; i++) {
    nowMs += 1_000;
    fail('overload', { nowMs });
    assert.equal(health.freeAt(channel, nowMs) - nowMs, Math.min(benchMaxMs, benchMs * 2 ** i));
    nowMs = health.freeAt(channel, nowMs);
  }
});

test('failures of attempts that began before the bench are one incident', () => {
  const { health, channel, fail } = scene();
  for (let i = 0; i < 10; i++) fail('overload', { nowMs: 1_000, startedAtMs: 500 });
  for (let i = 0; i < 10; i++) fail('overload', { nowMs: 1_000, startedAtMs: 1_000 });
  assert.equal(health.freeAt(channel, 1_000), 2_000, 'not doubled');
  assert.equal(health.benches(1_000).length, 1);
});

test('a bench only moves later', () => {
  const { health, channel, fail } = scene();
  fail('overload', { nowMs: 1_000 }, { retryAfterMs: 30_000 });
  fail('concurrency', { nowMs: 1_100, startedAtMs: 900 });
  assert.equal(health.freeAt(channel, 1_100), 31_000);
});

test("the provider's own word counts, and a word about the past does not", () => {
  const until = (options: Partial<FailureOptions>): number => {
    const { health, channel, fail } = scene();
    fail('overload', { nowMs: 1_000 }, options);
    return health.freeAt(channel, 1_000);
  };
  assert.equal(until({ retryAfterMs: 7_000 }), 8_000);
  assert.equal(until({ resetAtMs: 9_000 }), 9_000);
  assert.equal(until({ retryAfterMs: 5 }), 1_250, 'but never less than a moment');
  assert.equal(until({ retryAfterMs: 0 }), 2_000);
  assert.equal(until({ resetAtMs: 900 }), 2_000);
});

test('chance only ever makes a bench longer, by a tenth at most', () => {
  const health = createHealth({ random: () => 0.999 });
  const channel = channelOf(accountOf('a'));
  health.failed(channel, new Failure('overload', { message: 'm' }), {
    secret: 0,
    startedAtMs: 0,
    nowMs: 1,
    call: 'c',
  });
  const lengthMs = health.freeAt(channel, 1) - 1;
  assert.ok(lengthMs > 1_000 && lengthMs <= 1_100);
});

test('a success ends the bench and its doubling', () => {
  const { health, channel, fail, succeed } = scene();
  fail('overload', { nowMs: 1_000 });
  fail('overload', { nowMs: 2_500 });
  assert.equal(succeed(2_600, { startedAtMs: 5_000 })?.kind, 'overload');
  assert.equal(succeed(2_600, { startedAtMs: 5_000 }), undefined, 'nothing is left to end');
  assert.equal(health.freeAt(channel, 2_700), 2_700);
  // Long after its answer it is given no credit any more.
  fail('overload', { nowMs: 20_000 });
  assert.equal(health.freeAt(channel, 20_000), 21_000);
});

test('an answer that was under way before the bench does not end it', () => {
  const { health, channel, fail, succeed } = scene();
  fail('overload', { nowMs: 1_000 }, { retryAfterMs: 60_000 });
  assert.equal(succeed(1_100, { startedAtMs: 400 }), undefined);
  assert.equal(health.freeAt(channel, 2_000), 61_000);
});

test('after a bench one attempt is the trial, and the others wait for its outcome', () => {
  const { health, channel, fail, succeed } = scene();
  fail('overload', { nowMs: 1_000 });
  assert.equal(health.freeAt(channel, 2_000), 2_000);
  health.started(channel, 0, 2_000);
  assert.ok(health.freeAt(channel, 2_000) > 2_000);
  assert.equal(succeed(2_050, { startedAtMs: 2_000 })?.what, 'channel a/m');
  assert.equal(health.freeAt(channel, 2_100), 2_100);
});

test('secrets take turns, and a benched one is left out until its time', () => {
  const { health, account, channel, fail } = scene(3);
  const turns = (nowMs: number, count: number) =>
    Array.from({ length: count }, () => health.secretOf(account, nowMs));
  assert.deepEqual(turns(0, 4), [0, 1, 2, 0]);
  fail('auth', { nowMs: 1_000, secret: 1 });
  assert.deepEqual(turns(1_000, 4), [2, 0, 2, 0]);
  assert.equal(health.freeAt(channel, 1_000), 1_000, 'the others still work');
  assert.ok(turns(1_000 + FAILURES.auth.benchMs, 3).includes(1));
});

test('with every secret benched the channel waits for the first of them', () => {
  const { health, account, channel, fail } = scene(2);
  fail('auth', { nowMs: 1_000, secret: 1 });
  fail('auth', { nowMs: 9_000, secret: 0 });
  assert.equal(health.freeAt(channel, 9_000), 1_000 + FAILURES.auth.benchMs);
  assert.equal(health.secretOf(account, 9_000), 1);
  assert.equal(health.benchOf(channel, 9_000)?.what, 'secret 2 of a');
});

test('the bench that holds a channel longest is the one that is named, without a secret in it', () => {
  const { health, channel, fail } = scene();
  fail('overload', { nowMs: 1_000 });
  fail('balance', { nowMs: 1_000 });
  const bench = health.benchOf(channel, 1_000);
  assert.deepEqual([bench?.what, bench?.kind, bench?.sinceMs], ['account a', 'balance', 1_000]);
  assert.deepEqual(
    health
      .benches(1_000)
      .map(({ what }) => what)
      .sort(),
    ['account a', 'channel a/m'],
  );
  assert.deepEqual(health.benches(bench?.untilMs ?? 0), [], 'benches that are over are not shown');
});

test('a channel that has answered lately is given credit for a failure or two, by different calls', () => {
  const { health, channel, fail, succeed } = scene();
  succeed(1_000);
  assert.equal(fail('upstream_error', { nowMs: 1_100 }), undefined);
  assert.equal(fail('upstream_error', { nowMs: 1_200, call: 'x' }), undefined);
  for (let i = 0; i < 5; i++)
    assert.equal(fail('upstream_error', { nowMs: 1_300 + i, call: 'x' }), undefined);
  assert.equal(health.freeAt(channel, 1_400), 1_400, 'one call that fails over and over counts once');
  assert.equal(fail('upstream_error', { nowMs: 1_500 })?.kind, 'upstream_error');
});

test('answers between failures keep the credit, and silence of ten seconds uses it up', () => {
  const { fail, succeed } = scene();
  for (let i = 0; i < 20; i++) {
    succeed(1_000 + 10 * i);
    succeed(1_005 + 10 * i);
    assert.equal(fail('malformed', { nowMs: 1_009 + 10 * i }), undefined);
  }
  assert.equal(fail('malformed', { nowMs: 12_000 })?.kind, 'malformed');
});

test("one refused call does not keep a channel that serves others waiting for the provider's hint", () => {
  const { health, channel, fail, succeed } = scene();
  succeed(1_000);
  assert.equal(fail('rpm', { nowMs: 1_100, call: 'x' }, { retryAfterMs: 20_000 }), undefined);
  succeed(1_200);
  succeed(1_250);
  assert.equal(fail('rpm', { nowMs: 1_300, call: 'y' }, { retryAfterMs: 20_000 }), undefined);
  assert.equal(fail('rpm', { nowMs: 1_400, call: 'z' }, { retryAfterMs: 20_000 })?.kind, 'rpm');
  assert.equal(health.freeAt(channel, 1_400), 21_400);
});

test('trouble of a model is one of every account when two of them tell of it, and one answer ends it', () => {
  const { health, channel, sibling, stranger, fail, succeed } = scene();
  assert.equal(fail('overload', { nowMs: 1_000 })?.what, 'channel a/m');
  assert.equal(fail('overload', { nowMs: 1_500, on: stranger })?.what, 'model qwen/m');
  assert.ok(health.freeAt(channel, 1_500) > 1_500 && health.freeAt(stranger, 1_500) > 1_500);
  assert.equal(health.freeAt(sibling, 1_500), 1_500, 'another model is well');
  health.started(stranger, 0, 2_600);
  assert.ok(health.freeAt(channel, 2_600) > 2_600, 'one trial for all accounts');
  assert.equal(succeed(2_700, { startedAtMs: 2_600, on: stranger })?.what, 'model qwen/m');
  assert.equal(health.freeAt(channel, 2_700), 2_700);
});

test('one call that meets overload on two accounts says nothing of the model, nor do two meetings far apart', () => {
  const { stranger, fail } = scene();
  fail('overload', { nowMs: 1_000, call: 'x' });
  assert.equal(fail('overload', { nowMs: 1_500, on: stranger, call: 'x' })?.what, 'channel b/m');
  assert.equal(fail('overload', { nowMs: 31_500 })?.what, 'channel a/m');
});

test('a second refusal of a kind that no waiting cures switches off, a first one alone does not', () => {
  for (const kind of ['balance', 'free_tier', 'auth', 'banned'] as const) {
    const { health, channel, fail, events } = scene();
    const first = fail(kind, { nowMs: 1_000 });
    assert.equal(first?.untilMs, 1_000 + FAILURES[kind].benchMs, kind);
    fail(kind, { nowMs: 1_050, startedAtMs: 900 });
    assert.deepEqual(events, [], 'the same incident confirms nothing');
    const laterMs = health.freeAt(channel, 1_050);
    assert.equal(fail(kind, { nowMs: laterMs + 10 })?.untilMs, Infinity);
    assert.equal(health.freeAt(channel, 10 ** 12), Infinity);
    assert.deepEqual(events, [`switched_off ${first?.what}: ${kind}`]);
    fail(kind, { nowMs: laterMs + 20 });
    assert.equal(events.length, 1, 'told once');
  }
});

test('no other failure ever switches off, however often it comes', () => {
  for (const [kind, { switchesOff }] of Object.entries(FAILURES) as [FailureKind, { switchesOff?: true }][]) {
    if (switchesOff) continue;
    const { health, channel, fail, events } = scene();
    let nowMs = 0;
    for (let i = 0; i < 30; i++) {
      nowMs = health.freeAt(channel, nowMs) + 1_000;
      fail(kind, { nowMs });
    }
    assert.notEqual(health.freeAt(channel, nowMs), Infinity, kind);
    assert.ok(!events.some((event) => event.startsWith('switched_off')), kind);
  }
});

test('what a call answered between two such refusals takes the suspicion away', () => {
  const { health, channel, fail, succeed } = scene();
  fail('balance', { nowMs: 1_000 });
  succeed(70_000);
  assert.notEqual(fail('balance', { nowMs: 90_000 })?.untilMs, Infinity);
  assert.ok(health.freeAt(channel, 90_000) < 160_000);
});

test('what is switched off comes back by hand or by another configuration of its account, and by nothing else', () => {
  const off = () => {
    const scenery = scene();
    scenery.fail('balance', { nowMs: 1_000 });
    scenery.fail('balance', { nowMs: 70_000 });
    return scenery;
  };
  const byHand = off();
  assert.equal(byHand.health.switchOn('account b'), false);
  assert.equal(byHand.health.switchOn('account a'), true);
  assert.equal(byHand.health.freeAt(byHand.channel, 70_001), 70_001);
  assert.deepEqual(byHand.events.at(-1), 'switched_on account a: balance');

  const byFile = off();
  byFile.health.follow([accountOf('a'), accountOf('b')]);
  assert.equal(byFile.health.freeAt(byFile.channel, 80_000), Infinity, 'nothing of it was changed');
  byFile.health.follow([{ ...accountOf('a'), secrets: ['sk-new'] }]);
  assert.equal(byFile.health.freeAt(byFile.channel, 80_000), 80_000);
});

test('with every secret switched off the channel is off, and with one left it is not', () => {
  const { health, channel, account, fail } = scene(2);
  for (const nowMs of [1_000, 70_000]) fail('auth', { nowMs, secret: 0 });
  assert.equal(health.freeAt(channel, 80_000), 80_000);
  for (let i = 0; i < 4; i++) assert.equal(health.secretOf(account, 80_000), 1);
  for (const nowMs of [80_000, 150_000]) fail('auth', { nowMs, secret: 1 });
  assert.equal(health.freeAt(channel, 200_000), Infinity);
});

test('a plan that says it is used up may be tried now and then at first, in need alone', () => {
  const { health, channel, fail, succeed } = scene();
  const DAY_MS = 86_400_000;
  let nowMs = 1_000;
  fail('plan', { nowMs }, { resetAtMs: DAY_MS });
  let trials = 0;
  for (; nowMs < 3_600_000; nowMs += 1_000) {
    if (health.freeAt(channel, nowMs) > nowMs) {
      assert.ok(health.freeAt(channel, nowMs) >= DAY_MS, 'nobody waits for the next trial');
      continue;
    }
    trials++;
    assert.equal(health.isLastResort(channel, nowMs), true);
    health.started(channel, 0, nowMs);
    assert.equal(health.freeAt(channel, nowMs + 50) > nowMs + 50, true, 'one at a time');
    fail('plan', { nowMs: nowMs + 100, startedAtMs: nowMs }, { resetAtMs: DAY_MS });
  }
  assert.ok(trials >= 9 && trials <= 11, `${trials} trials in a quarter of an hour`);
  assert.equal(health.benchOf(channel, nowMs)?.sinceMs, 1_000);
  assert.equal(health.isLastResort(channel, DAY_MS + 10_000), false, 'at its end it is a bench as any');
  assert.equal(succeed(nowMs + 10, { startedAtMs: nowMs })?.kind, 'plan');
});

test('a day that is used up is not tried before its end', () => {
  const { health, channel, fail } = scene();
  fail('day', { nowMs: 1_000 }, { resetAtMs: 40_000_000 });
  assert.ok(health.freeAt(channel, 2_000) >= 40_000_000);
  assert.equal(health.isLastResort(channel, 39_000_000), false);
});

test('long benches and what is switched off are kept, for the account as it was, and short ones are not', () => {
  const { health, fail, sibling, events } = scene();
  fail('day', { nowMs: 1_000 }, { resetAtMs: 40_000_000 });
  fail('overload', { nowMs: 1_000, on: sibling });
  for (const nowMs of [1_000, 70_000]) fail('balance', { nowMs, on: channelOf(accountOf('b')) });
  assert.deepEqual(events, ['benched_long channel a/m: day', 'switched_off account b: balance']);
  const kept = JSON.parse(JSON.stringify(health.kept(80_000)));
  assert.deepEqual(kept.map(({ what }: { what: string }) => what).sort(), ['account b', 'channel a/m']);
  assert.doesNotMatch(JSON.stringify(kept), /sk-/);

  const later = createHealth({ random: () => 0 });
  later.restore(kept, [accountOf('a'), accountOf('b')], 90_000);
  assert.ok(later.freeAt(channelOf(accountOf('a')), 90_000) >= 40_000_000);
  assert.equal(later.freeAt(channelOf(accountOf('b')), 90_000), Infinity);

  const changed = createHealth({ random: () => 0 });
  changed.restore(kept, [{ ...accountOf('a'), secrets: ['other'] }], 90_000);
  assert.equal(changed.freeAt(channelOf(accountOf('a')), 90_000), 90_000);
  const muchLater = createHealth({ random: () => 0 });
  muchLater.restore(kept, [accountOf('a')], 50_000_000);
  assert.equal(muchLater.freeAt(channelOf(accountOf('a')), 50_000_000), 50_000_000);
});

test('a channel is proven by an answer after its last failure, and serves others by attempts that began later', () => {
  const { health, channel, fail, succeed } = scene();
  assert.equal(health.isProven(channel), false);
  succeed(1_000, { startedAtMs: 500 });
  assert.equal(health.isProven(channel), true);
  assert.equal(health.servedSince(channel, 499), true);
  assert.equal(health.servedSince(channel, 500), false);
  fail('upstream_error', { nowMs: 1_100 });
  assert.equal(health.isProven(channel), false);
  succeed(1_200, { startedAtMs: 400 });
  assert.equal(health.servedSince(channel, 500), false, 'an older attempt that ends later is no later one');
});
