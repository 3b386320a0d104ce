/** In the middle of a turn of tools the provider whose sealed thoughts began it is asked on, and no other is shown them. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Fetch, UpstreamRequest } from '../../src/base/fetch.ts';
import { Failure } from '../../src/domain/failure.ts';
import { type Answer, createHouse, THROTTLED } from './house.ts';

const ID = 'toolu_0123456789abcdef';
const THOUGHT = { type: 'thinking', thinking: 'I must look.', signature: 'seal-1' };
const CALL = { type: 'tool_use', id: ID, name: 'look', input: { city: '杭州' } };
const TOOL = {
  type: 'function',
  function: { name: 'look', parameters: { type: 'object', properties: { city: { type: 'string' } } } },
};

const whole = async function* (text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
};

const eventsOf = (...data: readonly object[]): string =>
  data.map((each) => `event: ${(each as { type: string }).type}\ndata: ${JSON.stringify(each)}\n\n`).join('');

const STREAM = eventsOf(
  { type: 'message_start', message: { id: 'msg_1', model: 'up', usage: { input_tokens: 9 } } },
  { type: 'content_block_start', index: 0, content_block: { type: 'thinking', thinking: '', signature: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'I must ' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'look.' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'signature_delta', signature: 'seal-1' } },
  { type: 'content_block_stop', index: 0 },
  { type: 'content_block_start', index: 1, content_block: { ...CALL, input: {} } },
  { type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: '{"city":' } },
  { type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: '"杭州"}' } },
  { type: 'content_block_stop', index: 1 },
  { type: 'message_delta', delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 20 } },
  { type: 'message_stop' },
);
const PLAIN = JSON.stringify({
  ...{ id: 'msg_1', type: 'message', role: 'assistant', model: 'up', content: [THOUGHT, CALL] },
  ...{ stop_reason: 'tool_use', stop_sequence: null, usage: { input_tokens: 9, output_tokens: 20 } },
});
const CHAT_PLAIN = JSON.stringify({
  ...{ id: 'c', object: 'chat.completion', created: 1, model: 'up' },
  choices: [{ index: 0, message: { role: 'assistant', content: 'Elsewhere.' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 },
});

type Asked = { readonly host: string; readonly json: { readonly messages: readonly Message[] } };
type Message = { readonly role: string; readonly content: unknown };

/** One model on an account of Anthropic's and on one of another kind, which is the emptier one. */
function mixed(other: string, more = 'queue: { max_wait: 10s }', name = 'shown') {
  const asked: Asked[] = [];
  const broken = new Set<string>();
  const fetch: Fetch = async (request: UpstreamRequest) => {
    const { host } = new URL(request.url);
    const json = JSON.parse(Buffer.from(request.body ?? '').toString());
    asked.push({ host, json });
    if (broken.has(host))
      return {
        status: 429,
        headers: { 'content-type': 'application/json', 'retry-after': '50' },
        body: whole(THROTTLED),
      };
    const isMessages = request.url.endsWith('/messages');
    const text = isMessages ? (json.stream === true ? STREAM : PLAIN) : CHAT_PLAIN;
    const type = isMessages && json.stream === true ? 'text/event-stream' : 'application/json';
    return { status: 200, headers: { 'content-type': type }, body: whole(text) };
  };
  const house = createHouse(
    `
accounts:
  - { id: first, provider: anthropic, secrets: [s], tier: 0, models: { claude-sonnet-4-5: { name: shown, limits: { rpm: 100 } } } }
  - { id: second, ${other}, secrets: [s], tier: 1, models: { up: { name: ${name} } } }
${more}
`,
    { fetch },
  );
  const run = (call: Promise<Answer>): Promise<Answer> => house.one(call);
  return { house, asked, broken, run, hosts: () => asked.map(({ host }) => host) };
}

const OTHER = 'provider: openai-compatible, base_url: "https://other.example/v1"';
const question = { role: 'user', content: 'How is the weather?' };
const FIRST = {
  model: 'shown',
  max_tokens: 4_000,
  messages: [question],
  tools: [TOOL],
  reasoning_effort: 'low',
};

/** What a client of OpenAI chat carries to its next call. */
const NEXT = {
  ...FIRST,
  messages: [
    question,
    {
      ...{ role: 'assistant', content: null },
      tool_calls: [{ id: ID, type: 'function', function: { name: 'look', arguments: '{"city": "杭州"}' } }],
    },
    { role: 'tool', tool_call_id: ID, content: 'Sunny.' },
  ],
};

