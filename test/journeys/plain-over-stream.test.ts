/** Plain calls that are asked of the provider as streams: an early head, and an answer like any plain one. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sleep } from '../../src/base/clock.ts';
import { ConnectionError, type Fetch, type UpstreamRequest } from '../../src/base/fetch.ts';
import type { Call } from '../../src/domain/call.ts';
import type { ChatRequest } from '../../src/domain/chat.ts';
import type { Story } from '../../src/domain/story.ts';
import type { AccountChange } from '../../src/simulator/account.ts';
import { chunkOf, FINISH, plainReply, streamOf, USAGE } from '../sdk/stub-upstream.ts';
import { type Answer, accounts, chat, createHouse, type House } from './house.ts';

const POOL = `
${accounts(2, 'qwen3-max: { limits: { rpm: 600 } }')}
timeouts: { first_byte: 600s, first_byte_stream: 5s, idle: 10s }
simulator: { ttft: 500ms, tokens_per_second: 10, output_tokens: 40 }
`;

/** Says for each account whether it is asked for streams, over its provider's way. */
function switchAll(house: House, streamUpstream: 'on' | 'off'): void {
  for (const { account } of house.app.rooms.snapshot().catalog.channels)
    Object.assign(account, { streamUpstream });
}

/** The requests that the simulated accounts get from now on. */
function overheard(house: House): ChatRequest[] {
  const heard: ChatRequest[] = [];
  const when = (request: ChatRequest): boolean => {
    heard.push(request);
    return false;
  };
  for (const account of house.simulator.accounts) account.set({ fault: { kind: 'silent', when } });
  return heard;
}

function storyOf(house: House, answer: Answer) {
  const story = house.log.find(({ call }) => call === answer.headers['x-request-id']);
  assert.ok(story);
  return story;
}

const nothingHeld = (house: House): void => {
  assert.equal(house.app.rooms.limiter.open(), 0);
  assert.equal(house.clock.pending(), 0);
  assert.equal(house.simulator.stats().openStreams, 0);
};

