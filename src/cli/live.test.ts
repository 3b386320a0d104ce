import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { known } from '../app.ts';
import type { Fetch, UpstreamRequest } from '../base/fetch.ts';
import { loadConfig } from '../config/load.ts';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { checkLive } from './live.ts';

type Answer = { readonly status: number; readonly body: unknown };

function asked(account: string, answer: (request: UpstreamRequest) => Answer) {
  const requests: UpstreamRequest[] = [];
  const fetch: Fetch = async (request) => {
    requests.push(request);
    const { status, body } = answer(request);
    return {
      status,
      headers: {},
      body: (async function* () {
        yield Buffer.from(JSON.stringify(body));
      })(),
    };
  };
  const text = `accounts: [{ id: a, ${account} }]\nkeys: [{ id: k, key: sk-client-0123456789 }]\n`;
  const config = loadConfig({ path: 'x.yaml', env: {}, known, readFile: () => text });
  const results = checkLive(config, { clock: createVirtualClock(), random: () => 0.5, fetch });
  return results.then((all) => ({ all, requests }));
}

const ok = (): Answer => ({ status: 200, body: { data: [{ id: 'm' }] } });
const bodyOf = (request: UpstreamRequest | undefined) => JSON.parse(String(Buffer.from(request?.body ?? [])));

describe('one small call through a channel', () => {
  it('goes where the relay would send it, in the dialect that it would speak, with the same headers', async () => {
    for (const [account, list, url, header] of [
      [
        'provider: groq',
        'https://api.groq.com/openai/v1/models',
        'https://api.groq.com/openai/v1/chat/completions',
        'authorization',
      ],
      [
        'provider: anthropic-compatible, base_url: "https://h/v1"',
        'https://h/v1/models',
        'https://h/v1/messages',
        'x-api-key',
      ],
      [
        'provider: azure, base_url: "https://r.openai.azure.com?api-version=2025-01-01"',
        'https://r.openai.azure.com/models',
        'https://r.openai.azure.com/openai/deployments/m/chat/completions?api-version=2025-01-01',
        'api-key',
      ],
    ] as const) {
      const { all, requests } = await asked(`${account}, secrets: [s], models: [m]`, ok);
      assert.deepEqual(all, [{ channel: 'a/m', ok: true, detail: 'answered a call of one token', ms: 0 }]);
      assert.deepEqual(
        requests.map((request) => request.url),
        [list, url],
      );
      for (const { headers } of requests) assert.ok(header in headers, header);
      assert.equal(bodyOf(requests[1]).max_tokens, 1);
    }
  });

  it('is not taken for answered where a page or half an answer came', async () => {
    for (const body of ['<html>hello</html>', ['{"choices": [{"mess']]) {
      const { all } = await asked('provider: groq, secrets: [s], models: [m]', ({ url }) =>
        url.endsWith('/models') ? ok() : { status: 200, body },
      );
      assert.equal(all[0]?.ok, false);
      assert.match(all[0]?.detail ?? '', /check the base URL/);
    }
  });

  it('is asked as a stream where the relay would, for some models know nothing else', async () => {
    const { requests } = await asked('provider: qwen, secrets: [s], models: [qvq-max]', ok);
    assert.equal(bodyOf(requests.at(-1)).stream, true);
  });

  it('is not made to a model that is no chat', async () => {
    const account = 'provider: qwen, secrets: [s], models: [text-embedding-v4]';
    const listed = await asked(account, () => ({
      status: 200,
      body: { data: [{ id: 'text-embedding-v4' }] },
    }));
    assert.equal(listed.requests.length, 1);
    assert.partialDeepStrictEqual(listed.all, [
      { ok: true, detail: 'not asked, for it is made for embedding; the provider lists it' },
    ]);
    const { all } = await asked(account, ok);
    assert.match(all[0]?.detail ?? '', /has no list with it/);
  });

  it('has its bound where the model looks for it', async () => {
    const { requests } = await asked('provider: openai, secrets: [s], models: [gpt-5]', ok);
    const body = bodyOf(requests.at(-1));
    assert.deepEqual([body.max_completion_tokens, body.max_tokens], [1, undefined]);
  });

  it('is paid with one secret of an account, where the list shows the others', async () => {
    const { all, requests } = await asked('provider: groq, secrets: [s, t], models: [m]', ok);
    assert.deepEqual(
      all.map(({ channel, detail }) => [channel, detail]),
      [
        ['a/m (secret 1)', 'answered a call of one token'],
        ['a/m (secret 2)', 'the secret is accepted, the model is listed'],
      ],
    );
    assert.equal(requests.filter(({ method }) => method === 'POST').length, 1);
  });

  it('says what a refusal means', async () => {
    const refused = ({ method }: UpstreamRequest): Answer =>
      method === 'GET'
        ? { status: 404, body: {} }
        : { status: 401, body: { error: { code: 'invalid_api_key' } } };
    const { all } = await asked('provider: groq, secrets: [s], models: [m]', refused);
    assert.equal(all[0]?.ok, false);
    assert.match(all[0]?.detail ?? '', /^groq: .*401 invalid_api_key/);
    const missing = await asked('provider: groq, secrets: [s], models: [m]', () => ({
      status: 404,
      body: {},
    }));
    assert.equal(missing.all[0]?.detail, 'the provider has no such model or route (404)');
  });
});
