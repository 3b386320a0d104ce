/**
 * Nothing is left behind: thousands of calls of every kind, with clients that leave at any moment and upstreams that
 * fail in every way, and afterwards no permit, slot, place in line, timer, listener or socket remains.
 */

import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { Agent, request } from 'node:http';
import { describe, it } from 'node:test';
import { sleep } from '../../src/base/clock.ts';
import { createSeededRandom } from '../../src/base/seeded-random.ts';
import { held, startRelay, until } from '../sdk/relay.ts';
import {
  type Answerer,
  chunkOf,
  FINISH,
  plainReply,
  startStub,
  streamOf,
  stubConfig,
} from '../sdk/stub-upstream.ts';
import { laneOf, leaver, windowsOf } from './crowd.ts';
import { chat, createHouse, type House, KEY } from './house.ts';
import { pick, wildUpstream } from './wild-upstream.ts';

const SECOND_KEY = 'second-key-0123456789abcdef';

const CROWDED = `
accounts:
  - { id: a, provider: simulator, secrets: [secret-of-a], models: { qwen3-max: { limits: { rpm: 1200, rps: off, tps: off, concurrency: 12 } }, qwen-plus: { limits: { concurrency: 5 } } } }
  - { id: b, provider: simulator, secrets: [secret-of-b, second-of-b], models: { qwen3-max: { limits: { rpm: 1200, tpm: 300000, concurrency: 8 } } } }
  - { id: wild, provider: openai-compatible, base_url: http://wild.test/v1, secrets: [wild-secret], limits: { concurrency: 30 }, models: [qwen3-max, wild-model] }
models: { qwen3-max: { fallbacks: [qwen-plus, wild-model] } }
keys:
  - { id: test, key: ${KEY} }
  - { id: second, key: ${SECOND_KEY}, limits: { rpm: 600, concurrency: 5 } }
queue: { max_wait: 20s, max_wait_stream: 30s, max_length: 150 }
timeouts: { first_byte: 4s, first_byte_stream: 3s, idle: 2s }
heartbeat: 1s
simulator: { ttft: 200ms, tokens_per_second: 100, output_tokens: 60 }
`;

/** Faults of the simulated accounts, changed while calls run. */
const FAULTS = [
  { fault: null, state: 'ok' },
  { fault: null, state: 'ok' },
  { fault: null, state: 'ok' },
  { fault: null, state: 'ok' },
  { fault: null, state: 'overload' },
  { fault: { kind: 'cut', afterChunks: 3, times: 20 }, state: 'ok' },
  { fault: { kind: 'cut', times: 3 }, state: 'ok' },
  { fault: { kind: 'silent', afterChunks: 2, times: 10 }, state: 'ok' },
  { fault: { kind: 'silent', times: 2 }, state: 'ok' },
  { fault: { kind: 'stream-error', afterChunks: 4, times: 20 }, state: 'ok' },
  { fault: { kind: 'stream-error', times: 3 }, state: 'ok' },
  { fault: { kind: 'malformed', times: 3 }, state: 'ok' },
  { fault: { kind: 'refuse-connection', times: 3 }, state: 'ok' },
  { fault: { kind: 'slow', factor: 30, times: 20 }, state: 'ok' },
] as const;

const BAD_BODIES = [
  '',
  '{',
  '[]',
  '"x"',
  'null',
  '{"model":"qwen3-max"}',
  '{"model":"nobody","messages":[{"role":"user"}]}',
];

function bodyOf(random: () => number, i: number): string {
  if (random() < 0.06) return pick(random, BAD_BODIES);
  const words = random() < 0.05 ? 'long '.repeat(5_000) : '';
  return JSON.stringify(
    chat(`${words}call ${i}`, {
      stream: random() < 0.6,
      ...(random() < 0.3 ? { stream_options: { include_usage: true } } : {}),
      ...(random() < 0.3 ? { max_tokens: 20 } : {}),
      ...(random() < 0.1 ? { model: 'wild-model' } : {}),
      ...(random() < 0.05 ? { temperature: 9 } : {}),
      ...(random() < 0.05 ? { messages: 'wrong' } : {}),
    }),
  );
}

function headersOf(random: () => number): Record<string, string> {
  const key = random();
  return {
    ...(key < 0.03
      ? {}
      : { authorization: `Bearer ${key < 0.06 ? 'sk-stranger' : key < 0.3 ? SECOND_KEY : KEY}` }),
    ...(random() < 0.1 ? { 'x-sluice-on-limit': 'reject' } : {}),
    ...(random() < 0.1 ? { 'x-sluice-max-wait': String(Math.floor(random() * 10)) } : {}),
    ...(random() < 0.02 ? { 'x-sluice-max-wait': 'soon' } : {}),
    ...(random() < 0.05 ? { 'x-sluice-fallback': 'off' } : {}),
  };
}

