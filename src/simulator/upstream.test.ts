import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readAll } from '../base/fetch.ts';
import { createSeededRandom } from '../base/seeded-random.ts';
import { openaiChat } from '../dialects/openai-chat/openai-chat.ts';
import { type Asked, ask, CHAT_URL, chatRequest } from '../testing/ask.ts';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { DEFAULT_SLOPE } from './ramp.ts';
import { createSimulator, type SimulatorOptions } from './upstream.ts';

/** Two accounts; the first with two secrets. No pause in answers unless asked for. */
function setUp(options: Partial<SimulatorOptions> = {}) {
  const clock = createVirtualClock();
  const simulator = createSimulator({
    clock,
    random: createSeededRandom(11),
    accounts: [
      { id: 'one', secrets: ['sk-1', 'sk-1b'] },
      { id: 'two', secrets: ['sk-2'] },
    ],
    pace: { firstTokenMs: 0, tokensPerSecond: 0 },
    oddShare: 0,
    ...options,
  });
  return { clock, simulator, account: simulator.account('one') };
}

const codeOf = (asked: Asked): string => JSON.parse(asked.text).error.code;

test('a plain answer and a stream say the same kind of thing in the dialect of the path', async () => {
  const { simulator } = setUp();
  const plain = await ask(simulator.fetch);
  assert.equal(plain.status, 200);
  const events = openaiChat.readReply(Buffer.from(plain.text)).events;
  assert.deepEqual(
    events.map((event) => event.type),
    ['start', 'text', 'finish', 'usage'],
  );

  const stream = await ask(simulator.fetch, { stream: true, stream_options: { include_usage: true } });
  const reader = openaiChat.streamReader();
  const kinds = reader
    .push(Buffer.from(stream.text))
    .flatMap((chunk) => chunk.events.map((event) => event.type));
  assert.equal(reader.ended, true);
  assert.ok(kinds.filter((kind) => kind === 'text').length > 3);
  assert.deepEqual(kinds.slice(-2), ['finish', 'usage']);
  assert.ok(stream.text.endsWith('data: [DONE]\n\n'));
});

test('headers are those of the vendor, and the ids agree', async () => {
  const { simulator } = setUp();
  const { headers, text } = await ask(simulator.fetch);
  assert.equal(JSON.parse(text).id, `chatcmpl-${headers['x-request-id']}`);
  assert.match(
    headers['x-request-id'] ?? '',
    /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/,
  );
  assert.equal(headers['server'], 'istio-envoy');
  assert.equal(headers['x-dashscope-call-gateway'], 'true');
  for (let call = 0; call < 20; call += 1) {
    const refused = await ask(simulator.fetch);
    const names = Object.keys(refused.headers).join();
    assert.ok(!/ratelimit|retry-after/.test(names), names);
    if (refused.status === 429)
      assert.equal(JSON.parse(refused.text).request_id, refused.headers['x-request-id']);
  }
});

test('all secrets of an account share its quota; another account has its own', async () => {
  const { simulator } = setUp();
  for (let call = 0; call < 10; call += 1)
    assert.equal((await ask(simulator.fetch, {}, { secret: call % 2 ? 'sk-1' : 'sk-1b' })).status, 200);
  for (const secret of ['sk-1', 'sk-1b']) {
    const refused = await ask(simulator.fetch, {}, { secret });
    assert.equal(refused.status, 429);
    assert.equal(codeOf(refused), 'limit_requests');
  }
  assert.equal((await ask(simulator.fetch, {}, { secret: 'sk-2' })).status, 200);
});

test('each model has its own quota, snapshots included', async () => {
  const { simulator } = setUp();
  const snapshot = { model: 'qwen3-max-2025-09-23' };
  assert.equal((await ask(simulator.fetch, snapshot)).status, 200);
  assert.equal((await ask(simulator.fetch, snapshot)).status, 429);
  assert.equal((await ask(simulator.fetch)).status, 200);
});

