/**
 * A whole Sluice in virtual time: the app from a configuration text, the simulator as its upstream, and clients that
 * call through the real HTTP routes without a socket. Used by the journeys alone.
 */

import inject from 'light-my-request';
import type { Memories } from '../../src/admission/limiter.ts';
import { type App, type AppOptions, createApp, known } from '../../src/app.ts';
import type { Fetch } from '../../src/base/fetch.ts';
import { createLogger, type Logger } from '../../src/base/log.ts';
import { createSeededRandom } from '../../src/base/seeded-random.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { KeptBench } from '../../src/routing/health.ts';
import type { Simulator } from '../../src/simulator/upstream.ts';
import { createVirtualClock, type VirtualClock } from '../../src/testing/virtual-clock.ts';

export const KEY = 'test-key-0123456789abcdef';

/** What an upstream says in its 429 when its limit of requests is reached, for a fault that is to be told. */
export const THROTTLED = JSON.stringify({
  error: {
    message: 'Requests rate limit exceeded',
    type: 'limit_requests',
    param: null,
    code: 'limit_requests',
  },
});

export type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly trailers: Readonly<Record<string, string>>;
  readonly text: string;
  /** The body as JSON; undefined for a stream. */
  readonly json: { readonly [key: string]: unknown } | undefined;
  /** Virtual time from the first call of the house to this answer's end, ms. */
  readonly atMs: number;
};

export type House = {
  readonly clock: VirtualClock;
  readonly app: App;
  readonly simulator: Simulator;
  /** Lines of the log, parsed. */
  readonly log: readonly { readonly [key: string]: unknown }[];
  call(body: Readonly<Record<string, unknown>>, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  /** The same on `/v1/messages`. */
  message(
    body: Readonly<Record<string, unknown>>,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Answer>;
  /** The same on any path. */
  post(
    path: string,
    body: Readonly<Record<string, unknown>>,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Answer>;
  /** Runs virtual time until all have been answered. */
  all(calls: readonly Promise<Answer>[], limitMs?: number): Promise<Answer[]>;
  one(call: Promise<Answer>, limitMs?: number): Promise<Answer>;
  /** Lets calls that were just made reach the relay, while time stands still. */
  arrived(): Promise<void>;
};

export type HouseOptions = {
  /** Wraps the upstream: to delay, to count, to break. */
  readonly fetch?: Fetch;
  readonly seed?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** What an earlier run had learned. */
  readonly memories?: Memories;
  /** What an earlier run had benched for long, or switched off. */
  readonly benches?: readonly KeptBench[];
  readonly books?: AppOptions['books'];
};

/** `yaml` without keys gets one: `KEY`. Accounts of provider `simulator` are simulated in virtual time. */
export function createHouse(yaml: string, options: HouseOptions = {}): House {
  const text = /^keys:/m.test(yaml) ? yaml : `${yaml}\nkeys: [{ id: test, key: ${KEY} }]\n`;
  const config = loadConfig({
    path: 'test.yaml',
    env: options.env ?? {},
    known,
    readFile: () => text,
  });
  const clock = createVirtualClock();
  const lines: { [key: string]: unknown }[] = [];
  const log: Logger = createLogger({
    level: 'debug',
    nowMs: clock.now,
    pretty: false,
    write: (line) => void lines.push(JSON.parse(line) as { [key: string]: unknown }),
  });
  const app = createApp({
    config,
    clock,
    random: createSeededRandom(options.seed ?? 1),
    log,
    fetch: options.fetch ?? (() => Promise.reject(new Error('no network in a journey'))),
    ...(options.memories === undefined ? {} : { memories: options.memories }),
    ...(options.benches === undefined ? {} : { benches: options.benches }),
    ...(options.books === undefined ? {} : { books: options.books }),
  });
  const startMs = clock.now();

  const callAt = async (
    url: string,
    body: Readonly<Record<string, unknown>>,
    headers: Readonly<Record<string, string>>,
  ): Promise<Answer> => {
    await app.server.fastify.ready();
    const response = await inject(app.server.handle, {
      method: 'POST',
      url,
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json', ...headers },
      payload: JSON.stringify(body),
    });
    const plain = String(response.headers['content-type']).startsWith('application/json');
    return {
      status: response.statusCode,
      headers: response.headers as Record<string, string>,
      trailers: response.trailers as Record<string, string>,
      text: response.payload,
      json: plain ? (JSON.parse(response.payload) as { [key: string]: unknown }) : undefined,
      atMs: clock.now() - startMs,
    };
  };
  const all: House['all'] = (calls, limitMs = 600_000) => clock.runUntil(Promise.all(calls), limitMs);

  return {
    clock,
    app,
    get simulator(): Simulator {
      const simulator = app.simulator();
      if (simulator === undefined) throw new Error('this house has no simulated account');
      return simulator;
    },
    log: lines,
    call: (body, headers = {}) => callAt('/v1/chat/completions', body, headers),
    post: (path, body, headers = {}) => callAt(path, body, headers),
    message: (body, headers = {}) => callAt('/v1/messages', { max_tokens: 1_000, ...body }, headers),
    all,
    one: (promise, limitMs = 600_000) => clock.runUntil(promise, limitMs),
    async arrived() {
      await app.server.fastify.ready();
      for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
    },
  };
}

export const chat = (content: string, more: Readonly<Record<string, unknown>> = {}) => ({
  model: 'qwen3-max',
  messages: [{ role: 'user', content }],
  ...more,
});

/** Accounts a, b, c … with these models and limits, written as YAML. */
export function accounts(count: number, models: string): string {
  const ids = Array.from({ length: count }, (_, i) => String.fromCharCode(97 + i));
  return `accounts:\n${ids
    .map((id) => `  - { id: ${id}, provider: simulator, secrets: [secret-of-${id}], models: { ${models} } }`)
    .join('\n')}\n`;
}
