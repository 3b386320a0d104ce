import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConnectionError, type Fetch, type UpstreamRequest } from '../../base/fetch.ts';
import { createVirtualClock } from '../../testing/virtual-clock.ts';
import { ask, BACKOFF_TRIES, backoffMs, LONGEST_BACKOFF_MS, makeCall, type Said } from './client.ts';
import { Journal } from './journal.ts';

const REFUSED: Said = { ok: false, status: 429, reason: '429: Requests rate limit exceeded' };
const ANSWERED: Said = { ok: true, tokens: 120, outputTokens: 20 };
const unaborted = new AbortController().signal;

/** Makes one call that arrives after 500 ms; `outcomes` are what its tries get, each after 100 ms. */
async function callWith(outcomes: readonly Said[], tries: number) {
  const clock = createVirtualClock();
  const startMs = clock.now();
  const journal = new Journal();
  const askedAtMs: number[] = [];
  const call = makeCall(
    { atMs: 500, prompt: 'Hello' },
    {
      ask: (prompt) => {
        assert.equal(prompt, 'Hello');
        const said = outcomes[askedAtMs.length] ?? REFUSED;
        askedAtMs.push(clock.now() - startMs);
        return new Promise((resolve) => clock.after(100, () => resolve(said)));
      },
      journal,
      tries,
      generationMs: (outputTokens) => outputTokens,
      clock,
      random: () => 0.5,
      startMs,
      signal: unaborted,
    },
  );
  await clock.runUntil(call, 60_000);
  return { journal, askedAtMs };
}

test('the waits are 2^n seconds and a part of one at random', () => {
  assert.deepEqual(
    [0, 1, 2, 3].map((tryIndex) => backoffMs(tryIndex, () => 0)),
    [1_000, 2_000, 4_000, 8_000],
  );
  assert.equal(
    backoffMs(2, () => 0.25),
    4_250,
  );
  assert.equal(LONGEST_BACKOFF_MS, 1_000 + 2_000 + 4_000 + 8_000 + 4_000);
});

test('a client with backoff tries five times, then fails', async () => {
  const { journal, askedAtMs } = await callWith([], BACKOFF_TRIES);
  assert.deepEqual(askedAtMs, [500, 2_100, 4_700, 9_300, 17_900]);
  assert.equal(journal.refusedAtMs.length, 5);
  assert.deepEqual(journal.failures, ['429: Requests rate limit exceeded']);
  assert.equal(journal.waiting, 0);
});

test('its wait counts from the arrival, without what the model took', async () => {
  const { journal } = await callWith([REFUSED, ANSWERED], BACKOFF_TRIES);
  assert.deepEqual(journal.refusedAtMs, [600]);
  assert.deepEqual(journal.answers, [{ atMs: 2_200, waitMs: 1_680, tokens: 120 }]);
  assert.deepEqual(journal.failures, []);
});

test('the simple client fails at the first 429', async () => {
  const { journal, askedAtMs } = await callWith([REFUSED, ANSWERED], 1);
  assert.deepEqual(askedAtMs, [500]);
  assert.equal(journal.failures.length, 1);
});

test('only a 429 is tried again', async () => {
  const down: Said = { ok: false, status: 503, reason: '503: overloaded' };
  const { journal, askedAtMs } = await callWith([down, ANSWERED], BACKOFF_TRIES);
  assert.equal(askedAtMs.length, 1);
  assert.deepEqual(journal.refusedAtMs, []);
  assert.deepEqual(journal.failures, ['503: overloaded']);
});

test('a plain chat call is asked, and its usage read', async () => {
  const seen: UpstreamRequest[] = [];
  const answering =
    (status: number, body: string): Fetch =>
    async (request) => {
      seen.push(request);
      return {
        status,
        headers: {},
        body: (async function* () {
          yield Buffer.from(body);
        })(),
      };
    };
  const askWith = (fetch: Fetch): Promise<Said> =>
    ask({ baseUrl: 'http://127.0.0.1:1/v1', key: 'sk-1', fetch }, { model: 'm', prompt: 'Hi' }, unaborted);

  const usage = '{"usage":{"prompt_tokens":7,"completion_tokens":2,"total_tokens":9}}';
  assert.deepEqual(await askWith(answering(200, usage)), { ok: true, tokens: 9, outputTokens: 2 });
  assert.equal(seen[0]?.url, 'http://127.0.0.1:1/v1/chat/completions');
  assert.equal(seen[0]?.headers['authorization'], 'Bearer sk-1');
  assert.deepEqual(JSON.parse(Buffer.from(seen[0]?.body ?? []).toString()), {
    model: 'm',
    messages: [{ role: 'user', content: 'Hi' }],
  });

  assert.deepEqual(await askWith(answering(429, '{"error":{"message":"slow down"}}')), {
    ok: false,
    status: 429,
    reason: '429: slow down',
  });
  assert.equal((await askWith(answering(502, '<html>'))).ok, false);
  const dead: Fetch = async () => {
    throw new ConnectionError('ECONNRESET', { message: 'the upstream hung up', sent: true });
  };
  assert.deepEqual(await askWith(dead), { ok: false, status: 0, reason: 'the upstream hung up' });
});
