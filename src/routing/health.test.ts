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
  limits: {},
  tier: 1,
  weight: 1,
});

function scene(secrets = 1) {
  const health = createHealth({ random: () => 0 });
  const account = accountOf('a', secrets);
  const channel = channelOf(account);
  const fail = (
    kind: FailureKind,
    at: { nowMs: number; startedAtMs?: number; secret?: number; on?: Channel },
    options: Partial<FailureOptions> = {},
  ) =>
    health.failed(at.on ?? channel, new Failure(kind, { message: 'm', ...options }), {
      secret: at.secret ?? 0,
      startedAtMs: at.startedAtMs ?? at.nowMs - 1,
      nowMs: at.nowMs,
    });
  return {
    health,
    account,
    channel,
    sibling: channelOf(account, 'other'),
    stranger: channelOf(accountOf('b')),
    fail,
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

test('a word of the past about a limit of rate benches for a moment at most', () => {
  const { health, channel, fail } = scene();
  fail('rpm', { nowMs: 1_000 }, { resetAtMs: 900 });
  assert.equal(health.freeAt(channel, 1_000), 1_000);
  fail('rpm', { nowMs: 2_000 }, { retryAfterMs: 1 });
  assert.equal(health.freeAt(channel, 2_000), 2_250);
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
  health.failed(channel, new Failure('overload', { message: 'm' }), { secret: 0, startedAtMs: 0, nowMs: 1 });
  const lengthMs = health.freeAt(channel, 1) - 1;
  assert.ok(lengthMs > 1_000 && lengthMs <= 1_100);
});

test('a success ends the bench and its doubling', () => {
  const { health, channel, fail } = scene();
  fail('overload', { nowMs: 1_000 });
  fail('overload', { nowMs: 2_500 });
  assert.equal(health.succeeded(channel, 0, 5_000), true);
  assert.equal(health.succeeded(channel, 0, 5_000), false, 'nothing is left to end');
  assert.equal(health.freeAt(channel, 2_500), 2_500);
  fail('overload', { nowMs: 6_000 });
  assert.equal(health.freeAt(channel, 6_000), 7_000);
});

test('an answer that was under way before the bench does not end it', () => {
  const { health, channel, fail } = scene();
  fail('overload', { nowMs: 1_000 }, { retryAfterMs: 60_000 });
  assert.equal(health.succeeded(channel, 0, 400), false);
  assert.equal(health.freeAt(channel, 2_000), 61_000);
});

test('after a bench one attempt is the trial, and the others wait for its outcome', () => {
  const { health, channel, fail } = scene();
  fail('overload', { nowMs: 1_000 });
  assert.equal(health.freeAt(channel, 2_000), 2_000);
  health.started(channel, 0, 2_000);
  assert.ok(health.freeAt(channel, 2_000) > 2_000);
  assert.equal(health.succeeded(channel, 0, 2_000), true);
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
