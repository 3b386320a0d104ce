/** Answers that are no chat, byte for byte over real sockets: sound that breaks off, pictures of many megabytes. */

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { known } from '../../src/app.ts';
import { loadConfig } from '../../src/config/load.ts';
import { caught, KEY, startRelay, type TestRelay, until } from './relay.ts';
import { type StubUpstream, startStub, stubConfig } from './stub-upstream.ts';

let stub: StubUpstream;
let relay: TestRelay;
before(async () => {
  stub = await startStub();
  relay = await startRelay(stubConfig(stub.url));
});
after(async () => {
  await relay.close();
  await stub.close();
});
beforeEach(() => {
  stub.answer = (_received, response) => {
    response.writeHead(500).end();
  };
});

const post = (path: string, body: unknown, signal?: AbortSignal): Promise<Response> =>
  fetch(relay.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  });

const SAY = { model: 'up-model', voice: 'alloy', input: 'water' };
const SOUND = Buffer.from(Array.from({ length: 100_000 }, (_, i) => i % 251));
const lastStory = () => relay.log.findLast(({ end }) => end !== undefined);

describe('sound', () => {
  it('reaches the client while it comes, under its own type', async () => {
    let goOn = (): void => undefined;
    stub.answer = async (_received, response) => {
      response.writeHead(200, { 'content-type': 'audio/mpeg' });
      response.write(SOUND.subarray(0, 1_000));
      await new Promise<void>((resolve) => {
        goOn = resolve;
      });
      response.end(SOUND.subarray(1_000));
    };
    const response = await post('/v1/audio/speech', SAY);
    assert.equal(response.headers.get('content-type'), 'audio/mpeg');
    assert.equal(response.headers.get('x-sluice-model'), 'up-model');
    const reader = response.body?.getReader();
    const first = await reader?.read();
    assert.ok((first?.value?.length ?? 0) > 0);
    goOn();
    const pieces = [first?.value ?? new Uint8Array()];
    for (let read = await reader?.read(); read?.done === false; read = await reader?.read())
      pieces.push(read.value);
    assert.deepEqual(Buffer.concat(pieces), SOUND);
    assert.deepEqual(JSON.parse(stub.last().body.toString()), SAY);
    assert.equal(stub.last().headers.accept, '*/*');
    await relay.settled();
    assert.partialDeepStrictEqual(lastStory(), { end: 'complete', usage: { source: 'estimated' } });
  });

  it('that breaks off is torn at the client, too: nobody takes it for whole', async () => {
    stub.answer = (_received, response) => {
      response.writeHead(200, { 'content-type': 'audio/mpeg' });
      response.write(SOUND.subarray(0, 1_000), () => setTimeout(() => response.destroy(), 20));
    };
    const response = await post('/v1/audio/speech', SAY);
    assert.equal(response.status, 200);
    await caught(response.arrayBuffer());
    await relay.settled();
    assert.partialDeepStrictEqual(lastStory(), { end: 'stream_died', status: 200 });
  });

  it('that the client does not want any more is not fetched any further', async () => {
    let isClosed = false;
    stub.answer = (_received, response) => {
      response.on('close', () => {
        isClosed = true;
      });
      response.writeHead(200, { 'content-type': 'audio/mpeg' });
      response.write(SOUND.subarray(0, 1_000));
    };
    const controller = new AbortController();
    const response = await post('/v1/audio/speech', SAY, controller.signal);
    await response.body?.getReader().read();
    controller.abort();
    assert.ok(await until(() => isClosed));
    await relay.settled();
    assert.partialDeepStrictEqual(lastStory(), { end: 'client_gone' });
  });

  it('in the place of which the provider refuses is no sound', async () => {
    stub.answer = (_received, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(
        JSON.stringify({ error: { message: 'Unknown voice', code: 'invalid_value', status: 400 } }),
      );
    };
    const response = await post('/v1/audio/speech', SAY);
    assert.ok(response.status >= 400);
    assert.match(response.headers.get('content-type') ?? '', /json/);
    await relay.settled();
  });
});

describe('a picture of twenty megabytes', () => {
  const picture = 'A'.repeat(20 * 1024 * 1024);

  it('comes whole', async () => {
    const answer = JSON.stringify({
      created: 1,
      data: [{ b64_json: picture }],
      usage: { input_tokens: 3, output_tokens: 9 },
    });
    stub.answer = (_received, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(answer);
    };
    const response = await post('/v1/images/generations', { model: 'up-model', prompt: 'a gate' });
    assert.equal(await response.text(), answer);
    await relay.settled();
    assert.partialDeepStrictEqual(lastStory(), { usage: { input: 3, output: 9, source: 'upstream' } });
  });

  it('comes as an event', async () => {
    const events = [
      { type: 'image_generation.partial_image', b64_json: 'AAAA' },
      { type: 'image_generation.completed', b64_json: picture, usage: { input_tokens: 3, output_tokens: 9 } },
    ].map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
    stub.answer = (_received, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).end(events.join(''));
    };
    const response = await post('/v1/images/generations', { model: 'up-model', prompt: 'x', stream: true });
    assert.equal(await response.text(), events.join(''));
    await relay.settled();
    assert.partialDeepStrictEqual(lastStory(), { end: 'complete', usage: { output: 9 } });
  });
});

