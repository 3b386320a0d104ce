import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Account, Channel } from '../domain/channel.ts';
import { Failure, type FailureKind } from '../domain/failure.ts';
import { createHealth } from './health.ts';

const account: Account = { id: 'a', provider: 'qwen', baseUrl: 'http://localhost', secrets: ['s'] };
const channelOf = (upstreamModel: string): Channel => ({
  id: `a/${upstreamModel}`,
  account,
  upstreamModel,
  family: `qwen/${upstreamModel}`,
  limits: {},
  tier: 1,
  weight: 1,
});
const [channel, sibling] = [channelOf('m'), channelOf('other')];

function scene() {
  const health = createHealth({ random: () => 0 });
  const fail = (kind: FailureKind, at: { nowMs?: number; retryAfterMs?: number } = {}): void => {
    const { nowMs = 0, ...options } = at;
    const attempt = { secret: 0, startedAtMs: nowMs - 1, nowMs, call: kind };
    health.failed(channel, new Failure(kind, { message: 'm', ...options }), attempt);
  };
  return { health, fail };
}

test('a trial that says nothing makes room for another at once, unless that has begun already', () => {
  const { health, fail } = scene();
  fail('overload');
  health.started(channel, 0, 1_000);
  assert.equal(health.freeAt(channel, 1_100), 6_000);
  health.undecided(channel, 0, 900);
  assert.equal(health.freeAt(channel, 1_100), 6_000, 'it was another attempt');
  health.undecided(channel, 0, 1_000);
  assert.equal(health.freeAt(channel, 1_100), 1_100);
});

test('the end of a bench is known until something is answered', () => {
  const { health, fail } = scene();
  assert.equal(health.benchEndMs(channel), 0);
  fail('overload');
  assert.equal(health.benchEndMs(channel), 1_000);
  assert.equal(health.benchEndMs(sibling), 0);
  fail('plan');
  assert.equal(health.benchEndMs(sibling), health.benchEndMs(channel));
  health.succeeded(channel, { secret: 0, startedAtMs: 1, nowMs: 2_000_000 });
  assert.equal(health.benchEndMs(channel), 0);
});

test('a shorter refusal that comes later changes neither the end of a bench nor what it is said to be for', () => {
  const { health, fail } = scene();
  fail('day', { retryAfterMs: 3_600_000 });
  const [day] = health.benches(1);
  fail('concurrency', { nowMs: 500 });
  const [bench] = health.benches(500);
  assert.equal(bench?.kind, 'day');
  assert.equal(bench?.untilMs, day?.untilMs);
});

test('an account whose plan is used up is tried early though another refusal came behind, and after a restart', () => {
  const { health, fail } = scene();
  fail('plan', { retryAfterMs: 86_400_000 });
  fail('balance', { nowMs: 500 });
  assert.equal(health.freeAt(channel, 90_000), 90_000);
  const next = scene().health;
  next.restore(health.kept(60_000), [account], 60_000);
  assert.equal(next.freeAt(channel, 149_999), 86_400_000);
  assert.equal(next.freeAt(channel, 150_000), 150_000);
  const late = scene().health;
  late.restore(health.kept(901_000), [account], 901_000);
  assert.equal(late.freeAt(channel, 1_000_000), 86_400_000);
});
