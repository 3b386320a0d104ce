/**
 * The official `openai` package and the Responses dialect: a server that answers with what the dialect writes, and a
 * whole Sluice between the package and an upstream that dies.
 */

import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, describe, it } from 'node:test';
import OpenAI, { APIError } from 'openai';
import type { Response, ResponseStreamEvent } from 'openai/resources/responses/responses';
import { openaiResponses } from '../../src/dialects/openai-responses/openai-responses.ts';
import type { ChatEvent } from '../../src/domain/chat.ts';
import { Failure } from '../../src/domain/failure.ts';
import { caught, KEY, startRelay, type TestRelay } from './relay.ts';
import { type StubUpstream, startStub } from './stub-upstream.ts';

const HEAD = { id: 'resp_1', model: 'm', created: 1_762_000_000 };
const ASK = { model: 'm', input: 'Say something' } as const;

const USAGE: ChatEvent = {
  type: 'usage',
  usage: { input: 14, cacheRead: 6, cacheWrite: 2, output: 5, reasoning: 3, source: 'upstream' },
};
const ANSWER: readonly ChatEvent[] = [
  { type: 'reasoning', text: 'Let me ' },
  { type: 'reasoning', text: 'think.' },
  { type: 'text', text: '你好, ' },
  { type: 'text', text: 'world 🎉' },
  { type: 'tool-call', index: 0, id: 'call_a', name: 'get_weather', arguments: '{"city":' },
  { type: 'tool-call', index: 1, id: 'call_b', name: 'get_time', arguments: '{}' },
  { type: 'tool-call', index: 0, arguments: '"Oslo"}' },
  { type: 'finish', reason: 'tool_calls' },
  USAGE,
];

/** The frames of these events, and the end where they end well. */
function streamOf(events: readonly ChatEvent[], ends = true): Buffer[] {
  const writer = openaiResponses.streamWriter(HEAD, { wantsUsage: true });
  const frames = events.map((event) => writer.write(event)).filter(({ length }) => length > 0);
  return ends ? [...frames, writer.end()] : frames;
}

