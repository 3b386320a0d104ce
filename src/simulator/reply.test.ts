import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConnectionError, readAll } from '../base/fetch.ts';
import { createSeededRandom } from '../base/seeded-random.ts';
import { openaiChat } from '../dialects/openai-chat/openai-chat.ts';
import { ask, chatRequest } from '../testing/ask.ts';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import type { Fault } from './account.ts';
import { createSimulator } from './upstream.ts';

function setUp(fault?: Fault, timeoutMs?: number) {
  const clock = createVirtualClock();
  const simulator = createSimulator({
    clock,
    random: createSeededRandom(2),
    accounts: [{ id: 'one', secrets: ['sk-1'] }],
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
  if (fault !== undefined) simulator.account('one').set({ fault });
  return { clock, simulator };
}

/** Reads until the body ends or breaks. */
async function readOut(body: AsyncIterable<Uint8Array>): Promise<{ pieces: Buffer[]; error: unknown }> {
  const pieces: Buffer[] = [];
  try {
    for await (const piece of body) pieces.push(Buffer.from(piece));
  } catch (error) {
    return { pieces, error };
  }
  return { pieces, error: undefined };
}

const isHangUp = (error: unknown): boolean => error instanceof ConnectionError && error.sent;

test('a caller who leaves ends the generation at once, before the head and after it', async () => {
  const { clock, simulator } = setUp();
  const early = new AbortController();
  const asked = ask(simulator.fetch, {}, { signal: early.signal });
  await clock.advance(100);
  assert.equal(simulator.stats().inFlight, 1);
  early.abort(new Error('gone'));
  await assert.rejects(asked, /gone/);
  assert.equal(simulator.stats().inFlight, 0);

  const late = new AbortController();
  const response = await simulator.fetch(chatRequest({ stream: true }, { signal: late.signal }));
  const read = readOut(response.body);
  await clock.advance(500);
  assert.equal(simulator.stats().openStreams, 1);
  late.abort(new Error('gone'));
  assert.equal(simulator.stats().openStreams, 0);
  assert.match(String((await read).error), /gone/);
  const { inFlight, aborted, completed } = simulator.stats();
  assert.deepEqual([inFlight, aborted, completed, clock.pending()], [0, 2, 0, 0]);
});

test('a stream nobody has begun to read is freed by the abort alone', async () => {
  const { clock, simulator } = setUp();
  const controller = new AbortController();
  await simulator.fetch(chatRequest({ stream: true }, { signal: controller.signal }));
  assert.equal(simulator.stats().openStreams, 1);
  controller.abort();
  assert.deepEqual([simulator.stats().inFlight, clock.pending()], [0, 0]);
});

test('a reader who breaks off frees the stream and leaves the rest unsaid', async () => {
  const { clock, simulator } = setUp();
  const response = await simulator.fetch(chatRequest({ stream: true }));
  const read = (async () => {
    let chunks = 0;
    for await (const _ of response.body) {
      chunks += 1;
      if (chunks === 3) break;
    }
  })();
  await clock.runUntil(read, 5_000);
  const { inFlight, aborted, outputTokens } = simulator.stats();
  assert.deepEqual([inFlight, aborted, outputTokens], [0, 1, 8]);
});

test('a reader who stops behind the terminal has a complete answer', async () => {
  const { clock, simulator } = setUp();
  const response = await simulator.fetch(chatRequest({ stream: true }));
  const read = (async () => {
    for await (const piece of response.body) if (Buffer.from(piece).includes('[DONE]')) break;
  })();
  await clock.runUntil(read, 5_000);
  assert.deepEqual([simulator.stats().completed, simulator.stats().aborted], [1, 0]);
});

test('an aborted signal asks for nothing', async () => {
  const { simulator } = setUp();
  await assert.rejects(
    simulator.fetch(chatRequest({}, { signal: AbortSignal.abort(new Error('no')) })),
    /no/,
  );
  assert.equal(simulator.stats().requests, 0);
});

test('refuse-connection: nothing was sent and nothing counts', async () => {
  const { simulator } = setUp({ kind: 'refuse-connection' });
  await assert.rejects(
    ask(simulator.fetch),
    (error) => error instanceof ConnectionError && error.code === 'ECONNREFUSED' && !error.sent,
  );
  const { admitted, faults, requestsLastMinute } = simulator.stats();
  assert.deepEqual([admitted, faults, requestsLastMinute], [0, 1, 0]);
});

test('silent: never a byte, not even a head, until the caller leaves', async () => {
  for (const stream of [false, true]) {
    const { clock, simulator } = setUp({ kind: 'silent' });
    const controller = new AbortController();
    let answered = false;
    const asked = ask(simulator.fetch, { stream }, { signal: controller.signal }).finally(() => {
      answered = true;
    });
    await clock.advance(3_600_000);
    assert.deepEqual([answered, simulator.stats().inFlight], [false, 1]);
    controller.abort(new Error('enough'));
    await assert.rejects(asked, /enough/);
    assert.equal(simulator.stats().inFlight, 0);
  }
});

test('silent after chunks: the stream begins and then says nothing more', async () => {
  const { clock, simulator } = setUp({ kind: 'silent', afterChunks: 3 });
  const controller = new AbortController();
  const response = await simulator.fetch(chatRequest({ stream: true }, { signal: controller.signal }));
  const read = readOut(response.body);
  await clock.advance(180_000);
  controller.abort(new Error('enough'));
  assert.equal((await read).pieces.length, 3);
});

test('cut: before any byte, or after so many chunks, never with a terminal', async () => {
  const before = setUp({ kind: 'cut' });
  await assert.rejects(before.clock.runUntil(ask(before.simulator.fetch, { stream: true }), 5_000), isHangUp);
  assert.equal(before.simulator.stats().died, 1);

  for (const afterChunks of [1, 2, 5]) {
    const { clock, simulator } = setUp({ kind: 'cut', afterChunks });
    const response = await simulator.fetch(chatRequest({ stream: true }));
    const { pieces, error } = await clock.runUntil(readOut(response.body), 5_000);
    assert.equal(pieces.length, afterChunks);
    assert.ok(isHangUp(error));
    assert.ok(!Buffer.concat(pieces).includes('finish_reason":"stop'));
    assert.deepEqual([simulator.stats().died, simulator.stats().inFlight], [1, 0]);
  }
});

test('cut on a plain call hangs up before any byte', async () => {
  const { clock, simulator } = setUp({ kind: 'cut', afterChunks: 4 });
  await assert.rejects(clock.runUntil(ask(simulator.fetch), 5_000), isHangUp);
});

test('malformed: 200 with a body no reader accepts', async () => {
  for (const stream of [false, true]) {
    const { clock, simulator } = setUp({ kind: 'malformed' });
    for (let call = 0; call < 8; call += 1) {
      const { status, text } = await clock.runUntil(ask(simulator.fetch, { stream }), 5_000);
      assert.equal(status, 200);
      assert.throws(() => JSON.parse(text.replace(/^data: /, '')));
    }
    assert.equal(simulator.stats().died, 8);
  }
});

test('slow: everything takes as many times as long', async () => {
  const { clock, simulator } = setUp({ kind: 'slow', factor: 10 });
  const startMs = clock.now();
  const { text } = await clock.runUntil(ask(simulator.fetch), 120_000);
  const tokens = JSON.parse(text).usage.completion_tokens;
  assert.equal(Math.round(clock.now() - startMs), Math.round(3_000 + (tokens * 10_000) / 60));
});

test('stream-error: an error frame before the first word or after some, then the end without a terminal', async () => {
  for (const afterChunks of [0, 1, 4]) {
    const { clock, simulator } = setUp({ kind: 'stream-error', afterChunks });
    const response = await simulator.fetch(chatRequest({ stream: true }));
    const { pieces, error } = await clock.runUntil(readOut(response.body), 5_000);
    assert.equal(error, undefined);
    assert.equal(pieces.length, afterChunks + 1);
    const reader = openaiChat.streamReader();
    const events = pieces.flatMap((piece) => reader.push(piece)).flatMap((chunk) => chunk.events);
    const last = events.at(-1);
    assert.equal(last?.type === 'error' && last.status, 429);
    assert.equal(reader.ended, false);
  }
});

test('answer: the fault is the answer', async () => {
  const body = '{"error":{"message":"slow down"}}';
  const { simulator } = setUp({ kind: 'answer', status: 429, headers: { 'retry-after': '20' }, body });
  const asked = await ask(simulator.fetch);
  assert.deepEqual([asked.status, asked.headers['retry-after'], asked.text], [429, '20', body]);
});

test('a fault hits as many calls as it says, of the models and kind it says, until it is taken away', async () => {
  const { simulator } = setUp({ kind: 'answer', status: 500, times: 2, models: ['qwen-flash'] });
  const account = simulator.account('one');
  const statusOf = async (fields: Record<string, unknown>) =>
    (await simulator.fetch(chatRequest({ stream: true, ...fields }))).status;
  assert.equal(await statusOf({}), 200);
  assert.equal(await statusOf({ model: 'qwen-flash' }), 500);
  assert.equal(await statusOf({ model: 'qwen-flash' }), 500);
  assert.equal(await statusOf({ model: 'qwen-flash' }), 200);

  account.set({ fault: { kind: 'answer', status: 418, when: (request) => 'poison' in request.extra } });
  assert.equal(await statusOf({ poison: true }), 418);
  assert.equal(await statusOf({}), 200);
  account.set({ fault: null });
  assert.equal(await statusOf({ poison: true }), 200);
});

test('an answer longer than the vendor’s timeout is cut', async () => {
  const { clock, simulator } = setUp({ kind: 'slow', factor: 100 }, 60_000);
  const startMs = clock.now();
  await assert.rejects(clock.runUntil(ask(simulator.fetch), 200_000), isHangUp);
  assert.equal(clock.now() - startMs, 60_000);
  const response = await simulator.fetch(chatRequest({ stream: true }));
  const { error } = await clock.runUntil(readOut(response.body), 200_000);
  assert.ok(isHangUp(error));
});

test('two thousand calls that end in every way leave nothing behind', async () => {
  const clock = createVirtualClock();
  const random = createSeededRandom(4);
  const limits = { 'qwen3-max': { rpm: 100_000, tpm: 1e9 } };
  const simulator = createSimulator({ clock, random, accounts: [{ id: 'one', secrets: ['sk-1'], limits }] });
  const kinds = ['cut', 'silent', 'malformed', 'slow', 'stream-error', 'refuse-connection'] as const;
  const one = async (): Promise<void> => {
    const kind = kinds[Math.floor(random() * 12)];
    simulator.account('one').set({ fault: kind === undefined ? null : { kind, afterChunks: 2 } });
    const controller = new AbortController();
    const leave = clock.after(random() * 40_000, () => controller.abort());
    const request = chatRequest({ stream: random() < 0.7 }, { signal: controller.signal });
    await simulator
      .fetch(request)
      .then(({ body }) => readAll(body))
      .catch(() => {});
    leave();
  };
  const calls: Promise<void>[] = [];
  for (let call = 0; call < 2_000; call += 1) {
    calls.push(one());
    await clock.advance(random() * 20);
  }
  await clock.runUntil(Promise.all(calls), 100_000);
  const { inFlight, openStreams, admitted, completed, died, aborted } = simulator.stats();
  assert.deepEqual([inFlight, openStreams, clock.pending()], [0, 0, 0]);
  assert.equal(admitted, completed + died + aborted);
  assert.ok(completed > 100 && died > 100 && aborted > 100);
});
