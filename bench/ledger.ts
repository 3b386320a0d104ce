/**
 * What the books cost a relay: `node bench/ledger.ts`. Entries come at 500 a second as calls would make them, priced and
 * recorded, into SQLite; told are the delay of the event loop with and without them, the processor time of the thread
 * that serves the calls and of the whole process, and how long a transaction takes.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { known } from '../src/app.ts';
import { systemClock } from '../src/base/clock.ts';
import { silentLogger } from '../src/base/log.ts';
import { type Books, openBooks } from '../src/books.ts';
import { loadConfig } from '../src/config/load.ts';
import type { CallEntry } from '../src/domain/entry.ts';
import { snapshotOf } from '../src/snapshot.ts';

const { values: flags } = parseArgs({
  options: {
    rate: { type: 'string', default: '500' },
    seconds: { type: 'string', default: '10' },
  },
});
const rate = Number(flags.rate);
const seconds = Number(flags.seconds);
const folder = mkdtempSync(join(tmpdir(), 'sluice-ledger-bench-'));

const config = loadConfig({
  path: 'bench.yaml',
  env: {},
  known,
  readFile: () => `
keys: [{ id: web, key: bench-key-0123456789abcdef }]
accounts: [{ id: qwen-a, provider: qwen, region: singapore, secrets: [s], models: [qwen3-max] }]
data_dir: ${folder}
`,
});
const [channel] = snapshotOf(config).catalog.channels;
if (channel === undefined) throw new Error('no channel');
const key = {
  id: 'web',
  limits: {},
  onLimit: 'queue',
  priority: 'normal',
  weight: 1,
  fallback: true,
} as const;
const usage = {
  input: 1_200,
  cacheRead: 300,
  cacheWrite: 0,
  output: 400,
  reasoning: 0,
  source: 'upstream',
} as const;
const asked = { key, model: 'qwen3-max', served: 'qwen3-max', channel, usage, free: false };

function entryOf(books: Books, id: number): CallEntry {
  const nowMs = systemClock.now();
  const attempt = { channel: 'qwen-a/qwen3-max', queueMs: 0, startedAtMs: nowMs - 900, headMs: 310.25 };
  return {
    ...{
      id: `req_${String(id).padStart(32, '0')}`,
      instance: books.instance,
      tenant: 'default',
      project: null,
    },
    ...{ arrivedAtMs: nowMs - 1_000, endedAtMs: nowMs, key: 'web', dialect: 'openai-chat', stream: true },
    ...{ model: 'qwen3-max', served: 'qwen3-max', channel: 'qwen-a/qwen3-max', account: 'qwen-a' },
    ...{ provider: 'qwen', status: 200, end: 'complete', failure: null, attempts: 1, queueMs: 0 },
    ...{ overheadMs: 0.75, firstContentMs: 310.5, durationMs: 1_000, usage, held: [], tags: [] },
    money: books.ledger.costOf(asked),
    story: { attempts: [attempt], fallbacks: [] },
  };
}

type Measured = {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  readonly own: number;
  readonly all: number;
};

/** Calls `task` `rate` times a second, a few at a time as they come in a turn of the loop. */
async function measure(task: (id: number) => void): Promise<Measured> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const startedAtMs = performance.now();
  const [own, all] = [process.threadCpuUsage(), process.cpuUsage()];
  delay.enable();
  let made = 0;
  while (performance.now() - startedAtMs < seconds * 1_000) {
    const due = ((performance.now() - startedAtMs) / 1_000) * rate;
    for (; made < due; made++) task(made);
    await wait(1);
  }
  delay.disable();
  const used = ({ user, system }: { user: number; system: number }): number => (user + system) / made;
  return {
    ...{ p50: delay.percentile(50) / 1e6, p99: delay.percentile(99) / 1e6, max: delay.max / 1e6 },
    own: used(process.threadCpuUsage(own)),
    all: used(process.cpuUsage(all)),
  };
}

const ms = (value: number): string => `${value.toFixed(2)} ms`;
const tell = (what: string, { p50, p99, max, own, all }: Measured): void =>
  console.log(
    `${what}: event loop p50 ${ms(p50)}, p99 ${ms(p99)}, max ${ms(max)}; a call: ${own.toFixed(0)} µs of its thread, ` +
      `${all.toFixed(0)} µs of the process`,
  );

const path = join(folder, 'sluice.db');
const books = await openBooks({
  ...{ config, clock: systemClock, random: Math.random, log: silentLogger, place: { kind: 'sqlite', path } },
  machine: { host: 'bench', pid: process.pid, isAlive: () => true },
});
try {
  const batches: { entries: number; ms: number }[] = [];
  books.onBatch((batch) => void batches.push(batch));
  // Twice: code that runs for the first time is compiled while it does.
  await measure((id) => void books.ledger.record(entryOf(books, id)));
  tell('without entries', await measure(() => {}));
  batches.length = 0;
  tell(`${rate} entries/s `, await measure((id) => void books.ledger.record(entryOf(books, 1e6 + id))));
  const times = batches.map((batch) => batch.ms).sort((a, b) => a - b);
  const at = (share: number): number => times[Math.floor(times.length * share)] ?? 0;
  const mean = batches.reduce((sum, { entries }) => sum + entries, 0) / batches.length;
  console.log(
    `transactions: ${batches.length} of ${mean.toFixed(1)} entries, p50 ${ms(at(0.5))}, p99 ${ms(at(0.99))}`,
  );
  const count = 20_000;
  const entries = Array.from({ length: count }, (_, i) => entryOf(books, 1e9 + i));
  const startedAt = process.threadCpuUsage();
  for (const entry of entries) books.ledger.record(entry);
  const { user, system } = process.threadCpuUsage(startedAt);
  console.log(`one entry into the journal: ${((user + system) / count).toFixed(1)} µs`);
} finally {
  await books.close();
  rmSync(folder, { recursive: true });
}
