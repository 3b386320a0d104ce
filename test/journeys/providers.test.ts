/** What leaves for a provider: where to, with which headers, and with what body, from a configuration alone. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Fetch, UpstreamRequest } from '../../src/base/fetch.ts';
import { plainReply } from '../sdk/stub-upstream.ts';
import { createHouse, type House } from './house.ts';

const MESSAGE = JSON.stringify({
  ...{
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'm',
    stop_reason: 'end_turn',
    stop_sequence: null,
  },
  content: [{ type: 'text', text: 'Hi' }],
  usage: { input_tokens: 3, output_tokens: 2 },
});

const CHAT_STREAM = [
  '{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":null}]}',
  '{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}}',
  '[DONE]',
]
  .map((data) => `data: ${data}\n\n`)
  .join('');

const MESSAGE_STREAM = [
  `{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":3,"output_tokens":0}}}`,
  '{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}',
  '{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}',
  '{"type":"content_block_stop","index":0}',
  '{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":2}}',
  '{"type":"message_stop"}',
]
  .map((data) => `event: ${JSON.parse(data).type}\ndata: ${data}\n\n`)
  .join('');

/** Answers everything well, in the dialect of the address, and keeps what it was asked. */
function network(): { readonly fetch: Fetch; last(): UpstreamRequest; json(): Record<string, unknown> } {
  const asked: UpstreamRequest[] = [];
  const last = (): UpstreamRequest => asked.at(-1) ?? assert.fail('nobody was asked');
  return {
    fetch: async (request) => {
      asked.push(request);
      const isStream = String(Buffer.from(request.body ?? [])).includes('"stream":true');
      const isMessage = request.url.endsWith('/messages');
      const plain = isMessage ? MESSAGE : plainReply('m');
      const stream = isMessage ? MESSAGE_STREAM : CHAT_STREAM;
      return {
        status: 200,
        headers: { 'content-type': isStream ? 'text/event-stream' : 'application/json' },
        body: (async function* () {
          yield Buffer.from(isStream ? stream : plain);
        })(),
      };
    },
    last,
    json: () => JSON.parse(String(Buffer.from(last().body ?? []))),
  };
}

function houseOf(account: string) {
  const net = network();
  const house: House = createHouse(`accounts:\n  - { id: a, ${account} }\n`, { fetch: net.fetch });
  return { house, net };
}

const HELLO = { model: 'm', messages: [{ role: 'user', content: 'Hi' }] };

describe('a call to a provider', () => {
  it('that refuses a field leaves without it, and the answer says so', async () => {
    const { house, net } = houseOf('provider: mistral, secrets: [s], models: [m]');
    const messages = [
      { role: 'developer', content: 'Be brief.' },
      { role: 'user', name: 'ann', content: 'Hi' },
    ];
    const answer = await house.one(
      house.call({ ...HELLO, messages, stream: true, max_completion_tokens: 9, seed: 4, logprobs: true }),
    );
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['x-sluice-dropped'], 'messages[].name, logprobs');
    assert.deepEqual(net.json(), {
      ...{ model: 'm', stream: true, max_tokens: 9, random_seed: 4 },
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Hi' },
      ],
    });
    assert.ok(answer.text.includes('[DONE]'));
  });

  it('that refuses nothing in it leaves as it came, and the answer says nothing', async () => {
    const { house, net } = houseOf('provider: groq, secrets: [s], models: [m]');
    const answer = await house.one(house.call(HELLO));
    assert.equal(answer.headers['x-sluice-dropped'], undefined);
    assert.deepEqual(net.json(), HELLO);
    assert.deepEqual(
      [net.last().url, net.last().headers['authorization']],
      ['https://api.groq.com/openai/v1/chat/completions', 'Bearer s'],
    );
  });

  it('goes by the account’s own rules too, in whatever dialect it is asked', async () => {
    const rules =
      'drop: [user, metadata.user_id], rename: { top_k: top_q }, set: { store: false, tags: [x] }';
    const { house, net } = houseOf(`provider: anthropic, secrets: [s], models: [m], ${rules}`);
    const message = { ...HELLO, max_tokens: 5, top_k: 3, metadata: { user_id: 'u', more: 1 } };
    const answer = await house.one(house.message({ ...message, store: true }));
    assert.deepEqual(net.json(), {
      ...{ ...HELLO, max_tokens: 5, top_q: 3, metadata: { more: 1 }, store: false, tags: ['x'] },
    });
    assert.equal(answer.headers['x-sluice-dropped'], 'metadata.user_id, store');
  });

  it('of the simulator obeys them as any other', async () => {
    const house = createHouse(`
accounts: [{ id: a, provider: simulator, secrets: [s], models: [qwen3-max], set: { max_tokens: 3 } }]
simulator: { output_tokens: 50 }`);
    const answer = await house.one(house.call({ ...HELLO, model: 'qwen3-max', max_tokens: 40 }));
    assert.equal(answer.headers['x-sluice-dropped'], 'max_tokens');
    assert.partialDeepStrictEqual(answer.json, { usage: { completion_tokens: 3 } });
  });

  it('crosses under the same rules: what was lost on the way and what the provider refuses stand together', async () => {
    const { house, net } = houseOf('provider: groq, secrets: [s], models: [m], drop: [stop]');
    const answer = await house.one(house.message({ ...HELLO, top_k: 3, stop_sequences: ['x'] }));
    assert.equal(net.last().url, 'https://api.groq.com/openai/v1/chat/completions');
    assert.equal(net.json()['stop'], undefined);
    assert.equal(answer.headers['x-sluice-dropped'], 'top_k, stop');
    assert.equal(answer.json?.['type'], 'message');
  });
});

