import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../base/clock.ts';
import { createSeededRandom } from '../base/seeded-random.ts';
import { serveSimulator } from './server.ts';
import { createSimulator, type SimulatorOptions } from './upstream.ts';

async function setUp(context: TestContext, options: Partial<SimulatorOptions> = {}) {
  const simulator = createSimulator({
    clock: systemClock,
    random: createSeededRandom(3),
    accounts: [{ id: 'one', secrets: ['sk-1'] }],
    pace: { firstTokenMs: 0, tokensPerSecond: 0 },
    oddShare: 0,
    ...options,
  });
  const server = await serveSimulator(simulator, { host: '127.0.0.1', port: 0 });
  context.after(() => server.close());
  const post = (fields: Record<string, unknown> = {}, signal?: AbortSignal) =>
    fetch(`${server.url}/compatible-mode/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: 'Bearer sk-1' },
      body: JSON.stringify({ model: 'qwen3-max', messages: [{ role: 'user', content: 'Hello' }], ...fields }),
      ...(signal === undefined ? {} : { signal }),
    });
  const change = (body: unknown, id = 'one') =>
    fetch(`${server.url}/simulator/accounts/${id}`, { method: 'POST', body: JSON.stringify(body) });
  return { simulator, server, post, change };
}

/** Polls: what a socket's end brings about comes a moment later. */
async function eventually(holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 200 && !holds(); tries += 1) await delay(5);
  assert.ok(holds());
}

test('plain answers, streams and refusals travel over a real socket', async (context) => {
  const { post } = await setUp(context, {
    accounts: [{ id: 'one', secrets: ['sk-1'], limits: { 'qwen3-max': { rpm: 2 } } }],
  });
  const plain = await post();
  assert.equal(plain.status, 200);
  assert.match(((await plain.json()) as { id: string }).id, /^chatcmpl-/);
  const stream = await post({ stream: true });
  assert.match(stream.headers.get('content-type') ?? '', /event-stream/);
  assert.ok((await stream.text()).endsWith('data: [DONE]\n\n'));
  const refused = await post();
  assert.equal(refused.status, 429);
  assert.equal(refused.headers.get('retry-after'), null);
});

test('a client that hangs up ends the generation', async (context) => {
  const { simulator, post } = await setUp(context, { pace: { firstTokenMs: 0, tokensPerSecond: 20 } });
  const controller = new AbortController();
  const response = await post({ stream: true }, controller.signal);
  await response.body?.getReader().read();
  assert.equal(simulator.stats().openStreams, 1);
  controller.abort();
  await eventually(() => simulator.stats().inFlight === 0);
  assert.equal(simulator.stats().aborted, 1);
});

test('a fault breaks the socket, before the head and inside a stream', async (context) => {
  const { post, change } = await setUp(context);
  for (const fault of [{ kind: 'refuse-connection' }, { kind: 'cut' }]) {
    assert.equal((await change({ fault })).status, 200);
    await assert.rejects(post({ stream: true }));
  }
  await change({ fault: { kind: 'cut', afterChunks: 2 } });
  const response = await post({ stream: true });
  assert.equal(response.status, 200);
  await assert.rejects(response.text());
});

test('a client that does not read holds the answer back', async (context) => {
  const { simulator, server } = await setUp(context, {
    answers: { outputTokens: 400_000, tokensPerChunk: 4_000 },
    accounts: [{ id: 'one', secrets: ['sk-1'], limits: { 'qwen-plus': { rpm: 60 } } }],
  });
  const body = JSON.stringify({
    model: 'qwen-plus',
    messages: [{ role: 'user', content: 'Hello' }],
    stream: true,
    n: 4,
  });
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  context.after(() => socket.destroy());
  socket.pause();
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer sk-1\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  await eventually(() => simulator.stats().openStreams === 1);
  await delay(300);
  const heldAt = simulator.stats().outputTokens;
  await delay(100);
  assert.equal(simulator.stats().outputTokens, heldAt);
  assert.equal(simulator.stats().openStreams, 1);
  socket.resume();
  await eventually(() => simulator.stats().completed === 1);
});

test('the control endpoint shows figures and changes accounts', async (context) => {
  const { server, post, change } = await setUp(context);
  await post();
  const stats = (await (await fetch(`${server.url}/simulator/stats`)).json()) as {
    admitted: number;
    accounts: { id: string; state: string }[];
  };
  assert.equal(stats.admitted, 1);
  assert.deepEqual(
    stats.accounts.map(({ id, state }) => [id, state]),
    [['one', 'ok']],
  );
  const one = await fetch(`${server.url}/simulator/stats?account=one&model=qwen-flash`);
  assert.equal(((await one.json()) as { admitted: number }).admitted, 0);

  await change({ state: 'arrears' });
  assert.equal((await post()).status, 400);
  await change({ state: 'ok', limits: { 'qwen3-max': { rpm: 1 } } });
  assert.equal((await post()).status, 429);
});

test('the control endpoint says what is wrong with a change, and changes nothing', async (context) => {
  const { change, post } = await setUp(context);
  const wrong = [
    [{ state: 'asleep' }, /state: expected one of ok, arrears/],
    [{ fault: { kind: 'fire' } }, /fault.kind: expected one of silent/],
    [{ limits: { 'qwen3-max': 5 } }, /limits.qwen3-max: expected/],
    [{ limits: { 'qwen3-max': { rpm: '60' } } }, /limits.qwen3-max.rpm: expected a number/],
    [{ limits: { 'qwen3-max': { rise: 3 } } }, /limits.qwen3-max.rise: expected an object/],
    [{ revoked: 'sk-1' }, /revoked: expected/],
    ['text', /expected a JSON object/],
  ] as const;
  for (const [body, message] of wrong) {
    const response = await change(body);
    assert.equal(response.status, 400);
    assert.match(await response.text(), message);
  }
  assert.equal((await change({ state: 'ok' }, 'nobody')).status, 404);
  assert.equal((await post()).status, 200);
});

test('closing ends open streams and frees the port', async (context) => {
  const { simulator, server, post } = await setUp(context, { pace: { firstTokenMs: 0, tokensPerSecond: 1 } });
  const response = await post({ stream: true });
  await server.close();
  await assert.rejects(response.text());
  await eventually(() => simulator.stats().inFlight === 0);
  const again = await serveSimulator(simulator, {
    host: '127.0.0.1',
    port: Number(new URL(server.url).port),
  });
  await again.close();
});

test('a taken port is told', async (context) => {
  const { simulator, server } = await setUp(context);
  const port = Number(new URL(server.url).port);
  await assert.rejects(serveSimulator(simulator, { host: '127.0.0.1', port }), /EADDRINUSE/);
});
