import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readAll, type UpstreamRequest, type UpstreamResponse } from '../base/fetch.ts';
import { createSeededRandom } from '../base/seeded-random.ts';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { BATCH_MS } from './objects.ts';
import { createSimulator } from './upstream.ts';

type Json = { readonly [key: string]: unknown };

function setUp() {
  const clock = createVirtualClock();
  const simulator = createSimulator({
    clock,
    random: createSeededRandom(5),
    accounts: ['a', 'b'].map((id) => ({ id, secrets: [`secret-of-${id}`] })),
    oddShare: 0,
  });
  const ask = (
    method: UpstreamRequest['method'],
    path: string,
    more: { readonly account?: string; readonly body?: Buffer; readonly type?: string } = {},
  ): Promise<UpstreamResponse> =>
    simulator.fetch({
      method,
      url: `http://up.test/compatible-mode/v1${path}`,
      headers: {
        authorization: `Bearer secret-of-${more.account ?? 'a'}`,
        'content-type': more.type ?? 'application/json',
      },
      ...(more.body === undefined ? {} : { body: more.body }),
      signal: new AbortController().signal,
    });
  const json = async (response: UpstreamResponse | Promise<UpstreamResponse>): Promise<Json> => {
    const { status, body } = await response;
    const text = (await readAll(body)).toString();
    assert.equal(status, 200, text);
    return JSON.parse(text) as Json;
  };
  const upload = (content: string, account = 'a'): Promise<Json> =>
    json(
      ask('POST', '/files', {
        account,
        type: 'multipart/form-data; boundary=b',
        body: Buffer.from(
          `--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n` +
            `--b\r\nContent-Disposition: form-data; name="file"; filename="in.jsonl"\r\n\r\n${content}\r\n--b--\r\n`,
        ),
      }),
    );
  const post = (path: string, body: object): Promise<UpstreamResponse> =>
    ask('POST', path, { body: Buffer.from(JSON.stringify(body)) });
  return { clock, simulator, ask, json, upload, post };
}

const INPUT = ['one', 'two']
  .map((custom_id) => JSON.stringify({ custom_id, body: { model: 'qwen3-max' } }))
  .join('\n');

test('a file is there for its account alone, until it is deleted', async () => {
  const { ask, json, upload } = setUp();
  const file = await upload(INPUT);
  assert.equal(file['bytes'], INPUT.length);
  assert.equal(file['filename'], 'in.jsonl');
  const path = `/files/${file['id']}`;
  assert.deepEqual(await json(ask('GET', path)), file);
  assert.equal((await ask('GET', path, { account: 'b' })).status, 404);
  assert.equal((await ask('GET', path, { account: 'nobody' })).status, 401);
  const content = await ask('GET', `${path}/content`);
  assert.equal((await readAll(content.body)).toString(), INPUT);
  await json(ask('DELETE', path));
  assert.equal((await ask('GET', path)).status, 404);
  assert.equal((await ask('DELETE', path)).status, 404);
});

test('of a large file the size is kept', async () => {
  const { ask, upload } = setUp();
  const file = await upload('x'.repeat(6 * 1024 * 1024));
  const { headers, body } = await ask('GET', `/files/${file['id']}/content`);
  assert.equal(headers['content-length'], String(6 * 1024 * 1024));
  assert.equal((await readAll(body)).length, 6 * 1024 * 1024);
});

test('a batch takes its time and then has an answer to each of its lines', async () => {
  const { clock, ask, json, upload, post } = setUp();
  const { id: input_file_id } = await upload(INPUT);
  const asked = { input_file_id, endpoint: '/v1/chat/completions', completion_window: '24h' };
  const batch = await json(post('/batches', asked));
  const status = async (): Promise<unknown> => (await json(ask('GET', `/batches/${batch['id']}`)))['status'];
  assert.equal(await status(), 'validating');
  await clock.advance(2_000);
  assert.equal(await status(), 'in_progress');
  await clock.advance(BATCH_MS);
  const done = await json(ask('GET', `/batches/${batch['id']}`));
  assert.equal(done['status'], 'completed');
  const output = await ask('GET', `/files/${done['output_file_id']}/content`);
  const lines = (await readAll(output.body)).toString().trimEnd().split('\n');
  assert.deepEqual(
    lines.map((line) => (JSON.parse(line) as Json)['custom_id']),
    ['one', 'two'],
  );
  assert.equal((await post(`/batches/${batch['id']}/cancel`, {})).status, 400);
  assert.equal((await json(ask('GET', `/batches/${batch['id']}`)))['output_file_id'], done['output_file_id']);
});

test('a batch can be cancelled, and none is made of a file of another account', async () => {
  const { json, upload, post } = setUp();
  const asked = { endpoint: '/v1/chat/completions', completion_window: '24h' };
  const own = await upload(INPUT);
  const batch = await json(post('/batches', { ...asked, input_file_id: own['id'] }));
  assert.equal((await json(post(`/batches/${batch['id']}/cancel`, {})))['status'], 'cancelled');
  const other = await upload(INPUT, 'b');
  assert.equal((await post('/batches', { ...asked, input_file_id: other['id'] })).status, 404);
  assert.equal((await post('/batches', { input_file_id: own['id'] })).status, 400);
});

test('lists go page by page, and count nothing against a quota', async () => {
  const { ask, json, upload, simulator } = setUp();
  for (const text of ['1', '2', '3']) await upload(text);
  const first = await json(ask('GET', '/files?limit=2'));
  assert.equal(first['has_more'], true);
  const rest = await json(ask('GET', `/files?limit=2&after=${first['last_id']}`));
  assert.equal((rest['data'] as unknown[]).length, 1);
  assert.equal(rest['has_more'], false);
  assert.equal(simulator.stats('a').requests, 0);
});

test('a wrong form and an unknown place are refused', async () => {
  const { ask, post } = setUp();
  assert.equal((await post('/files', {})).status, 400);
  assert.equal((await ask('DELETE', '/batches/x')).status, 404);
});
