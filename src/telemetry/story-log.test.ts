import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type LogFields, silentLogger } from '../base/log.ts';
import type { Story } from '../domain/story.ts';
import { logStory } from './story-log.ts';

const STORY: Story = {
  id: 'req_1',
  key: 'team',
  model: 'm',
  stream: false,
  arrivedAtMs: 0,
  attempts: [{ channel: 'a/m', queueMs: 0, startedAtMs: 0 }],
  fallbacks: [],
  servedModel: 'm',
  servedChannel: 'a/m',
  queueMs: 1.23456,
  overheadMs: 0.005,
  durationMs: 10,
  status: 200,
  end: 'complete',
};

function logged(story: Story): { level: string; fields: LogFields } {
  const lines: { level: string; fields: LogFields }[] = [];
  const at = (level: string) => (fields: LogFields) => void lines.push({ level, fields });
  logStory({ ...silentLogger, info: at('info'), warn: at('warn'), error: at('error') }, story);
  assert.equal(lines.length, 1);
  return lines[0] as { level: string; fields: LogFields };
}

test('a smooth call is one short line', () => {
  assert.deepEqual(logged(STORY), {
    level: 'info',
    fields: {
      call: 'req_1',
      key: 'team',
      model: 'm',
      channel: 'a/m',
      stream: false,
      status: 200,
      end: 'complete',
      queueMs: 1.23,
      overheadMs: 0.01,
      durationMs: 10,
    },
  });
});

test('what went another way is told: the model, the attempts, the failure', () => {
  const attempts = [{ channel: 'a/m', queueMs: 0, startedAtMs: 0, failure: 'rpm' as const }];
  const { fields } = logged({
    ...STORY,
    servedModel: 'n',
    attempts,
    failure: 'wait_over',
    fallbacks: [{ from: 'm', to: 'n', reason: 'wait_over' }],
    firstContentMs: 2.71499,
  });
  assert.equal(fields['served'], 'n');
  assert.deepEqual(fields['attempts'], attempts);
  assert.equal(fields['failure'], 'wait_over');
  assert.equal(fields['firstContentMs'], 2.71);
  assert.equal((fields['fallbacks'] as unknown[]).length, 1);
});

test('a failure is a warning; a client that left is not', () => {
  assert.equal(logged({ ...STORY, end: 'failed' }).level, 'warn');
  assert.equal(logged({ ...STORY, end: 'stream_died' }).level, 'warn');
  assert.equal(logged({ ...STORY, end: 'client_gone' }).level, 'info');
});
