import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readAll, type UpstreamResponse } from '../base/fetch.ts';
import { createSeededRandom } from '../base/seeded-random.ts';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { embed, moderate, PICTURE, rank, soundOf } from './task-answers.ts';
import { taskAt } from './tasks.ts';
import { createSimulator, type Simulator } from './upstream.ts';

function house(rpm = 6_000) {
  const clock = createVirtualClock();
  const simulator = createSimulator({
    clock,
    random: createSeededRandom(3),
    accounts: [{ id: 'a', secrets: ['s'], limits: { m: { rpm, tpm: 100_000 } } }],
    pace: { firstTokenMs: 10, tokensPerSecond: 10_000 },
    oddShare: 0,
  });
  const ask = (path: string, body: object): Promise<UpstreamResponse> =>
    clock.runUntil(
      simulator.fetch({
        method: 'POST',
        url: `http://localhost${path}`,
        headers: { authorization: 'Bearer s' },
        body: Buffer.from(JSON.stringify({ model: 'm', ...body })),
        signal: new AbortController().signal,
      }),
      60_000,
    );
  const told = async (
    path: string,
    body: object,
  ): Promise<{ status: number; type: string; body: Buffer }> => {
    const { status, headers, body: pieces } = await ask(path, body);
    const whole = await clock.runUntil(readAll(pieces), 60_000);
    return { status, type: headers['content-type'] ?? '', body: whole };
  };
  return { clock, simulator, told };
}

const jsonOf = ({ body }: { readonly body: Buffer }): Record<string, unknown> => JSON.parse(body.toString());
const inFlight = (simulator: Simulator): number => simulator.stats().inFlight;

describe('a vector', () => {
  it('is of length one, the same for the same text and another for another', () => {
    const { vectors } = embed({ inputs: ['water', 'water', 'gate', [1, 2]], dimensions: 32 });
    for (const vector of vectors) assert.ok(Math.abs(Math.hypot(...vector) - 1) < 1e-6);
    assert.deepEqual(vectors[0], vectors[1]);
    assert.notDeepEqual(vectors[0], vectors[2]);
    assert.equal(embed({ inputs: ['x'] }).vectors[0]?.length, 1_024);
    // What goes through base64 comes back the same.
    assert.ok(vectors[0]?.every((value) => Math.fround(value) === value));
  });
});

describe('an order', () => {
  it('puts first what has the most words of the query, of equals the earlier', () => {
    const documents = ['nothing', 'the gate', { text: 'open the gate' }, 'The GATE'];
    const { results } = rank({
      model: 'm',
      query: 'open the gate',
      documents,
      options: { return_documents: true },
    });
    assert.deepEqual(
      results.map(({ index }) => index),
      [2, 1, 3, 0],
    );
    assert.deepEqual([results[0]?.score, results[3]?.score], [1, 0]);
    assert.deepEqual(results[1]?.document, { text: 'the gate' });
    assert.equal(rank({ model: 'm', query: '', documents, options: { top_n: 2 } }).results.length, 2);
  });
});

describe('what is painted, spoken and judged', () => {
  it('is a picture, a sound of the length of the text, and a verdict', () => {
    assert.deepEqual([...Buffer.from(PICTURE, 'base64').subarray(0, 4)], [0x89, 0x50, 0x4e, 0x47]);
    const [short, long] = [soundOf('water'), soundOf('water runs evenly through the gate')];
    assert.equal(short.readUInt32LE(40), short.length - 44);
    assert.ok(long.length > short.length);
    assert.partialDeepStrictEqual(
      [moderate('water'), moderate('a bomb')],
      [{ flagged: false }, { flagged: true }],
    );
  });
});

describe('the doors of tasks', () => {
  it('are told apart from those of chats', () => {
    for (const path of [
      '/v1/embeddings',
      '/compatible-mode/v1/embeddings',
      '/v1/rerank',
      '/compatible-api/v1/reranks',
      '/api/v1/services/rerank/text-rerank/text-rerank',
      '/v1beta/models/m:embedContent',
      '/v1beta/models/m:batchEmbedContents',
      '/v1/images/generations',
      '/v1/audio/speech',
      '/v1/moderations',
      '/v1/completions',
    ])
      assert.ok(taskAt('POST', path), path);
    for (const path of [
      '/v1/chat/completions',
      '/v1/messages',
      '/v1/models',
      '/v1beta/models/m:generateContent',
    ])
      assert.equal(taskAt('POST', path), undefined, path);
    assert.equal(taskAt('GET', '/v1/embeddings'), undefined);
  });

  it('answer in their own words, with what it took, and give back what they hold', async () => {
    const { simulator, told } = house();
    for (const [path, body, part] of [
      ['/v1/embeddings', { input: 'water', dimensions: 2 }, { object: 'list', usage: { prompt_tokens: 12 } }],
      ['/v1/rerank', { query: 'q', documents: ['d'] }, { model: 'm', results: [{ index: 0 }] }],
      ['/v1/images/generations', { prompt: 'x', n: 2 }, { data: [{ b64_json: PICTURE }, {}] }],
      ['/v1/moderations', { input: ['x', 'y'] }, { results: [{ flagged: false }, {}] }],
      ['/v1/completions', { prompt: 'x' }, { object: 'text_completion' }],
      ['/v1beta/models/m:embedContent', { content: { parts: [{ text: 'x' }] } }, { embedding: {} }],
    ] as const) {
      const answer = await told(path, body);
      assert.equal(answer.status, 200, path);
      assert.partialDeepStrictEqual(jsonOf(answer), part, path);
    }
    const sound = await told('/v1/audio/speech', { input: 'water' });
    assert.equal(sound.type, 'audio/wav');
    assert.equal(inFlight(simulator), 0);
    assert.equal(simulator.stats().admitted, 7);
  });

  it('answer in events where they are asked to', async () => {
    const { simulator, told } = house();
    const picture = await told('/v1/images/generations', { prompt: 'x', stream: true });
    assert.match(picture.type, /event-stream/);
    assert.match(picture.body.toString(), /partial_image".*\n\n.*image_generation.completed.*\n\n$/);
    const sound = await told('/v1/audio/speech', { input: 'x', stream_format: 'sse' });
    assert.match(sound.body.toString(), /speech\.audio\.delta.*\n\n.*\n\n.*speech\.audio\.done.*\n\n$/);
    assert.equal(simulator.stats().openStreams, 0);
  });

  it('have the limits of every call', async () => {
    const { simulator, told } = house(60);
    const statuses: number[] = [];
    for (let i = 0; i < 5; i++)
      statuses.push((await told('/v1/embeddings', { input: 'x', dimensions: 2 })).status);
    assert.ok(statuses.includes(429));
    assert.equal(statuses[0], 200);
    const large = await told('/v1/embeddings', { input: 'water '.repeat(100_000) });
    assert.equal(large.status, 429);
    assert.equal(inFlight(simulator), 0);
  });

  it('refuse what is wrong, and a model that there is not', async () => {
    const { told } = house();
    for (const [path, body, status] of [
      ['/v1/embeddings', { input: 'x', encoding_format: 'base64' }, 400],
      ['/v1/embeddings', {}, 400],
      ['/v1/rerank', { query: 'x' }, 400],
      ['/v1/embeddings', { model: 'other', input: 'x' }, 404],
    ] as const)
      assert.equal((await told(path, body)).status, status, JSON.stringify(body));
  });
});
