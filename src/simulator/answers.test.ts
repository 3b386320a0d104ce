import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSeededRandom } from '../base/seeded-random.ts';
import type { ChatEvent, ChatRequest, ChatTool } from '../domain/chat.ts';
import { type Answer, DEFAULT_ANSWERS, planAnswer } from './answers.ts';
import { sampleOf } from './sample-json.ts';

const request = (fields: Partial<ChatRequest> = {}, text = 'Tell me about gates'): ChatRequest => ({
  model: 'qwen3-max',
  messages: [{ role: 'user', parts: [{ type: 'text', text }] }],
  stream: true,
  wantsUsage: true,
  extra: {},
  ...fields,
});

const plan = (chat: ChatRequest, seed = 1, outputTokens = DEFAULT_ANSWERS.outputTokens): Answer =>
  planAnswer(chat, {
    promptTokens: 10,
    random: createSeededRandom(seed),
    options: { ...DEFAULT_ANSWERS, outputTokens },
  });

const eventsOf = (answer: Answer): ChatEvent[] => answer.steps.flatMap((step) => [...step.events]);

const textOf = (answer: Answer, choice?: number): string =>
  eventsOf(answer)
    .map((event) => (event.type === 'text' && event.choice === choice ? event.text : ''))
    .join('');

const finishOf = (answer: Answer): string | undefined =>
  eventsOf(answer).flatMap((event) => (event.type === 'finish' ? [event.reason] : []))[0];

const weather: ChatTool = {
  name: 'get_weather',
  parameters: {
    type: 'object',
    properties: {
      city: { type: 'string' },
      days: { type: 'integer', minimum: 2 },
      unit: { enum: ['celsius', 'fahrenheit'] },
    },
  },
};

test('the words follow from the prompt, the length from chance', () => {
  assert.deepEqual(plan(request(), 1), plan(request(), 1));
  assert.notEqual(textOf(plan(request(), 1)), textOf(plan(request({}, 'Something else'), 1)));
  const short = textOf(plan(request(), 1));
  const long = textOf(plan(request(), 3));
  const common = short.length < long.length ? short : long;
  assert.ok(short !== long && (long + short).includes(common.slice(0, -1)));
});

test('lengths lie around the mean and are what usage says', () => {
  let sum = 0;
  for (let seed = 0; seed < 400; seed += 1) {
    const { usage, steps } = plan(request(), seed, 100);
    assert.ok(usage.output >= 50 && usage.output <= 150, String(usage.output));
    assert.equal(
      steps.reduce((total, step) => total + step.tokens, 0),
      usage.output,
    );
    sum += usage.output;
  }
  assert.ok(Math.abs(sum / 400 - 100) < 5, String(sum / 400));
});

test('answers hold signs of every byte length, and no step cuts one in two', () => {
  const answer = plan(request(), 1, 2_000);
  const text = textOf(answer);
  for (const sign of ['闸', '🌊', 'ü', '👩‍🌾']) assert.ok(text.includes(sign), sign);
  for (const event of eventsOf(answer)) if (event.type === 'text') assert.ok(event.text.isWellFormed());
});

test('a prompt that breaks off inside an emoji is still answered well-formed', () => {
  assert.ok(textOf(plan(request({}, `${'x'.repeat(39)}🌊🌊`))).isWellFormed());
});

test('max_tokens bounds the answer and says so', () => {
  const answer = plan(request({ maxOutputTokens: 5 }));
  assert.equal(answer.usage.output, 5);
  assert.equal(finishOf(answer), 'length');
  assert.equal(finishOf(plan(request({ maxOutputTokens: 10_000 }))), 'stop');
});

test('thinking comes first, counts apart, and is not bounded by max_tokens', () => {
  const answer = plan(request({ extra: { enable_thinking: true }, maxOutputTokens: 3 }));
  assert.equal(eventsOf(answer)[0]?.type, 'reasoning');
  assert.ok(answer.usage.reasoning >= 30);
  assert.equal(answer.usage.output, 3);
  const bounded = plan(request({ extra: { enable_thinking: true, thinking_budget: 7 } }));
  assert.equal(bounded.usage.reasoning, 7);
});

test('the newer families think unless told not to', () => {
  assert.ok(plan(request({ model: 'qwen3.5-plus' })).usage.reasoning > 0);
  assert.equal(
    plan(request({ model: 'qwen3.5-plus', extra: { enable_thinking: false } })).usage.reasoning,
    0,
  );
  assert.equal(plan(request()).usage.reasoning, 0);
});

test('a forced tool is called with arguments that fit its schema, in pieces', () => {
  for (const toolChoice of ['required', { name: 'get_weather' }] as const) {
    const events = eventsOf(plan(request({ tools: [weather], toolChoice })));
    const calls = events.filter((event) => event.type === 'tool-call');
    assert.ok(calls.length > 2);
    assert.equal(calls[0]?.name, 'get_weather');
    assert.match(calls[0]?.id ?? '', /^call_[0-9a-f]{24}$/);
    assert.equal(calls[1]?.id, undefined);
    const values = JSON.parse(calls.map((call) => call.arguments).join(''));
    assert.deepEqual(values, { city: '杭州 ☀️ today', days: 2, unit: 'celsius' });
    assert.equal(finishOf(plan(request({ tools: [weather], toolChoice }))), 'tool_calls');
  }
});

