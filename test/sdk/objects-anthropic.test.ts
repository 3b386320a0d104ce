import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type Anthropic from '@anthropic-ai/sdk';
import { toFile } from '@anthropic-ai/sdk';
import { caught, KEY, startRelay, type TestRelay } from './relay.ts';
import { type StubUpstream, startStub } from './stub-upstream.ts';

const ID = 'msgbatch_013Zva2CMHLNnXjNJJKqJ2EF';

describe('the objects of an Anthropic account', () => {
  let upstream: StubUpstream;
  let relay: TestRelay;
  let anthropic: Anthropic;
  before(async () => {
    upstream = await startStub((received, response) => {
      const json = (body: object): void => {
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      };
      const batch = (processing_status: string): object => ({
        id: ID,
        type: 'message_batch',
        processing_status,
        results_url: processing_status === 'ended' ? `${upstream.url}/messages/batches/${ID}/results` : null,
      });
      if (received.url === '/v1/messages/batches') json(batch('in_progress'));
      else if (received.url === `/v1/messages/batches/${ID}`) json(batch('ended'));
      else if (received.url === `/v1/messages/batches/${ID}/results`)
        response
          .writeHead(200, { 'content-type': 'application/x-jsonl' })
          .end('{"custom_id":"one","result":{"type":"succeeded","message":{"id":"msg_1"}}}\n');
      else if (received.url.startsWith('/v1/files'))
        json({ id: 'file_011CNha8iCJcU1wXNR6q4V8w', type: 'file', filename: 'a.txt' });
      else response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":{}}');
    });
    relay = await startRelay(`
accounts:
  - { id: claude, provider: anthropic, base_url: "${upstream.url}", secrets: [upstream-secret], models: [claude-haiku-4-5] }
  - { id: other, provider: openai, base_url: "http://127.0.0.1:9/v1", secrets: [x], models: [gpt-5] }
`);
    anthropic = relay.anthropic();
  });
  after(async () => {
    await relay.close();
    await upstream.close();
  });

  it('batches are made, looked at, and their results read through the relay', async () => {
    const batch = await anthropic.messages.batches.create({
      requests: [
        {
          custom_id: 'one',
          params: { model: 'claude-haiku-4-5', max_tokens: 10, messages: [{ role: 'user', content: 'Hi' }] },
        },
      ],
    });
    assert.match(batch.id, new RegExp(`^${ID}\\.sl_`));
    const { headers, body } = upstream.last();
    assert.equal(headers['x-api-key'], 'upstream-secret');
    assert.match(String(headers['anthropic-version']), /^20\d\d-\d\d-\d\d$/);
    assert.match(body.toString(), /"custom_id":"one"/);
    const ended = await anthropic.messages.batches.retrieve(batch.id);
    assert.equal(ended.id, batch.id);
    assert.equal(ended.results_url, `${relay.url}/v1/messages/batches/${batch.id}/results`);
    const results: string[] = [];
    for await (const { custom_id, result } of await anthropic.messages.batches.results(batch.id))
      results.push(`${custom_id} ${result.type}`);
    assert.deepEqual(results, ['one succeeded']);
  });

  it('files go up with the betas of the client', async () => {
    const file = await anthropic.beta.files.upload({
      file: await toFile(Buffer.from('Hello'), 'a.txt', { type: 'text/plain' }),
      betas: ['files-api-2025-04-14'],
    });
    assert.match(file.id, /^file_\w+\.sl_/);
    assert.match(String(upstream.last().headers['anthropic-beta']), /files-api/);
    assert.ok(upstream.last().body.includes('Hello'));
  });

  it('errors have the shape of this API', async () => {
    const error = (await caught(
      anthropic.messages.batches.retrieve(`${ID}.sl_AAAAAA_AAAAAAAAAAAAAAAA`),
    )) as InstanceType<typeof Anthropic.APIError>;
    assert.equal(error.status, 404);
    assert.equal(error.type, 'not_found_error');
    assert.match(error.message, /no id that this relay gave to this key/);
    const missing = await fetch(`${relay.url}/v1/messages/batches/none/cancel`, {
      method: 'POST',
      headers: { 'x-api-key': KEY },
    });
    assert.equal(missing.status, 404);
    assert.equal(((await missing.json()) as { type: string }).type, 'error');
    const nowhere = await fetch(`${relay.url}/v1/skills`, {
      headers: { 'x-api-key': KEY, 'anthropic-version': '2023-06-01' },
    });
    assert.equal(((await nowhere.json()) as { type: string }).type, 'error');
  });

  it('are not mixed up with those of another dialect', async () => {
    const answer = await fetch(`${relay.url}/v1/files/file_1`, {
      headers: { authorization: `Bearer ${KEY}` },
    });
    assert.notEqual(answer.status, 200, 'without anthropic-version the OpenAI account is asked');
    assert.equal(relay.log.findLast(({ msg }) => msg === 'passed')?.['account'], 'other');
  });
});
