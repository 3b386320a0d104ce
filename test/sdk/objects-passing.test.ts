import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { type Child, startChild } from './child.ts';
import { errorOf, KEY, pause, startRelay, type TestRelay, until } from './relay.ts';
import { type Answerer, type StubUpstream, startStub } from './stub-upstream.ts';

const LIMITED_KEY = 'limited-key-0123456789abcdef';

const said =
  (body: string, type = 'application/json', status = 200): Answerer =>
  (_received, response) => {
    response.writeHead(status, { 'content-type': type }).end(body);
  };

describe('what is passed through', () => {
  let upstream: StubUpstream;
  let relay: TestRelay;
  before(async () => {
    upstream = await startStub();
    relay = await startRelay(`
accounts:
  - id: own
    provider: openai-compatible
    base_url: "${upstream.url}"
    secrets: [upstream-secret]
    models: { up-model: { name: public-model } }
    passes: [/files, /threads, /assistants, /things]
keys:
  - { id: one, key: ${KEY} }
  - { id: limited, key: ${LIMITED_KEY}, limits: { rpm: 2 } }
`);
  });
  beforeEach(() => {
    upstream.answer = said('{"id":"thread_1"}');
  });
  after(async () => {
    await relay.close();
    await upstream.close();
  });

  const ask = (path: string, options: RequestInit = {}): Promise<Response> =>
    fetch(`${relay.url}/v1${path}`, {
      ...options,
      headers: {
        authorization: `Bearer ${KEY}`,
        'content-type': 'application/json',
        ...(options.headers as Record<string, string>),
      },
    });
  const post = (path: string, body: object, options: RequestInit = {}): Promise<Response> =>
    ask(path, { method: 'POST', body: JSON.stringify(body), ...options });
  const created = async (): Promise<string> =>
    ((await (await post('/threads', {})).json()) as { id: string }).id;

  it('is what the configuration says of an account, with the model that is known there', async () => {
    const answer = await post('/assistants', {
      model: 'public-model',
      name: 'x',
      big: 12345678901234567890n.toString(),
    });
    assert.equal(answer.status, 200);
    assert.equal(
      upstream.last().body.toString(),
      '{"model":"up-model","name":"x","big":"12345678901234567890"}',
    );
    assert.equal(upstream.last().headers.authorization, 'Bearer upstream-secret');
    assert.equal((await post('/batches', {})).status, 404, 'not among its paths');
  });

  it('in events has its ids signed, so that they can be used', async () => {
    upstream.answer = said(
      'event: thread.run.created\ndata: {"id":"run_1","thread_id":"thread_1","model":"up_model"}\n\n' +
        'event: done\ndata: [DONE]\n\n',
      'text/event-stream',
    );
    const text = await (await post('/threads/runs', { stream: true })).text();
    const run = /"id":"(run_1\.sl_[\w-]+)"/.exec(text)?.[1];
    const thread = /"thread_id":"(thread_1\.sl_[\w-]+)"/.exec(text)?.[1];
    assert.ok(run !== undefined && thread !== undefined, text);
    assert.match(
      text,
      /^event: thread\.run\.created\ndata: \{.*"model":"up_model"\}\n\nevent: done\ndata: \[DONE\]\n\n$/,
    );
    await ask(`/threads/${thread}/runs/${run}`);
    assert.equal(upstream.last().url, '/v1/threads/thread_1/runs/run_1');
  });

  it('keeps its query, with the ids in it opened', async () => {
    const thread = await created();
    await ask(`/threads/${thread}/messages?limit=2&after=${thread}&order=asc`);
    assert.equal(upstream.last().url, '/v1/threads/thread_1/messages?limit=2&after=thread_1&order=asc');
    assert.equal((await ask(`/threads/${thread}/messages?run_id=run_9`)).status, 404);
  });

  it('may be compressed', async () => {
    const { gzipSync } = await import('node:zlib');
    const answer = await ask('/threads', {
      method: 'POST',
      body: new Uint8Array(gzipSync('{"metadata":{}}')),
      headers: { 'content-encoding': 'gzip' },
    });
    assert.equal(answer.status, 200);
    assert.equal(upstream.last().body.toString(), '{"metadata":{}}');
    assert.equal(upstream.last().headers['content-encoding'], undefined);
  });

  it('is told what the provider says of the request itself, and not what it says of the account', async () => {
    const thread = await created();
    upstream.answer = said(
      '{"error":{"message":"No thread found with id \'thread_1\'.","code":"x"}}',
      'application/json',
      404,
    );
    const missing = await ask(`/threads/${thread}`);
    assert.equal(missing.status, 404);
    assert.equal(errorOf(await missing.json()).message, "No thread found with id 'thread_1'.");
    upstream.answer = said(
      '{"error":{"message":"Rate limit reached for organization org-secret"}}',
      'application/json',
      429,
    );
    const busy = await ask(`/threads/${thread}`);
    assert.equal(busy.status, 503);
    assert.doesNotMatch(await busy.text(), /org-secret/);
    upstream.answer = said('{"error":{"message":"Not for org-secret"}}', 'application/json', 403);
    const forbidden = await (await ask(`/threads/${thread}`)).text();
    assert.match(forbidden, /the account may not do this \(403\)/);
    assert.doesNotMatch(forbidden, /org-secret|model/);
    assert.deepEqual(relay.app.front.benches(), []);
  });

  it('that has not changed since it was fetched is not fetched again', async () => {
    const thread = await created();
    upstream.answer = (_received, response) => void response.writeHead(304, { etag: '"1"' }).end();
    const same = await ask(`/threads/${thread}`, { headers: { 'if-none-match': '"1"' } });
    assert.deepEqual([same.status, same.headers.get('etag'), await same.text()], [304, '"1"', '']);
    assert.equal((await ask(`/threads/${thread}`)).status, 502, 'nobody asked whether it had changed');
  });

  it('shows no key of an address to the provider', async () => {
    await post(`/threads?after=a&key=${KEY}`, {}, { headers: { authorization: '' } });
    assert.equal(upstream.last().url, '/v1/threads?after=a');
    const other = await fetch(`${relay.url}/openai/v1/threads?key=${KEY}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}` },
    });
    assert.equal(other.status, 200);
    assert.equal(upstream.last().url, '/v1/threads');
  });

  it('counts as a call of the key', async () => {
    const headers = { authorization: `Bearer ${LIMITED_KEY}` };
    const statuses: number[] = [];
    for (let i = 0; i < 3; i++) statuses.push((await post('/threads', {}, { headers })).status);
    assert.deepEqual(statuses, [200, 200, 200].with(2, 429));
  });

  it('is JSON whatever type it says it has, so that no id slips through', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/octet-stream']) {
      const headers = { 'content-type': type };
      assert.equal((await post('/threads', { file_id: 'file-1' }, { headers })).status, 404, type);
      assert.equal((await post('/threads', {}, { headers })).status, 200, type);
      assert.equal(upstream.last().headers['content-type'], 'application/json');
      const form = await ask('/threads', { method: 'POST', body: 'file_id=file-1', headers });
      assert.equal(form.status, 400, type);
    }
  });

  it('takes no other method', async () => {
    const put = await ask('/threads', { method: 'PUT', body: '{}' });
    assert.equal(put.status, 404);
    assert.equal(errorOf(await put.json()).code, 'route_not_found');
  });

  it('is given up at the provider when the client leaves, and ends before a drain does', async () => {
    const thread = await created();
    upstream.answer = (_received, response) => {
      response.writeHead(200, { 'content-type': 'text/plain' });
      response.write('first');
    };
    const controller = new AbortController();
    const response = await ask(`/threads/${thread}/content`, { signal: controller.signal });
    await response.body?.getReader().read();
    assert.equal(relay.app.server.active(), 1);
    controller.abort();
    await relay.settled();
    assert.ok(await until(() => upstream.openSockets() <= 1));
    assert.equal(relay.log.findLast(({ msg }) => msg === 'passed')?.['end'], 'client_gone');

    let finish = (): void => undefined;
    upstream.answer = (_received, answer) => {
      answer.writeHead(200, { 'content-type': 'text/plain' });
      answer.write('first ');
      finish = () => void answer.end('last');
    };
    const slow = await ask(`/threads/${thread}/content`);
    const drained = relay.app.server.drain(5_000);
    const refused = await ask(`/threads/${thread}`);
    assert.equal(refused.status, 503);
    await pause(20);
    finish();
    assert.equal(await slow.text(), 'first last');
    await drained;
  });
});

