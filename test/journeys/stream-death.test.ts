/** Scenario 16: a stream whose provider dies, at every point of its life, in every dialect that clients speak. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import inject from 'light-my-request';
import { sleep } from '../../src/base/clock.ts';
import { ConnectionError, type Fetch } from '../../src/base/fetch.ts';
import { createHouse, type House, KEY } from './house.ts';

type Spoken = {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** The pieces of a whole answer: what tells no content yet, then the text, then the end. */
  readonly opening: readonly string[];
  readonly text: readonly string[];
  readonly tool: readonly string[];
  readonly end: string;
  /** The error terminal, last in the stream. */
  readonly died: RegExp;
  /** What only a good end says. */
  readonly wellEnded: RegExp;
};

const chunk = (delta: unknown, finish: string | null = null): string =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;

const CHAT: Spoken = {
  path: '/v1/chat/completions',
  body: { model: 'm', stream: true, messages: [{ role: 'user', content: 'Hi' }] },
  opening: [chunk({ role: 'assistant', content: '' })],
  text: ['Once', ' upon', ' a', ' time'].map((content) => chunk({ content })),
  tool: [
    chunk({
      tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name: 'f', arguments: '' } }],
    }),
    chunk({ tool_calls: [{ index: 0, function: { arguments: '{"city":"Par' } }] }),
  ],
  end: `${chunk({}, 'stop')}data: [DONE]\n\n`,
  died: /^data: \{"error":\{"message":"[^"]+","type":"[^"]+"/,
  wellEnded: /"finish_reason":"(stop|tool_calls|length)"|\[DONE\]/,
};

export const SPOKEN: Readonly<Record<string, Spoken>> = { 'openai-chat': CHAT };

/** How the wire ends: an orderly close, or a broken connection. */
const ENDS = ['closes', 'breaks'] as const;

/** The first account dies after these pieces; the second answers whole. Tells who was asked. */
function scene(spoken: Spoken, pieces: readonly string[], end: (typeof ENDS)[number]) {
  const asked: string[] = [];
  const house: House = createHouse(
    `accounts:
  - { id: dying, provider: openai-compatible, base_url: http://dying.test/v1, secrets: [s], models: [m], tier: 0 }
  - { id: well, provider: openai-compatible, base_url: http://well.test/v1, secrets: [s], models: [m], tier: 1 }
`,
    {
      fetch: (async ({ url }) => {
        const { host } = new URL(url);
        asked.push(host);
        await sleep(house.clock, 50);
        const dies = host === 'dying.test';
        const whole = [...spoken.opening, ...spoken.text, spoken.end];
        const body = (async function* () {
          for (const piece of dies ? pieces : whole) {
            yield Buffer.from(piece);
            await sleep(house.clock, 20);
          }
          if (dies && end === 'breaks')
            throw new ConnectionError('ECONNRESET', { message: 'reset', sent: true });
        })();
        return { status: 200, headers: { 'content-type': 'text/event-stream' }, body };
      }) satisfies Fetch,
    },
  );
  const listen = async () => {
    const response = await house.clock.runUntil(
      inject(house.app.server.handle, {
        method: 'POST',
        url: spoken.path,
        headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
        payload: JSON.stringify(spoken.body),
      }),
      600_000,
    );
    const story = house.log.find(({ msg }) => msg === 'call');
    return { status: response.statusCode, text: response.payload, story, atMs: house.clock.now() };
  };
  return { house, asked, listen };
}

for (const [name, spoken] of Object.entries(SPOKEN))
  describe(`${name}: a stream whose provider dies`, () => {
    for (const end of ENDS) {
      for (const [when, pieces] of [
        ['after the head', []],
        ['after what tells no content', spoken.opening],
      ] as const)
        it(`${when} (${end}) is begun anew elsewhere, unseen`, async () => {
          const { asked, listen, house } = scene(spoken, pieces, end);
          const { status, text, story } = await listen();
          assert.equal(status, 200);
          assert.deepEqual(asked, ['dying.test', 'well.test']);
          assert.match(text, spoken.wellEnded);
          assert.doesNotMatch(text, /error/);
          assert.equal(story?.['end'], 'complete');
          assert.equal(house.app.rooms.limiter.open(), 0);
        });

      for (const [when, pieces] of [
        ['after one piece of text', [...spoken.opening, ...spoken.text.slice(0, 1)]],
        ['after three pieces of text', [...spoken.opening, ...spoken.text.slice(0, 3)]],
        ['inside the arguments of a tool', [...spoken.opening, ...spoken.tool]],
      ] as const)
        it(`${when} (${end}) ends in the error of the dialect within a second, and is not sent again`, async () => {
          const { asked, listen, house } = scene(spoken, pieces, end);
          const startMs = house.clock.now();
          const { status, text, story, atMs } = await listen();
          assert.equal(status, 200);
          assert.deepEqual(asked, ['dying.test']);
          assert.match(text.trimEnd().split('\n\n').at(-1) ?? '', spoken.died);
          assert.doesNotMatch(text, spoken.wellEnded);
          for (const piece of pieces) assert.ok(text.includes(piece.trim()), 'what came was passed on');
          assert.ok(atMs - startMs <= 50 + 20 * pieces.length + 1_000);
          assert.equal(story?.['end'], 'stream_died');
          assert.equal((story?.['usage'] as { source: string } | undefined)?.source, 'estimated');
          assert.equal(house.app.rooms.limiter.open(), 0);
          assert.equal(house.clock.pending(), 0);
        });
    }
  });
