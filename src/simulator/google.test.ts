import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSeededRandom } from '../base/seeded-random.ts';
import { gemini } from '../dialects/gemini/gemini.ts';
import type { ChatEvent } from '../domain/chat.ts';
import { providerOf } from '../providers/index.ts';
import { ask } from '../testing/ask.ts';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { googleRefusal } from './google-refusals.ts';
import { createSimulator } from './upstream.ts';

function setUp() {
  const simulator = createSimulator({
    clock: createVirtualClock(),
    random: createSeededRandom(11),
    accounts: [{ id: 'one', secrets: ['sk-1'] }],
    pace: { firstTokenMs: 0, tokensPerSecond: 0 },
    oddShare: 0,
  });
  const asked = (action: string, fields: object = {}, secret = 'sk-1') =>
    ask(
      simulator.fetch,
      { contents: [{ parts: [{ text: 'hello tool' }] }], ...fields },
      {
        url: `https://google.test/v1beta/models/qwen3-max:${action}`,
        headers: { authorization: '', 'x-goog-api-key': secret },
      },
    );
  return { simulator, asked };
}

function eventsOf(text: string): { readonly events: ChatEvent[]; readonly ended: boolean } {
  const reader = gemini.streamReader();
  const events = reader.push(Buffer.from(text)).flatMap((chunk) => [...chunk.events]);
  return { events, ended: reader.ended };
}

test("at Google's addresses a plain answer and a stream are in Gemini's dialect", async () => {
  const { asked } = setUp();
  const plain = await asked('generateContent', { generationConfig: { candidateCount: 2 } });
  assert.equal(plain.status, 200, plain.text);
  const { candidates, usageMetadata } = JSON.parse(plain.text);
  assert.equal(candidates.length, 2);
  assert.ok(usageMetadata.promptTokenCount > 0 && usageMetadata.candidatesTokenCount > 0);
  const { events, ended } = eventsOf((await asked('streamGenerateContent?alt=sse')).text);
  assert.equal(ended, true);
  assert.deepEqual(
    [events[0]?.type, ...events.slice(-2).map(({ type }) => type)],
    ['start', 'finish', 'usage'],
  );
});

test('thinking, tools and schemas are asked for in the words of that dialect', async () => {
  const { asked } = setUp();
  const tools = [{ functionDeclarations: [{ name: 'f', parameters: { type: 'OBJECT' } }] }];
  const called = eventsOf((await asked('streamGenerateContent?alt=sse', { tools })).text);
  assert.equal(called.events.find((event) => event.type === 'tool-call')?.name, 'f');
  const thinkingConfig = { thinkingBudget: 1_024 };
  const thought = await asked('generateContent', { generationConfig: { thinkingConfig } });
  assert.equal(JSON.parse(thought.text).candidates[0].content.parts[0].thought, true);
  const json = {
    responseMimeType: 'application/json',
    responseSchema: { type: 'OBJECT', properties: { a: { type: 'STRING' } } },
  };
  const answer = await asked('generateContent', { generationConfig: json });
  const [{ text }] = JSON.parse(answer.text).candidates[0].content.parts;
  assert.deepEqual(Object.keys(JSON.parse(text)), ['a']);
});

test('refusals there are told as Google tells them, before the answer and within', async () => {
  const { simulator, asked } = setUp();
  const stranger = JSON.parse((await asked('generateContent', {}, 'nobody')).text).error;
  assert.deepEqual([stranger.code, stranger.details[0].reason], [400, 'API_KEY_INVALID']);
  const wrong = JSON.parse((await asked('generateContent', { contents: [] })).text).error;
  assert.deepEqual([wrong.code, wrong.status], [400, 'INVALID_ARGUMENT']);
  assert.match(wrong.message, /contents/);
  simulator.account('one').set({ fault: { kind: 'stream-error', afterChunks: 3 } });
  const { events, ended } = eventsOf((await asked('streamGenerateContent?alt=sse')).text);
  const last = events.at(-1);
  assert.ok(last?.type === 'error' && last.status === 429 && !ended);
  simulator.account('one').set({ fault: null, limits: { 'qwen3-max': { rpm: 0 } } });
  const full = await asked('generateContent');
  const { code, status, details } = JSON.parse(full.text).error;
  assert.deepEqual([full.status, code, status], [429, 429, 'RESOURCE_EXHAUSTED']);
  assert.match(details[1].retryDelay, /^\d+s$/);
});

test("our own rules for Gemini's refusals understand each of them", () => {
  const { classify } = providerOf('gemini') ?? assert.fail();
  const expected = {
    ...{ rpm: 'rpm', rps: 'rpm', tpm: 'tpm', tps: 'tpm', rpd: 'day', tpd: 'day', burst: 'overload' },
    ...{ 'bad-secret': 'auth', 'wrong-region': 'auth', overload: 'overload', arrears: 'balance' },
    ...{ 'no-model': 'model_missing', parameter: 'upstream_rejected', internal: 'upstream_error' },
  } as const;
  for (const [kind, failure] of Object.entries(expected)) {
    const random = createSeededRandom(1);
    const refusal = googleRefusal(kind as keyof typeof expected, { random, fault: 'temperature: too hot' });
    const body = JSON.stringify(refusal.body);
    const { status } = refusal;
    assert.equal(classify({ status, headers: {}, body, phase: 'head', nowMs: 0 }).kind, failure, kind);
  }
});
