/**
 * The founding article's client: one plain chat call, and where told so its backoff: 2^n seconds and a random one,
 * five tries, only on a 429. The same code asks the upstream and Sluice; only the address and the key differ.
 */

import { type Clock, sleep } from '../../base/clock.ts';
import { type Fetch, readAll } from '../../base/fetch.ts';
import { isJsonObject, parseJson } from '../../base/json.ts';
import type { Journal } from './journal.ts';
import type { Arrival } from './traffic.ts';

/** Tries of a client with backoff. */
export const BACKOFF_TRIES = 5;

/** Wait after the try number `tryIndex`, counted from 0. */
export const backoffMs = (tryIndex: number, random: () => number): number =>
  (2 ** tryIndex + random()) * 1_000;

/** The longest that all waits of one call can take. */
export const LONGEST_BACKOFF_MS = Array.from({ length: BACKOFF_TRIES - 1 }, (_, index) =>
  backoffMs(index, () => 1),
).reduce((sum, waitMs) => sum + waitMs, 0);

export type Said =
  | { readonly ok: true; readonly tokens: number; readonly outputTokens: number }
  | { readonly ok: false; readonly status: number; readonly reason: string };

export type Endpoint = { readonly baseUrl: string; readonly key: string; readonly fetch: Fetch };

export type Question = { readonly model: string; readonly prompt: string; readonly maxTokens?: number };

/** Throws only the signal's reason. */
export async function ask(
  { baseUrl, key, fetch }: Endpoint,
  question: Question,
  signal: AbortSignal,
): Promise<Said> {
  const { model, prompt, maxTokens } = question;
  const body = { model, messages: [{ role: 'user', content: prompt }], max_tokens: maxTokens };
  try {
    const response = await fetch({
      method: 'POST',
      url: `${baseUrl}/chat/completions`,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: Buffer.from(JSON.stringify(body)),
      signal,
    });
    return saidOf(response.status, (await readAll(response.body)).toString('utf8'));
  } catch (error) {
    signal.throwIfAborted();
    return { ok: false, status: 0, reason: error instanceof Error ? error.message : String(error) };
  }
}

function saidOf(status: number, text: string): Said {
  const reply = parseJson(text);
  if (!isJsonObject(reply)) return { ok: false, status, reason: `${status}, and not JSON` };
  const { usage, error } = reply;
  if (status === 200 && isJsonObject(usage))
    return {
      ok: true,
      tokens: Number(usage['total_tokens']),
      outputTokens: Number(usage['completion_tokens']),
    };
  const message = isJsonObject(error) ? String(error['message']) : text.slice(0, 200);
  return { ok: false, status, reason: `${status}: ${message}` };
}

export type ClientSetting = {
  readonly ask: (prompt: string) => Promise<Said>;
  readonly journal: Journal;
  readonly tries: number;
  /** The model's own time for an answer of so many tokens. */
  readonly generationMs: (outputTokens: number) => number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly startMs: number;
  readonly signal: AbortSignal;
};

/** One call from its arrival to its end. Throws only the signal's reason. */
export async function makeCall(arrival: Arrival, setting: ClientSetting): Promise<void> {
  const { clock, journal, startMs, signal } = setting;
  await sleep(clock, startMs + arrival.atMs - clock.now(), signal);
  const arrivedMs = clock.now() - startMs;
  journal.arrived += 1;
  for (let tryIndex = 0; ; tryIndex += 1) {
    const said = await setting.ask(arrival.prompt);
    const atMs = clock.now() - startMs;
    if (said.ok) {
      const waitMs = Math.max(0, atMs - arrivedMs - setting.generationMs(said.outputTokens));
      journal.answers.push({ atMs, waitMs, tokens: said.tokens });
      return;
    }
    if (said.status === 429) journal.refusedAtMs.push(atMs);
    if (said.status !== 429 || tryIndex + 1 >= setting.tries) {
      journal.failures.push(said.reason);
      return;
    }
    await sleep(clock, backoffMs(tryIndex, setting.random), signal);
  }
}
