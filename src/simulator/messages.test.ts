import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSeededRandom } from '../base/seeded-random.ts';
import { anthropicMessages } from '../dialects/anthropic-messages/anthropic-messages.ts';
import type { ChatEvent } from '../domain/chat.ts';
import { ask } from '../testing/ask.ts';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { createSimulator, type SimulatorOptions } from './upstream.ts';

const URL_OF_MESSAGES = 'https://dashscope-intl.aliyuncs.com/apps/anthropic/v1/messages';

function setUp(options: Partial<SimulatorOptions> = {}) {
  const simulator = createSimulator({
    clock: createVirtualClock(),
    random: createSeededRandom(11),
    accounts: [{ id: 'one', secrets: ['sk-1'] }],
    pace: { firstTokenMs: 0, tokensPerSecond: 0 },
    oddShare: 0,
    ...options,
  });
  const asked = (fields: object, secret = 'sk-1') =>
    ask(
      simulator.fetch,
      { max_tokens: 1_000, ...fields },
      { url: URL_OF_MESSAGES, headers: { authorization: '', 'x-api-key': secret } },
    );
  return { simulator, asked };
}

function eventsOf(text: string): { readonly events: ChatEvent[]; readonly ended: boolean } {
  const reader = anthropicMessages.streamReader();
  const events = reader.push(Buffer.from(text)).flatMap((chunk) => [...chunk.events]);
  return { events, ended: reader.ended };
}

test('on the Anthropic path a plain answer and a stream are in that dialect', async () => {
  const { asked } = setUp();
  const plain = await asked({});
  assert.equal(plain.status, 200);
  const reply = JSON.parse(plain.text);
  assert.equal(reply.id, `msg_${plain.headers['x-request-id']}`);
  assert.deepEqual([reply.type, reply.stop_reason, reply.content[0].type], ['message', 'end_turn', 'text']);
  assert.ok(reply.usage.input_tokens > 0 && reply.usage.output_tokens > 0);

  const stream = await asked({ stream: true });
  const { events, ended } = eventsOf(stream.text);
  assert.equal(ended, true);
  assert.deepEqual(
    [events[0]?.type, ...events.slice(-2).map(({ type }) => type)],
    ['start', 'finish', 'usage'],
  );
  assert.ok(events.filter(({ type }) => type === 'text').length > 3);
  assert.ok(stream.text.endsWith('event: message_stop\ndata: {"type":"message_stop"}\n\n'));
});

test('thinking and tools are asked for in the words of that dialect', async () => {
  const { asked } = setUp();
  const tools = [
    { name: 'get_weather', input_schema: { type: 'object', properties: { city: { type: 'string' } } } },
  ];
  const called = JSON.parse((await asked({ tools, tool_choice: { type: 'any' } })).text);
  assert.equal(called.stop_reason, 'tool_use');
  assert.equal(called.content[0].name, 'get_weather');
  assert.equal(typeof called.content[0].input.city, 'string');

  const thinking = await asked({ stream: true, thinking: { type: 'enabled', budget_tokens: 1_024 } });
  // Behind the head, which tells what the prompt weighs.
  assert.equal(eventsOf(thinking.text).events[1]?.type, 'usage');
  assert.equal(eventsOf(thinking.text).events[2]?.type, 'reasoning');
  const without = await asked({ stream: true, model: 'qwen3.7-plus', thinking: { type: 'disabled' } });
  assert.equal(eventsOf(without.text).events[2]?.type, 'text');
});

test('refusals there are flat, before the answer and within', async () => {
  const { simulator, asked } = setUp();
  const stranger = await asked({}, 'nobody');
  assert.equal(stranger.status, 401);
  assert.deepEqual(Object.keys(JSON.parse(stranger.text)).toSorted(), ['code', 'message', 'request_id']);
  assert.equal(JSON.parse(stranger.text).code, 'InvalidApiKey');

  simulator.account('one').set({ fault: { kind: 'stream-error', afterChunks: 3 } });
  const { events, ended } = eventsOf((await asked({ stream: true })).text);
  const last = events.at(-1);
  assert.ok(last?.type === 'error');
  assert.equal(last.status, 429);
  assert.equal(JSON.parse(last.body).code, 'Throttling.AllocationQuota');
  assert.equal(ended, false);

  const wrong = await asked({ messages: [] });
  assert.equal(wrong.status, 400);
});
