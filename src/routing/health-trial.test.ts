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
  const fail = (kind: FailureKind): void => {
    const attempt = { secret: 0, startedAtMs: -1, nowMs: 0, call: kind };
    health.failed(channel, new Failure(kind, { message: 'm' }), attempt);
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