test('the quota is whole again within a minute', async () => {
  const { clock, simulator } = setUp({
    accounts: [{ id: 'one', secrets: ['sk-1'], limits: { 'qwen3-max': { rpm: 3 } } }],
  });
  const statuses = async () => [
    (await ask(simulator.fetch)).status,
    (await ask(simulator.fetch)).status,
    (await ask(simulator.fetch)).status,
    (await ask(simulator.fetch)).status,
  ];
  assert.deepEqual(await statuses(), [200, 200, 200, 429]);
  await clock.advance(59_999);
  assert.equal((await ask(simulator.fetch)).status, 429);
  await clock.advance(1);
  assert.deepEqual(await statuses(), [200, 200, 200, 429]);
});

test('checks come in the vendor’s order', async () => {
  const { simulator, account } = setUp();
  const everythingWrong = { model: 'no-such-model', temperature: 9 };
  assert.equal(
    codeOf(await ask(simulator.fetch, everythingWrong, { secret: 'sk-unknown' })),
    'invalid_api_key',
  );
  account.set({ state: 'arrears' });
  const inArrears = await ask(simulator.fetch, everythingWrong);
  assert.deepEqual([inArrears.status, codeOf(inArrears)], [400, 'Arrearage']);
  account.set({ state: 'ok' });
  const noModel = await ask(simulator.fetch, everythingWrong);
  assert.deepEqual([noModel.status, codeOf(noModel)], [404, 'model_not_found']);
  account.set({ limits: { 'qwen3-max': { rpm: 0 } } });
  const wrong = await ask(simulator.fetch, { temperature: 9 });
  assert.deepEqual([wrong.status, codeOf(wrong)], [400, 'invalid_parameter_error']);
  assert.equal((await ask(simulator.fetch)).status, 429);
});

test('every state of an account answers as the vendor does', async () => {
  const { simulator, account } = setUp();
  const expected = {
    arrears: 400,
    overdue: 429,
    'free-tier': 403,
    'free-allocated': 429,
    plan: 429,
    'wrong-region': 401,
    'bad-secret': 401,
    overload: 503,
    ok: 200,
  } as const;
  for (const [state, status] of Object.entries(expected)) {
    account.set({ state: state as keyof typeof expected });
    const asked = await ask(simulator.fetch);
    assert.equal(asked.status, status, state);
    assert.equal('retry-after' in asked.headers, state === 'plan', state);
  }
});

test('an exhausted plan is filled again at its printed time', async () => {
  const { clock, simulator, account } = setUp();
  account.set({ state: 'plan', planResetAtMs: clock.now() + 3_600_000 });
  const refused = await ask(simulator.fetch);
  assert.equal(refused.headers['retry-after'], '3600');
  assert.match(refused.text, /will reset at 01-01 01:00:00 UTC/);
  await clock.advance(3_600_000);
  assert.equal((await ask(simulator.fetch)).status, 200);
});

test('one secret may be revoked while its account lives on', async () => {
  const { simulator, account } = setUp();
  account.set({ revoked: ['sk-1'] });
  assert.equal((await ask(simulator.fetch)).status, 401);
  assert.equal((await ask(simulator.fetch, {}, { secret: 'sk-1b' })).status, 200);
});

test('a secret of another region is unknown there', async () => {
  const { simulator } = setUp();
  const at = (host: string) => ({ url: CHAT_URL.replace('http://simulator.test', `https://${host}`) });
  assert.equal((await ask(simulator.fetch, {}, at('dashscope-intl.aliyuncs.com'))).status, 200);
  assert.equal((await ask(simulator.fetch, {}, at('dashscope.aliyuncs.com'))).status, 401);
});

