/** Calls of Anthropic's messages: in their own dialect byte for byte, and on providers that only speak another. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Fetch, UpstreamRequest } from '../../src/base/fetch.ts';
import { createSeededRandom } from '../../src/base/seeded-random.ts';
import { createSimulator } from '../../src/simulator/upstream.ts';
import { accounts, chat, createHouse, type HouseOptions } from './house.ts';

const whole = async function* (text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
};

/** A house whose only account is asked over a network of one function. */
function houseOn(account: string, answer: (request: UpstreamRequest) => { type: string; text: string }) {
  const asked: UpstreamRequest[] = [];
  const fetch: Fetch = async (request) => {
    asked.push(request);
    const { type, text } = answer(request);
    return { status: 200, headers: { 'content-type': type }, body: whole(text) };
  };
  const house = createHouse(`accounts: [{ id: only, secrets: [upstream-secret], ${account} }]`, { fetch });
  return { house, asked, json: () => JSON.parse(Buffer.from(asked.at(-1)?.body ?? '').toString()) };
}

const REPLY = {
  ...{ id: 'msg_1', type: 'message', role: 'assistant', model: 'up', new_field: [1] },
  content: [{ type: 'text', text: '你好' }],
  ...{ stop_reason: 'end_turn', stop_sequence: null, usage: { input_tokens: 5, output_tokens: 2 } },
};
const ANTHROPIC = 'provider: anthropic, models: { up: { name: shown } }';

describe('a call of messages on a provider of its dialect', () => {
  it('arrives as it was sent but for the model, with the version and betas of the client', async () => {
    const { house, asked, json } = houseOn(ANTHROPIC, () => ({
      type: 'application/json',
      text: JSON.stringify(REPLY),
    }));
    const body = { thinking: { type: 'adaptive' }, context_management: { edits: [] }, unknown: 1 };
    const answer = await house.one(
      house.message(chat('hi', { model: 'shown', ...body }), {
        'anthropic-version': '2026-10-21',
        'anthropic-beta': 'effort-2025-11-24',
        'x-stainless-lang': 'js',
      }),
    );
    assert.deepEqual(answer.json, { ...REPLY, model: 'shown' });
    assert.equal(asked[0]?.url, 'https://api.anthropic.com/v1/messages');
    assert.deepEqual(json(), { max_tokens: 1_000, ...chat('hi'), model: 'up', ...body });
    const {
      'x-api-key': secret,
      'anthropic-version': version,
      'anthropic-beta': beta,
      ...rest
    } = asked[0]?.headers ?? {};
    assert.deepEqual([secret, version, beta], ['upstream-secret', '2026-10-21', 'effort-2025-11-24']);
    assert.deepEqual(Object.keys(rest).toSorted(), ['accept', 'accept-encoding', 'content-type']);
    assert.equal(answer.headers['x-sluice-dropped'], undefined);
    assert.equal(answer.headers['request-id'], answer.headers['x-request-id']);
  });

  it('gets a stream of the bytes that came, with events of any type', async () => {
    const sent =
      'event: message_start\ndata: {"type":"message_start","message":{"id":"msg_1","model":"up","usage":{}}}\n\n' +
      'event: ping\ndata: {"type": "ping"}\n\n' +
      'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a"}}\n\n' +
      'event: brand_new\ndata: {"type":"brand_new","x":[1]}\n\n' +
      'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":1}}\n\n' +
      'event: message_stop\ndata: {"type":"message_stop"}\n\n';
    const { house } = houseOn(ANTHROPIC, () => ({ type: 'text/event-stream', text: sent }));
    const answer = await house.one(house.message(chat('hi', { model: 'shown', stream: true })));
    assert.equal(answer.text, sent.replace('"model":"up"', '"model":"shown"'));
  });

  it('finds the path beside the compatible one at Model Studio, in a region and in a workspace', async () => {
    const reply = () => ({ type: 'application/json', text: JSON.stringify(REPLY) });
    for (const [more, origin] of [
      ['region: beijing', 'https://dashscope.aliyuncs.com'],
      [
        'base_url: "https://w1.cn-beijing.maas.aliyuncs.com/compatible-mode/v1"',
        'https://w1.cn-beijing.maas.aliyuncs.com',
      ],
    ] as const) {
      const { house, asked, json } = houseOn(`provider: qwen, ${more}, models: [qwen3-max]`, reply);
      const { status } = await house.one(house.message(chat('hi')));
      assert.equal(status, 200);
      assert.equal(asked[0]?.url, `${origin}/apps/anthropic/v1/messages`);
      assert.equal(asked[0]?.headers['authorization'], 'Bearer upstream-secret');
      assert.equal(json().stream, true, 'plain calls are asked for as streams there');
    }
  });

  it('is put together from the stream that a plain call is asked for as', async () => {
    const house = createHouse(accounts(1, 'qwen3-max: { limits: { rpm: 600 } }'));
    const { json, status } = await house.one(house.message(chat('hi')));
    assert.equal(status, 200);
    assert.partialDeepStrictEqual(json, { type: 'message', model: 'qwen3-max', stop_reason: 'end_turn' });
    assert.match(JSON.stringify(json?.['content']), /\\"hi\\":/);
  });
});

