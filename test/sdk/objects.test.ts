import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type OpenAI from 'openai';
import { toFile } from 'openai';
import { caught, errorOf, KEY, startRelay, type TestRelay } from './relay.ts';
import { plainAnswer, startStub } from './stub-upstream.ts';

const OTHER_KEY = 'other-key-0123456789abcdef';
const BOUND_KEY = 'bound-key-0123456789abcdef';

const TWO_ACCOUNTS = `
accounts:
  - { id: a, provider: simulator, secrets: [secret-of-a], models: [qwen3-max] }
  - { id: b, provider: simulator, secrets: [secret-of-b], models: [qwen3-max, qwen-plus] }
simulator: { ttft: 1ms, tokens_per_second: 5000, output_tokens: 40 }
`;
const THREE_KEYS = `
keys:
  - { id: one, key: ${KEY} }
  - { id: other, key: ${OTHER_KEY} }
  - { id: bound, key: ${BOUND_KEY}, models: [qwen3-max] }
`;

const SIGNED = /\.sl_[\w-]{6}_[\w-]{16}$/;

const lines = (count: number): string =>
  Array.from({ length: count }, (_, i) =>
    JSON.stringify({
      custom_id: `request-${i}`,
      method: 'POST',
      url: '/v1/chat/completions',
      body: { model: 'qwen3-max', messages: [{ role: 'user', content: `Question ${i}` }] },
    }),
  ).join('\n');

const uploaded = async (client: OpenAI, account: string, text = lines(3)): Promise<OpenAI.FileObject> =>
  client.files.create(
    { file: await toFile(Buffer.from(text), 'requests.jsonl'), purpose: 'batch' },
    { headers: { 'x-sluice-account': account } },
  );