test('the list of models answers 200 whatever the quotas, and takes none', async () => {
  const { simulator, account } = setUp();
  account.set({ state: 'arrears' });
  const url = 'http://simulator.test/v1/models';
  const { body: _, ...head } = chatRequest({}, { url });
  const response = await simulator.fetch({ ...head, method: 'GET' });
  const list = JSON.parse((await readAll(response.body)).toString());
  assert.equal(response.status, 200);
  assert.ok(list.data.some((model: { id: string }) => model.id === 'qwen3-max'));
  assert.equal(simulator.stats().requests, 0);
});

test('unknown paths, unreadable bodies and missing secrets are told apart', async () => {
  const { simulator } = setUp();
  assert.equal((await ask(simulator.fetch, {}, { url: 'http://simulator.test/v1/nothing' })).status, 404);
  assert.equal(
    (await ask(simulator.fetch, {}, { url: 'http://simulator.test/v1/chat/completions' })).status,
    200,
  );
  assert.equal((await ask(simulator.fetch, { messages: 'none' })).status, 400);
  const bare = await simulator.fetch({ ...chatRequest(), headers: {} });
  assert.match((await readAll(bare.body)).toString(), /No API-key provided/);
  const other = await simulator.fetch({ ...chatRequest(), headers: { 'x-api-key': 'sk-2' } });
  assert.equal(other.status, 200);
});

test('answers take their time: the first token, then the pace', async () => {
  const { clock, simulator } = setUp({
    pace: { firstTokenMs: 300, tokensPerSecond: 60 },
    answers: { outputTokens: 60 },
  });
  const startMs = clock.now();
  const plain = await clock.runUntil(ask(simulator.fetch), 10_000);
  const { completion_tokens } = JSON.parse(plain.text).usage;
  assert.ok(Math.abs(clock.now() - startMs - 300 - (completion_tokens * 1_000) / 60) < 1);

  const response = await simulator.fetch(chatRequest({ stream: true }));
  const sentMs = clock.now();
  const times: number[] = [];
  const read = (async () => {
    for await (const _ of response.body) times.push(clock.now() - sentMs);
  })();
  await clock.runUntil(read, 10_000);
  assert.equal(Math.round(times[0] ?? 0), 300);
  assert.equal(Math.round((times[3] ?? 0) - (times[2] ?? 0)), 67);
});

