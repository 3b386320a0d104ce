/** Accounts die in many ways; calls do not. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AccountChange } from '../../src/simulator/account.ts';
import { arrivals } from './crowd.ts';
import { type Answer, accounts, chat, createHouse, type House, THROTTLED } from './house.ts';

const POOL = `
${accounts(3, 'qwen3-max: { limits: { rpm: 600 } }, qwen-plus: { limits: { rpm: 600 } }')}
queue: { max_wait: 50s, max_wait_stream: 50s }
timeouts: { first_byte: 5s, first_byte_stream: 5s }
simulator: { ttft: 100ms, tokens_per_second: 1000, output_tokens: 20 }
`;

const DEATHS: Readonly<Record<string, AccountChange>> = {
  'a secret that is not accepted (401)': { state: 'bad-secret' },
  'arrears (400)': { state: 'arrears' },
  'an overdue bill (429)': { state: 'overdue' },
  'a free tier that is used up (403)': { state: 'free-tier' },
  'a plan window that is used up (429)': { state: 'plan' },
  'overload (503)': { state: 'overload' },
  'a refused connection': { fault: { kind: 'refuse-connection' } },
  'silence before the first byte': { fault: { kind: 'silent' } },
  'an answer that is none': { fault: { kind: 'malformed' } },
  'an HTML page from a proxy (502)': {
    fault: { kind: 'answer', status: 502, body: '<html>Bad gateway</html>' },
  },
};

const storyOf = (house: House, answer: Answer) =>
  house.log.find(({ call }) => call === answer.headers['x-request-id']);

describe('one dead account among three', () => {
  for (const [name, change] of Object.entries(DEATHS)) {
    for (const stream of [false, true]) {
      it(`${name}: no ${stream ? 'stream' : 'plain call'} fails, and the log says what was tried`, async () => {
        const house = createHouse(POOL);
        house.simulator.account('a').set(change);
        const answers = await house.all(
          Array.from({ length: 40 }, (_, i) => house.call(chat(`call ${i}`, { stream }))),
        );
        assert.deepEqual(
          answers.map(({ status }) => status),
          Array.from({ length: 40 }, () => 200),
        );
        if (stream)
          for (const { text } of answers)
            assert.ok(text.endsWith('data: [DONE]\n\n') && !text.includes('"error"'));
        assert.ok(answers.every(({ headers }) => headers['x-sluice-channel'] !== 'a/qwen3-max'));
        const moved = answers.filter(({ headers }) => Number(headers['x-sluice-attempts']) > 1);
        assert.ok(moved.length > 0, 'somebody met the dead account');
        for (const answer of moved) {
          const attempts = storyOf(house, answer)?.['attempts'] as { channel: string; failure?: string }[];
          assert.equal(attempts[0]?.channel, 'a/qwen3-max');
          assert.ok(attempts[0]?.failure, 'the reason is told');
          assert.equal(attempts.at(-1)?.failure, undefined);
        }
        assert.equal(house.app.rooms.limiter.open(), 0);
        assert.equal(house.clock.pending(), 0);
      });
    }
  }

  it('is left alone while it is benched, and used again when it is well', async () => {
    const house = createHouse(POOL);
    house.simulator.account('a').set({ state: 'overload' });
    await house.all(Array.from({ length: 30 }, (_, i) => house.call(chat(`first ${i}`))));
    house.simulator.account('a').set({ state: 'ok' });
    await house.clock.advance(120_000);
    const later = await house.all(Array.from({ length: 30 }, (_, i) => house.call(chat(`later ${i}`))));
    assert.ok(later.some(({ headers }) => headers['x-sluice-channel'] === 'a/qwen3-max'));
    assert.ok(later.every(({ status }) => status === 200));
  });

  it('meets few calls: the first ones move, the others are not sent there', async () => {
    const house = createHouse(POOL);
    house.simulator.account('a').set({ state: 'bad-secret' });
    for (let i = 0; i < 30; i++) await house.one(house.call(chat(`call ${i}`)));
    assert.equal(house.simulator.stats('a').requests, 1);
  });
});

describe('a stream that dies', () => {
  it('before its first content moves to another account, unseen', async () => {
    const house = createHouse(POOL);
    house.simulator.account('a').set({ fault: { kind: 'stream-error', afterChunks: 0 } });
    const answers = await house.all(
      Array.from({ length: 12 }, (_, i) => house.call(chat(`call ${i}`, { stream: true }))),
    );
    for (const { text, status } of answers) {
      assert.equal(status, 200);
      assert.ok(text.endsWith('data: [DONE]\n\n'), text);
      assert.ok(!text.includes('error'));
    }
  });

  it('after its first content ends in an error of the dialect, never in a stop', async () => {
    const house = createHouse(POOL);
    for (const id of ['a', 'b', 'c'])
      house.simulator.account(id).set({ fault: { kind: 'cut', afterChunks: 3 } });
    const answer = await house.one(house.call(chat('call', { stream: true })));
    assert.equal(answer.status, 200);
    const last = answer.text.trimEnd().split('\n\n').at(-1) ?? '';
    assert.match(last, /^data: \{"error":/);
    assert.doesNotMatch(answer.text, /finish_reason":"stop"|\[DONE\]/);
    const story = house.log.find(({ call }) => call === answer.headers['x-request-id']);
    assert.equal(story?.['end'], 'stream_died');
    assert.partialDeepStrictEqual(story, { usage: { source: 'estimated' } });
    assert.equal(house.app.rooms.limiter.open(), 0);
  });
});

describe('the whole pool', () => {
  it('out for longer than the deadline: the fallback model answers, and says so', async () => {
    const house = createHouse(`${POOL}models: { qwen3-max: { fallbacks: [qwen-plus] } }\n`);
    for (const id of ['a', 'b', 'c'])
      house.simulator
        .account(id)
        .set({ fault: { kind: 'answer', status: 403, body: FREE_TIER_OVER, models: ['qwen3-max'] } });
    const answer = await house.one(house.call(chat('call')));
    assert.equal(answer.status, 200);
    assert.equal(answer.json?.['model'], 'qwen-plus');
    assert.equal(answer.headers['x-sluice-model'], 'qwen-plus');
    assert.match(answer.headers['x-sluice-channel'] ?? '', /\/qwen-plus$/);
    const streamed = await house.one(house.call(chat('call', { stream: true })));
    assert.match(streamed.text, /"model":"qwen-plus"/);
    assert.doesNotMatch(streamed.text, /"model":"qwen3-max"/);
  });

  it('out, and the fallback forbidden by the call or by the key: an honest error', async () => {
    const house = createHouse(`${POOL}models: { qwen3-max: { fallbacks: [qwen-plus] } }
keys:
  - { id: open, key: test-key-0123456789abcdef }
  - { id: strict, key: strict-key-0123456789abcdef, fallback: false }
`);
    for (const id of ['a', 'b', 'c']) house.simulator.account(id).set({ state: 'arrears' });
    const byCall = await house.one(house.call(chat('call'), { 'x-sluice-fallback': 'off' }));
    const byKey = await house.one(
      house.call(chat('call'), { authorization: 'Bearer strict-key-0123456789abcdef' }),
    );
    for (const { status, json } of [byCall, byKey]) {
      assert.ok(status === 502 || status === 503, String(status));
      assert.match(JSON.stringify(json), /"error":\{"message":"[^"]+"/);
    }
  });

  it('refusing for a while: the calls wait and are answered, also on a single account (scenario 5)', async () => {
    for (const count of [1, 3]) {
      const house = createHouse(
        POOL.replace(
          /accounts:[\s\S]*?\nqueue/,
          `${accounts(count, 'qwen3-max: { limits: { rpm: 600 } }')}queue`,
        ),
      );
      for (const { id } of house.simulator.accounts)
        house.simulator.account(id).set({
          fault: { kind: 'answer', status: 429, headers: { 'retry-after': '20' }, body: THROTTLED },
        });
      const calls = Array.from({ length: 30 }, (_, i) => house.call(chat(`call ${i}`)));
      await house.arrived();
      await house.clock.advance(15_000);
      const seen = arrivals(house);
      const answers = await house.all(calls);
      assert.ok(answers.every(({ status }) => status === 200));
      for (const { id } of house.simulator.accounts) {
        const own = seen.filter(({ account }) => account === id).map(({ atMs }) => atMs);
        const [firstMs = 0, secondMs = 0] = own;
        assert.ok(own.length > 3 && secondMs - firstMs >= 90, 'one tries, the others wait for its outcome');
        const herd = own.filter((atMs) => atMs < secondMs + 1_000).length;
        assert.ok(herd <= 5, `${herd} in the first second of ${id}`);
      }
      const times = answers.map(({ atMs }) => atMs);
      assert.ok(Math.min(...times) >= 20_000, `first at ${Math.min(...times)}`);
      assert.ok(Math.max(...times) <= 33_000, `last at ${Math.max(...times)}`);
    }
  });
});

const FREE_TIER_OVER = JSON.stringify({
  error: {
    message: 'Free quota exhausted',
    type: 'AllocationQuota.FreeTierOnly',
    param: null,
    code: 'AllocationQuota.FreeTierOnly',
  },
});
describe('a pool whose line is too long for the deadline', () => {
  it('sends the calls that could not be served in time to the fallback model at once', async () => {
    const house = createHouse(`
${accounts(1, 'qwen3-max: { limits: { rpm: 60, rps: 1 } }, qwen-plus: { limits: { rpm: 6000 } }')}
queue: { max_wait: 20s }
models: { qwen3-max: { fallbacks: [qwen-plus] } }
simulator: { ttft: 0ms, tokens_per_second: 100000, output_tokens: 5 }
`);
    const first = Array.from({ length: 15 }, (_, i) => house.call(chat(`first ${i}`)));
    await house.arrived();
    await house.clock.advance(3_000);
    const rest = Array.from({ length: 30 }, (_, i) => house.call(chat(`rest ${i}`)));
    const answers = await house.all([...first, ...rest]);
    assert.ok(answers.every(({ status }) => status === 200));
    const moved = answers.filter(({ json }) => json?.['model'] === 'qwen-plus');
    assert.ok(moved.length >= 20, `${moved.length} moved`);
    // What they wait for is the other model's own slow start.
    const atOnce = moved.filter(({ headers }) => Number(headers['x-sluice-queue-ms']) < 1_000);
    assert.ok(atOnce.length >= 20, `${atOnce.length} of ${moved.length} moved at once`);
    assert.match(
      moved[0]?.headers['x-sluice-fallback-reason'] ?? '',
      /^qwen3-max: (wait_over|pool_exhausted)/,
    );
  });
});

describe('a provider that answers a stream in one piece', () => {
  it('is still a stream for the client', async () => {
    const house = createHouse(
      `accounts: [{ id: odd, provider: openai-compatible, base_url: "http://upstream.invalid/v1", models: [odd-model], secrets: [s] }]`,
      {
        fetch: () =>
          Promise.resolve({
            status: 200,
            headers: { 'content-type': 'application/json; charset=utf-8' },
            body: (async function* () {
              yield Buffer.from(
                JSON.stringify({
                  id: 'chatcmpl-1',
                  object: 'chat.completion',
                  created: 1,
                  model: 'odd-model',
                  choices: [
                    { index: 0, message: { role: 'assistant', content: '你好 🌊' }, finish_reason: 'stop' },
                  ],
                  usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
                }),
              );
            })(),
          }),
      },
    );
    const answer = await house.one(house.call(chat('hi', { model: 'odd-model', stream: true })));
    assert.match(answer.headers['content-type'] ?? '', /^text\/event-stream/);
    assert.match(answer.text, /"content":"你好 🌊"/);
    assert.match(answer.text, /"finish_reason":"stop"/);
    assert.ok(answer.text.endsWith('data: [DONE]\n\n'));
    assert.doesNotMatch(answer.text, /"usage":\{/);
  });
});

describe('a model whose every attempt fails', () => {
  it('is left for its fallback after so many attempts, and without one the last failure is told', async () => {
    const broken = `${POOL}models: { qwen3-max: { fallbacks: [qwen-plus] } }\n`;
    for (const fallback of ['on', 'off']) {
      const house = createHouse(broken);
      for (const { id } of house.simulator.accounts)
        house.simulator.account(id).set({
          fault: { kind: 'answer', status: 500, body: '{"error":{"message":"oops"}}', models: ['qwen3-max'] },
        });
      const answer = await house.one(
        house.call(chat('call'), { 'x-sluice-fallback': fallback, 'x-sluice-max-wait': '600' }),
      );
      assert.equal(answer.status, fallback === 'on' ? 200 : 502);
      assert.equal(answer.headers['x-sluice-model'], fallback === 'on' ? 'qwen-plus' : 'qwen3-max');
      assert.equal(answer.headers['x-sluice-attempts'], fallback === 'on' ? '9' : '8');
    }
  });
});
