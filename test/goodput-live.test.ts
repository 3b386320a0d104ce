/** The load over HTTP and what is read from it. A whole run takes minutes and is made by hand. */

import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { type LiveCall, type LoadOptions, offerLoad, tryOnce } from '../bench/goodput/live/load.ts';
import { type LiveRun, liveFiguresOf, liveTable } from '../bench/goodput/live/measures.ts';
import { instructions, secretOf } from '../bench/goodput/live/setting.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** Calls a relay of ours for a second, fifty times. */
async function load(context: TestContext, answer: Answer, change: Partial<LoadOptions> = {}) {
  const server = createServer((request, response) => {
    request.resume();
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const options: LoadOptions = {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/`,
    keys: ['one', 'two'],
    model: 'a-model',
    perSecond: 50,
    rampMs: 0,
    lengthMs: 1_000,
    drainMs: 300,
    seed: 3,
    onProgress() {},
    ...change,
  };
  return { options, calls: () => offerLoad(options), once: () => tryOnce(options) };
}

const CHUNK = 'data: {"choices":[{"delta":{"content":"water"}}]}\n\n';
const DONE = 'data: [DONE]\n\n';

const outcomesOf = (calls: readonly LiveCall[]): string[] => [
  ...new Set(calls.map(({ outcome }) => outcome)),
];

describe('clients over HTTP', () => {
  it('call at their rate, with their keys, and tell when the first token came', async (context) => {
    const keys = new Set<string>();
    const { calls } = await load(context, (request, response) => {
      keys.add(`${request.url} ${request.headers.authorization}`);
      response.write(': waiting\n\n');
      setTimeout(() => response.end(CHUNK + DONE), 100);
    });
    const made = await calls();
    assert.ok(made.length > 30 && made.length < 75, `${made.length}`);
    assert.ok(made.every(({ answered, outcome }) => answered && outcome === '200'));
    assert.ok(made.every(({ firstTokenMs = 0, arrivedMs }) => firstTokenMs - arrivedMs >= 95));
    assert.deepEqual([...keys].sort(), [
      '/v1/chat/completions Bearer one',
      '/v1/chat/completions Bearer two',
    ]);
  });

  it('do not take a refusal, an error in the stream or half a stream for an answer', async (context) => {
    const cases: readonly [string, Answer][] = [
      ['429', (_, response) => response.writeHead(429).end('{"error":{"message":"no"}}')],
      ['an error in the stream', (_, response) => response.end(`data: {"error":{"code":"x"}}\n\n${DONE}`)],
      ['a stream without an end', (_, response) => response.end(CHUNK)],
      ['a stream without an end', (_, response) => response.end(DONE)],
    ];
    for (const [outcome, answer] of cases) {
      const { calls, once } = await load(context, answer, { lengthMs: 200 });
      const made = await calls();
      assert.ok(made.length > 0 && made.every(({ answered }) => !answered));
      assert.deepEqual(outcomesOf(made), [outcome]);
      assert.equal(await once(), outcome);
    }
  });

  it('end when nobody answers in time, and when nobody listens', async (context) => {
    const { calls } = await load(context, () => {}, { lengthMs: 200 });
    const startedMs = performance.now();
    assert.deepEqual(outcomesOf(await calls()), ['no end in time']);
    assert.ok(performance.now() - startedMs < 2_000);
    const closed = await load(context, () => {}, { baseUrl: 'http://127.0.0.1:1/v1' });
    assert.match((await closed.once()) ?? '', /ECONNREFUSED/);
  });
});

describe('the figures of a run over HTTP', () => {
  const call = (change: Partial<LiveCall>): LiveCall => ({
    key: 0,
    arrivedMs: 60_000,
    lateMs: 1,
    firstTokenMs: 60_500,
    answered: true,
    outcome: '200',
    ...change,
  });
  const run: LiveRun = {
    calls: [
      call({ arrivedMs: 59_999, answered: false, outcome: '500' }),
      call({}),
      call({ key: 1, firstTokenMs: 60_100 }),
      call({ arrivedMs: 119_999, firstTokenMs: undefined, answered: false, outcome: '429' }),
      call({ arrivedMs: 120_000 }),
    ],
    keys: 2,
    fromMs: 60_000,
    untilMs: 120_000,
    before: { requests: 10, admitted: 10, refused: { rps: 4 } },
    after: { requests: 2_410, admitted: 2_290, refused: { rps: 4, tpm: 120 } },
  };
  const figures = liveFiguresOf(run);

  it('are those of the measured time alone', () => {
    assert.equal(figures.sharePercent, 95);
    assert.equal(figures.answeredPerMinute, 2_280);
    assert.equal(figures.refusalsPerThousand, 50);
    assert.deepEqual(figures.refusals, { tpm: 120 });
    assert.deepEqual(figures.outcomes, { '429': 1 });
    assert.ok(Math.abs(figures.shownPercent - 100 / 3) < 1e-9);
  });

  it('leave the provider its own time to the first token', () => {
    assert.equal(figures.p99WaitMs, 200);
    assert.equal(figures.p50WaitMs, 0);
  });

  it('print as a table with what went wrong', () => {
    const text = liveTable('a relay', figures);
    assert.match(text, /a relay +\| +95\.0 +\| +50\.00 +\| +33\.33/);
    assert.match(text, /Upstream refusals: tpm: 120\. Shown: 429: 1\./);
  });
});

it('the owner of a foreign relay is told all there is to enter', () => {
  const text = instructions('http://127.0.0.1:4100', ['qwen3-max', 'gpt']);
  assert.ok(text.includes('http://127.0.0.1:4100/compatible-mode/v1'));
  for (const account of [0, 1, 2, 3]) assert.ok(text.includes(secretOf(account)));
  assert.match(text, /600 RPM and 1,000,000 TPM.*qwen3-max and gpt/);
});
