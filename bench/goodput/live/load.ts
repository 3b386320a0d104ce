/**
 * Clients over HTTP: streaming calls at Poisson times, whatever becomes of those before. Of each call it is kept when
 * it came, when its first token came, and how it ended.
 */

import { setTimeout as wait } from 'node:timers/promises';
import { Agent } from 'undici';
import { createSeededRandom } from '../../../src/base/seeded-random.ts';
import { exponential } from '../chance.ts';

export type LiveCall = {
  readonly key: number;
  readonly arrivedMs: number;
  /** How much later than planned it was made: of the load's own machine. */
  readonly lateMs: number;
  firstTokenMs: number | undefined;
  answered: boolean;
  /** A status, or what broke. */
  outcome: string;
};

export type LoadOptions = {
  /** Up to and without `/chat/completions`. */
  readonly baseUrl: string;
  readonly keys: readonly string[];
  readonly model: string;
  readonly perSecond: number;
  readonly rampMs: number;
  readonly lengthMs: number;
  readonly drainMs: number;
  readonly seed: number;
  readonly onProgress: (calls: readonly LiveCall[]) => void;
};

const SILENCE_MS = 180_000;
const PROGRESS_MS = 5_000;
const TAIL_BYTES = 64;

/** One small call, to learn whether anybody answers. Gives what is wrong, or nothing. */
export async function tryOnce({ baseUrl, keys, model }: LoadOptions): Promise<string | undefined> {
  const agent = createAgent();
  const call = newCall(0, 0);
  await makeCall(call, { agent, baseUrl, key: keys[0] ?? '', model, signal: AbortSignal.timeout(30_000) });
  await agent.close();
  return call.answered ? undefined : call.outcome;
}

export async function offerLoad(options: LoadOptions): Promise<LiveCall[]> {
  const { keys, perSecond, rampMs, lengthMs } = options;
  const random = createSeededRandom(options.seed);
  const agent = createAgent();
  const calls: LiveCall[] = [];
  const open = new Set<Promise<void>>();
  const ending = new AbortController();
  const startMs = performance.now();
  const now = (): number => performance.now() - startMs;
  const ticking = setInterval(() => options.onProgress(calls), PROGRESS_MS);
  for (let dueMs = 0; ; ) {
    dueMs += exponential(random, 1_000 / perSecond);
    if (dueMs >= lengthMs) break;
    if (random() > dueMs / rampMs) continue;
    if (dueMs > now()) await wait(dueMs - now());
    const key = Math.floor(random() * keys.length);
    const call = newCall(key, now(), Math.max(0, now() - dueMs));
    calls.push(call);
    const { baseUrl, model } = options;
    const made = makeCall(call, { agent, baseUrl, key: keys[key] ?? '', model, signal: ending.signal, now });
    open.add(made);
    void made.then(() => open.delete(made));
  }
  const drained = new AbortController();
  const late = wait(options.drainMs, undefined, { signal: drained.signal }).then(
    () => ending.abort(new Error('no end in time')),
    () => {},
  );
  await Promise.all(open);
  drained.abort();
  await late;
  clearInterval(ticking);
  await agent.destroy();
  return calls;
}

const createAgent = (): Agent =>
  new Agent({ connections: null, pipelining: 1, headersTimeout: SILENCE_MS, bodyTimeout: SILENCE_MS });

const newCall = (key: number, arrivedMs: number, lateMs = 0): LiveCall => ({
  key,
  arrivedMs,
  lateMs,
  firstTokenMs: undefined,
  answered: false,
  outcome: 'no answer',
});

type Making = {
  readonly agent: Agent;
  readonly baseUrl: string;
  readonly key: string;
  readonly model: string;
  readonly signal: AbortSignal;
  readonly now?: () => number;
};

/** Never rejects: what breaks is an outcome. */
async function makeCall(call: LiveCall, making: Making): Promise<void> {
  const { agent, key, model, signal, now = () => 0 } = making;
  const url = new URL(`${making.baseUrl.replace(/\/$/, '')}/chat/completions`);
  try {
    const response = await agent.request({
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        model,
        stream: true,
        max_tokens: 128,
        messages: [{ role: 'user', content: 'Tell me how a sluice keeps a river in its bed.' }],
      }),
      signal,
    });
    call.outcome = String(response.statusCode);
    let tail = '';
    for await (const piece of response.body as AsyncIterable<Buffer>) {
      const text = piece.toString('latin1');
      if (call.firstTokenMs === undefined && text.includes('"delta"')) call.firstTokenMs = now();
      if (call.outcome === '200' && /"error":\s*\{/.test(text)) call.outcome = 'an error in the stream';
      tail = (tail + text).slice(-TAIL_BYTES);
    }
    const whole = tail.includes('[DONE]') && call.firstTokenMs !== undefined;
    call.answered = call.outcome === '200' && whole;
    if (call.outcome === '200' && !whole) call.outcome = 'a stream without an end';
  } catch (error) {
    call.outcome = error instanceof Error ? error.message : String(error);
  }
}