const WEATHER = {
  type: 'function',
  function: {
    name: 'get_weather',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
};

describe('a plain call to a provider that is asked for streams', () => {
  it('is answered plain, with usage, and the provider was asked for a stream with usage', async () => {
    const house = createHouse(POOL);
    const heard = overheard(house);
    const answer = await house.one(house.call(chat('你好 🌊')));
    assert.equal(answer.status, 200);
    assert.match(answer.headers['content-type'] ?? '', /^application\/json/);
    assert.equal(answer.json?.['object'], 'chat.completion');
    assert.deepEqual(
      heard.map(({ stream, wantsUsage }) => [stream, wantsUsage]),
      [[true, true]],
    );
    assert.partialDeepStrictEqual(storyOf(house, answer), {
      stream: false,
      end: 'complete',
      status: 200,
      usage: { source: 'upstream' },
    });
    nothingHeld(house);
  });

  for (const [name, body] of Object.entries({
    text: chat('tell me'),
    'a tool call': chat('get_weather please', { tools: [WEATHER] }),
    'three choices': chat('choose', { n: 3 }),
    'JSON by schema': chat('x', {
      response_format: { type: 'json_schema', json_schema: { name: 'a', schema: { type: 'object' } } },
    }),
    'an answer that is cut at its limit': chat('long', { max_tokens: 5 }),
  }))
    it(`has the very answer that it has when it is asked plainly: ${name}`, async () => {
      const [streamed, plain] = await Promise.all(
        (['on', 'off'] as const).map(async (way) => {
          const house = createHouse(POOL, { seed: 5 });
          switchAll(house, way);
          const heard = overheard(house);
          const answer = await house.one(house.call(body));
          assert.equal(heard[0]?.stream, way === 'on');
          return answer;
        }),
      );
      assert.equal(streamed?.status, 200);
      assert.ok(streamed.json !== undefined && plain !== undefined);
      assert.deepEqual(streamed.json, plain.json);
      assert.ok((streamed.json['usage'] as { total_tokens: number }).total_tokens > 0);
    });

  it('may think, which the provider allows to streams alone', async () => {
    const house = createHouse(POOL);
    const answer = await house.one(house.call(chat('why?', { enable_thinking: true })));
    assert.equal(answer.status, 200);
    assert.match(answer.text, /"content":"\\"why/);
    assert.match(answer.text, /"reasoning_content":"Let me think/);
  });

  it('has its head with the first token, and its answer as soon as all is said', async () => {
    const house = createHouse(POOL);
    const stories: Story[] = [];
    const { record } = house.app.rooms;
    Object.assign(house.app.rooms, {
      record(story: Story) {
        stories.push(story);
        record(story);
      },
    });
    const answer = await house.one(house.call(chat('x')));
    assert.ok((stories[0]?.attempts[0]?.headMs ?? Infinity) <= 500);
    assert.ok((stories[0]?.firstContentMs ?? Infinity) < 1_500);
    const tokens = Number(/"completion_tokens":(\d+)/.exec(answer.text)?.[1]);
    assert.ok(Math.abs(answer.atMs - (500 + tokens * 100)) < 50, `${answer.atMs} ms, ${tokens} tokens`);
  });

  it('leaves an account that stays silent after the time that a stream is given', async () => {
    const house = createHouse(POOL);
    house.simulator.account('a').set({ fault: { kind: 'silent', times: 1 } });
    const answers = await house.all([house.call(chat('x')), house.call(chat('y'))]);
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200],
    );
    assert.ok(answers.some(({ headers }) => headers['x-sluice-attempts'] === '2'));
    for (const { atMs } of answers) assert.ok(atMs < 20_000, `${atMs} ms`);
  });

  it('moves when the first thing that the stream tells is a refusal', async () => {
    const house = createHouse(POOL);
    house.simulator.account('a').set({ fault: { kind: 'stream-error', afterChunks: 0 } });
    const answers = await house.all(Array.from({ length: 6 }, (_, i) => house.call(chat(`call ${i}`))));
    for (const answer of answers) {
      assert.equal(answer.status, 200);
      assert.equal(answer.headers['x-sluice-channel'], 'b/qwen3-max');
      assert.doesNotMatch(answer.text, /"error"/);
    }
    const moved = answers.find(({ headers }) => headers['x-sluice-attempts'] === '2');
    assert.ok(moved);
    const [first] = storyOf(house, moved)['attempts'] as { failure: string }[];
    assert.equal(first?.failure, 'tpm');
    nothingHeld(house);
  });
});

/** What happens to the stream after it began, and what a plain client is told. */
const DEATHS: Readonly<Record<string, readonly [AccountChange, status: number, failure: string]>> = {
  'the connection breaks': [{ fault: { kind: 'cut', afterChunks: 3 } }, 502, 'stream_died'],
  'it falls silent': [{ fault: { kind: 'silent', afterChunks: 3 } }, 504, 'timeout'],
  'it tells an error': [{ fault: { kind: 'stream-error', afterChunks: 3 } }, 503, 'tpm'],
};

describe('a stream that dies when its answer has begun', () => {
  for (const [name, [change, status, failure]] of Object.entries(DEATHS))
    it(`is an error to a plain client, asked once, and never half an answer: ${name}`, async () => {
      const house = createHouse(POOL);
      for (const account of house.simulator.accounts) account.set(change);
      const answer = await house.one(house.call(chat('call')));
      assert.equal(answer.status, status);
      assert.equal(answer.headers['x-sluice-failure'], failure);
      assert.equal(answer.headers['x-sluice-attempts'], '1');
      assert.deepEqual(Object.keys(answer.json ?? {}), ['error', 'request_id']);
      assert.equal(house.simulator.stats().requests, 1);
      assert.partialDeepStrictEqual(storyOf(house, answer), {
        end: 'stream_died',
        status,
        failure,
        usage: { source: 'estimated' },
      });
      nothingHeld(house);
    });

  it('has its tokens counted as far as they came, and lets the provider go', async () => {
    const house = createHouse(POOL);
    for (const account of house.simulator.accounts)
      account.set({ fault: { kind: 'silent', afterChunks: 4 } });
    const answer = await house.one(house.call(chat('call')));
    assert.equal(answer.status, 504);
    const { usage } = storyOf(house, answer) as unknown as { usage: { output: number } };
    assert.ok(usage.output > 0);
    assert.equal(house.simulator.stats().aborted, 1);
  });
});

