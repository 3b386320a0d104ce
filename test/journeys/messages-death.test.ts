/**
 * Scenario 16 for the clients of Anthropic's messages: where the upstream dies decides whether they notice, and never
 * are they told an end that nobody said. On accounts of their own dialect, and on such as only speak OpenAI chat.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ConnectionError, type Fetch, type UpstreamResponse } from '../../src/base/fetch.ts';
import { anthropicMessages } from '../../src/dialects/anthropic-messages/anthropic-messages.ts';
import { type Answer, chat, createHouse, type House } from './house.ts';

const RESET = new ConnectionError('ECONNRESET', { message: 'reset', sent: true });

/** The frames of an answer with a text and a call of a tool, by dialect. */
const frame = (value: { readonly type: string }): string =>
  `event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`;
const delta = (index: number, more: object) =>
  frame(Object.assign({ type: 'content_block_delta', index }, { delta: more }));

const MESSAGES: readonly string[] = [
  frame(
    Object.assign(
      { type: 'message_start' },
      {
        message: {
          ...{ id: 'msg_1', type: 'message', role: 'assistant', model: 'm', content: [], stop_reason: null },
          usage: { input_tokens: 321, output_tokens: 1 },
        },
      },
    ),
  ),
  frame(
    Object.assign({ type: 'content_block_start', index: 0 }, { content_block: { type: 'text', text: '' } }),
  ),
  delta(0, { type: 'text_delta', text: 'one 水' }),
  delta(0, { type: 'text_delta', text: ' two' }),
  frame(Object.assign({ type: 'content_block_stop', index: 0 })),
  frame(
    Object.assign(
      { type: 'content_block_start', index: 1 },
      { content_block: { type: 'tool_use', id: 'toolu_1', name: 'write', input: {} } },
    ),
  ),
  delta(1, { type: 'input_json_delta', partial_json: '{"path": "a' }),
  delta(1, { type: 'input_json_delta', partial_json: '.txt"}' }),
  frame(Object.assign({ type: 'content_block_stop', index: 1 })),
  frame(
    Object.assign(
      { type: 'message_delta', delta: { stop_reason: 'tool_use', stop_sequence: null } },
      { usage: { output_tokens: 20 } },
    ),
  ),
  frame({ type: 'message_stop' }),
];

const chunk = (delta_: object, finish: string | null = null): string =>
  `data: ${JSON.stringify({ id: 'c', model: 'm', choices: [{ index: 0, delta: delta_, finish_reason: finish }] })}\n\n`;
const call = (piece: string, more: object = {}): string =>
  chunk({ tool_calls: [{ index: 0, ...more, function: { name: 'write', arguments: piece } }] });

const CHAT: readonly string[] = [
  chunk({ role: 'assistant', content: '' }),
  chunk({ content: 'one 水' }),
  chunk({ content: ' two' }),
  call('', { id: 'call_1' }),
  call('{"path": "a'),
  call('.txt"}'),
  chunk({}, 'tool_calls'),
  'data: [DONE]\n\n',
];

type Way = {
  readonly provider: string;
  readonly frames: readonly string[];
  /** The number of frames before the first content, and before the middle of the tool's arguments. */
  readonly silent: number;
  readonly inTool: number;
  readonly error: string;
};

const WAYS: Readonly<Record<string, Way>> = {
  'an account of its own dialect': {
    provider: 'anthropic',
    frames: MESSAGES,
    silent: 2,
    inTool: 7,
    error: frame(
      Object.assign({ type: 'error' }, { error: { type: 'overloaded_error', message: 'Overloaded' } }),
    ),
  },
  'an account of another dialect': {
    provider: 'openai-compatible',
    frames: CHAT,
    silent: 1,
    inTool: 5,
    error: `data: ${JSON.stringify({ error: { message: 'overloaded', type: 'server_error', code: 503 } })}\n\n`,
  },
};

/** The first account does as it is told, the second answers well. */
function setUp({ provider, frames }: Way, first: () => AsyncIterable<Uint8Array>) {
  const asked: string[] = [];
  const fetch: Fetch = async ({ url }): Promise<UpstreamResponse> => {
    asked.push(new URL(url).hostname);
    return {
      status: 200,
      headers: { 'content-type': 'text/event-stream' },
      body: new URL(url).hostname === 'first.invalid' ? first() : whole(...frames),
    };
  };
  const account = (id: string, tier: number): string =>
    `  - { id: ${id}, provider: ${provider}, base_url: "https://${id}.invalid/v1", secrets: [s], tier: ${tier}, models: [qwen3-max] }`;
  const house = createHouse(`accounts:\n${account('first', 0)}\n${account('second', 1)}\n`, { fetch });
  return { house, asked };
}

const whole = async function* (...pieces: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield Buffer.from(piece);
};

const dies = async function* (frames: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const piece of frames) yield Buffer.from(piece);
  throw RESET;
};

