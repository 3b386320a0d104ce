/** What is counted: one set of names, written from the stories of calls and from gauges read when asked for. */

import type { PassStory } from '../domain/pass-story.ts';
import type { Story } from '../domain/story.ts';
import type { Counter, Histogram, Labels, Registry } from './registry.ts';

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 600];
const OVERHEAD_SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 1];

export type Metrics = {
  /** A call that reached the relay is over. */
  story(story: Story): void;
  /** A call that was passed through to the account of an object is over. */
  passed(story: PassStory): void;
  /** A request was refused at the door, before there was a call. */
  refused(kind: string, status: number): void;
  /** A provider gave an answer that no rule knows. */
  unknownAnswer(provider: string): void;
  /** A call was answered with another one's answer, or used its key for another request. */
  idempotent(how: 'joined' | 'replayed' | 'conflict'): void;
};

export function createMetrics(registry: Registry): Metrics {
  const requests = cached(
    registry.counter('sluice_requests_total', 'Calls by model served, end and status.'),
  );
  const refusals = registry.counter(
    'sluice_refused_total',
    'Requests refused before they became calls, by reason.',
  );
  const idempotent = registry.counter(
    'sluice_idempotent_total',
    'Calls whose Idempotency-Key was known, by what came of it.',
  );
  const attempts = cached(
    registry.counter('sluice_upstream_requests_total', 'Attempts by channel and outcome.'),
  );
  const fallbacks = registry.counter('sluice_fallbacks_total', 'Calls that moved to another model.');
  const resumed = registry.counter(
    'sluice_resumed_total',
    'Answers that broke off and were continued on another channel, by why.',
  );
  const passes = registry.counter(
    'sluice_passed_total',
    'Calls for files, batches and other objects, by path, account, end and status.',
  );
  const passedBytes = registry.counter('sluice_passed_bytes_total', 'Bytes of their bodies, by direction.');
  const passedSeconds = registry.histogram('sluice_passed_duration_seconds', {
    help: 'From the request for an object to the last byte, by path.',
    buckets: SECONDS,
  });
  const unknowns = registry.counter(
    'sluice_unknown_answers_total',
    'Refusals of providers that no rule knows; each is in the log, redacted.',
  );
  const tokens = cached(registry.counter('sluice_tokens_total', 'Tokens by model and kind.'));
  const seconds = (name: string, help: string, buckets = SECONDS) =>
    cached(registry.histogram(name, { help, buckets }));
  const duration = seconds('sluice_request_duration_seconds', 'From the request to the last byte.');
  const firstToken = seconds('sluice_time_to_first_token_seconds', 'From the request to the first content.');
  const wait = seconds('sluice_queue_wait_seconds', 'Time in line.');
  const overhead = seconds(
    'sluice_overhead_seconds',
    'Time inside Sluice that was no waiting.',
    OVERHEAD_SECONDS,
  );

  return {
    story(story) {
      const model = story.servedModel ?? story.model;
      requests(`${model}|${story.end}|${story.status}`, () => ({
        model,
        end: story.end ?? 'failed',
        status: String(story.status),
      })).add();
      for (const { channel, failure } of story.attempts) {
        const outcome = failure ?? 'ok';
        attempts(`${channel}|${outcome}`, () => ({ channel, outcome })).add();
      }
      for (const { from, to, reason } of story.fallbacks) fallbacks({ from, to, reason }).add();
      for (const { reason } of story.resumed ?? []) resumed({ model, reason }).add();
      const byModel = (): Labels => ({ model });
      duration(model, byModel).observe(story.durationMs / 1_000);
      wait(model, byModel).observe(story.queueMs / 1_000);
      overhead(model, byModel).observe(story.overheadMs / 1_000);
      if (story.firstContentMs !== undefined)
        firstToken(model, byModel).observe(story.firstContentMs / 1_000);
      const { usage } = story;
      if (usage === undefined) return;
      for (const type of ['input', 'cacheRead', 'cacheWrite', 'output', 'reasoning'] as const)
        if (usage[type] > 0) tokens(`${model}|${type}`, () => ({ model, type })).add(usage[type]);
    },
    passed({ route, method, account = '', end = 'failed', status, sentBytes, receivedBytes, durationMs }) {
      passes({ route, method, account, end, status: String(status) }).add();
      if (sentBytes > 0) passedBytes({ account, direction: 'sent' }).add(sentBytes);
      if (receivedBytes > 0) passedBytes({ account, direction: 'received' }).add(receivedBytes);
      passedSeconds({ route }).observe(durationMs / 1_000);
    },
    unknownAnswer: (provider) => unknowns({ provider }).add(),
    refused: (kind, status) => refusals({ kind, status: String(status) }).add(),
    idempotent: (how) => idempotent({ how }).add(),
  };
}

/** Looks a series up by a ready-made key, so that the hot path builds its labels once. */
function cached<S extends Counter | Histogram>(
  of: (labels?: Labels) => S,
): (key: string, labels: () => Labels) => S {
  const known = new Map<string, S>();
  return (key, labels) => {
    const found = known.get(key);
    if (found !== undefined) return found;
    const series = of(labels());
    if (known.size < 10_000) known.set(key, series);
    return series;
  };
}