describe('a client that leaves while its plain answer is put together', () => {
  it('takes the stream of the provider with it', async () => {
    const house = createHouse(POOL);
    const { relay } = house.app.front;
    Object.assign(house.app.front, {
      relay: {
        open(call: Call) {
          house.clock.after(1_500, () => call.departure.leave());
          return relay.open(call);
        },
      },
    });
    const call = house.call(chat('x'));
    await house.arrived();
    await house.clock.advance(1_000);
    assert.equal(house.simulator.stats().openStreams, 1);
    assert.equal((await house.one(call)).atMs, 1_500);
    assert.equal(house.simulator.stats().aborted, 1);
    assert.partialDeepStrictEqual(
      house.log.find(({ msg }) => msg === 'call'),
      { end: 'client_gone', status: 499, usage: { source: 'estimated' } },
    );
    nothingHeld(house);
  });
});

const ODD = `
accounts:
  - { id: odd, provider: openai-compatible, base_url: "http://odd.invalid/v1", models: [odd-model], secrets: [s] }
  - { id: even, provider: openai-compatible, base_url: "http://even.invalid/v1", models: [odd-model], secrets: [s] }
`;
const SSE = { 'content-type': 'text/event-stream' };
const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };

/** Accounts at a provider that answers as the test says, asked for streams; and what they were asked. */
function oddHouse(answer: (request: UpstreamRequest, clock: House['clock']) => ReturnType<Fetch>) {
  const asked: UpstreamRequest[] = [];
  const house: House = createHouse(ODD, {
    fetch: (request) => {
      asked.push(request);
      return answer(request, house.clock);
    },
  });
  return {
    house,
    asked,
    ask: (more = {}) => house.one(house.call(chat('hi', { model: 'odd-model', ...more }))),
  };
}

