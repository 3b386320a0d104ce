/**
 * Clients of Gemini and providers of Gemini, each with the other and with strangers: what stands in addresses, what passes
 * byte for byte, what is kept for those who cannot carry it, and how errors are told.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import inject from 'light-my-request';
import { sleep } from '../../src/base/clock.ts';
import type { Fetch, UpstreamRequest } from '../../src/base/fetch.ts';
import { held } from '../sdk/relay.ts';
import { accounts, createHouse, type House, type HouseOptions, KEY } from './house.ts';

const ASK = { contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] };
const AT = '/v1beta/models/public:streamGenerateContent?alt=sse';

type Heard = { readonly status: number; readonly text: string; readonly headers: Record<string, string> };

async function post(
  house: House,
  url: string,
  {
    body = JSON.stringify(ASK),
    headers = { 'x-goog-api-key': KEY },
  }: { body?: string | Buffer; headers?: object } = {},
): Promise<Heard> {
  await house.app.server.fastify.ready();
  const asked = inject(house.app.server.handle, {
    ...{ method: 'POST', url, payload: body },
    headers: { 'content-type': 'application/json', ...headers },
  });
  const response = await house.clock.runUntil(asked, 600_000);
  const { statusCode: status, payload: text } = response;
  return { status, text, headers: response.headers as Record<string, string> };
}

const event = (parts: readonly object[], more: object = {}): string =>
  `data: ${JSON.stringify({
    candidates: [{ content: { parts, role: 'model' }, ...more }],
    usageMetadata: { promptTokenCount: 5, candidatesTokenCount: 2, totalTokenCount: 7 },
    ...{ modelVersion: 'up', responseId: 'answer-1' },
  })}\r\n\r\n`;

const STREAM = [event([{ text: '水' }]), event([{ text: 'gate' }], { finishReason: 'STOP' })];

/** A provider of Gemini that says this, and what it was asked. */
function google(pieces: readonly string[] = STREAM, more = '', options: HouseOptions = {}) {
  const asked: UpstreamRequest[] = [];
  const said = { pieces, status: 200, type: 'text/event-stream' };
  const yaml = `
accounts:
  - id: g
    provider: gemini
    base_url: https://google.test/v1beta/openai
    secrets: [upstream-secret]
    models: { up: { name: public } }
${more}`;
  const house: House = createHouse(yaml, {
    fetch: (async (request) => {
      asked.push(request);
      await sleep(house.clock, 400);
      const body = (async function* () {
        for (const piece of said.pieces) yield Buffer.from(piece);
      })();
      return { status: said.status, headers: { 'content-type': said.type }, body };
    }) satisfies Fetch,
    ...options,
  });
  const last = () => {
    const request = asked.at(-1) ?? assert.fail('nobody was asked');
    return { ...request, text: Buffer.from(request.body ?? []).toString() };
  };
  return { house, asked, said, last };
}

const jsonOf = ({ text }: { readonly text: string }) => JSON.parse(text);