describe('a call to Azure', () => {
  it('goes to the deployment’s own address where the resource alone is named', async () => {
    const { house, net } = houseOf(
      'provider: azure, base_url: "https://r.openai.azure.com", secrets: [key], models: { gpt-5-eu: { name: gpt-5 } }',
    );
    const answer = await house.one(house.call({ ...HELLO, model: 'gpt-5', max_tokens: 7 }));
    assert.equal(answer.status, 200);
    assert.equal(
      net.last().url,
      'https://r.openai.azure.com/openai/deployments/gpt-5-eu/chat/completions?api-version=2024-10-21',
    );
    assert.equal(net.last().headers['api-key'], 'key');
    assert.equal(net.last().headers['authorization'], undefined);
    assert.deepEqual(net.json(), { ...HELLO, model: 'gpt-5-eu', max_completion_tokens: 7 });
  });
});

describe('a call to Bedrock', () => {
  const account =
    'provider: bedrock, region: eu-west-1, secrets: [key], models: [anthropic.claude-x, openai.y]';

  it('for Claude goes by messages, whoever asks', async () => {
    const { house, net } = houseOf(account);
    const answer = await house.one(house.call({ ...HELLO, model: 'anthropic.claude-x' }));
    assert.equal(answer.json?.['object'], 'chat.completion');
    assert.equal(net.last().url, 'https://bedrock-mantle.eu-west-1.api.aws/anthropic/v1/messages');
    assert.equal(net.last().headers['x-api-key'], 'key');
    assert.equal(net.last().headers['anthropic-version'], '2023-06-01');
  });

  it('for another model goes by chat, whoever asks', async () => {
    const { house, net } = houseOf(account);
    const answer = await house.one(house.message({ ...HELLO, model: 'openai.y' }));
    assert.equal(answer.json?.['type'], 'message');
    assert.equal(net.last().url, 'https://bedrock-mantle.eu-west-1.api.aws/v1/chat/completions');
    assert.equal(net.last().headers['authorization'], 'Bearer key');
  });
});

describe('a call to an account of another form', () => {
  for (const [name, account, url] of [
    [
      'a coding plan of Model Studio',
      'provider: qwen, region: coding-plan, secrets: [s]',
      'https://coding-intl.dashscope.aliyuncs.com/apps/anthropic/v1/messages',
    ],
    [
      'a workspace',
      'provider: qwen, base_url: "https://w1.cn-beijing.maas.aliyuncs.com/compatible-mode/v1", secrets: [s]',
      'https://w1.cn-beijing.maas.aliyuncs.com/apps/anthropic/v1/messages',
    ],
    [
      'Kimi abroad',
      'provider: moonshot, region: international, secrets: [s]',
      'https://api.moonshot.ai/anthropic/v1/messages',
    ],
    ['a server of one’s own', 'provider: ollama', 'http://127.0.0.1:11434/v1/messages'],
    [
      'any server that speaks messages',
      'provider: anthropic-compatible, base_url: "https://h.example/v1", secrets: [s]',
      'https://h.example/v1/messages',
    ],
  ] as const)
    it(`${name}: keeps the client’s messages`, async () => {
      const { house, net } = houseOf(`${account}, models: [m]`);
      const answer = await house.one(
        house.message({ ...HELLO, thinking: { type: 'disabled' }, stream: false }),
      );
      assert.equal(answer.status, 200, answer.text);
      assert.equal(net.last().url, url);
      assert.partialDeepStrictEqual(net.json(), { ...HELLO, thinking: { type: 'disabled' } });
      assert.equal(answer.headers['x-sluice-dropped'], undefined);
    });
});
