/**
 * The official `openai` package goes on from answers by their ids, asks for them again and deletes them: over accounts
 * that only speak OpenAI chat, and over two that speak its own dialect, of which one fails.
 */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import OpenAI, { APIError } from 'openai';
import type { ResponseInput } from 'openai/resources/responses/responses';
import { caught, KEY, startRelay, type TestRelay } from './relay.ts';
import {
  chunkOf,
  FINISH,
  plainAnswer,
  plainReply,
  type StubUpstream,
  startStub,
  streamAnswer,
  streamOf,
  stubConfig,
  USAGE,
} from './stub-upstream.ts';

const OTHER_KEY = 'other-key-0123456789abcdef';
const KEYS = `keys: [{ id: test, key: ${KEY} }, { id: other, key: ${OTHER_KEY} }]`;

/** Not among the package's types. */
const storeOf = (answer: object): unknown => ('store' in answer ? answer.store : undefined);

const bodyOf = (stub: StubUpstream) => JSON.parse(stub.last().body.toString());

describe('an answer that crossed is kept for who got it', () => {
  let stub: StubUpstream;
  let relay: TestRelay;
  let openai: OpenAI;
  before(async () => {
    stub = await startStub();
    relay = await startRelay(stubConfig(stub.url, 'up-model', KEYS));
    openai = relay.openai();
  });
  after(async () => {
    await relay.close();
    await stub.close();
  });
  const says = (content: string): void => {
    const message = { role: 'assistant', content };
    stub.answer = plainAnswer(
      plainReply('up-model', { choices: [{ index: 0, message, finish_reason: 'stop' }] }),
    );
  };
  const ask = (input: string, more: object = {}) =>
    openai.responses.create({
      model: 'up-model',
      input,
      ...more,
    } as OpenAI.Responses.ResponseCreateParamsNonStreaming);

  it('and is gone on from: what was said before stands in front, without its instructions', async () => {
    says('One.');
    const first = await ask('a', { instructions: 'Be brief.', metadata: { turn: '1' } });
    assert.match(first.id, /^resp_sl[0-9a-f]{32}$/);
    assert.match(first.output[0]?.id ?? '', /^msg_sl/);
    assert.deepEqual(
      [storeOf(first), first.instructions, first.metadata],
      [true, 'Be brief.', { turn: '1' }],
    );
    says('Two.');
    const second = await ask('b', { previous_response_id: first.id });
    assert.equal(second.previous_response_id, first.id);
    const third = await ask('c', { previous_response_id: second.id, instructions: 'Be kind.' });
    assert.deepEqual(bodyOf(stub).messages, [
      { role: 'system', content: 'Be kind.' },
      ...[
        ['user', 'a'],
        ['assistant', 'One.'],
        ['user', 'b'],
        ['assistant', 'Two.'],
        ['user', 'c'],
      ].map(([role, content]) => ({ role, content })),
    ]);
    const items = [];
    for await (const item of openai.responses.inputItems.list(third.id, { order: 'asc', limit: 2 }))
      items.push(item);
    assert.deepEqual(
      items.map((item) => [item.type, 'role' in item && item.role]),
      ['user', 'assistant', 'user', 'assistant', 'user'].map((role) => ['message', role]),
    );
    const newest = await openai.responses.inputItems.list(third.id);
    assert.deepEqual(newest.data[0], items.at(-1));
  });

  it('with what its tools were told, and streamed as well', async () => {
    const call = { index: 0, id: 'call_1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } };
    stub.answer = streamAnswer(streamOf(chunkOf({ tool_calls: [call] }), FINISH, USAGE, '[DONE]'));
    const first = await openai.responses.stream({ model: 'up-model', input: 'a' }).finalResponse();
    const told: ResponseInput = [{ type: 'function_call_output', call_id: 'call_1', output: 'sunny' }];
    says('Sun.');
    await openai.responses.create({ model: 'up-model', input: told, previous_response_id: first.id });
    assert.deepEqual(bodyOf(stub).messages.slice(1), [
      {
        ...{ role: 'assistant', content: null },
        tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }],
      },
      { role: 'tool', content: 'sunny', tool_call_id: 'call_1' },
    ]);
  });

  it('and is told again as it was, until it is deleted', async () => {
    says('Keep me.');
    const answer = await ask('a');
    const { output_text: _text, _request_id, ...told } = await openai.responses.retrieve(answer.id);
    assert.deepEqual(told, JSON.parse(JSON.stringify({ ...answer, output_text: undefined })));
    assert.ok((await caught(openai.responses.cancel(answer.id))) instanceof OpenAI.BadRequestError);
    const other = relay.openai({ apiKey: OTHER_KEY });
    for (const [who, id] of [
      [other, answer.id],
      [openai, 'resp_of_nobody'],
    ] as const) {
      const error = await caught(who.responses.retrieve(id));
      assert.ok(
        error instanceof OpenAI.NotFoundError && error.type === 'invalid_request_error',
        String(error),
      );
      assert.ok((await caught(who.responses.delete(id))) instanceof OpenAI.NotFoundError);
    }
    await openai.responses.delete(answer.id);
    assert.ok((await caught(openai.responses.retrieve(answer.id))) instanceof OpenAI.NotFoundError);
    const error = await caught(ask('b', { previous_response_id: answer.id }));
    assert.ok(error instanceof OpenAI.BadRequestError);
    assert.deepEqual([error.code, error.param], ['previous_response_not_found', 'previous_response_id']);
  });

  it('but not where nobody wanted it stored, nor for another key to go on from', async () => {
    says('Forget me.');
    const answer = await ask('a', { store: false });
    assert.equal(storeOf(answer), false);
    assert.ok((await caught(openai.responses.retrieve(answer.id))) instanceof OpenAI.NotFoundError);
    const { id } = await ask('a');
    const other = relay.openai({ apiKey: OTHER_KEY });
    const asked = stub.received.length;
    const error = await caught(
      other.responses.create({ model: 'up-model', input: 'b', previous_response_id: id }),
    );
    assert.ok(error instanceof APIError && error.code === 'previous_response_not_found', String(error));
    assert.equal(stub.received.length, asked, 'nobody was asked');
  });

  it('and its items are put where they are referred to; what is unknown is left out and named', async () => {
    says('An item.');
    const { output } = await ask('a');
    const input = [
      { role: 'user', content: 'a' },
      { type: 'item_reference', id: output[0]?.id },
      { type: 'item_reference', id: 'rs_of_nobody' },
      { role: 'user', content: 'b' },
    ] as ResponseInput;
    const { response } = await openai.responses.create({ model: 'up-model', input }).withResponse();
    assert.equal(response.headers.get('x-sluice-dropped'), 'item_reference');
    assert.deepEqual(bodyOf(stub).messages[1], { role: 'assistant', content: 'An item.' });
  });

  it('and what an input would weigh is estimated, with what stands before it', async () => {
    says('word '.repeat(200));
    const { id } = await ask('a');
    const asked = stub.received.length;
    const alone = await openai.responses.inputTokens.count({ model: 'up-model', input: 'b' });
    const behind = await openai.responses.inputTokens.count({
      model: 'up-model',
      input: 'b',
      previous_response_id: id,
    });
    assert.equal(alone.object, 'response.input_tokens');
    assert.ok(behind.input_tokens > alone.input_tokens + 100, `${alone.input_tokens} ${behind.input_tokens}`);
    assert.equal(stub.received.length, asked, 'nobody was asked');
  });

  it('and a wrong question about it is told what is wrong', async () => {
    const { id } = await ask('a');
    for (const [query, param] of [
      [{ limit: 0 }, 'limit'],
      [{ order: 'up' }, 'order'],
      [{ after: 'x' }, 'after'],
    ] as const) {
      const error = await caught(
        openai.responses.inputItems.list(id, query as object).then((page) => page.data),
      );
      assert.ok(error instanceof OpenAI.BadRequestError && error.param === param, String(error));
    }
    assert.ok(
      (await caught(openai.responses.compact({ model: 'up-model' }))) instanceof OpenAI.NotFoundError,
    );
    const conversation = await caught(ask('a', { conversation: 'conv_1' }));
    assert.ok(conversation instanceof OpenAI.NotFoundError && conversation.param === 'conversation');
  });
});

