/**
 * A whole Sluice on a real socket in real time: the app from a configuration text, embedded simulator accounts that
 * answer fast, and undici as its network. Used by the tests with official clients and by those of the wire.
 */

import assert from 'node:assert/strict';
import Anthropic, { type ClientOptions as AnthropicOptions } from '@anthropic-ai/sdk';
import OpenAI, { type ClientOptions } from 'openai';
import { type App, createApp, known } from '../../src/app.ts';
import { systemClock } from '../../src/base/clock.ts';
import { createLogger } from '../../src/base/log.ts';
import { createSeededRandom } from '../../src/base/seeded-random.ts';
import { loadConfig } from '../../src/config/load.ts';
import { createTransport, type Transport } from '../../src/providers/transport.ts';

export const KEY = 'test-key-0123456789abcdef';

export type TestRelay = {
  /** `http://127.0.0.1:port`, without a path. */
  readonly url: string;
  readonly app: App;
  readonly transport: Transport;
  /** Lines of the log, parsed. */
  readonly log: readonly { readonly [key: string]: unknown }[];
  openai(options?: ClientOptions): OpenAI;
  anthropic(options?: AnthropicOptions): Anthropic;
  /** A plain `fetch` of the chat route with the test's key. */
  chat(
    body: unknown,
    options?: { readonly headers?: Readonly<Record<string, string>>; readonly signal?: AbortSignal },
  ): Promise<Response>;
  /** Everything that a call may hold has been given back; waits for it a little. */
  settled(): Promise<void>;
  close(): Promise<void>;
};

/** Two accounts that are never full, at a pace that a test can wait for. */
export const FAST = `
accounts:
  - &fast
    id: a
    provider: simulator
    secrets: [secret-of-a]
    models:
      qwen3-max: { limits: { rpm: 60000, tpm: 60000000, concurrency: 50 } }
      qwen-plus: { limits: { rpm: 60000, tpm: 60000000 } }
  - { id: b, provider: simulator, secrets: [secret-of-b], models: [qwen3-max], limits: { rpm: 60000, tpm: 60000000 } }
simulator: { ttft: 1ms, tokens_per_second: 5000, output_tokens: 40 }
`;

/** `yaml` without keys gets one: `KEY`. */
export async function startRelay(yaml: string = FAST): Promise<TestRelay> {
  const text = /^keys:/m.test(yaml) ? yaml : `${yaml}\nkeys: [{ id: test, key: ${KEY} }]\n`;
  const config = loadConfig({ path: 'test.yaml', env: {}, known, readFile: () => text });
  const lines: { [key: string]: unknown }[] = [];
  const log = createLogger({
    level: 'debug',
    nowMs: systemClock.now,
    pretty: false,
    write: (line) => void lines.push(JSON.parse(line) as { [key: string]: unknown }),
  });
  const transport = createTransport({ connectTimeoutMs: config.timeouts.connectMs });
  const app = createApp({
    config,
    clock: systemClock,
    random: createSeededRandom(7),
    log,
    fetch: transport.fetch,
  });
  const url = await app.server.listen({ host: '127.0.0.1', port: 0 });
  return {
    url,
    app,
    transport,
    log: lines,
    openai: (options = {}) => new OpenAI({ baseURL: `${url}/v1`, apiKey: KEY, maxRetries: 0, ...options }),
    anthropic: (options = {}) => new Anthropic({ baseURL: url, apiKey: KEY, maxRetries: 0, ...options }),
    chat: (body, { headers = {}, signal } = {}) =>
      fetch(`${url}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
        ...(signal === undefined ? {} : { signal }),
      }),
    async settled() {
      await until(() => held(app).every(({ count }) => count === 0));
      assert.deepEqual(
        held(app).filter(({ count }) => count !== 0),
        [],
      );
    },
    async close() {
      await app.server.close();
      await transport.close();
    },
  };
}

/** What a house without calls holds none of. */
export function held(app: App): { readonly what: string; readonly count: number }[] {
  return [
    { what: 'calls at the door', count: app.server.active() },
    { what: 'shared answers under way', count: app.front.idempotency.held().running },
    { what: 'open permits', count: app.rooms.limiter.open() },
    { what: 'slots', count: app.store.openSlots() },
    { what: 'calls in line', count: app.front.lines().reduce((sum, { length }) => sum + length, 0) },
    { what: 'calls at the simulator', count: app.simulator()?.stats().inFlight ?? 0 },
    { what: 'streams of the simulator', count: app.simulator()?.stats().openStreams ?? 0 },
  ];
}

/** Waits in real time, a few milliseconds at a time; returns false when it was in vain. */
export async function until(condition: () => boolean, limitMs = 5_000): Promise<boolean> {
  const endMs = performance.now() + limitMs;
  while (!condition()) {
    if (performance.now() > endMs) return false;
    await pause(3);
  }
  return true;
}

export const pause = (delayMs: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, delayMs));

/** What was thrown; fails when nothing was. */
export const caught = async (promise: Promise<unknown>): Promise<unknown> => {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  return assert.fail('nothing was thrown');
};

export const chatOf = (content: string, more: Readonly<Record<string, unknown>> = {}) => ({
  model: 'qwen3-max',
  messages: [{ role: 'user' as const, content }],
  ...more,
});

/** The `error` object of an answer in OpenAI's shape; fails when it has another one. */
export function errorOf(body: unknown): {
  readonly message: string;
  readonly type: string;
  readonly param: string | null;
  readonly code: string | null;
} {
  const error = (body as { error?: Record<string, unknown> }).error;
  assert.ok(error, `no error in ${JSON.stringify(body)}`);
  assert.deepEqual(Object.keys(error).toSorted(), ['code', 'message', 'param', 'type']);
  assert.equal(typeof error['message'], 'string');
  assert.equal(typeof error['type'], 'string');
  return error as ReturnType<typeof errorOf>;
}
