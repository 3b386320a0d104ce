/** The official `openai` package against Sluice over a real socket: what its users see of the relay. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import OpenAI from 'openai';
import { caught, chatOf, startRelay, type TestRelay } from './relay.ts';

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