test('output that outgrows the TPM refuses the next call, or trips its own stream', async () => {
  for (const outputTrips of [false, true]) {
    const { simulator } = setUp({
      rules: { outputTrips, perSecond: false },
      accounts: [{ id: 'one', secrets: ['sk-1'], limits: { 'qwen3-max': { tpm: 30 } } }],
    });
    const { text } = await ask(simulator.fetch, { stream: true });
    assert.equal(text.includes('data: [DONE]'), !outputTrips);
    assert.equal(/event:error\n:HTTP_STATUS\/429\ndata:\{"request_id"/.test(text), outputTrips);
    assert.equal(codeOf(await ask(simulator.fetch)), 'insufficient_quota');
    const { died, refused, inFlight } = simulator.stats();
    assert.deepEqual([died, refused.tpm, inFlight], outputTrips ? [1, 2, 0] : [0, 1, 0]);
  }
});

test('a plain answer over the TPM is refused as a whole', async () => {
  const { simulator } = setUp({
    rules: { outputTrips: true, perSecond: false },
    accounts: [{ id: 'one', secrets: ['sk-1'], limits: { 'qwen3-max': { tpm: 30 } } }],
  });
  const refused = await ask(simulator.fetch);
  assert.deepEqual([refused.status, codeOf(refused)], [429, 'insufficient_quota']);
});

test('a cold burst is refused, or held as long as the caller asked for', async () => {
  const slope = { ...DEFAULT_SLOPE, floorRequests: 2 };
  const limits = { 'qwen3-max': { rpm: 6_000, slope } };
  const { clock, simulator } = setUp({ accounts: [{ id: 'one', secrets: ['sk-1'], limits }] });
  const burst = (headers: Record<string, string>) =>
    clock.runUntil(
      Promise.all(Array.from({ length: 6 }, () => ask(simulator.fetch, {}, { headers }))),
      60_000,
    );
  const refused = (await burst({})).filter((asked) => asked.status === 429);
  assert.equal(refused.length, 4);
  assert.ok(refused.every((asked) => codeOf(asked) === 'limit_burst_rate'));

  await clock.advance(200_000);
  const held = await burst({ 'x-dashscope-wait-timeout': '10' });
  assert.ok(held.every((asked) => asked.status === 200));
  await clock.advance(200_000);
  const briefly = await burst({ 'x-dashscope-wait-timeout': '1' });
  assert.equal(briefly.filter((asked) => asked.status === 429).length, 2);
});

test('only growth is waited out: requests per minute are refused at once', async () => {
  const { clock, simulator } = setUp({
    accounts: [{ id: 'one', secrets: ['sk-1'], limits: { 'qwen3-max': { rpm: 1 } } }],
  });
  const headers = { 'x-dashscope-wait-timeout': '120' };
  await ask(simulator.fetch, {}, { headers });
  assert.equal((await ask(simulator.fetch, {}, { headers })).status, 429);
  assert.equal(clock.pending(), 0);
});

test('limits change while it runs, and a model may vanish', async () => {
  const { simulator, account } = setUp();
  await ask(simulator.fetch);
  account.set({ limits: { 'qwen3-max': { rpm: 1 }, 'my-own-model': { rpm: 1 } } });
  assert.equal((await ask(simulator.fetch)).status, 429);
  assert.equal((await ask(simulator.fetch, { model: 'my-own-model' })).status, 200);
  account.set({ limits: { 'qwen3-max': null } });
  assert.equal((await ask(simulator.fetch)).status, 404);
});

test('stats tell accounts and models apart, and strangers from both', async () => {
  const { simulator } = setUp();
  for (let call = 0; call < 12; call += 1) await ask(simulator.fetch);
  await ask(simulator.fetch, { model: 'qwen-flash' });
  await ask(simulator.fetch, { model: 'unknown' });
  await ask(simulator.fetch, {}, { secret: 'sk-2' });
  await ask(simulator.fetch, {}, { secret: 'sk-9' });
  const max = simulator.stats('one', 'qwen3-max');
  assert.deepEqual([max.requests, max.admitted, max.refused], [12, 10, { rps: 2 }]);
  assert.equal(max.peakRequestsPerSecond, 12);
  assert.equal(max.completed, 10);
  assert.equal(max.promptTokens, 60);
  assert.equal(max.tokensLastMinute, max.promptTokens + max.outputTokens);
  const one = simulator.stats('one');
  assert.deepEqual([one.requests, one.refused], [14, { rps: 2, 'no-model': 1 }]);
  const all = simulator.stats();
  assert.deepEqual([all.requests, all.admitted, all.refused['bad-secret']], [16, 12, 1]);
  assert.throws(() => simulator.stats('three'), /no simulated account "three"/);
});

test('the same seed tells the same story', async () => {
  const tell = async () => {
    const { simulator } = setUp({ oddShare: 0.5 });
    const told: string[] = [];
    for (let call = 0; call < 15; call += 1) told.push((await ask(simulator.fetch)).text);
    return told;
  };
  assert.deepEqual(await tell(), await tell());
});

test('max_tokens is charged at the door where the rules say so, and given back', async () => {
  const limits = { 'qwen3-max': { tpm: 2_000, tps: 1e9 } };
  const accounts = [{ id: 'one', secrets: ['sk-1'], limits }];
  for (const charging of ['used', 'reserved'] as const) {
    const { simulator } = setUp({ accounts, rules: { charging } });
    const refused = await ask(simulator.fetch, { max_tokens: 3_000 }, { secret: 'sk-1' });
    assert.equal(refused.status, charging === 'reserved' ? 429 : 200);
    assert.equal((await ask(simulator.fetch, { max_tokens: 900 }, { secret: 'sk-1' })).status, 200);
    assert.ok(simulator.stats().tokensLastMinute < 900);
  }
});
