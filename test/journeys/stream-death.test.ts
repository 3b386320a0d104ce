/**
 * Scenario 16: a stream whose provider dies, at every point of its life, in every dialect that clients speak, on accounts
 * of that dialect and on such as only speak OpenAI chat. Where it dies decides whether the client notices, and never is
 * it told an end that nobody said.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import inject from 'light-my-request';
import { sleep } from '../../src/base/clock.ts';
import { ConnectionError, type Fetch } from '../../src/base/fetch.ts';
import { dialectOf } from '../../src/dialects/index.ts';
import type { ChatDialectId } from '../../src/domain/call.ts';
import { createHouse, type House, KEY } from './house.ts';
import { ARGUMENTS, SPOKEN, type Spoken, TEXT } from './spoken.ts';

type Heard = { readonly text: string; readonly headers: Readonly<Record<string, unknown>> };

type Client = {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** What only a good end says. */
  readonly wellEnded: RegExp;
  /** The error terminal, which is the last frame, is what the client must see. */
  readonly assertDied: (last: string, heard: Heard) => void;
};

const ASK = { model: 'm', stream: true } as const;
const HI = [{ role: 'user', content: 'Hi' }] as const;

const typesOf = (text: string): string[] =>
  [...text.matchAll(/^event: (\S+)$/gm)].map(([, type = '']) => type);
const countOf = (text: string, type: string): number => typesOf(text).filter((each) => each === type).length;
const jsonOf = (frame: string) => JSON.parse(frame.slice(frame.indexOf('{')));

