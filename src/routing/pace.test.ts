import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Story } from '../domain/story.ts';
import { createPace } from './pace.ts';

const story = (rest: Partial<Story> & { readonly tokens?: number } = {}): Story => {
  const { tokens = 100, ...own } = rest;
  return {
    ...{ id: 'req_1', key: 'k', model: 'm', stream: true, arrivedAtMs: 1_000, fallbacks: [], status: 200 },
    attempts: [{ channel: 'a/m', queueMs: 500, startedAtMs: 1_500 }],
    ...{ servedChannel: 'a/m', queueMs: 500, overheadMs: 0, firstContentMs: 700, durationMs: 2_700 },
    end: 'complete',
    usage: { input: 1, cacheRead: 0, cacheWrite: 0, output: tokens, reasoning: 0, source: 'upstream' },
    ...own,
  };
};

describe('the pace of a channel', () => {
  it('is unknown until a stream has ended well there', () => {
    const pace = createPace();
    pace.saw(story({ stream: false }));
    pace.saw(story({ end: 'stream_died' }));
    assert.equal(pace.latencyMs('a/m'), undefined);
    assert.equal(pace.tokensPerSecond('a/m'), undefined);
  });

  it('does not count the time in line, and counts tokens from the first on', () => {
    const pace = createPace();
    pace.saw(story());
    assert.equal(pace.latencyMs('a/m'), 200);
    assert.equal(pace.tokensPerSecond('a/m'), 50);
    assert.equal(pace.latencyMs('b/m'), undefined);
  });

  it('follows what comes later, bit by bit', () => {
    const pace = createPace();
    pace.saw(story());
    pace.saw(story({ firstContentMs: 1_200, durationMs: 2_200 }));
    assert.equal(pace.latencyMs('a/m'), 300);
    assert.equal(pace.tokensPerSecond('a/m'), 60);
  });

  it('is not learned from a few words', () => {
    const pace = createPace();
    pace.saw(story({ tokens: 3 }));
    assert.equal(pace.tokensPerSecond('a/m'), undefined);
    assert.equal(pace.latencyMs('a/m'), 200);
  });
});