/** More of them for a long night. */
const SEEDS = [1];
const CALLS = 10_000;
const SPREAD_MS = 600_000;

type Fuzzed = {
  readonly house: House;
  /** Signals that somebody still listened to when their call, or all, was over. */
  readonly listening: number;
  readonly calls: number;
  readonly ends: ReadonlyMap<string, number>;
};

/** One way a call looks from outside; throws on one that must not be. */
function endOf(status: number, text: string): string {
  if (status !== 200) {
    const { error } = JSON.parse(text) as { error: { message: string } };
    assert.ok(error.message.length > 0);
    return String(status);
  }
  if (text.startsWith('{')) return 'plain';
  const last = text.trimEnd().split('\n\n').at(-1) ?? '';
  assert.match(last, /^data: (\[DONE\]|\{"error":)/, text.slice(-300));
  return last.startsWith('data: [DONE]') ? 'stream' : 'error in the stream';
}

async function fuzz(seed: number): Promise<Fuzzed> {
  const random = createSeededRandom(seed);
  const fetch = wildUpstream(() => house.clock, createSeededRandom(seed + 1));
  const house = createHouse(CROWDED, { fetch, seed });
  const { clock, app } = house;
  const opened = new Map<string, AbortSignal>();
  let listening = 0;
  const { relay } = app.front;
  const { record } = app.rooms;
  Object.assign(app.front, {
    relay: {
      open(call: Parameters<typeof relay.open>[0]) {
        const opening = relay.open(call);
        opened.set(call.id, call.departure.signal);
        return opening;
      },
    },
  });
  Object.assign(app.rooms, {
    record(story: Parameters<typeof record>[0]) {
      // Unknown yet where the call was refused before it was under way.
      const signal = opened.get(story.id);
      if (signal !== undefined && getEventListeners(signal, 'abort').length > 0) listening += 1;
      record(story);
    },
  });
  const ends = new Map<string, number>();
  const count = (end: string): void => void ends.set(end, (ends.get(end) ?? 0) + 1);

  const one = async (i: number): Promise<void> => {
    await sleep(clock, random() * SPREAD_MS);
    // A tenth comes under one of a few Idempotency-Keys, and now and then with another body than those before.
    const shared = random() < 0.1 ? Math.floor(random() * 40) : undefined;
    const under = shared === undefined ? {} : { 'idempotency-key': `key-${shared}` };
    const body =
      shared === undefined || random() < 0.1
        ? bodyOf(random, i)
        : JSON.stringify(chat(`shared ${shared}`, { stream: shared % 3 > 0 }));
    const client = leaver(house, body, { ...headersOf(random), ...under });
    const patience = random();
    if (patience < 0.05) client.leave();
    const cancel =
      patience < 0.35 ? clock.after(random() ** 3 * 25_000, () => client.leave()) : () => undefined;
    const answered = await client.left;
    cancel();
    count(answered === 'left' ? 'left' : endOf(answered.statusCode, answered.payload));
  };

  const shake = async (): Promise<void> => {
    for (let atMs = 0; atMs < SPREAD_MS; atMs += 5_000) {
      await sleep(clock, 5_000);
      for (const account of house.simulator.accounts) account.set(pick(random, FAULTS));
      // Somebody acts on what was switched off.
      for (const { what } of app.rooms.health.benches(clock.now())) app.rooms.health.switchOn(what);
    }
  };
  await app.server.fastify.ready();
  await clock.runUntil(
    Promise.all([shake(), ...Array.from({ length: CALLS }, (_, i) => one(i))]),
    SPREAD_MS * 2,
  );
  // A small crowd that goes well comes last, so that a timer it leaves has no time to fire.
  for (const account of house.simulator.accounts) account.set({ fault: null, state: 'ok' });
  await clock.advance(600_000);
  windowsAreEmpty(house);
  const crowd = Array.from({ length: 16 }, (_, i) =>
    house.call(chat(`crowd ${i}`, { model: 'qwen-plus', stream: i % 2 === 0 })),
  );
  await house.arrived();
  assert.ok(app.front.lines().length > 0, 'somebody waits in line');
  for (const { status, text } of await house.all(crowd)) assert.equal(status, 200, text);
  for (const signal of [...opened.values(), ...fetch.signals])
    if (getEventListeners(signal, 'abort').length > 0) listening += 1;
  return { house, listening, calls: opened.size, ends };
}

describe('ten thousand calls with aborts, faults and nonsense, in virtual time', () => {
  for (const seed of SEEDS)
    it(`leave nothing behind (seed ${seed})`, async () => {
      const { house, listening, calls, ends } = await fuzz(seed);
      const { app, clock } = house;
      for (const end of ['plain', 'stream', 'error in the stream', 'left', '400', '401', '404', '429', '503'])
        assert.ok((ends.get(end) ?? 0) >= 20, `too few of '${end}': ${JSON.stringify([...ends])}`);
      assert.ok((ends.get('left') ?? 0) >= 1_000, 'many leave, at any moment');
      assert.equal(
        [...ends.values()].reduce((sum, each) => sum + each, 0),
        CALLS,
      );
      assert.deepEqual(ends.get('500') ?? 0, 0, 'no fault of our own');

      assert.deepEqual(
        held(app).filter((each) => each.count !== 0),
        [],
      );
      assert.deepEqual(app.front.lines(), []);
      assert.deepEqual(app.front.idempotency.held(), { running: 0, kept: 0, bytes: 0 });
      for (const how of ['joined', 'replayed', 'conflict'])
        assert.match(
          app.front.metricsText(),
          new RegExp(`^sluice_idempotent_total.how="${how}". [1-9]\\d*$`, 'm'),
        );
      for (const { id } of house.app.rooms.snapshot().catalog.channels)
        assert.equal(laneOf(house, id).hold, undefined, id);
      assert.equal(clock.pending(), 0, 'timers');
      assert.equal(listening, 0, 'listeners of abort signals');

      const stories = house.log.filter(({ msg }) => msg === 'call');
      assert.equal(stories.length, calls, 'every call that was opened is told once');
      assert.equal(new Set(stories.map(({ call }) => call)).size, calls);
      const faults = house.log.filter(({ msg }) => msg === 'internal fault');
      assert.deepEqual(faults, []);
      gaugesAreZero(app.front.metricsText(), calls);
    });
});

/** Nothing is reserved or kept for anybody, in the lanes of the channels and of the key with limits. */
function windowsAreEmpty(house: House): void {
  const { limiter, snapshot } = house.app.rooms;
  const key = { id: 'key second', limits: { rpm: 600, concurrency: 5 }, ours: true };
  for (const quota of [...snapshot().catalog.channels, key]) {
    const lane = limiter.lane(quota);
    for (const [window, used] of Object.entries(windowsOf(house, lane)))
      assert.equal(used, 0, `${quota.id}: ${window}`);
    assert.equal(lane.hold, undefined, quota.id);
  }
}

function gaugesAreZero(metrics: string, calls: number): void {
  assert.match(metrics, /^sluice_inflight 0$/m);
  assert.match(metrics, /^sluice_permits_open 0$/m);
  assert.doesNotMatch(metrics, /^sluice_queue_depth\{/m);
  const total = [...metrics.matchAll(/^sluice_requests_total\{[^}]*\} (\d+)$/gm)];
  assert.equal(
    total.reduce((sum, [, value]) => sum + Number(value), 0),
    calls,
  );
  for (const [, labels, value] of metrics.matchAll(/^sluice_ratelimit_remaining\{([^}]*)\} (.+)$/gm))
    if (labels?.includes('limit="concurrency"'))
      assert.equal(Number(value), Number(CONCURRENCY.find(([id]) => labels.includes(id))?.[1]), labels);
}

