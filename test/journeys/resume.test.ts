/** An answer that breaks off and is continued on another channel, where the model allows it. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Answer, chat, createHouse, type House } from './house.ts';

/** The first is asked before the second. */
const ids = (count: number): string[] => Array.from({ length: count }, (_, i) => String.fromCharCode(97 + i));

const pool = (count: number, resume: boolean): string => `
accounts:
${ids(count)
  .map(
    (id, tier) =>
      `  - { id: ${id}, tier: ${tier}, provider: simulator, secrets: [s-${id}], models: { qwen3-max: { limits: { rpm: 600 } } } }`,
  )
  .join('\n')}
models: { qwen3-max: { resume: ${resume} } }
timeouts: { first_byte_stream: 5s, idle: 5s }
simulator: { ttft: 100ms, tokens_per_second: 100, output_tokens: 200 }
`;

type Delta = { content?: string; role?: string };
type Event = { id: string; choices: { delta: Delta; finish_reason: string | null }[]; usage?: Usage | null };
type Usage = { prompt_tokens: number; completion_tokens: number };

const eventsOf = (answer: Answer): Event[] =>
  answer.text
    .split('\n\n')
    .filter((event) => event.startsWith('data: {'))
    .map((event) => JSON.parse(event.slice(6)));

const saidIn = (answer: Answer): string =>
  eventsOf(answer)
    .map(({ choices }) => choices[0]?.delta.content ?? '')
    .join('');

const ASK = chat('Tell me of water.', {
  stream: true,
  stream_options: { include_usage: true },
  max_tokens: 150,
});

/** What the whole answer says. The words of the simulator follow from the question. */
async function whole(): Promise<string> {
  const house = createHouse(pool(2, true));
  return saidIn(await house.one(house.call(ASK)));
}

/** The same answer, though one of them may go on for longer. */
function sameWords(one: string, other: string): void {
  const [short = '', long = ''] = [one, other].sort((a, b) => a.length - b.length);
  assert.ok(long.startsWith(short.replace(/\.$/, '')), `${short}\n${long}`);
  assert.ok(short.length > 0.6 * long.length, `${short.length} of ${long.length}`);
}

const storyOf = (house: House) => house.log.find(({ msg }) => msg === 'call');