const streamed = (house: House): Promise<Answer> =>
  house.one(house.message(chat('write it', { stream: true })));

const eventsOf = (text: string) => {
  const reader = anthropicMessages.streamReader();
  const events = reader.push(Buffer.from(text)).flatMap(({ events: each }) => [...each]);
  return { events, ended: reader.ended };
};

const typesOf = (text: string): string[] =>
  [...text.matchAll(/^event: (\w+)$/gm)].map(([, type = '']) => type).filter((type) => type !== 'ping');

function assertWhole({ status, text }: Answer): void {
  assert.equal(status, 200);
  const { events, ended } = eventsOf(text);
  assert.equal(ended, true);
  assert.equal(events.map((event) => (event.type === 'text' ? event.text : '')).join(''), 'one 水 two');
  const json = events.map((event) => (event.type === 'tool-call' ? event.arguments : '')).join('');
  assert.deepEqual(JSON.parse(json), { path: 'a.txt' });
  assert.ok(events.some((event) => event.type === 'finish' && event.reason === 'tool_calls'));
  assert.equal(typesOf(text).at(-1), 'message_stop');
  assert.doesNotMatch(text, /event: error/);
}

for (const [name, way] of Object.entries(WAYS))
  describe(`a stream of messages on ${name}`, () => {
    const early: Readonly<Record<string, () => AsyncIterable<Uint8Array>>> = {
      'without a byte': () => dies([]),
      'with its head alone': () => dies(way.frames.slice(0, way.silent)),
      'by an end behind its head': () => whole(...way.frames.slice(0, way.silent)),
      'by an error as first event': () => whole(way.error),
      'by an error behind its head': () => whole(...way.frames.slice(0, way.silent), way.error),
    };
    for (const [how, first] of Object.entries(early))
      it(`that dies ${how} is answered by another account, unseen`, async () => {
        const { house, asked } = setUp(way, first);
        const answer = await streamed(house);
        assertWhole(answer);
        assert.deepEqual(asked, ['first.invalid', 'second.invalid']);
        assert.equal(answer.headers['x-sluice-attempts'], '2');
        assert.equal(house.app.rooms.limiter.open(), 0);
        assert.equal(house.clock.pending(), 0);
      });

    for (let sent = way.silent + 1; sent <= way.inTool; sent++)
      for (const [how, end] of Object.entries({
        'a reset': dies,
        'an end': (all: readonly string[]) => whole(...all),
      }))
        it(`that dies by ${how} after ${sent} frames ends in an error, and is not sent again`, async () => {
          const { house, asked } = setUp(way, () => end(way.frames.slice(0, sent)));
          const { status, text, atMs, headers } = await streamed(house);
          assert.equal(status, 200);
          assert.ok(atMs < 1_000);
          assert.deepEqual(asked, ['first.invalid']);
          assert.equal(typesOf(text).at(-1), 'error');
          const last = text.trimEnd().split('\n\n').at(-1) ?? '';
          const error = JSON.parse(last.slice(last.indexOf('{')));
          assert.deepEqual([error.type, error.error.type], ['error', 'api_error']);
          assert.equal(error.request_id, headers['request-id']);
          assert.doesNotMatch(text, /"stop_reason":"|message_delta|message_stop/);
          const { events, ended } = eventsOf(text);
          assert.equal(ended, false);
          assert.ok(events.every(({ type }) => type !== 'finish'));
          // A block is closed only where the provider went on to the next one.
          const opened = typesOf(text).filter((type) => type === 'content_block_start').length;
          const closed = typesOf(text).filter((type) => type === 'content_block_stop').length;
          const wasClosed = way.provider === 'anthropic' && sent === 5;
          assert.equal(opened - closed, wasClosed ? 0 : 1);

          const story = house.log.find(({ call: id }) => id === headers['x-request-id']);
          assert.equal(story?.['end'], 'stream_died');
          assert.partialDeepStrictEqual(story, {
            usage: way.provider === 'anthropic' ? { input: 321, source: 'partial' } : { source: 'estimated' },
          });
          assert.equal(house.app.rooms.limiter.open(), 0);
          assert.equal(house.clock.pending(), 0);
        });

    it('that has told its end and then dies has ended well', async () => {
      const { house } = setUp(way, () => dies(way.frames.slice(0, -1)));
      const { text, headers } = await streamed(house);
      assert.doesNotMatch(text, /event: error/);
      assert.equal(eventsOf(text).ended, true);
      assert.deepEqual(typesOf(text).slice(-2), ['message_delta', 'message_stop']);
      const story = house.log.find(({ call: id }) => id === headers['x-request-id']);
      assert.equal(story?.['end'], 'complete');
    });

    it('that goes well is whole', async () => {
      const { house } = setUp(way, () => whole(...way.frames));
      assertWhole(await streamed(house));
    });
  });