describe('ids of an earlier run', () => {
  it('hold after a restart, by the secret that was kept', async () => {
    const config = `
server: { port: 0 }
accounts: [{ id: a, provider: simulator, secrets: [s], models: [qwen3-max] }]
keys: [{ id: one, key: ${KEY} }, { id: two, key: ${LIMITED_KEY} }]
`;
    let child: Child = await startChild({ config });
    const { folder } = child;
    const ask = (path: string, body?: FormData): Promise<Response> =>
      fetch(`${child.url}/v1${path}`, {
        method: body === undefined ? 'GET' : 'POST',
        headers: { authorization: `Bearer ${KEY}` },
        ...(body === undefined ? {} : { body }),
      });
    try {
      const form = new FormData();
      form.append('purpose', 'batch');
      form.append('file', new Blob(['{}']), 'a.jsonl');
      const { id } = (await (await ask('/files', form)).json()) as { id: string };
      child.process.kill('SIGTERM');
      await child.exit;
      child = await startChild({ folder });
      // The simulator has forgotten the file; the relay has not forgotten whose it was.
      const again = await ask(`/files/${id}`);
      assert.equal(again.status, 404);
      assert.equal(again.headers.get('x-sluice-failure'), 'upstream_rejected');
    } finally {
      await child.remove();
    }
  });
});