/** What has to be in every answer, however it came. */
function checkAnswer(response: Response): void {
  assert.equal(response.output_text, '你好, world 🎉');
  assert.equal(response.status, 'completed');
  assert.equal(response.model, 'm');
  assert.deepEqual(
    response.output.map(({ type }) => type),
    ['reasoning', 'message', 'function_call', 'function_call'],
  );
  const calls = response.output.filter((item) => item.type === 'function_call');
  assert.deepEqual(
    calls.map((call) => [call.call_id, call.name, call.arguments]),
    [
      ['call_a', 'get_weather', '{"city":"Oslo"}'],
      ['call_b', 'get_time', '{}'],
    ],
  );
  assert.equal(response.usage?.input_tokens, 22);
  assert.equal(response.usage.input_tokens_details.cached_tokens, 6);
  assert.equal(response.usage.output_tokens, 8);
  assert.equal(response.usage.output_tokens_details.reasoning_tokens, 3);
  assert.equal(response.usage.total_tokens, 30);
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

describe('the openai package hears what the Responses dialect writes', () => {
  let stub: StubUpstream;
  let openai: OpenAI;
  before(async () => {
    stub = await startStub();
    openai = new OpenAI({ baseURL: stub.url, apiKey: 'k', maxRetries: 0 });
  });
  after(() => stub.close());

  const answerWith = (pieces: readonly Buffer[]): void => {
    stub.answer = (_received, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const piece of pieces) response.write(piece);
      response.end();
    };
  };
  const events = async (): Promise<ResponseStreamEvent[]> =>
    all(await openai.responses.create({ ...ASK, stream: true }));

  it('plain', async () => {
    stub.answer = (_received, response) => {
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(openaiResponses.writeReply(HEAD, ANSWER));
    };
    checkAnswer(await openai.responses.create(ASK));
  });

  it('as a stream, every event in its order and numbered', async () => {
    answerWith(streamOf(ANSWER));
    const told = await events();
    assert.deepEqual(
      told.map(({ sequence_number }) => sequence_number),
      told.map((_, i) => i),
    );
    assert.deepEqual(
      told.map(({ type }) => type.replace('response.', '')),
      [
        ...['created', 'in_progress'],
        ...['output_item.added', 'reasoning_summary_part.added'],
        ...['reasoning_summary_text.delta', 'reasoning_summary_text.delta'],
        ...['reasoning_summary_text.done', 'reasoning_summary_part.done', 'output_item.done'],
        ...['output_item.added', 'content_part.added', 'output_text.delta', 'output_text.delta'],
        ...['output_text.done', 'content_part.done', 'output_item.done'],
        ...['output_item.added', 'function_call_arguments.delta'],
        ...['output_item.added', 'function_call_arguments.delta', 'function_call_arguments.delta'],
        ...['function_call_arguments.done', 'output_item.done'],
        ...['function_call_arguments.done', 'output_item.done'],
        'completed',
      ],
    );
    const text = told.map((event) => (event.type === 'response.output_text.delta' ? event.delta : ''));
    assert.equal(text.join(''), '你好, world 🎉');
    const last = told.at(-1);
    assert.ok(last?.type === 'response.completed');
    assert.equal(last.response.id, 'resp_1');
  });

  it('put together by the package itself, between heartbeats', async () => {
    const pieces = streamOf(ANSWER).flatMap((frame) => [openaiResponses.heartbeat('working'), frame]);
    answerWith(pieces);
    checkAnswer(await openai.responses.stream(ASK).finalResponse());
  });

  it('cut off by its own limit: incomplete, and no call that nobody finished', async () => {
    answerWith(
      streamOf([
        { type: 'tool-call', index: 0, id: 'call_a', name: 'get_time', arguments: '{"zo' },
        { type: 'finish', reason: 'length' },
      ]),
    );
    const told = await events();
    const last = told.at(-1);
    assert.ok(last?.type === 'response.incomplete');
    assert.deepEqual(last.response.incomplete_details, { reason: 'max_output_tokens' });
    assert.equal(
      told.some(({ type }) => type.endsWith('.done')),
      false,
    );
    const whole = await openai.responses.stream(ASK).finalResponse();
    assert.equal(whole.status, 'incomplete');
  });

  it('dead in the middle: failed under the same id, the numbers going on, and nothing told as done', async () => {
    const begun = streamOf([{ type: 'text', text: 'Half an' }], false);
    const failure = new Failure('stream_died', { message: 'The answer broke off.' });
    const last = begun.at(-1);
    assert.ok(last);
    answerWith([...begun, openaiResponses.writeStreamFailure(failure, 'req_1', { head: HEAD, last })]);
    const told = await events();
    assert.deepEqual(
      told.map(({ sequence_number }) => sequence_number),
      told.map((_, i) => i),
    );
    const end = told.at(-1);
    assert.ok(end?.type === 'response.failed');
    assert.equal(end.response.id, 'resp_1');
    assert.equal(end.response.error?.code, 'server_error');
    assert.equal(
      told.some(({ type }) => /\.done$|completed$/.test(type)),
      false,
    );
    const whole = await openai.responses.stream(ASK).finalResponse();
    assert.equal(whole.status, 'failed');
    assert.match(whole.error?.message ?? '', /broke off/);
  });

  it('dead before its first event: reported as failed too', async () => {
    const failure = new Failure('wait_over', { message: 'No channel came free.' });
    answerWith([
      openaiResponses.heartbeat('queued'),
      openaiResponses.writeStreamFailure(failure, 'req_1', { head: HEAD }),
    ]);
    const whole = await openai.responses.stream(ASK).finalResponse();
    assert.equal(whole.status, 'failed');
    assert.equal(whole.error?.code as string, 'server_is_overloaded');
  });

  it('refused: an error with its status, its code and its field', async () => {
    const failure = new Failure('model_not_found', { message: 'No such model.', param: 'model' });
    const { status, body } = openaiResponses.writeFailure(failure, 'req_1');
    stub.answer = (_received, response) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    };
    const error = await caught(openai.responses.create(ASK));
    assert.ok(error instanceof APIError);
    assert.deepEqual([error.status, error.code, error.param], [404, 'model_not_found', 'model']);
  });
});

