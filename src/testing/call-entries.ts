/** Entries of calls, for tests of the books. */

import type { CallEntry } from '../domain/entry.ts';

/** A call that went well and cost something; what a test is about is given. */
export function callEntry(given: Partial<CallEntry> & { readonly id: string }): CallEntry {
  return {
    instance: 'here~1~a',
    arrivedAtMs: 1_000,
    endedAtMs: 2_000,
    tenant: 'default',
    project: null,
    key: 'web',
    dialect: 'openai-chat',
    stream: false,
    model: 'qwen3-max',
    served: 'qwen3-max',
    channel: 'qwen-a/qwen3-max',
    account: 'qwen-a',
    provider: 'qwen',
    status: 200,
    end: 'complete',
    failure: null,
    attempts: 1,
    queueMs: 12.5,
    overheadMs: 0.75,
    firstContentMs: null,
    durationMs: 1_000,
    usage: { input: 100, cacheRead: 20, cacheWrite: 0, output: 50, reasoning: 7, source: 'upstream' },
    money: {
      price: 'catalogue:qwen/qwen3-max@2026-01-01',
      priceRow: '{"input":"1.2"}',
      factor: '0.88',
      listNano: 462_000n,
      upstreamNano: 462_000n,
      chargedNano: 406_560n,
    },
    held: [],
    tags: [],
    story: { attempts: [{ channel: 'qwen-a/qwen3-max', queueMs: 12.5, startedAtMs: 1_010 }], fallbacks: [] },
    ...given,
  };
}
