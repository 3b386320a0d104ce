/**
 * Every client library against every dialect of a provider: whoever asks, and whatever the account speaks, a plain
 * answer, a stream and a whole tool loop come out right, with a model that thinks as with one that does not.
 */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { dialects } from '../../../src/dialects/index.ts';
import { KEY, startRelay, type TestRelay } from '../relay.ts';
import type { SdkClient, Target } from './sdk-client.ts';

const UPSTREAMS = Object.values(dialects).map(({ id }) => id);

/** An account per dialect, which speaks nothing else. The second model thinks unless told not to. */
const configOf = (more: string): string => `
accounts:${UPSTREAMS.map(
  (id) => `
  - id: ${id}
    provider: simulator
    base_url: http://simulator.internal/only/${id}
    secrets: [secret-of-${id}]${more}
    limits: { rpm: 60000, tpm: 60000000 }
    models:
      qwen-plus: { name: plain-by-${id} }
      qwen3.5-plus: { name: thinking-by-${id} }`,
).join('')}
simulator: { ttft: 1ms, tokens_per_second: 5000, output_tokens: 30 }
`;

/** `more`: of every account. */
export function testClients(clients: readonly SdkClient[], more = ''): void {
  let relay: TestRelay;
  const elsewhere: string[] = [];
  const { fetch } = globalThis;
  before(async () => {
    relay = await startRelay(configOf(more === '' ? '' : `\n    ${more}`));
    // Libraries that report home do it by this.
    globalThis.fetch = (input, init) => {
      const { origin } = new URL(input instanceof Request ? input.url : input);
      if (origin === relay.url) return fetch(input, init);
      elsewhere.push(origin);
      return Promise.reject(new Error(`${origin} is not to be asked`));
    };
  });
  after(async () => {
    globalThis.fetch = fetch;
    await relay.close();
    assert.deepEqual(elsewhere, []);
  });

  const target = (model: string): Target => ({ url: relay.url, key: KEY, model });

  /** So many calls, all of which ended well where they should, and nothing is left of them. */
  const told = async (from: number, calls: number, channel: string): Promise<void> => {
    await relay.settled();
    const lines = relay.log.slice(from).filter(({ msg }) => msg === 'call');
    assert.deepEqual(
      lines.map(({ channel, end }) => [channel, end]),
      Array.from({ length: calls }, () => [channel, 'complete']),
    );
  };

  for (const client of clients)
    for (const upstream of UPSTREAMS)
      describe(`${client.name} asks an account that speaks ${upstream}`, () => {
        for (const way of ['plain', 'stream'] as const)
          it(`gets a ${way === 'plain' ? 'plain answer' : 'stream'} with its usage`, async () => {
            const from = relay.log.length;
            const answer = await client[way](target(`plain-by-${upstream}`), 'tell 你好 🌊');
            assert.match(answer.text, /^"tell 你好 🌊":/);
            assert.match(answer.text, /\.$/);
            assert.ok(way === 'plain' ? answer.pieces === 1 : answer.pieces > 1, String(answer.pieces));
            assert.ok(answer.inputTokens > 0, JSON.stringify(answer));
            assert.ok(answer.outputTokens > 5, JSON.stringify(answer));
            await told(from, 1, `${upstream}/qwen-plus`);
          });

        for (const model of ['plain', 'thinking'] as const)
          for (const streamed of [false, true])
            it(`runs a tool loop ${streamed ? 'in streams' : 'plainly'} with a ${model} model`, async () => {
              const from = relay.log.length;
              const cities: unknown[] = [];
              const weather = (city: unknown): string => {
                cities.push(city);
                return '晴 ☀️';
              };
              const said = await client.loop(target(`${model}-by-${upstream}`), 'Use get_weather please', {
                weather,
                streamed,
              });
              assert.deepEqual(cities, ['杭州 ☀️ today']);
              assert.match(said, /晴 ☀️/);
              await told(from, 2, `${upstream}/${model === 'plain' ? 'qwen-plus' : 'qwen3.5-plus'}`);
            });
      });
}