describe('an answer that breaks off', () => {
  for (const [how, fault] of [
    ['by a broken connection', { kind: 'cut', afterChunks: 8 }],
    ['by an error in the stream', { kind: 'stream-error', afterChunks: 8 }],
    ['by silence', { kind: 'silent', afterChunks: 8 }],
  ] as const)
    it(`${how} goes on from another account, and its reader sees no seam`, async () => {
      const house = createHouse(pool(2, true));
      house.simulator.account('a').set({ fault });
      house.simulator.account('b').set({ fault: null });
      const answer = await house.one(house.call(ASK));
      assert.equal(answer.status, 200);
      const events = eventsOf(answer);
      sameWords(saidIn(answer), await whole());
      assert.equal(new Set(events.map(({ id }) => id)).size, 1, 'one id');
      assert.equal(events.filter(({ choices }) => choices[0]?.delta.role !== undefined).length, 1);
      assert.deepEqual(
        events.map(({ choices }) => choices[0]?.finish_reason).filter((reason) => reason != null).length,
        1,
      );
      assert.ok(answer.text.endsWith('data: [DONE]\n\n') && !answer.text.includes('error'));
      const story = storyOf(house);
      assert.deepEqual((story?.['resumed'] as { from: string; to: string }[] | undefined)?.length, 1);
      assert.equal(story?.['end'], 'complete');
      assert.equal((story?.['usage'] as { source: string } | undefined)?.source, 'partial');
      const told = events.at(-1)?.usage;
      assert.ok(told != null && told.completion_tokens >= 100, 'the usage told is that of both parts');
      assert.equal(house.app.rooms.limiter.open(), 0);
      assert.equal(house.clock.pending(), 0);
    });

  it('tells of the seam in a trailer, in a comment and in its story', async () => {
    const house = createHouse(pool(2, true));
    house.simulator.account('a').set({ fault: { kind: 'cut', afterChunks: 8 } });
    const answer = await house.one(house.call(ASK));
    assert.equal(answer.headers['trailer'], 'x-sluice-resumed');
    assert.equal(answer.trailers['x-sluice-resumed'], 'a/qwen3-max -> b/qwen3-max: stream_died');
  });

  it('by another provider that answers in one piece is whole, too', async () => {
    const chunk = (delta: unknown): string =>
      `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: null }] })}\n\n`;
    const whole = JSON.stringify({
      ...{ id: 'd', object: 'chat.completion', created: 2, model: 'm' },
      choices: [{ index: 0, message: { role: 'assistant', content: ' a time' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 },
    });
    const asked: string[] = [];
    const house = createHouse(
      `accounts:
  - { id: a, tier: 0, provider: qwen, base_url: http://a.test/v1, secrets: [s], models: [m] }
  - { id: b, tier: 1, provider: qwen, base_url: http://b.test/v1, secrets: [s], models: [m] }
models: { m: { resume: true } }
`,
      {
        fetch: async ({ url, body }) => {
          asked.push(Buffer.from(body ?? []).toString());
          const dies = url.startsWith('http://a.test');
          const pieces = dies
            ? [chunk({ role: 'assistant', content: 'Once' }), chunk({ content: ' upon ' })]
            : [whole];
          const type = dies ? 'text/event-stream' : 'application/json';
          return {
            status: 200,
            headers: { 'content-type': type },
            body: (async function* () {
              for (const piece of pieces) yield Buffer.from(piece);
            })(),
          };
        },
      },
    );
    const answer = await house.one(house.call(chat('Hi', { model: 'm', stream: true })));
    assert.equal(saidIn(answer), 'Once upon a time');
    assert.deepEqual(JSON.parse(asked[1] ?? '').messages.at(-1), {
      role: 'assistant',
      content: 'Once upon',
      partial: true,
    });
    assert.equal(house.app.rooms.limiter.open(), 0);
    assert.equal(house.clock.pending(), 0);
  });

  it('as a plain answer is put together of both parts', async () => {
    const house = createHouse(pool(2, true));
    house.simulator.account('a').set({ fault: { kind: 'cut', afterChunks: 8 } });
    const { stream: _, stream_options: __, ...plain } = ASK as Record<string, unknown>;
    const resumed = await house.one(house.call(plain));
    assert.equal(resumed.headers['x-sluice-resumed'], 'a/qwen3-max -> b/qwen3-max: stream_died');
    type Choice = { message: { content: string }; finish_reason: string };
    const [{ message, finish_reason } = assert.fail('no choice')] = (resumed.json?.['choices'] ??
      []) as Choice[];
    sameWords(message.content, await whole());
    assert.match(finish_reason, /^(stop|length)$/);
  });

  it('again and again goes on up to three times, then says that it died', async () => {
    const house = createHouse(pool(6, true));
    for (const account of house.simulator.accounts) account.set({ fault: { kind: 'cut', afterChunks: 4 } });
    const answer = await house.one(house.call(ASK));
    assert.match(answer.text.trimEnd().split('\n\n').at(-1) ?? '', /^data: \{"error":/);
    assert.doesNotMatch(answer.text, /\[DONE\]/);
    assert.equal(house.simulator.stats().requests, 4);
    assert.equal((storyOf(house)?.['resumed'] as unknown[] | undefined)?.length, 3);
    assert.equal(house.app.rooms.limiter.open(), 0);
    assert.equal(house.clock.pending(), 0);
  });

  it('is not continued where the model does not say so, nor with tools, nor inside a call of one', async () => {
    const tool = { type: 'function', function: { name: 'weather', parameters: { type: 'object' } } };
    for (const [resume, more] of [
      [false, {}],
      [true, { tools: [tool] }],
      [true, { tools: [tool], tool_choice: 'required' }],
      [true, { response_format: { type: 'json_object' }, messages: [{ role: 'user', content: 'json' }] }],
      [true, { n: 2 }],
    ] as const) {
      const house = createHouse(pool(2, resume));
      for (const account of house.simulator.accounts) account.set({ fault: { kind: 'cut', afterChunks: 3 } });
      const answer = await house.one(house.call({ ...ASK, ...more }));
      assert.match(
        answer.text.trimEnd().split('\n\n').at(-1) ?? '',
        /^data: \{"error":/,
        JSON.stringify(more),
      );
      assert.equal(house.simulator.stats().requests, 1, JSON.stringify(more));
    }
  });

  it('on the only account goes on there', async () => {
    const house = createHouse(pool(1, true));
    house.simulator.account('a').set({ fault: { kind: 'cut', afterChunks: 8, times: 1 } });
    const answer = await house.one(house.call(ASK));
    sameWords(saidIn(answer), await whole());
  });
});