async function* pieces(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

const answering = async (headers: Readonly<Record<string, string>>, ...texts: readonly string[]) => ({
  status: 200,
  headers,
  body: pieces(...texts),
});

const streaming = async (body: AsyncIterable<Uint8Array>) => ({ status: 200, headers: SSE, body });

describe('an account that says itself how it is asked', () => {
  it('gets plain calls as they are, by the way of its provider or by its own', async () => {
    const { house, asked, ask } = oddHouse(() => answering(JSON_TYPE, plainReply('odd-model')));
    const body = JSON.stringify(chat('hi', { model: 'odd-model' }));
    for (const way of [undefined, 'off'] as const) {
      if (way !== undefined) switchAll(house, way);
      assert.equal((await ask()).text, plainReply('odd-model'));
      assert.equal(String(asked.at(-1)?.body), body);
      assert.equal(asked.at(-1)?.headers['accept'], 'application/json');
    }
    const simulated = createHouse(POOL);
    switchAll(simulated, 'off');
    const heard = overheard(simulated);
    assert.equal((await simulated.one(simulated.call(chat('x')))).status, 200);
    assert.equal(heard[0]?.stream, false);
  });

  it('gets them as streams when it wants them so, but for what a stream cannot carry', async () => {
    const { house, asked, ask } = oddHouse((request) =>
      String(request.body).includes('"stream":true')
        ? answering(SSE, streamOf(chunkOf({ role: 'assistant', content: 'hi' }), FINISH, USAGE, '[DONE]'))
        : answering(JSON_TYPE, plainReply('odd-model')),
    );
    switchAll(house, 'on');
    assert.partialDeepStrictEqual((await ask()).json, {
      model: 'odd-model',
      choices: [{ message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 5, completion_tokens: 3, total_tokens: 8 },
    });
    assert.equal(asked[0]?.headers['accept'], 'text/event-stream');
    const sound = await ask({ modalities: ['text', 'audio'], audio: { voice: 'v', format: 'wav' } });
    assert.equal(sound.text, plainReply('odd-model'));
    assert.equal(asked[1]?.headers['accept'], 'application/json');
    assert.doesNotMatch(String(asked[1]?.body), /stream/);
  });
});

describe('a provider that was asked for a stream of a plain call', () => {
  it('may answer plainly: the client gets its bytes', async () => {
    const text = plainReply('odd-model', { extra: '\u2028 kept', service_tier: null }).replace(':', ' : ');
    const { house, asked, ask } = oddHouse(() => answering(JSON_TYPE, text));
    switchAll(house, 'on');
    const answer = await ask();
    assert.match(String(asked[0]?.body), /"stream":true/);
    assert.equal(answer.text, text);
    assert.partialDeepStrictEqual(storyOf(house, answer), { usage: { input: 5, source: 'upstream' } });
  });

  it('may tell no usage: the client gets none, and what is counted is estimated', async () => {
    const { house, ask } = oddHouse(() =>
      answering(SSE, streamOf(chunkOf({ content: 'hi' }), FINISH, '[DONE]')),
    );
    switchAll(house, 'on');
    const answer = await ask();
    assert.equal(answer.status, 200);
    assert.equal('usage' in (answer.json ?? {}), false);
    assert.partialDeepStrictEqual(storyOf(house, answer), { usage: { source: 'estimated' } });
  });

  it('may forget the terminal, but not the end of the answer', async () => {
    const { house, ask } = oddHouse(() =>
      answering(SSE, streamOf(chunkOf({ content: 'hi' }), FINISH, USAGE)),
    );
    switchAll(house, 'on');
    assert.partialDeepStrictEqual((await ask()).json, { usage: { total_tokens: 8 } });
    const cut = oddHouse(() => answering(SSE, streamOf(chunkOf({ content: 'hi' }))));
    switchAll(cut.house, 'on');
    const answer = await cut.ask();
    assert.equal(answer.status, 502);
    assert.equal(answer.headers['x-sluice-failure'], 'stream_died');
  });

  it('and ends it with nothing said has not answered: the call moves', async () => {
    for (const nothing of ['data: [DONE]\n\n', '', ': hello\n\n', streamOf(chunkOf({ role: 'assistant' }))]) {
      const { house, ask } = oddHouse(({ url }) =>
        url.includes('odd.invalid')
          ? answering(SSE, nothing)
          : answering(SSE, streamOf(chunkOf({ content: 'hi' }), FINISH, USAGE, '[DONE]')),
      );
      switchAll(house, 'on');
      // Whichever account is tried first, the second call meets the other or its bench.
      for (const answer of [await ask(), await ask()]) {
        assert.equal(answer.status, 200);
        assert.equal(answer.headers['x-sluice-channel'], 'even/odd-model');
      }
    }
  });

  it('and keeps the connection open behind the terminal does not keep the client waiting', async () => {
    let returned = 0;
    const open = async function* (clock: House['clock'], signal: AbortSignal) {
      try {
        yield* pieces(streamOf(chunkOf({ content: 'hi' }), FINISH, USAGE, '[DONE]'));
        await sleep(clock, 50, signal);
        yield Buffer.from(': more\n\n');
      } finally {
        returned += 1;
      }
    };
    const { house, ask } = oddHouse(({ signal }, clock) => streaming(open(clock, signal)));
    switchAll(house, 'on');
    const answer = await ask();
    assert.equal(answer.status, 200);
    assert.equal(answer.atMs, 0);
    assert.equal(house.app.rooms.limiter.open(), 0);
    await house.clock.advance(1_000);
    assert.equal(returned, 1);
    assert.equal(house.clock.pending(), 0);
  });

  it('and dies behind the terminal has given its answer', async () => {
    const dying = async function* () {
      yield* pieces(streamOf(chunkOf({ content: 'hi' }), FINISH, '[DONE]'));
      throw new ConnectionError('ECONNRESET', { message: 'reset', sent: true });
    };
    const { house, ask } = oddHouse(() => streaming(dying()));
    switchAll(house, 'on');
    assert.equal((await ask()).status, 200);
  });

  it('and never stops is stopped at the size that a plain answer may have', async () => {
    let ended = 0;
    const endless = async function* () {
      try {
        for (;;) yield Buffer.from(streamOf(chunkOf({ content: 'x'.repeat(1024 * 1024) })));
      } finally {
        ended += 1;
      }
    };
    const { house, ask } = oddHouse(() => streaming(endless()));
    switchAll(house, 'on');
    const answer = await ask();
    assert.equal(answer.status, 502);
    assert.equal(answer.headers['x-sluice-failure'], 'malformed');
    assert.equal(ended, 1);
  });
});