describe('files and batches over two accounts', () => {
  let relay: TestRelay;
  let openai: OpenAI;
  before(async () => {
    relay = await startRelay(TWO_ACCOUNTS + THREE_KEYS);
    openai = relay.openai();
  });
  after(() => relay.close());

  it('come back from the account that has them, whichever that is', async () => {
    for (const account of ['a', 'b']) {
      const file = await uploaded(openai, account);
      assert.match(file.id, /^file-batch-\w+\.sl_/);
      assert.match(file.id, SIGNED);
      assert.equal(file.filename, 'requests.jsonl');
      const { data, response } = await openai.files.retrieve(file.id).withResponse();
      assert.equal(data.id, file.id);
      assert.equal(response.headers.get('x-sluice-account'), account);
      const content = await openai.files.content(file.id);
      assert.equal(content.headers.get('content-type'), 'application/octet-stream');
      assert.equal(await content.text(), lines(3));

      const batch = await openai.batches.create({
        input_file_id: file.id,
        endpoint: '/v1/chat/completions',
        completion_window: '24h',
        metadata: { input_file_id: 'mine', id: 'kept' },
      });
      assert.match(batch.id, SIGNED);
      assert.equal(batch.input_file_id, file.id);
      assert.deepEqual(batch.metadata, { input_file_id: 'mine', id: 'kept' });
      assert.equal((await openai.batches.retrieve(batch.id)).status, 'validating');
      assert.equal((await openai.batches.cancel(batch.id)).status, 'cancelled');

      assert.deepEqual(await openai.files.delete(file.id), { id: file.id, object: 'file', deleted: true });
      const gone = (await caught(openai.files.retrieve(file.id))) as InstanceType<typeof OpenAI.APIError>;
      assert.equal(gone.status, 404);
      assert.match(gone.message, /No such File object/, 'in the words of the provider');
    }
    await relay.settled();
  });

  it('of one key lie together on one account when none is named', async () => {
    const accounts = new Set<string | null>();
    for (let i = 0; i < 4; i++) {
      const file = await toFile(Buffer.from(lines(1)), 'requests.jsonl');
      const { response } = await openai.files.create({ file, purpose: 'batch' }).withResponse();
      accounts.add(response.headers.get('x-sluice-account'));
    }
    assert.equal(accounts.size, 1);
  });

  it('are not there for another key, under a forged id, or under the id of the provider', async () => {
    const file = await uploaded(openai, 'a');
    const other = relay.openai({ apiKey: OTHER_KEY });
    const own = file.id.replace(SIGNED, '');
    const forged = `${own}.sl_${'A'.repeat(6)}_${'A'.repeat(16)}`;
    const create = (client: OpenAI, input_file_id: string) =>
      client.batches.create({ input_file_id, endpoint: '/v1/chat/completions', completion_window: '24h' });
    for (const attempt of [
      () => other.files.retrieve(file.id),
      () => other.files.content(file.id),
      () => other.files.delete(file.id),
      () => create(other, file.id),
      () => openai.files.retrieve(own),
      () => openai.files.retrieve(own, { headers: { 'x-sluice-account': 'a' } }),
      () => create(openai, own),
      () => openai.files.content(forged),
    ]) {
      const error = (await caught(attempt())) as InstanceType<typeof OpenAI.APIError>;
      assert.equal(error.status, 404);
      assert.equal(error.code, 'object_not_found');
    }
    assert.equal((await openai.files.retrieve(file.id)).id, file.id);
    const escaped = await get(`/v1/files/${'x%2F..%2Fbatches'}`);
    assert.equal(escaped.status, 404);
  });

  it('are no list for one of several keys, and nothing at all for a key that is bound to models', async () => {
    const list = (await caught(openai.files.list())) as InstanceType<typeof OpenAI.APIError>;
    assert.equal(list.status, 403);
    assert.match(list.message, /every key of this relay/);
    const bound = (await caught(uploaded(relay.openai({ apiKey: BOUND_KEY }), 'a'))) as Error;
    assert.match(bound.message, /keys\.objects/);
    assert.equal((await get('/v1/files', { authorization: 'Bearer wrong' })).status, 401);
  });

  it('go to an account that serves the model they name, and never to two', async () => {
    const [one, two] = [await uploaded(openai, 'a'), await uploaded(openai, 'b')];
    const post = (body: object, headers: Record<string, string> = {}): Promise<Response> =>
      fetch(`${relay.url}/v1/batches`, {
        method: 'POST',
        headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      });
    const both = await post({ input_file_id: one.id, other_file_id: two.id });
    assert.equal(both.status, 400);
    assert.match(errorOf(await both.json()).message, /two accounts/);
    const elsewhere = await post({ input_file_id: one.id }, { 'x-sluice-account': 'b' });
    assert.match(errorOf(await elsewhere.json()).message, /belong to another account than 'b'/);
    const nowhere = await post({ input_file_id: '' }, { 'x-sluice-account': 'c' });
    assert.match(errorOf(await nowhere.json()).message, /'c' has nothing below \/batches/);
    const fit = await post({ model: 'qwen-plus' });
    assert.equal(fit.headers.get('x-sluice-failure'), 'upstream_rejected');
    const unknown = await post({ model: 'gpt-9' });
    assert.equal(unknown.headers.get('x-sluice-failure'), 'model_not_found');
    assert.equal((await post([])).status, 400);
  });

  it('have a line in the log and a row in the metrics', async () => {
    const file = await uploaded(openai, 'b');
    await openai.files.content(file.id).then((content) => content.text());
    const line = relay.log.findLast(({ msg }) => msg === 'passed');
    assert.equal(line?.['route'], '/files/*/content');
    assert.equal(line?.['account'], 'b');
    assert.equal(line?.['key'], 'one');
    assert.equal(line?.['end'], 'complete');
    assert.equal(line?.['receivedBytes'], lines(3).length);
    const text = await (await fetch(`${relay.url}/metrics`)).text();
    assert.match(text, /sluice_passed_total\{[^}]*route="\/files\/\*\/content"[^}]*\} \d/);
    assert.doesNotMatch(JSON.stringify(relay.log), /secret-of/);
  });

  it('are unknown where nobody has them', async () => {
    for (const path of [
      '/v1/whatever',
      '/v1/vector_stores',
      '/v1/organization/users',
      '/v1/messages/batches',
    ]) {
      const answer = await get(path);
      assert.equal(answer.status, 404, path);
      assert.equal(answer.headers.get('x-sluice-failure'), 'route_not_found');
    }
  });

  const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(relay.url + path, { headers: { authorization: `Bearer ${KEY}`, ...headers } });
});