const CONCURRENCY = [
  ['"a/qwen3-max', 12],
  ['"a/qwen-plus', 5],
  ['"b/', 8],
  ['"wild/', 30],
] as const;

/** What a socket can do that a function cannot. */
const ON_THE_WIRE: Readonly<Record<string, Answerer>> = {
  well: (_received, response) => void response.writeHead(200, JSON_TYPE).end(plainReply()),
  'well, streamed': (received, response) =>
    received.body.includes('"stream":true')
      ? void response.writeHead(200, SSE_TYPE).end(streamOf(chunkOf({ content: 'x' }), FINISH, '[DONE]'))
      : void response.writeHead(200, JSON_TYPE).end(plainReply()),
  'hangs up': (_received, response) => void response.destroy(),
  'resets in the middle': (_received, response) => {
    response.writeHead(200, SSE_TYPE).write(streamOf(chunkOf({ content: 'x' })));
    setTimeout(() => response.socket?.resetAndDestroy(), 5);
  },
  'stalls before the head': () => undefined,
  'stalls in the middle': (_received, response) =>
    void response.writeHead(200, SSE_TYPE).write(streamOf(chunkOf({ content: 'x' }))),
  'is no HTTP': (_received, response) => void response.socket?.end('what?\r\n\r\n'),
  'is no JSON': (_received, response) => void response.writeHead(200, SSE_TYPE).end('data: {{{\n\n'),
  'promises more than it sends': (_received, response) => {
    response.writeHead(200, { ...JSON_TYPE, 'content-length': '1000' }).write('{"id"');
    setTimeout(() => response.destroy(), 5);
  },
  'is busy': (_received, response) =>
    void response.writeHead(503, JSON_TYPE).end('{"error":{"message":"busy"}}'),
  'never stops': (_received, response) => {
    response.writeHead(200, SSE_TYPE);
    const more = (): void => {
      if (!response.destroyed)
        response.write(streamOf(chunkOf({ content: 'more ' })), () => setTimeout(more, 1));
    };
    more();
  },
};

