/** Model Studio's own envelope where an answer was expected: a refusal, told apart as ever, and no fault of the wire. */

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { chat, createHouse } from './house.ts';

const FLAT = '{"request_id":"r","code":"Throttling.AllocationQuota","message":"Allocated quota exceeded."}';
const ANSWER =
  'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n';

for (const [form, type, body] of [
  ['a stream', 'text/event-stream', `data:${FLAT}\n\n`],
  ['a plain answer', 'application/json', FLAT],
] as const)
  it(`a flat error inside the 200 of ${form} moves the call, and is a limit of tokens`, async () => {
    const asked: string[] = [];
    const house = createHouse(
      `accounts:
  - { id: a, tier: 0, provider: qwen, base_url: http://a.test/v1, secrets: [s], models: [m] }
  - { id: b, tier: 1, provider: qwen, base_url: http://b.test/v1, secrets: [s], models: [m] }
`,
      {
        fetch: async ({ url }) => {
          const { host } = new URL(url);
          asked.push(host);
          const refused = host === 'a.test';
          return {
            status: 200,
            headers: { 'content-type': refused ? type : 'text/event-stream' },
            body: (async function* () {
              yield Buffer.from(refused ? body : ANSWER);
            })(),
          };
        },
      },
    );
    const answer = await house.one(house.call(chat('Hi', { model: 'm', stream: true })));
    assert.match(answer.text, /"content":"Hi"/);
    assert.deepEqual(asked, ['a.test', 'b.test']);
    const story = house.log.find(({ msg }) => msg === 'call');
    assert.equal((story?.['attempts'] as { failure: string }[] | undefined)?.[0]?.failure, 'tpm');
    assert.deepEqual(house.app.front.benches(), []);
  });
