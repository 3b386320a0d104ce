/** Scenario 17: a provider or a line that says nothing for long, and a client that must not think that it is dead. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import inject from 'light-my-request';
import { sleep } from '../../src/base/clock.ts';
import type { Fetch } from '../../src/base/fetch.ts';
import { callIn } from './crowd.ts';
import { accounts, chat, createHouse, type House, KEY } from './house.ts';

/** The longest that a client heard nothing, from its request to the end of the answer, and the answer. */
async function listen(house: House, body: unknown, url = '/v1/chat/completions') {
  const startMs = house.clock.now();
  let lastMs = startMs;
  let firstMs: number | undefined;
  let longestMs = 0;
  const heard = (): void => {
    const nowMs = house.clock.now();
    firstMs ??= nowMs - startMs;
    longestMs = Math.max(longestMs, nowMs - lastMs);
    lastMs = nowMs;
  };
  const response = await inject(
    (request, answer) => {
      for (const name of ['flushHeaders', 'write', 'end'] as const) {
        const own = answer[name].bind(answer) as (...given: unknown[]) => unknown;
        Object.assign(answer, {
          [name]: (...given: unknown[]) => {
            heard();
            return own(...given);
          },
        });
      }
      house.app.server.handle(request, answer);
    },
    {
      method: 'POST',
      url,
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
      payload: JSON.stringify(body),
    },
  );
  return {
    text: response.payload,
    status: response.statusCode,
    firstMs,
    longestMs,
    tookMs: house.clock.now() - startMs,
  };
}

const chunk = (delta: unknown, more = {}): string =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: null, ...more }] })}\n\n`;

const ANSWER = [
  chunk({ role: 'assistant', content: '' }),
  chunk({ content: 'Hello' }),
  chunk({ content: ' there' }),
  `${chunk({}, { finish_reason: 'stop' })}data: [DONE]\n\n`,
];

/** A provider that sends these pieces, each after so many seconds; the head comes with the first. */
function paced(pieces: readonly (readonly [seconds: number, piece: string])[], type = 'text/event-stream') {
  let clock: House['clock'] | undefined;
  const fetch: Fetch = async ({ signal }) => {
    assert.ok(clock);
    const [first, ...rest] = pieces;
    await sleep(clock, (first?.[0] ?? 0) * 1_000, signal);
    const body = (async function* () {
      yield Buffer.from(first?.[1] ?? '');
      for (const [seconds, piece] of rest) {
        if (clock !== undefined) await sleep(clock, seconds * 1_000, signal);
        yield Buffer.from(piece);
      }
    })();
    return { status: 200, headers: { 'content-type': type }, body };
  };
  const house = createHouse(
    'accounts: [{ id: s, provider: openai-compatible, base_url: http://s.test/v1, secrets: [s], models: [m] }]',
    { fetch },
  );
  clock = house.clock;
  return house;
}

const stream = chat('Hi', { model: 'm', stream: true });

/** Pieces of the stream that are events, without comments. */
const eventsOf = (text: string): string[] =>
  text.split(/\n\n+/).filter((event) => event.trim() !== '' && !event.trim().startsWith(':'));

describe('a stream', () => {
  it('that waits ninety seconds in line hears from us all the time', async () => {
    const house = createHouse(`
