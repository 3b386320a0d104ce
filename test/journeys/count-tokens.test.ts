/** Counting the tokens of a message costs nobody anything: no permit, no attempt, no request of the key's own limit. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import inject from 'light-my-request';
import { type Answer, accounts, chat, createHouse, type House, KEY } from './house.ts';

type Counted = { readonly status: number; readonly text: string; readonly headers: Answer['headers'] };

async function count(
  house: House,
  body: unknown,
  { path = '/v1/messages/count_tokens', headers = {} }: { path?: string; headers?: object } = {},
): Promise<Counted> {
  await house.app.server.fastify.ready();
  const response = await inject(house.app.server.handle, {
    method: 'POST',
    url: path,
    headers: { 'x-api-key': KEY, 'content-type': 'application/json', ...headers },
    payload: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
  });
  return {
    status: response.statusCode,
    text: response.payload,
    headers: response.headers as Answer['headers'],
  };
}

const tokensOf = ({ status, text }: Counted): number => {
  assert.equal(status, 200, text);
  const body = JSON.parse(text) as { input_tokens: number };
  assert.deepEqual(Object.keys(body), ['input_tokens']);
  return body.input_tokens;
};

const errorOf = ({ text }: Counted): { type: string; message: string } => {
  const body = JSON.parse(text) as {
    type: string;
    error: { type: string; message: string };
    request_id: string;
  };
  assert.equal(body.type, 'error');
  assert.equal(typeof body.request_id, 'string');
  return body.error;
};

const LIMITED = `${accounts(1, 'qwen3-max: { limits: { rpm: 2, tpm: 100000 } }')}
keys: [{ id: test, key: ${KEY}, limits: { rpm: 1 }, on_limit: reject, models: [qwen3-max] }]
`;

describe('count_tokens', () => {
  it('knows a model by the name that Claude Code keeps', async () => {
    const house = createHouse(`${LIMITED}claude_aliases: true\n`);
    const under = async (model: string) =>
      tokensOf(await count(house, chat('hello', { max_tokens: 5, model })));
    assert.ok((await under('claude-via-qwen3-max')) > 0);
    const strange = await count(house, chat('hello', { max_tokens: 5, model: 'claude-via-other' }));
    assert.equal(strange.status, 403);
  });

  it('answers a burst under every prefix, whatever the limits of the key and the account', async () => {
    const house = createHouse(LIMITED);
    const paths = [
      '/v1/messages/count_tokens?beta=true',
      '/api/v1/messages/count_tokens',
      '/openai/v1/messages/count_tokens',
    ];
    const answers = await Promise.all(
      Array.from({ length: 24 }, (_, i) =>
        count(house, chat('How heavy is this?'), { path: paths[i % 3] ?? '' }),
      ),
    );
    for (const answer of answers) assert.ok(tokensOf(answer) > 5);
    assert.equal(house.simulator.stats().requests, 0);
    assert.equal(house.app.rooms.limiter.open(), 0);
    assert.match(answers[0]?.headers['request-id'] ?? '', /^req_/);
    const message = await house.one(house.message(chat('Now for real')));
    assert.equal(message.status, 200);
    const next = await house.one(house.message(chat('One too many')));
    assert.equal(next.status, 429);
  });

  it('grows with the text, the tools and the system prompt, and by the picture rather than its bytes', async () => {
    const house = createHouse(LIMITED);
    const words = 'Water runs evenly through many channels. '.repeat(50);
    const short = tokensOf(await count(house, chat('Hi')));
    const long = tokensOf(await count(house, chat(words)));
    assert.ok(long - short > 400 && long - short < 700, `${long - short}`);
    const withSystem = tokensOf(await count(house, chat('Hi', { system: words })));
    assert.ok(Math.abs(withSystem - long) < 20, `${withSystem} and ${long}`);
    const tools = [{ name: 'look', description: words, input_schema: { type: 'object' } }];
    assert.ok(tokensOf(await count(house, chat('Hi', { tools }))) > long);
    const picture = (source: object): object => ({
      model: 'qwen3-max',
      messages: [{ role: 'user', content: [{ type: 'image', source }] }],
    });
    const inside = (bytes: number): object =>
      picture({ type: 'base64', media_type: 'image/png', data: Buffer.alloc(bytes, 7).toString('base64') });
    const small = tokensOf(await count(house, inside(30_000)));
    const large = tokensOf(await count(house, inside(3_000_000)));
    assert.equal(small, large);
    assert.ok(small > 900 && small < 1_200, `${small}`);
    const remote = tokensOf(await count(house, picture({ type: 'url', url: 'https://a.example/b.png' })));
    assert.ok(remote > 900 && remote < 1_200, `${remote}`);
  });

  it('follows what the provider counted for the calls before', async () => {
    const house = createHouse(accounts(1, 'qwen3-max: {}'));
    const before = tokensOf(await count(house, chat('x'.repeat(8_000))));
    house.app.rooms.calibration.learn('qwen3-max', {
      ...{ key: 'test', rawInputTokens: 100_000, input: 300_000, output: 10 },
    });
    const after = tokensOf(await count(house, chat('x'.repeat(8_000))));
    assert.ok(after > 2.5 * before && after < 3.1 * before, `${before} then ${after}`);
  });

  it('knows a model by the name that Claude Code shows, and reads a compressed body', async () => {
    const house = createHouse(`${accounts(1, 'qwen3-max: {}')}claude_aliases: true`);
    const plain = tokensOf(await count(house, chat('Hi')));
    const alias = tokensOf(await count(house, chat('Hi', { model: 'claude-via-qwen3-max' })));
    assert.ok(alias >= plain && alias < plain + 5, `${alias}`);
    const payload = gzipSync(JSON.stringify(chat('Hi')));
    assert.equal(tokensOf(await count(house, payload, { headers: { 'content-encoding': 'gzip' } })), plain);
  });

  it('is refused like the message that it stands for', async () => {
    const house = createHouse(LIMITED);
    const stranger = await count(house, chat('Hi'), { headers: { 'x-api-key': 'nobody' } });
    assert.deepEqual([stranger.status, errorOf(stranger).type], [401, 'authentication_error']);
    const forbidden = await count(house, chat('Hi', { model: 'other' }));
    assert.deepEqual([forbidden.status, errorOf(forbidden).type], [403, 'permission_error']);
    const unknown = await count(createHouse(accounts(1, 'qwen3-max: {}')), chat('Hi', { model: 'gone' }));
    assert.deepEqual([unknown.status, errorOf(unknown).type], [404, 'not_found_error']);
    assert.match(errorOf(unknown).message, /'gone' does not exist here/);
    const without = await count(house, { messages: [{ role: 'user', content: 'Hi' }] });
    assert.deepEqual([without.status, errorOf(without).type], [400, 'invalid_request_error']);
    assert.match(errorOf(without).message, /^model: /);
    const empty = await count(house, { model: 'qwen3-max', messages: [] });
    assert.match(errorOf(empty).message, /^messages: /);
    for (const body of ['', 'no JSON', '[]']) assert.equal((await count(house, body)).status, 400);
    const packed = await count(house, chat('Hi'), { headers: { 'content-encoding': 'rot13' } });
    assert.equal(packed.status, 415);
  });
});
