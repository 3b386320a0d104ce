/**
 * The official `@google/genai` against Sluice over a real socket: on an account that speaks its dialect itself, and on
 * such as only speak OpenAI chat or Anthropic's messages.
 */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ApiError, FunctionCallingConfigMode, type FunctionDeclaration, GoogleGenAI } from '@google/genai';
import type { Simulator } from '../../src/simulator/upstream.ts';
import { startFar } from './far-simulator.ts';
import { caught, KEY, startRelay, type TestRelay } from './relay.ts';

const WEATHER: FunctionDeclaration = {
  name: 'get_weather',
  description: 'The weather of a city',
  parametersJsonSchema: {
    type: 'object',
    properties: { city: { type: 'string' }, days: { type: 'integer' } },
    required: ['city'],
  },
};

const TIME: FunctionDeclaration = { name: 'get_time', description: 'The time' };

const account = (provider: string, baseUrl: string, limits = '{ rpm: 60000, tpm: 60000000 }'): string => `
accounts:
  - id: far
    provider: ${provider}
    base_url: ${baseUrl}
    secrets: [far-secret]
    models: { qwen3-max: { limits: ${limits} } }
`;

const WAYS = {
  'its own dialect': ['gemini', '/v1beta'],
  'OpenAI chat alone': ['openai-compatible', '/compatible-mode/v1'],
  // Inside of the process, since no provider that is asked elsewhere speaks nothing else.
  'messages alone': ['simulator', 'http://simulator.internal/only/anthropic-messages'],
} as const;

const clientOf = ({ url }: TestRelay, apiKey = KEY): GoogleGenAI =>
  new GoogleGenAI({ apiKey, httpOptions: { baseUrl: url } });

const model = 'qwen3-max';

