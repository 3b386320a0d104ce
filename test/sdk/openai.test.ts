/** The official `openai` package against Sluice over a real socket: what its users see of the relay. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import OpenAI from 'openai';
import { chatOf, KEY, pause, startRelay, type TestRelay, until } from './relay.ts';
import { plainReply, type StubUpstream, startStub, stubConfig } from './stub-upstream.ts';

const WEATHER = {
  type: 'function' as const,
  function: {
    name: 'get_weather',
    description: 'The weather of a city',
    parameters: {
      type: 'object',
      properties: { city: { type: 'string' }, days: { type: 'integer' } },
      required: ['city'],
    },
  },
};

const caught = async (promise: Promise<unknown>): Promise<unknown> => {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  return assert.fail('nothing was thrown');
};

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

describe('the openai package', () => {
  let relay: TestRelay;
  let openai: OpenAI;
  before(async () => {
    relay = await startRelay();
    openai = relay.openai();
  });
  after(() => relay.close());

  it('gets a plain answer with usage and the id of the request', async () => {
    const answer = await openai.chat.completions.create(chatOf('你好, who are you?'));
    assert.equal(answer.model, 'qwen3-max');
    assert.match(answer.choices[0]?.message.content ?? '', /你好, who are you\?/);
    assert.equal(answer.choices[0]?.finish_reason, 'stop');
    assert.ok((answer.usage?.completion_tokens ?? 0) > 0);
    assert.match(answer._request_id ?? '', /^req_/);
  });

  it('gets a stream whose pieces make the whole, ended by one finish', async () => {
    const stream = await openai.chat.completions.create({ ...chatOf('tell 🌊'), stream: true });
    let text = '';
    const finishes: string[] = [];
    for await (const { choices, model } of stream) {
      assert.equal(model, 'qwen3-max');
      text += choices[0]?.delta.content ?? '';
      if (choices[0]?.finish_reason) finishes.push(choices[0].finish_reason);
    }
    assert.match(text, /^"tell 🌊":/);
    assert.ok(!text.includes('\uFFFD'));
    assert.deepEqual(finishes, ['stop']);
  });

  it('gets exactly one usage chunk, the last, when it asks for it, and none otherwise', async () => {
    const asked = await openai.chat.completions.create({
      ...chatOf('count'),
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = await all(asked);
    const withUsage = chunks.filter(({ usage }) => usage !== null && usage !== undefined);
    assert.equal(withUsage.length, 1);
    assert.equal(withUsage[0], chunks.at(-1));
    assert.deepEqual(chunks.at(-1)?.choices, []);
    assert.ok((chunks.at(-1)?.usage?.total_tokens ?? 0) > 0);
    const unasked = await openai.chat.completions.create({ ...chatOf('count'), stream: true });
    for (const chunk of await all(unasked)) {
      // Null where the upstream was asked on our behalf: as OpenAI itself writes it.
      assert.ok(chunk.usage === undefined || chunk.usage === null);
      assert.equal(chunk.choices.length, 1);
    }
  });

  it('runs a whole tool loop, plain', async () => {
    const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: 'get_weather please' }];
    const first = await openai.chat.completions.create({ model: 'qwen3-max', messages, tools: [WEATHER] });
    assert.equal(first.choices[0]?.finish_reason, 'tool_calls');
    const message = first.choices[0]?.message;
    const call = message?.tool_calls?.[0];
    assert.ok(message && call?.type === 'function');
    assert.equal(call.function.name, 'get_weather');
    assert.equal(typeof (JSON.parse(call.function.arguments) as { city: unknown }).city, 'string');
    messages.push(message, { role: 'tool', tool_call_id: call.id, content: '{"sky":"☀️"}' });
    const second = await openai.chat.completions.create({ model: 'qwen3-max', messages, tools: [WEATHER] });
    assert.equal(second.choices[0]?.finish_reason, 'stop');
    assert.ok(second.choices[0]?.message.content);
  });

  it('runs a whole tool loop, streamed, by its own runner', async () => {
    const called: unknown[] = [];
    const runner = openai.chat.completions.runTools({
      model: 'qwen3-max',
      messages: [{ role: 'user', content: 'use the tool get_weather' }],
      stream: true,
      tools: [
        {
          type: 'function',
          function: {
            ...WEATHER.function,
            parse: JSON.parse as (text: string) => object,
            function: (parameters: object) => {
              called.push(parameters);
              return { sky: 'clear' };
            },
          },
        },
      ],
    });
    const text = await runner.finalContent();
    assert.equal(called.length, 1);
    assert.equal(typeof (called[0] as { city: unknown }).city, 'string');
    assert.ok((text ?? '').length > 0);
  });

  it('joins streamed arguments of a tool to the JSON of the schema', async () => {
    const stream = await openai.chat.completions.create({
      ...chatOf('get_weather'),
      tools: [WEATHER],
      stream: true,
    });
    let text = '';
    const ids = new Set<string>();
    for await (const { choices } of stream)
      for (const call of choices[0]?.delta.tool_calls ?? []) {
        if (call.id) ids.add(call.id);
        text += call.function?.arguments ?? '';
      }
    assert.equal(ids.size, 1);
    assert.equal(typeof (JSON.parse(text) as { city: unknown }).city, 'string');
  });

  it('gets JSON when it asks for JSON, free and by schema', async () => {
    const free = await openai.chat.completions.create({
      ...chatOf('answer in json'),
      response_format: { type: 'json_object' },
    });
    assert.equal(typeof JSON.parse(free.choices[0]?.message.content ?? ''), 'object');
    const schema = {
      type: 'object',
      properties: { name: { type: 'string' }, age: { type: 'integer' } },
      required: ['name', 'age'],
      additionalProperties: false,
    };
    const bound = await openai.chat.completions.parse({
      ...chatOf('somebody'),
      response_format: { type: 'json_schema', json_schema: { name: 'person', strict: true, schema } },
    });
    const person = JSON.parse(bound.choices[0]?.message.content ?? '') as { name: unknown; age: unknown };
    assert.deepEqual([typeof person.name, typeof person.age], ['string', 'number']);
  });

  it('sees the thoughts of a thinking model as reasoning deltas before the text', async () => {
    const stream = await openai.chat.completions.create({
      ...chatOf('why?'),
      stream: true,
      enable_thinking: true,
    } as OpenAI.ChatCompletionCreateParamsStreaming);
    let order = '';
    let thought = '';
    for await (const { choices } of stream) {
      const delta = choices[0]?.delta as { content?: string | null; reasoning_content?: string } | undefined;
      if (delta?.reasoning_content) order += 'r';
      if (delta?.content) order += 't';
      thought += delta?.reasoning_content ?? '';
    }
    assert.match(order, /^r+t+$/);
    assert.match(thought, /^Let me think 🤔/);
  });

  it('gets as many choices as it asks for', async () => {
    const answer = await openai.chat.completions.create({ ...chatOf('choices'), n: 3 });
    assert.deepEqual(
      answer.choices.map(({ index }) => index),
      [0, 1, 2],
    );
  });

  it('reads from the headers what happened to the call', async () => {
    const { data, response, request_id } = await openai.chat.completions
      .create(chatOf('headers'))
      .withResponse();
    assert.equal(request_id, (data as { _request_id?: string })._request_id);
    assert.match(request_id ?? '', /^req_/);
    assert.equal(response.headers.get('x-sluice-model'), 'qwen3-max');
    assert.match(response.headers.get('x-sluice-channel') ?? '', /^[ab]\/qwen3-max$/);
    assert.equal(response.headers.get('x-sluice-attempts'), '1');
    assert.match(response.headers.get('x-sluice-queue-ms') ?? '', /^\d+$/);
    assert.match(response.headers.get('x-sluice-overhead-ms') ?? '', /^\d+\.\d\d$/);
    const raw = await openai.chat.completions.create({ ...chatOf('raw'), stream: true }).asResponse();
    assert.match(raw.headers.get('content-type') ?? '', /^text\/event-stream/);
    assert.match(raw.headers.get('x-request-id') ?? '', /^req_/);
    assert.ok(Number(raw.headers.get('x-sluice-overhead-ms')) < 1_000);
    assert.match(await raw.text(), /\n\ndata: \[DONE\]\n\n$/);
  });

  it('lists and retrieves models', async () => {
    const ids = (await all(openai.models.list())).map(({ id }) => id);
    assert.deepEqual(ids.toSorted(), ['qwen-plus', 'qwen3-max']);
    const model = await openai.models.retrieve('qwen-plus');
    assert.match((model as { _request_id?: string })._request_id ?? '', /^req_/);
    assert.deepEqual([model.id, model.object, typeof model.created], ['qwen-plus', 'model', 'number']);
    const missing = await caught(openai.models.retrieve('gpt-99'));
    assert.ok(missing instanceof OpenAI.NotFoundError);
    assert.match(missing.message, /gpt-99/);
  });

  it('throws its own classes for what a client does wrong', async () => {
    const stranger = await caught(
      relay.openai({ apiKey: 'sk-nobody-0123456789' }).chat.completions.create(chatOf('x')),
    );
    assert.ok(stranger instanceof OpenAI.AuthenticationError);
    assert.equal(stranger.code, 'invalid_api_key');
    assert.match(stranger.requestID ?? '', /^req_/);
    assert.ok(!stranger.message.includes('nobody'), 'the key is not repeated');

    const unknown = await caught(openai.chat.completions.create({ ...chatOf('x'), model: 'no-such-model' }));
    assert.ok(unknown instanceof OpenAI.NotFoundError);
    assert.deepEqual([unknown.code, unknown.param], ['model_not_found', 'model']);
    assert.match(unknown.message, /no-such-model/);
  });

  const WRONG: readonly (readonly [string, object, RegExp])[] = [
    ['messages', { model: 'qwen3-max' }, /messages: expected an array/],
    ['messages', { model: 'qwen3-max', messages: [] }, /messages: expected at least one/],
    ['messages[0]', { model: 'qwen3-max', messages: ['hello'] }, /messages\[0\]: expected an object/],
    [
      'messages[1].role',
      chatOf('x', { messages: [{ role: 'user', content: 'x' }, {}] }),
      /messages\[1\]\.role/,
    ],
    ['model', { messages: [{ role: 'user', content: 'x' }] }, /model: you must provide/],
    ['model', chatOf('x', { model: 3 }), /model: expected a non-empty string/],
    ['stream', chatOf('x', { stream: 'yes' }), /stream: expected true or false/],
    ['max_tokens', chatOf('x', { max_tokens: -1 }), /max_tokens: expected a whole number/],
  ];
  for (const [param, body, message] of WRONG)
    it(`throws BadRequestError that names ${param} for ${JSON.stringify(body)}`, async () => {
      const error = await caught(openai.chat.completions.create(body as OpenAI.ChatCompletionCreateParams));
      assert.ok(error instanceof OpenAI.BadRequestError, String(error));
      assert.equal(error.param, param);
      assert.match(error.message, message);
      assert.equal(error.headers.get('x-should-retry'), 'false');
    });

  it("passes the provider's own 400 on with its message", async () => {
    const error = await caught(openai.chat.completions.create({ ...chatOf('x'), temperature: 3 }));
    assert.ok(error instanceof OpenAI.BadRequestError, String(error));
    assert.match(error.message, /Temperature should be in/);
    assert.equal(error.headers.get('x-sluice-attempts'), '1');
  });

  it('leaves nothing behind when it aborts a stream in the middle', async () => {
    const stream = await openai.chat.completions.create({
      ...chatOf('long'),
      stream: true,
      n: 4,
    });
    let seen = 0;
    for await (const _ of stream) {
      seen += 1;
      if (seen === 3) stream.controller.abort();
    }
    await relay.settled();
    assert.equal(relay.log.at(-1)?.['end'], 'client_gone');
  });
});

describe('a full house', () => {
  let relay: TestRelay;
  let stub: StubUpstream;
  let release: () => void = () => undefined;
  before(async () => {
    stub = await startStub(async (_received, response) => {
      await new Promise<void>((resolve) => {
        release = resolve;
        response.once('close', resolve);
      });
      response.writeHead(200, { 'content-type': 'application/json' }).end(plainReply());
    });
    relay = await startRelay(`${stubConfig(stub.url, 'up-model: { limits: { concurrency: 1 } }')}
queue: { max_wait: 60s, max_length: 2 }
keys:
  - { id: test, key: ${KEY} }
  - { id: small, key: small-key-0123456789abcdef, limits: { rpm: 1 }, on_limit: reject }
  - { id: brisk, key: brisk-key-0123456789abcdef, limits: { rps: 1 }, on_limit: reject }
`);
  });
  after(async () => {
    await relay.close();
    await stub.close();
  });
  const ask = { ...chatOf('x'), model: 'up-model' };
  const line = (): number => relay.app.front.lines()[0]?.length ?? 0;

  it('lets a waiting call go when its client aborts, and holds nothing for it', async () => {
    const openai = relay.openai();
    const running = openai.chat.completions.create(ask);
    await until(() => relay.app.rooms.limiter.open() === 1);
    const controller = new AbortController();
    const waiting = caught(openai.chat.completions.create(ask, { signal: controller.signal }));
    assert.ok(await until(() => line() === 1));
    controller.abort();
    assert.ok((await waiting) instanceof OpenAI.APIUserAbortError);
    assert.ok(await until(() => line() === 0));
    await until(() => stub.openSockets() > 0);
    release();
    assert.equal((await running).model, 'up-model');
    await relay.settled();
    assert.equal(stub.received.length, 1, 'the call that was aborted was never sent');
  });

  it("throws RateLimitError marked as the key's own, with a time to come back", async () => {
    const openai = relay.openai({ apiKey: 'small-key-0123456789abcdef' });
    const asked = stub.received.length;
    const running = openai.chat.completions.create(ask);
    await until(() => stub.received.length > asked);
    const error = await caught(openai.chat.completions.create(ask));
    assert.ok(error instanceof OpenAI.RateLimitError, String(error));
    assert.equal(error.headers.get('x-sluice-limit'), 'key');
    assert.equal(error.type, 'rate_limit_error');
    const retryAfter = Number(error.headers.get('retry-after'));
    assert.ok(retryAfter > 50 && retryAfter <= 60, `retry-after ${retryAfter}`);
    assert.equal(stub.received.length, asked + 1, 'the upstream was not asked');
    release();
    await running;
  });

  it("is served in the end by the client's own retries when a refusal says when", async () => {
    stub.answer = (_received, response) =>
      void response.writeHead(200, { 'content-type': 'application/json' }).end(plainReply());
    const openai = relay.openai({ apiKey: 'brisk-key-0123456789abcdef', maxRetries: 2 });
    await openai.chat.completions.create(ask);
    const startMs = performance.now();
    const { response } = await openai.chat.completions.create(ask).withResponse();
    assert.equal(response.status, 200);
    assert.ok(performance.now() - startMs > 500, 'it waited as told');
    assert.match(relay.app.front.metricsText(), /sluice_requests_total\{[^}]*status="429"\} \d/);
  });

  it('makes the client try again after a 503 that passes, and not after one that does not', async () => {
    const before = (status: string): number =>
      Number(new RegExp(`status="${status}"\\} (\\d+)`).exec(relay.app.front.metricsText())?.[1] ?? 0);
    const refusals = before('503');
    let asked = 0;
    stub.answer = (_received, response) => {
      asked += 1;
      setTimeout(
        () => response.writeHead(200, { 'content-type': 'application/json' }).end(plainReply()),
        asked === 1 ? 700 : 0,
      );
    };
    const openai = relay.openai({ maxRetries: 2, defaultHeaders: { 'x-sluice-max-wait': '0.1' } });
    const first = relay.openai().chat.completions.create(ask);
    await until(() => asked === 1);
    const answer = await openai.chat.completions.create(ask);
    assert.equal(answer.model, 'up-model');
    assert.ok(before('503') > refusals, 'it was refused before it was served');
    assert.equal((await first).model, 'up-model');

    stub.answer = (_received, response) =>
      void response.writeHead(401, { 'content-type': 'application/json' }).end('{"error":{"message":"no"}}');
    asked = 0;
    const counting = relay.openai({ maxRetries: 2 });
    const sent = relay.log.filter(({ msg }) => msg === 'call').length;
    const error = await caught(counting.chat.completions.create(ask));
    assert.ok(error instanceof OpenAI.InternalServerError, String(error));
    assert.equal(error.headers.get('x-should-retry'), 'false');
    await pause(20);
    assert.equal(relay.log.filter(({ msg }) => msg === 'call').length, sent + 1, 'it asked once');
  });
});

describe('fields that Sluice does not know', () => {
  it('travel to the upstream untouched, and its own back to the client', async () => {
    const stub = await startStub((_received, response) => {
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(plainReply('up-model', { provider_field: { deep: ['ü', 1e21] } }));
    });
    const relay = await startRelay(stubConfig(stub.url));
    try {
      const body = {
        model: 'up-model',
        messages: [{ role: 'user', content: 'x', cache_control: { type: 'ephemeral' } }],
        top_k: 3,
        vl_high_resolution_images: true,
        some_future_field: { nested: [null, 1.5, '🌊'] },
      };
      const answer = await relay
        .openai()
        .chat.completions.create(body as unknown as OpenAI.ChatCompletionCreateParamsNonStreaming);
      assert.deepEqual(JSON.parse(stub.last().body.toString()), body);
      assert.deepEqual((answer as unknown as { provider_field: unknown }).provider_field, {
        deep: ['ü', 1e21],
      });
    } finally {
      await relay.close();
      await stub.close();
    }
  });
});
