/**
 * The official `@anthropic-ai/sdk` against Sluice over a real socket: on accounts that speak its dialect themselves, and
 * on one that only speaks OpenAI chat.
 */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import { startFar } from './far-simulator.ts';
import { caught, FAST, startRelay, type TestRelay } from './relay.ts';

const WEATHER: Anthropic.Tool = {
  name: 'get_weather',
  description: 'The weather of a city',
  input_schema: {
    type: 'object',
    properties: { city: { type: 'string' }, days: { type: 'integer' } },
    required: ['city'],
  },
};

const asked = (content: string, more: Partial<Anthropic.MessageCreateParamsNonStreaming> = {}) => ({
  model: 'qwen3-max',
  max_tokens: 1_000,
  messages: [{ role: 'user' as const, content }],
  ...more,
});

const textOf = ({ content }: Anthropic.Message): string =>
  content.map((block) => (block.type === 'text' ? block.text : '')).join('');

const crossed = (url: string): string => `
accounts:
  - id: far
    provider: openai-compatible
    base_url: ${url}/compatible-mode/v1
    secrets: [far-secret]
    models: { qwen3-max: { limits: { rpm: 60000, tpm: 60000000 } } }
`;

for (const way of ['on accounts of its own dialect', 'on an account of another dialect'] as const)
  describe(`the anthropic package ${way}`, () => {
    const isCrossed = way === 'on an account of another dialect';
    let relay: TestRelay;
    let foreign: Awaited<ReturnType<typeof startFar>> | undefined;
    let anthropic: Anthropic;
    before(async () => {
      foreign = isCrossed ? await startFar() : undefined;
      relay = await startRelay(foreign === undefined ? FAST : crossed(foreign.server.url));
      anthropic = relay.anthropic();
    });
    after(async () => {
      await relay.close();
      await foreign?.server.close();
    });

    it('gets a plain answer with usage, the id of the request and the story of the call', async () => {
      const { data, response, request_id } = await anthropic.messages
        .create(asked('你好, who are you?'))
        .withResponse();
      assert.deepEqual([data.type, data.role, data.model], ['message', 'assistant', 'qwen3-max']);
      assert.match(textOf(data), /你好, who are you\?/);
      assert.equal(data.stop_reason, 'end_turn');
      assert.ok(data.usage.input_tokens > 0 && data.usage.output_tokens > 0);
      assert.match(request_id ?? '', /^req_/);
      assert.equal(response.headers.get('x-sluice-attempts'), '1');
      assert.match(response.headers.get('x-sluice-channel') ?? '', /\/qwen3-max$/);
      assert.equal(response.headers.get('x-sluice-dropped'), null);
    });

    it('gets a stream whose pieces make the whole, with the usage at its end', async () => {
      const stream = anthropic.messages.stream(asked('tell 🌊', { system: 'Be brief.' }));
      let text = '';
      stream.on('text', (piece) => {
        text += piece;
      });
      const message = await stream.finalMessage();
      assert.match(text, /^"tell 🌊":/);
      assert.ok(!text.includes('\uFFFD'));
      assert.equal(textOf(message), text);
      assert.deepEqual([message.stop_reason, message.model], ['end_turn', 'qwen3-max']);
      assert.ok(message.usage.input_tokens > 0 && message.usage.output_tokens > 0);
    });

    it('sees every event of a stream in the order that it expects', async () => {
      const types: string[] = [];
      for await (const event of await anthropic.messages.create({ ...asked('order'), stream: true }))
        if (types.at(-1) !== event.type) types.push(event.type);
      assert.deepEqual(types, [
        'message_start',
        'content_block_start',
        'content_block_delta',
        'content_block_stop',
        'message_delta',
        'message_stop',
      ]);
    });

    it('runs a whole tool loop, plain', async () => {
      const messages: Anthropic.MessageParam[] = [{ role: 'user', content: 'get_weather please' }];
      const first = await anthropic.messages.create({ ...asked(''), messages, tools: [WEATHER] });
      assert.equal(first.stop_reason, 'tool_use');
      const call = first.content.find((block) => block.type === 'tool_use');
      assert.ok(call);
      assert.equal(call.name, 'get_weather');
      assert.equal(typeof (call.input as { city: unknown }).city, 'string');
      messages.push({ role: 'assistant', content: first.content });
      messages.push({
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: call.id, content: '{"sky":"☀️"}' },
          { type: 'text', text: 'And now?' },
        ],
      });
      const second = await anthropic.messages.create({ ...asked(''), messages, tools: [WEATHER] });
      assert.equal(second.stop_reason, 'end_turn');
      assert.match(textOf(second), /And now\?/);
    });

    it('joins streamed arguments of a tool to the JSON of the schema', async () => {
      const stream = anthropic.messages.stream(asked('get_weather', { tools: [WEATHER] }));
      let json = '';
      stream.on('inputJson', (piece) => {
        json += piece;
      });
      const message = await stream.finalMessage();
      const call = message.content.find((block) => block.type === 'tool_use');
      assert.ok(call);
      assert.deepEqual(call.input, JSON.parse(json));
      assert.equal(typeof (call.input as { city: unknown }).city, 'string');
      assert.equal(message.stop_reason, 'tool_use');
    });

    it('raises on a stream that died in the middle of its text, and says so within a second', async () => {
      const accounts = (foreign?.simulator ?? relay.app.simulator())?.accounts ?? [];
      for (const account of accounts) account.set({ fault: { kind: 'cut', afterChunks: 5 } });
      const startedMs = performance.now();
      const stream = anthropic.messages.stream(asked('die'));
      const error = await caught(stream.finalMessage());
      for (const account of accounts) account.set({ fault: null });
      assert.ok(error instanceof Anthropic.APIError, String(error));
      assert.match(error.message, /api_error.*broke off/);
      assert.ok(performance.now() - startedMs < 1_000);
      assert.equal(relay.log.at(-1)?.['end'], 'stream_died');
      await relay.settled();
    });

    it('leaves nothing behind when it aborts a stream in the middle', async () => {
      const accounts = (foreign?.simulator ?? relay.app.simulator())?.accounts ?? [];
      for (const account of accounts) account.set({ fault: { kind: 'slow', factor: 50 } });
      const stream = await anthropic.messages.create({ ...asked('long'), stream: true });
      let seen = 0;
      for await (const _ of stream) {
        seen += 1;
        if (seen === 3) stream.controller.abort();
      }
      for (const account of accounts) account.set({ fault: null });
      await relay.settled();
      assert.equal(relay.log.at(-1)?.['end'], 'client_gone');
    });
  });