${accounts(1, 'qwen3-max: { limits: { rpm: 1, rps: off, ramp: off } }')}
simulator: { ttft: 0ms, tokens_per_second: 1000, output_tokens: 5 }
`);
    await house.one(house.call(chat('first')));
    await house.one(callIn(house, 30_000, chat('second')), 600_000);
    const { text, longestMs, tookMs, firstMs } = await house.clock.runUntil(
      listen(house, chat('third', { stream: true })),
      600_000,
    );
    assert.ok(tookMs > 55_000, `${tookMs}`);
    assert.ok((firstMs ?? Infinity) <= 12_000 && longestMs <= 12_000, `${firstMs} ${longestMs}`);
    assert.match(text, /: queued position=1/);
    assert.ok(text.endsWith('data: [DONE]\n\n'));
  });

  it('that is written only when a piece of it is whole is filled with heartbeats until then', async () => {
    const call = (said: string, more = {}) =>
      chunk({ tool_calls: [{ index: 0, ...more, function: { name: 'patch', arguments: said } }] });
    const house = paced([
      [1, call('{"input":"', { id: 'c' })],
      ...Array.from({ length: 15 }, (): [number, string] => [5, call('word ')]),
      [5, call('"}')],
      [0, `${chunk({}, { finish_reason: 'tool_calls' })}data: [DONE]\n\n`],
    ]);
    const { text, longestMs } = await house.clock.runUntil(
      listen(
        house,
        { ...{ model: 'm', stream: true, input: 'Hi' }, tools: [{ type: 'custom', name: 'patch' }] },
        '/v1/responses',
      ),
      600_000,
    );
    assert.ok(longestMs <= 12_000, `${longestMs}`);
    assert.match(text, /custom_tool_call_input\.done","sequence_number":\d+.*"input":"(word ){15}"/);
    assert.match(text, /event: response\.completed/);
  });

  it('whose provider is silent for three minutes, before its first byte and in the middle, lives', async () => {
    const house = paced([
      [180, ANSWER[0] ?? ''],
      [180, ANSWER[1] ?? ''],
      [310, ANSWER[2] ?? ''],
      [1, ANSWER[3] ?? ''],
    ]);
    const { text, longestMs, firstMs, tookMs } = await house.clock.runUntil(listen(house, stream), 3_600_000);
    assert.ok(tookMs > 670_000);
    assert.ok((firstMs ?? Infinity) <= 12_000 && longestMs <= 12_000, `${firstMs} ${longestMs}`);
    assert.equal(eventsOf(text).length, 5);
    assert.match(text, /"content":" there"/);
    assert.ok(text.endsWith('data: [DONE]\n\n') && !text.includes('error'));
  });

  it('is never interrupted by a comment within an event, however the provider cuts it', async () => {
    const whole = ANSWER.join('');
    const third = Math.floor(whole.length / 3);
    const house = paced([
      [20, whole.slice(0, third)],
      [25, whole.slice(third, 2 * third)],
      [25, whole.slice(2 * third)],
    ]);
    const { text, longestMs } = await house.clock.runUntil(listen(house, stream), 600_000);
    assert.ok(longestMs <= 12_000);
    for (const event of eventsOf(text)) assert.match(event, /^data: (\{.*\}|\[DONE\])$/);
    assert.equal(eventsOf(text).length, 5);
  });

  it('of a provider that sends blank lines and keep-alive comments while it queues, lives', async () => {
    const house = paced([
      [1, ': keep-alive\n\n'],
      ...Array.from({ length: 40 }, (_, i) => [15, i % 2 === 0 ? '\n' : ': keep-alive\n\n'] as const),
      [15, ANSWER.join('')],
    ]);
    const { text, longestMs } = await house.clock.runUntil(listen(house, stream), 3_600_000);
    assert.ok(longestMs <= 12_000, `${longestMs}`);
    assert.equal(eventsOf(text).length, 5);
  });

  it('that began no content in the time it has for that moves on, though bytes kept coming', async () => {
    let asked = 0;
    const house: House = createHouse(
      `accounts:
  - { id: s, provider: openai-compatible, base_url: http://s.test/v1, secrets: [s], models: [m] }
  - { id: t, provider: openai-compatible, base_url: http://t.test/v1, secrets: [s], models: [m] }
timeouts: { first_token: 20s }
`,
      {
        fetch: async ({ signal }) => {
          asked++;
          const slow = asked === 1;
          const body = (async function* () {
            for (let i = 0; slow && i < 100; i++) {
              yield Buffer.from(': keep-alive\n\n');
              await sleep(house.clock, 5_000, signal);
            }
            yield Buffer.from(ANSWER.join(''));
          })();
          return { status: 200, headers: { 'content-type': 'text/event-stream' }, body };
        },
      },
    );
    const { text, tookMs } = await house.clock.runUntil(listen(house, stream), 3_600_000);
    assert.equal(asked, 2);
    assert.ok(tookMs >= 20_000 && tookMs < 21_000, `${tookMs}`);
    assert.ok(text.endsWith('data: [DONE]\n\n'));
  });
});

describe('a plain answer', () => {
  it('that takes four hundred seconds arrives, also behind blank lines', async () => {
    const body = JSON.stringify({
      id: 'c',
      object: 'chat.completion',
      created: 1,
      model: 'm',
      choices: [{ index: 0, message: { role: 'assistant', content: 'late' }, finish_reason: 'stop' }],
    });
    for (const pieces of [
      [[400, body]],
      [[10, '\n'], ...Array.from({ length: 39 }, () => [10, '\n'] as const), [0, body]],
    ] as const) {
      const house = paced(pieces, 'application/json');
      const { status, text } = await house.clock.runUntil(
        listen(house, chat('Hi', { model: 'm' })),
        3_600_000,
      );
      assert.equal(status, 200, text);
      assert.equal(JSON.parse(text).choices[0].message.content, 'late');
    }
  });
});