describe('a turn of tools with sealed thoughts', () => {
  for (const stream of [false, true])
    it(`goes on where it began, with the thought that its client could not carry (stream: ${stream})`, async () => {
      const { house, asked, run } = mixed(OTHER);
      const first = await run(house.call({ ...FIRST, stream }));
      assert.equal(first.status, 200, first.text);
      assert.ok(first.text.includes('reasoning_content'));
      assert.ok(!first.text.includes('seal-1'), 'there is no place for it');
      const created = Number(/"created":(\d+)/.exec(first.text)?.[1]);
      assert.equal(created, Math.floor(house.clock.now() / 1_000), 'Anthropic does not say when');
      const next = await run(house.call({ ...NEXT, stream }));
      assert.equal(next.headers['x-sluice-dropped'], undefined);
      const { messages } = asked[1]?.json ?? assert.fail();
      assert.deepEqual(messages[1], { role: 'assistant', content: [THOUGHT, CALL] });
      assert.partialDeepStrictEqual(asked[1]?.json, { thinking: { type: 'enabled' } });
    });

  it('waits for its provider rather than to go on elsewhere', async () => {
    const { house, asked, broken, run, hosts } = mixed(OTHER);
    await run(house.call(FIRST));
    const channel = house.app.rooms.snapshot().catalog.channels[0] ?? assert.fail();
    const nowMs = house.clock.now();
    const overload = new Failure('overload', { message: 'm', retryAfterMs: 4_000 });
    for (let i = 0; i < 3; i++)
      house.app.rooms.health.failed(channel, overload, {
        secret: 0,
        startedAtMs: nowMs,
        nowMs,
        call: `${i}`,
      });
    const elsewhere = await run(house.call({ ...FIRST, messages: [{ role: 'user', content: 'New.' }] }));
    assert.equal(elsewhere.headers['x-sluice-channel'], 'second/up', 'what is bound to nobody does not wait');
    const next = await run(house.call(NEXT));
    assert.equal(next.headers['x-sluice-channel'], 'first/claude-sonnet-4-5');
    assert.ok(next.atMs >= 4_000, `${next.atMs}`);
    assert.equal(asked.length, 3);
    assert.equal(broken.size, 0);
    assert.equal(hosts().filter((host) => host === 'other.example').length, 1);
  });

  it('goes on elsewhere without them when its provider cannot serve in time, and says so', async () => {
    const { house, asked, broken, run } = mixed(OTHER);
    await run(house.call(FIRST));
    broken.add('api.anthropic.com');
    const next = await run(house.call(NEXT));
    assert.equal(next.status, 200, next.text);
    assert.equal(next.headers['x-sluice-channel'], 'second/up');
    const last = asked.at(-1)?.json.messages[1] ?? assert.fail();
    assert.deepEqual(Object.keys(last).toSorted(), ['content', 'role', 'tool_calls']);
  });

  it('whose seals stand in the request loses them in the same dialect, too', async () => {
    const { house, asked, broken, run } = mixed('provider: qwen');
    const messages = [question];
    const one = { model: 'shown', messages, thinking: { type: 'enabled', budget_tokens: 1_024 } };
    const first = await run(house.message({ ...one, max_tokens: 4_000 }));
    assert.deepEqual(first.json?.['content'], [THOUGHT, CALL]);
    const two = {
      ...{ ...one, max_tokens: 4_000 },
      messages: [
        question,
        { role: 'assistant', content: [THOUGHT, CALL] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: ID, content: 'Sunny.' }] },
      ],
    };
    await run(house.message(two));
    assert.deepEqual(asked[1]?.json.messages, two.messages, 'at home everything is as it came');
    broken.add('api.anthropic.com');
    const moved = await run(house.message(two));
    assert.equal(moved.headers['x-sluice-channel'], 'second/up');
    assert.equal(moved.headers['x-sluice-dropped'], 'thought_signature, thinking');
    assert.deepEqual(asked.at(-1)?.json.messages[1], { role: 'assistant', content: [CALL] });
  });

  it('whose model falls back to one of another provider loses them as well', async () => {
    const more = 'queue: { max_wait: 10s }\nmodels: { shown: { fallbacks: [spare] } }';
    const { house, asked, broken, run } = mixed('provider: qwen', more, 'spare');
    const call = {
      ...{ model: 'shown', max_tokens: 4_000 },
      messages: [
        question,
        { role: 'assistant', content: [THOUGHT, CALL] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: ID, content: 'Sunny.' }] },
      ],
    };
    broken.add('api.anthropic.com');
    const moved = await run(house.message(call));
    assert.equal(moved.headers['x-sluice-channel'], 'second/up');
    assert.equal(moved.headers['x-sluice-dropped'], 'thought_signature');
    assert.deepEqual(asked.at(-1)?.json.messages[1], { role: 'assistant', content: [CALL] });
  });
});
