/** What is no chat waits, moves, falls back and is counted like every chat. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Answer, accounts, chat, createHouse, type House } from './house.ts';

const EMBED = { model: 'text-embedding-v4', input: 'water runs evenly', dimensions: 8 };
const embed = (house: House, more: object = {}, headers = {}): Promise<Answer> =>
  house.post('/v1/embeddings', { ...EMBED, ...more }, headers);

const POOL = (rpm: number): string => `
${accounts(3, `text-embedding-v4: { limits: { rpm: ${rpm} } }`)}
queue: { max_wait: 100s }
simulator: { ttft: 50ms }
`;

const storyOf = (house: House, answer: Answer) =>
  house.log.find(({ call }) => call === answer.headers['x-request-id']);

describe('embeddings', () => {
  it('wait in line for the limits of their accounts, and none is refused', async () => {
    const house = createHouse(POOL(60));
    const answers = await house.all(
      Array.from({ length: 200 }, (_, i) => embed(house, { input: `text ${i}` })),
    );
    assert.ok(answers.every(({ status }) => status === 200));
    assert.deepEqual(house.simulator.stats().refused, {});
    assert.ok(Math.max(...answers.map(({ atMs }) => atMs)) > 30_000);
    assert.ok(answers.some(({ headers }) => Number(headers['x-sluice-queue-ms']) > 1_000));
    assert.equal(house.app.rooms.limiter.open(), 0);
    assert.equal(house.clock.pending(), 0);
  });

  for (const [name, change] of Object.entries({
    'a secret that is not accepted': { state: 'bad-secret' },
    overload: { state: 'overload' },
    'a refused connection': { fault: { kind: 'refuse-connection' } },
    silence: { fault: { kind: 'silent' } },
    'an answer that is none': { fault: { kind: 'malformed' } },
  } as const))
    it(`move to another account from ${name}`, async () => {
      const house = createHouse(`${POOL(600)}\ntimeouts: { first_byte: 5s }`);
      house.simulator.account('a').set(change);
      const answers = await house.all(
        Array.from({ length: 30 }, (_, i) => embed(house, { input: `text ${i}` })),
      );
      assert.ok(answers.every(({ status }) => status === 200));
      assert.ok(answers.every(({ headers }) => headers['x-sluice-channel'] !== 'a/text-embedding-v4'));
      assert.ok(answers.some(({ headers }) => Number(headers['x-sluice-attempts']) > 1));
      assert.equal(house.app.rooms.limiter.open(), 0);
    });

  it('are counted as the provider tells it, and are given again under an idempotency key', async () => {
    const house = createHouse(`${POOL(600)}\nserver: { idempotency_ttl: 30s }`);
    const key = { 'idempotency-key': 'once' };
    const first = await house.one(embed(house, {}, key));
    const second = embed(house, {}, key);
    // Before time moves on, and what is kept with it.
    await house.arrived();
    const again = await house.one(second);
    assert.deepEqual(again.json, first.json);
    assert.equal(again.headers['x-sluice-idempotent'], 'replayed');
    assert.equal(house.simulator.stats().requests, 1);
    const told = first.json?.['usage'] as { prompt_tokens: number };
    assert.partialDeepStrictEqual(storyOf(house, first), {
      usage: { input: told.prompt_tokens, output: 0, source: 'upstream' },
      end: 'complete',
    });
  });

  it('that cannot be asked for are not', async () => {
    const house = createHouse(POOL(60));
    const refused = await house.one(embed(house, { input: undefined }));
    assert.equal(refused.status, 400);
    assert.equal(house.simulator.stats().requests, 0);
  });
});

describe('a model that is served by several providers', () => {
  const MIXED = `
accounts:
  - { id: talker, provider: deepseek, secrets: [x], models: { m: { tier: 0 } } }
  - { id: sim, provider: simulator, secrets: [y], models: { m: { tier: 1, limits: { rpm: 600 } } } }
`;

  it('is asked for a task where the provider has it, however the tiers stand', async () => {
    const house = createHouse(MIXED);
    const answer = await house.one(embed(house, { model: 'm' }));
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['x-sluice-channel'], 'sim/m');
    assert.equal(answer.headers['x-sluice-attempts'], '1');
  });

  it('none of whom has the task is refused by its name, the task and the providers', async () => {
    const house = createHouse(MIXED.replace(/ {2}- { id: sim.*\n/, ''));
    for (const [path, body, what] of [
      ['/v1/embeddings', { input: 'x' }, /embeddings/],
      ['/v1/rerank', { query: 'x', documents: ['y'] }, /reranking/],
      ['/v1/images/generations', { prompt: 'x' }, /images/],
      ['/v1/audio/speech', { input: 'x', voice: 'v' }, /speech/],
      ['/v1/moderations', { input: 'x' }, /moderation/],
    ] as const) {
      const { status, json } = await house.one(house.post(path, { model: 'm', ...body }));
      assert.equal(status, 400);
      const { message, param } = (json?.['error'] ?? {}) as { message: string; param: string };
      assert.match(message, /'m' cannot be asked for .*DeepSeek/);
      assert.match(message, what);
      assert.equal(param, 'model');
    }
  });

  it('and its fallback only where that can', async () => {
    const house = createHouse(`
accounts:
  - { id: talker, provider: deepseek, secrets: [x], models: [chatty] }
  - { id: a, provider: simulator, secrets: [y], models: { first: {}, second: {} }, limits: { rpm: 600 } }
models:
  first: { fallbacks: [chatty, second] }
retries: { max_attempts: 1 }
`);
    house.simulator.account('a').set({ fault: { kind: 'malformed', models: ['first'] } });
    const answer = await house.one(embed(house, { model: 'first' }));
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['x-sluice-model'], 'second');
    assert.equal(answer.json?.['model'], 'second');
  });
});

it('old completions of a provider that answers plain calls in streams are answered from its chat', async () => {
  const house = createHouse(accounts(1, 'qwen3-max: { limits: { rpm: 600 } }'));
  const answer = await house.one(house.post('/v1/completions', { model: 'qwen3-max', prompt: 'Once upon' }));
  assert.equal(answer.status, 200);
  assert.partialDeepStrictEqual(answer.json, { object: 'text_completion', model: 'qwen3-max' });
  const chatted = await house.one(house.call(chat('Once upon')));
  assert.equal(chatted.status, 200);
});

it('a stream of sound or pictures that dies is told so in words', async () => {
  const house = createHouse(accounts(1, 'speaker: { limits: { rpm: 600 } }'));
  house.simulator.account('a').set({ fault: { kind: 'cut', afterChunks: 1 } });
  const ask = { model: 'speaker', input: 'water', stream_format: 'sse' };
  const { text } = await house.one(house.post('/v1/audio/speech', ask));
  assert.match(text, /"error"/);
  assert.equal(house.app.rooms.limiter.open(), 0);
});

it('sound that several wait for under one idempotency key is made once, and keeps its type when it is given again', async () => {
  const limits = accounts(1, 'speaker: { limits: { rpm: 600 } }');
  const house = createHouse(`${limits}\nserver: { idempotency_ttl: 30s }`);
  const say = (): Promise<Answer> =>
    house.post('/v1/audio/speech', { model: 'speaker', input: 'water' }, { 'idempotency-key': 'once' });
  const together = [say(), say()];
  await house.arrived();
  const [first, joined] = await house.all(together);
  const late = say();
  await house.arrived();
  const again = await house.one(late);
  for (const answer of [first, joined, again]) {
    assert.equal(answer?.headers['content-type'], 'audio/wav');
    assert.equal(answer?.text, first?.text);
  }
  assert.match(first?.text ?? '', /^RIFF/);
  assert.deepEqual(
    [first, joined, again].map((answer) => answer?.headers['x-sluice-idempotent']),
    [undefined, 'joined', 'replayed'],
  );
  assert.equal(house.simulator.stats().requests, 1);
});