describe('an answer in one piece where events were asked for', () => {
  for (const [what, path, type, body, end] of [
    ['sound', '/v1/audio/speech', 'audio/mpeg', SOUND, 'speech.audio.done'],
    [
      'pictures',
      '/v1/images/generations',
      'application/json',
      '{"data":[{"b64_json":"x"}]}',
      'image_generation.completed',
    ],
  ] as const)
    it(`reaches the client as events: ${what}`, async () => {
      stub.answer = (_received, response) => {
        response.writeHead(200, { 'content-type': type }).end(body);
      };
      const ask = { ...SAY, prompt: 'x', stream: true, stream_format: 'sse' };
      const response = await post(path, ask);
      assert.match(response.headers.get('content-type') ?? '', /event-stream/);
      assert.match(await response.text(), new RegExp(`event: ${end}\n.*\n\n$`));
      await relay.settled();
      assert.partialDeepStrictEqual(lastStory(), { end: 'complete' });
    });
});

describe('the bytes of a task', () => {
  it('go to a provider that has it as they came, and so does its answer', async () => {
    const answer = '{ "data" : [ {"embedding":[ 1.50, -0e0 ], "index":0} ],\n "model":"up-model", "x":"ü" }';
    stub.answer = (_received, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(answer);
    };
    const body = '{ "input" : "w\\u0061ter", "odd" : [1.0],\n"model":"up-model" }';
    const response = await post('/v1/embeddings', body);
    assert.equal(await response.text(), answer);
    assert.equal(stub.last().body.toString(), body);
    assert.equal(stub.last().url, '/v1/embeddings');
  });

  it('a refusal of the task is the client’s, in its own words', async () => {
    const refusal = {
      error: {
        message: 'dimensions: too many',
        type: 'invalid_request_error',
        param: 'dimensions',
        code: null,
      },
    };
    stub.answer = (_received, response) => {
      response.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify(refusal));
    };
    const response = await post('/v1/embeddings', { model: 'up-model', input: 'x', dimensions: 1e9 });
    assert.equal(response.status, 400);
    assert.match(JSON.stringify(await response.json()), /dimensions/);
    await relay.settled();
  });
});

describe('a task with the wishes of an OpenRouter client', () => {
  it('is made on the model and by whom it may be, and the provider does not hear of them', async () => {
    stub.answer = (_received, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"data":[{"embedding":[1]}]}');
    };
    const asked = { model: 'nobody', input: 'x', dimensions: 1 };
    const wishes = { models: ['up-model'], provider: { order: ['stub'], zdr: true } };
    const response = await post('/v1/embeddings', { ...asked, ...wishes });
    assert.equal(response.status, 200);
    assert.deepEqual(JSON.parse(stub.last().body.toString()), { ...asked, model: 'up-model' });
    assert.equal(response.headers.get('x-sluice-dropped'), 'provider.zdr');
    const count = stub.received.length;
    const nowhere = { ...asked, model: 'up-model', provider: { ignore: ['stub'] } };
    assert.notEqual((await post('/v1/embeddings', nowhere)).status, 200);
    assert.equal(stub.received.length, count);
  });
});

describe('a server that has no path for a task', () => {
  it('is left alone for that task only: its chats go on', async () => {
    stub.answer = ({ url }, response) => {
      const chats = url.endsWith('/chat/completions');
      response.writeHead(chats ? 200 : 404, { 'content-type': 'application/json' });
      response.end(
        JSON.stringify(
          chats
            ? {
                id: 'c',
                choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
              }
            : { detail: 'Not Found' },
        ),
      );
    };
    for (const [path, body, what] of [
      ['/v1/completions', { prompt: 'x' }, 'text completions'],
      ['/v1/embeddings', { input: 'x' }, 'embeddings'],
      ['/v1/audio/speech', SAY, 'speech'],
    ] as const) {
      const refused = await post(path, { ...body, model: 'up-model' });
      assert.equal(refused.status, 502, path);
      assert.match(await refused.text(), new RegExp(`404.*perhaps it does not offer ${what}`));
    }
    const chat = await post('/v1/chat/completions', {
      model: 'up-model',
      messages: [{ role: 'user', content: 'hi' }],
    });
    assert.equal(chat.status, 200, await chat.text());
    assert.equal(relay.app.rooms.health.benches(Date.now()).length, 0);
  });

  it('is left alone as a whole where its chats are missing', async () => {
    stub.answer = (_received, response) => {
      response.writeHead(404).end();
    };
    const ask = { model: 'up-model', messages: [{ role: 'user', content: 'hi' }] };
    assert.equal((await post('/v1/chat/completions', ask)).status, 502);
    assert.deepEqual(
      relay.app.rooms.health.benches(Date.now()).map(({ kind }) => kind),
      ['model_missing'],
    );
  });
});

describe('a limit of bodies that has changed', () => {
  it('holds for what counts tokens, too', async () => {
    const count = (): Promise<Response> =>
      post('/v1/responses/input_tokens', { model: 'up-model', input: 'x'.repeat(3_000) });
    assert.equal((await count()).status, 200);
    const text = `${stubConfig(stub.url)}\nserver: { body_limit: 2kb }\nkeys: [{ id: test, key: ${KEY} }]\n`;
    relay.app.apply(loadConfig({ path: 'test.yaml', env: {}, known, readFile: () => text }));
    const response = await count();
    assert.equal(response.status, 413);
    assert.match(await response.text(), /2048 bytes/);
  });
});