test('a user who speaks of a tool gets a call, one who does not gets words', () => {
  const calls = (text: string, fields: Partial<ChatRequest> = {}): boolean =>
    finishOf(plan(request({ tools: [weather], ...fields }, text))) === 'tool_calls';
  assert.equal(calls('Use a tool please'), true);
  assert.equal(calls('What does get_weather say?'), true);
  assert.equal(calls('What a nice day'), false);
  assert.equal(calls('Use a tool please', { toolChoice: 'none' }), false);
});

test('after the tool has spoken, the answer is words', () => {
  const messages: ChatRequest['messages'] = [
    { role: 'user', parts: [{ type: 'text', text: 'Use the tool' }] },
    { role: 'assistant', parts: [], toolCalls: [{ id: 'call_1', name: 'get_weather', arguments: '{}' }] },
    { role: 'tool', parts: [{ type: 'text', text: '20 degrees' }], toolCallId: 'call_1' },
  ];
  const answer = plan(request({ tools: [weather], toolChoice: 'required', messages }));
  assert.equal(finishOf(answer), 'stop');
  assert.match(textOf(answer), /20 degrees/);
});

test('an order that a tool can carry out is one call of it, and nothing once it was carried out', () => {
  const bash = { name: 'bash', parameters: { type: 'object', properties: { command: { type: 'string' } } } };
  const order = 'Use a tool to write the file a.txt with the text "water"';
  const parts = [{ type: 'text', text: order }] as const;
  const called = (fields: Partial<ChatRequest>): string[] => {
    const events = eventsOf(plan(request({ tools: [weather, bash], ...fields }, order)));
    return events.flatMap((event) => (event.type === 'tool-call' && event.name ? [event.name] : []));
  };
  assert.deepEqual(called({}), ['bash']);
  assert.deepEqual(called({ toolChoice: 'none' }), []);
  assert.deepEqual(called({ tools: [weather] }), ['get_weather']);
  assert.deepEqual(
    called({
      messages: [
        { role: 'user', parts },
        { role: 'assistant', parts: [], toolCalls: [{ id: 'call_1', name: 'bash', arguments: '{}' }] },
        { role: 'tool', parts: [], toolCallId: 'call_1' },
      ],
    }),
    [],
  );
});

test('several named tools are called at once only where the caller allows it', () => {
  const tools = [weather, { name: 'get_time' }];
  const text = 'Use get_weather and get_time';
  const indexes = (extra: Record<string, unknown>): number[] => [
    ...new Set(
      eventsOf(plan(request({ tools, extra }, text))).flatMap((event) =>
        event.type === 'tool-call' ? [event.index] : [],
      ),
    ),
  ];
  assert.deepEqual(indexes({}), [0]);
  assert.deepEqual(indexes({ parallel_tool_calls: true }), [0, 1]);
});

test('arguments cut by max_tokens end with length', () => {
  const answer = plan(request({ tools: [weather], toolChoice: 'required', maxOutputTokens: 3 }));
  assert.equal(answer.usage.output, 3);
  assert.equal(finishOf(answer), 'length');
});

test('JSON mode answers JSON, and a schema is followed', () => {
  assert.equal(typeof JSON.parse(textOf(plan(request({ responseFormat: 'json_object' })))).answer, 'string');
  const schema = { type: 'object', properties: { ok: { type: 'boolean' }, tags: { type: 'array' } } };
  const extra = { response_format: { type: 'json_schema', json_schema: { name: 'x', schema } } };
  const value = JSON.parse(textOf(plan(request({ responseFormat: 'json_schema', extra }))));
  assert.deepEqual(Object.keys(value), ['ok', 'tags']);
  assert.equal(value.ok, true);
});

test('several choices are told apart and share max_tokens as the caller meant it', () => {
  const answer = plan(request({ extra: { n: 2 }, maxOutputTokens: 10 }));
  assert.equal(answer.usage.output, 10);
  assert.ok(textOf(answer, 0).length > 0 && textOf(answer, 1).length > 0);
  assert.equal(eventsOf(answer).filter((event) => event.type === 'finish').length, 2);
  assert.equal(eventsOf(answer).filter((event) => event.type === 'usage').length, 1);
});

test('a sample fits schemas of every kind and ends in recursive ones', () => {
  assert.deepEqual(sampleOf({ anyOf: [{ type: 'null' }, { type: 'string' }] }, 'x'), null);
  assert.deepEqual(sampleOf({ type: ['array', 'null'], items: { type: 'number' } }, 'x'), [1]);
  assert.equal(sampleOf({ const: 7 }, 'x'), 7);
  assert.equal(sampleOf({ type: 'string', default: 'y' }, 'x'), 'y');
  assert.equal(sampleOf(undefined, 'x'), 'x');
  const tree: Record<string, unknown> = { type: 'object' };
  tree['properties'] = { child: tree };
  assert.ok(JSON.stringify(sampleOf(tree, 'leaf')).includes('leaf'));
});