describe('a simulated account', () => {
  it('transcribes and edits forms under the quotas of the model', async () => {
    const relay = await startRelay(TWO_ACCOUNTS);
    try {
      const openai = relay.openai();
      const file = await toFile(Buffer.alloc(50_000), 'sound.wav');
      const plain = await openai.audio.transcriptions.create({ file, model: 'qwen3-max' });
      assert.equal(plain.text, 'A sound of 50000 bytes.');
      const text = await openai.audio.transcriptions.create({
        file,
        model: 'qwen3-max',
        response_format: 'text',
      });
      assert.equal(text, 'A sound of 50000 bytes.\n');
      const image = await toFile(Buffer.alloc(500), 'image.png', { type: 'image/png' });
      const { data } = await openai.images.edit({ image, model: 'qwen3-max', prompt: 'A cat.' });
      assert.equal(data?.length, 1);
      assert.equal(relay.app.simulator()?.stats(undefined, 'qwen3-max').admitted, 3);
      await relay.settled();
    } finally {
      await relay.close();
    }
  });
});

describe('a chat that names a file', () => {
  it('goes to the account that has it, with the id that is known there', async () => {
    const sent: { readonly account: string; readonly body: string }[] = [];
    const stubs = await Promise.all([startStub(), startStub()]);
    for (const [i, stub] of stubs.entries())
      stub.answer = (received, response) => {
        const body = received.body.toString();
        sent.push({ account: 'ab'.charAt(i), body });
        if (received.url.endsWith('/files'))
          response
            .writeHead(200, { 'content-type': 'application/json' })
            .end(`{"id":"file-of-${'ab'.charAt(i)}"}`);
        else return plainAnswer()(received, response);
      };
    const account = (id: string, i: number): string =>
      `  - { id: ${id}, provider: openai, base_url: "${stubs[i]?.url}", secrets: [s], models: ['gpt-5'${id === 'b' ? ", 'gpt-b'" : ", 'gpt-a'"}] }`;
    const keys = THREE_KEYS.replace('[qwen3-max]', '[gpt-5]');
    const relay = await startRelay(`accounts:\n${account('a', 0)}\n${account('b', 1)}\n${keys}`);
    try {
      const openai = relay.openai();
      const ask = (id: string, more: object = {}, client = openai) =>
        client.chat.completions.create({
          model: 'gpt-5',
          messages: [
            {
              role: 'user',
              content: [
                { type: 'file', file: { file_id: id } },
                { type: 'text', text: id },
              ],
            },
          ],
          ...more,
        });
      for (const name of ['a', 'b', 'a']) {
        const file = await uploaded(openai, name);
        assert.match(file.id, new RegExp(`^file-of-${name}\\.sl_`));
        await ask(file.id);
        assert.equal(sent.at(-1)?.account, name);
        assert.match(sent.at(-1)?.body ?? '', new RegExp(`"file_id":"file-of-${name}"`));
        assert.match(sent.at(-1)?.body ?? '', /"text":"file-of-\w\.sl_/, 'a text stays what it is');
      }
      const file = await uploaded(openai, 'a');
      const asked = sent.length;
      const wrong = (await caught(ask(file.id, { model: 'gpt-b' }))) as Error;
      assert.match(wrong.message, /lie on the account 'a', which does not serve 'gpt-b'/);
      for (const attempt of [
        () => ask(file.id, {}, relay.openai({ apiKey: OTHER_KEY })),
        () => ask('file-of-a'),
        () => ask('file-of-b.sl_AAAAAA_AAAAAAAAAAAAAAAA'),
      ]) {
        const error = (await caught(attempt())) as InstanceType<typeof OpenAI.APIError>;
        assert.equal(error.code, 'object_not_found');
      }
      const hidden = await relay.chat(
        '{"model":"gpt-5","messages":[{"role":"user","content":[{"type":"file","file":{"f\\u0069le_id":"file-of-a"}}]}]}',
      );
      assert.equal(hidden.status, 404);
      assert.equal(sent.length, asked, 'none of these was sent');
      await relay.settled();
    } finally {
      await relay.close();
      await Promise.all(stubs.map((stub) => stub.close()));
    }
  });
});

describe('a relay with a single key', () => {
  it('shows its lists page by page, with signed ids', async () => {
    const relay = await startRelay(TWO_ACCOUNTS);
    try {
      const openai = relay.openai();
      const made: string[] = [];
      for (let i = 0; i < 3; i++) made.push((await uploaded(openai, 'b', lines(i))).id);
      const seen: string[] = [];
      for await (const file of openai.files.list({ limit: 2 }, { headers: { 'x-sluice-account': 'b' } }))
        seen.push(file.id);
      assert.deepEqual(seen, made);
    } finally {
      await relay.close();
    }
  });
});
