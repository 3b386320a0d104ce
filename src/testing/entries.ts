/** Entries as calls of a made-up month leave them behind: tenants with projects and keys, models on channels, and chance. */

import { createSeededRandom } from '../base/seeded-random.ts';
import type { CallEntry } from '../domain/entry.ts';
import type { FailureKind } from '../domain/failure.ts';
import { lineOf } from '../ledger/entry-line.ts';
import { insertEntries } from '../ledger/entry-rows.ts';
import type { Database } from '../storage/database.ts';

/** A call that went well and cost something; what a test is about is given. */
export const someEntry = (changed: Partial<CallEntry> & { readonly id: string }): CallEntry => ({
  instance: 'one',
  arrivedAtMs: 0,
  endedAtMs: Math.floor((changed.arrivedAtMs ?? 0) + (changed.durationMs ?? 1_000)),
  tenant: 'acme',
  project: null,
  key: 'web',
  dialect: 'openai-chat',
  stream: true,
  model: 'qwen3-max',
  served: 'qwen3-max',
  channel: 'qwen-main/qwen3-max',
  account: 'qwen-main',
  provider: 'qwen',
  status: 200,
  end: 'complete',
  failure: null,
  attempts: 1,
  queueMs: 0,
  overheadMs: 1,
  firstContentMs: 200,
  durationMs: 1_000,
  usage: { input: 1_000, cacheRead: 0, cacheWrite: 0, output: 500, reasoning: 0, source: 'upstream' },
  money: {
    price: 'catalogue:qwen/qwen3-max@2026-11-10',
    priceRow: null,
    factor: '1',
    listNano: 4_200_000n,
    upstreamNano: 4_200_000n,
    chargedNano: 4_200_000n,
  },
  held: [],
  tags: [],
  story: { attempts: [], fallbacks: [] },
  ...changed,
});

type Post = (
  transaction: Parameters<Parameters<Database['write']>[0]>[0],
  entries: readonly CallEntry[],
  // biome-ignore lint/suspicious/noConfusingVoidType: as in the ledger's writer
) => Promise<(() => void) | void>;

/** One batch, as the writer commits it: what is told again is left out. */
export async function writeEntries(
  database: Database,
  entries: readonly CallEntry[],
  post: Post,
): Promise<void> {
  if (entries.length === 0) return;
  const committed = await database.write(async (transaction) => {
    const ids = await insertEntries(transaction, database.kind, entries.map(lineOf));
    return await post(
      transaction,
      entries.filter(({ id }) => ids.has(id)),
    );
  });
  committed?.();
}

export type Crowd = {
  readonly seed: number;
  readonly tenants: number;
  readonly keys: number;
  readonly fromMs: number;
  readonly toMs: number;
};

const MODELS = [
  { model: 'qwen3-max', channels: ['qwen-main', 'qwen-two', 'qwen-three'], input: 1_200n, output: 6_000n },
  { model: 'qwen-plus', channels: ['qwen-main', 'qwen-two'], input: 400n, output: 1_200n },
  { model: 'deepseek-chat', channels: ['deepseek-main', 'deepseek-two'], input: 280n, output: 420n },
  { model: 'gpt-5', channels: ['openai-main'], input: 1_250n, output: 10_000n },
  { model: 'claude-sonnet', channels: ['anthropic-main'], input: 3_000n, output: 15_000n },
  { model: 'gemini-pro', channels: ['gemini-main'], input: 1_250n, output: 10_000n },
] as const;
const TAGS = ['batch', 'nightly', 'search', 'chat', 'agents', 'eval', 'mobile', 'web'];
const FAILURES: readonly FailureKind[] = ['burst', 'upstream_error', 'connection'];

/** Calls one after the other over the time, each key with a model or two that it mostly asks for. */
export function* crowd(calls: number, { seed, tenants, keys, fromMs, toMs }: Crowd): Generator<CallEntry> {
  const random = createSeededRandom(seed);
  const below = (count: number): number => Math.floor(random() * count);
  const about = (middle: number): number => middle * Math.exp((random() + random() + random() - 1.5) * 2);
  for (let call = 0; call < calls; call++) {
    // Few have most of the calls.
    const key = Math.min(keys - 1, Math.floor(random() ** 2 * keys));
    const tenant = key % tenants;
    const choice = random() < 0.9 ? key + below(2) : below(MODELS.length);
    const model = MODELS[choice % MODELS.length] ?? MODELS[0];
    const account = model.channels[below(model.channels.length)] ?? '';
    const failure = random() < 0.03 ? (FAILURES[below(FAILURES.length)] ?? null) : null;
    const waits = random() < 0.15 ? about(3_000) : random() * 0.5;
    const usage = {
      input: Math.round(about(2_000)),
      cacheRead: random() < 0.3 ? Math.round(about(8_000)) : 0,
      cacheWrite: 0,
      output: Math.round(about(400)),
      reasoning: 0,
      source: 'upstream',
    } as const;
    const listNano =
      BigInt(usage.input) * model.input +
      (BigInt(usage.cacheRead) * model.input) / 10n +
      BigInt(usage.output) * model.output;
    const durationMs = waits + about(6_000);
    const arrivedAtMs = Math.floor(fromMs + ((toMs - fromMs) * call) / calls);
    yield someEntry({
      id: `req_${seed}_${String(call).padStart(8, '0')}`,
      arrivedAtMs,
      endedAtMs: Math.floor(arrivedAtMs + durationMs),
      tenant: `tenant-${tenant}`,
      project: key % 3 === 0 ? null : `project-${tenant}-${key % 2}`,
      key: `key-${key}`,
      model: model.model,
      served: failure === null ? model.model : null,
      channel: `${account}/${model.model}`,
      account,
      provider: account.replace(/-.*/, ''),
      status: failure === null ? 200 : 502,
      end: failure === null ? 'complete' : 'failed',
      failure,
      queueMs: waits,
      firstContentMs: failure === null ? waits + about(700) : null,
      durationMs,
      usage: failure === null ? usage : null,
      money: {
        price: `catalogue:${model.model}`,
        priceRow: null,
        factor: tenant % 2 === 0 ? '0.88' : '1',
        listNano: failure === null ? listNano : 0n,
        upstreamNano: failure === null ? listNano : 0n,
        chargedNano: failure === null ? (tenant % 2 === 0 ? (listNano * 88n + 50n) / 100n : listNano) : 0n,
      },
      held: tenant % 4 === 0 ? [{ purse: `wallet:tenant-${tenant}`, amountNano: listNano }] : [],
      tags: random() < 0.2 ? [TAGS[below(TAGS.length)] ?? 'web'] : [],
    });
  }
}