describe('the anthropic package', () => {
  let relay: TestRelay;
  before(async () => {
    relay = await startRelay();
  });
  after(() => relay.close());

  it('never learns that the first account failed', async () => {
    const failing = relay.app.simulator()?.account('a');
    failing?.set({ state: 'overload' });
    const messages = await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        relay
          .anthropic()
          .messages.stream(asked(`call ${i}`))
          .finalMessage(),
      ),
    );
    const plain = await relay.anthropic().messages.create(asked('plain'));
    failing?.set({ state: 'ok' });
    for (const message of [...messages, plain]) assert.equal(message.stop_reason, 'end_turn');
    assert.ok((relay.app.simulator()?.stats('a').requests ?? 0) > 0, 'somebody met it');
  });

  it('sees the thoughts of a thinking model as a block before the text', async () => {
    const stream = relay
      .anthropic()
      .messages.stream(
        asked('why?', { max_tokens: 4_000, thinking: { type: 'enabled', budget_tokens: 1_024 } }),
      );
    const { content } = await stream.finalMessage();
    assert.deepEqual(
      content.map(({ type }) => type),
      ['thinking', 'text'],
    );
    assert.ok(content[0]?.type === 'thinking' && content[0].thinking.startsWith('Let me think 🤔'));
  });

  it('throws its own classes for what a client does wrong', async () => {
    const stranger = await caught(
      relay.anthropic({ apiKey: 'sk-nobody-0123456789' }).messages.create(asked('x')),
    );
    assert.ok(stranger instanceof Anthropic.AuthenticationError, String(stranger));
    assert.match(stranger.message, /authentication_error/);
    assert.match(stranger.requestID ?? '', /^req_/);
    assert.ok(!stranger.message.includes('nobody'), 'the key is not repeated');

    const unknown = await caught(
      relay.anthropic().messages.create({ ...asked('x'), model: 'no-such-model' }),
    );
    assert.ok(unknown instanceof Anthropic.NotFoundError, String(unknown));
    assert.match(unknown.message, /not_found_error.*no-such-model/);

    const wrong = await caught(relay.anthropic().messages.create({ ...asked('x'), messages: [] }));
    assert.ok(wrong instanceof Anthropic.BadRequestError, String(wrong));
    assert.match(wrong.message, /invalid_request_error.*messages: expected at least one/);
    assert.equal(wrong.headers.get('x-should-retry'), 'false');

    const theirs = await caught(
      relay.anthropic().messages.create({ ...asked('x'), temperature: 3 } as never),
    );
    assert.ok(theirs instanceof Anthropic.BadRequestError, String(theirs));
    assert.match(theirs.message, /Temperature should be in/);
  });

  it('asks by either header, and beneath the path is answered in its own shape', async () => {
    const send = (path: string, init: RequestInit): Promise<Response> => fetch(`${relay.url}${path}`, init);
    const counted = await send('/v1/messages/nowhere?beta=true', { method: 'POST', body: '{}' });
    assert.equal(counted.status, 404);
    const body = (await counted.json()) as { type: unknown; error: { type: unknown } };
    assert.deepEqual([body.type, body.error.type], ['error', 'not_found_error']);
    for (const headers of [
      { 'x-api-key': 'test-key-0123456789abcdef' },
      { authorization: 'Bearer test-key-0123456789abcdef' },
    ]) {
      const answer = await send('/v1/messages?beta=true', {
        method: 'POST',
        headers: { ...headers, 'anthropic-version': '2023-06-01' },
        body: JSON.stringify(asked('either')),
      });
      assert.equal(answer.status, 200);
      assert.match(answer.headers.get('request-id') ?? '', /^req_/);
    }
  });
});