describe('a client of Gemini on a provider of Gemini', () => {
  it('is passed on byte for byte, to the address of the model there, with the secret of the account', async () => {
    const { house, last } = google();
    const body = `{ "contents":[ {"parts":[{"text":"\\u0048i 水"}]} ], "unknown_field": 1e2 ,"big":12345678901234567890}`;
    const { status, text } = await post(house, AT, { body });
    assert.equal(status, 200);
    assert.equal(text, STREAM.join('').replaceAll('"up"', '"public"'));
    const { url, headers, text: sent } = last();
    assert.equal(url, 'https://google.test/v1beta/models/up:streamGenerateContent?alt=sse');
    assert.equal(sent, body);
    assert.equal(headers['x-goog-api-key'], 'upstream-secret');
    assert.equal(headers['authorization'], undefined);
    const story = house.log.findLast(({ msg }) => msg === 'call');
    assert.partialDeepStrictEqual(story?.['usage'], { input: 5, output: 2, source: 'upstream' });
    assert.equal(story?.['end'], 'complete');
  });

  it('is asked for plain answers at another address, and its own name of a model does not count', async () => {
    const { house, said, last } = google();
    said.type = 'application/json';
    said.pieces = [JSON.stringify(JSON.parse((STREAM[1] ?? '').slice('data: '.length)))];
    const body = JSON.stringify({ model: 'models/other', ...ASK });
    const answer = await post(house, '/v1/models/public:generateContent', { body });
    assert.equal(answer.status, 200, answer.text);
    assert.equal(jsonOf(answer).modelVersion, 'public');
    assert.equal(last().url, 'https://google.test/v1beta/models/up:generateContent');
    assert.deepEqual(JSON.parse(last().text), ASK);
  });

  it('gets a plain answer that was put together of a stream, where the account wants streams', async () => {
    const { house, last } = google(STREAM, '    stream_upstream: on\n');
    const answer = await post(house, '/v1beta/models/public:generateContent');
    assert.equal(last().url, 'https://google.test/v1beta/models/up:streamGenerateContent?alt=sse');
    assert.deepEqual(jsonOf(answer).candidates[0].content.parts, [{ text: '水gate' }]);
    assert.equal(jsonOf(answer).modelVersion, 'public');
  });

  it('may send its key in the address, which nobody sees behind the door', async () => {
    const { house, last } = google();
    const { status } = await post(house, `${AT}&key=${KEY}`, { headers: {} });
    assert.equal(status, 200);
    assert.ok(!last().url.includes(KEY));
    assert.ok(!JSON.stringify(house.log).includes(KEY));
    assert.equal((await post(house, `${AT}&key=wrong-key-0123456789`, { headers: {} })).status, 401);
    const chat = await post(house, `/v1/chat/completions?key=${KEY}`, { headers: {}, body: '{}' });
    assert.equal(chat.status, 400, 'and so may a client of another dialect');
    const lost = await post(house, '/v1beta/nothing?key=wrong-key-0123456789', { headers: {} });
    assert.ok(!lost.text.includes('wrong-key'));
  });

  it('may compress what it sends', async () => {
    const { house, last } = google();
    const headers = { 'x-goog-api-key': KEY, 'content-encoding': 'gzip' };
    const { status } = await post(house, AT, { body: gzipSync(JSON.stringify(ASK)), headers });
    assert.equal(status, 200);
    assert.deepEqual(JSON.parse(last().text), ASK);
  });
});