describe('an answer of an account that speaks the dialect and keeps it', () => {
  const stubs: StubUpstream[] = [];
  let relay: TestRelay;
  let openai: OpenAI;
  before(async () => {
    stubs.push(await startStub(), await startStub());
    relay = await startRelay(`
accounts:${stubs
      .map(
        ({ url }, i) => `
  - { id: ${i === 0 ? 'a' : 'b'}, provider: openai, base_url: ${url}, secrets: [s], tier: ${i}, models: { up: { name: m } } }`,
      )
      .join('')}
${KEYS}
`);
    openai = relay.openai();
    stubs.forEach((stub, i) => {
      stub.answer = answering(i === 0 ? 'a' : 'b');
    });
  });
  after(async () => {
    await relay.close();
    for (const stub of stubs) await stub.close();
  });

  let answers = 0;
  const answering =
    (who: string): StubUpstream['answer'] =>
    (_received, response) => {
      const n = ++answers;
      const reply = {
        ...{
          id: `resp_${who}${n}`,
          object: 'response',
          created_at: 1,
          status: 'completed',
          model: 'up',
          store: true,
        },
        output: [
          { type: 'reasoning', id: `rs_${who}${n}`, summary: [] },
          {
            ...{ type: 'message', id: `msg_${who}${n}`, role: 'assistant', status: 'completed' },
            content: [{ type: 'output_text', text: `${who}${n}`, annotations: [] }],
          },
        ],
        usage: { input_tokens: 1, output_tokens: 1, total_tokens: 2 },
      };
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(reply));
    };
  const [first, second] = [() => stubs[0] ?? assert.fail(), () => stubs[1] ?? assert.fail()];

  it('is gone on from there by its id, and elsewhere by what was said', async () => {
    const { id } = await openai.responses.create({ model: 'm', input: 'one' });
    const next = { model: 'm', input: 'two', previous_response_id: id };
    const native = await openai.responses.create(next);
    assert.deepEqual(bodyOf(first()), { ...next, model: 'up' });
    assert.equal((await openai.responses.retrieve(native.id)).id, native.id);

    first().answer = (_received, response) => void response.writeHead(503).end('{}');
    const third = { model: 'm', input: 'three', previous_response_id: native.id };
    const { data, response } = await openai.responses.create(third).withResponse();
    first().answer = answering('a');
    assert.equal(response.headers.get('x-sluice-channel'), 'b/up');
    assert.equal(response.headers.get('x-sluice-dropped'), 'reasoning');
    const { input, ...rest } = bodyOf(second());
    assert.deepEqual(rest, { model: 'up' });
    assert.deepEqual(
      input.map((item: { role: string; id?: string; content: string | [{ text: string }] }) => [
        item.role,
        typeof item.content === 'string' ? item.content : item.content[0].text,
        item.id,
      ]),
      [
        ['user', 'one'],
        ['assistant', id.slice(5)],
        ['user', 'two'],
        ['assistant', native.id.slice(5)],
        ['user', 'three'],
      ].map(([role, text]) => [role, text, undefined]),
    );
    // From here on the other one has the whole, and is asked although it is the second choice.
    const last = await openai.responses.create({ model: 'm', input: 'four', previous_response_id: data.id });
    assert.match(last.id, /^resp_b/);
    assert.deepEqual(bodyOf(second()).previous_response_id, data.id);
  });

  it('is asked for at its account while that makes it in the background, and gone on from when it has ended', async () => {
    const told = (status: string, output: object[] = []) => ({
      ...{
        id: 'resp_bg',
        object: 'response',
        created_at: 1,
        status,
        background: true,
        store: true,
        model: 'up',
        output,
      },
    });
    const seen: (string | undefined)[] = [];
    let now = told('queued');
    first().answer = ({ url }, response) => {
      seen.push(url);
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(now));
    };
    const asked = await openai.responses.create({ model: 'm', input: 'one', background: true });
    assert.equal(asked.status, 'queued');
    now = told('in_progress');
    const looked = await openai.responses.retrieve('resp_bg');
    assert.deepEqual([looked.status, looked.model], ['in_progress', 'm']);
    const early = await caught(
      openai.responses.create({ model: 'm', input: 'x', previous_response_id: 'resp_bg' }),
    );
    assert.ok(
      early instanceof OpenAI.BadRequestError && early.param === 'previous_response_id',
      String(early),
    );
    now = told('cancelled');
    assert.equal((await openai.responses.cancel('resp_bg')).status, 'cancelled');
    assert.deepEqual(seen, ['/v1/responses', '/v1/responses/resp_bg', '/v1/responses/resp_bg/cancel']);

    now = told('queued');
    await openai.responses.create({ model: 'm', input: 'one', background: true });
    first().answer = (_received, response) => void response.writeHead(500).end('{}');
    assert.ok((await caught(openai.responses.retrieve('resp_bg'))) instanceof OpenAI.InternalServerError);
    now = told('completed', [{ type: 'message', id: 'msg_bg', role: 'assistant', content: [] }]);
    first().answer = (_received, response) =>
      void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(now));
    assert.equal((await openai.responses.retrieve('resp_bg')).status, 'completed');
    first().answer = answering('a');
    const next = { model: 'm', input: 'two', previous_response_id: 'resp_bg' };
    await openai.responses.create(next);
    assert.deepEqual(bodyOf(first()), { ...next, model: 'up' });
  });

  it('is referred to by its items, as they are where they are known', async () => {
    const answer = await openai.responses.create({ model: 'm', input: 'one' });
    const reference = { type: 'item_reference' as const, id: answer.output[0]?.id ?? '' };
    const input: ResponseInput = [reference, { role: 'user', content: 'two' }];
    await openai.responses.create({ model: 'm', input });
    assert.deepEqual(bodyOf(first()).input, input);
    first().answer = (_received, response) => void response.writeHead(503).end('{}');
    const { response } = await openai.responses.create({ model: 'm', input }).withResponse();
    first().answer = answering('a');
    assert.equal(response.headers.get('x-sluice-dropped'), 'reasoning');
    assert.deepEqual(bodyOf(second()).input, [{ role: 'user', content: 'two' }]);
  });
});