for (const [way, [provider, path]] of Object.entries(WAYS))
  describe(`the google genai package on an account of ${way}`, () => {
    let relay: TestRelay;
    let far: Awaited<ReturnType<typeof startFar>>;
    let simulator: Simulator;
    let ai: GoogleGenAI;
    before(async () => {
      far = await startFar();
      const isInside = provider === 'simulator';
      const yaml = account(provider, isInside ? path : far.server.url + path);
      relay = await startRelay(
        `${yaml}simulator: { ttft: 1ms, tokens_per_second: 1000, output_tokens: 40 }\n`,
      );
      simulator = (isInside ? relay.app.simulator() : far.simulator) ?? assert.fail();
      ai = clientOf(relay);
    });
    after(async () => {
      await relay.close();
      await far.server.close();
    });

    it('gets a plain answer with usage, and the story of the call in its headers', async () => {
      const answer = await ai.models.generateContent({
        model,
        contents: '你好, who are you?',
        config: { systemInstruction: 'Be brief.', temperature: 0.5, maxOutputTokens: 500 },
      });
      assert.match(answer.text ?? '', /你好, who are you\?/);
      assert.equal(answer.candidates?.[0]?.finishReason, 'STOP');
      assert.equal(answer.modelVersion, model);
      const { promptTokenCount = 0, candidatesTokenCount = 0, totalTokenCount } = answer.usageMetadata ?? {};
      assert.ok(promptTokenCount > 0 && candidatesTokenCount > 0);
      assert.equal(totalTokenCount, promptTokenCount + candidatesTokenCount);
      const headers = answer.sdkHttpResponse?.headers ?? {};
      assert.match(headers['x-request-id'] ?? '', /^req_/);
      assert.equal(headers['x-sluice-attempts'], '1');
      assert.equal(headers['x-sluice-dropped'], undefined);
    });

    it('gets a stream whose pieces make the whole, with reason and usage in the last of them', async () => {
      let text = '';
      let pieces = 0;
      let last: Awaited<ReturnType<typeof ai.models.generateContent>> | undefined;
      for await (const chunk of await ai.models.generateContentStream({ model, contents: 'tell 🌊' })) {
        assert.ok(chunk.candidates?.[0]?.content?.parts?.length, 'every piece has parts');
        text += chunk.text ?? '';
        pieces += 1;
        last = chunk;
      }
      assert.match(text, /^"tell 🌊":/);
      assert.ok(!text.includes('\uFFFD') && pieces > 3);
      assert.equal(last?.candidates?.[0]?.finishReason, 'STOP');
      assert.equal(last.modelVersion, model);
      assert.ok((last.usageMetadata?.candidatesTokenCount ?? 0) > 0);
    });

    it('runs a whole tool loop in a chat, streaming', async () => {
      const chat = ai.chats.create({ model, config: { tools: [{ functionDeclarations: [WEATHER, TIME] }] } });
      const calls = [];
      for await (const chunk of await chat.sendMessageStream({ message: 'get_weather please' }))
        calls.push(...(chunk.functionCalls ?? []));
      assert.equal(calls.length, 1);
      const [call] = calls;
      assert.ok(call?.id && call.name === 'get_weather' && typeof call.args?.['city'] === 'string');
      const response = { id: call.id, name: call.name, response: { sky: '☀️' } };
      let text = '';
      let reason: string | undefined;
      for await (const chunk of await chat.sendMessageStream({
        message: [{ functionResponse: response }, { text: 'And now?' }],
      })) {
        text += chunk.text ?? '';
        reason = chunk.candidates?.[0]?.finishReason ?? reason;
      }
      assert.match(text, /And now\?/);
      assert.equal(reason, 'STOP');
      assert.equal(relay.log.at(-1)?.['end'], 'complete');
    });

    it('is called back for the tool that it demands, plain', async () => {
      const answer = await ai.models.generateContent({
        model,
        contents: 'what is it?',
        config: {
          tools: [{ functionDeclarations: [WEATHER, TIME] }],
          toolConfig: {
            functionCallingConfig: {
              mode: FunctionCallingConfigMode.ANY,
              allowedFunctionNames: ['get_time'],
            },
          },
        },
      });
      assert.deepEqual(
        answer.functionCalls?.map(({ name }) => name),
        ['get_time'],
      );
    });

    if (provider !== 'openai-compatible')
      it('sees thoughts as such, and none of them in the text', async () => {
        const answer = await ai.models.generateContent({
          model,
          contents: 'why?',
          config: {
            maxOutputTokens: 4_000,
            thinkingConfig: { includeThoughts: true, thinkingBudget: 1_024 },
          },
        });
        const [thought, said] = answer.candidates?.[0]?.content?.parts ?? [];
        assert.ok(thought?.thought === true && thought.text?.startsWith('Let me think 🤔'));
        assert.ok(said?.thought !== true && answer.text === said?.text);
        assert.ok((answer.usageMetadata?.thoughtsTokenCount ?? 1) > 0);
      });

    it('counts tokens without a call', async () => {
      const asked = simulator.stats().requests;
      const { totalTokens = 0 } = await ai.models.countTokens({
        model,
        contents: 'How many tokens is this?',
      });
      assert.ok(totalTokens > 5 && totalTokens < 60, String(totalTokens));
      assert.equal(simulator.stats().requests, asked);
    });

    it('raises on a stream that died in the middle of its text', async () => {
      simulator.account('far').set({ fault: { kind: 'cut', afterChunks: 5 } });
      const stream = await ai.models.generateContentStream({ model, contents: 'die' });
      const error = await caught(
        (async () => {
          for await (const _ of stream);
        })(),
      );
      simulator.account('far').set({ fault: null });
      assert.ok(error instanceof ApiError, String(error));
      assert.ok(error.status >= 500);
      assert.match(error.message, /broke off/);
      await relay.settled();
    });

    it('throws an ApiError with the status of what a client does wrong', async () => {
      const stranger = await caught(
        clientOf(relay, 'nobody-0123456789').models.generateContent({ model, contents: 'x' }),
      );
      assert.ok(stranger instanceof ApiError, String(stranger));
      assert.equal(stranger.status, 401);
      assert.match(stranger.message, /UNAUTHENTICATED.*API_KEY_INVALID/);
      assert.ok(!stranger.message.includes('nobody'), 'the key is not repeated');

      const unknown = await caught(ai.models.generateContent({ model: 'no-such-model', contents: 'x' }));
      assert.ok(unknown instanceof ApiError && unknown.status === 404, String(unknown));
      assert.match(unknown.message, /NOT_FOUND/);

      // There the temperature ends at 1, and what is above it is cut.
      if (provider === 'simulator') return;
      const theirs = await caught(
        ai.models.generateContent({ model, contents: 'x', config: { temperature: 3 } }),
      );
      assert.ok(theirs instanceof ApiError && theirs.status === 400, String(theirs));
      assert.match(theirs.message, /Temperature should be in.*INVALID_ARGUMENT/);
    });
  });

