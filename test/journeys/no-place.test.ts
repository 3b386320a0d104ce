/** What the provider of one account has no place for goes to another account of the model that takes it. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Fetch } from '../../src/base/fetch.ts';
import { createHouse } from './house.ts';

const REPLY = JSON.stringify({
  ...{ id: 'c', object: 'chat.completion', created: 1, model: 'up' },
  choices: [{ index: 0, message: { role: 'assistant', content: 'I hear you.' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 },
});

const SOUND = { type: 'input_audio', input_audio: { data: 'AA==', format: 'wav' } };

/** One model on an account of Anthropic's, which is asked first, and on another one where there is one. */
function house(second = '') {
  const hosts: string[] = [];
  const fetch: Fetch = async ({ url }) => {
    hosts.push(new URL(url).host);
    const body = (async function* () {
      yield Buffer.from(REPLY);
    })();
    return { status: 200, headers: { 'content-type': 'application/json' }, body };
  };
  const built = createHouse(
    `
accounts:
  - { id: first, provider: anthropic, secrets: [s], tier: 0, models: { claude-sonnet-4-5: { name: shown } } }
${second}`,
    { fetch },
  );
  const ask = (content: unknown) =>
    built.one(built.call({ model: 'shown', messages: [{ role: 'user', content }] }));
  return { ask, hosts };
}

const SECOND =
  '  - { id: second, provider: openai-compatible, base_url: "https://other.example/v1", secrets: [s], tier: 1, models: { up: { name: shown } } }\n';

describe('a turn that a provider has no place for', () => {
  it('goes to an account that takes it, and nobody else was asked', async () => {
    const { ask, hosts } = house(SECOND);
    const { status, text, headers } = await ask([SOUND]);
    assert.equal(status, 200, text);
    assert.equal(headers['x-sluice-channel'], 'second/up');
    assert.equal(headers['x-sluice-attempts'], '1');
    assert.deepEqual(hosts, ['other.example']);
  });

  it('is refused in words where nobody takes it, and leaves the account as it was', async () => {
    const { ask, hosts } = house();
    const { status, text } = await ask([SOUND]);
    assert.equal(status, 400);
    assert.match(text, /no place for input_audio/);
    assert.deepEqual(hosts, []);
  });

  it('is refused at once where it was empty from the beginning', async () => {
    const { ask } = house(SECOND);
    const { status, text } = await ask(' ');
    assert.equal(status, 400);
    assert.match(text, /every turn is empty/);
  });
});
