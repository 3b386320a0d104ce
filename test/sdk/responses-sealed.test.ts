/**
 * The official `openai` package carries the thoughts of an Anthropic model between its calls, sealed, with nothing kept on
 * the way; `@openai/agents` and the AI SDK do what they do by themselves.
 */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createOpenAI } from '@ai-sdk/openai';
import { generateText, type ModelMessage } from 'ai';
import type OpenAI from 'openai';
import type { Response, ResponseInput } from 'openai/resources/responses/responses';
import { dialects } from '../../src/dialects/index.ts';
import type { ChatEvent } from '../../src/domain/chat.ts';
import { KEY, startRelay, type TestRelay } from './relay.ts';
import { type StubUpstream, startStub } from './stub-upstream.ts';

const messages = dialects['anthropic-messages'];
const chat = dialects['openai-chat'];

const THOUGHT: readonly ChatEvent[] = [
  { type: 'reasoning', text: 'Let me ' },
  { type: 'reasoning', text: 'see.' },
  { type: 'reasoning', text: '', signature: 'sig-1' },
  { type: 'reasoning', text: '', signature: 'hidden', redacted: true },
];
const CALL: readonly ChatEvent[] = [
  ...THOUGHT,
  { type: 'tool-call', index: 0, id: 'toolu_1', name: 'f', arguments: '{"a":1}' },
  { type: 'finish', reason: 'tool_calls' },
];
const BLOCKS = [
  { type: 'thinking', thinking: 'Let me see.', signature: 'sig-1' },
  { type: 'redacted_thinking', data: 'hidden' },
];

describe('the thoughts of a model of another dialect', () => {
  let anthropic: StubUpstream;
  let plain: StubUpstream;
  let relay: TestRelay;
  let openai: OpenAI;
  let events: readonly ChatEvent[] = CALL;
  before(async () => {
    const answerIn =
      (dialect: typeof messages): StubUpstream['answer'] =>
      ({ body }, response) => {
        const head = { id: 'id_1', model: 'up', created: 1 };
        if (!JSON.parse(body.toString()).stream) {
          response.writeHead(200, { 'content-type': 'application/json' });
          response.end(dialect.writeReply(head, events));
          return;
        }
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        const writer = dialect.streamWriter(head, { wantsUsage: true });
        response.write(writer.write({ type: 'start', ...head }));
        for (const event of events) response.write(writer.write(event));
        response.end(writer.end());
      };
    anthropic = await startStub(answerIn(messages));
    plain = await startStub(answerIn(chat));
    relay = await startRelay(`
accounts:
  - { id: a, provider: anthropic, base_url: ${anthropic.url}, secrets: [s], models: { claude: {} } }
  - { id: c, provider: openai-compatible, base_url: ${plain.url}, secrets: [s], models: { other: {} } }
memory: { max_bytes: 1b }
`);
    openai = relay.openai();
  });
  after(async () => {
    await relay.close();
    await anthropic.close();
    await plain.close();
  });
  const bodyOf = (stub: StubUpstream) => JSON.parse(stub.last().body.toString());

  const TOOL = { type: 'function', name: 'f', parameters: { type: 'object' }, strict: false } as const;
  const SEALED = { store: false, include: ['reasoning.encrypted_content' as const], tools: [TOOL] };
  const nextInput = ({ output }: Response): ResponseInput => [
    { role: 'user', content: 'Go' },
    ...(output as ResponseInput),
    { type: 'function_call_output', call_id: 'toolu_1', output: '2' },
  ];

  for (const way of ['plain', 'streamed'] as const)
    it(`come back with their signatures to the provider that had them, ${way}`, async () => {
      events = CALL;
      const asked = { ...SEALED, model: 'claude', input: 'Go' };
      const answer =
        way === 'plain'
          ? await openai.responses.create(asked)
          : await openai.responses.stream(asked).finalResponse();
      const [thought, ...more] = answer.output.filter(({ type }) => type === 'reasoning');
      assert.ok(thought?.type === 'reasoning' && more.length === 0, JSON.stringify(answer.output));
      assert.equal(thought.summary[0]?.text, 'Let me see.');
      assert.match(thought.encrypted_content ?? '', /^slr1_/);
      assert.match(thought.id, /^rs_sl/);

      const { response } = await openai.responses
        .create({ ...SEALED, model: 'claude', input: nextInput(answer) })
        .withResponse();
      assert.equal(response.headers.get('x-sluice-dropped'), null);
      assert.deepEqual(bodyOf(anthropic).messages[1].content, [
        ...BLOCKS,
        { type: 'tool_use', id: 'toolu_1', name: 'f', input: { a: 1 } },
      ]);
    });

  it('are shown to another provider in their words alone, and that is said', async () => {
    events = CALL;
    const answer = await openai.responses.create({ ...SEALED, model: 'claude', input: 'Go' });
    const { response } = await openai.responses
      .create({ ...SEALED, model: 'other', input: nextInput(answer) })
      .withResponse();
    assert.equal(response.headers.get('x-sluice-dropped'), 'encrypted_content');
    assert.equal(bodyOf(plain).messages[1].reasoning_content, 'Let me see.');
    assert.ok(!plain.last().body.includes('sig-1'));
  });

  it('are not sealed for who did not ask, and the seal of a stranger is left out and named', async () => {
    events = CALL;
    const answer = await openai.responses.create({ model: 'claude', input: 'Go', tools: [TOOL] });
    assert.ok(!JSON.stringify(answer.output).includes('encrypted_content'));
    const stranger = { type: 'reasoning' as const, id: 'rs_1', summary: [], encrypted_content: 'gAAAA' };
    const input = nextInput(answer).map((item) => (item.type === 'reasoning' ? stranger : item));
    const { response } = await openai.responses.create({ ...SEALED, model: 'claude', input }).withResponse();
    assert.equal(response.headers.get('x-sluice-dropped'), 'encrypted_content');
  });

  for (const store of [true, false])
    it(`are sent by the AI SDK as it is used to, where it ${store ? 'refers to them' : 'carries them'}`, async () => {
      events = [...THOUGHT, { type: 'text', text: 'Two.' }, { type: 'finish', reason: 'stop' }];
      const model = createOpenAI({ baseURL: `${relay.url}/v1`, apiKey: KEY })('claude');
      const providerOptions = { openai: { store, include: ['reasoning.encrypted_content' as const] } };
      const said: ModelMessage[] = [{ role: 'user', content: 'One?' }];
      const first = await generateText({ model, messages: said, providerOptions, maxRetries: 0 });
      assert.equal(first.text, 'Two.');
      said.push(...first.response.messages, { role: 'user', content: 'Three?' });
      const second = await generateText({ model, messages: said, providerOptions, maxRetries: 0 });
      assert.equal(second.text, 'Two.');
      const turn = bodyOf(anthropic).messages.find(({ role }: { role: string }) => role === 'assistant');
      if (!store) assert.deepEqual(turn?.content, [...BLOCKS, { type: 'text', text: 'Two.' }]);
    });
});
