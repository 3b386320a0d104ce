/**
 * The clients, in a process of their own: so many connections, each making one call after another. All contenders of a
 * slice are called in one job, a small batch each in turn: what slows the machine for longer than a batch slows them
 * alike. Run as a child process: one job in, one result out.
 */

import { setTimeout as wait } from 'node:timers/promises';
import { type Answer, Connection } from './connection.ts';
import { cpuMicrosOf, residentKBOf } from './process-cost.ts';
import { percentileOf } from './statistics.ts';

/** Where calls go, and the process whose cost is read. */
export type Target = { readonly port: number; readonly pid: number };

/** Every target gets `batches` times `calls` calls, over so many connections of its own; `key` is the bearer. */
export type CallsJob = {
  readonly kind: 'plain' | 'stream';
  readonly targets: readonly Target[];
  readonly key: string;
  readonly connections: number;
  readonly batches: number;
  readonly calls: number;
};
/** Opens streams and leaves them open for a moment. */
export type HoldJob = {
  readonly kind: 'hold';
  readonly target: Target;
  readonly key: string;
  readonly streams: number;
};
export type Job = CallsJob | HoldJob;

/** Per call: CPU of the target, and how many reads its reply took at the client. */
export type CallCosts = {
  readonly cpuMicros: number;
  readonly reads: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
};
/** Resident memory of the target per open stream. */
export type HoldCosts = { readonly residentKB: number };

const REQUEST_BYTES = 1024;
/** Settlement, log lines and metrics may trail a reply: they belong in its cost. */
const TRAIL_MS = 50;
/** What a process allocates while streams open is partly returned once they are open. */
const REST_MS = 700;

/** One result per target. CPU is read at the ends of the job only: who is not called costs nothing. */
async function runCalls(job: CallsJob): Promise<readonly CallCosts[]> {
  const lanes: Lane[] = [];
  for (const target of job.targets) lanes.push(await openLane(target, job));
  await wait(TRAIL_MS);
  const before = lanes.map(({ target }) => cpuMicrosOf(target.pid));
  for (let batch = 0; batch < job.batches; batch += 1) {
    for (const lane of lanes) await runBatch(lane, job);
  }
  await wait(TRAIL_MS);
  const calls = job.batches * job.calls;
  const results = lanes.map(({ target, reads, latenciesMs }, index) => ({
    cpuMicros: (cpuMicrosOf(target.pid) - (before[index] ?? Number.NaN)) / calls,
    reads: reads / calls,
    p50Ms: percentileOf(latenciesMs, 0.5),
    p99Ms: percentileOf(latenciesMs, 0.99),
  }));
  for (const { connections } of lanes) closeAll(connections);
  return results;
}

type Lane = {
  readonly target: Target;
  readonly request: Buffer;
  readonly connections: readonly Connection[];
  readonly latenciesMs: number[];
  reads: number;
};

/** One call each before anything counts: the proxy too opens its connections to the upstream at the first call. */
async function openLane(target: Target, job: CallsJob): Promise<Lane> {
  const request = requestOf(job, target);
  const connections = await openAll(target, job.connections);
  await Promise.all(connections.map(async (connection) => check(await connection.call(request), job)));
  return { target, request, connections, latenciesMs: [], reads: 0 };
}

async function runBatch(lane: Lane, job: CallsJob): Promise<void> {
  let left = job.calls;
  const work = async (connection: Connection): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const startedMs = performance.now();
      const answer = await connection.call(lane.request);
      lane.latenciesMs.push(performance.now() - startedMs);
      check(answer, job);
      lane.reads += answer.reads;
    }
  };
  await Promise.all(lane.connections.map(work));
}

async function runHold(job: HoldJob): Promise<HoldCosts> {
  const { target, streams } = job;
  const request = requestOf(job, target);
  const before = residentKBOf(target.pid);
  const connections = await openAll(target, streams);
  for (const connection of connections) check(await connection.call(request, 'first-byte'), job);
  await wait(REST_MS);
  const residentKB = (residentKBOf(target.pid) - before) / streams;
  closeAll(connections);
  return { residentKB };
}

function openAll({ port }: Target, count: number): Promise<readonly Connection[]> {
  return Promise.all(Array.from({ length: count }, () => Connection.open(port)));
}

function closeAll(connections: readonly Connection[]): void {
  for (const connection of connections) connection.close();
}

function check(answer: Answer, job: Job): void {
  const whole = job.kind !== 'stream' || answer.tail.includes('[DONE]');
  if (answer.status === 200 && whole) return;
  throw new Error(
    `expected a whole ${job.kind} reply, got ${answer.status} ending in ${JSON.stringify(answer.tail)}`,
  );
}

function requestOf({ kind, key }: Job, { port }: Target): Buffer {
  const stream = kind === 'plain' ? {} : { stream: true };
  const bodyWith = (content: string): string =>
    JSON.stringify({
      model: 'stub-model',
      messages: [
        { role: 'system', content: 'You are a careful assistant. Answer in one short paragraph.' },
        { role: 'user', content },
      ],
      temperature: 0.7,
      max_tokens: 256,
      ...stream,
    });
  const room = REQUEST_BYTES - bodyWith('').length;
  const body = bodyWith('Tell me how a sluice keeps a river in its bed. '.repeat(30).slice(0, room));
  const head = [
    'POST /v1/chat/completions HTTP/1.1',
    `host: 127.0.0.1:${port}`,
    `authorization: Bearer ${key}`,
    'content-type: application/json',
    'accept: application/json',
    'user-agent: OpenAI/JS 6.0.0',
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
}

process.on('message', async (message) => {
  const job = message as Job;
  try {
    process.send?.({ answer: job.kind === 'hold' ? await runHold(job) : await runCalls(job) });
  } catch (error) {
    process.send?.({ error: error instanceof Error ? error.message : String(error) });
  }
});
process.on('disconnect', () => process.exit());
process.send?.({ port: 0 });