describe('the openai package asks for a response through Sluice', () => {
  let stub: StubUpstream;
  let relay: TestRelay;
  let openai: OpenAI;
  before(async () => {
    stub = await startStub();
    relay = await startRelay(`
accounts:
  - id: stub
    provider: openai
    base_url: ${stub.url}
    secrets: [upstream-secret]
    models: { up-model: { name: m } }
`);
    openai = relay.openai();
  });
  after(async () => {
    await relay.close();
    await stub.close();
  });

  /** As the upstream writes it, under its own name of the model. */
  const frames = (events: readonly ChatEvent[]): { readonly begun: Buffer; readonly end: Buffer } => {
    const writer = openaiResponses.streamWriter({ ...HEAD, model: 'up-model' }, { wantsUsage: true });
    return { begun: Buffer.concat(events.map((event) => writer.write(event))), end: writer.end() };
  };
  const answerWith = (...pieces: readonly Buffer[]): void => {
    stub.answer = (_received, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const piece of pieces) response.write(piece);
      response.end();
    };
  };

  it('and gets it whole, under the public name, from an upstream that saw only its model changed', async () => {
    stub.answer = (_received, response) => {
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(openaiResponses.writeReply({ ...HEAD, model: 'up-model' }, ANSWER));
    };
    checkAnswer(await openai.responses.create(ASK));
    assert.equal(stub.last().url, '/v1/responses');
    assert.deepEqual(JSON.parse(stub.last().body.toString()), { ...ASK, model: 'up-model' });
  });

  it('and gets it as a stream', async () => {
    const { begun, end } = frames(ANSWER);
    answerWith(begun, end);
    checkAnswer(await openai.responses.stream(ASK).finalResponse());
    await relay.settled();
  });

  it('and hears that its stream died, numbered on behind the last event, whatever cut it', async () => {
    const { begun } = frames([{ type: 'text', text: 'Half an' }]);
    const overloaded = Buffer.from(
      'event: error\ndata: {"type":"error","code":"server_is_overloaded","message":"Busy.","sequence_number":5}\n\n',
    );
    for (const tail of [[], [overloaded]]) {
      answerWith(begun, ...tail);
      const told = await all(await openai.responses.create({ ...ASK, stream: true }));
      const end = told.at(-1);
      assert.ok(end?.type === 'response.failed');
      assert.equal(end.response.id, 'resp_1');
      assert.equal(end.response.model, 'm');
      assert.equal(
        end.response.error?.code as string,
        tail.length === 0 ? 'server_error' : 'server_is_overloaded',
      );
      assert.deepEqual(
        told.map(({ sequence_number }) => sequence_number),
        told.map((_, i) => i),
      );
    }
    await relay.settled();
  });

  it('and is told at once that there is no WebSocket', async () => {
    for (const path of ['/v1/responses', '/openai/v1/responses?x=1']) {
      const startedMs = performance.now();
      const answer = await new Promise<{ status: number | undefined; upgrade: unknown }>(
        (resolve, reject) => {
          const upgrade = {
            connection: 'Upgrade',
            upgrade: 'websocket',
            'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
            'sec-websocket-version': '13',
            'openai-beta': 'responses_websockets=2026-02-06',
            authorization: `Bearer ${KEY}`,
          };
          request(`${relay.url}${path}`, { headers: upgrade }, (response) => {
            response.resume();
            resolve({ status: response.statusCode, upgrade: response.headers.upgrade });
          })
            .on('error', reject)
            .end();
        },
      );
      assert.equal(answer.status, 426);
      assert.ok(performance.now() - startedMs < 1_000);
    }
    const plain = await fetch(`${relay.url}/v1/responses`, { headers: { authorization: `Bearer ${KEY}` } });
    assert.equal(plain.status, 404);
  });
});
