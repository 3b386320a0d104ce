/** `Idempotency-Key` as the official `openai` package sends it, over real sockets. */

import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import OpenAI from 'openai';
import { caught, chatOf, KEY, startRelay, type TestRelay, until } from './relay.ts';
import { chunkOf, FINISH, type StubUpstream, startStub, streamOf, stubConfig } from './stub-upstream.ts';

/** The package sends a key of its own with every call, the same with each retry, once it knows the header. */
class KeyedOpenAI extends OpenAI {
  protected override idempotencyHeader = 'Idempotency-Key';
}

const SLOW = `
accounts: [{ id: a, provider: simulator, secrets: [secret-of-a], models: [qwen3-max], limits: { rpm: 60000, tpm: 60000000 } }]
simulator: { ttft: 50ms, tokens_per_second: 500, output_tokens: 60 }
`;

async function textOf(stream: AsyncIterable<OpenAI.ChatCompletionChunk>): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += JSON.stringify(chunk);
  return text;
}

describe('the openai package with an Idempotency-Key', () => {
  let relay: TestRelay;
  let openai: OpenAI;
  before(async () => {
    relay = await startRelay(SLOW);
    openai = new KeyedOpenAI({ baseURL: `${relay.url}/v1`, apiKey: KEY, maxRetries: 0 });
  });
  after(() => relay.close());

  const asked = (): number => relay.app.simulator()?.stats().requests ?? 0;

  it('gets one answer for two plain calls at once and for one behind them', async () => {
    const earlier = asked();
    const call = () => openai.chat.completions.create(chatOf('plain'), { idempotencyKey: 'plain' });
    const [one, two] = await Promise.all([call(), call()]);
    const three = await call();
    assert.deepEqual([two, three], [one, one]);
    assert.equal(new Set([one, two, three].map(({ _request_id }) => _request_id)).size, 3);
    assert.equal(asked() - earlier, 1);
  });

  it('gets one stream for a call that comes in its middle and for one behind it', async () => {
    const earlier = asked();
    const call = () =>
      openai.chat.completions.create(
        chatOf('stream', { stream: true }) as OpenAI.ChatCompletionCreateParamsStreaming,
        {
          headers: { 'Idempotency-Key': 'stream' },
        },
      );
    const first = (await call())[Symbol.asyncIterator]();
    let text = JSON.stringify((await first.next()).value);
    const second = textOf(await call());
    for (let next = await first.next(); next.done !== true; next = await first.next())
      text += JSON.stringify(next.value);
    assert.equal(await second, text);
    assert.equal(await textOf(await call()), text);
    assert.match(text, /"finish_reason":"stop"/);
    assert.equal(asked() - earlier, 1);
  });

  it('throws what a conflict is about, and does not try again', async () => {
    const earlier = asked();
    const call = (content: string) =>
      openai.chat.completions.create(chatOf(content), { idempotencyKey: 'conflict', maxRetries: 3 });
    await call('one');
    const error = await caught(call('two'));
    assert.ok(error instanceof OpenAI.UnprocessableEntityError);
    assert.equal(error.code, 'idempotency_conflict');
    assert.equal(error.param, 'Idempotency-Key');
    assert.equal(asked() - earlier, 1);
  });

  it('makes calls of its own where it names no key', async () => {
    const earlier = asked();
    await Promise.all([
      openai.chat.completions.create(chatOf('x')),
      openai.chat.completions.create(chatOf('x')),
    ]);
    assert.equal(asked() - earlier, 2);
    await relay.settled();
  });
});

describe('a client that joins a stream and never reads', () => {
  const FRAME = streamOf(chunkOf({ content: 'flood '.repeat(2_700) }));
  const MEGABYTES = 24;
  let stub: StubUpstream;
  let relay: TestRelay;
  let reads = false;
  before(async () => {
    stub = await startStub(async (_received, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(FRAME);
      await until(() => reads);
      for (let sent = 0; sent < MEGABYTES * 1_048_576; sent += FRAME.length)
        if (!response.write(FRAME)) await new Promise((resolve) => response.once('drain', resolve));
      response.end(streamOf(FINISH, '[DONE]'));
    });
    relay = await startRelay(stubConfig(stub.url));
  });
  after(async () => {
    await relay.close();
    await stub.close();
  });

  it('is cut off, while the first client gets all of it', async () => {
    const body = JSON.stringify({ ...chatOf('flood', { stream: true }), model: 'up-model' });
    const headers = { 'idempotency-key': 'flood' };
    const first = await relay.chat(body, { headers });
    const { hostname, port } = new URL(relay.url);
    const joiner = connect(Number(port), hostname).on('error', () => undefined);
    joiner.pause();
    joiner.write(
      `POST /v1/chat/completions HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer ${KEY}\r\n` +
        `Idempotency-Key: flood\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
    assert.ok(await until(() => relay.app.server.active() === 2));
    reads = true;
    const text = await first.text();
    assert.ok(text.length > MEGABYTES * 1_048_576);
    assert.ok(text.endsWith('data: [DONE]\n\n'));
    assert.equal(stub.received.length, 1);
    assert.equal(stub.last().headers['idempotency-key'], undefined, 'it is ours, and goes no further');
    assert.ok(await until(() => relay.app.server.active() === 0));
    assert.deepEqual(
      relay.app.front.idempotency.held(),
      { running: 0, kept: 0, bytes: 0 },
      'too large to keep',
    );
    joiner.destroy();
  });
});
