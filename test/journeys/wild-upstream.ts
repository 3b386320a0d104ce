/**
 * A provider that fails in every way there is, as a `Fetch` in virtual time. Chance chooses the way; what it waits for
 * ends when the attempt is given up.
 */

import assert from 'node:assert/strict';
import { sleep } from '../../src/base/clock.ts';
import { ConnectionError, type Fetch, type UpstreamResponse } from '../../src/base/fetch.ts';
import type { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { plainReply } from '../sdk/stub-upstream.ts';

export const pick = <T>(random: () => number, items: readonly T[]): T => {
  const item = items[Math.floor(random() * items.length)];
  assert.ok(item !== undefined);
  return item;
};

const data = (payload: unknown): string => `data: ${JSON.stringify(payload)}\n\n`;
const delta = (text: string, finish: string | null = null): string =>
  data({ id: 'c', model: 'm', choices: [{ index: 0, delta: { content: text }, finish_reason: finish }] });
const STREAM = [delta(''), delta('one 水'), delta(' two'), delta('', 'stop'), 'data: [DONE]\n\n'];
const RESET = new ConnectionError('ECONNRESET', { message: 'reset', sent: true });

/** Upstream behaviour by name; `wait` ends early, by throwing, when the attempt is given up. */
type Wild = (context: {
  readonly wait: (ms: number) => Promise<void>;
  readonly forever: () => Promise<never>;
  readonly stream: boolean;
}) => Promise<UpstreamResponse>;

const whole = async function* (...pieces: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield Buffer.from(piece);
};
const refusal = (status: number, body: string, headers = {}): UpstreamResponse => ({
  status,
  headers,
  body: whole(body),
});
const streaming = (body: AsyncIterable<Uint8Array>): UpstreamResponse => ({
  status: 200,
  headers: { 'content-type': 'text/event-stream' },
  body,
});

const WILD: Readonly<Record<string, Wild>> = {
  well: async ({ stream, wait }) => {
    await wait(300);
    return stream ? streaming(whole(...STREAM)) : refusal(200, plainReply('m'));
  },
  refused: () =>
    Promise.reject(new ConnectionError('ECONNREFUSED', { message: 'nobody listens', sent: false })),
  'reset before the head': async ({ wait }) => {
    await wait(50);
    throw RESET;
  },
  'reset in the middle': async ({ wait, stream }) =>
    streaming(
      (async function* () {
        yield Buffer.from(stream ? (STREAM[1] ?? '') : '{"id":');
        await wait(20);
        throw RESET;
      })(),
    ),
  'silent before the head': ({ forever }) => forever(),
  'silent after the head': async ({ forever }) =>
    streaming(
      (async function* () {
        yield* whole(': hello\n\n');
        await forever();
      })(),
    ),
  'silent in the middle': async ({ forever, stream }) =>
    streaming(
      (async function* () {
        yield* whole(stream ? `${STREAM[1]}${STREAM[2]}` : '{"id":"c"');
        await forever();
      })(),
    ),
  'ended in the middle': async () => streaming(whole(...STREAM.slice(0, 3))),
  'cut in an event': async () => streaming(whole((STREAM[1] ?? '').slice(0, 30))),
  'an error as first event': async () =>
    streaming(whole(data({ error: { message: 'Requests rate limit exceeded', code: 'limit_requests' } }))),
  'an error in the middle': async () =>
    streaming(whole(STREAM[1] ?? '', data({ error: { message: 'overloaded', code: 503 } }))),
  'no JSON': async () => refusal(200, '<html>hello</html>'),
  'half a JSON': async () => refusal(200, '{"choices":['),
  'garbage after a beginning': async () => streaming(whole(STREAM[1] ?? '', 'data: {oops\n\n')),
  'nothing at all': async () => refusal(200, ''),
  400: async () => refusal(400, '{"error":{"message":"bad field","type":"invalid_request_error"}}'),
  401: async () => refusal(401, '{"error":{"message":"wrong key"}}'),
  404: async () => refusal(404, '{"error":{"message":"no such model"}}'),
  429: async () => refusal(429, '{"error":{"message":"slow down"}}', { 'retry-after': '1' }),
  500: async () => refusal(500, 'oh no'),
  '503 without end': async ({ forever }) => ({
    status: 503,
    headers: {},
    body: (async function* () {
      yield Buffer.from('busy');
      await forever();
    })(),
  }),
};

/** Half of what it is asked goes well. Keeps every signal it was given. */
export function wildUpstream(
  clock: () => VirtualClock,
  random: () => number,
): Fetch & { signals: AbortSignal[] } {
  const names = Object.keys(WILD);
  const signals: AbortSignal[] = [];
  const fetch: Fetch = async ({ signal, body }) => {
    signals.push(signal);
    const name = random() < 0.5 ? 'well' : pick(random, names);
    const wild = WILD[name];
    assert.ok(wild);
    return wild({
      stream: body !== undefined && Buffer.from(body).includes('"stream":true'),
      wait: (ms) => sleep(clock(), ms, signal),
      forever: () => sleep(clock(), 86_400_000, signal) as Promise<never>,
    });
  };
  return Object.assign(fetch, { signals });
}
