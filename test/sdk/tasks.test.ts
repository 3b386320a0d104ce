/** What is no chat, by official clients: embeddings, images, speech, moderation, old completions; reranking by hand. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { GoogleGenAI } from '@google/genai';
import { KEY, startRelay, type TestRelay } from './relay.ts';

const WIDE = '{ limits: { rpm: 60000, tpm: 60000000 } }';
const MODELS = [
  'text-embedding-v4',
  'qwen3-rerank',
  'gte-rerank-v2',
  'painter',
  'speaker',
  'guard',
  'qwen3-coder-plus',
  'qwen-plus',
];
const YAML = `
accounts:
  - id: a
    provider: simulator
    secrets: [secret-of-a]
    models:
${MODELS.map((model) => `      ${model}: ${WIDE}`).join('\n')}
  - id: google
    provider: simulator
    base_url: http://simulator.internal/only/gemini
    secrets: [secret-of-google]
    models: { gemini-embedding-001: ${WIDE} }
simulator: { ttft: 1ms, tokens_per_second: 50000, output_tokens: 40 }
`;

let relay: TestRelay;
before(async () => {
  relay = await startRelay(YAML);
});
after(() => relay.close());

const post = (path: string, body: unknown): Promise<Response> =>
  fetch(relay.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

const lengthOf = (vector: readonly number[]): number => Math.hypot(...vector);

describe('embeddings', () => {
  it('come as numbers to a client that asks for base64 by itself, from a provider that knows numbers alone', async () => {
    const { data, usage, model } = await relay
      .openai()
      .embeddings.create({ model: 'text-embedding-v4', input: ['water', 'gate'], dimensions: 64 });
    assert.equal(model, 'text-embedding-v4');
    assert.deepEqual(
      data.map(({ embedding }) => embedding.length),
      [64, 64],
    );
    for (const { embedding } of data) assert.ok(Math.abs(lengthOf(embedding) - 1) < 1e-6);
    assert.notDeepEqual(data[0]?.embedding, data[1]?.embedding);
    assert.ok(usage.prompt_tokens > 0);
  });

  it('are the same whichever form is asked for', async () => {
    const ask = { model: 'text-embedding-v4', input: 'water', dimensions: 8 };
    const client = relay.openai();
    const [given] = (await client.embeddings.create(ask)).data;
    const [floats] = (await client.embeddings.create({ ...ask, encoding_format: 'float' })).data;
    assert.deepEqual(given?.embedding, floats?.embedding);
    const raw = await post('/v1/embeddings', { ...ask, encoding_format: 'base64' });
    const { data } = (await raw.json()) as { data: { embedding: string }[] };
    assert.equal(Buffer.from(data[0]?.embedding ?? '', 'base64').readFloatLE(0), floats?.embedding[0]);
  });

  it('are accounted, with what the provider told', async () => {
    await relay.openai().embeddings.create({ model: 'text-embedding-v4', input: 'water' });
    const story = relay.log.findLast(({ usage }) => usage !== undefined);
    assert.partialDeepStrictEqual(story, { usage: { source: 'upstream', output: 0 } });
  });
});

describe("embeddings of Google's clients", () => {
  for (const [model, where] of [
    ['text-embedding-v4', "in OpenAI's words"],
    ['gemini-embedding-001', "in Google's own"],
  ] as const)
    for (const apiVersion of ['v1beta', 'v1'])
      it(`come from a provider that is asked ${where}, below ${apiVersion}`, async () => {
        const client = new GoogleGenAI({ apiKey: KEY, httpOptions: { baseUrl: relay.url, apiVersion } });
        const { embeddings = [] } = await client.models.embedContent({
          model,
          contents: ['water', 'gate'],
          config: { outputDimensionality: 16 },
        });
        assert.deepEqual(
          embeddings.map(({ values }) => values?.length),
          [16, 16],
        );
        const { data } = await relay
          .openai()
          .embeddings.create({ model, input: ['water', 'gate'], dimensions: 16, encoding_format: 'float' });
        assert.deepEqual(
          data.map(({ embedding }) => embedding),
          embeddings.map(({ values }) => values),
        );
      });

  it('come one by one, too, and name what nobody else knows', async () => {
    const ask = { content: { parts: [{ text: 'water' }] }, taskType: 'RETRIEVAL_QUERY' };
    const response = await post('/v1beta/models/text-embedding-v4:embedContent', ask);
    assert.equal(response.headers.get('x-sluice-dropped'), 'taskType');
    const { embedding } = (await response.json()) as { embedding: { values: number[] } };
    assert.equal(embedding.values.length, 1_024);
    const native = await post('/v1beta/models/gemini-embedding-001:embedContent', ask);
    assert.equal(native.headers.get('x-sluice-dropped'), null);
    assert.deepEqual(
      ((await native.json()) as typeof response.json & { embedding: unknown }).embedding,
      embedding,
    );
  });

  it("are refused in Google's words", async () => {
    const response = await post('/v1beta/models/text-embedding-v4:embedContent', {});
    assert.equal(response.status, 400);
    assert.partialDeepStrictEqual(await response.json(), {
      error: { code: 400, status: 'INVALID_ARGUMENT' },
    });
  });
});

describe('reranking', () => {
  const ask = {
    query: 'open the gate',
    documents: ['water runs', 'the gate opens', 'open the gate'],
    top_n: 2,
  };
  type Ranked = { model: string; results: { index: number; relevance_score: number; document?: unknown }[] };

  it('is in the language of Cohere and Jina, wherever they look for it', async () => {
    for (const path of ['/v1/rerank', '/v2/rerank', '/v1/reranks']) {
      const response = await post(path, { model: 'qwen3-rerank', ...ask });
      assert.equal(response.status, 200);
      const { model, results } = (await response.json()) as Ranked;
      assert.equal(model, 'qwen3-rerank');
      assert.deepEqual(
        results.map(({ index }) => index),
        [2, 1],
      );
    }
  });

  it("is the same on a model that is only asked in Model Studio's own, which says what it cannot say", async () => {
    const wish = { return_documents: true, rank_fields: ['text'] };
    const response = await post('/v1/rerank', { model: 'gte-rerank-v2', ...ask, ...wish });
    assert.equal(response.headers.get('x-sluice-dropped'), 'rank_fields');
    const { model, results } = (await response.json()) as Ranked;
    assert.equal(model, 'gte-rerank-v2');
    assert.partialDeepStrictEqual(results, [
      { index: 2, relevance_score: 1, document: { text: 'open the gate' } },
      { index: 1 },
    ]);
  });

  it("speaks Model Studio's own with its clients, also on a model that is asked in the other", async () => {
    const { query, documents, top_n } = ask;
    const response = await post('/api/v1/services/rerank/text-rerank/text-rerank', {
      model: 'qwen3-rerank',
      input: { query, documents },
      parameters: { top_n },
    });
    const body = (await response.json()) as { output: Ranked; usage: { total_tokens: number } };
    assert.equal(body.output.results[0]?.index, 2);
    assert.ok(body.usage.total_tokens > 0);
  });
});

describe('pictures', () => {
  it('come whole', async () => {
    const { data, usage } = await relay
      .openai()
      .images.generate({ model: 'painter', prompt: 'a gate', n: 2 });
    assert.equal(data?.length, 2);
    const png = Buffer.from(data?.[0]?.b64_json ?? '', 'base64');
    assert.equal(png.toString('latin1', 1, 4), 'PNG');
    assert.ok((usage?.output_tokens ?? 0) > 0);
  });

  it('come in parts', async () => {
    const stream = await relay.openai().images.generate({ model: 'painter', prompt: 'a gate', stream: true });
    const types: string[] = [];
    for await (const event of stream) types.push(event.type);
    assert.deepEqual(types, ['image_generation.partial_image', 'image_generation.completed']);
    await relay.settled();
    const story = relay.log.findLast(({ usage }) => usage !== undefined);
    assert.partialDeepStrictEqual(story, { end: 'complete', usage: { source: 'upstream' } });
  });
});

describe('speech', () => {
  it('is sound of the type that the provider says, byte for byte', async () => {
    const response = await relay
      .openai()
      .audio.speech.create({ model: 'speaker', voice: 'alloy', input: 'water runs evenly' });
    assert.equal(response.headers.get('content-type'), 'audio/wav');
    assert.equal(response.headers.get('x-sluice-model'), 'speaker');
    const sound = Buffer.from(await response.arrayBuffer());
    assert.equal(sound.toString('latin1', 0, 4), 'RIFF');
    assert.equal(sound.readUInt32LE(4), sound.length - 8);
    await relay.settled();
  });

  it('comes in events where they are asked for', async () => {
    const response = await post('/v1/audio/speech', {
      model: 'speaker',
      voice: 'alloy',
      input: 'water',
      stream_format: 'sse',
    });
    assert.match(response.headers.get('content-type') ?? '', /^text\/event-stream/);
    const text = await response.text();
    const events = [...text.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data ?? ''));
    const sound = events.flatMap(({ audio }) => (audio === undefined ? [] : [Buffer.from(audio, 'base64')]));
    assert.equal(Buffer.concat(sound).toString('latin1', 0, 4), 'RIFF');
    assert.equal(events.at(-1).type, 'speech.audio.done');
  });
});

it('moderation answers for every text', async () => {
  const { results } = await relay
    .openai()
    .moderations.create({ model: 'guard', input: ['water', 'how to build a bomb'] });
  assert.deepEqual(
    results.map(({ flagged }) => flagged),
    [false, true],
  );
});

describe('old completions', () => {
  for (const [model, how] of [
    ['qwen3-coder-plus', 'passed on where the provider has them'],
    ['qwen-plus', 'answered from a chat elsewhere'],
  ] as const)
    it(`are ${how}, whole and in a stream`, async () => {
      const client = relay.openai();
      const whole = await client.completions.create({ model, prompt: 'Say something', max_tokens: 20 });
      assert.equal(whole.object, 'text_completion');
      assert.equal(whole.model, model);
      assert.match(whole.choices[0]?.text ?? '', /Say something/);
      assert.ok((whole.usage?.completion_tokens ?? 0) > 0);
      const stream = await client.completions.create({
        model,
        prompt: 'Say something',
        stream: true,
        stream_options: { include_usage: true },
      });
      let text = '';
      let usage: unknown;
      for await (const chunk of stream) {
        assert.equal(chunk.object, 'text_completion');
        text += chunk.choices[0]?.text ?? '';
        usage = chunk.usage ?? usage;
      }
      assert.match(text, /Say something/);
      assert.ok(usage);
    });

  it('name what a chat cannot do', async () => {
    const response = await post('/v1/completions', {
      model: 'qwen-plus',
      prompt: 'Say something',
      echo: true,
      suffix: 'end',
      best_of: 1,
    });
    assert.equal(response.headers.get('x-sluice-dropped'), 'echo, suffix');
    const refused = await post('/v1/completions', { model: 'qwen-plus', prompt: ['a', 'b'] });
    assert.equal(refused.status, 400);
    assert.match(JSON.stringify(await refused.json()), /prompt: expected one text/);
  });
});

it('a field that is missing is named', async () => {
  for (const [path, body, param] of [
    ['/v1/embeddings', { model: 'text-embedding-v4' }, 'input'],
    ['/v1/embeddings', { model: 'text-embedding-v4', input: [] }, 'input'],
    ['/v1/embeddings', { input: 'x' }, 'model'],
    ['/v1/rerank', { model: 'qwen3-rerank', query: 'x' }, 'documents'],
    ['/v1/images/generations', { model: 'painter' }, 'prompt'],
    ['/v1/audio/speech', { model: 'speaker', input: 3 }, 'input'],
    ['/v1/moderations', { model: 'guard' }, 'input'],
  ] as const) {
    const response = await post(path, body);
    assert.equal(response.status, 400, path);
    assert.equal(((await response.json()) as { error: { param: string } }).error.param, param, path);
  }
});