describe('the anthropic package and a pool that refuses', () => {
  const limited = (limits: string, more = ''): string => `
accounts: [{ id: a, provider: simulator, secrets: [s], models: { qwen3-max: { limits: ${limits} } } }]
simulator: { ttft: 1ms, tokens_per_second: 5000, output_tokens: 10 }
queue: { max_wait: 200ms }
${more}`;

  it('throws RateLimitError, with the state of the limit in its own headers, when the key is at its limit', async () => {
    const key = 'test-key-0123456789abcdef';
    const relay = await startRelay(
      limited('{ rpm: 6000 }', `keys: [{ id: test, key: ${key}, limits: { rpm: 1 }, on_limit: reject }]`),
    );
    await relay.anthropic().messages.create(asked('one'));
    const error = await caught(relay.anthropic().messages.create(asked('two')));
    assert.ok(error instanceof Anthropic.RateLimitError, String(error));
    assert.match(error.message, /rate_limit_error/);
    assert.equal(error.headers.get('anthropic-ratelimit-requests-remaining'), '0');
    assert.equal(error.headers.get('x-sluice-limit'), 'key');
    await relay.close();
  });

  it('throws a 503 of type overloaded_error when nothing is free in time', async () => {
    const relay = await startRelay(limited('{ rpm: 60 }'));
    relay.app.simulator()?.account('a').set({ state: 'overload' });
    const error = await caught(relay.anthropic().messages.create(asked('x')));
    assert.ok(error instanceof Anthropic.InternalServerError, String(error));
    assert.equal(error.status, 503);
    assert.match(error.message, /overloaded_error/);
    await relay.close();
  });

  it('reads past a heartbeat with words while it waits', async () => {
    const relay = await startRelay(`
accounts: [{ id: a, provider: simulator, secrets: [s], models: { qwen3-max: { limits: { rpm: 6000 } } } }]
simulator: { ttft: 400ms, tokens_per_second: 5000, output_tokens: 10 }
heartbeat: 50ms
`);
    const raw = await relay
      .anthropic()
      .messages.create({ ...asked('raw'), stream: true })
      .asResponse();
    assert.match(await raw.text(), /^: waiting for the provider\nevent: ping\ndata: \{"type": "ping"\}\n\n/);
    const message = await relay.anthropic().messages.stream(asked('slow')).finalMessage();
    assert.equal(message.stop_reason, 'end_turn');
    await relay.close();
  });
});