/** The simulator at an address where only OpenAI chat is known to be spoken. */
function foreign(provider: string) {
  const ref: { fetch?: Fetch } = {};
  const asked: string[] = [];
  const options: HouseOptions = {
    fetch: (request) => {
      asked.push(new URL(request.url).pathname);
      return ref.fetch?.(request) ?? Promise.reject(new Error('not yet'));
    },
  };
  const house = createHouse(
    `accounts: [{ id: far, provider: ${provider}, base_url: "http://far.invalid/compatible-mode/v1", secrets: [far-secret], models: [qwen3-max] }]`,
    options,
  );
  const simulator = createSimulator({
    clock: house.clock,
    random: createSeededRandom(5),
    accounts: [{ id: 'far', secrets: ['far-secret'], limits: { 'qwen3-max': { rpm: 600 } } }],
    oddShare: 0,
  });
  ref.fetch = simulator.fetch;
  return { house, asked, simulator };
}

for (const provider of ['openai-compatible', 'qwen'])
  describe(`a call of messages on an address of ${provider} that speaks another dialect`, () => {
    it('is answered, plain and streamed, and told what could not be taken along', async () => {
      const { house, asked } = foreign(provider);
      const more = {
        system: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } }],
        top_k: 3,
      };
      const plain = await house.one(house.message(chat('hi', more)));
      assert.equal(plain.status, 200);
      assert.partialDeepStrictEqual(plain.json, {
        ...{ type: 'message', role: 'assistant', model: 'qwen3-max', stop_reason: 'end_turn' },
        content: [{ type: 'text' }],
      });
      const streamed = await house.one(house.message(chat('hi', { ...more, stream: true })));
      assert.ok(streamed.text.endsWith('event: message_stop\ndata: {"type":"message_stop"}\n\n'));
      for (const { headers } of [plain, streamed])
        assert.equal(
          headers['x-sluice-dropped'],
          // Model Studio knows both.
          provider === 'qwen' ? undefined : 'cache_control, top_k',
        );
      assert.ok(asked.every((path) => path === '/compatible-mode/v1/chat/completions'));
      assert.equal(asked.length, 2);
      const usages = house.log.map(({ usage }) => usage);
      for (const usage of usages) assert.partialDeepStrictEqual(usage, { source: 'upstream' });
    });

    it('is told of its own mistakes in its own dialect', async () => {
      const { house } = foreign(provider);
      const theirs = await house.one(house.message(chat('hi', { temperature: 3 })));
      assert.equal(theirs.status, 400);
      assert.partialDeepStrictEqual(theirs.json, { type: 'error', error: { type: 'invalid_request_error' } });
      assert.match(JSON.stringify(theirs.json), /Temperature should be in/);
      const ours = await house.one(
        house.message({ model: 'qwen3-max', messages: [{ role: 'wizard', content: 'x' }] }),
      );
      assert.equal(ours.status, 400);
      assert.match(JSON.stringify(ours.json), /messages\[0\]\.role/);
      assert.equal(house.app.rooms.limiter.open(), 0);
    });

    it('waits like any other, and its heartbeats are pings', async () => {
      const { house, simulator } = foreign(provider);
      simulator.account('far').set({ fault: { kind: 'slow', factor: 100 } });
      const { text, status } = await house.one(house.message(chat('hi', { stream: true })));
      assert.equal(status, 200);
      assert.match(text, /^: [^\n]+\nevent: ping\ndata: \{"type": "ping"\}\n\n/);
      assert.ok(text.endsWith('data: {"type":"message_stop"}\n\n'));
    });
  });

describe('a client of messages whose stream was broken off', () => {
  it('is told so by an event, and gets the same request answered without a stream', async () => {
    const house = createHouse(accounts(1, 'qwen3-max: {}'));
    house.simulator.account('a').set({ fault: { kind: 'cut', afterChunks: 4, times: 1 } });
    const request = chat('hi', { thinking: { type: 'adaptive' } });
    const streamed = await house.one(house.message({ ...request, stream: true }));
    assert.match(streamed.text, /event: error\ndata: \{"type":"error","error":\{"type":"api_error"/);
    assert.ok(!streamed.text.includes('message_stop'));
    const plain = await house.one(house.message({ ...request, stream: false }));
    assert.equal(plain.status, 200);
    assert.partialDeepStrictEqual(plain.json, { type: 'message', stop_reason: 'end_turn' });
  });
});
