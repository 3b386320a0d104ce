/** What others can see of the relay while it runs: limits, lines, and what is left of a client's own key. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import inject from 'light-my-request';
import type { LaneView } from '../../src/admission/lane-view.ts';
import type { LiveLine } from '../../src/admission/queue.ts';
import { accounts, chat, createHouse, type House, KEY } from './house.ts';

const POOL = `
${accounts(1, 'qwen3-max: { limits: { rpm: 60, rps: 1 } }')}
queue: { max_wait: 50s, max_wait_stream: 300s }
simulator: { ttft: 0ms, tokens_per_second: 100000, output_tokens: 5 }
`;

async function see<T>(house: House, url: string, from = '127.0.0.1', key?: string): Promise<[number, T]> {
  await house.app.server.fastify.ready();
  const response = await inject(house.app.server.handle, {
    method: 'GET',
    url,
    remoteAddress: from,
    headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
  });
  return [response.statusCode, JSON.parse(response.payload) as T];
}

describe('the live view', () => {
  it('shows the limits of every channel with what is used', async () => {
    const house = createHouse(POOL);
    await house.one(house.call(chat('one')));
    const [status, { channels }] = await see<{ channels: LaneView[] }>(house, '/live/limits');
    assert.equal(status, 200);
    assert.deepEqual(
      channels.map(({ channel }) => channel),
      ['a/qwen3-max'],
    );
    const rpm = channels[0]?.limits.find(({ limit }) => limit === 'rpm');
    assert.deepEqual([rpm?.configured, rpm?.used], [60, 1]);
  });

  it('shows who waits, for how long still, and until when at most', async () => {
    const house = createHouse(POOL);
    const calls = Array.from({ length: 10 }, (_, i) => house.call(chat(`call ${i}`)));
    await house.arrived();
    const [, { lines }] = await see<{ lines: LiveLine[] }>(house, '/live/queues');
    assert.equal(lines.length, 1);
    assert.equal(lines[0]?.line, 'qwen3-max');
    assert.equal(lines[0]?.length, 9);
    const [first] = lines[0]?.calls ?? [];
    assert.equal(first?.tenant, 'test');
    assert.equal(first?.position, 1);
    assert.ok((first?.startsInMs ?? 0) > 0 && (first?.startsInMs ?? 0) <= 1_500);
    assert.ok((first?.deadlineInMs ?? 0) > 49_000 && (first?.deadlineInMs ?? 0) <= 50_000);
    await house.all(calls);
    assert.deepEqual((await see<{ lines: LiveLine[] }>(house, '/live/queues'))[1].lines, []);
  });

  it('is for this machine; from elsewhere it takes a key', async () => {
    const house = createHouse(POOL);
    assert.equal((await see(house, '/live/limits', '10.0.0.9'))[0], 401);
    assert.equal((await see(house, '/live/queues', '10.0.0.9'))[0], 401);
    assert.equal((await see(house, '/live/queues', '10.0.0.9', KEY))[0], 200);
  });

  it('is in the metrics as well', async () => {
    const house = createHouse(POOL);
    const calls = Array.from({ length: 5 }, (_, i) => house.call(chat(`call ${i}`)));
    await house.arrived();
    const text = house.app.front.metricsText();
    assert.match(text, /sluice_queue_depth\{line="qwen3-max"\} 4/);
    assert.match(text, /sluice_queue_bytes\{line="qwen3-max"\} [1-9]\d*/);
    assert.match(text, /sluice_queue_next_start_seconds\{line="qwen3-max"\} [01]\.\d+/);
    assert.match(text, /sluice_limit_share\{channel="a\/qwen3-max",of="requests"\} 1/);
    await house.all(calls);
  });
});

describe("a key's own limits in the headers", () => {
  const withKey = (onLimit: string): string =>
    `${POOL.replace('rpm: 60, rps: 1', 'rpm: 6000, rps: off')}
keys: [{ id: small, key: ${KEY}, limits: { rpm: 3, tpm: 100000 }, on_limit: ${onLimit} }]
`;

  it('count down with every answer, streams and refusals included', async () => {
    const house = createHouse(withKey('reject'));
    const plain = await house.one(house.call(chat('one')));
    assert.equal(plain.headers['x-ratelimit-limit-requests'], '3');
    assert.equal(plain.headers['x-ratelimit-remaining-requests'], '2');
    assert.match(plain.headers['x-ratelimit-reset-requests'] ?? '', /^(59(\.\d+)?s|1m0(\.\d+)?s)$/);
    assert.equal(plain.headers['x-ratelimit-limit-tokens'], '100000');
    assert.ok(Number(plain.headers['x-ratelimit-remaining-tokens']) < 100_000);
    const stream = await house.one(house.call(chat('two', { stream: true })));
    assert.match(stream.headers['content-type'] ?? '', /^text\/event-stream/);
    assert.equal(stream.headers['x-ratelimit-remaining-requests'], '1');
    await house.one(house.call(chat('three')));
    const refused = await house.one(house.call(chat('four')));
    assert.equal(refused.status, 429);
    assert.equal(refused.headers['x-sluice-limit'], 'key');
    assert.equal(refused.headers['x-ratelimit-remaining-requests'], '0');
    const seconds = Number(refused.headers['retry-after']);
    assert.ok(seconds >= 58 && seconds <= 60, `${seconds}`);
  });

  it('are not there for a key without limits, and never speak of an account', async () => {
    const house = createHouse(POOL);
    const { headers } = await house.one(house.call(chat('one')));
    assert.deepEqual(
      Object.keys(headers).filter((name) => name.startsWith('x-ratelimit')),
      [],
    );
  });
});

describe('what was learned', () => {
  it('is where the next run begins, also for a new account of the same provider and model', async () => {
    const house = createHouse(POOL.replace('rpm: 60, rps: 1', 'rpm: 600'));
    await house.all(Array.from({ length: 40 }, (_, i) => house.call(chat(`call ${i}`))));
    const memories = house.app.rooms.limiter.memories();
    const boundMs = memories['a/qwen3-max']?.boundMs ?? Infinity;
    assert.ok(boundMs < 100, `${boundMs} ms`);
    const next = createHouse(
      `${accounts(2, 'qwen3-max: { limits: { rpm: 600 } }')}\nsimulator: { ttft: 0ms }`,
      { memories },
    );
    const { limiter, snapshot } = next.app.rooms;
    for (const channel of snapshot().catalog.channels)
      assert.equal(limiter.lane(channel).arrivals.boundMs, boundMs, channel.id);
  });
});

describe('the line of the provider', () => {
  it('is asked for where the account says so', async () => {
    const seen: (string | undefined)[] = [];
    const yaml = (wait: string): string => `
accounts: [{ id: q, provider: qwen, secrets: [s], models: [qwen3-max], wait_timeout: ${wait} }]
`;
    for (const wait of ['off', 'on', '90s']) {
      const house = createHouse(yaml(wait), {
        fetch: (request) => {
          seen.push(request.headers['x-dashscope-wait-timeout']);
          return Promise.resolve({
            status: 200,
            headers: { 'content-type': 'application/json' },
            body: (async function* () {
              yield Buffer.from(
                '{"id":"x","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]}',
              );
            })(),
          });
        },
      });
      assert.equal((await house.one(house.call(chat('one')))).status, 200);
    }
    assert.deepEqual(seen, [undefined, '30', '90']);
  });
});