const JSON_TYPE = { 'content-type': 'application/json' } as const;
const SSE_TYPE = { 'content-type': 'text/event-stream' } as const;

describe('a thousand calls over real sockets', () => {
  it('leave no socket, no handle and no slot behind', async (t) => {
    const handles = (): string[] =>
      process.getActiveResourcesInfo().filter((name) => /TCP|HTTP|Timeout/.test(name));
    const handlesBefore = handles();
    const random = createSeededRandom(5);
    const ways = Object.values(ON_THE_WIRE);
    // One for each call, so that the bench of one leaves the others free.
    const models = Array.from({ length: 1_000 }, (_, i) => `model-${i}`);
    const stub = await startStub((received, response) =>
      (random() < 0.4 ? ON_THE_WIRE['well, streamed'] : pick(random, ways))?.(received, response),
    );
    const relay = await startRelay(`${stubConfig(stub.url, models.join(', '))}
queue: { max_wait: 1s, max_wait_stream: 1s, max_length: 20 }
timeouts: { first_byte: 300ms, first_byte_stream: 300ms, idle: 300ms }
heartbeat: 50ms
`);
    const agent = new Agent({ keepAlive: true, maxSockets: 40 });
    const closeAll = async (): Promise<void> => {
      agent.destroy();
      await relay.close();
      await stub.close();
    };
    t.after(closeAll);
    const ends = new Map<string, number>();

    type Seen = { readonly status: number; readonly text: string };
    /** Undefined: it left before the end. */
    const call = (i: number): Promise<Seen | undefined> =>
      new Promise((resolve) => {
        const body = JSON.stringify({
          ...chat(`call ${i}`),
          model: pick(random, models),
          stream: random() < 0.7,
        });
        const outgoing = request(`${relay.url}/v1/chat/completions`, {
          method: 'POST',
          agent,
          headers: { authorization: `Bearer ${KEY}`, 'content-length': Buffer.byteLength(body) },
        });
        outgoing.on('response', (response) => {
          let text = '';
          response.on('data', (piece: Buffer) => {
            text += piece.toString('latin1');
          });
          response.on('error', () => resolve(undefined));
          response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
        });
        outgoing.on('error', () => resolve(undefined));
        outgoing.on('close', () => setImmediate(resolve, undefined));
        const leaving = random();
        if (leaving < 0.05) outgoing.write(body.slice(0, 20), () => outgoing.destroy());
        else outgoing.end(body);
        // The one that never stops is left in the end.
        setTimeout(() => outgoing.destroy(), leaving < 0.35 ? random() * 80 : 1_500).unref();
      });

    const left = Array.from({ length: 1_000 }, (_, i) => i).values();
    const client = async (): Promise<void> => {
      for (const i of left) {
        const seen = await call(i);
        const end = seen === undefined ? 'left' : endOf(seen.status, seen.text);
        ends.set(end, (ends.get(end) ?? 0) + 1);
      }
    };
    await Promise.all(Array.from({ length: 40 }, client));

    await relay.settled();
    for (const end of ['stream', 'plain', 'left', 'error in the stream'])
      assert.ok((ends.get(end) ?? 0) >= 10, `too few of '${end}': ${JSON.stringify([...ends])}`);
    assert.equal(ends.get('500'), undefined);
    await closeAll();
    assert.ok(await until(() => relay.transport.openSockets() === 0 && stub.openSockets() === 0));
    await until(() => handles().length <= handlesBefore.length, 3_000);
    assert.deepEqual(handles(), handlesBefore);
  });
});
