import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure, type FailureKind } from '../../domain/failure.ts';
import { type AccountPlan, createCatalog } from '../../routing/catalog.ts';
import { createHealth } from '../../routing/health.ts';
import { createVirtualClock } from '../../testing/virtual-clock.ts';
import { accountFor, type Wish } from './accounts.ts';

const plan = (
  id: string,
  provider: string,
  more: {
    readonly tier?: number;
    readonly weight?: number;
    readonly passes?: readonly string[];
    readonly model?: string;
  } = {},
): AccountPlan => ({
  account: {
    id,
    provider,
    baseUrl: 'http://up.test',
    secrets: ['s'],
    ...(more.passes && { passes: more.passes }),
  },
  models: [
    {
      upstreamModel: more.model ?? 'm',
      name: more.model ?? 'm',
      limits: {},
      tier: more.tier ?? 1,
      weight: more.weight ?? 1,
    },
  ],
});

function choosing(...plans: readonly AccountPlan[]) {
  const clock = createVirtualClock({ startMs: 0 });
  const health = createHealth({ random: () => 0.5 });
  const catalog = createCatalog(plans, []);
  const settings = { maxWaitMs: 0, maxWaitStreamMs: 0, firstByteMs: 0, firstByteStreamMs: 0, idleMs: 0 };
  const rooms = {
    clock,
    health,
    snapshot: () => ({
      catalog,
      settings: { ...settings, firstTokenMs: 0, maxAttempts: 1, retryUnknown: false },
    }),
  };
  const choose = (wish: Partial<Wish> = {}): string =>
    accountFor({ dialect: 'openai-chat', path: '/files', key: 'k', ...wish }, rooms).id;
  return { choose, health, catalog };
}

const fails = (task: () => unknown, kind: FailureKind, says: RegExp): void =>
  assert.throws(task, (error) => error instanceof Failure && error.kind === kind && says.test(error.message));

const keys = Array.from({ length: 3_000 }, (_, i) => `key-${i}`);

test('keys are shared out by weight within the best tier, each always to the same account', () => {
  const { choose } = choosing(
    plan('a', 'openai'),
    plan('b', 'openai', { weight: 3 }),
    plan('c', 'openai', { tier: 2 }),
  );
  const chosen = keys.map((key) => choose({ key }));
  const share = chosen.filter((id) => id === 'b').length / keys.length;
  assert.ok(share > 0.71 && share < 0.79, String(share));
  assert.ok(!chosen.includes('c'));
  assert.deepEqual(
    keys.slice(0, 50).map((key) => choose({ key })),
    chosen.slice(0, 50),
  );
});

test('a new account takes its share and moves nobody between the others', () => {
  const two = choosing(plan('a', 'openai'), plan('b', 'openai'));
  const three = choosing(plan('a', 'openai'), plan('b', 'openai'), plan('c', 'openai'));
  let moved = 0;
  for (const key of keys) {
    const [before, now] = [two.choose({ key }), three.choose({ key })];
    if (now === before) continue;
    assert.equal(now, 'c');
    moved += 1;
  }
  assert.ok(moved > keys.length * 0.29 && moved < keys.length * 0.38, String(moved));
});

test('only accounts whose provider has the path are chosen, in the dialect that holds there', () => {
  const { choose } = choosing(
    plan('chat', 'deepseek'),
    plan('claude', 'anthropic'),
    plan('qwen', 'qwen'),
    plan('own', 'openai-compatible', { passes: ['/things'], model: 'm2' }),
  );
  for (const key of keys.slice(0, 100)) assert.equal(choose({ key }), 'qwen');
  assert.equal(choose({ dialect: 'anthropic-messages' }), 'claude');
  assert.equal(choose({ path: '/things/1' }), 'own');
  fails(() => choose({ path: '/vector_stores' }), 'route_not_found', /\/vector_stores/);
});

test('what has an owner goes to it, whatever its health; what is asked for must exist', () => {
  const { choose, health, catalog } = choosing(
    plan('a', 'openai'),
    plan('b', 'openai'),
    plan('c', 'deepseek'),
  );
  const usual = choose();
  const other = usual === 'a' ? 'b' : 'a';
  assert.equal(choose({ owner: other }), other);
  assert.equal(choose({ asked: other }), other);
  fails(() => choose({ owner: 'a', asked: 'b' }), 'invalid_request', /another account than 'b'/);
  fails(() => choose({ asked: 'c' }), 'invalid_request', /'c' has nothing below \/files/);
  const channel = catalog.channels.find(({ account }) => account.id === usual) ?? assert.fail();
  const failure = new Failure('banned', { message: 'closed' });
  health.failed(channel, failure, { secret: 0, startedAtMs: 0, nowMs: 0, call: 'x' });
  assert.equal(choose(), other, 'a new object goes where it can');
  assert.equal(choose({ owner: usual }), usual);
});

test('an object for a model goes to an account that serves it', () => {
  const { choose } = choosing(plan('a', 'openai'), plan('b', 'openai', { model: 'special' }));
  for (const key of keys.slice(0, 100)) assert.equal(choose({ key, model: 'special' }), 'b');
  fails(() => choose({ model: 'unheard' }), 'model_not_found', /'unheard'/);
});
