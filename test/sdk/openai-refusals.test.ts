/** The official `openai` package when Sluice is full, refuses, or meets fields that it does not know. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import OpenAI from 'openai';
import { caught, chatOf, KEY, pause, startRelay, type TestRelay, until } from './relay.ts';
import { plainReply, type StubUpstream, startStub, stubConfig } from './stub-upstream.ts';

describe('a full house', () => {
  let relay: TestRelay;
  let stub: StubUpstream;
  let release: () => void = () => undefined;
  before(async () => {
    stub = await startStub(async (_received, response) => {
      await new Promise<void>((resolve) => {
        release = resolve;
        response.once('close', resolve);
      });
      response.writeHead(200, { 'content-type': 'application/json' }).end(plainReply());
    });
    relay = await startRelay(`${stubConfig(stub.url, 'up-model: { limits: { concurrency: 1 } }')}
queue: { max_wait: 60s, max_length: 2 }
keys:
  - { id: test, key: ${KEY} }
  - { id: small, key: small-key-0123456789abcdef, limits: { rpm: 1 }, on_limit: reject }
  - { id: brisk, key: brisk-key-0123456789abcdef, limits: { rps: 1 }, on_limit: reject }
`);
  });
  after(async () => {
    await relay.close();
    await stub.close();
  });
  const ask = { ...chatOf('x'), model: 'up-model' };
  const line = (): number => relay.app.front.lines()[0]?.length ?? 0;

  it('lets a waiting call go when its client aborts, and holds nothing for it', async () => {
    const openai = relay.openai();
    const running = openai.chat.completions.create(ask);
    await until(() => relay.app.rooms.limiter.open() === 1);
    const controller = new AbortController();
    const waiting = caught(openai.chat.completions.create(ask, { signal: controller.signal }));
    assert.ok(await until(() => line() === 1));
    controller.abort();
    assert.ok((await waiting) instanceof OpenAI.APIUserAbortError);
    assert.ok(await until(() => line() === 0));
    await until(() => stub.openSockets() > 0);
    release();
    assert.equal((await running).model, 'up-model');
    await relay.settled();
    assert.equal(stub.received.length, 1, 'the call that was aborted was never sent');
  });

  it("throws RateLimitError marked as the key's own, with a time to come back", async () => {
    const openai = relay.openai({ apiKey: 'small-key-0123456789abcdef' });
    const asked = stub.received.length;
    const running = openai.chat.completions.create(ask);
    await until(() => stub.received.length > asked);
    const error = await caught(openai.chat.completions.create(ask));
    assert.ok(error instanceof OpenAI.RateLimitError, String(error));
    assert.equal(error.headers.get('x-sluice-limit'), 'key');
    assert.equal(error.type, 'rate_limit_error');
    const retryAfter = Number(error.headers.get('retry-after'));
    assert.ok(retryAfter > 50 && retryAfter <= 60, `retry-after ${retryAfter}`);
    assert.equal(stub.received.length, asked + 1, 'the upstream was not asked');
    release();
    await running;
  });

  it("is served in the end by the client's own retries when a refusal says when", async () => {
    stub.answer = (_received, response) =>
      void response.writeHead(200, { 'content-type': 'application/json' }).end(plainReply());
    const openai = relay.openai({ apiKey: 'brisk-key-0123456789abcdef', maxRetries: 2 });
    await openai.chat.completions.create(ask);
    const startMs = performance.now();
    const { response } = await openai.chat.completions.create(ask).withResponse();
    assert.equal(response.status, 200);
    assert.ok(performance.now() - startMs > 500, 'it waited as told');
    assert.match(relay.app.front.metricsText(), /sluice_requests_total\{[^}]*status="429"\} \d/);
  });

  it('makes the client try again after a 503 that passes, and not after one that does not', async () => {
    const before = (status: string): number =>
      Number(new RegExp(`status="${status}"\\} (\\d+)`).exec(relay.app.front.metricsText())?.[1] ?? 0);
    const refusals = before('503');
    let asked = 0;
    stub.answer = (_received, response) => {
      asked += 1;
      setTimeout(
        () => response.writeHead(200, { 'content-type': 'application/json' }).end(plainReply()),
        asked === 1 ? 700 : 0,
      );
    };
    const openai = relay.openai({ maxRetries: 2, defaultHeaders: { 'x-sluice-max-wait': '0.1' } });
    const first = relay.openai().chat.completions.create(ask);
    await until(() => asked === 1);
    const answer = await openai.chat.completions.create(ask);
    assert.equal(answer.model, 'up-model');
    assert.ok(before('503') > refusals, 'it was refused before it was served');
    assert.equal((await first).model, 'up-model');

    stub.answer = (_received, response) =>
      void response.writeHead(401, { 'content-type': 'application/json' }).end('{"error":{"message":"no"}}');
    asked = 0;
    const counting = relay.openai({ maxRetries: 2 });
    const sent = relay.log.filter(({ msg }) => msg === 'call').length;
    const error = await caught(counting.chat.completions.create(ask));
    assert.ok(error instanceof OpenAI.InternalServerError, String(error));
    assert.equal(error.headers.get('x-should-retry'), 'false');
    await pause(20);
    assert.equal(relay.log.filter(({ msg }) => msg === 'call').length, sent + 1, 'it asked once');
  });
});

describe('fields that Sluice does not know', () => {
  it('travel to the upstream untouched, and its own back to the client', async () => {
    const stub = await startStub((_received, response) => {
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(plainReply('up-model', { provider_field: { deep: ['ü', 1e21] } }));
    });
    const relay = await startRelay(stubConfig(stub.url));
    try {
      const body = {
        model: 'up-model',
        messages: [{ role: 'user', content: 'x', cache_control: { type: 'ephemeral' } }],
        top_k: 3,
        vl_high_resolution_images: true,
        some_future_field: { nested: [null, 1.5, '🌊'] },
      };
      const answer = await relay
        .openai()
        .chat.completions.create(body as unknown as OpenAI.ChatCompletionCreateParamsNonStreaming);
      assert.deepEqual(JSON.parse(stub.last().body.toString()), body);
      assert.deepEqual((answer as unknown as { provider_field: unknown }).provider_field, {
        deep: ['ü', 1e21],
      });
    } finally {
      await relay.close();
      await stub.close();
    }
  });
});