describe('the google genai package', () => {
  it('throws a 429 with the time to come back when the key is at its limit', async () => {
    const relay = await startRelay(`
accounts: [{ id: a, provider: simulator, secrets: [s], models: { qwen3-max: { limits: { rpm: 6000 } } } }]
simulator: { ttft: 1ms, tokens_per_second: 5000, output_tokens: 10 }
keys: [{ id: test, key: ${KEY}, limits: { rpm: 1 }, on_limit: reject }]
`);
    const ai = clientOf(relay);
    await ai.models.generateContent({ model, contents: 'one' });
    const error = await caught(ai.models.generateContent({ model, contents: 'two' }));
    assert.ok(error instanceof ApiError && error.status === 429, String(error));
    const { code, status, details } = JSON.parse(error.message).error;
    assert.deepEqual([code, status], [429, 'RESOURCE_EXHAUSTED']);
    const retry = details.find((each: { '@type': string }) => each['@type'].endsWith('google.rpc.RetryInfo'));
    assert.match(retry.retryDelay, /^\d+(\.\d+)?s$/);
    await relay.close();
  });

  it('never learns that its provider refused the first account', async () => {
    const far = await startFar();
    const relay = await startRelay(`
accounts:
  - id: full
    provider: gemini
    base_url: ${far.server.url}/v1beta
    secrets: [far-secret]
    tier: 0
    models: [qwen3-max]
  - { id: free, provider: simulator, secrets: [s], tier: 1, models: [qwen3-max], limits: { rpm: 6000 } }
simulator: { ttft: 1ms, tokens_per_second: 5000, output_tokens: 10 }
`);
    far.simulator.account('far').set({ limits: { 'qwen3-max': { rpm: 0 } } });
    const answer = await clientOf(relay).models.generateContent({ model, contents: 'hello' });
    assert.match(answer.text ?? '', /hello/);
    assert.equal(answer.sdkHttpResponse?.headers?.['x-sluice-channel'], 'free/qwen3-max');
    assert.equal(far.simulator.stats().requests, 1);
    const story = relay.log.findLast(({ msg }) => msg === 'call');
    assert.match(JSON.stringify(story?.['attempts']), /"failure":"rpm"/);
    await relay.close();
    await far.server.close();
  });

  it('reads past the blank lines that keep a waiting stream alive, and sees none of them', async () => {
    const relay = await startRelay(`
accounts: [{ id: a, provider: simulator, secrets: [s], models: { qwen3-max: { limits: { rpm: 6000 } } } }]
simulator: { ttft: 400ms, tokens_per_second: 5000, output_tokens: 10 }
heartbeat: 50ms
`);
    const url = `${relay.url}/v1beta/models/${model}:streamGenerateContent?alt=sse`;
    const body = JSON.stringify({ contents: [{ parts: [{ text: 'raw' }] }] });
    const raw = await fetch(url, { method: 'POST', headers: { 'x-goog-api-key': KEY }, body });
    const text = await raw.text();
    assert.match(text, /^\n{2,}data: /);
    // As `@google/genai` 1.x and with it Google's command line cut a stream into events.
    let rest = text;
    for (let match = EVENT.exec(rest); match !== null; match = EVENT.exec(rest)) {
      assert.ok(JSON.parse(match[1] ?? '').candidates);
      rest = rest.slice(match[0].length);
    }
    assert.equal(rest.trim(), '');
    for await (const chunk of await clientOf(relay).models.generateContentStream({ model, contents: 'slow' }))
      assert.ok(chunk.candidates?.length);
    await relay.close();
  });
});

const EVENT = /^\s*data: (.*)(?:\n\n|\r\r|\r\n\r\n)/;