const CLIENTS: Readonly<Record<ChatDialectId, Client>> = {
  'openai-chat': {
    path: '/v1/chat/completions',
    body: { ...ASK, messages: HI },
    wellEnded: /"finish_reason":"(stop|tool_calls|length)"|\[DONE\]/,
    assertDied: (last) => assert.match(last, /^data: \{"error":\{"message":"[^"]+","type":"[^"]+"/),
  },
  'anthropic-messages': {
    path: '/v1/messages',
    body: { ...ASK, max_tokens: 1_000, messages: HI },
    wellEnded: /"stop_reason":"|message_delta|message_stop/,
    assertDied(last, { text, headers }) {
      assert.partialDeepStrictEqual(jsonOf(last), { type: 'error', request_id: headers['request-id'] });
      assert.match(jsonOf(last).error.type, /^(api|overloaded)_error$/);
      // What was open stays open.
      assert.equal(countOf(text, 'content_block_start') - countOf(text, 'content_block_stop'), 1);
    },
  },
  'openai-responses': {
    path: '/v1/responses',
    body: { ...ASK, input: 'Hi', store: false },
    wellEnded: /response\.(completed|incomplete)/,
    assertDied(last, { text }) {
      const told = text.trimEnd().split('\n\n').map(jsonOf);
      assert.deepEqual([typesOf(last), jsonOf(last).response.status], [['response.failed'], 'failed']);
      assert.equal(jsonOf(last).response.id, told[0].response.id);
      assert.deepEqual(
        told.map(({ sequence_number }) => sequence_number),
        told.map((_, i) => i),
      );
      assert.doesNotMatch(text, /function_call_arguments\.done/);
      assert.equal(
        countOf(text, 'response.output_item.added') - countOf(text, 'response.output_item.done'),
        1,
      );
    },
  },
  gemini: {
    path: '/v1beta/models/m:streamGenerateContent?alt=sse',
    body: { contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] },
    wellEnded: /"finishReason"/,
    assertDied(last) {
      const { error } = jsonOf(last);
      assert.ok(error.code >= 500 && error.code === Number(error.code));
      assert.match(error.status, /^(UNAVAILABLE|INTERNAL)$/);
    },
  },
};

/** Who asks, and who is asked. */
const WAYS = [
  ['openai-chat', 'openai-chat'],
  ['anthropic-messages', 'anthropic-messages'],
  ['anthropic-messages', 'openai-chat'],
  ['openai-responses', 'openai-responses'],
  ['openai-responses', 'openai-chat'],
  ['gemini', 'gemini'],
  ['gemini', 'openai-chat'],
  ['openai-responses', 'gemini'],
  ['anthropic-messages', 'gemini'],
] as const satisfies [ChatDialectId, ChatDialectId][];

/** How it dies: an orderly close, a broken connection, or in words. */
const ENDS = ['closes', 'breaks', 'tells an error'] as const;
type End = (typeof ENDS)[number];

const wholeOf = ({ opening, text, tool, end }: Spoken): string[] => [...opening, ...text, ...tool, ...end];

/** The first account dies after these pieces; the second answers whole. Tells who was asked. */
function scene({ path, body: asks }: Client, spoken: Spoken, [pieces, end]: [readonly string[], End]) {
  const asked: string[] = [];
  const account = (id: string, tier: number): string =>
    `  - { id: ${id}, provider: ${spoken.provider}, base_url: http://${id}.test/v1, secrets: [s], models: [m], tier: ${tier} }\n`;
  const house: House = createHouse(`accounts:\n${account('dying', 0)}${account('well', 1)}`, {
    fetch: (async ({ url }) => {
      const { host } = new URL(url);
      asked.push(host);
      await sleep(house.clock, 50);
      const dies = host === 'dying.test';
      const told = end === 'tells an error' ? [...pieces, spoken.error] : pieces;
      const body = (async function* () {
        for (const piece of dies ? told : wholeOf(spoken)) {
          yield Buffer.from(piece);
          await sleep(house.clock, 20);
        }
        if (dies && end === 'breaks')
          throw new ConnectionError('ECONNRESET', { message: 'reset', sent: true });
      })();
      return { status: 200, headers: { 'content-type': 'text/event-stream' }, body };
    }) satisfies Fetch,
  });
  const listen = async () => {
    const response = await house.clock.runUntil(
      inject(house.app.server.handle, {
        method: 'POST',
        url: path,
        headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
        payload: JSON.stringify(asks),
      }),
      600_000,
    );
    const story = house.log.find(({ msg }) => msg === 'call');
    const { statusCode: status, payload: text, headers } = response;
    return { status, text, headers, story, atMs: house.clock.now() };
  };
  return { house, asked, listen };
}

/** What a client makes of the bytes. */
function meaningOf(dialect: ChatDialectId, bytes: string) {
  const reader = dialectOf(dialect).streamReader();
  const events = reader.push(Buffer.from(bytes)).flatMap((chunk) => [...chunk.events]);
  return {
    ended: reader.ended,
    text: events.map((event) => (event.type === 'text' ? event.text : '')).join(''),
    json: events.map((event) => (event.type === 'tool-call' ? event.arguments : '')).join(''),
    finish: events.find((event) => event.type === 'finish')?.reason,
    last: events.at(-1)?.type,
  };
}

for (const [asks, speaks] of WAYS)
  describe(`${asks} on ${speaks}: a stream whose provider dies`, () => {
    const [client, spoken] = [CLIENTS[asks], SPOKEN[speaks]];
    const { opening, text: words, tool } = spoken;

    const assertWhole = (text: string): void => {
      const { ended, text: said, json, finish } = meaningOf(asks, text);
      assert.deepEqual([ended, said, json, finish], [true, TEXT, ARGUMENTS, 'tool_calls']);
      assert.match(text, client.wellEnded);
      assert.doesNotMatch(text, /"error":\{|event: error|response\.failed/);
    };

    for (const end of ENDS) {
      for (const [when, pieces] of [
        ['after the head', []],
        ['after what tells no content', opening],
      ] as const)
        it(`${when} (${end}) is begun anew elsewhere, unseen`, async () => {
          const { asked, listen, house } = scene(client, spoken, [pieces, end]);
          const { status, text, story, headers } = await listen();
          assert.equal(status, 200);
          assert.deepEqual(asked, ['dying.test', 'well.test']);
          assertWhole(text);
          assert.equal(headers['x-sluice-attempts'], '2');
          assert.equal(story?.['end'], 'complete');
          assert.equal(house.app.rooms.limiter.open(), 0);
          assert.equal(house.clock.pending(), 0);
        });

      for (const [when, pieces] of [
        ['after one piece of text', [...opening, ...words.slice(0, 1)]],
        ['after three pieces of text', [...opening, ...words.slice(0, 3)]],
        ['inside the arguments of a tool', [...opening, ...words, ...tool.slice(0, -1)]],
        ['behind the arguments of a tool', [...opening, ...words, ...tool]],
      ] as const)
        it(`${when} (${end}) ends in the error of the dialect within a second, and is not sent again`, async () => {
          const { asked, listen, house } = scene(client, spoken, [pieces, end]);
          const startMs = house.clock.now();
          const { status, text, headers, story, atMs } = await listen();
          assert.equal(status, 200);
          assert.deepEqual(asked, ['dying.test']);
          client.assertDied(text.trimEnd().split('\n\n').at(-1) ?? '', { text, headers });
          assert.doesNotMatch(text, client.wellEnded);
          const came = meaningOf(speaks, pieces.join(''));
          const told = meaningOf(asks, text);
          // Gemini has no word for a call that is not whole.
          const json = asks === 'gemini' && came.json !== ARGUMENTS ? '' : came.json;
          assert.deepEqual([told.text, told.json], [came.text, json], 'what came was passed on');
          if (asks === speaks) assert.ok(text.startsWith(pieces.join('')), 'byte for byte');
          assert.deepEqual([told.ended, told.finish, told.last], [false, undefined, 'error']);
          assert.ok(atMs - startMs <= 50 + 20 * pieces.length + 1_000);
          assert.equal(story?.['end'], 'stream_died');
          assert.partialDeepStrictEqual(story['usage'], spoken.brokenUsage);
          assert.equal(house.app.rooms.limiter.open(), 0);
          assert.equal(house.clock.pending(), 0);
        });
    }

    it('after it has told its end, ended well', async () => {
      const pieces = [...opening, ...words, ...tool, ...spoken.end.slice(0, 1)];
      const { asked, listen } = scene(client, spoken, [pieces, 'breaks']);
      const { text, story } = await listen();
      assertWhole(text);
      assert.deepEqual(asked, ['dying.test']);
      assert.equal(story?.['end'], 'complete');
    });
  });
