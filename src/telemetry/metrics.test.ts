import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Story } from '../domain/story.ts';
import { createMetrics } from './metrics.ts';
import { createRegistry } from './registry.ts';

const story = (rest: Partial<Story> = {}): Story => ({
  id: 'req_1',
  key: 'team',
  model: 'qwen3-max',
  stream: true,
  arrivedAtMs: 0,
  attempts: [{ channel: 'a/m', queueMs: 0, startedAtMs: 0 }],
  fallbacks: [],
  queueMs: 1_500,
  overheadMs: 0.2,
  firstContentMs: 2_000,
  durationMs: 4_000,
  status: 200,
  end: 'complete',
  usage: { input: 10, cacheRead: 5, cacheWrite: 0, output: 20, reasoning: 3, source: 'upstream' },
  ...rest,
});

function written(...stories: readonly Story[]) {
  const registry = createRegistry();
  const metrics = createMetrics(registry);
  for (const each of stories) metrics.story(each);
  return { metrics, lines: () => registry.text().split('\n') };
}

test('a call is counted once under the model that served it', () => {
  const lines = written(story(), story(), story({ servedModel: 'qwen-plus' })).lines();
  assert.ok(lines.includes('sluice_requests_total{model="qwen3-max",end="complete",status="200"} 2'));
  assert.ok(lines.includes('sluice_requests_total{model="qwen-plus",end="complete",status="200"} 1'));
});

test('every attempt is counted by channel and by how it went', () => {
  const attempts = [
    { channel: 'a/m', queueMs: 0, startedAtMs: 0, failure: 'rpm' as const },
    { channel: 'b/m', queueMs: 0, startedAtMs: 1 },
  ];
  const lines = written(story({ attempts })).lines();
  assert.ok(lines.includes('sluice_upstream_requests_total{channel="a/m",outcome="rpm"} 1'));
  assert.ok(lines.includes('sluice_upstream_requests_total{channel="b/m",outcome="ok"} 1'));
});

test('times are told in seconds', () => {
  const lines = written(story()).lines();
  assert.ok(lines.includes('sluice_request_duration_seconds_sum{model="qwen3-max"} 4'));
  assert.ok(lines.includes('sluice_queue_wait_seconds_sum{model="qwen3-max"} 1.5'));
  assert.ok(lines.includes('sluice_overhead_seconds_bucket{model="qwen3-max",le="0.00025"} 1'));
  assert.ok(lines.includes('sluice_time_to_first_token_seconds_sum{model="qwen3-max"} 2'));
});

test('tokens are counted by kind, and kinds that were not used have no series', () => {
  const lines = written(story(), story()).lines();
  assert.ok(lines.includes('sluice_tokens_total{model="qwen3-max",type="input"} 20'));
  assert.ok(lines.includes('sluice_tokens_total{model="qwen3-max",type="reasoning"} 6'));
  assert.ok(!lines.some((line) => line.includes('cacheWrite')));
});

test('a call that failed before anything came has no first token and no tokens', () => {
  const { end: _end, usage: _usage, firstContentMs: _first, ...bare } = story({ status: 503, attempts: [] });
  const lines = written(bare).lines();
  assert.ok(lines.includes('sluice_requests_total{model="qwen3-max",end="failed",status="503"} 1'));
  assert.ok(!lines.some((line) => line.startsWith('sluice_time_to_first_token_seconds_')));
  assert.ok(!lines.some((line) => line.startsWith('sluice_tokens_total{')));
});

test('moves to another model and refusals at the door are counted', () => {
  const { metrics, lines } = written(story({ fallbacks: [{ from: 'a', to: 'b', reason: 'wait_over' }] }));
  metrics.refused('invalid_key', 401);
  metrics.refused('invalid_key', 401);
  assert.ok(lines().includes('sluice_fallbacks_total{from="a",to="b",reason="wait_over"} 1'));
  assert.ok(lines().includes('sluice_refused_total{kind="invalid_key",status="401"} 2'));
});

test('calls whose Idempotency-Key was known are counted by what came of it', () => {
  const { metrics, lines } = written();
  for (const how of ['joined', 'replayed', 'conflict', 'joined'] as const) metrics.idempotent(how);
  assert.ok(lines().includes('sluice_idempotent_total{how="joined"} 2'));
  assert.ok(lines().includes('sluice_idempotent_total{how="replayed"} 1'));
  assert.ok(lines().includes('sluice_idempotent_total{how="conflict"} 1'));
});