describe('a stream that is asked for without alt=sse', () => {
  const LIST = '/v1beta/models/public:streamGenerateContent';

  it('is one JSON list, white space while it waits included', async () => {
    const { house } = google(STREAM, 'heartbeat: 100ms\n');
    const { status, text, headers } = await post(house, LIST);
    assert.equal(status, 200);
    assert.match(headers['content-type'] ?? '', /^application\/json/);
    assert.match(text, /^\n{4,}\[\{/);
    const list = JSON.parse(text);
    assert.deepEqual(
      list.map((each: { candidates: [{ content: object }] }) => each.candidates[0].content),
      [
        { parts: [{ text: '水' }], role: 'model' },
        { parts: [{ text: 'gate' }], role: 'model' },
      ],
    );
  });

  it('ends with its error where the provider dies', async () => {
    const { house } = google(STREAM.slice(0, 1));
    const list = JSON.parse((await post(house, LIST)).text);
    assert.equal(list.length, 2);
    assert.ok(list[1].error.code >= 500);
  });

  it('is a list, too, from a provider that speaks something else', async () => {
    const house = createHouse(accounts(1, 'qwen3-max: { limits: { rpm: 600 } }'));
    const url = '/v1/models/qwen3-max:streamGenerateContent?%24alt=x';
    const list = JSON.parse((await post(house, url)).text);
    assert.equal(list.at(-1).candidates[0].finishReason, 'STOP');
    assert.ok(list.length > 3);
  });

  it('is joined and given again like any other', async () => {
    const { house, asked } = google(STREAM, 'server: { idempotency_ttl: 1h }\n');
    const headers = { 'x-goog-api-key': KEY, 'idempotency-key': 'one' };
    const first = await post(house, LIST, { headers });
    const again = await post(house, LIST, { headers });
    assert.equal(again.text, first.text);
    assert.match(again.headers['content-type'] ?? '', /^application\/json/);
    assert.equal(asked.length, 1);
    house.app.front.idempotency.close();
    assert.deepEqual(
      held(house.app).filter(({ count }) => count > 0),
      [],
    );
  });
});

describe('an error at an address of Google’s', () => {
  const errorAt = async (url: string, more: object = {}) => {
    const { house } = google();
    const answer = await post(house, url, more);
    assert.match(answer.headers['x-request-id'] ?? '', /^req_/);
    return { ...answer, error: jsonOf(answer).error };
  };

  it('is told in Google’s shape, whatever is wrong', async () => {
    for (const [url, code, status, more] of [
      ['/v1beta/models/no-such:generateContent', 404, 'NOT_FOUND'],
      ['/v1beta/models/public:generateContent', 401, 'UNAUTHENTICATED', { headers: {} }],
      ['/v1beta/models/public:generateContent', 400, 'INVALID_ARGUMENT', { body: '{' }],
      ['/v1beta/models/public:generateContent', 400, 'INVALID_ARGUMENT', { body: '' }],
      ['/v1beta/models/public:generateContent', 400, 'INVALID_ARGUMENT', { body: '{"contents":[]}' }],
      ['/v1beta/models/%ZZ:generateContent', 400, 'INVALID_ARGUMENT'],
      ['/v1beta/models/public:paint', 404, 'NOT_FOUND'],
      ['/v1alpha/files', 404, 'NOT_FOUND'],
      ['/v1/models/public:predict', 404, 'NOT_FOUND'],
    ] as const) {
      const answer = await errorAt(url, more);
      assert.deepEqual([answer.status, answer.error.code, answer.error.status], [code, code, status], url);
    }
  });

  it('names the place of the fault', async () => {
    const body = JSON.stringify({ contents: [{ parts: [] }, 7] });
    const { error } = await errorAt('/v1beta/models/public:generateContent', { body });
    assert.match(error.message, /contents\[1\]: expected an object/);
  });

  it('is told in OpenAI’s where an id of theirs only looks like one', async () => {
    const { house } = google();
    for (const url of ['/v1/models/llama3:8b', '/v1/models/nobody', '/v1/nothing']) {
      const { text } = await post(house, url, { headers: { authorization: `Bearer ${KEY}` } });
      assert.equal(typeof JSON.parse(text).error.type, 'string', url);
    }
  });
});

describe('countTokens', () => {
  const LIMITED = `${accounts(1, 'qwen3-max: { limits: { rpm: 2 } }')}
keys: [{ id: test, key: ${KEY}, limits: { rpm: 1 }, on_limit: reject, models: [qwen3-max] }]
`;

  it('is answered in both forms and at every version, for nothing', async () => {
    const house = createHouse(LIMITED);
    const counts = new Set<number>();
    for (const prefix of ['/v1beta', '/v1alpha', '/v1'])
      for (const body of [ASK, { generateContentRequest: { model: 'models/qwen3-max', ...ASK } }]) {
        const url = `${prefix}/models/qwen3-max:countTokens`;
        const answer = await post(house, url, { body: JSON.stringify(body) });
        assert.equal(answer.status, 200, answer.text);
        const { totalTokens, promptTokensDetails } = jsonOf(answer);
        assert.deepEqual(promptTokensDetails, [{ modality: 'TEXT', tokenCount: totalTokens }]);
        counts.add(totalTokens);
      }
    assert.equal(counts.size, 1);
    assert.ok([...counts].every((count) => count > 0 && count < 40));
    assert.equal(house.simulator.stats().requests, 0);
    const long = { contents: [{ parts: [{ text: 'word '.repeat(1_000) }] }] };
    const { totalTokens } = jsonOf(
      await post(house, '/v1/models/qwen3-max:countTokens', { body: JSON.stringify(long) }),
    );
    assert.ok(totalTokens > 900 && totalTokens < 1_500, String(totalTokens));
  });

  it('refuses what a call would be refused for', async () => {
    const house = createHouse(LIMITED);
    for (const [model, code, more] of [
      ['qwen3-max', 401, { headers: {} }],
      ['qwen3-max', 400, { body: '{}' }],
      ['qwen3-max', 400, { body: '{"generateContentRequest":{}}' }],
      ['other', 403, {}],
    ] as const) {
      const answer = await post(house, `/v1beta/models/${model}:countTokens`, more);
      assert.deepEqual([answer.status, jsonOf(answer).error.code], [code, code], answer.text);
    }
    const unknown = await post(google().house, '/v1beta/models/no-such:countTokens');
    assert.deepEqual([unknown.status, jsonOf(unknown).error.status], [404, 'NOT_FOUND']);
  });
});

describe('a stranger on a provider of Gemini', () => {
  const SIGNED = [
    event([{ text: 'Hm.', thought: true }]),
    event([
      { functionCall: { name: 'look', args: { at: 'x' } }, thoughtSignature: 'seal-1' },
      { functionCall: { name: 'look', args: { at: 'y' } } },
    ]),
    event([{ text: '' }], { finishReason: 'STOP' }),
  ];
  const TOOLS = [{ name: 'look', input_schema: { type: 'object', properties: { at: { type: 'string' } } } }];

  const message = async (house: House, messages: readonly object[]) => {
    const body = JSON.stringify({ model: 'public', max_tokens: 99, stream: true, tools: TOOLS, messages });
    const { status, text, headers } = await post(house, '/v1/messages', {
      body,
      headers: { 'x-api-key': KEY },
    });
    assert.equal(status, 200, text);
    const ids = [...text.matchAll(/"type":"tool_use","id":"([^"]+)"/g)].map(([, id = '']) => id);
    return { text, headers, ids };
  };

  const HI = { role: 'user', content: 'Hi' };
  const use = (id: string, at: string) => ({ type: 'tool_use', id, name: 'look', input: { at } });
  const result = (id: string) => ({ type: 'tool_result', tool_use_id: id, content: 'seen' });

  it('has the seals of its calls kept and put back', async () => {
    const { house, said, last } = google(SIGNED);
    const { ids, text } = await message(house, [HI]);
    assert.equal(new Set(ids).size, 2);
    assert.match(text, /"stop_reason":"tool_use"/);
    assert.equal(last().url, 'https://google.test/v1beta/models/up:streamGenerateContent?alt=sse');
    const [first = '', second = ''] = ids;
    said.pieces = STREAM;
    const answered = [
      HI,
      { role: 'assistant', content: [use(first, 'x'), use(second, 'y')] },
      { role: 'user', content: [result(first), result(second)] },
    ];
    await message(house, answered);
    const { contents } = JSON.parse(last().text);
    const calls = contents[1].parts.filter((part: object) => 'functionCall' in part);
    assert.deepEqual(
      calls.map((part: { thoughtSignature?: string }) => part.thoughtSignature),
      ['seal-1', undefined],
    );
    assert.deepEqual(
      contents[2].parts.map(({ functionResponse }: { functionResponse: object }) => functionResponse),
      [first, second].map((id) => ({ id, name: 'look', response: { output: 'seen' } })),
    );
  });

  it('has a word of Google’s in the place of a seal that nobody kept', async () => {
    const { house, last } = google();
    const call = { role: 'assistant', content: [use('toolu_of_another_provider', 'x')] };
    const told = { role: 'user', content: [result('toolu_of_another_provider')] };
    await message(house, [HI, call, told]);
    const [part] = JSON.parse(last().text).contents[1].parts;
    assert.equal(part.thoughtSignature, 'skip_thought_signature_validator');
  });

  it('of OpenAI chat is passed on as it is, to the endpoint for such', async () => {
    const { house, last } = google(['data: [DONE]\n\n']);
    const body = JSON.stringify({ model: 'public', stream: true, messages: [HI] });
    await post(house, '/v1/chat/completions', { body });
    assert.equal(last().url, 'https://google.test/v1beta/openai/chat/completions');
    assert.equal(last().headers['authorization'], 'Bearer upstream-secret');
  });
});
